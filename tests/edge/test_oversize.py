"""A batch that is larger than the broker takes keeps nothing else from leaving, and leaves once the broker takes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import structlog

from edge.outbox import Outbox
from edge.oversize import Oversize
from edge.publisher import Publisher
from edge.vitals import Limits, Vitals, complaints
from telemetry import Birth, BirthDevice, Broker, Table
from tests.edge.test_publisher import Listener, publishing
from tests.parts import free_port, program, running, wait_until

LARGE = 12_000
"""Readings that make a batch of more than 100,000 bytes."""


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1")
    yield opened
    opened.close()


def put(outbox: Outbox, at: int, readings: int) -> int:
    times = list(range(at, at + readings))
    return outbox.put([Table.of("main", "power_meter", times, {"active_power_w": [0.5 + time for time in times]})])


def config(folder: Path, port: int, *settings: str) -> list[str]:
    path = folder / f"mosquitto-{len(list(folder.glob('mosquitto-*')))}.conf"
    lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", *settings)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [program("mosquitto"), "-c", str(path)]


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_what_the_broker_ends_the_connection_over_keeps_nothing_else_from_leaving(
    tmp_path: Path, outbox: Outbox, protocol: Literal["3.1.1", "5"]
) -> None:
    port = free_port()
    broker = Broker(port=port, protocol=protocol)
    large = put(outbox, 1, LARGE)
    command = config(tmp_path, port, "max_packet_size 50000")
    with structlog.testing.capture_logs() as logs, running(command, port, tmp_path / "mosquitto.log"):
        listener = Listener(Broker(port=port))
        with publishing(outbox, broker) as publisher:
            wait_until(lambda: publisher.held == 1, "it is held back")
            for at in range(20):
                put(outbox, 1_000_000 + at, 1)
                publisher.wake()
            wait_until(lambda: outbox.counters.batches == 1, "all else is sent")
            assert outbox.after(0)[0].seq == large
            assert outbox.counters.gap == 0
            assert not publisher.rival.seen
        listener.close()
    assert [entry["bytes"] > 50_000 for entry in logs if entry["event"] == "batch_too_large"] == [True]


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_what_was_held_back_leaves_once_the_broker_takes_it(
    tmp_path: Path, outbox: Outbox, monkeypatch: pytest.MonkeyPatch, protocol: Literal["3.1.1", "5"]
) -> None:
    monkeypatch.setattr("edge.oversize._FIRST_WAIT_S", 0.1)
    port = free_port()
    broker = Broker(port=port, protocol=protocol)
    log = tmp_path / "mosquitto.log"
    with publishing(outbox, broker) as publisher:
        with running(config(tmp_path, port, "max_packet_size 50000"), port, log):
            wait_until(lambda: publisher.connected, "it is connected")
            for part in range(3):
                put(outbox, 1 + part * LARGE, LARGE)
            publisher.wake()
            wait_until(lambda: publisher.held == 3, "all are held back")
        with running(config(tmp_path, port), port, log):
            listener = Listener(Broker(port=port))
            wait_until(lambda: outbox.counters.batches == 0, "all have left")
            listener.close()
        assert publisher.held == 0
    assert outbox.counters.stored == 3 * LARGE


def test_a_gateway_whose_birth_is_too_large_delivers_its_readings(tmp_path: Path, outbox: Outbox) -> None:
    port = free_port()
    channels = [f"channel_{number}" for number in range(5000)]
    device = BirthDevice("main", "power_meter", "Main", "tcp://127.0.0.1:502 unit 1", "p", "0", 1000, channels)
    birth = Birth("site-1", "gw-1", "", 1, "0", "Site", "Asia/Seoul", [device])
    command = config(tmp_path, port, "max_packet_size 50000")
    with structlog.testing.capture_logs() as logs, running(command, port, tmp_path / "mosquitto.log"):
        listener = Listener(Broker(port=port))
        publisher = Publisher(outbox, Broker(port=port), birth)
        publisher.start()
        for at in range(10):
            put(outbox, at, 1)
            publisher.wake()
            wait_until(lambda: outbox.counters.batches == 0, "it has left")
        publisher.stop()
        listener.close()
    assert [entry["event"] for entry in logs].count("mqtt_ready") <= 3


def test_a_broker_that_says_what_it_takes_is_not_tried() -> None:
    oversize = Oversize("a/topic")
    oversize.connected({"MaximumPacketSize": 50_000})
    assert [oversize.holds(size) for size in (49_983, 49_984)] == [False, True]
    oversize.connected({})
    assert not oversize.holds(200_000)


def test_a_line_that_fails_over_what_every_broker_takes_holds_nothing_back() -> None:
    oversize = Oversize("a/topic")
    for now in range(10):
        oversize.connected({})
        assert not oversize.cut_off([10_000, 500], "Unspecified error", now)
        assert not oversize.holds(16_000)


def test_one_failure_over_something_large_is_the_lines_and_so_is_one_for_another_reason() -> None:
    oversize = Oversize("a/topic")
    assert oversize.cut_off([200_000], "Unspecified error", 0.0)
    assert not oversize.cut_off([200_000], "Session taken over", 1.0)
    assert oversize.cut_off([200_000], "Unspecified error", 2.0)
    assert not oversize.holds(200_000)


def test_what_is_held_back_is_tried_again_later_each_time() -> None:
    oversize = Oversize("a/topic")
    for now in (0.0, 1.0):
        oversize.cut_off([200_000], "Unspecified error", now)
    assert [oversize.holds(size) for size in (99_999, 100_000, 200_000)] == [False, True, True]
    assert not oversize.lifted(60.0)
    assert oversize.lifted(61.0)
    assert [oversize.holds(size) for size in (199_999, 200_000)] == [False, True]
    assert oversize.lifted(181.0)
    assert not oversize.holds(200_000)
    oversize.cut_off([200_000], "Unspecified error", 182.0)
    assert oversize.holds(200_000)
    assert not oversize.lifted(301.0)
    assert oversize.lifted(302.0)
    oversize.taken(200_000)
    assert not oversize.holds(1_000_000)


def test_a_gateway_whose_batches_are_refused_is_unwell_and_says_what_to_do() -> None:
    vitals = Vitals(True, 0, 0, 0, 0, 1, 0, 0.0, 0, 0, 0.0, 1.0, held=1)
    (said,) = complaints(vitals, Limits())
    assert "max_packet_size" in said
