"""What may have changed beside the machine: declared adjustments, proposed events, and conditions never seen before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from analytics import Adjustment, AvoidedEnergy, Grade, LinearModel, driver_coverage, find_events, grade, sufficiency
from evaluation import reasons
from evaluation.declared import adjustments
from evaluation.findings import AdjustmentResult, EventResult, Period
from evaluation.metered import Floats, Metered
from evaluation.plan import Granularity, Plan
from evaluation.result import Detectable, Reason

_SHORTEST_STEP: Final[dict[Granularity, int]] = {"hour": 72, "day": 7, "week": 4}
"""Intervals that a level must last to be proposed as a step: three days of hours, a week of days, a month of weeks."""


def used_adjustments(plan: Plan, reporting: Metered) -> list[Adjustment]:
    """The plan's adjustments in the usable reporting intervals."""
    if not reporting.usable.any():
        return []
    used = reporting.usable
    return [
        Adjustment(change.reason, change.energy[used], change.error[used])
        for change in adjustments(plan, reporting.grid)
    ]


def adjustment_results(plan: Plan, reporting: Metered) -> list[AdjustmentResult]:
    """What each of them comes to."""
    return [
        AdjustmentResult(
            declared.first_day, declared.last_day, declared.reason, float(used.energy.sum()), float(used.error.sum())
        )
        for declared, used in zip(plan.adjustments, used_adjustments(plan, reporting), strict=True)
    ]


def event_results(
    plan: Plan, baseline: Metered, reporting: Metered, model: LinearModel | None, avoided: AvoidedEnergy | None
) -> list[EventResult]:
    """Outliers and steps in both windows' residuals, in order of time."""
    found: list[EventResult] = []
    if model is not None:
        found += _events(plan, Period.BASELINE, baseline, model.residuals)
    if avoided is not None:
        found += _events(plan, Period.REPORTING, reporting, -avoided.saving)
    return found


def _events(plan: Plan, period: Period, window: Metered, residuals: Floats) -> Iterator[EventResult]:
    # A residual of rounding errors has no events.
    if float(np.ptp(residuals)) <= 1e-9 * max(float(np.abs(window.used_energy).max()), 1e-300):
        return
    edges, positions = window.grid.edges_ms, window.grid.positions
    for event in find_events(residuals, window.used_positions, shortest=_SHORTEST_STEP[plan.granularity]):
        first, last = np.searchsorted(positions, [event.start, event.end])
        yield EventResult(period, event.kind.value, int(edges[first]), int(edges[last + 1]), event.size, event.strength)


def outlook_reasons(
    plan: Plan, baseline: Metered, reporting: Metered, model: LinearModel | None, detectable: Detectable | None
) -> list[Reason]:
    """Before anything of the reporting period is metered: whether this baseline will do."""
    if model is None or detectable is None or detectable.pct is None or reporting.usable.any():
        return []
    expected, needed = plan.claim.expected_saving_pct, None
    if expected is not None:
        gap = int(reporting.grid.positions[0] - baseline.used_positions[-1]) - 1
        needed = sufficiency(
            model,
            baseline.used_drivers,
            baseline.used_positions,
            len(reporting.usable),
            expected=expected / 100.0,
            confidence=plan.confidence,
            power=detectable.power,
            gap=max(gap, 0),
        ).intervals
    return [reasons.outlook(detectable.pct, expected, needed, plan.granularity)]


def condition_grade(
    plan: Plan, baseline: Metered, reporting: Metered, model: LinearModel | None, avoided: AvoidedEnergy | None
) -> Grade | None:
    """How well the baseline knew the reporting period's drivers."""
    if model is None or avoided is None:
        return None
    coverage = driver_coverage(model, baseline.used_drivers, reporting.used_drivers)
    half = float(avoided.band.whole.half_width(plan.confidence)[0])
    return grade(coverage, float(avoided.adjusted.sum()), half)
