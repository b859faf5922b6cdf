"""Collectors new, doubled, shared or killed, a broker wiped, a gateway restored: nothing is lost, nothing is twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collector import Collector, Quarantine, Settings
from edge.outbox import Outbox
from storage import InfluxStore, Store
from telemetry import (
    BATCH,
    Alarms,
    Batch,
    Birth,
    Broker,
    Gap,
    State,
    alarms_topic,
    decode,
    encode,
    new_client,
    topic,
)
from tests.collector.parts import (
    GATEWAY,
    SITE,
    collecting,
    gateway,
    mosquitto_at,
    now_ms,
    readings,
    save,
    saving_in,
    vanish,
)
from tests.parts import Database, free_port, wait_until


def put(outbox: Outbox, batches: int, start: int, device: str = "main") -> None:
    for number in range(batches):
        outbox.put(readings(start + number * 10_000, 10, device))


@contextlib.contextmanager
def retained(broker: Broker) -> Iterator[dict[str, bytes]]:
    """Everything of ours that a broker has retained, as it changes."""
    found: dict[str, bytes] = {}
    witness = new_client(broker, "witness", clean=True)
    witness.on_connect = lambda client, *_: client.subscribe("wattproof/1/#", 1)
    witness.on_message = lambda _client, _data, message: found.__setitem__(message.topic, bytes(message.payload))
    witness.connect(broker.host, broker.port)
    witness.loop_start()
    try:
        yield found
    finally:
        witness.disconnect()
        witness.loop_stop()


def test_after_a_broker_is_wiped_everyone_introduces_himself_again(
    tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    port = free_port()
    broker = Broker(port=port)
    with collecting(store, broker, quarantine) as collector, gateway(tmp_path, broker) as (outbox, publisher):
        with mosquitto_at(port, tmp_path) as process:
            put(outbox, 5, now_ms() - 900_000)
            assert publisher.drained(60)
            process.kill()
            process.wait(60)
        wait_until(lambda: not collector.connected and not publisher.connected, "both have noticed")
        put(outbox, 5, now_ms() - 600_000)
        with mosquitto_at(port, tmp_path), retained(broker) as found:
            assert publisher.drained(60)
            wait_until(lambda: alarms_topic("collector-test") in found, "the collector tells its alarms again")
            kinds = [topic(SITE, GATEWAY, kind) for kind in ("birth", "state")]
            wait_until(lambda: all(found.get(kind) for kind in kinds), "and the gateway what it is")
            birth, state = (found[kind] for kind in kinds)
            assert decode(birth, Birth).epoch == outbox.epoch
            assert decode(state, State).online
            assert decode(found[alarms_topic("collector-test")], Alarms).alarms == []
    assert (store.count(), store.duplicates()) == (100, 0)


def test_a_gateway_that_is_gone_when_its_broker_comes_back_is_told_until_it_is_back(
    tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.watch._RETURN_MS", 5_000)
    port = free_port()
    broker = Broker(port=port)

    def told() -> list[tuple[str, str]]:
        return [(alarm.kind, alarm.gateway) for alarm in collector.alarms if alarm.until is None]

    with collecting(store, broker, quarantine) as collector, gateway(tmp_path, broker, name="gw-2") as (_, other):
        with gateway(tmp_path, broker) as (outbox, publisher), mosquitto_at(port, tmp_path) as process:
            put(outbox, 1, now_ms() - 900_000)
            assert publisher.drained(60)
            wait_until(lambda: other.connected and collector._watch._there == {(SITE, GATEWAY), (SITE, "gw-2")}, "both")
            process.kill()
            process.wait(60)
            wait_until(lambda: not collector.connected and not publisher.connected, "both have noticed")
        with mosquitto_at(port, tmp_path):
            wait_until(lambda: other.connected and collector.connected, "the others are back")
            wait_until(lambda: told() == [("gateway_offline", GATEWAY)], "it is told")
            with gateway(tmp_path, broker):
                wait_until(lambda: not told(), "it is back")


@pytest.mark.parametrize("vanishes", [True, False])
def test_a_killed_broker_that_has_not_saved_that_a_gateway_went_does_not_bring_it_back(
    tmp_path: Path, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch, *, vanishes: bool
) -> None:
    monkeypatch.setattr("collector.watch._OFFLINE_AFTER_MS", 0)
    port = free_port()
    broker = Broker(port=port)
    restored: list[State] = []

    def told() -> list[tuple[str, str]]:
        return [(alarm.kind, alarm.gateway) for alarm in collector.alarms if alarm.until is None]

    def hear(name: str, payload: bytes, *, retained: bool) -> None:
        heard(name, payload, retained=retained)
        if retained and name == topic(SITE, GATEWAY, "state"):
            restored.append(decode(payload, State))

    def there() -> bool:
        return (SITE, GATEWAY) in collector._watch._there

    with collecting(store, broker, quarantine) as collector:
        with mosquitto_at(port, tmp_path, *saving_in(tmp_path)) as process:
            with gateway(tmp_path, broker) as (_, publisher):
                wait_until(there, "it is there")
                save(process, tmp_path)
                saved = collector._watch._said.copy()
                publisher._session.reconnect()
                wait_until(lambda: there() and collector._watch._said != saved, "it has said so again")
                if vanishes:
                    vanish(publisher)
                    wait_until(lambda: told() == [("gateway_offline", GATEWAY)], "its last will is heard")
            wait_until(lambda: not there(), "it is gone")
            process.kill()
            process.wait(60)
        wait_until(lambda: not collector.connected, "the collector has noticed")
        heard = collector._watch.heard
        monkeypatch.setattr(collector._watch, "heard", hear)
        with mosquitto_at(port, tmp_path, *saving_in(tmp_path)):
            wait_until(lambda: [state.online for state in restored] == [True], "the broker has it online again")
            assert not there()
            collector._watch.look()
            assert told() == [("gateway_offline", GATEWAY)] * vanishes
            with gateway(tmp_path, broker):
                wait_until(lambda: there() and not told(), "it is back")


def test_a_new_collector_with_no_session_takes_over_what_the_old_one_left(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        with collecting(store, mosquitto, quarantine):
            put(outbox, 5, now_ms() - 900_000)
            assert publisher.drained(60)
        put(outbox, 20, now_ms() - 600_000)
        with collecting(store, mosquitto, quarantine, client_id="somebody-new"):
            assert publisher.drained(60)
        assert outbox.counters.stored == outbox.counters.read == 250
    assert (store.count(), store.duplicates()) == (250, 0)


def test_a_second_collector_beside_the_first_stores_the_same_and_doubles_nothing(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    with (
        collecting(store, mosquitto, quarantine) as first,
        collecting(store, mosquitto, quarantine, client_id="second") as second,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        wait_until(lambda: first.connected and second.connected, "both listen")
        put(outbox, 20, now_ms() - 600_000)
        assert publisher.drained(60)
        wait_until(lambda: first.counters.batches >= 20 and second.counters.batches >= 20, "both have stored it")
        assert outbox.counters.stored == 200
    assert (store.count(), store.duplicates()) == (200, 0)


def test_a_gateway_restored_from_a_backup_loses_and_doubles_nothing_and_is_not_taken_for_two(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    start = now_ms() - 3_600_000
    with collecting(store, mosquitto, quarantine) as collector:
        with gateway(tmp_path, mosquitto) as (outbox, publisher):
            put(outbox, 5, start)
            assert publisher.drained(60)
            put(outbox, 3, start + 100_000)
        for file in tmp_path.glob(f"{GATEWAY}.sqlite*"):
            shutil.copy(file, backup)
        with gateway(tmp_path, mosquitto) as (outbox, publisher):
            put(outbox, 7, start + 200_000)
            assert publisher.drained(60)
        for file in backup.iterdir():
            shutil.copy(file, tmp_path)
        with gateway(tmp_path, mosquitto) as (outbox, publisher):
            put(outbox, 4, start + 400_000)
            assert publisher.drained(60)
        assert collector.twice == 0
    assert (store.count(), store.duplicates()) == (190, 0)


def test_two_machines_under_one_name_are_told_of_in_both_languages(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    def told(collector: Collector) -> list[Any]:
        return [alarm for alarm in collector.alarms if alarm.kind == "gateway_id_twice"]

    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (
        retained(mosquitto) as found,
        collecting(store, mosquitto, quarantine) as collector,
        gateway(tmp_path / "one", mosquitto) as (one, one_sends),
        gateway(tmp_path / "two", mosquitto) as (two, two_sends),
    ):
        rows = iter(range(10_000))

        def live() -> bool:
            """Both go on measuring; the broker lets the one in only by ending the other's connection."""
            at = now_ms() - 30_000 + next(rows)
            one.put(readings(at, 1, "main"))
            two.put(readings(at, 1, "other"))
            one_sends.wake()
            two_sends.wake()
            return bool(told(collector))

        wait_until(live, "it is noticed", deadline_s=60)
        (alarm,) = told(collector)
        assert (alarm.site, alarm.gateway, alarm.until) == (SITE, GATEWAY, None)
        assert "같은 이름" in alarm.ko
        assert "another gateway id" in alarm.en
        mine = alarms_topic("collector-test")
        wait_until(lambda: mine in found and decode(found[mine], Alarms).alarms, "whoever shows alarms hears of it")


def test_one_of_a_group_that_hears_of_a_loss_says_that_it_may_not_have_heard_of_all(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    broker = msgspec.structs.replace(mosquitto, protocol="5")
    lost = Gap("main", "power_meter", "active_power_w", now_ms() - 9_000, now_ms() - 1_000, "outbox_full", 40)
    batch = Batch(SITE, GATEWAY, "0" * 16, 1, readings(now_ms() - 60_000, 1), [lost])
    group = Settings(workers_group="city", worker=3)
    with collecting(store, broker, quarantine, client_id="", settings=group) as collector:
        wait_until(lambda: collector.connected, "it listens")
        sender = new_client(mosquitto, "sender", clean=True)
        sender.connect(mosquitto.host, mosquitto.port)
        sender.loop_start()
        sender.publish(topic(SITE, GATEWAY, BATCH), encode(batch), qos=1).wait_for_publish(60)
        sender.disconnect()
        sender.loop_stop()
        wait_until(lambda: [a.en for a in collector.alarms if "at least 40 readings" in a.en], "it is told")


@contextlib.contextmanager
def workers(count: int, broker: Broker, database: Database, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many `wattproof collector run` of one group, as processes; killed at the end."""
    environment = os.environ | {
        "WATTPROOF_BROKER_PORT": str(broker.port),
        "WATTPROOF_STORE_ENGINE": "influx",
        "WATTPROOF_STORE_INFLUX_URL": database.url,
        "WATTPROOF_STORE_INFLUX_DATABASE": "workers",
        "WATTPROOF_DATA_DIR": str(folder / "data"),
    }
    with contextlib.ExitStack() as ends:
        started = []
        for number in range(1, count + 1):
            log = ends.enter_context((folder / f"worker-{number}.log").open("wb"))
            command = [sys.executable, "-m", "wattproof", "collector", "run"]
            process = subprocess.Popen(
                [*command, "--workers-group", "city", "--worker", str(number)], env=environment, stdout=log, stderr=log
            )
            ends.callback(process.wait, 60)
            ends.callback(process.kill)
            started.append(process)
        yield started


def test_one_of_three_workers_is_killed_and_nothing_is_lost(
    mosquitto: Broker, tmp_path: Path, influxdb: Database
) -> None:
    store = InfluxStore(influxdb.url, database="workers")
    start = now_ms() - 3_600_000
    with (
        retained(mosquitto) as found,
        workers(3, mosquitto, influxdb, tmp_path) as processes,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        names = [f"wattproof-collector-{number}" for number in (1, 2, 3)]
        wait_until(lambda: all(alarms_topic(name) in found for name in names), "all three are there", deadline_s=60)
        put(outbox, 60, start)
        publisher.wake()
        wait_until(lambda: outbox.counters.stored > 0, "the work is under way")
        processes[1].send_signal(signal.SIGKILL)
        put(outbox, 60, start + 700_000)
        assert publisher.drained(60)
        wait_until(
            lambda: [a.kind for a in decode(found[alarms_topic(names[1])], Alarms).alarms] == ["collector_offline"],
            "the broker tells that one is gone",
        )
        assert outbox.counters.stored == outbox.counters.read == 1200
        processes[0].send_signal(signal.SIGTERM)
        wait_until(lambda: found[alarms_topic(names[0])] == b"", "one that ends in good order takes leave")
    assert (store.count(), store.duplicates()) == (1200, 0)
    store.close()
