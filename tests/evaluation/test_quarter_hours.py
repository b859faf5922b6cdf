"""An evaluation of readings that retention has deleted: their quarter-hours stand for them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation import Evaluation, Reading, Verdict, evaluate, from_rollups, parse_plan
from storage import DuckStore, Series
from telemetry import Batch, Table
from tests.evaluation.factory import PER_DAY, PLAN, Machine, midnight_ms


def roll(store: DuckStore) -> None:
    """Roll everything up."""
    end = midnight_ms(400)
    while store.roll(end):
        pass


def both(tmp_path: Path, machine: Machine, raw_before: int, declared: str = "") -> tuple[Evaluation, Evaluation]:
    """Evaluated from readings, and again when those before a time [ms] are gone."""
    store = machine.stored(tmp_path / "readings.duckdb")
    plan = parse_plan(PLAN + declared.format(last=machine.last_kwh))
    try:
        before = evaluate(plan, store)
        roll(store)
        assert store.forget(raw_before, 0).readings > 0
        return before, evaluate(plan, store)
    finally:
        store.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    """A store that has all readings and is rolled up, and its evaluation."""
    path = tmp_path_factory.mktemp("whole") / "readings.duckdb"
    store = Machine().stored(path)
    found = evaluate(parse_plan(PLAN), store)
    roll(store)
    store.close()
    return path, found


@pytest.mark.parametrize("day", [30, 50, 200], ids=["in the baseline", "in the reporting window", "behind all"])
def test_verdict_energy_and_saving_are_those_of_the_readings(
    tmp_path: Path, whole: tuple[Path, Evaluation], day: int
) -> None:
    path, was = whole
    store = DuckStore(shutil.copy(path, tmp_path))
    assert store.forget(midnight_ms(day) + 7_200_000, 0).readings > 0
    now = evaluate(parse_plan(PLAN), store)
    store.close()
    assert now.verdict is was.verdict is Verdict.PROVEN
    assert was.saving is not None
    assert now.saving is not None
    # A roll-up's mean lets a temperature hold until the next one, where the readings' is linear between the two.
    assert (now.saving.kwh, now.saving.low, now.saving.high) == pytest.approx(
        (was.saving.kwh, was.saving.low, was.saving.high), rel=1e-4
    )
    assert now.intervals.usable == was.intervals.usable
    assert now.intervals.actual_kwh == pytest.approx(was.intervals.actual_kwh, rel=1e-9)


def test_lost_days_stay_lost_and_a_reset_costs_its_day_as_before(tmp_path: Path) -> None:
    was, now = both(tmp_path, Machine(lost_days={10}, reset_on=20), midnight_ms(200))
    assert was.intervals.actual_kwh[10] is None
    assert was.intervals.actual_kwh[20] is None
    assert [value is None for value in now.intervals.actual_kwh] == [
        value is None for value in was.intervals.actual_kwh
    ]
    assert "reset" in now.intervals.flags[20]
    assert "gap" in now.intervals.flags[10]


def test_a_declared_exchange_costs_its_day_where_only_quarter_hours_are_left(tmp_path: Path) -> None:
    declared = 'exchanges: [{{at: "2026-03-12 10:05", last_kwh: {last}, first_kwh: 7000, reason: defect}}]\n'
    was, now = both(tmp_path, Machine(exchange_at=10 * PER_DAY + 40), midnight_ms(30), declared)
    assert was.intervals.usable[10]
    assert now.intervals.actual_kwh[10] is None
    assert "exchange" in now.intervals.flags[10]
    others = [day for day in range(65) if day != 10]
    assert [now.intervals.actual_kwh[day] for day in others] == pytest.approx(
        [was.intervals.actual_kwh[day] for day in others], rel=1e-9
    )


@pytest.mark.parametrize("last", [249, 250, 254, 255], ids=["mid-quarter", "a minute later", "just before", "on it"])
def test_what_a_counter_grew_across_a_gap_is_no_peak_behind_it(tmp_path: Path, last: int) -> None:
    # Six kilowatts, read by the minute; for two hours nothing was read.
    quarter, begin = 900_000, midnight_ms(0)
    minutes = [minute for minute in range(8 * 60 + 1) if not 130 <= minute < last]
    counter = [100.0 * minute for minute in minutes]
    times = [begin + 60_000 * minute for minute in minutes]
    table = Table.of("main", "power_meter", times, {"energy_import_wh": counter})
    series = Series("works", "power_meter", "main", "energy_import_wh")
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([Batch("works", "gw-1", "0" * 16, 1, [table])])
    edges = begin + quarter * np.arange(33)
    reading = Reading("difference")
    told = reading.of(*store.read(series, begin, begin + 9 * 3_600_000), edges)
    roll(store)
    rows = store.rollups(series, begin, begin + 9 * 3_600_000)
    store.close()
    rolled = from_rollups(rows, edges, reading)
    np.testing.assert_array_equal(rolled.values, told.values)
    assert np.nanmax(rolled.values) == 1500.0
    assert np.isnan(rolled.values[9:16]).all()
    bridged = from_rollups(rows, edges, reading, bridged=True)
    assert np.nansum(bridged.values) == 48_000.0
    # Two hours' energy in one step is no jump of a machine of eight kilowatts.
    limited = Reading("difference", max_rate=8_000.0)
    np.testing.assert_array_equal(from_rollups(rows, edges, limited).values, told.values)
    # Nor was it before 1970, when times are below zero.
    earlier = begin + 10 * 86_400_000
    rows, edges = replace(rows, start=rows.start - earlier), edges - earlier
    limited = Reading("difference", max_rate=8_000.0, max_gap_ms=3 * 3_600_000)
    assert np.nansum(from_rollups(rows, edges, limited, bridged=True).values) == 48_000.0


def test_a_register_that_fell_in_a_gap_tells_nothing_of_it(tmp_path: Path) -> None:
    begin = midnight_ms(0)
    minutes = [*range(120), *range(240, 360)]
    counter = [100.0 * minute if minute < 240 else 100.0 * (minute - 240) for minute in minutes]
    table = Table.of("main", "power_meter", [begin + 60_000 * each for each in minutes], {"energy_import_wh": counter})
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([Batch("works", "gw-1", "0" * 16, 1, [table])])
    roll(store)
    rows = store.rollups(Series("works", "power_meter", "main", "energy_import_wh"), begin, begin + 21_600_000)
    store.close()
    bridged = from_rollups(rows, begin + 900_000 * np.arange(25), Reading("difference"), bridged=True)
    assert np.isnan(bridged.values[8:17]).all()
    assert np.nanmin(bridged.values) >= 1400.0
