"""What the store tells of a machine's work and no model of the plan uses: counts of what is made, states, flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics import IntervalValues
from evaluation.calendar import Times
from evaluation.drivers import Aggregate
from evaluation.metered import Floats, Metered, state_hours
from evaluation.models import drivers_of
from evaluation.plan import Plan
from evaluation.quarter_hours import Reading, hours_from_rollups, read_light
from storage import Series, Store

WORK: Final[dict[str, Aggregate]] = {
    "production_count": "difference",
    "air_volume_m3": "difference",
    "flow_m3_h": "mean",
    "run_state": "hours",
}
"""Channels that tell how much a machine does, and how they are read."""

_MOST_STATES: Final = 8
"""A state with more values than this tells more than how a machine runs; those that last longest are looked at."""
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Work:
    """A measure of work, interval by interval.

    Attributes
    ----------
    device, channel, aggregate
        Where it is read and how, as for a driver of a plan.
    state
        Of hours, the value of the state.
    bound
        Whether it is read at the plan's meter or at a device that the plan names.
    baseline, reporting
        Shape (intervals,) of each window; NaN where not known.
    """

    device: str
    channel: str
    aggregate: Aggregate
    state: int | None
    bound: bool
    baseline: Floats
    reporting: Floats


def knows_work(plan: Plan) -> bool:
    """Whether any of the plan's models is told how much the machine did; whether it did anything is not that."""
    return any(
        driver.channel in WORK and driver.aggregate != "active" for driver in plan.drivers if driver.name in _used(plan)
    )


def read_work(plan: Plan, store: Store, baseline: Metered, reporting: Metered) -> list[Work]:
    """Measures of work that no model of the plan uses.

    Those of the plan's own devices, and where no model knows any work those of the whole site: whether the energy
    follows a counter is a question that the baseline answers, whoever's counter it is.

    Raises
    ------
    storage.StoreError
        When the store cannot be read.
    """
    grids = [baseline.grid.edges_ms, reporting.grid.edges_ms]
    if min(len(grid) for grid in grids) < 2 or not reporting.usable.any():
        return []
    own = {plan.device, *(driver.device for driver in plan.drivers)}
    alone = knows_work(plan)
    series = [one for one in store.series(plan.site) if one.channel in WORK and (one.device in own or not alone)]
    used = _used(plan)
    known = {
        (driver.device, driver.channel, driver.aggregate, *driver.states)
        for driver in plan.drivers
        if driver.name in used
    }
    found = []
    for one in sorted(series, key=lambda each: (each.device, each.channel)):
        for state, values in _read(plan, store, one, grids):
            how = WORK[one.channel]
            if (one.device, one.channel, how, *([] if state is None else [state])) not in known:
                found.append(Work(one.device, one.channel, how, state, one.device in own, *values))
    return found


def _used(plan: Plan) -> set[str]:
    return {name for model in plan.models.values() for name in drivers_of(model)}


def _read(
    plan: Plan, store: Store, series: Series, grids: list[Times]
) -> Iterator[tuple[int | None, tuple[Floats, Floats]]]:
    gap_ms = round(plan.quality.maximum_gap_min * _MINUTE_MS)
    how = WORK[series.channel]
    if how == "hours":
        for state, hours in _states(store, series, grids, gap_ms):
            yield state, _known(plan, hours)
        return
    reading = Reading("mean" if how == "mean" else "difference", max_gap_ms=gap_ms)
    yield None, _known(plan, read_light(store, series, grids, reading))


def _states(
    store: Store, series: Series, grids: list[Times], gap_ms: int
) -> Iterator[tuple[int, Sequence[IntervalValues]]]:
    """Hours in each state that the baseline has, from quarter-hours where they cover the grids, else from readings."""
    rolled = hours_from_rollups(store, series, grids)
    if rolled is not None:
        longest = sorted(rolled, key=lambda value: -float(np.nansum(rolled[value][0].values)))
        yield from ((int(value), rolled[value]) for value in longest[:_MOST_STATES])
        return
    low, high = min(int(grid[0]) for grid in grids), max(int(grid[-1]) for grid in grids)
    times, values = store.read(series, low - gap_ms, high + gap_ms + 1)
    met, count = np.unique(values[(times >= grids[0][0]) & (times < grids[0][-1])], return_counts=True)
    for value in met[np.argsort(-count, kind="stable")][:_MOST_STATES]:
        yield int(value), [state_hours(times, values == value, grid, gap_ms) for grid in grids]


def _known(plan: Plan, found: Sequence[IntervalValues]) -> tuple[Floats, Floats]:
    """Values of intervals that are covered as the plan asks, else NaN."""
    first, second = (np.where(one.coverage >= plan.quality.minimum_coverage, one.values, np.nan) for one in found)
    return first, second
