"""A series' quarter-hours: from roll-ups, and where those do not tell all, from its readings.

What a counter grew across a gap was used, but nobody knows when: it counts in a sum and is no power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation import Reading, from_rollups, read_intervals
from review.period import QUARTER_H, QUARTER_MS, Bools, Floats, Period
from storage import Rollups, Series, Store
from telemetry import CHANNELS, Kind

_LEAST_BRIDGED_MS = 1_800_000
"""Readings so far apart are bridged in any case: of one every 15 minutes, one may be lost."""
_MOST_BRIDGED_MS = 10_800_000
_HOLD_STEPS = 2.5
"""As the store's roll-ups do: one lost reading is bridged, two are a gap."""
_WHOLE = 1.0 - 1e-9
_MOSTLY = 0.9
"""Share of a quarter-hour that a gauge's mean must cover to stand for all of it."""
_AROUND = 12
"""Quarter-hours beside a doubtful one that are read with it."""
_BEYOND = 5.0
"""Growth above so many times the 99.5th percentile is looked up in the readings, which tell a spike from a load."""


@dataclass(frozen=True, slots=True)
class Quarters:
    """A series by quarter-hours of a period.

    Attributes
    ----------
    values
        Growth of a counter, mean of a gauge [the channel's unit]; NaN where not known, shape (quarters,).
    coverage
        Share of the time in which readings lie close enough to one another, 0-1, shape (quarters,).
    runs
        Stretches of unknown quarter-hours whose growth a counter tells as a whole: first, last, growth.
    step_ms
        About how far readings lie apart, a quarter-hour at least [ms].
    """

    values: Floats
    coverage: Floats
    runs: list[tuple[int, int, float]]
    step_ms: int

    @property
    def known(self) -> Bools:
        """Which quarter-hours are known, shape (quarters,)."""
        return np.isfinite(self.values)

    def part(self, begin: int, end: int) -> Quarters:
        """Those from index `begin` up to `end`; stretches that the cut goes through have no growth of their own."""
        runs = [
            (first - begin, last - begin, grown) for first, last, grown in self.runs if begin <= first and last < end
        ]
        return Quarters(self.values[begin:end], self.coverage[begin:end], runs, self.step_ms)

    def by_day(self, days: Period) -> Floats:
        """Growth of each day, gaps within it bridged; NaN where part of it is not known, shape (days,)."""
        whole = self.values.copy()
        for first, last, grown in self.runs:
            if days.day[first] == days.day[last]:
                whole[first : last + 1] = 0.0
                whole[first] = grown
        return days.sums(whole)

    @property
    def longest_gap_h(self) -> float:
        """Longest stretch of unknown quarter-hours [h]."""
        return max((last - first + 1 for first, last in _stretches(~self.known)), default=0) * QUARTER_H


def read_quarters(store: Store, series: Series, days: Period) -> Quarters:
    """Quarter-hours of a counter or a gauge; gaps stay gaps.

    Raises
    ------
    storage.StoreError
        When the store cannot be read.
    """
    counter = CHANNELS[series.channel].kind is Kind.COUNTER
    rows = store.rollups(series, int(days.edges[0]), int(days.edges[-1]))
    step_ms = _step(rows)
    bridged_ms = round(min(max(_LEAST_BRIDGED_MS, _HOLD_STEPS * step_ms), _MOST_BRIDGED_MS))
    reading = Reading("difference" if counter else "mean", max_gap_ms=bridged_ms)
    rolled = from_rollups(rows, days.edges, reading)
    values, coverage = rolled.values.copy(), rolled.coverage.copy()
    runs: list[tuple[int, int, float]] = []
    enough = _WHOLE if counter else _MOSTLY
    for begin, end in _spans(_doubtful(values, coverage, enough, counter=counter)):
        edges = days.edges[begin : end + 1]
        [read] = read_intervals(store, series, [edges], reading)
        values[begin:end], coverage[begin:end] = read.values, read.coverage
        short = ~(read.coverage >= enough)
        values[begin:end][short] = np.nan
        if counter:
            lumps = np.where(short, from_rollups(rows, edges, reading, bridged=True).values, np.nan)
            runs += _bridged(store, series, reading, days, begin, end, values, lumps)
    return Quarters(values, np.clip(coverage, 0.0, 1.0), runs, step_ms)


def _doubtful(values: Floats, coverage: Floats, enough: float, *, counter: bool) -> Bools:
    """Quarter-hours that readings may tell better than roll-ups, shape (quarters,)."""
    doubtful: Bools = ~np.isfinite(values) | (coverage < enough)
    known = values[~doubtful]
    if counter and len(known):
        doubtful |= values > _BEYOND * max(float(np.quantile(known, 0.995)), 0.0)
    return doubtful


def _spans(doubtful: Bools) -> list[tuple[int, int]]:
    """Stretches around what is doubtful, as half-open indices, with enough beside it to tell a spike from a load."""
    kernel = np.ones(2 * _AROUND + 1)
    near = np.convolve(doubtful.astype(np.float64), kernel)[_AROUND:-_AROUND] > 0
    return [(first, last + 1) for first, last in _stretches(near)]


def _bridged(
    store: Store, series: Series, reading: Reading, days: Period, begin: int, end: int, values: Floats, lumps: Floats
) -> list[tuple[int, int, float]]:
    """What the counter grew over each stretch of unknown quarter-hours between `begin` and `end`."""
    gaps = [(begin + first, begin + last) for first, last in _stretches(np.isnan(values[begin:end]))]
    if not gaps:
        return []
    marks = np.unique([at for first, last in gaps for at in (first, last + 1)])
    edges = days.edges[marks]
    [whole] = read_intervals(store, series, [edges], reading)
    found = []
    for first, last in gaps:
        grown = float(whole.values[int(np.searchsorted(edges, days.edges[first]))])
        if not np.isfinite(grown):
            lump = lumps[first - begin : last + 1 - begin]
            grown = float(np.nansum(lump)) if np.isfinite(lump).any() else np.nan
        if np.isfinite(grown):
            found.append((first, last, grown))
    return found


def _step(rows: Rollups) -> int:
    """About how far readings lie apart [ms]: a quarter-hour, unless covered quarter-hours hold no reading."""
    covered = np.count_nonzero(rows.coverage > _MOSTLY)
    read = np.count_nonzero((rows.count > 0) & (rows.coverage > _MOSTLY))
    return QUARTER_MS if not read else QUARTER_MS * max(1, round(covered / read))


def _stretches(mask: Bools) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]
