"""Intervals of a series from what the store still has of it: its readings, and quarter-hours where those are gone.

A store keeps raw readings for months and their roll-ups for years. An evaluation of an old baseline must not fail for
that, nor differ from one made in time: a roll-up splits a counter's steps at its edges as the readings would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analytics import Exchange, Flag, IntervalValues, interval_energy, interval_mean, resample
from storage import Series, Store
from storage.store import ROLLUP_MS, Rollups

How = Literal["difference", "mean"]
_HOUR_MS = 3_600_000.0
_NO_GAPS = np.zeros(0, np.int64), np.zeros(0)
_ROLLED = 0.95
"""Share of the time that quarter-hours must cover to be taken instead of the readings they were made of."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a series becomes intervals: what `analytics.interval_energy` or `interval_mean` is told.

    Attributes
    ----------
    how
        Differences of a counter or means of a gauge.
    modulus, max_rate, max_gap_ms, spread_ms, exchanges
        As there; those of a counter.
    """

    how: How
    modulus: float | None = None
    max_rate: float | None = None
    max_gap_ms: int = 3_600_000
    spread_ms: int = 0
    exchanges: Sequence[Exchange] = ()

    @property
    def reach_ms(self) -> int:
        """How far beyond a grid readings still speak about it [ms]."""
        return max(self.max_gap_ms, self.spread_ms)

    def of(self, times: np.ndarray, values: np.ndarray, edges: np.ndarray) -> IntervalValues:
        """Intervals of readings."""
        low, high = edges[0] - self.reach_ms, edges[-1] + self.reach_ms + 1
        first, last = np.searchsorted(times, [low, high])
        inside, shown = times[first:last], values[first:last]
        if self.how == "mean":
            return interval_mean(inside, shown, edges, max_gap_ms=self.max_gap_ms)
        return interval_energy(
            inside,
            shown,
            edges,
            modulus=self.modulus,
            max_gap_ms=self.max_gap_ms,
            max_rate=self.max_rate,
            spread_ms=self.spread_ms,
            exchanges=[exchange for exchange in self.exchanges if low <= exchange.at_ms < high],
        )


def read_intervals(store: Store, series: Series, grids: list[np.ndarray], reading: Reading) -> list[IntervalValues]:
    """Intervals of several grids, read once; where only quarter-hours are left, a meter exchange is an unknown step.

    Parameters
    ----------
    grids
        Boundaries of each grid's intervals [ms UTC], rising within and from one to the next; one of fewer than two has
        no interval.
    reading
        How the series is read.

    Raises
    ------
    storage.StoreError
        When the store cannot be read.
    """
    edges = [int(edge) for grid in grids for edge in grid]
    if not edges:
        return [_nothing() for _ in grids]
    # Beyond its ends, a grid needs the readings that its first and last boundary are interpolated from.
    start, end = min(edges) - reading.reach_ms, max(edges) + reading.reach_ms + 1
    times, values = store.read(series, start, end)
    # Nothing is asked for where the readings reach back to the first boundary.
    rows = store.rollups(series, start, end if not len(times) or times[0] > min(edges) else start)
    return [_intervals(times, values, rows, grid, reading) for grid in grids]


def read_light(store: Store, series: Series, grids: list[np.ndarray], reading: Reading) -> list[IntervalValues]:
    """Intervals of what only checks something: from quarter-hours where they cover the grids, else from readings.

    Parameters
    ----------
    store, series, grids, reading
        As in `read_intervals`; each grid has an interval at least.

    Raises
    ------
    storage.StoreError
        When the store cannot be read.
    """
    low, high = min(int(grid[0]) for grid in grids), max(int(grid[-1]) for grid in grids)
    rows = store.rollups(series, low, high)
    if len(rows.start) and not any((grid % ROLLUP_MS).any() for grid in grids):
        found = [from_rollups(rows, grid, reading) for grid in grids]
        if min(float(one.coverage.mean()) for one in found) >= _ROLLED:
            return found
    return read_intervals(store, series, grids, reading)


def hours_from_rollups(
    store: Store, series: Series, grids: list[np.ndarray]
) -> dict[float, list[IntervalValues]] | None:
    """Hours in every value of a state, by value and grid; None where quarter-hours do not cover the grids.

    Parameters
    ----------
    store, series, grids
        As in `read_light`.

    Raises
    ------
    storage.StoreError
        When the store cannot be read.
    """
    rows = store.rollups(series, min(int(grid[0]) for grid in grids), max(int(grid[-1]) for grid in grids))
    if not len(rows.start) or any((grid % ROLLUP_MS).any() for grid in grids):
        return None
    found = {value: [_state_hours(rows, lasted, grid) for grid in grids] for value, lasted in rows.states.items()}
    covered = [float(one.coverage.mean()) for each in found.values() for one in each]
    return found if min(covered, default=0.0) >= _ROLLED else None


def _state_hours(rows: Rollups, seconds: np.ndarray, edges: np.ndarray) -> IntervalValues:
    quarters = np.arange(edges[0], edges[-1] + 1, ROLLUP_MS, dtype=np.int64)
    inside = (rows.start >= edges[0]) & (rows.start < edges[-1]) & (rows.coverage > 0.0)
    place = np.searchsorted(quarters, rows.start[inside])
    values, coverage = np.full(len(quarters) - 1, np.nan), np.zeros(len(quarters) - 1)
    # What was not read is taken to be as what was.
    values[place] = seconds[inside] / 3600.0 / rows.coverage[inside]
    coverage[place] = rows.coverage[inside]
    flags = np.where(coverage < 1.0 - 1e-9, np.uint8(Flag.GAP), np.uint8(0)).astype(np.uint8)
    return resample(IntervalValues(values, coverage, flags), quarters, edges)


def _intervals(
    times: np.ndarray,
    values: np.ndarray,
    rows: Rollups,
    edges: np.ndarray,
    reading: Reading,
) -> IntervalValues:
    if len(edges) < 2:
        return _nothing()
    raw = reading.of(times, values, edges)
    if not len(rows.start) or (edges % ROLLUP_MS).any():
        return raw
    old = from_rollups(rows, edges, reading)
    # An interval that begins before the first reading there is was not read whole.
    gone = edges[:-1] < (times[0] if len(times) else edges[-1])
    better = gone & (old.coverage > raw.coverage)
    return IntervalValues(
        np.where(better, old.values, raw.values),
        np.where(better, old.coverage, raw.coverage),
        np.where(better, old.flags, raw.flags),
    )


def from_rollups(rows: Rollups, edges: np.ndarray, reading: Reading, *, bridged: bool = False) -> IntervalValues:
    """The grid from quarter-hours: a quarter-hour that is not there is a gap, one in which a counter fell unknown.

    A roll-up has what a counter grew across a gap in the quarter-hour of the reading behind it. That is no energy of
    that quarter-hour: it would be a peak nobody drew. It is unknown where the gap lies, as it is by readings.

    Parameters
    ----------
    rows
        Of one series.
    edges
        Boundaries, each a multiple of `storage.ROLLUP_MS` [ms UTC], shape (intervals + 1,).
    reading
        How the series is read.
    bridged
        Tell what a counter grew across a gap: in the gap's last quarter-hour, and in those that the gap lies in partly.
    """
    quarters = np.arange(edges[0], edges[-1] + 1, ROLLUP_MS, dtype=np.int64)
    rows, gaps, across = _without_gaps(rows) if reading.how == "difference" else (rows, *_NO_GAPS)
    inside = (rows.start >= edges[0]) & (rows.start < edges[-1])
    place = np.searchsorted(quarters, rows.start[inside])
    values, coverage = np.full(len(quarters) - 1, np.nan), np.zeros(len(quarters) - 1)
    values[place] = (rows.mean if reading.how == "mean" else rows.increase)[inside]
    coverage[place] = rows.coverage[inside]
    flags = np.where(coverage < 1.0 - 1e-9, np.uint8(Flag.GAP), np.uint8(0)).astype(np.uint8)
    if reading.how == "difference":
        values[(coverage > 0.0) & (coverage < 1.0 - 1e-9) & (not bridged)] = np.nan
        if bridged:
            held = (gaps >= quarters[0]) & (gaps < quarters[-1])
            values[np.searchsorted(quarters, gaps[held])] = across[held]
        fell = _fell(rows)[inside]
        values[place[fell]] = np.nan
        flags[place[fell]] |= np.uint8(Flag.RESET)
        jumped = _jumped(rows, reading)[inside]
        values[place[jumped]] = np.nan
        flags[place[jumped]] |= np.uint8(Flag.JUMP)
        for exchange in reading.exchanges:
            step = _around(rows, quarters, exchange.at_ms)
            values[step] = np.nan
            flags[step] |= np.uint8(Flag.EXCHANGE)
    return resample(IntervalValues(values, coverage, flags), quarters, edges, mean=reading.how == "mean")


def _without_gaps(rows: Rollups) -> tuple[Rollups, np.ndarray, np.ndarray]:
    """Whole quarter-hours right behind gaps, freed of what the counter grew across these.

    Returns
    -------
    Rollups
        The others are as they were, and so is one on the way to which the counter fell.
    numpy.ndarray, numpy.ndarray
        Last quarter-hour of each such gap [ms UTC], and what the counter grew across it; shape (gaps,) both.
    """
    read = np.flatnonzero(rows.count > 0)
    later, before = read[1:], read[:-1]
    covered = rows.start[rows.coverage > 0.0]
    across = rows.first[later] - rows.last[before]
    behind = (rows.coverage[later] >= 1.0 - 1e-9) & ~np.isin(rows.start[later] - ROLLUP_MS, covered) & (across >= 0.0)
    increase = rows.increase.copy()
    increase[later[behind]] -= across[behind]
    return replace(rows, increase=increase), rows.start[later[behind]] - ROLLUP_MS, across[behind]


def _around(rows: Rollups, quarters: np.ndarray, at_ms: int) -> slice:
    """Quarter-hours of the readings around a moment: the step from one register to another lies in them."""
    read = rows.start[rows.count > 0]
    before, after = read[read <= at_ms], read[read > at_ms]
    first = int(before[-1]) if len(before) else int(quarters[0])
    last = int(after[0]) if len(after) else int(quarters[-1])
    if last < quarters[0] or first >= quarters[-1]:
        return slice(0, 0)
    low, high = np.searchsorted(quarters, [first, last])
    return slice(int(low), min(int(high) + 1, len(quarters) - 1))


def _fell(rows: Rollups) -> np.ndarray:
    """Whether a counter fell within a quarter-hour or on the way to it, shape (windows,)."""
    read = rows.count > 0
    fell: np.ndarray = np.zeros(len(rows.start), dtype=np.bool_)
    first, last = rows.first[read], rows.last[read]
    before = np.concatenate((first[:1], last[:-1]))
    fell[read] = (last < first) | (first < before)
    return fell


def _jumped(rows: Rollups, reading: Reading) -> np.ndarray:
    """Whether a counter grew faster than is believable, shape (windows,).

    What grew in a window may have been consumed since the register last moved, or within the reach of a reading.
    """
    if reading.max_rate is None:
        return np.zeros(len(rows.start), dtype=np.bool_)
    never = np.iinfo(np.int64).min
    moved = np.where(rows.increase > 0, rows.start, never)
    last = np.maximum.accumulate(np.concatenate(([never], moved[:-1])))
    since = np.clip(rows.start - np.where(last == never, rows.start, last), ROLLUP_MS, reading.max_gap_ms)
    jumped: np.ndarray = rows.increase > reading.max_rate * (ROLLUP_MS + since) / _HOUR_MS
    return jumped


def _nothing() -> IntervalValues:
    nothing = np.zeros(0)
    return IntervalValues(nothing, nothing, np.zeros(0, dtype=np.uint8))
