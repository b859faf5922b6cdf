"""Rolling up and forgetting on a real InfluxDB: many workers, workers that die, and readings somebody else wrote."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from storage import HOLD_MS, ROLLUP_MS, Aggregate, InfluxStore, Series, StoreError
from storage.influx import rolling
from storage.influx.influxql import ANY
from storage.influx.refusals import Refusal
from storage.influx.server import Server
from storage.influx.touches import Touches, read_notes
from telemetry import Gap
from tests.parts import Database
from tests.storage.parts import DAY, MAIN, POWER, SITE, batch, open_influx, points, write_influx

START = 1_795_273_200_000
MINUTE = 60_000
EVER = 2**60


@pytest.fixture
def store(influxdb: Database, influx_database: str) -> InfluxStore:
    return open_influx(influxdb, influx_database)


def another(influxdb: Database, database: str) -> InfluxStore:
    """What another process has."""
    return open_influx(influxdb, database)


def minutes(count: int, start: int = START) -> dict[int, float | None]:
    return {start + MINUTE * n: 1000.0 + n for n in range(count)}


def counts(store: InfluxStore, series: Series = MAIN) -> dict[int, int]:
    found = store.rollups(series, 0, EVER)
    return {
        (start - START) // ROLLUP_MS: n
        for start, n in zip(found.start.tolist(), found.count.tolist(), strict=True)
        if n
    }


def roll_all(store: InfluxStore) -> int:
    done = 0
    while more := store.roll(EVER):
        done += more
    return done


def test_what_one_process_writes_another_rolls(influxdb: Database, influx_database: str, store: InfluxStore) -> None:
    other = another(influxdb, influx_database)
    store.write([batch(minutes(30))])
    assert other.touched() == 2
    assert roll_all(other) == 2
    assert counts(store) == {0: 15, 1: 15}
    store.write([batch({START + 30_000: 5.0})])
    assert other.roll(EVER) == 1
    assert counts(other) == {0: 16, 1: 15}


def test_the_running_window_is_noted_once_and_rolled_when_it_has_ended(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [START + 5 * MINUTE]
    monkeypatch.setattr("storage.influx.touches.time.time_ns", lambda: now[0] * 1_000_000)
    sent: list[bool] = []
    plan = Touches.plan

    def planned(self: Touches, pieces: object) -> object:
        made = plan(self, pieces)  # type: ignore[arg-type]
        sent.append(bool(made.lines))
        return made

    monkeypatch.setattr(Touches, "plan", planned)
    for n in range(4):
        store.write([batch({START + MINUTE * n: float(n)})])
    assert sent == [True, False, False, False]
    # About to end, by this clock; another's may say that it has ended, and rolled it.
    now[0] = START + 15 * MINUTE - 30_000
    store.write([batch({START + MINUTE * 4: 4.0})])
    now[0] = START + 15 * MINUTE
    store.write([batch({START + MINUTE * 5: 5.0})])
    assert sent[4:] == [True, True]
    assert roll_all(another(influxdb, influx_database)) == 1
    assert counts(store) == {0: 6}


def test_a_backlog_of_many_tables_leaves_a_note_as_short_as_what_it_touches(store: InfluxStore) -> None:
    late = replace(MAIN, device="late")
    store.write([batch({START + MINUTE * n: 1.0}, series, seq=n + 1) for n in range(120) for series in (MAIN, late)])
    first = START // ROLLUP_MS
    entries = [entry for note in read_notes(store._server) for entry in note.entries]
    assert len(entries) == 2, "with the readings, and when these are confirmed"
    for entry in entries:
        assert (sorted(entry.devices), entry.runs) == (sorted([MAIN.device, "late"]), [(first, first + 7)])
    assert roll_all(store) == 16


def test_a_worker_that_dies_before_it_ends_leaves_the_windows_to_the_next(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(60))])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("write_rows", "write_notes"):
        with monkeypatch.context() as patch:
            patch.setattr(rolling, step, killed)
            with pytest.raises(KeyboardInterrupt):
                store.roll(EVER)
        assert store.touched() == 4
    assert roll_all(another(influxdb, influx_database)) == 4
    assert counts(store) == {0: 15, 1: 15, 2: 15, 3: 15}


def test_a_reading_that_comes_while_its_window_is_rolled_is_rolled_after(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(15))])
    write_rows = rolling.write_rows
    late = [batch({START + 30_000: 1.0})]

    def overtaken(*args: object) -> None:
        if late:
            store.write([late.pop()])
        write_rows(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(rolling, "write_rows", overtaken)
    assert store.roll(EVER) == 1
    assert counts(store) == {0: 15}
    assert store.touched() == 1
    assert store.roll(EVER) == 1
    assert counts(store) == {0: 16}


@pytest.mark.parametrize("late", [True, False])
def test_a_note_that_is_seen_before_its_readings_leaves_no_short_row(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    now = [START + (DAY if late else 5 * MINUTE)]
    monkeypatch.setattr("storage.influx.touches.time.time_ns", lambda: now[0] * 1_000_000)
    store.write([batch(minutes(1))])
    other = another(influxdb, influx_database)
    # InfluxDB works on each shard by itself, and within one on each series: a request is not visible at once.
    write, overtaken = Server.write, []

    def part_by_part(self: Server, lines: list[str], *, rollup: bool = False) -> Refusal | None:
        notes = [line for line in lines if line.startswith("_touched")]
        if self is store._server and lines != notes:
            assert write(self, notes) is None if notes else True
            # A request that was under way for long, too: the quarter-hour that ran when it was made has ended.
            now[0] = max(now[0], START + ROLLUP_MS + MINUTE)
            overtaken.append(other.roll(EVER))
        return write(self, lines, rollup=rollup)

    with monkeypatch.context() as patch:
        patch.setattr(Server, "write", part_by_part)
        store.write([batch({START + MINUTE * n: float(n) for n in range(1, 15)}, seq=2)])
    assert overtaken == [1]
    assert counts(other) == {0: 1}
    assert roll_all(other) == 1
    assert counts(other) == {0: 15}
    assert other.touched() == 0


def test_many_workers_and_writers_at_once_end_where_one_alone_does(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    devices = [replace(MAIN, device=f"meter-{n}") for n in range(4)]
    stores = [another(influxdb, influx_database) for _ in devices]

    def write(number: int) -> None:
        for part in range(10):
            stores[number].write([batch(minutes(12, START + 12 * part * MINUTE), devices[number], seq=part + 1)])

    def work(worker: InfluxStore) -> None:
        for _ in range(6):
            worker.roll(EVER)

    with ThreadPoolExecutor(7) as pool:
        waits = [pool.submit(write, number) for number in range(4)]
        waits += [pool.submit(work, another(influxdb, influx_database)) for _ in range(3)]
        for each in waits:
            each.result()
    roll_all(store)
    assert store.touched() == 0
    for series in devices:
        assert counts(store, series) == dict.fromkeys(range(8), 15)


def test_readings_somebody_else_wrote_are_not_forgotten_before_they_are_rolled(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    store.write([batch(minutes(30))])
    roll_all(store)
    foreign = "\n".join(f"power_meter,site={SITE},device=theirs {POWER}={n} {START + MINUTE * n}" for n in range(30))
    write_influx(influxdb, influx_database, foreign)
    theirs = replace(MAIN, device="theirs")
    forgotten = store.forget(START + DAY, 0)
    assert (forgotten.readings, forgotten.kept) == (30, 30)
    assert len(points(store, theirs)) == 30
    assert store.touched() == 2
    assert roll_all(store) == 2
    assert store.forget(START + DAY, 0).readings == 30
    assert points(store, theirs) == {}
    assert counts(store, theirs) == {0: 15, 1: 15}


def test_notes_that_are_worked_off_are_swept_away(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(30))])
    roll_all(store)
    statement = 'SELECT * FROM "_touched"'
    assert [rows.name for _, rows in store._server.query(statement, ANY.decode)] == ["_touched"], "emptied, still there"
    monkeypatch.setattr(rolling, "_IN_FLIGHT_MS", -1000)
    store.write([batch({START + DAY: 1.0})])
    rolling.sweep(store._server)
    assert [len(note.entries) for note in read_notes(store._server)] == [1, 1]
    assert store.touched() == 1
    [(_, left)] = store._server.query(statement, ANY.decode)
    assert len(left.values) == 2


def test_notes_that_are_refused_cost_no_reading_and_are_shown(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    assert store.health().ok
    write_influx(influxdb, influx_database, "_touched,writer=x todo=5 1000\n_touched,writer=x todo=5")
    outcome = store.write([batch(minutes(30))])
    assert outcome.stored == store.count() == 30
    assert outcome.rejected == ()
    assert "cannot be noted: partial write: field type conflict" in store.health().facts["notes"]


def test_rollups_that_are_refused_are_an_error_that_names_the_reason(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    store.write([batch(minutes(30))])
    assert store.touched() == 2
    write_influx(influxdb, influx_database, f'power_meter.15m {POWER}:count="text" {START}', policy="rollup")
    with pytest.raises(StoreError, match=r"refuses roll-ups .partial write: field type conflict.*who else"):
        store.roll(EVER)
    assert store.touched() == 2


def test_gaps_are_forgotten_when_they_have_ended(store: InfluxStore) -> None:
    spans = (0, 5), (10, 2 * DAY), (20, 5)
    gaps = [Gap("main", "power_meter", POWER, START + n, START + n + span, "outbox_full", 1) for n, span in spans]
    store.write([batch(minutes(15), gaps=gaps)])
    roll_all(store)
    store.forget(START + DAY, START + DAY)
    assert store.gaps(SITE, 0, EVER) == [gaps[1]]


def test_a_day_of_many_channels_is_rolled_to_what_its_windows_say(store: InfluxStore) -> None:
    channels = ["active_power_w", "energy_import_wh", "run_state", "voltage_l1_v"]
    every = [replace(MAIN, channel=channel) for channel in channels]
    for number, series in enumerate(every):
        store.write([batch({START + 20_000 * n: float((number + 1) * n % 7 + n) for n in range(500)}, series)])
    assert roll_all(store) == sum(len(store.windows(each, 0, EVER, ROLLUP_MS, Aggregate.COUNT)[0]) for each in every)
    power, energy = store.rollups(every[0], 0, EVER), store.rollups(every[1], 0, EVER)
    times, grown = store.windows(every[1], START, START + DAY, ROLLUP_MS, Aggregate.INCREASE, hold_ms=HOLD_MS)
    assert times.tolist() == energy.start.tolist()[: len(times)]
    np.testing.assert_allclose(energy.increase[: len(grown)], grown, rtol=1e-12)
    assert np.isnan(power.increase).all()
    assert set(store.rollups(every[2], 0, EVER).states) == set(store.read(every[2], 0, EVER)[1].tolist())
