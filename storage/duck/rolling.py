"""Rolling up in a DuckDB file: many series at a time, because a statement costs more than its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import duckdb
import numpy as np

from storage.abreast import Wanted, rolled_abreast
from storage.closed import RowsAround
from storage.duck.newest import Ids, Newest
from storage.duck.reading import Points, around
from storage.duck.rollups import Changed, Pairs, rows_around
from storage.rollup import FAR_MS, NEAR_MS
from storage.store import ROLLUP_MS, Series

_BLOCK_MS: Final = 86_400_000
_GROUP: Final = 1_200
"""Windows whose readings are in memory at once: 25 MB where there is a reading a second."""

_CONTEXT: Final = 5
_MARGIN_MS: Final = 2 * NEAR_MS + 600_000
_WIDE_MS: Final = 2 * FAR_MS
_FEW: Final = 12
"""A series that has no more readings in a margin's time is looked at further around its windows."""


def groups(pairs: Pairs) -> Iterator[Pairs]:
    """Split touched windows into what is worked off at once: series by series, some windows of one day."""
    ids, starts = pairs
    days = starts // _BLOCK_MS
    for day in np.unique(days).tolist():
        of_day = days == day
        order = np.lexsort((starts[of_day], ids[of_day]))
        here, windows = ids[of_day][order], starts[of_day][order]
        # Every series costs the readings around its windows too; a series is never split.
        new = np.concatenate(([True], here[1:] != here[:-1]))
        cost, first = np.cumsum(1 + _CONTEXT * new), np.flatnonzero(new)
        cuts = first[1:][np.diff(cost[first] // _GROUP) > 0]
        yield from zip(np.split(here, cuts), np.split(windows, cuts), strict=True)


def compute(cursor: duckdb.DuckDBPyConnection, group: Pairs, newest: Newest, horizon: int) -> list[Changed]:
    """What a group's windows, and those that change with them, have become; closed ones without readings stay."""
    ids, starts = group
    numbers, first = np.unique(ids, return_index=True)
    readings = _Readings(cursor, numbers, int(starts.min()), int(starts.max()) + ROLLUP_MS, newest)

    def standing(number: int) -> RowsAround:
        return lambda series, start, end: rows_around(cursor, series, number, start, end)

    wanted = [
        Wanted(newest.name(number), readings.of(number), windows, standing(number))
        for number, windows in zip(numbers.tolist(), np.split(starts, first[1:]), strict=True)
    ]
    found = rolled_abreast(wanted, horizon)
    return [Changed(int(numbers[place]), windows, rows) for place, windows, rows in found if len(windows)]


class _Readings:
    """Readings of many series around a range, from one query, or two; what lies beyond is asked for one by one."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        numbers: Ids,
        start: int,
        end: int,
        newest: Newest,
        margin_ms: int = _MARGIN_MS,
    ) -> None:
        self._cursor = cursor
        self._newest = newest
        self._range = start, end
        self._margin_ms = margin_ms
        self._wider: _Readings | None = None
        self._start, self._end = start - margin_ms, end + margin_ms
        self._few = _FEW * (self._end - self._start) // margin_ms
        cursor.register("wanted", {"series_id": numbers})
        span = f"time >= {self._start} AND time < {self._end}"
        found = cursor.execute(
            f"SELECT series_id, time, value FROM readings WHERE {span} AND series_id IN (FROM wanted)"  # noqa: S608 - integers
        ).fetchnumpy()
        order = np.lexsort((found["time"], found["series_id"]))
        # Each column is let go of when it has been sorted: there may be a million rows.
        ids = np.asarray(found.pop("series_id"))[order]
        self._times = np.asarray(found.pop("time"), np.int64)[order]
        self._values = np.asarray(found.pop("value"), np.float64)[order]
        self._bounds = {
            number: (int(first), int(last))
            for number, first, last in zip(
                numbers.tolist(), np.searchsorted(ids, numbers), np.searchsorted(ids, numbers, "right"), strict=True
            )
        }

    def of(self, number: int) -> Callable[[Series, int, int], Points]:
        """`Store.read_around` of one series."""
        first, last = self._bounds[number]
        times, values = self._times[first:last], self._values[first:last]

        def read(series: Series, start: int, end: int) -> Points:
            begin, until = int(np.searchsorted(times, start)), int(np.searchsorted(times, end))
            all_read = self._newest.time(number) < self._end
            ended = all_read or (end <= self._end and until < len(times))
            if self._start <= start and begin > 0 and ended:
                return times[begin - 1 : until + 1], values[begin - 1 : until + 1]
            if last - first <= self._few and self._margin_ms < _WIDE_MS:
                return self._further().of(number)(series, start, end)
            return around(self._cursor, number, start, end)

        return read

    def _further(self) -> _Readings:
        """Those series that have few readings here, with what lies further around."""
        if self._wider is None:
            few = [number for number, (first, last) in self._bounds.items() if last - first <= self._few]
            numbers = np.array(few, np.int32)
            self._wider = _Readings(self._cursor, numbers, *self._range, self._newest, _WIDE_MS)
        return self._wider
