"""What people should look at: proposed by the data, never applied. An adjustment is declared, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics import Flag, IntervalValues, cross_check, find_events, mark_outliers
from evaluation.case import Case, used_adjustments
from evaluation.findings import CounterCheck, EventResult, Period
from evaluation.metered import Bools, Floats, Metered
from evaluation.plan import Granularity, Plan
from evaluation.quarter_hours import Reading, read_light
from evaluation.sums import Sums, row_unit, sums
from storage import Series, Store

COUNTER_TOLERANCE: Final = 0.02
"""Meters of class 1 or 2 are within 2 % of themselves; a wrong transformer ratio or register scale is not."""

_SHORTEST_STEP: Final[dict[Granularity, int]] = {"day": 7, "week": 4}
"""How long a level must last to be proposed as a step: a week of days, a month of weeks. Hours are summed by day first:
a machine that is on or off leaves hundreds of hours far from any model, and none of them is an event."""

_FEWEST_ALIKE: Final = 5
"""Values of which one can be called out of line with the others."""
_MATTERS = 0.05
"""Share of the mean energy of a row below which being out of line is no matter."""
_TO_SIGMA = 1.4826
"""Median absolute deviation of a normal distribution → its standard deviation."""
_STRONGEST = 999.0
_COVERED = 0.95
"""Share of its time that an interval must be covered in counter and power to be compared."""
_SURE = 3.0
"""Standard errors that their ratio must lie from 1 to contradict it."""
_WH_PER_KWH = 1000.0
_HOUR_MS = 3_600_000.0
_MINUTE_MS = 60_000
_SELDOM_MS = 900_000
"""Power read less often than this says too little of what was drawn between [ms]."""
_POWER = "active_power_w"


def mark(plan: Plan, window: Metered) -> Metered:
    """Flag energies out of line with their like, by the day where intervals are shorter; nothing is left out."""
    if not window.usable.any():
        return window
    rows = sums(plan.granularity, window)
    out = _out_of_line(plan, window, rows)[0]
    flags = window.flags.copy()
    flags[window.usable] |= np.where(rows.spread(out), np.uint8(Flag.OUTLIER), np.uint8(0))
    return replace(window, flags=flags)


def event_results(case: Case) -> list[EventResult]:
    """Outliers and steps in what the model leaves over, and energies out of line with their like, in order of time."""
    found: list[EventResult] = []
    if case.model is not None:
        found += _events(case.plan, Period.BASELINE, case.baseline, _left_over(case, case.baseline))
    if case.avoided is not None:
        declared = sum((change.energy for change in used_adjustments(case.plan, case.reporting)), np.zeros(1))
        found += _events(case.plan, Period.REPORTING, case.reporting, _left_over(case, case.reporting) - declared)
    taken = {(event.period, event.start_ms) for event in found}
    for period, window in ((Period.BASELINE, case.baseline), (Period.REPORTING, case.reporting)):
        unusual = _unusual(case.plan, period, window)
        found += [event for event in unusual if (event.period, event.start_ms) not in taken]
    return sorted(found, key=lambda event: (event.start_ms, event.kind))


def counter_check(plan: Plan, store: Store, windows: tuple[Metered, ...]) -> CounterCheck | None:
    """Hold the counter against the meter's own power; None where it reads none."""
    series = Series(plan.site, plan.kind, plan.device, _POWER)
    if plan.energy != "energy_import_wh" or series not in store.series(plan.site):
        return None
    reading = Reading("mean", max_gap_ms=min(round(plan.quality.maximum_gap_min * _MINUTE_MS), _SELDOM_MS))
    ours = [window for window in windows if len(window.energy)]
    powers = read_light(store, series, [window.grid.edges_ms for window in ours], reading)
    counted, drawn, apart = [], [], 0
    for window, power in zip(ours, powers, strict=True):
        energy = IntervalValues(window.energy * _WH_PER_KWH, window.coverage, window.flags)
        edges = window.grid.edges_ms
        found = cross_check(energy, power, edges, tolerance=COUNTER_TOLERANCE, coverage=_COVERED)
        both = np.isfinite(energy.values) & np.isfinite(power.values)
        both &= (energy.coverage >= _COVERED) & (power.coverage >= _COVERED)
        counted.append(energy.values[both])
        drawn.append((power.values * np.diff(edges) / _HOUR_MS)[both])
        apart += int(np.count_nonzero(found.apart))
    return _compared(np.concatenate(counted), np.concatenate(drawn), apart)


def _compared(counted: Floats, drawn: Floats, apart: int) -> CounterCheck:
    """All intervals together; power read seldom integrates to the energy with an error that its scatter shows."""
    total = float(drawn.sum())
    if total <= 0:
        return CounterCheck(None, len(counted), apart, COUNTER_TOLERANCE, agrees=True)
    ratio = float(counted.sum()) / total
    scatter = float(np.sqrt(len(counted)) * np.std(counted - ratio * drawn)) / total
    agrees = abs(ratio - 1.0) <= max(COUNTER_TOLERANCE, _SURE * scatter)
    return CounterCheck(ratio, len(counted), apart, COUNTER_TOLERANCE, agrees)


def _left_over(case: Case, window: Metered) -> Floats:
    """Energy less what the model expects, of the usable intervals; nothing where it cannot say."""
    assert case.model is not None
    return np.nan_to_num(window.used_energy - case.model.expected(window.used_conditions))


def _events(plan: Plan, period: Period, window: Metered, residuals: Floats) -> Iterator[EventResult]:
    # A residual of rounding errors has no events.
    if not len(residuals) or float(np.ptp(residuals)) <= 1e-9 * max(float(np.abs(window.used_energy).max()), 1e-300):
        return
    rows = sums(plan.granularity, window)
    shortest = _SHORTEST_STEP[row_unit(plan.granularity)]
    for event in find_events(rows.total(residuals), rows.positions, shortest=shortest):
        first, last = np.searchsorted(rows.positions, [event.start, event.end])
        start, end = int(rows.start_ms[first]), int(rows.end_ms[last])
        yield EventResult(period, event.kind.value, start, end, event.size, event.strength)


def _unusual(plan: Plan, period: Period, window: Metered) -> Iterator[EventResult]:
    if not window.usable.any():
        return
    rows = sums(plan.granularity, window)
    out, apart, scale = _out_of_line(plan, window, rows)
    for row in np.flatnonzero(out):
        strength = float(np.clip(apart[row] / max(scale[row], 1e-12), -_STRONGEST, _STRONGEST))
        start, end = int(rows.start_ms[row]), int(rows.end_ms[row])
        yield EventResult(period, "unusual", start, end, float(apart[row]), strength)


def _out_of_line(plan: Plan, window: Metered, rows: Sums) -> tuple[Bools, Floats, Floats]:
    """Which rows are far from the median of their like, how far, and how far these usually are; shapes (rows,)."""
    energy, groups = rows.total(window.used_energy), _alike(plan, window, rows)
    sizes = np.bincount(groups)
    comparable = rows.whole & (sizes[groups] >= _FEWEST_ALIKE)
    usual = np.where(comparable, energy, np.nan)
    apart, scale = np.zeros(len(energy)), np.zeros(len(energy))
    for group in np.unique(groups[comparable]):
        like = comparable & (groups == group)
        apart[like] = energy[like] - np.median(energy[like])
        scale[like] = _TO_SIGMA * np.median(np.abs(apart[like]))
    nothing = np.zeros(len(energy), dtype=np.uint8)
    marked = mark_outliers(IntervalValues(usual, np.ones(len(energy)), nothing), groups)
    # What hardly counts in the window's energy is no matter for anybody, however steady its like are.
    counts = np.abs(apart) > _MATTERS * float(energy.mean())
    out: Bools = ((marked.flags & Flag.OUTLIER) != 0) & counts
    return out, apart, scale


def _alike(plan: Plan, window: Metered, rows: Sums) -> npt.NDArray[np.int64]:
    """What is compared with what: working days of the same operation, Saturdays, Sundays; else days of the week."""
    if plan.granularity == "week":
        return np.zeros(len(rows.first), dtype=np.int64)
    weekday = window.used_conditions.clock.weekday[rows.first]
    operation = [index for index, driver in enumerate(plan.drivers) if driver.aggregate == "active"]
    if not operation:
        return weekday
    running = rows.total(window.used_drivers[:, operation]) > 0
    kind = running @ (2 ** np.arange(len(operation)))
    groups: npt.NDArray[np.int64] = np.maximum(weekday - 4, 0) * 2 ** len(operation) + kind
    return groups
