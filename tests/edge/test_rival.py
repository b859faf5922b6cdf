"""A gateway id used twice: the gateway that is pushed out says so."""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog
from structlog.testing import capture_logs

from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.rival import Rival
from edge.vitals import Limits, Vitals, complaints, exposition
from telemetry import Birth, Broker
from tests.parts import wait_until

BIRTH = Birth("site-1", "gw-1", "", 1, "0", "Site", "Asia/Seoul", [])
WELL = Vitals(True, 0, 0, 0, 0, 0, 0, 0.0, 0, 0, 0.0, 1.0)


class Now:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def ended(rival: Rival, now: Now, after_s: float, reason: str = "Unspecified error") -> None:
    rival.logged_in()
    now.at += after_s
    rival.cut_off(reason)
    now.at += 1.0


def test_a_broker_that_says_so_is_believed_at_once_and_told_once() -> None:
    now = Now()
    rival = Rival("wattproof-site-1-gw-1", now)
    with capture_logs() as logs:
        ended(rival, now, 5000.0, "Session taken over")
        ended(rival, now, 5000.0 / 10, "Session taken over")
    assert rival.seen
    assert [entry["event"] for entry in logs] == ["gateway_id_twice"]
    now.at += 601
    assert not rival.seen


def test_connections_that_end_moments_after_login_again_and_again_are_a_rivals_doing() -> None:
    now = Now()
    rival = Rival("wattproof-site-1-gw-1", now)
    for _ in range(3):
        ended(rival, now, 1.5)
        assert not rival.seen
    ended(rival, now, 1.5)
    assert rival.seen


def test_a_network_that_fails_now_and_then_is_no_rival() -> None:
    now = Now()
    rival = Rival("wattproof-site-1-gw-1", now)
    for _ in range(20):
        ended(rival, now, 60.0, "Keep alive timeout")
    for _ in range(20):
        ended(rival, now, 10.0)
        now.at += 120
    assert not rival.seen


def test_an_agent_with_a_rival_is_unwell_and_says_why() -> None:
    assert complaints(WELL, Limits()) == []
    rivalled = Vitals(True, 0, 0, 0, 0, 0, 0, 0.0, 0, 0, 0.0, 1.0, id_twice=True)
    assert complaints(rivalled, Limits()) == ["another client logs in at the broker under this gateway's id"]
    assert "wattproof_edge_id_twice 1\n" in exposition(rivalled)


def test_two_gateways_with_one_id_at_a_real_broker_both_find_out(tmp_path: Path, mosquitto: Broker) -> None:
    five = msgspec.structs.replace(mosquitto, protocol="5")  # says why it ends a connection, so this test is quick
    outboxes = [Outbox(tmp_path / name / "outbox.sqlite", "site-1", "gw-1") for name in ("a", "b")]
    publishers = [Publisher(outbox, five, BIRTH) for outbox in outboxes]
    with structlog.testing.capture_logs():
        for publisher in publishers:
            publisher.start()
        try:
            wait_until(lambda: all(publisher.rival.seen for publisher in publishers), "both notice the other", 60)
        finally:
            for publisher in publishers:
                publisher.stop()
            for outbox in outboxes:
                outbox.close()
