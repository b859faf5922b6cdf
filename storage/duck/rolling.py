"""Rolling up in a DuckDB file: many series at a time, because a statement costs more than its rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

import duckdb
import numpy as np

from storage.abreast import Wanted, rolled_abreast
from storage.closed import RowsAround
from storage.duck.fetching import Fetched, fetch, margin_around
from storage.duck.newest import Ids, Newest
from storage.duck.rollups import Changed, Pairs, rows_around
from storage.store import ROLLUP_MS, Times

_BLOCK_MS: Final = 86_400_000
_CONTEXT: Final = 4
"""What lies around the windows of a series costs as much as so many windows."""

_FIRST_GROUP: Final = 300
"""Windows, contexts counted, of the first group: little memory where there is a reading a second."""

_LEAST_ROOM: Final = 300_000
_MOST_ROOM: Final = 3_000_000
"""Readings that are in memory at once: 15 to 150 MB. A group for each few of a city's series would mean that all there
is of the last hour is looked through ten thousand times; such a collector has room for as many as it has series."""

_PART: Final = 3_000
"""Windows that are put at once, for writers wait meanwhile."""


class Rolling:
    """Computes what touched windows have become, in groups as large as there is room for their readings."""

    def __init__(self) -> None:
        self._size = _FIRST_GROUP

    def changes(
        self, cursor: duckdb.DuckDBPyConnection, pairs: Pairs, newest: Newest, horizon: int
    ) -> Iterator[tuple[Pairs, list[Changed]]]:
        """What windows, and those that change with them, have become; closed ones without readings stay.

        Yields
        ------
        tuple
            Some windows, and all changes by them: to be put, and these taken off the list, in one transaction.
        """
        room = min(max(newest.size, _LEAST_ROOM), _MOST_ROOM)
        for ids, starts in _days(pairs):
            done = 0
            while done < len(ids):
                part = slice(done, _end_of_group(ids, done, self._size))
                readings = self._read(cursor, (ids[part], starts[part]), newest, room)
                if readings is not None:
                    yield from _changes(cursor, (ids[part], starts[part]), readings, newest, horizon)
                    done = part.stop

    def _read(self, cursor: duckdb.DuckDBPyConnection, group: Pairs, newest: Newest, room: int) -> Fetched | None:
        """Readings around a group's windows, None where there is no room for them; how large groups are is adapted."""
        ids, starts = group
        numbers = ids[np.append(True, ids[1:] != ids[:-1])]
        size = len(ids) + _CONTEXT * len(numbers)
        span = int(starts.min()), int(starts.max()) + ROLLUP_MS
        times = newest.times(numbers)
        columns = fetch(cursor, numbers, *margin_around(span, 0), room)
        if columns is None:
            self._size = max(size // 4, 1)
            return None
        self._size = max(min(4 * self._size, size * room * 2 // 3 // (len(columns.times) + 1)), 1)
        return Fetched(cursor, numbers, times, span, columns, room=room)


def _days(pairs: Pairs) -> Iterator[Pairs]:
    """Windows of each day, by series and time."""
    ids, starts = pairs
    days = starts // _BLOCK_MS
    for day in np.unique(days).tolist():
        of_day = days == day
        order = np.lexsort((starts[of_day], ids[of_day]))
        yield ids[of_day][order], starts[of_day][order]


def _end_of_group(ids: Ids, begin: int, size: int) -> int:
    """Where the group that begins at a place ends: after some series of about this size together, or after one."""
    some = ids[begin : begin + size + 1]
    ends = np.flatnonzero(some[1:] != some[:-1]) + 1
    if begin + len(some) == len(ids):
        ends = np.append(ends, len(some))
    fit = int(np.count_nonzero(ends + _CONTEXT * np.arange(1, len(ends) + 1) <= size))
    return begin + int(ends[fit - 1] if fit else np.searchsorted(ids[begin:], ids[begin], "right"))


def _changes(
    cursor: duckdb.DuckDBPyConnection, group: Pairs, readings: Fetched, newest: Newest, horizon: int
) -> Iterator[tuple[Pairs, list[Changed]]]:
    """`Rolling.changes` of a group, a part at a time."""
    ids, starts = group
    first = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))
    numbers, windows = ids[first], np.split(starts, first[1:])

    def standing(number: int) -> RowsAround:
        return lambda series, start, end: rows_around(cursor, series, number, start, end)

    wanted = [
        Wanted(newest.name(number), readings.of(number), windows[place], standing(number))
        for place, number in enumerate(numbers.tolist())
    ]
    places: list[int] = []
    changed: list[Changed] = []
    waiting = 0
    for place, found in groupby(rolled_abreast(wanted, horizon), itemgetter(0)):
        places.append(place)
        changed += [Changed(int(numbers[place]), own, rows) for _, own, rows in found if len(own)]
        waiting += len(windows[place])
        if waiting >= _PART:
            yield _pairs(numbers, windows, places), changed
            places, changed, waiting = [], [], 0
    if places:
        yield _pairs(numbers, windows, places), changed


def _pairs(numbers: Ids, windows: list[Times], places: list[int]) -> Pairs:
    """The windows of some series."""
    sizes = [len(windows[place]) for place in places]
    return np.repeat(numbers[places], sizes), np.concatenate([windows[place] for place in places])
