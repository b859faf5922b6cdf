"""Two collectors under one identity are told of; one that is started anew, or has a bad line, is not."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from collector import Collector, Quarantine
from collector.metrics import metrics
from collector.namesake import Namesake
from storage import DuckStore, Store
from telemetry import Alarms, Broker, alarms_topic, decode, new_client
from tests.collector.parts import collecting, gateway, now_ms, readings
from tests.parts import wait_until
from tests.telemetry.brokers import SUBSCRIBE, Heard, scripted, usual

SECOND = 1000
ENDED = "Unspecified error"
"""What paho says when the other side ends a connection without a word."""


def seen(*cuts: tuple[int, str]) -> list[bool]:
    """Whether a second collector is evident after each of the cuts (when [s], why)."""
    namesake, found = Namesake(), []
    for at, why in cuts:
        namesake.cut_off(why, at * SECOND)
        found.append(namesake.seen(at * SECOND))
    return found


def told(collector: Collector) -> list[str]:
    return [alarm.kind for alarm in collector.alarms if alarm.until is None and alarm.kind == "collector_id_twice"]


@contextlib.contextmanager
def heard(broker: Broker, topic: str) -> Iterator[list[bytes]]:
    """What is published on a topic."""
    found: list[bytes] = []
    witness = new_client(broker, "witness", clean=True)
    witness.on_connect = lambda client, *_: client.subscribe(topic, 1)
    witness.on_message = lambda _client, _data, message: found.append(bytes(message.payload))
    witness.connect(broker.host, broker.port)
    witness.loop_start()
    try:
        yield found
    finally:
        witness.disconnect()
        witness.loop_stop()


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_two_that_part_the_readings_among_their_files_are_told_of_until_one_is_stopped(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, protocol: Literal["3.1.1", "5"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("collector.namesake._OVER_MS", 4 * SECOND)
    broker = msgspec.structs.replace(mosquitto, protocol=protocol)
    other_store = DuckStore(tmp_path / "other.duckdb")
    other_quarantine = Quarantine(tmp_path / "other.sqlite")
    rows = iter(range(10_000))
    with (
        contextlib.closing(other_store),
        contextlib.closing(other_quarantine),
        heard(mosquitto, alarms_topic("collector-test")) as words,
        collecting(store, broker, quarantine) as one,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        with collecting(other_store, broker, other_quarantine) as other:

            def live() -> bool:
                outbox.put(readings(now_ms() - 600_000 + next(rows), 1))
                publisher.wake()
                return bool(told(one) and told(other) and store.count() and other_store.count())

            wait_until(live, "both tell")
            wait_until(lambda: b"collector_id_twice" in words[-1], "whoever shows alarms hears of it")
            (alarm,) = (each for each in decode(words[-1], Alarms).alarms if each.kind == "collector_id_twice")
            assert "같은 신원" in alarm.ko
            assert "under one identity" in alarm.en
            registry = metrics(one)
            assert registry.get_sample_value("wattproof_collector_alarms", {"kind": "collector_id_twice"}) == 1
        wait_until(lambda: one.connected and not told(one), "the other is stopped")


def test_a_collector_says_how_it_is_as_soon_as_it_is_let_in_for_its_last_will_was_published(
    mosquitto: Broker, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one of a group the broker publishes it at every takeover: its alarms were seen half of the time."""
    monkeypatch.setattr("collector.rounds._EVERY_S", 3600)
    with (
        heard(mosquitto, alarms_topic("collector-test")) as words,
        collecting(store, mosquitto, quarantine) as collector,
    ):
        wait_until(lambda: words, "it is there")
        collector._watch.board.tell("store_refused", on=True, detail="disk full")
        connection = collector._session._lane
        assert connection is not None
        socket.socket.shutdown(connection._socket, socket.SHUT_RDWR)
        wait_until(lambda: b"store_refused" in words[-1], "it is back")
        assert b"collector_offline" in words[-2]


def test_a_broker_that_says_so_need_not_say_it_often(store: Store, quarantine: Quarantine) -> None:
    """Reason code 142 of MQTT 5, which mosquitto 2.0 does not send."""

    def ending(packet: Heard) -> bytes:
        said = usual(five=True)(packet)
        if packet.head != SUBSCRIBE:
            return said
        granted = b"\x90\x06" + packet.body[:2] + b"\x00\x01\x01\x01"
        return granted + (b"\xe0\x01\x8e" if packet.connection < 3 else b"")

    with scripted(ending, protocol="5") as broker, collecting(store, broker.where, quarantine) as collector:
        wait_until(lambda: told(collector), "it is told")
        assert len(broker.connections) <= 3


def test_a_fight_is_evident_and_a_start_that_ends_the_old_connection_is_none() -> None:
    assert seen(*((2 * number, ENDED) for number in range(6))) == [False] * 5 + [True]
    assert seen((0, "Session taken over"), (2, "Session taken over")) == [False, True]
    assert seen((0, "Session taken over"), (90, "Session taken over")) == [False, False]


def test_a_line_that_fails_now_and_then_or_goes_silent_is_no_second_collector() -> None:
    assert not any(seen(*((13 * number, ENDED) for number in range(40))))
    assert not any(seen(*((number, "Keep alive timeout") for number in range(40))))


def test_it_is_over_when_nobody_cuts_us_off_for_a_while() -> None:
    namesake = Namesake()
    for _ in range(6):
        namesake.cut_off(ENDED, 0)
    assert [namesake.seen(at * SECOND) for at in (180, 181)] == [True, False]
