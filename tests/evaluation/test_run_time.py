"""Time in a run state is work too: read alike from readings and from quarter-hours, and told where no model has it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from benchmarks.families_stand.replacements import OUTDOOR, PARTS, RUNNING, Replacement, cut
from evaluation import Evaluation, Plan, Verdict, parse_plan
from evaluation.metered import meter
from evaluation.models import ChangePoint, Levels, Model
from evaluation.plan import Granularity
from evaluation.run import judge_metered
from evaluation.work import Work, knows_work, read_work
from storage import DuckStore
from telemetry import Batch, Table
from tests.evaluation.factory import PER_DAY, PLAN, QUARTER_MS, Machine, midnight_ms
from tests.evaluation.test_quarter_hours import roll

SHORT = (
    PLAN[: PLAN.index("baseline:")]
    + """\
baseline: {first_day: 2026-03-02, last_day: 2026-03-15}
installation: {first_day: 2026-03-16, last_day: 2026-03-17}
reporting: {first_day: 2026-03-18, last_day: 2026-03-24}
"""
)


def judged(model: list[str] | Model, *, longer: float, granularity: Granularity = "day") -> tuple[Evaluation, float]:
    """A machine that runs `longer` hours a day once it is replaced, and what it truly saved [kWh]."""
    hours = Replacement(per_hour_run=5.0, noise=0.01, cooling=0.0, drivers=(PARTS, OUTDOOR, RUNNING))
    machine = dataclasses.replace(hours, granularity=granularity)
    plan = machine.plan({"m": model})
    baseline, installation, reporting = cut(machine, plan)
    ran = reporting.drivers[:, 2]
    more = longer * (ran > 0) / np.maximum((ran > 0).sum() / 20, 1)
    changed = dataclasses.replace(
        reporting,
        energy=reporting.energy + 0.9 * 5.0 * more,
        drivers=np.column_stack((reporting.drivers[:, :2], ran + more)),
    )
    work = Work("plc", "run_state", "hours", 3, True, baseline.drivers[:, 2], changed.drivers[:, 2])
    truth = float(0.1 / 0.9 * changed.energy.sum())
    return judge_metered(plan, baseline, installation, changed, [], None, [work]), truth


@pytest.mark.parametrize(
    ("model", "granularity"),
    [
        (["parts", "outdoor"], "day"),
        (ChangePoint("3PC", "outdoor", ["parts"]), "day"),
        (Levels(["weekday", "hour"], ["parts"]), "hour"),
    ],
)
def test_a_model_of_the_parts_alone_is_held_against_the_hours_run(
    model: list[str] | Model, granularity: Granularity
) -> None:
    found, truth = judged(model, longer=6.0, granularity=granularity)
    assert found.verdict is Verdict.NOT_PROVABLE
    assert [one.code for one in found.reasons] == ["work_changed"]
    assert "independent_of_output" not in (found.reasons[0].cure or found.reasons[0].text).en, "parts are output"
    assert found.work is not None
    assert found.work.low <= truth <= found.work.high
    assert found.work.error_share < 0.9


def test_hours_that_the_band_already_holds_are_not_mentioned() -> None:
    found, _ = judged(["parts", "outdoor"], longer=0.0)
    assert found.work is not None
    assert found.work.follows
    assert not [one for one in found.reasons if one.code.startswith("work")]
    assert next(check.found.en for check in found.checks if check.code == "work") == "among the drivers"


def test_hours_of_every_state_are_the_same_from_readings_and_from_quarter_hours(tmp_path: Path) -> None:
    machine = Machine(days=23)
    store = DuckStore(tmp_path / "states.duckdb")
    quarters = np.arange(23 * PER_DAY + 1)
    state = np.where(quarters % PER_DAY < 32, 0.0, np.where(quarters % PER_DAY < 80, 3.0, 1.0))
    times = [midnight_ms(0) + int(q) * QUARTER_MS for q in quarters]
    tables = [*machine.tables(), Table.of("counter", "plc", times, {"run_state": state.tolist()})]
    store.write([Batch("works", "gw-1", "e", 1, tables)])
    plan = parse_plan(SHORT)
    assert knows_work(plan)
    before = _hours(plan, store)
    roll(store)
    after = _hours(plan, store)
    store.close()
    assert {name: found[0] for name, found in before.items()} == {0: 8.0, 1: 4.0, 3: 12.0}
    assert before == after


def _hours(plan: Plan, store: DuckStore) -> dict[int, tuple[float, float]]:
    """Hours a day in each state, of the baseline's first day and the reporting period's last."""
    windows = meter(plan, store)
    found = read_work(plan, store, windows[0], windows[2])
    assert all(one.device == "counter" and one.channel == "run_state" and one.bound for one in found)
    return {
        one.state: (round(float(one.baseline[0]), 6), round(float(one.reporting[-1]), 6))
        for one in found
        if one.state is not None
    }
