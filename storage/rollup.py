"""Roll-ups: what a quarter-hour of a series was, in a few numbers, and which quarter-hours a change touches.

An engine keeps the rows and the list of touched windows; what they hold is computed here, from `Store.read_around`, so
that both engines hold the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from storage.aggregation import aggregate, cut, held_until, increase, window_of
from storage.closed import RowsAround, Seams, Standing, amended, seams
from storage.store import ROLLUP_MS, Aggregate, Rollups, Series, Times, Values
from telemetry import CHANNELS, Kind

ReadAround = Callable[[Series, int, int], tuple[Times, Values]]
"""`Store.read_around`, or a part of a transaction that does the same."""

HOLD_STEPS: Final = 2.5
"""A value of a roll-up holds for so many of its series' own steps: one lost reading is bridged, two are a gap."""

REACH_MS: Final = 10_800_000
"""A value holds for three hours at most, however rare its series' readings are [ms]."""

_CADENCES: Final = np.array([
    100, 200, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
    1_800_000, 3_600_000,
])  # fmt: skip
_LEAST_HOLD_MS: Final = 10_000
NEAR_MS: Final = 1_800_000
"""Readings so near to a touched window tell how often its series is read [ms]."""

FAR_MS: Final = 2 * REACH_MS
"""Where fewer than `_ENOUGH` are near, those so far beyond tell it [ms]: longer than any value holds."""

_ENOUGH: Final = 4

_RUN_MS: Final = 10 * 86_400_000

NEVER_CLOSED: Final = -(2**62)
"""Before every window [ms]."""


def kind_of(series: Series) -> Kind:
    """Gauge, counter or state; a channel that the registry does not know is a gauge."""
    known = CHANNELS.get(series.channel)
    return Kind.GAUGE if known is None else known.kind


def hold_of(times: Times) -> int:
    """How long a value holds [ms], from the median step of readings, snapped to a cadence that gateways are set to.

    Snapped, because the jitter of one hour must not give other coverages than that of the next. It is an estimate from
    the readings around the windows that are rolled: where a series changes how often it is read, the coverage of the
    windows there, and how a step between two of them is divided, depends on which of them were rolled together. Of a
    counter, such a step may so be counted once more or less, in part: its later window, rolled again beside others,
    divides it otherwise than the earlier one had. Read at one pace, whatever gaps there are, no step is.
    """
    if len(times) < 2:
        return ROLLUP_MS
    step = float(np.median(np.diff(times)))
    cadence = int(_CADENCES[np.argmin(np.abs(np.log(_CADENCES / step)))])
    return min(max(round(HOLD_STEPS * cadence), _LEAST_HOLD_MS), REACH_MS)


def hold_near(read_around: ReadAround, series: Series, times: Times, start: int, end: int) -> int:
    """How long a value holds in a range and what lies near [ms]; `times` are what `read_around` has of it.

    A few readings beside a gap do not tell how often their series is read: those of some hours around do. Else the gap
    would count as a step between two readings while it is young, and not when there are more.
    """
    near = times[(times >= start) & (times < end)]
    if len(near) < _ENOUGH:
        wide, _ = read_around(series, start - FAR_MS, end + FAR_MS)
        near = wide[(wide >= start - FAR_MS) & (wide < end + FAR_MS)]
    return hold_of(near if len(near) >= _ENOUGH else times)


def rolled(
    read_around: ReadAround,
    series: Series,
    touched: Times,
    *,
    horizon: int = NEVER_CLOSED,
    rows_around: RowsAround | None = None,
) -> Iterator[tuple[Times, Rollups]]:
    """Compute what touched windows of one series have become, and those that change with them.

    Parameters
    ----------
    touched
        Starts of windows in which readings were added, changed or deleted [ms], rising, shape (windows,).
    horizon
        Only windows that start before this time may be closed [ms].
    rows_around
        The rows as they stand, asked for where readings may have been deleted. `storage.closed` says what becomes of
        the windows beside these; without it every window is computed from the readings that are there.

    Yields
    ------
    tuple
        Windows to be replaced, rising, shape (windows,): what stands there now is to be deleted; and the rows to
        stand there, for those of them that are covered. All of them belong into one change of the store.
    """
    breaks = np.flatnonzero(np.diff(touched) > 2 * REACH_MS) + 1
    done = np.zeros(0, np.int64)
    made: list[Rollups] = []
    around: Standing | None = None
    for run in np.split(touched, breaks):
        for begin in range(int(run[0]), int(run[-1]) + 1, _RUN_MS):
            part = run[(run >= begin) & (run < begin + _RUN_MS)]
            if not len(part):
                continue
            windows, rows, standing = _run(read_around, series, part, horizon, rows_around)
            # A window that changes with several parts is replaced once: with the part that it was touched in.
            own = windows[np.isin(windows, part) | ~(np.isin(windows, touched) | np.isin(windows, done))]
            done = np.union1d(done, own)
            rows = select(rows, np.isin(rows.start, own))
            yield own, rows
            if kind_of(series) is Kind.COUNTER and len(own) and own[0] < horizon:
                made.append(rows)
                around = standing
    if made and rows_around is not None:
        if around is None or len(made) > 1:
            around = rows_around(series, int(done[0]), int(done[-1]) + ROLLUP_MS)
        others = amended(around, done, made)
        if len(others.start):
            yield others.start, others


def _run(
    read_around: ReadAround, series: Series, touched: Times, horizon: int, rows_around: RowsAround | None
) -> tuple[Times, Rollups, Standing | None]:
    first, last = int(touched[0]) - NEAR_MS, int(touched[-1]) + ROLLUP_MS + NEAR_MS
    times, values = read_around(series, first, last)
    hold_ms = hold_near(read_around, series, times, first, last)
    joint, standing = None, None
    if rows_around is not None and (times[0] if len(times) and times[0] < first else NEVER_CLOSED) < horizon:
        times, values, standing, joint = _joined(read_around, rows_around, series, touched)
    windows = spread(times, touched)
    if joint is not None:
        windows = windows[~np.isin(windows, joint.frozen)]
    if not len(windows):
        return windows, empty(series), standing
    start, end = int(windows[0]), int(windows[-1]) + ROLLUP_MS
    if joint is None and (start < first or end > last):
        times, values = read_around(series, start, end)
    rows = rows_of(series, times, values, start, end, hold_ms)
    if joint is not None and kind_of(series) is Kind.COUNTER:
        rows = _counted(rows, times, values, joint, start, end, hold_ms)
    return windows, select(rows, np.isin(rows.start, windows)), standing


def _joined(
    read_around: ReadAround, rows_around: RowsAround, series: Series, touched: Times
) -> tuple[Times, Values, Standing, Seams]:
    """Readings around touched windows, whole windows of them, and where they meet what was deleted.

    As far again as touched windows reach: what changes with them must be seen to be computable.
    """
    start, end = int(touched[0]) - 2 * REACH_MS, int(touched[-1]) + ROLLUP_MS + 2 * REACH_MS
    times, _ = read_around(series, start, end)
    if len(times):
        first, last = window_of(times[[0, -1]], ROLLUP_MS).tolist()
        start, end = min(start, first), max(end, last + ROLLUP_MS)
    times, values = read_around(series, start, end)
    standing = rows_around(series, start, end)
    return times, values, standing, seams(times, values, start, end, standing)


def _counted(rows: Rollups, times: Times, values: Values, joint: Seams, start: int, end: int, hold_ms: int) -> Rollups:
    """Rows of a counter with what it grew beside deleted readings."""
    found, grown = increase(times, values, start, end, ROLLUP_MS, hold_ms=hold_ms, broken=joint.broken)
    column = np.full(len(rows.start), np.nan)
    column[np.searchsorted(rows.start, found)] = grown
    here = np.isin(joint.windows, rows.start)
    place = np.searchsorted(rows.start, joint.windows[here])
    column[place] = np.nan_to_num(column[place]) + joint.entries[here]
    return replace(rows, increase=column)


def spread(times: Times, touched: Times) -> Times:
    """Windows whose rows depend on readings of touched windows, rising, shape (windows,).

    From the window of the reading before a touched window (its value held until the touched window's first reading) to
    the window of the reading after it (whose step begins with the touched window's last reading). In between lie
    windows without readings; those further than `REACH_MS` away are reached by no value.
    """
    before = np.searchsorted(times, touched) - 1
    after = np.searchsorted(times, touched + ROLLUP_MS)
    reach = REACH_MS // ROLLUP_MS * ROLLUP_MS
    low, high = touched.copy(), touched + reach
    has = before >= 0
    low[has] = np.maximum(window_of(times[before[has]], ROLLUP_MS), touched[has] - reach)
    has = after < len(times)
    following = window_of(times[after[has]], ROLLUP_MS)
    high[has] = np.minimum(following, touched[has] + reach)
    count = (high - low) // ROLLUP_MS + 1
    nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    # A step longer than any value holds still belongs to the window of its later reading, however far that is.
    return np.unique(np.concatenate([np.repeat(low, count) + nth * ROLLUP_MS, following]))


def rows_of(
    series: Series, times: Times, values: Values, start: int, end: int, hold_ms: int, modulus: float | None = None
) -> Rollups:
    """The covered windows of a range, from readings as `Store.read_around` returns them.

    Parameters
    ----------
    start, end
        Of the range [ms]; of a window that they cut, the part within it counts.
    hold_ms
        How long a value holds [ms].
    """
    kind = kind_of(series)
    pieces = cut(times, held_until(times, hold_ms), start, end, ROLLUP_MS)
    first, last = np.searchsorted(times, (start, end))
    windows = np.unique(np.concatenate([pieces.window, window_of(times[first:last], ROLLUP_MS)]))
    rows = empty(series, windows)
    place = np.searchsorted(windows, pieces.window)
    covered = np.bincount(place, weights=pieces.length, minlength=len(windows))
    rows = replace(rows, coverage=covered / ROLLUP_MS)

    def put(how: Aggregate) -> Values:
        found, result = aggregate(times, values, start, end, ROLLUP_MS, how, hold_ms=hold_ms, modulus=modulus)
        column = np.full(len(windows), 0.0 if how is Aggregate.COUNT else np.nan)
        # Every window that has a value is covered, so it is among `windows`.
        column[np.searchsorted(windows, found)] = result
        return column

    rows = replace(
        rows,
        count=put(Aggregate.COUNT).astype(np.int64),
        first=put(Aggregate.FIRST),
        last=put(Aggregate.LAST),
        low=put(Aggregate.MIN),
        high=put(Aggregate.MAX),
    )
    if kind is Kind.COUNTER:
        return replace(rows, increase=put(Aggregate.INCREASE))
    if kind is Kind.GAUGE:
        return replace(rows, mean=put(Aggregate.TIME_MEAN))
    seconds = pieces.length / 1000.0
    state = values[pieces.source]
    return replace(
        rows,
        states={
            each: np.bincount(place[state == each], seconds[state == each], len(windows)).astype(np.float64)
            for each in np.unique(state).tolist()
        },
    )


def empty(series: Series, windows: Times | None = None) -> Rollups:
    """Rows of windows [ms] of which nothing is known yet; without windows, no rows."""
    start = np.zeros(0, np.int64) if windows is None else windows
    unknown = np.full(len(start), np.nan)
    nothing = np.zeros(len(start))
    count = np.zeros(len(start), np.int64)
    return Rollups(series, start, count, unknown, unknown, unknown, unknown, unknown, unknown, nothing)


def select(rows: Rollups, mask: npt.NDArray[np.bool_]) -> Rollups:
    """Those rows for which the mask, shape (windows,), is true; states that none of them was in are left out."""
    states = {state: seconds[mask] for state, seconds in rows.states.items() if seconds[mask].any()}
    return replace(
        rows,
        start=rows.start[mask],
        count=rows.count[mask],
        first=rows.first[mask],
        last=rows.last[mask],
        low=rows.low[mask],
        high=rows.high[mask],
        mean=rows.mean[mask],
        increase=rows.increase[mask],
        coverage=rows.coverage[mask],
        states=states,
    )
