"""Retention on a real InfluxDB, while others write and roll, and beside measurements of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from storage import ROLLUP_MS, InfluxStore, Written
from storage.influx import forgetting
from storage.influx.horizon import Horizon, read_horizon
from storage.influx.server import Server
from storage.influx.touches import Entry, Touches
from storage.rollup import BESIDE_MS
from tests.parts import Database
from tests.storage.parts import DAY, MAIN, POWER, SITE, batch, open_influx, points, write_influx
from tests.storage.test_influx_rolling import EVER, MINUTE, START, counts, minutes, roll_all

PRESS = replace(MAIN, device="press-1")
FOREIGN = f"cpu,host=a usage_idle=5,swap\\ used=3i {START}\nstrange v=1 {START}\npower_meter {POWER}=3 {START}"


@pytest.fixture
def store(influxdb: Database, influx_database: str) -> InfluxStore:
    return open_influx(influxdb, influx_database)


def meanwhile(monkeypatch: pytest.MonkeyPatch, where: object, step: str, work: Callable[[], object]) -> None:
    """Have others work once, before this step."""
    real, waiting = getattr(where, step), [work]

    def interrupted(*args: object, **named: object) -> object:
        if waiting:
            waiting.pop()()
        return real(*args, **named)

    monkeypatch.setattr(where, step, interrupted)


@pytest.mark.parametrize("step", ["write_rows", "write_notes", "_conditions"])
def test_history_that_is_imported_while_retention_runs_is_not_deleted_before_it_is_rolled(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    importing = open_influx(influxdb, influx_database)
    store.write([batch(minutes(30))])
    roll_all(store)
    history = [batch(minutes(30, START - DAY)), batch(minutes(30), PRESS)]
    meanwhile(monkeypatch, forgetting, step, lambda: importing.write(history))
    assert store.forget(START + DAY, 0).readings == 30
    assert (len(points(store)), len(points(store, PRESS))) == (30, 30)
    assert roll_all(store) == 4
    assert counts(store) == {-96: 15, -95: 15, 0: 15, 1: 15}
    assert counts(store, PRESS) == {0: 15, 1: 15}
    assert store.forget(START + DAY, 0).kept == 0
    assert store.count() == 0
    importing.close()


@pytest.mark.parametrize("when", ["before the write", "before the request", "between counting and deleting"])
def test_a_late_reading_for_what_another_worker_has_just_closed_is_set_aside_and_the_row_stays(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    late = open_influx(influxdb, influx_database)
    late.write([batch(minutes(30))])
    roll_all(store)
    told: list[Written] = []

    def forget() -> None:
        assert store.forget(START + DAY, 0).readings == 30

    def write() -> None:
        told.append(late.write([batch({START + 30_000: 1.0})]))

    if when == "before the write":
        forget()
        write()
    elif when == "before the request":
        meanwhile(monkeypatch, late._server, "write", forget)
        write()
    else:
        # It had asked how far retention has come just before that was said.
        asked = [Horizon()]
        monkeypatch.setattr(
            "storage.influx.writing.read_horizon", lambda server: asked.pop() if asked else read_horizon(server)
        )
        meanwhile(monkeypatch, forgetting, "_conditions", write)
        forget()
    (written,) = told
    assert (written.stored, [(each.series, each.readings) for each in written.rejected]) == (0, [(MAIN, 1)])
    assert "closed" in written.rejected[0].reason
    roll_all(store)
    assert counts(store) == {0: 15, 1: 15}
    assert store.rollups(MAIN, 0, EVER).first.tolist()[0] == 1000.0
    assert store.forget(START + DAY, 0).kept == 0
    assert store.count() == 0
    late.close()


def test_a_backlog_older_than_what_is_kept_is_judged_by_few_questions(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    meters = [replace(MAIN, device=f"meter-{number:03}") for number in range(60)]
    store.write([batch(minutes(45), series) for series in meters[:40]])
    roll_all(store)
    store.forget(START + DAY, 0)
    asked: list[str] = []
    query = Server.query

    def counted(server: Server, statement: str, *args: object, **named: object) -> object:
        asked.append(statement)
        return query(server, statement, *args, **named)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(Server, "query", counted)
    sent = [batch(minutes(5, START + 10 * MINUTE + n), series, seq=n) for n, series in enumerate(meters)]
    written = store.write([*sent, *sent])
    assert len(asked) < 10
    assert written.stored == 2 * 20 * 5
    assert {each.series for each in written.rejected} == set(meters[:40])
    assert sum(each.readings for each in written.rejected) == 2 * 40 * 5
    assert len(points(store, meters[-1])) == 5


def test_what_is_rolled_while_retention_runs_is_deleted_at_its_next_turn_when_it_is_closed(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(30))])
    meanwhile(monkeypatch, forgetting, "_take_census", lambda: roll_all(store))
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
    kept = [time for time in (*minutes(720), late) if window - BESIDE_MS <= time < window + BESIDE_MS + ROLLUP_MS]
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
