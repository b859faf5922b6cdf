"""Poison: what cannot be stored is set aside with its reason, and stops neither the line nor what is sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from collector import Quarantine
from collector.admission import Rules
from collector.intake import Intake, take_apart
from storage import (
    Rejected,
    Series,
    Store,
    Written,
)
from telemetry import Batch, Broker, Table, decode, encode, new_client, topic
from tests.collector.parts import (
    GATEWAY,
    MAIN,
    SITE,
    Tripwire,
    collecting,
    gateway,
    now_ms,
    readings,
)
from tests.parts import wait_until


def test_poison_is_set_aside_with_its_reason_and_the_rest_is_stored(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    start = now_ms() - 60_000
    with collecting(store, mosquitto, quarantine) as collector, gateway(tmp_path, mosquitto) as (outbox, publisher):
        client = new_client(mosquitto, "stranger")
        client.connect(mosquitto.host, mosquitto.port)
        client.loop_start()
        wait_until(lambda: collector.connected, "the collector listens")
        for payload in (b"", b"{", b"\xff" * 50, b'{"epoch":"e","seq":1}', b"x" * 1_000_001):
            for _ in range(3):  # a message that is sent again is kept once
                client.publish(topic(SITE, "stranger", "batch"), payload, 1)
        mixed: dict[str, list[float | None]] = {
            "power_factor": [0.5, 40.0],
            "no_such_channel": [1.0, 2.0],
            "active_power_w": [1.0, None],
        }
        outbox.put([Table.of("main", "power_meter", [start, start + 1000], mixed)])
        outbox.put(readings(start + 2000, 5))
        assert publisher.drained(60)
        wait_until(lambda: collector.counters.messages >= 17, "everything has arrived")
        wait_until(lambda: quarantine.counters.entries >= 7, "all of the poison is in quarantine")
        wait_until(lambda: collector.counters.quarantined_messages >= 5, "and counted")
        read = outbox.counters.read
        client.disconnect()
        client.loop_stop()
        assert collector.counters.quarantined_messages == 5
        assert collector.counters.quarantined_readings == 3
    assert store.count() == 2 + 5
    assert read == store.count() + quarantine.counters.readings
    reasons = sorted(entry.reason for entry in quarantine.list())
    assert reasons == ["malformed"] * 4 + ["out_of_range", "oversized", "unknown_channel"]


def test_a_gateway_is_told_that_a_numbered_message_is_in_quarantine(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    with collecting(store, mosquitto, quarantine), gateway(tmp_path, mosquitto) as (outbox, publisher):
        outbox.put(readings(now_ms() - 60_000, 10, device="Not A Name"))
        assert publisher.drained(60)
        assert (outbox.counters.quarantined, outbox.counters.stored) == (10, 0)
    assert store.count() == 0
    (entry,) = quarantine.list()
    assert (entry.reason, entry.readings) == ("invalid_name", 10)


def test_a_batch_that_makes_the_store_fail_is_found_among_the_others_and_set_aside(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    written: list[int] = []

    def trip(batches: Sequence[Batch]) -> None:
        if any(batch.seq == 3 for batch in batches):
            raise ZeroDivisionError("a defect that only this batch shows")
        written.append(len(batches))

    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        for number in range(8):
            outbox.put(readings(now_ms() - 600_000 + number * 10_000, 10))
        publisher.wake()
        with collecting(Tripwire(store, trip), mosquitto, quarantine):
            assert publisher.drained(60)
        assert (outbox.counters.stored, outbox.counters.quarantined) == (70, 10)
    assert store.count() == 70
    (entry,) = quarantine.list()
    assert (entry.reason, entry.part, entry.readings) == ("unprocessable", "", 10)
    assert decode(entry.content, Batch).seq == 3
    assert "ZeroDivisionError" in entry.detail


def test_what_the_database_refuses_is_set_aside_too(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    class Choosy(Tripwire):
        def write(self, batches: Sequence[Batch]) -> Written:
            written = super().write(batches)
            series = Series(SITE, "power_meter", "main", "active_power_w")
            rejected = [Rejected(batch, series, 2, "field type conflict") for batch in batches]
            return Written(written.stored - 2 * len(batches), written.gaps, rejected)

    with (
        collecting(Choosy(store), mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        assert publisher.drained(60)
        wait_until(lambda: collector.counters.quarantined_readings == 2, "the refusal is counted")
    (entry,) = quarantine.list()
    assert (entry.reason, entry.detail, entry.readings) == ("type_conflict", "field type conflict", 2)
    assert msgspec.json.decode(entry.content)["values"] == [float(row) for row in range(10)]


def test_a_retained_poison_message_does_no_harm_at_every_reconnect(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    client = new_client(mosquitto, "stranger")
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    told = client.publish(topic(SITE, GATEWAY, "batch"), encode(Batch("other", "gw", "e", 1, [])), 1, retain=True)
    told.wait_for_publish(10)
    for _ in range(2):
        with collecting(store, mosquitto, quarantine) as collector:
            wait_until(lambda: collector.counters.messages > 0, "the retained message arrives")
            wait_until(lambda: quarantine.counters.entries > 0, "it is set aside")
    client.disconnect()
    client.loop_stop()
    assert [entry.reason for entry in quarantine.list()] == ["topic_mismatch"]


def test_a_batch_that_somebody_retained_overwrites_no_correction_each_time_it_is_subscribed_to(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    start = now_ms() - 60_000
    client = new_client(mosquitto, "stranger")
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    wrong = Batch(SITE, GATEWAY, "e" * 16, 1, readings(start, 1))
    client.publish(topic(SITE, GATEWAY, "batch"), encode(wrong), 1, retain=True).wait_for_publish(20)
    with collecting(store, mosquitto, quarantine) as collector:
        wait_until(lambda: store.count() == 1, "what is retained is stored once")
        store.write(
            [
                Batch(
                    SITE,
                    GATEWAY,
                    "correction",
                    1,
                    [Table.of("main", "power_meter", [start], {"active_power_w": [7.0]})],
                )
            ]
        )
        for _ in range(3):
            collector._session._subscriptions.ask_again()
        new = Batch(SITE, GATEWAY, "e" * 16, 2, readings(start + 1000, 1))
        client.publish(topic(SITE, GATEWAY, "batch"), encode(new), 1)
        wait_until(lambda: store.count() == 2, "what is new is stored")
    client.disconnect()
    client.loop_stop()
    assert list(store.read(MAIN, start, start + 1)[1]) == [7.0]


def test_a_message_that_makes_the_intake_fail_is_set_aside(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defective(topic_: str, payload: bytes, now: int) -> Intake:
        if b"press-9" in payload:
            raise ZeroDivisionError("a defect that only this message shows")
        return take_apart(topic_, payload, now)

    def judged(topic_: str, payload: bytes, now: int, rules: Rules) -> Batch | None:
        return None  # a doubt, so that each is looked at by itself

    monkeypatch.setattr("collector.wholesale._batch", judged)
    monkeypatch.setattr("collector.admission.take_apart", defective)
    with collecting(store, mosquitto, quarantine), gateway(tmp_path, mosquitto) as (outbox, publisher):
        outbox.put(readings(now_ms() - 60_000, 10, device="press-9"))
        outbox.put(readings(now_ms() - 60_000, 10))
        assert publisher.drained(60)
        assert (outbox.counters.stored, outbox.counters.quarantined) == (10, 10)
    (entry,) = quarantine.list()
    assert entry.reason == "unprocessable"
