"""What the machine can draw tells a reset from a turn and a jump from consumption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics import Flag
from evaluation import Evaluation, Verdict, evaluate, parse_plan
from evaluation.quarter_hours import Reading, read_intervals
from storage import DuckStore, Series
from telemetry import Batch, DocumentError, Table
from tests.evaluation.factory import PER_DAY, PLAN, QUARTER_MS, Machine, midnight_ms
from tests.evaluation.test_quarter_hours import roll

CHANNEL = "energy_import_wh"


def judged(tmp_path: Path, machine: Machine, declared: str) -> Evaluation:
    store = machine.stored(tmp_path / "readings.duckdb")
    try:
        return evaluate(parse_plan(PLAN + declared), store)
    finally:
        store.close()


def days_unknown(found: Evaluation) -> list[int]:
    return [day for day, kwh in enumerate(found.intervals.actual_kwh) if kwh is None]


def test_a_counter_that_was_set_higher_is_no_consumption(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(set_up_on=20, set_up_kwh=40), "max_power_kw: 30\n")
    assert days_unknown(found) == [20]
    assert "jump" in found.intervals.flags[20]
    assert found.verdict is Verdict.PROVEN


def test_where_only_quarter_hours_are_left_a_jump_is_none_either(tmp_path: Path) -> None:
    start = midnight_ms(0)
    times = [start + quarter * QUARTER_MS for quarter in range(PER_DAY + 1)]
    shown = [5000.0 * quarter + (40_000.0 if quarter > 50 else 0.0) for quarter in range(PER_DAY + 1)]
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([Batch("works", "gw-1", "e", 1, [Table.of("press", "power_meter", times, {CHANNEL: shown})])])
    roll(store)
    assert store.forget(times[-1] + 1, 0).readings > 0
    series = Series("works", "power_meter", "press", CHANNEL)
    edges = np.array(times[::4], dtype=np.int64)
    [bounded], [unbounded] = (
        read_intervals(store, series, [edges], Reading("difference", max_rate=most)) for most in (30_000.0, None)
    )
    store.close()
    assert np.flatnonzero(np.isnan(bounded.values)).tolist() == [12]
    assert bounded.flags[12] & Flag.JUMP
    assert unbounded.values[12] == pytest.approx(60_000)


def test_without_the_power_forty_kwh_in_a_quarter_hour_pass(tmp_path: Path) -> None:
    assert days_unknown(judged(tmp_path, Machine(set_up_on=20, set_up_kwh=40), "")) == []


@pytest.mark.parametrize(("most", "unknown"), [("", []), ("max_power_kw: 30\n", [20])])
def test_a_reset_just_below_the_modulus_is_told_from_a_turn(tmp_path: Path, most: str, unknown: list[int]) -> None:
    before = Machine().tables()[0]
    modulus = (before.columns["energy_import_wh"][20 * PER_DAY + 39] or 0.0) + 30_000
    found = judged(tmp_path, Machine(reset_on=20), f"energy_modulus_wh: {modulus}\n{most}")
    assert days_unknown(found) == unknown


def test_a_power_that_the_machine_exceeds_all_the_time_is_named_with_the_cure(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(), "max_power_kw: 4\n")
    assert found.verdict is Verdict.NOT_PROVABLE
    assert found.reasons[0].code == "baseline_coverage"
    assert found.reasons[0].cure is not None
    assert "max_power_kw (4 kW)" in found.reasons[0].cure.en
    assert "max_power_kw(4 kW)" in found.reasons[0].cure.ko


def test_a_drivers_counter_has_a_bound_of_its_own(tmp_path: Path) -> None:
    bounded = PLAN.replace("aggregate: difference", "aggregate: difference, max_per_hour: 1")
    store = Machine().stored(tmp_path / "readings.duckdb")
    found = evaluate(parse_plan(bounded), store)
    store.close()
    assert found.intervals.drivers["production"].count(None) > 30
    assert "jump" in found.intervals.flags[1]
    with pytest.raises(DocumentError, match="modulus and max_per_hour are for a counter"):
        parse_plan(PLAN.replace("aggregate: mean", "aggregate: mean, max_per_hour: 5"))


def test_a_plan_keeps_its_digest_when_it_says_what_is_so_anyhow() -> None:
    said = parse_plan(PLAN + "confidence: 0.9\ngranularity: day\nquality: {minimum_coverage: 0.9}\n")
    assert said.digest == parse_plan(PLAN).digest
    assert parse_plan(PLAN + "max_power_kw: 30\n").digest != parse_plan(PLAN).digest
    family = "candidates: {a: {family: linear, drivers: [production]}}\n"
    other = family.replace("linear, drivers", "machine, products")
    assert parse_plan(PLAN + family).digest != parse_plan(PLAN + other).digest
