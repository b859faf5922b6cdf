"""An outage under load: memory stays bounded, and afterwards everything comes, what is new before what is old."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, Quarantine, Settings
from collector.commit import Committed, Committer, Judged
from collector.declined import Declined
from collector.inbox import Delivery
from edge.outbox import Outbox
from storage import Health, Store, StoreError, StoreUnavailableError
from telemetry import Batch, Broker, encode, new_client, topic
from tests.collector.parts import GATEWAY, SITE, Tripwire, collecting, gateway, now_ms, readings
from tests.parts import wait_until

BOUND = 1_000_000


class Away:
    """A store's outage, while it lasts."""

    def __init__(self) -> None:
        self.lasts = True

    def __call__(self, _: Sequence[Batch]) -> None:
        if self.lasts:
            raise StoreUnavailableError("away")


def delivery(seq: int, gateway_: str = GATEWAY, payload: bytes | None = None) -> Delivery:
    told = encode(Batch(SITE, gateway_, "0123456789abcdef", seq, [])) if payload is None else payload
    return Delivery(topic(SITE, gateway_, "batch"), told, 0, seq, 1, 1)


def test_however_much_comes_during_an_outage_what_waits_in_memory_is_bounded(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    away = Away()
    settings = Settings(client_id="collector-test", max_waiting_bytes=BOUND)
    most = 0
    with collecting(Tripwire(store, away), mosquitto, quarantine, settings=settings) as collector:
        wait_until(lambda: collector.connected, "it listens")
        client = new_client(mosquitto, "flood", clean=True)
        client.connect(mosquitto.host, mosquitto.port)
        client.loop_start()
        start = now_ms() - 3_600_000
        for seq in range(1, 101):  # ten times what may wait; and the 20 of them that mosquitto sends at once are twice
            payload = encode(Batch(SITE, GATEWAY, "epoch", seq, readings(start + seq, 5000)))
            assert len(payload) > BOUND // 10
            client.publish(topic(SITE, GATEWAY, "batch"), payload, qos=1)
            most = max(most, collector.waiting_bytes)
        wait_until(lambda: collector.counters.messages >= 100, "all have come", deadline_s=60)
        most = max(most, collector.waiting_bytes)
        client.disconnect()
        client.loop_stop()
        assert BOUND // 2 < most <= BOUND
        assert collector.counters.deferred > 80
        assert collector.counters.written == 0


def test_what_found_no_room_is_asked_for_as_soon_as_there_is_room(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    away = Away()
    settings = Settings(client_id="collector-test", max_batch_messages=4, max_waiting_messages=4)
    with contextlib.closing(Outbox(tmp_path / f"{GATEWAY}.sqlite", SITE, GATEWAY)) as outbox:
        for number in range(40):  # before it sends: after the first seconds of silence it would hold most of it back
            outbox.put(readings(now_ms() - 600_000 + number * 10_000, 10))
    with collecting(Tripwire(store, away), mosquitto, quarantine, settings=settings) as collector:
        wait_until(lambda: collector.connected, "the collector listens: each is sent once")
        with gateway(tmp_path, mosquitto, resend_after_s=3600.0) as (_, publisher):
            wait_until(lambda: collector.counters.deferred >= 20, "most of it finds no room")
            away.lasts = False
            assert publisher.drained(60), "it does not wait for the hour after which it would be sent again"
    assert (store.count(), store.duplicates()) == (400, 0)


def test_a_store_that_answers_again_is_written_to_at_once(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(Tripwire):
        asked = 0

        def health(self) -> Health:
            self.asked += 1
            return Health(ok=not away.lasts, engine="test", detail="away")

    monkeypatch.setattr("collector.patience._FIRST_PAUSE_S", 3600.0)
    monkeypatch.setattr("collector.patience._LONGEST_PAUSE_S", 3600.0)
    away = Away()
    silent = Silent(store, away)
    with (
        collecting(silent, mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        publisher.wake()
        wait_until(lambda: silent.asked > 2, "it asks how the store is")
        assert (collector.counters.retries, outbox.counters.pending) == (0, 10)
        away.lasts = False
        assert publisher.drained(60), "it does not wait for the hour after which it would try again"
    assert (store.count(), store.duplicates()) == (10, 0)


def test_a_store_that_is_well_and_yet_refuses_is_not_tried_more_often_than_said(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.patience._FIRST_PAUSE_S", 3600.0)
    monkeypatch.setattr("collector.patience._LONGEST_PAUSE_S", 3600.0)
    monkeypatch.setattr("collector.patience._PROBE_S", 0.01)
    asked = []

    class Full(Tripwire):
        def health(self) -> Health:
            asked.append(1)
            return Health(ok=True, engine="test", detail="well, but its disk is full")

    with (
        collecting(Full(store, Away()), mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        publisher.wake()
        wait_until(lambda: len(asked) > 20, "it asks how the store is")
        assert collector.counters.retries == 0


def test_a_batch_that_a_store_that_is_well_fails_over_is_set_aside_and_the_others_are_stored(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.patience._FIRST_PAUSE_S", 0.01)

    def poison(batches: Sequence[Batch]) -> None:
        if any(batch.seq == 7 for batch in batches):
            raise StoreError("Conversion Error: out of range")

    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        for number in range(10):
            outbox.put(readings(now_ms() - 600_000 + number * 10_000, 10))
        with collecting(Tripwire(store, poison), mosquitto, quarantine):
            assert publisher.drained(60)
        assert (outbox.counters.stored, outbox.counters.quarantined) == (90, 10)
    assert [(entry.reason, entry.readings) for entry in quarantine.list()] == [("unprocessable", 10)]
    assert (store.count(), store.duplicates()) == (90, 0)


def test_a_computer_that_does_not_know_the_time_sets_nothing_aside_for_being_of_the_future(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    behind = [now_ms() - 86_400_000]  # as one without a battery starts
    with (
        collecting(store, mosquitto, quarantine, clock=lambda: now_ms() - behind[0]) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        publisher.wake()
        wait_until(lambda: "1970-01-02" in collector.trouble, "it says that its clock is not set")
        wait_until(lambda: "clock_not_set" in {alarm.kind for alarm in collector.alarms}, "an alarm of its own says so")
        assert (outbox.counters.pending, quarantine.counters.entries) == (10, 0)
        behind[0] = 0
        assert publisher.drained(60)
    assert (store.count(), quarantine.counters.entries) == (10, 0)


def test_a_batch_that_no_commit_succeeds_with_is_set_aside_once_its_gateway_has_shown_that_it_means_it(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = Committer.commit

    def failing_over_one(self: Committer, judged: Judged) -> Committed:
        if any(b'"seq":5,' in each.payload for each in judged.deliveries):
            raise RuntimeError("nobody foresaw this")
        return works(self, judged)

    monkeypatch.setattr(Committer, "commit", failing_over_one)
    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        for number in range(10):
            outbox.put(readings(now_ms() - 600_000 + number * 10_000, 10))
        with collecting(store, mosquitto, quarantine):
            assert publisher.drained(60)
        assert (outbox.counters.stored, outbox.counters.quarantined) == (90, 10)
    assert [(entry.reason, entry.part) for entry in quarantine.list()] == [("unprocessable", "")]
    assert (store.count(), store.duplicates()) == (90, 0)


def test_a_batch_that_no_commit_succeeds_with_is_set_aside_too_when_nothing_else_comes_any_more(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = Committer.commit

    def failing_over_one(self: Committer, judged: Judged) -> Committed:
        if any(b'"seq":2,' in each.payload for each in judged.deliveries):
            raise RuntimeError("nobody foresaw this")
        return works(self, judged)

    monkeypatch.setattr(Committer, "commit", failing_over_one)
    with gateway(tmp_path, mosquitto) as (outbox, publisher), collecting(store, mosquitto, quarantine):
        outbox.put(readings(now_ms() - 600_000, 10))
        assert publisher.drained(60)
        outbox.put(readings(now_ms() - 60_000, 10))
        publisher.wake()
        assert publisher.drained(60)
        assert (outbox.counters.stored, outbox.counters.quarantined) == (10, 10)
    assert [(entry.reason, entry.part) for entry in quarantine.list()] == [("unprocessable", "")]


def test_while_no_commit_succeeds_no_message_is_to_blame(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, failed = Committer.commit, list[int]()
    broken = threading.Event()

    def failing_for_a_while(self: Committer, judged: Judged) -> Committed:
        if broken.is_set():
            failed.append(len(judged.deliveries))
            raise MemoryError
        return works(self, judged)

    monkeypatch.setattr(Committer, "commit", failing_for_a_while)
    with (
        gateway(tmp_path, mosquitto) as (outbox, publisher),
        collecting(store, mosquitto, quarantine),
    ):
        outbox.put(readings(now_ms() - 600_000, 10))
        assert publisher.drained(60)
        broken.set()
        for number in range(1, 10):
            outbox.put(readings(now_ms() - 600_000 + number * 10_000, 10))
        publisher.wake()
        wait_until(lambda: failed.count(1) >= 9, "each has failed by itself")
        broken.clear()
        assert publisher.drained(60)
        assert (outbox.counters.stored, outbox.counters.quarantined) == (100, 0)
    assert len(quarantine.list()) <= 1
    assert (store.count(), store.duplicates()) == (100, 0)


def test_a_defect_behind_the_commit_or_before_the_sending_ends_neither_collector_nor_gateway(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []

    def once(owner: object, name: str) -> None:
        work = getattr(owner, name)

        def failing(*given: Any) -> Any:
            if name not in failed:
                failed.append(name)
                raise RuntimeError("nobody foresaw this")
            return work(*given)

        monkeypatch.setattr(owner, name, failing)

    with (
        collecting(store, mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        once(collector._watch, "committed")
        once(collector._answering, "answer")
        once(publisher, "_turn")
        for number in range(3):
            outbox.put(readings(now_ms() - 600_000 + number * 10_000, 10))
            assert publisher.drained(60)
        assert sorted(failed) == ["_turn", "answer", "committed"]
        assert collector.alive
    assert (store.count(), store.duplicates()) == (30, 0)


def test_what_is_new_is_not_held_up_by_what_an_outage_has_left(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    def live(collector: Collector) -> bool:
        before = collector.latency("live").readings
        fresh.put(readings(now_ms(), 1, "live-device"))
        fresh_sends.wake()
        wait_until(lambda: collector.latency("live").readings > before, "the reading of now is stored")
        return behind.counters.pending > 0

    with gateway(tmp_path, mosquitto, name="behind") as (behind, behind_sends):
        for number in range(1500):
            behind.put(readings(now_ms() - 80_000_000 + number * 40_000, 40, "old-device"))
        with (
            gateway(tmp_path, mosquitto, name="live") as (fresh, fresh_sends),
            collecting(store, mosquitto, quarantine) as collector,
        ):
            behind_sends.wake()
            wait_until(lambda: collector.latency("behind").readings > 0, "the backlog is under way")
            during = [live(collector) for _ in range(5)]
            assert any(during), "there was still a backlog when readings of now were stored"
            assert behind_sends.drained(60)
    assert (store.count(), store.duplicates()) == (1500 * 40 + 5, 0)


def test_gateways_without_number_do_not_fill_the_memory_with_declines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.declined._MOST", 3)
    declined = Declined()
    declined.note([delivery(1, f"gw-{number}") for number in range(5)])
    assert [gateway_ for _, gateway_, _ in declined.take(10)] == ["gw-2", "gw-3", "gw-4"]


def test_a_decline_is_one_span_per_outbox() -> None:
    declined = Declined()
    declined.note([delivery(7), delivery(3), delivery(5), delivery(9, "gw-2")])
    assert len(declined) == 2
    assert declined.take(4) == {(SITE, GATEWAY, "0123456789abcdef"): (3, 7)}
    assert declined.take(0) == {(SITE, "gw-2", "0123456789abcdef"): (9, 9)}
    assert declined.take(9) == {}


@pytest.mark.parametrize("payload", [b"", b"{", b'{"epoch":5,"seq":1}', b'{"epoch":"e","seq":"x"}', b"\xff" * 500])
def test_what_has_no_number_is_not_asked_for(payload: bytes) -> None:
    declined = Declined()
    declined.note([delivery(1, payload=payload), delivery(1)._replace(topic="elsewhere")])
    assert len(declined) == 0
