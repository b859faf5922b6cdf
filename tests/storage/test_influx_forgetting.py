"""Retention on a real InfluxDB, while others write and roll, and beside measurements of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from storage import ROLLUP_MS, InfluxStore
from storage.influx import forgetting
from storage.influx.server import Server
from storage.influx.touches import Entry, Touches
from storage.rollup import REACH_MS
from tests.parts import Database
from tests.storage.parts import DAY, MAIN, POWER, SITE, batch, open_influx, points, write_influx
from tests.storage.test_influx_rolling import EVER, START, counts, minutes, roll_all

PRESS = replace(MAIN, device="press-1")
FOREIGN = f"cpu,host=a usage_idle=5,swap\\ used=3i {START}\nstrange v=1 {START}\npower_meter {POWER}=3 {START}"


@pytest.fixture
def store(influxdb: Database, influx_database: str) -> InfluxStore:
    return open_influx(influxdb, influx_database)


def meanwhile(monkeypatch: pytest.MonkeyPatch, step: str, work: Callable[[], object]) -> None:
    """Have others work once, before this step of forgetting."""
    real, waiting = getattr(forgetting, step), [work]

    def interrupted(*args: object) -> object:
        if waiting:
            waiting.pop()()
        return real(*args)

    monkeypatch.setattr(forgetting, step, interrupted)


@pytest.mark.parametrize("step", ["write_rows", "write_notes", "_conditions"])
def test_history_that_is_imported_while_retention_runs_is_not_deleted_before_it_is_rolled(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    importing = open_influx(influxdb, influx_database)
    store.write([batch(minutes(30))])
    roll_all(store)
    history = [batch(minutes(30, START - DAY)), batch(minutes(30), PRESS)]
    meanwhile(monkeypatch, step, lambda: importing.write(history))
    assert store.forget(START + DAY, 0).readings == 30
    assert (len(points(store)), len(points(store, PRESS))) == (30, 30)
    assert roll_all(store) == 4
    assert counts(store) == {-96: 15, -95: 15, 0: 15, 1: 15}
    assert counts(store, PRESS) == {0: 15, 1: 15}
    assert store.forget(START + DAY, 0).kept == 0
    assert store.count() == 0
    importing.close()


def test_what_is_rolled_while_retention_runs_is_deleted_at_its_next_turn_when_it_is_closed(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(30))])
    meanwhile(monkeypatch, "_take_census", lambda: roll_all(store))
    assert store.forget(START + DAY, 0).kept == 30
    assert store.forget(START + DAY, 0).kept == 0
    assert store.write([batch({START + 30_000: 1.0})]).stored == 0
    assert counts(store) == {0: 15, 1: 15}


def test_what_waits_to_be_rolled_keeps_the_readings_beside_it(store: InfluxStore) -> None:
    late = START + 6 * 3_600_000 + 30_000
    store.write([batch(minutes(720))])
    roll_all(store)
    store.write([batch({late: 1.0})])
    store.forget(START + DAY, 0)
    window = late - late % ROLLUP_MS
    kept = [time for time in (*minutes(720), late) if window - REACH_MS <= time < window + REACH_MS + ROLLUP_MS]
    assert sorted(points(store)) == sorted(kept)
    roll_all(store)
    assert store.rollups(MAIN, window, window + 1).coverage.tolist() == [1.0]
    assert store.forget(START + DAY, 0).kept == 0


def test_measurements_of_others_are_neither_rolled_nor_deleted(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    store.write([batch(minutes(30))])
    roll_all(store)
    write_influx(influxdb, influx_database, FOREIGN)
    forgotten = store.forget(START + DAY, 0)
    assert (forgotten.readings, forgotten.kept) == (30, 0)
    assert (points(store), store.touched(), store.count()) == ({}, 0, 4)


def test_notes_that_named_measurements_of_others_do_not_stop_the_rolling(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    store.write([batch(minutes(30))])
    write_influx(influxdb, influx_database, FOREIGN)
    window = START // ROLLUP_MS
    noted = [Entry("", "cpu", [""], ("usage_idle", "swap used"), [(window, window)])]
    rolling = [note.line() for note in Touches().notes(noted)]
    assert store._server.write(rolling) is None
    assert roll_all(store) == 4
    assert (store.touched(), counts(store)) == (0, {0: 15, 1: 15})


def test_a_late_reading_that_nobody_noted_is_rolled_before_it_is_deleted(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    store.write([batch(minutes(30))])
    roll_all(store)
    write_influx(influxdb, influx_database, f"power_meter,site={SITE},device=main {POWER}=7 {START + 30_000}")
    assert store.forget(START + DAY, 0).kept == 31
    assert roll_all(store) == 1
    assert counts(store) == {0: 16, 1: 15}
    assert store.forget(START + DAY, 0).kept == 0


def test_devices_that_are_alike_are_deleted_by_few_statements(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(45), replace(MAIN, device=f"meter-{number:03}")) for number in range(60)])
    roll_all(store)
    statements: list[str] = []
    delete = Server.delete

    def counted(server: Server, measurement: str, condition: str) -> None:
        statements.append(condition)
        delete(server, measurement, condition)

    monkeypatch.setattr(Server, "delete", counted)
    assert store.forget(START + DAY, 0).readings == 60 * 45
    assert store.count() == 0
    assert len([each for each in statements if "device" in each]) == 1
    assert int(store.rollups(replace(MAIN, device="meter-059"), 0, EVER).count.sum()) == 45
