"""What the store holds for a plan: energy and drivers, interval by interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics import Flag, IntervalValues, interval_share
from evaluation import declared
from evaluation.calendar import Grid, LocalClock, Times, grid
from evaluation.drivers import Driver
from evaluation.errors import EvaluationError
from evaluation.plan import Plan
from evaluation.quarter_hours import Reading, read_intervals
from storage import Series, Store

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_WH_PER_KWH = 1000.0
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a model is told of intervals: everything but their energy.

    Attributes
    ----------
    drivers
        Shape (intervals, drivers) [each driver's unit].
    clock
        When they begin, local time.
    """

    drivers: Floats
    clock: LocalClock


@dataclass(frozen=True, slots=True)
class Metered:
    """One window's intervals as they were metered.

    Attributes
    ----------
    grid
        The intervals.
    energy
        Shape (intervals,) [kWh]; NaN where not known.
    drivers
        Shape (intervals, drivers) [each driver's unit]; NaN where not known.
    coverage
        Share of time the energy readings cover, shape (intervals,).
    flags
        `Flag` bits of energy and drivers, shape (intervals,).
    usable
        Everything known and covered as the plan asks, shape (intervals,).
    """

    grid: Grid
    energy: Floats
    drivers: Floats
    coverage: Floats
    flags: npt.NDArray[np.uint8]
    usable: Bools

    @property
    def used_energy(self) -> Floats:
        """Energy of the usable intervals [kWh]."""
        return self.energy[self.usable]

    @property
    def conditions(self) -> Conditions:
        """Of every interval, NaN where a driver is not known."""
        return Conditions(self.drivers, self.grid.clock)

    @property
    def used_conditions(self) -> Conditions:
        """Of the usable intervals."""
        return Conditions(self.used_drivers, self.grid.clock.rows(self.usable))

    @property
    def used_drivers(self) -> Floats:
        """Drivers of the usable intervals."""
        return self.drivers[self.usable]

    @property
    def used_positions(self) -> Times:
        """Positions of the usable intervals."""
        return self.grid.positions[self.usable]


def energy_series(plan: Plan) -> Series:
    """The counter the plan is about."""
    return Series(plan.site, plan.kind, plan.device, plan.energy)


def driver_series(plan: Plan, driver: Driver) -> Series:
    """The series a driver is read from."""
    return Series(plan.site, driver.kind, driver.device, driver.channel)


def missing_series(plan: Plan, store: Store) -> list[Series]:
    """Series of the plan without a single value; an empty store misses them all.

    Raises
    ------
    EvaluationError
        When the store has other sites but not this one, or the site has other devices but not one of these.
    """
    wanted = [energy_series(plan), *(driver_series(plan, driver) for driver in plan.drivers)]
    held = store.series(plan.site)
    if not held:
        sites = sorted({series.site for series in store.series()})
        if sites:
            raise EvaluationError(f"plan {plan.id}: no site {plan.site!r} in the store; there are {', '.join(sites)}")
        return wanted
    devices = {(series.device, series.kind) for series in held}
    for series in wanted:
        if (series.device, series.kind) not in devices:
            there = ", ".join(f"{device} ({kind})" for device, kind in sorted(devices))
            raise EvaluationError(
                f"plan {plan.id}: site {plan.site} has no {series.kind} {series.device!r}; there are {there}"
            )
    return [series for series in wanted if series not in held]


def meter(plan: Plan, store: Store) -> tuple[Metered, Metered, Metered]:
    """Read baseline, installation and reporting window."""
    windows = (plan.baseline, plan.installation, plan.reporting)
    grids = tuple(grid(plan, window) for window in windows)
    energy = read_intervals(store, energy_series(plan), _edges(grids), energy_reading(plan))
    drivers = [_driver(plan, store, driver, grids) for driver in plan.drivers]
    first, second, third = (
        _window(plan, cells, energy[index], [values[index] for values in drivers]) for index, cells in enumerate(grids)
    )
    return first, second, third


def _window(plan: Plan, cells: Grid, energy: IntervalValues, drivers: Sequence[IntervalValues]) -> Metered:
    usable = _usable(plan, energy)
    flags = energy.flags.copy()
    for driver in drivers:
        usable &= _usable(plan, driver)
        flags |= driver.flags
    columns = [driver.values for driver in drivers]
    table = np.column_stack(columns) if columns else np.zeros((len(energy.values), 0))
    return Metered(cells, energy.values / _WH_PER_KWH, table, energy.coverage, flags, usable)


def _usable(plan: Plan, found: IntervalValues) -> Bools:
    """Known, and covered as the plan asks; energy that the plan allows to be spread is known and not covered."""
    spread = (found.flags & Flag.SPREAD) != 0
    known: Bools = np.isfinite(found.values) & ((found.coverage >= plan.quality.minimum_coverage) | spread)
    return known


def energy_reading(plan: Plan) -> Reading:
    """How the plan's counter is read."""
    most = plan.max_power_kw
    return Reading(
        "difference",
        modulus=plan.energy_modulus_wh,
        # A machine of so many kW adds so many Wh to the register in an hour.
        max_rate=None if most is None else most * _WH_PER_KWH,
        max_gap_ms=round(plan.quality.maximum_gap_min * _MINUTE_MS),
        spread_ms=round(plan.quality.spread_gap_min * _MINUTE_MS),
        exchanges=declared.exchanges(plan),
    )


def _edges(grids: Sequence[Grid]) -> list[Times]:
    return [cells.edges_ms for cells in grids]


def _driver(plan: Plan, store: Store, driver: Driver, grids: Sequence[Grid]) -> list[IntervalValues]:
    if driver.aggregate == "hours":
        return _hours(plan, store, driver, grids)
    reading = Reading(
        "mean" if driver.aggregate == "mean" else "difference",
        modulus=driver.modulus,
        max_rate=driver.max_per_hour,
        max_gap_ms=round(plan.quality.maximum_gap_min * _MINUTE_MS),
        spread_ms=round(plan.quality.spread_gap_min * _MINUTE_MS),
        exchanges=declared.exchanges(plan) if driver_series(plan, driver) == energy_series(plan) else (),
    )
    found = read_intervals(store, driver_series(plan, driver), _edges(grids), reading)
    if driver.aggregate == "active":
        return [_active(counted) for counted in found]
    return [IntervalValues(_degrees(driver, one.values), one.coverage, one.flags) for one in found]


def _hours(plan: Plan, store: Store, driver: Driver, grids: Sequence[Grid]) -> list[IntervalValues]:
    """How long a state was one of the driver's [h]; quarter-hour roll-ups do not tell, so it needs the readings."""
    gap_ms = round(plan.quality.maximum_gap_min * _MINUTE_MS)
    edges = np.concatenate([cells.edges_ms for cells in grids])
    times, values = store.read(driver_series(plan, driver), int(edges.min()) - gap_ms, int(edges.max()) + gap_ms + 1)
    held = np.isin(values, driver.states)
    return [state_hours(times, held, cells.edges_ms, gap_ms) for cells in grids]


def state_hours(times: Times, held: Bools, edges_ms: Times, gap_ms: int) -> IntervalValues:
    """How long a state that was read at `times` [ms UTC] and then `held` or did not lasted in each interval [h]."""
    if len(edges_ms) < 2:
        return IntervalValues(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.uint8))
    share = interval_share(times, held, edges_ms, max_gap_ms=gap_ms)
    return IntervalValues(share.values * np.diff(edges_ms) / _HOUR_MS, share.coverage, share.flags)


def _degrees(driver: Driver, values: Floats) -> Floats:
    """What lies above or below the driver's limits; all of it without any."""
    if driver.above is None and driver.below is None:
        return values
    high = np.zeros_like(values) if driver.above is None else np.maximum(values - driver.above, 0.0)
    low = np.zeros_like(values) if driver.below is None else np.maximum(driver.below - values, 0.0)
    return high + low


def _active(counted: IntervalValues) -> IntervalValues:
    """1 where a counter moved, else 0."""
    moved = np.where(np.isnan(counted.values), np.nan, (counted.values > 0).astype(np.float64))
    return IntervalValues(moved, counted.coverage, counted.flags)


def flag_names(bits: int) -> list[str]:
    """Lower-case names of the set `Flag` bits."""
    return [str(flag.name).lower() for flag in Flag if bits & flag]


def flag_counts(flags: npt.NDArray[np.uint8]) -> dict[str, int]:
    """How many intervals bear each flag, without those that none bears."""
    counts = {str(flag.name).lower(): int(np.count_nonzero(flags & flag)) for flag in Flag}
    return {name: count for name, count in counts.items() if count}
