"""What people should look at is proposed with its date and size, and changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.families_stand.replacements import FIRST, Candidates, Replacement, cut
from evaluation import Evaluation, Period, evaluate, parse_plan
from evaluation.metered import Metered
from evaluation.plan import Granularity
from evaluation.run import judge_metered
from storage import DuckStore
from telemetry import Batch, Table
from tests.evaluation.factory import PLAN, ZONE, Machine

ONE: Candidates = {"a": ["parts"]}
STEADY = Replacement(cooling=0.0, noise=0.01)


def judged(machine: Replacement, baseline: dict[int, float], reporting: dict[int, float]) -> Evaluation:
    """The evaluation with energy [kWh] added on days of the two windows, spread over their intervals."""
    plan = machine.plan(ONE)
    before, between, after = cut(machine, plan)
    return judge_metered(plan, _added(machine, before, baseline), between, _added(machine, after, reporting), [])


def _added(machine: Replacement, window: Metered, days: dict[int, float]) -> Metered:
    energy = window.energy.copy()
    for day, kwh in days.items():
        energy[day * machine.per_day : (day + 1) * machine.per_day] += kwh / machine.per_day
    return replace(window, energy=energy)


def day_of(ms: int) -> dt.date:
    return dt.datetime.fromtimestamp(ms / 1000, ZONE).date()


@pytest.mark.parametrize("granularity", ["day", "hour"])
def test_a_day_far_from_the_model_is_proposed_with_its_date_and_size(granularity: Granularity) -> None:
    machine = replace(STEADY, granularity=granularity)
    found = judged(machine, {22: 150.0}, {})
    event = max(found.events, key=lambda event: abs(event.strength))
    assert (event.period, event.kind) == (Period.BASELINE, "outlier")
    assert day_of(event.start_ms) == FIRST + dt.timedelta(22)
    assert event.end_ms - event.start_ms == 86_400_000
    assert event.kwh == pytest.approx(150, abs=20)
    assert found.baseline.flags == {"outlier": machine.per_day}
    assert found.baseline.usable == 56 * machine.per_day, "it is marked, never left out"


def test_a_level_that_changed_and_stayed_is_proposed_from_when_to_when() -> None:
    found = judged(STEADY, {}, dict.fromkeys(range(14, 28), 40.0))
    event = next(event for event in found.events if event.kind == "step")
    assert event.period is Period.REPORTING
    assert day_of(event.start_ms) == FIRST + dt.timedelta(58 + 14)
    assert day_of(event.end_ms - 1) == FIRST + dt.timedelta(85)
    assert event.kwh == pytest.approx(40, abs=8)


def test_what_is_proposed_is_not_applied() -> None:
    plain, odd = judged(STEADY, {}, {}), judged(STEADY, {}, {3: -80.0})
    assert plain.saving is not None
    assert odd.saving is not None
    assert odd.events
    assert odd.saving.kwh == pytest.approx(plain.saving.kwh + 80)


def test_a_steady_machine_has_nothing_to_look_at() -> None:
    assert judged(STEADY, {}, {}).events == []


def test_a_counter_that_contradicts_the_meters_own_power_is_doubted(tmp_path: Path) -> None:
    good, wrong = (_checked(tmp_path / f"{factor}.duckdb", factor) for factor in (1.0, 1.25))
    assert good.counter_check is not None
    assert good.counter_check.ratio == pytest.approx(1.0, abs=0.005)
    assert good.counter_check.agrees
    assert not any(reason.doubt for reason in good.reasons)
    assert wrong.counter_check is not None
    assert wrong.counter_check.ratio == pytest.approx(0.8, abs=0.005)
    assert not wrong.counter_check.agrees
    doubt = next(reason for reason in wrong.reasons if reason.code == "counter_power_disagree")
    assert doubt.doubt
    assert "80.0%" in doubt.text.en
    assert wrong.verdict is good.verdict, "a doubt decides nothing"
    assert wrong.saving == good.saving, "the saving is the counter's"


def _checked(path: Path, factor: float) -> Evaluation:
    machine = Machine()
    tables = machine.tables()
    counter = np.array(tables[0].columns["energy_import_wh"], dtype=np.float64)
    drawn = np.diff(counter, append=counter[-1]) * 4 * factor
    power = {**tables[0].columns, "active_power_w": drawn.tolist()}
    tables[0] = Table.of(tables[0].device, tables[0].kind, tables[0].times, power)
    store = DuckStore(path)
    store.write([Batch("works", "gw-1", "e", 1, tables)])
    try:
        return evaluate(parse_plan(PLAN), store)
    finally:
        store.close()
