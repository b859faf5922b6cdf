"""Rolling many series at once: laid one behind the other on one line of time, they are computed as one.

To numpy ten readings are as dear as a thousand: a series by itself takes the better part of a millisecond however few
windows of it were touched, and a city has three million series. On the line each has a stretch of its own, so far from
the next that no value holds into it and no reading there tells how often this one is read; so the rows are those of
`storage.rollup.rolled`, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from storage.aggregation import window_of
from storage.closed import RowsAround
from storage.rollup import NEVER_CLOSED, REACH_MS, ReadAround, holds_of, kind_of, near, rolled, rows_of, select, spread
from storage.store import ROLLUP_MS, Rollups, Series, Times, Values
from telemetry import Kind

_LONG_MS: Final = 86_400_000
"""Windows that lie further apart are better rolled by themselves [ms]."""

_READINGS: Final = 20_000
"""So many are on one line, which takes 10 MB; more on one would hardly be quicker."""


class Wanted(NamedTuple):
    """A series to be rolled; see `storage.rollup.rolled`, whose parameters these are."""

    series: Series
    read_around: ReadAround
    touched: Times
    rows_around: RowsAround | None = None


def rolled_abreast(wanted: Sequence[Wanted], horizon: int = NEVER_CLOSED) -> Iterator[tuple[int, Times, Rollups]]:
    """Compute what touched windows of many series have become, as `storage.rollup.rolled` does of each.

    Yields
    ------
    tuple
        Place of the series in `wanted`; windows to be replaced; rows to stand there.
    """
    alone = []
    for kind in Kind:
        fit = [place for place, each in enumerate(wanted) if kind_of(each.series) is kind]
        # The states of one are not the states of another.
        together = [] if kind is Kind.STATE else [place for place in fit if _close(wanted[place].touched)]
        alone += sorted({*fit} - {*together})
        for places, times in _lines(wanted, together):
            done, left = _rolled_as_one(wanted, places, times, horizon)
            yield from done
            alone += left
    for place in alone:
        each = wanted[place]
        for windows, rows in rolled(
            each.read_around, each.series, each.touched, horizon=horizon, rows_around=each.rows_around
        ):
            yield place, windows, rows


def _close(touched: Times) -> bool:
    return bool(touched[-1] - touched[0] < _LONG_MS and (len(touched) < 2 or np.diff(touched).max() <= 2 * REACH_MS))


def _lines(wanted: Sequence[Wanted], places: list[int]) -> Iterator[tuple[list[int], list[Times]]]:
    """Series that are laid on one line, and the times of their readings beside touched windows [ms]."""
    line: list[int] = []
    times: list[Times] = []
    readings = 0
    for place in places:
        series, read_around, touched, _ = wanted[place]
        found, _ = near(read_around, series, int(touched[0]), int(touched[-1]) + ROLLUP_MS)
        if line and readings + len(found) > _READINGS:
            yield line, times
            line, times, readings = [], [], 0
        line.append(place)
        times.append(found)
        readings += len(found)
    if line:
        yield line, times


class _Line:
    """Times of several series, one behind the other.

    Parameters
    ----------
    times
        Of the readings of each series [ms].
    windows
        Of each series, those that matter [ms], not empty.

    Attributes
    ----------
    times
        Of all, on the line [ms].
    bounds
        Where the readings of each series begin, and the last ones end, shape (series + 1,).
    """

    def __init__(self, times: Sequence[Times], windows: Sequence[Times]) -> None:
        ends = [each[[0, -1]] for each in (*times, *windows) if len(each)]
        low, high = int(min(each[0] for each in ends)), int(max(each[1] for each in ends))
        self._origin = int(window_of(np.array([low]), ROLLUP_MS)[0]) - 2 * REACH_MS
        self._length = (high - self._origin + 6 * REACH_MS) // ROLLUP_MS * ROLLUP_MS
        self.bounds = np.cumsum([0, *(len(each) for each in times)])
        self.times = self.laid(times)

    def laid(self, times: Sequence[Times]) -> Times:
        """Times of each series, on the line."""
        return np.concatenate([each + place * self._length for place, each in enumerate(times)])

    def of_each(self, times: Times) -> list[tuple[slice, int]]:
        """Which of some times on the line are each series', and what they are shifted by [ms]."""
        shifts = np.arange(len(self.bounds)) * self._length
        cuts = np.searchsorted(times, shifts + self._origin).tolist()
        return [(slice(*cuts[place : place + 2]), place * self._length) for place in range(len(cuts) - 1)]

    def parted(self) -> npt.NDArray[np.bool_]:
        """Which steps lead from one series to the next, shape (readings - 1,)."""
        owner = np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))
        return np.asarray(owner[1:] != owner[:-1])


def _rolled_as_one(
    wanted: Sequence[Wanted], places: list[int], beside: list[Times], horizon: int
) -> tuple[Iterator[tuple[int, Times, Rollups]], list[int]]:
    """What `rolled_abreast` yields, and the places of those that have something to do with closed windows."""
    found: list[tuple[int, Times, Times, Values]] = []
    left: list[int] = []
    for place, windows in zip(places, _windows([wanted[place].touched for place in places], beside), strict=True):
        each = wanted[place]
        times, values = near(each.read_around, each.series, int(windows[0]), int(windows[-1]) + ROLLUP_MS)
        before = times[0] if len(times) and times[0] < windows[0] else NEVER_CLOSED
        if each.rows_around is not None and before < horizon:
            left.append(place)
        else:
            found.append((place, windows, times, values))
    if not found:
        return iter(()), left
    line = _Line([times for _, _, times, _ in found], [windows for _, windows, _, _ in found])
    windows = line.laid([windows for _, windows, _, _ in found])
    rows = rows_of(
        wanted[found[0][0]].series, line.times, np.concatenate([values for *_, values in found]),
        int(windows[0]), int(windows[-1]) + ROLLUP_MS, holds_of(line.times), line.parted(),
    )  # fmt: skip
    rows = select(rows, np.isin(rows.start, windows))
    each_own = zip(found, line.of_each(rows.start), strict=True)
    return ((place, own, _part(rows, wanted[place].series, *where)) for (place, own, _, _), where in each_own), left


def _windows(touched: list[Times], times: list[Times]) -> list[Times]:
    """Windows that change with the touched ones, of each series; see `storage.rollup.spread`."""
    line, sizes = _Line(times, touched), [len(own) for own in touched]
    begin, end = np.repeat(line.bounds[:-1], sizes), np.repeat(line.bounds[1:], sizes)
    windows = spread(line.times, line.laid(touched), begin, end)
    return [windows[part] - shift for part, shift in line.of_each(windows)]


def _part(rows: Rollups, series: Series, part: slice, shift: int) -> Rollups:
    """Rows of one series, from those of all."""
    return Rollups(
        series, rows.start[part] - shift, rows.count[part], rows.first[part], rows.last[part], rows.low[part],
        rows.high[part], rows.mean[part], rows.increase[part], rows.coverage[part],
    )  # fmt: skip
