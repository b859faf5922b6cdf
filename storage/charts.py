"""A chart's line: at most a few thousand windows, from quarter-hours where it is long, and no peak lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from storage.aggregation import Indices, window_of
from storage.rollup import NEAR_MS, REACH_MS, holds_of, near, rows_of
from storage.store import ROLLUP_MS, Aggregate, Rollups, Series, Store, Times, Values

LONG_MS: Final = 172_800_000
"""A longer chart is drawn from quarter-hours: two days of readings a second are 172,800 values."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Windows of a chart, rising; every array of shape (windows,).

    Attributes
    ----------
    times
        Start of each window that holds a value [ms UTC].
    values
        The aggregate asked for.
    low, high
        Least and largest reading of each window, so that a coarse line shows the peaks that its means hide; NaN where a
        window holds no reading of its own. None when the line was not drawn from quarter-hours.
    """

    times: Times
    values: Values
    low: Values | None = None
    high: Values | None = None


def width_for(start: int, end: int, least_ms: int, most: int) -> int:
    """Width of at most `most` windows over a range [ms]: whole seconds, or whole quarter-hours where it is long."""
    width = max(least_ms, -(-(end - start) // (most - 1)))
    unit = ROLLUP_MS if end - start > LONG_MS and width > ROLLUP_MS // 2 else 1000
    return -(-width // unit) * unit


def from_quarter_hours(start: int, end: int, every_ms: int, offset_ms: int = 0) -> bool:
    """Whether a chart is drawn from roll-ups."""
    return end - start > LONG_MS and every_ms % ROLLUP_MS == 0 and offset_ms % ROLLUP_MS == 0


def draw(
    store: Store, series: Series, start: int, end: int, every_ms: int, how: Aggregate, offset_ms: int = 0
) -> Drawn:
    """One line of a chart, in windows that begin `offset_ms` after those of UTC.

    From quarter-hours, a mean is weighted by time; their newest end, which is not rolled yet, comes from readings.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    if not from_quarter_hours(start, end, every_ms, offset_ms):
        return Drawn(*store.windows(series, start, end, every_ms, how, offset_ms))
    rows = store.rollups(series, start // ROLLUP_MS * ROLLUP_MS, end)
    # What ended lately may have been rolled before its last readings came, or not at all; and what the next reading
    # says of the time before it is known from the last window on that holds one.
    held = rows.start[rows.count > 0]
    joined = rows
    for fresh in _fresh(store, series, max(start, int(held[-1])) if len(held) else start, end):
        joined = _joined(joined, fresh, end)
    windows = window_of(joined.start, every_ms, offset_ms)
    begins = np.flatnonzero(np.append(True, windows[1:] != windows[:-1])) if len(windows) else np.zeros(0, np.intp)
    values = _folded(joined, how, begins)
    there = ~np.isnan(values)
    low, high = _reduced(np.fmin, joined.low, begins), _reduced(np.fmax, joined.high, begins)
    return Drawn(windows[begins][there], values[there], low[there], high[there])


def _fresh(store: Store, series: Series, start: int, end: int) -> Iterator[Rollups]:
    """Quarter-hours from readings as rolling would make them, for the end that is not rolled; two days at a time."""
    while start < end:
        until = min(start - start % ROLLUP_MS + LONG_MS, end)
        times, values = near(store.read_around, series, start, until, (NEAR_MS,))
        yield rows_of(series, times, values, start, until, holds_of(times))
        following = int(np.searchsorted(times, until))
        if following and times[following - 1] + REACH_MS >= until:
            start = until
        elif following < len(times):
            # A meter that was silent for months is not asked for each of their days.
            start = int(times[following]) // ROLLUP_MS * ROLLUP_MS
        else:
            return


def _joined(rows: Rollups, fresh: Rollups, end: int) -> Rollups:
    """Rows followed by fresh ones, which win where they meet, unless readings they were made of are deleted."""
    if not len(fresh.start):
        return rows
    if not len(rows.start):
        return fresh
    _, old, new = np.intersect1d(rows.start, fresh.start, return_indices=True)
    fewer = (fresh.count[new] <= rows.count[old]) & (fresh.coverage[new] < rows.coverage[old] - 1e-9)
    # Its own readings are the same, but what a counter grew on the way to them is not known any more.
    alike = (fresh.count[new] == rows.count[old]) & (fresh.first[new] == rows.first[old])
    alike &= fresh.last[new] == rows.last[old]
    fewer |= alike & (np.nan_to_num(fresh.increase[new]) < rows.increase[old])
    # A quarter-hour that the range cuts is shown as far as it is asked for.
    known = fewer & (rows.start[old] + ROLLUP_MS <= end)
    keep = rows.start < fresh.start[0]
    keep[old[known]] = True
    taken = np.ones(len(fresh.start), bool)
    taken[new[known]] = False
    order = np.argsort(np.concatenate([rows.start[keep], fresh.start[taken]]))
    columns = (
        np.concatenate([getattr(rows, name)[keep], getattr(fresh, name)[taken]])[order]
        for name in ("start", "count", "first", "last", "low", "high", "mean", "increase", "coverage")
    )
    start, count, *others = columns
    first, last, low, high, mean, increase, coverage = others
    return Rollups(rows.series, start, count, first, last, low, high, mean, increase, coverage)


def _folded(rows: Rollups, how: Aggregate, begins: Indices) -> Values:
    """Quarter-hours of each window as one value."""
    if how in {Aggregate.MEAN, Aggregate.TIME_MEAN}:
        # Counters and states have no mean over time; a chart of one shows where it stood.
        mean = np.where(np.isnan(rows.mean), rows.last, rows.mean)
        weight = np.where(np.isnan(mean), 0.0, rows.coverage)
        total = _reduced(np.add, weight, begins)
        sums = _reduced(np.add, np.where(weight > 0, np.nan_to_num(mean) * weight, 0.0), begins)
        means = np.full(len(total), np.nan)
        np.divide(sums, total, out=means, where=total > 0)
        return means
    if how is Aggregate.COUNT:
        count = _reduced(np.add, rows.count.astype(np.float64), begins)
        return np.where(count > 0, count, np.nan)
    if how is Aggregate.INCREASE:
        known = _reduced(np.add, (~np.isnan(rows.increase)).astype(np.float64), begins)
        return np.where(known > 0, _reduced(np.add, np.nan_to_num(rows.increase), begins), np.nan)
    if how is Aggregate.MIN:
        return _reduced(np.fmin, rows.low, begins)
    if how is Aggregate.MAX:
        return _reduced(np.fmax, rows.high, begins)
    return _end_of(rows, how, begins)


def _end_of(rows: Rollups, how: Aggregate, begins: Indices) -> Values:
    """The first or last reading of each window."""
    column = rows.first if how is Aggregate.FIRST else rows.last
    place = np.arange(len(column), dtype=np.float64)
    place[np.isnan(column)] = np.nan
    chosen = _reduced(np.fmin if how is Aggregate.FIRST else np.fmax, place, begins)
    there = ~np.isnan(chosen)
    result = np.full(len(chosen), np.nan)
    result[there] = column[chosen[there].astype(np.intp)]
    return result


def _reduced(how: np.ufunc, column: Values, begins: Indices) -> Values:
    return np.asarray(how.reduceat(column, begins), np.float64) if len(begins) else np.zeros(0)
