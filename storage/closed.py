"""Quarter-hours whose readings retention deleted: how their neighbours are rolled, so that no step is lost or doubled.

Of a row whose readings are gone, the values of its first and last one are left, and that no value held where there is
no row. So a late reading, which may come wherever there is none, is joined to what was deleted by these rules:

* What a counter grew from the last deleted reading to the next one that is there belongs to the window of the later
  one, undivided, as across any gap. So does a step between a row that cannot be computed and what comes late: by its
  pace, a value in that row would have held on.
* Where such readings fill a gap, the row behind it counted what the counter grew across it. It counts from the newest
  row before it instead, by as much more or less.
* Rows whose readings are all there, and those of their neighbours, are computed as ever, closed or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from storage.aggregation import growth, window_of
from storage.store import ROLLUP_MS, Rollups, Series, Times, Values

Mask = npt.NDArray[np.bool_]

_WHOLE: Final = 1 - 1e-9
_COLUMNS: Final = ("start", "count", "first", "last", "low", "high", "mean", "increase", "coverage")


@dataclass(frozen=True, slots=True)
class Standing:
    """Rows as they stand.

    Attributes
    ----------
    rows
        Rising.
    closed
        Which of them retention has closed, shape (windows,).
    """

    rows: Rollups
    closed: Mask


RowsAround = Callable[[Series, int, int], Standing]
"""Rows whose windows start in a range, and the last before it and the first after it that hold readings."""


@dataclass(frozen=True, slots=True)
class Seams:
    """Where the readings that are there meet rows whose readings are not.

    Attributes
    ----------
    frozen
        Windows whose rows cannot be computed [ms], rising.
    broken
        Steps from one reading to the next between which others were deleted, shape (readings - 1,).
    windows, entries
        Windows of readings that follow deleted ones [ms], rising, and what a counter grew from those to them.
    """

    frozen: Times
    broken: Mask
    windows: Times
    entries: Values


def seams(times: Times, values: Values, start: int, end: int, standing: Standing) -> Seams:
    """Where the readings of a range meet what was deleted.

    Parameters
    ----------
    times, values
        Readings of the range as `Store.read_around` returns them.
    start, end
        Of the range, both at a window's start [ms].
    standing
        The rows of the range and around it.
    """
    rows = standing.rows
    window = window_of(times, ROLLUP_MS)
    gone = standing.closed & _incomplete(times, values, start, end, rows)
    chain = _chains(rows, standing.closed)
    frozen = gone | _beside(gone, rows.count > 0, chain)
    # Of each reading: its window's place among the rows, and whether it has one.
    first, last = np.searchsorted(rows.start, window), np.searchsorted(rows.start, window, "right")
    place, known = np.minimum(first, max(len(rows.start) - 1, 0)), last > first
    stays, near = known.copy(), known[1:] & known[:-1]
    if len(rows.start):
        stays &= frozen[place]
        near &= chain[place[1:]] == chain[place[:-1]]
    deleted = np.concatenate(([0], np.cumsum(gone)))
    between = deleted[last[1:]] > deleted[first[:-1]]
    broken = (window[1:] != window[:-1]) & (between | ((stays[1:] | stays[:-1]) & ~near))
    follows, entries = _entries(values, window, broken, rows)
    return Seams(rows.start[frozen], broken, window[follows], entries)


def _incomplete(times: Times, values: Values, start: int, end: int, rows: Rollups) -> Mask:
    """Rows some of whose readings are not there."""
    begin, until = (np.searchsorted(times, rows.start + length) for length in (0, ROLLUP_MS))
    missing = until - begin < rows.count
    # Of a row before the range, its last reading was fetched; of one after it, the first.
    there = np.minimum(begin, max(len(times) - 1, 0))
    missing[rows.start < start] = (until == begin)[rows.start < start]
    after = rows.start >= end
    missing[after] = (until == begin)[after] | (values[there[after]] != rows.first[after] if len(times) else True)
    return missing


def _entries(values: Values, window: Times, broken: Mask, rows: Rollups) -> tuple[Mask, Values]:
    """Which readings come after deleted ones, and what a counter grew from those to them."""
    counted = np.flatnonzero(rows.count > 0)
    before = np.searchsorted(rows.start[counted], window) - 1
    follows = np.concatenate((np.ones(min(len(window), 1), bool), broken)) & (before >= 0)
    follows[1:] &= rows.start[counted[before[1:]]] >= window[:-1] if len(counted) else False
    last = rows.last[counted[before[follows]]]
    return follows, np.array([
        growth(np.array(step)).sum() for step in zip(last.tolist(), values[follows].tolist(), strict=True)
    ], np.float64)  # fmt: skip


def _chains(rows: Rollups, closed: Mask) -> npt.NDArray[np.intp]:
    """The number of the run of adjacent closed windows that each row is in, none of which a value ended in."""
    if not len(rows.start):
        return np.zeros(0, np.intp)
    ended = (rows.count == 0) & (rows.coverage < _WHOLE)
    adjacent = (np.diff(rows.start) == ROLLUP_MS) & closed[1:] & closed[:-1] & ~ended[:-1]
    return np.concatenate(([0], np.cumsum(~adjacent)))


def _beside(gone: Mask, counted: Mask, chain: npt.NDArray[np.intp]) -> Mask:
    """Rows into which a step from or to a deleted reading may reach: nothing but covered windows lies between."""
    place, holds = np.arange(len(gone)), np.flatnonzero(counted)
    result = np.zeros(len(gone), bool)
    if not len(holds):
        return result
    for near in (np.searchsorted(holds, place) - 1, np.searchsorted(holds, place, "right")):
        has = (near >= 0) & (near < len(holds))
        other = holds[np.clip(near, 0, len(holds) - 1)]
        result |= has & gone[other] & (chain[other] == chain)
    return result


def amended(standing: Standing, replaced: Times, made: list[Rollups]) -> Rollups:
    """Closed rows of a counter that count from another reading now than before.

    Parameters
    ----------
    standing
        The rows around the windows that are replaced, as they were.
    replaced
        Those windows [ms].
    made
        The rows that stand there from now on.
    """
    rows = standing.rows
    stays = ~np.isin(rows.start, replaced)
    old, then = rows.start[rows.count > 0], rows.last[rows.count > 0]
    kept = stays & (rows.count > 0)
    new = np.concatenate([rows.start[kept], *(each.start[each.count > 0] for each in made)])
    now = np.concatenate([rows.last[kept], *(each.last[each.count > 0] for each in made)])
    order = np.argsort(new)
    new, now = new[order], now[order]
    changed = np.zeros(len(rows.start), bool)
    increase = rows.increase.copy()
    for nth in np.flatnonzero(standing.closed & kept).tolist():
        was, became = _entry(old, then, rows, nth), _entry(new, now, rows, nth)
        if was != became:
            changed[nth] = True
            increase[nth] = np.nan_to_num(increase[nth]) + (became - was)
    return _only(replace(rows, increase=increase), changed)


def _entry(starts: Times, lasts: Values, rows: Rollups, nth: int) -> float:
    """What a counter grew into a row from the reading before it."""
    before = int(np.searchsorted(starts, rows.start[nth])) - 1
    return 0.0 if before < 0 else float(growth(np.array([lasts[before], rows.first[nth]])).sum())


def joined(parts: list[Rollups]) -> Rollups:
    """Rows of one counter or gauge, part after part."""
    return _made_of(parts[0].series, [np.concatenate([getattr(each, name) for each in parts]) for name in _COLUMNS])


def _only(rows: Rollups, mask: Mask) -> Rollups:
    return _made_of(rows.series, [getattr(rows, name)[mask] for name in _COLUMNS])


def _made_of(series: Series, columns: list[Values]) -> Rollups:
    start, count, first, last, low, high, mean, increase, coverage = columns
    whole = start.astype(np.int64, copy=False), count.astype(np.int64, copy=False)
    return Rollups(series, *whole, first, last, low, high, mean, increase, coverage)
