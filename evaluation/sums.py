"""Usable intervals gathered into what is compared: days of hours and quarter hours, or the plan's intervals themselves.

Energy by the hour follows its neighbours for hours, and what a machine errs by lasts for days. The autocorrelation of
hours shows the one and hides the other, so bands and proposals are made on days wherever intervals are shorter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from evaluation.calendar import LocalClock, Times
from evaluation.metered import Bools, Floats, Metered
from evaluation.plan import Granularity

PER_DAY: Final[dict[Granularity, int]] = {"hour": 24, "quarter_hour": 96}
"""Intervals in a day, of granularities that are summed by day."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How the usable intervals of a window are gathered.

    Attributes
    ----------
    first
        The usable interval each row begins with, shape (rows,).
    count
        Usable intervals in each, shape (rows,).
    positions
        Distance from a common origin, in rows, shape (rows,).
    start_ms, end_ms
        From the beginning of its first interval to the end of its last, shape (rows,).
    whole
        Whether nothing of it is missing, shape (rows,).
    """

    first: Times
    count: Times
    positions: Times
    start_ms: Times
    end_ms: Times
    whole: Bools

    def total(self, values: Floats) -> Floats:
        """Values of the usable intervals, shape (intervals, …), summed by row."""
        return np.add.reduceat(values, self.first, axis=0) if len(self.first) else values[:0]

    def spread(self, marks: Bools) -> Bools:
        """Marks of rows, shape (…, rows), for each of their intervals."""
        return np.repeat(marks, self.count, axis=-1)


def row_unit(granularity: Granularity) -> Granularity:
    """What a row is."""
    return "day" if granularity in PER_DAY else granularity


def sums(granularity: Granularity, window: Metered) -> Sums:
    """Rows of a window's usable intervals."""
    clock, edges, used = window.used_conditions.clock, window.grid.edges_ms, window.usable
    starts, ends = edges[:-1][used], edges[1:][used]
    if granularity not in PER_DAY:
        every = np.arange(len(starts), dtype=np.int64)
        ones = np.ones(len(starts), dtype=np.int64)
        return Sums(every, ones, window.used_positions, starts, ends, np.ones(len(starts), dtype=np.bool_))
    first = day_starts(clock)
    count = np.diff(np.append(first, len(starts)))
    days = clock.day[first]
    calendar, planned = np.unique(window.grid.clock.day, return_counts=True)
    whole: Bools = count == planned[np.searchsorted(calendar, days)]
    return Sums(first, count, days, starts[first], ends[first + count - 1], whole)


def planned_positions(granularity: Granularity, window: Metered) -> Times:
    """Positions of all rows the window would have if every interval were usable."""
    return np.unique(window.grid.clock.day) if granularity in PER_DAY else window.grid.positions


def day_starts(clock: LocalClock) -> Times:
    """Positions of the first interval of each day that has one, shape (days,)."""
    return np.flatnonzero(np.diff(clock.day, prepend=-1)).astype(np.int64)
