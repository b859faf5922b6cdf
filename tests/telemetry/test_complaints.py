"""What is wrong with a connection is told once, in a line, and however much of it there is."""

from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from telemetry.complaints import Complaints


def test_the_same_trouble_is_told_once_until_the_connection_was_up() -> None:
    with capture_logs() as logs:
        complaints = Complaints(structlog.get_logger())
        for _ in range(3):
            complaints.unreachable(ConnectionRefusedError("refused"))
        complaints.settle()
        complaints.unreachable(ConnectionRefusedError("refused"))
    assert [entry["event"] for entry in logs] == ["mqtt_unreachable"] * 2


def test_an_error_that_carries_its_packet_is_told_in_a_line() -> None:
    with capture_logs() as logs:
        Complaints(structlog.get_logger()).unreadable(ValueError("no packet: " + "x" * 1_000_000))
    assert logs[0]["reason"].startswith("ValueError: no packet: xxx")
    assert len(logs[0]["reason"]) < 400


def test_a_broker_that_finds_a_new_reason_each_time_does_not_fill_the_log() -> None:
    with capture_logs() as logs:
        complaints = Complaints(structlog.get_logger())
        for number in range(1000):
            complaints.lost(f"reason {number}")
    assert len(logs) == 100


def test_a_connection_that_ends_because_it_was_refused_is_not_told_as_one_that_ended_early() -> None:
    with capture_logs() as logs:
        complaints = Complaints(structlog.get_logger())
        complaints.refused("Not authorized")
        complaints.closed_before_login("Unspecified error")
    assert [entry["event"] for entry in logs] == ["mqtt_refused"]
