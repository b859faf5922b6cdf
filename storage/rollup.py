"""Roll-ups: what a quarter-hour of a series was, in a few numbers, and which quarter-hours a change touches.

An engine keeps the rows and the list of touched windows; what they hold is computed here, from `Store.read_around`, so
that both engines hold the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from storage.aggregation import aggregate, cut, held_until, increase, time_mean, window_of
from storage.closed import RowsAround, Seams, Standing, amended, seams
from storage.store import HOLD_MS, ROLLUP_MS, Aggregate, Rollups, Series, Times, Values
from telemetry import CHANNELS, Kind

ReadAround = Callable[[Series, int, int], tuple[Times, Values]]
"""`Store.read_around`, or a part of a transaction that does the same."""

HOLD_STEPS: Final = 2.5
"""A value of a roll-up holds for so many of its series' own steps: one lost reading is bridged, two are a gap."""

REACH_MS: Final = 10_800_000
"""Steps so near to a reading tell how often its series is read there, and no value holds for longer [ms]."""

BESIDE_MS: Final = 3 * REACH_MS
"""Readings so far from a window may have a say in its row: of one that holds into it, they tell how long [ms]."""

_CADENCES: Final = np.array([
    100, 200, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
    1_800_000, 3_600_000,
])  # fmt: skip
_MIDDLES: Final = np.sqrt(_CADENCES[1:] * _CADENCES[:-1])
_LEAST_HOLD_MS: Final = 10_000
_BESIDE: Final = 4
"""So many steps on both sides of a reading's own tell how often its series is read there."""

_HOLDS_AT_ONCE: Final = 10_000
CLOSE_MS: Final = 600_000
NEAR_MS: Final = 1_800_000
"""Readings so near to a range tell all that its rows hang on where there is one a minute, or every three [ms]."""

FAR_MS: Final = 2 * REACH_MS
"""Readings so near to it always do [ms]."""

_RUN_MS: Final = 10 * 86_400_000

NEVER_CLOSED: Final = -(2**62)
"""Before every window [ms]."""


def kind_of(series: Series) -> Kind:
    """Gauge, counter or state; a channel that the registry does not know is a gauge."""
    known = CHANNELS.get(series.channel)
    return Kind.GAUGE if known is None else known.kind


def holds_of(times: Times) -> Times:
    """How long each value holds [ms], shape (readings,): two and a half of its series' steps around it.

    It hangs on nothing but the readings beside it, so a row is the same whatever is rolled together with it, and a step
    between two windows is divided by both alike. Of the steps within `REACH_MS`, its own and `_BESIDE` on both sides,
    the median counts, snapped to a cadence that gateways are set to: a few steps beside a gap, or jitter, must not give
    other coverages than those of the next hour. A reading that has none near holds for a quarter-hour.

    Parameters
    ----------
    times
        Of readings [ms], rising; those that have `_BESIDE` + 1 others on both sides, or none further within `REACH_MS`,
        hold as they do among all readings of their series.
    """
    parts = [_holds(times, first) for first in range(0, len(times), _HOLDS_AT_ONCE)]
    return np.concatenate(parts) if parts else times


def _holds(times: Times, first: int) -> Times:
    """`holds_of` some readings from `first` on."""
    last = min(first + _HOLDS_AT_ONCE, len(times))
    own = np.arange(first, last)[:, None]
    begin = own + np.arange(-_BESIDE, _BESIDE + 1)
    here = (begin >= 0) & (begin + 1 < len(times))
    since, until = (times[np.clip(place, 0, len(times) - 1)] for place in (begin, begin + 1))
    here &= (since >= times[own] - REACH_MS) & (until <= times[own] + REACH_MS)
    steps = np.sort(np.where(here, until - since, 2 * REACH_MS), axis=1)
    known = np.count_nonzero(here, axis=1)
    middle = steps[np.arange(last - first), np.maximum(known - 1, 0) // 2]
    hold = np.maximum(HOLD_STEPS * _CADENCES[np.searchsorted(_MIDDLES, middle)], _LEAST_HOLD_MS)
    return np.where(known > 0, np.round(hold).astype(np.int64), ROLLUP_MS)


def near(
    read_around: ReadAround, series: Series, start: int, end: int, reaches: Sequence[int] = (CLOSE_MS, NEAR_MS)
) -> tuple[Times, Values]:
    """Readings of a range, and so many around it that all that reach into it hold as `holds_of` says.

    `reaches` says how far around it is looked [ms], one after the other; where none does, it is `FAR_MS`.
    """
    for reach in reaches:
        begin, until = start - reach, end + reach
        times, values = read_around(series, begin, until)
        first, last = times.searchsorted((start, end)).tolist()
        # Enough of them, or none further away, or the nearest are too far to tell anything.
        before = first > _BESIDE + 1 or not first or times[0] >= begin or times[first - 1] + REACH_MS < start
        after = len(times) - last > _BESIDE or not last or times[-1] < until or times[last - 1] + REACH_MS < until
        if before and after:
            return times, values
    return read_around(series, start - FAR_MS, end + FAR_MS)


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
    times, values = near(read_around, series, int(touched[0]), int(touched[-1]) + ROLLUP_MS)
    windows = spread(times, touched)
    start, end = int(windows[0]), int(windows[-1]) + ROLLUP_MS
    times, values = around, _ = near(read_around, series, start, end)
    joint, standing = None, None
    if rows_around is not None and (times[0] if len(times) and times[0] < start else NEVER_CLOSED) < horizon:
        times, values, standing, joint = _joined(read_around, rows_around, series, touched)
        windows = spread(times, touched)
        windows = windows[~np.isin(windows, joint.frozen)]
        if not len(windows):
            return windows, empty(series), standing
        start, end = int(windows[0]), int(windows[-1]) + ROLLUP_MS
        around, _ = near(read_around, series, start, end)
    hold_ms = holds_of(around)
    if joint is not None:
        hold_ms = hold_ms[np.searchsorted(around, times).clip(max=len(around) - 1)]
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
    start, end = int(touched[0]) - BESIDE_MS, int(touched[-1]) + ROLLUP_MS + BESIDE_MS
    times, _ = read_around(series, start, end)
    if len(times):
        first, last = window_of(times[[0, -1]], ROLLUP_MS).tolist()
        start, end = min(start, first), max(end, last + ROLLUP_MS)
    times, values = read_around(series, start, end)
    standing = rows_around(series, start, end)
    return times, values, standing, seams(times, values, start, end, standing)


def _counted(
    rows: Rollups, times: Times, values: Values, joint: Seams, start: int, end: int, hold_ms: Times
) -> Rollups:
    """Rows of a counter with what it grew beside deleted readings."""
    found, grown = increase(times, values, start, end, ROLLUP_MS, hold_ms=hold_ms, broken=joint.broken)
    column = np.full(len(rows.start), np.nan)
    column[np.searchsorted(rows.start, found)] = grown
    here = np.isin(joint.windows, rows.start)
    place = np.searchsorted(rows.start, joint.windows[here])
    column[place] = np.nan_to_num(column[place]) + joint.entries[here]
    return replace(rows, increase=column)


def spread(times: Times, touched: Times, begin: Times | int = 0, end: Times | int | None = None) -> Times:
    """Windows whose rows depend on readings of touched windows, rising, shape (windows,).

    A reading has a say in how long those beside it hold: from the window of the first of these before a touched window
    to that in which the last one's step ends, or its value. In between lie windows without readings; those further than
    a value of which a touched window tells anything can hold are out of reach.

    Parameters
    ----------
    begin, end
        Which of the times are of a window's own series, from one place to before another, shape (windows,); else all.
    """
    reach = REACH_MS // ROLLUP_MS * ROLLUP_MS
    if not len(times):
        return touched
    final = len(times) - 1
    end = len(times) if end is None else end
    before = np.maximum(np.searchsorted(times, touched) - _BESIDE - 1, begin)
    low = np.maximum(window_of(times[np.minimum(before, final)], ROLLUP_MS), touched - reach)
    after = np.searchsorted(times, touched + ROLLUP_MS)
    beyond = times[np.maximum(np.asarray(end) - 1, 0)] + REACH_MS
    until = np.where(after + _BESIDE < end, times[np.minimum(after + _BESIDE, final)], beyond)
    high = np.minimum(window_of(until, ROLLUP_MS), touched + 2 * reach)
    any_read = np.asarray(begin) < end
    low = np.where(any_read, np.minimum(low, touched), touched)
    high = np.where(any_read, np.maximum(high, touched), touched)
    following = window_of(times[after[after < end]], ROLLUP_MS)
    count = (high - low) // ROLLUP_MS + 1
    nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    # A step longer than any value holds still belongs to the window of its later reading, however far that is.
    return np.unique(np.concatenate([np.repeat(low, count) + nth * ROLLUP_MS, following]))


def rows_of(
    series: Series,
    times: Times,
    values: Values,
    start: int,
    end: int,
    hold_ms: Times,
    parted: npt.NDArray[np.bool_] | None = None,
) -> Rollups:
    """The covered windows of a range, from readings as `near` returns them.

    Parameters
    ----------
    start, end
        Of the range [ms]; of a window that they cut, the part within it counts.
    hold_ms
        How long each value holds [ms], shape (readings,).
    parted
        See `storage.aggregation.increase`.
    """
    kind = kind_of(series)
    pieces = cut(times, held_until(times, hold_ms), start, end, ROLLUP_MS)
    first, last = np.searchsorted(times, (start, end))
    windows = np.unique(np.concatenate([pieces.window, window_of(times[first:last], ROLLUP_MS)]))
    rows = empty(series, windows)
    place = np.searchsorted(windows, pieces.window)
    covered = np.bincount(place, weights=pieces.length, minlength=len(windows))
    rows = replace(rows, coverage=covered / ROLLUP_MS)

    def column(found: tuple[Times, Values], otherwise: float = np.nan) -> Values:
        result = np.full(len(windows), otherwise)
        # Every window that has a value is covered, so it is among `windows`.
        result[np.searchsorted(windows, found[0])] = found[1]
        return result

    def put(how: Aggregate, otherwise: float = np.nan) -> Values:
        return column(aggregate(times, values, start, end, ROLLUP_MS, how, hold_ms=HOLD_MS), otherwise)

    rows = replace(
        rows,
        count=put(Aggregate.COUNT, 0.0).astype(np.int64),
        first=put(Aggregate.FIRST),
        last=put(Aggregate.LAST),
        low=put(Aggregate.MIN),
        high=put(Aggregate.MAX),
    )
    if kind is Kind.COUNTER:
        grown = increase(times, values, start, end, ROLLUP_MS, hold_ms=hold_ms, parted=parted)
        return replace(rows, increase=column(grown))
    if kind is Kind.GAUGE:
        return replace(rows, mean=column(time_mean(times, values, start, end, ROLLUP_MS, hold_ms=hold_ms)))
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
