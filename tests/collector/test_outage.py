"""While store or quarantine is away nothing of theirs is acknowledged, nothing is lost, and the line goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from collector import Collector, Quarantine, Settings
from storage import (
    Health,
    InfluxStore,
    Rejected,
    Store,
    StoreRefusedError,
    StoreUnavailableError,
    Written,
)
from telemetry import Batch, Broker
from tests.collector.parts import (
    GATEWAY,
    MAIN,
    SITE,
    Tripwire,
    amqtt_at,
    broker_at,
    collecting,
    gateway,
    now_ms,
    readings,
)
from tests.parts import free_port, influxd, wait_until


def test_an_influxdb_that_goes_away_and_comes_back_misses_nothing(
    mosquitto: Broker, tmp_path: Path, quarantine: Quarantine
) -> None:
    port, rpc = free_port(), free_port()
    start = now_ms() - 3_600_000
    store = InfluxStore(f"http://127.0.0.1:{port}", database="outage")
    with collecting(store, mosquitto, quarantine) as collector, gateway(tmp_path, mosquitto) as (outbox, publisher):
        with influxd(tmp_path, port, rpc) as database:
            outbox.put(readings(start, 50))
            assert publisher.drained(60)
            database.process.kill()
            database.process.wait(60)
        outbox.put(readings(start + 60_000, 50))
        publisher.wake()
        wait_until(lambda: collector.counters.retries > 2, "the collector tries again")
        assert outbox.counters.pending == 50
        assert "InfluxDB" in collector.trouble or str(port) in collector.trouble
        with influxd(tmp_path, port, rpc):
            assert publisher.drained(60)
            assert (store.count(), store.duplicates()) == (100, 0)
            assert collector.trouble == ""
    assert quarantine.counters.entries == 0
    store.close()


def test_nothing_is_acknowledged_while_the_store_refuses_and_a_person_is_told(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    refusing = True

    def trip(_: Sequence[Batch]) -> None:
        if refusing:
            raise StoreRefusedError("InfluxDB http://x: 401, check the token")

    with (
        structlog.testing.capture_logs() as logs,
        collecting(Tripwire(store, trip), mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        publisher.wake()
        wait_until(lambda: collector.counters.retries > 2, "the collector tries again")
        assert outbox.counters.pending == 10
        assert collector.trouble == "InfluxDB http://x: 401, check the token"
        alarms = [entry for entry in logs if entry["event"] == "store_refused"]
        assert [entry["log_level"] for entry in alarms] == ["critical"]
        assert alarms[0]["advice"] == "a person must act; nothing is lost meanwhile"
        refusing = False
        assert publisher.drained(60)
    assert store.count() == 10


def test_a_quarantine_that_cannot_be_written_holds_back_what_it_is_to_keep_and_nothing_else(
    mosquitto: Broker, tmp_path: Path, store: Store
) -> None:
    quarantine = Quarantine(tmp_path / "quarantine.sqlite")
    lock = sqlite3.connect(tmp_path / "quarantine.sqlite", isolation_level=None)
    quarantine._connection.execute("PRAGMA busy_timeout = 50")
    lock.execute("BEGIN IMMEDIATE")
    with (
        collecting(store, mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
        gateway(tmp_path, mosquitto, name="gw-2") as (sound, other),
    ):
        outbox.put(readings(now_ms() + 86_400_000, 10))
        publisher.wake()
        wait_until(lambda: collector.counters.deferred > 1, "it is left with its gateway, again and again")
        wait_until(lambda: "quarantine_unusable" in {alarm.kind for alarm in collector.alarms}, "a person is told")
        sound.put(readings(now_ms() - 60_000, 10, device="sound"))
        assert other.drained(60)
        assert (outbox.counters.pending, sound.counters.stored) == (10, 10)
        assert "locked" in collector.trouble
        lock.execute("ROLLBACK")
        assert publisher.drained(60)
        assert outbox.counters.quarantined == 10
        assert collector.trouble == ""
    lock.close()
    assert (store.count(), quarantine.counters.readings) == (10, 10)
    quarantine.close()


def test_a_stop_during_an_outage_acknowledges_nothing_and_the_next_collector_stores_it(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    def away(_: Sequence[Batch]) -> None:
        raise StoreUnavailableError("away")

    with gateway(tmp_path, mosquitto, resend_after_s=60.0) as (outbox, publisher):
        with collecting(Tripwire(store, away), mosquitto, quarantine) as collector:
            wait_until(lambda: collector.connected, "the collector listens: it is sent once")
            outbox.put(readings(now_ms() - 60_000, 10))
            publisher.wake()
            wait_until(lambda: collector.counters.retries > 0, "the batch has arrived")
        assert outbox.counters.pending == 10
        with collecting(store, mosquitto, quarantine):  # the broker delivers again what was not acknowledged
            assert publisher.drained(60)
    assert store.count() == 10


def test_an_unforeseen_error_of_a_store_that_is_not_well_blames_no_batch(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    broken = failed = True

    class Sick(Tripwire):
        def health(self) -> Health:
            return Health(not failed, "duck", "sick")  # as it was when it failed: it may be mended in between

    def trip(_: Sequence[Batch]) -> None:
        nonlocal failed
        failed = broken
        if failed:
            raise MemoryError

    with (
        collecting(Sick(store, trip), mosquitto, quarantine) as collector,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        publisher.wake()
        wait_until(lambda: collector.counters.retries > 1, "the collector tries again")
        assert quarantine.counters.entries == 0
        broken = False
        assert publisher.drained(60)
    assert store.count() == 10


def test_messages_beyond_the_bound_are_left_to_be_sent_again_and_arrive(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    away = True

    def trip(_: Sequence[Batch]) -> None:
        if away:
            raise StoreUnavailableError("away")

    settings = Settings(client_id="collector-test", max_batch_messages=2, max_waiting_messages=2)
    collector = Collector(Tripwire(store, trip), mosquitto, quarantine, settings=settings)
    collector.start()
    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        for number in range(20):
            outbox.put(readings(now_ms() - 600_000 + number * 10_000, 10))
        publisher.wake()
        wait_until(lambda: collector.counters.deferred > 0, "there are more messages than may wait")
        assert collector.waiting <= 2
        away = False
        assert publisher.drained(60)
    collector.stop()
    assert (store.count(), store.duplicates()) == (200, 0)
    assert list(store.read(MAIN, 0, now_ms())[1][:3]) == [0.0, 1.0, 2.0]


def test_a_broker_that_refuses_the_subscription_is_told_and_nothing_is_sent_into_the_void(tmp_path: Path) -> None:
    port = free_port()
    with (
        amqtt_at(port, tmp_path, deaf=True),
        structlog.testing.capture_logs() as logs,
        gateway(tmp_path, broker_at(port)) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        wait_until(lambda: [entry for entry in logs if entry["event"] == "mqtt_subscription_refused"], "it is told")
        assert not publisher.connected
        assert outbox.counters.pending == 10
    (told,) = [entry for entry in logs if entry["event"] == "mqtt_subscription_refused"]
    assert told["reason"].startswith("wattproof/1/site-1/gw-1/ack: ")
    assert told["advice"] == "allow this user to read that topic in the broker's access list"


def test_wrong_credentials_at_amqtt_are_told(tmp_path: Path, store: Store, quarantine: Quarantine) -> None:
    port = free_port()
    wrong = msgspec.structs.replace(broker_at(port), password="wrong")
    with (
        amqtt_at(port, tmp_path),
        structlog.testing.capture_logs() as logs,
        collecting(store, wrong, quarantine) as collector,
    ):
        wait_until(lambda: [entry for entry in logs if entry["event"] == "mqtt_refused"], "the refusal is told")
        assert not collector.connected


def test_a_defect_of_the_collector_itself_acknowledges_nothing_to_the_gateway_and_the_line_goes_on(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    foreign = Batch(SITE, GATEWAY, "epoch", 1, [])
    calls: list[int] = []

    class Confused(Tripwire):
        def write(self, batches: Sequence[Batch]) -> Written:
            written = super().write(batches)
            calls.append(len(batches))
            return Written(written.stored, 0, [Rejected(foreign, MAIN, 1, "whose?")]) if len(calls) == 1 else written

    with (
        structlog.testing.capture_logs() as logs,
        collecting(Confused(store), mosquitto, quarantine),
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        assert publisher.drained(60)
        assert len(calls) >= 2
    (told,) = [entry for entry in logs if entry["event"] == "commit_failed"]
    assert told["messages"] >= 1  # more where a pause of the machine has made the gateway send it again
    assert (store.count(), store.duplicates()) == (10, 0)
