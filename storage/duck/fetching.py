"""Readings of many series around touched windows, fetched together: a query costs a look at every row of its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import duckdb
import numpy as np

from storage.duck.newest import Ids
from storage.duck.reading import Points, around
from storage.rollup import CLOSE_MS, FAR_MS, NEAR_MS
from storage.store import ROLLUP_MS, Series, Times, Values

_MARGINS: Final = (ROLLUP_MS + CLOSE_MS + 100_000, 2 * NEAR_MS + 600_000, 2 * FAR_MS)
"""How far around touched windows is looked at first, then, at last [ms]; further reaches only what retention closed."""

_SPARSE: Final = 10
"""A series that does not have so many readings in a margin's time, evenly, is likely to be asked for further ones."""

_DENSE: Final = 0.8
"""From so many of a range of numbers on, all of it are fetched: to compare is quicker than to look up."""

_SMALL: Final = 65_536


class Columns(NamedTuple):
    """Readings by series and time: whose they are, times [ms] and values, each of shape (readings,)."""

    ids: Ids
    times: Times
    values: Values


class Fetched:
    """Readings of many series around a range; what lies further around is fetched together too, once it is asked for.

    Parameters
    ----------
    numbers
        The series, rising, shape (series,).
    newest
        When each was read last [ms], as was known before the query, shape (series,).
    span
        The range [ms].
    columns
        What `fetch` found in the margin of `level` around it; above the last level, with the readings beside that.
    room
        Readings that may be fetched together for several series.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        numbers: Ids,
        newest: Times,
        span: tuple[int, int],
        columns: Columns,
        *,
        room: int,
        level: int = 0,
    ) -> None:
        self._cursor, self._numbers, self._newest, self._span = cursor, numbers, newest, span
        self._columns, self._room, self._level = columns, room, level
        self._start, self._end = margin_around(span, level)
        self._bounds = columns.ids.searchsorted(numbers), columns.ids.searchsorted(numbers, "right")
        self._places = {number: place for place, number in enumerate(numbers.tolist())}
        self._wider: Fetched | None = None

    def __contains__(self, number: int) -> bool:
        """Whether a series is one of these."""
        return number in self._places

    def of(self, number: int) -> Callable[[Series, int, int], Points]:
        """`Store.read_around` of one of the series."""
        place = self._places[number]
        part = slice(*(int(bounds[place]) for bounds in self._bounds))
        times, values = self._columns.times[part], self._columns.values[part]
        complete = self._level == len(_MARGINS)
        all_read = int(self._newest[place]) < self._end

        def read(series: Series, start: int, end: int) -> Points:
            begin, until = int(times.searchsorted(start)), int(times.searchsorted(end))
            begun = begin > 0 or (complete and self._start <= start)
            ended = until < len(times) or all_read or (complete and end <= self._end)
            if begun and ended:
                return times[max(begin - 1, 0) : until + 1], values[max(begin - 1, 0) : until + 1]
            if complete:
                return around(self._cursor, number, start, end)
            return self._further(number)(series, start, end)

        return read

    def _further(self, number: int) -> Callable[[Series, int, int], Points]:
        """`of` a series with what lies further around; others that will want it too are fetched with it."""
        if self._wider is None or number not in self._wider:
            self._wider = None
            last = self._level + 1 == len(_MARGINS)
            self._wider = self._with_those_beside() if last else self._fetch_wider(number)
        return self._wider.of(number)

    def _fetch_wider(self, number: int) -> Fetched:
        place = self._places[number]
        places = self._sparse()
        places = np.append(place, places[places > place])
        low, high = margin_around(self._span, self._level + 1)
        sizes = (self._bounds[1] - self._bounds[0])[places] + 1
        reckoned = np.cumsum(sizes) * ((high - low) / (self._end - self._start))
        count = max(int(np.searchsorted(reckoned, self._room)), 1)
        while True:
            some = places[:count]
            columns = fetch(self._cursor, self._numbers[some], low, high, self._room)
            if columns is not None:
                numbers, newest = self._numbers[some], self._newest[some]
                return Fetched(
                    self._cursor, numbers, newest, self._span, columns, room=self._room, level=self._level + 1
                )
            count = max(count // 4, 1)

    def _sparse(self) -> Times:
        """Places of series that will want what lies further around, rising: read rarely, or not all the time."""
        first, last = self._bounds
        step = _MARGINS[self._level] // _SPARSE
        some = np.flatnonzero(last > first)
        begin, end = first[some], last[some]
        times = self._columns.times
        steps = np.append(np.diff(times), 0)
        steps[end - 1] = 0
        late = times[begin] > self._start + step
        early = (times[end - 1] < self._end - step) & (self._newest[some] >= self._end)
        sparse = last == first
        sparse[some] = late | early | (np.maximum.reduceat(steps, begin) > step if len(some) else False)
        return np.flatnonzero(sparse)

    def _with_those_beside(self) -> Fetched:
        """With the last reading before and the first one behind what is here."""
        before = _nearest(self._cursor, self._numbers, f"time < {self._start}", "max")
        later = self._numbers[self._newest >= self._end]
        after = _nearest(self._cursor, later, f"time >= {self._end}", "min")
        parts = before, self._columns, after
        columns = _by_series(
            np.concatenate([each.ids for each in parts]),
            np.concatenate([each.times for each in parts]),
            np.concatenate([each.values for each in parts]),
        )
        return Fetched(
            self._cursor, self._numbers, self._newest, self._span, columns, room=self._room, level=len(_MARGINS)
        )


def margin_around(span: tuple[int, int], level: int) -> tuple[int, int]:
    """The range that is looked at for a range, on a level [ms]."""
    margin = _MARGINS[min(level, len(_MARGINS) - 1)]
    return span[0] - margin, span[1] + margin


def fetch(cursor: duckdb.DuckDBPyConnection, numbers: Ids, start: int, end: int, room: int) -> Columns | None:
    """Readings of some series in a range; None where several series have more than there is room for."""
    limit = f" LIMIT {room + 1}" if len(numbers) > 1 else ""
    found = cursor.execute(
        f"SELECT series_id, time, value FROM readings WHERE time >= {start} AND time < {end}"  # noqa: S608 - integers
        f" AND {_those(cursor, numbers)}{limit}"
    ).fetchnumpy()
    if limit and len(found["time"]) > room:
        return None
    return _by_series(found.pop("series_id"), found.pop("time"), found.pop("value"))


def _nearest(cursor: duckdb.DuckDBPyConnection, numbers: Ids, where: str, extreme: str) -> Columns:
    """The last readings, or the first ones, of some series of those that fulfil a condition."""
    if not len(numbers):
        return Columns(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0))
    ids, times, values = cursor.execute(
        f"SELECT series_id, {extreme}(time), arg_{extreme}(value, time) FROM readings"  # noqa: S608 - our own words
        f" WHERE {where} AND {_those(cursor, numbers)} GROUP BY series_id"
    ).fetchnumpy().values()  # fmt: skip
    return Columns(np.asarray(ids, np.int32), np.asarray(times, np.int64), np.asarray(values, np.float64))


def _those(cursor: duckdb.DuckDBPyConnection, numbers: Ids) -> str:
    """A condition that these series fulfil, and few others."""
    low, high = int(numbers[0]), int(numbers[-1])
    between = f"series_id BETWEEN {low} AND {high}"
    if len(numbers) >= _DENSE * (high - low + 1):
        return between
    cursor.register("wanted", {"series_id": numbers})
    return f"{between} AND series_id IN (FROM wanted)"


def _by_series(ids: Ids, times: Times, values: Values) -> Columns:
    """Sort by series and time."""
    ids, times, values = np.asarray(ids, np.int32), np.asarray(times, np.int64), np.asarray(values, np.float64)
    own = ids - ids.min() if len(ids) else ids
    # Numpy sorts small numbers by their digits; and mostly all lies in the order of time.
    order = np.argsort(own.astype(np.uint16) if len(own) and own.max() < _SMALL else own, kind="stable")
    ids, times = ids[order], times[order]
    if not ((np.diff(times) > 0) | (np.diff(ids) != 0)).all():
        again = np.lexsort((times, ids))
        order, times = order[again], times[again]
    return Columns(ids, times, values[order])
