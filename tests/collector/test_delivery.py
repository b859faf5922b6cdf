"""From the outbox into the store, exactly once, whatever happens to brokers, words and processes on the way."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from collector import Collector, Quarantine, Settings
from edge.outbox import Outbox
from storage import Store
from telemetry import Ack, Broker, Gap, decode, new_client
from tests.collector.parts import BROKERS, GATEWAY, MAIN, SITE, broker_at, collecting, gateway, now_ms, readings
from tests.parts import free_port, wait_until

each_broker = pytest.mark.parametrize("kind", BROKERS)


def put(outbox: Outbox, batches: int, start: int) -> None:
    for number in range(batches):
        outbox.put(readings(start + number * 10_000, 10))


def balances(outbox: Outbox, store: Store, quarantine: Quarantine) -> bool:
    counters = outbox.counters
    return counters.read == store.count() + quarantine.counters.readings + counters.pending + counters.gap


@each_broker
def test_a_reading_put_in_the_outbox_is_in_the_store_exactly_once(
    kind: str, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    port = free_port()
    start = now_ms() - 3_600_000
    with (
        BROKERS[kind](port, tmp_path),
        collecting(store, broker_at(port), quarantine) as collector,
        gateway(tmp_path, broker_at(port)) as (outbox, publisher),
    ):
        put(outbox, 40, start)
        assert publisher.drained(60)
        assert outbox.counters.stored == outbox.counters.read == 400
        counters = collector.counters
    times, values = store.read(MAIN, 0, now_ms())
    assert list(times) == [start + 1000 * row for row in range(400)]
    assert list(values) == [float(row % 10) for row in range(400)]
    assert (store.count(), store.duplicates()) == (400, 0)
    assert counters.written >= 400
    assert counters.batches >= 40
    assert quarantine.counters.entries == 0


def test_mqtt_5_keeps_the_session_of_a_collector_that_is_away(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    broker = msgspec.structs.replace(mosquitto, protocol="5")
    with gateway(tmp_path, broker, resend_after_s=60.0) as (outbox, publisher):
        with collecting(store, broker, quarantine) as collector:
            wait_until(lambda: collector.connected, "the collector listens: they are sent once")
            put(outbox, 3, now_ms() - 600_000)
            assert publisher.drained(60)
        put(outbox, 3, now_ms() - 500_000)
        publisher.wake()
        wait_until(lambda: len(publisher._window) == 3, "three batches are sent while nobody listens")
        with collecting(store, broker, quarantine):  # too early for the gateway to send again: the broker kept them
            assert publisher.drained(60)
    assert (store.count(), store.duplicates()) == (60, 0)


def test_workers_of_a_group_share_the_batches_of_a_gateway_and_who_is_left_takes_all_of_them(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    broker = msgspec.structs.replace(mosquitto, protocol="5")
    one, two = (Settings(workers_group="city", worker=number) for number in (1, 2))
    with (
        collecting(store, broker, quarantine, client_id="", settings=one) as first,
        gateway(tmp_path, broker, resend_after_s=60.0) as (outbox, publisher),
    ):
        with collecting(store, broker, quarantine, client_id="", settings=two) as second:
            wait_until(lambda: first.connected and second.connected, "both workers listen")
            put(outbox, 40, now_ms() - 600_000)
            assert publisher.drained(60)
            taken = [each.counters.batches for each in (first, second)]
            assert sum(taken) == 40
            assert min(taken) > 0
        put(outbox, 10, now_ms() - 100_000)
        assert publisher.drained(60)
        assert first.counters.batches == taken[0] + 10
    assert (store.count(), store.duplicates()) == (500, 0)


@each_broker
def test_a_broker_that_is_killed_on_the_way_and_wiped_loses_nothing(
    kind: str, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    port = free_port()
    start = now_ms() - 3_600_000
    with (
        collecting(store, broker_at(port), quarantine) as collector,
        gateway(tmp_path, broker_at(port)) as (outbox, publisher),
    ):
        with BROKERS[kind](port, tmp_path) as process:
            put(outbox, 30, start)
            publisher.wake()
            wait_until(lambda: store.count() > 0, "some have arrived")
            process.kill()
            process.wait(60)
        put(outbox, 30, start + 1_000_000)
        wait_until(lambda: not collector.connected and not publisher.connected, "both have noticed")
        with BROKERS[kind](port, tmp_path):
            assert publisher.drained(60)
        assert outbox.counters.stored == 600
    assert (store.count(), store.duplicates()) == (600, 0)


@each_broker
def test_what_is_sent_while_no_collector_listens_is_stored_when_one_comes(
    kind: str, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    port = free_port()
    with BROKERS[kind](port, tmp_path), gateway(tmp_path, broker_at(port)) as (outbox, publisher):
        put(outbox, 5, now_ms() - 600_000)
        wait_until(lambda: publisher.connected, "the gateway is connected")
        assert not publisher.drained(0.2)
        with collecting(store, broker_at(port), quarantine):
            assert publisher.drained(60)
        put(outbox, 5, now_ms() - 400_000)
        publisher.wake()
        with collecting(store, broker_at(port), quarantine):
            assert publisher.drained(60)
    assert (store.count(), store.duplicates()) == (100, 0)


def test_a_lost_acknowledgement_leaves_no_duplicates(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = Collector(store, mosquitto, quarantine, client_id="collector-test")
    monkeypatch.setattr(deaf._answering, "answer", lambda _: None)
    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        deaf.start()
        put(outbox, 5, now_ms() - 600_000)
        publisher.wake()
        wait_until(lambda: deaf.counters.batches > 5, "the batches are stored, and stored again")
        deaf.stop()
        assert outbox.counters.pending == 50
        with collecting(store, mosquitto, quarantine):
            assert publisher.drained(60)
    assert (store.count(), store.duplicates()) == (50, 0)


def test_the_word_names_every_batch_and_comes_only_after_the_commit(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    acks: list[tuple[Ack, int]] = []
    subscribed = threading.Event()
    witness = new_client(mosquitto, "witness")
    witness.on_connect = lambda client, *_: client.subscribe(f"wattproof/1/{SITE}/+/ack", 1)
    witness.on_subscribe = lambda *_: subscribed.set()
    witness.on_message = lambda _client, _data, message: acks.append(
        (decode(bytes(message.payload), Ack), store.count())
    )
    witness.connect(mosquitto.host, mosquitto.port)
    witness.loop_start()
    assert subscribed.wait(60)
    with collecting(store, mosquitto, quarantine), gateway(tmp_path, mosquitto) as (outbox, publisher):
        put(outbox, 20, now_ms() - 600_000)
        assert publisher.drained(60)
        wait_until(lambda: {seq for ack, _ in acks for seq in ack.sequences()} == set(range(1, 21)), "all are named")
        assert {ack.epoch for ack, _ in acks} == {outbox.epoch}
    witness.disconnect()
    witness.loop_stop()
    named: set[int] = set()  # what is sent again is named again
    for ack, there in acks:
        named.update(ack.sequences())
        assert there >= len(named) * 10


def test_two_gateways_with_the_same_numbers_are_told_apart(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    start = now_ms() - 600_000
    with (
        collecting(store, mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto, name="gw-1") as (one, one_sends),
        gateway(tmp_path, mosquitto, name="history") as (two, two_sends),
    ):
        one.put(readings(start, 10, device="main"))
        two.put(readings(start - 86_400_000, 20, device="main"))
        assert one_sends.drained(60)
        assert two_sends.drained(60)
        wait_until(lambda: collector.latency().readings >= 30, "latencies are noted")
        assert collector.latency(exclude=["history"]).p99 < 3_600_000 < collector.latency("history").p50
    assert store.count() == 30


def test_gaps_of_an_overflow_reach_the_store_and_the_ledger_balances(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    start = now_ms() - 3_600_000
    small = Outbox(tmp_path / f"{GATEWAY}.sqlite", SITE, GATEWAY, max_bytes=3000)
    put(small, 40, start)
    lost = small.counters.gap
    assert 0 < lost < 400
    small.close()
    with collecting(store, mosquitto, quarantine), gateway(tmp_path, mosquitto) as (outbox, publisher):
        assert publisher.drained(60)
        outbox.put(readings(start + 400_000, 10))
        assert publisher.drained(60)
        assert outbox.counters.gap == lost
        assert balances(outbox, store, quarantine)
    times, _ = store.read(MAIN, 0, now_ms())
    (gap,) = store.gaps(SITE, 0, now_ms())
    assert gap == Gap("main", "power_meter", "active_power_w", start, int(times[0]) - 1000, "outbox_full", lost)


def test_listeners_are_told_of_every_commit_and_one_that_fails_stops_nothing(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    seen: list[int] = []

    def broken(_: object) -> None:
        raise RuntimeError("a listener's own defect")

    with collecting(store, mosquitto, quarantine) as collector:
        collector.listeners += [broken, lambda batches: seen.extend(batch.seq for batch in batches)]
        with gateway(tmp_path, mosquitto) as (outbox, publisher):
            put(outbox, 3, now_ms() - 600_000)
            assert publisher.drained(60)
            wait_until(lambda: sorted(set(seen)) == [1, 2, 3], "the listener has heard of all")


def test_a_stop_ends_every_thread(mosquitto: Broker, store: Store, quarantine: Quarantine) -> None:
    before = set(threading.enumerate())
    with collecting(store, mosquitto, quarantine) as collector:
        wait_until(lambda: collector.connected, "the collector is connected")
    wait_until(lambda: set(threading.enumerate()) <= before, "all threads have ended")
