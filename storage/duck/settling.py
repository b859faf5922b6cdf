"""Settling: readings that will hardly change any more are laid out by series, a piece at a time, once each.

Readings lie in the file as they came, every series scattered over every block. A piece is a stretch of time with up to
a million rows: it is sorted while others write, and takes the place of the same rows in one transaction of a
fraction of a second. What a settled row held, it holds; the room of the old ones is used for what comes next.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final, NamedTuple

import duckdb

from storage.duck.file import DataFile
from storage.duck.newest import Columns
from storage.errors import StoreError

_FIRST: Final = -(2**63)
NEVER: Final = 2**62
"""Later than every reading."""

_LEAST_OF_ONE: Final = 16
"""Rows of a series that lie side by side afterwards, on average, or it does not pay."""


class _Layout(NamedTuple):
    """A table that is settled: the column of its time, how many rows a piece has."""

    table: str
    time: str
    rows: int

    @property
    def fact(self) -> str:
        """Name of the fact that says up to when it is settled."""
        return f"settled_{self.table}"


READINGS: Final = _Layout("readings", "time", 1_000_000)
"""Eight row groups of DuckDB's, 20 MB. A hundred meters a minute have ten thousand rows each then. With a third of that
their times take twice the room: DuckDB packs 2,048 at once, and only the steps within one series are even."""

LAYOUTS: Final = (
    READINGS,
    _Layout("rollups", "start", 200_000),
    _Layout("state_rollups", "start", 500_000),
)


class Settling:
    """How far a file is settled, and what is written into it while some of it is being sorted or copied."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._settled = _settled(cursor, READINGS)
        self.earliest = NEVER
        """Earliest time written since `listen` [ms UTC]."""
        self._late = 0
        self._late_from = NEVER

    def listen(self) -> None:
        """From here on, `earliest` tells of whoever writes. The caller holds the writer's lock."""
        self.earliest = NEVER

    def will_write(self, columns: Columns) -> None:
        """Hear of readings before they are committed, for a commit may fail and yet be durable.

        The caller holds the writer's lock.
        """
        first = int(columns.time.min())
        self.earliest = min(self.earliest, first)
        if first < self._settled:
            self._late += int((columns.time < self._settled).sum())
            self._late_from = min(self._late_from, first)

    def piece(self, file: DataFile, writer: threading.Lock, series: int, before: int, share: float) -> int:
        """Settle one piece of what is older than a time; returns its rows, 0 when none would pay.

        Nobody may roll meanwhile. `series` is their number, `share` scales a piece.

        Raises
        ------
        StoreError
            When it could not be done; everything is as it was.
        """
        for layout in LAYOUTS:
            most = int(layout.rows * share)
            if most < _LEAST_OF_ONE * series:
                # A city's readings would be written twice for nothing.
                continue
            with file.cursor() as cursor:
                if layout is READINGS and self._late >= most:
                    # A history was taken in: it is laid out like the rest.
                    self._settled, self._late = min(self._settled, self._late_from), 0
                    self._late_from = NEVER
                    start = self._settled
                else:
                    start = self._settled if layout is READINGS else _settled(cursor, layout)
                until = _full_piece(cursor, layout, start, before, most)
                if until is None:
                    continue
                rows = self._settle(cursor, writer, layout, start, until)
                if rows:
                    return rows
        return 0

    def _settle(
        self, cursor: duckdb.DuckDBPyConnection, writer: threading.Lock, layout: _Layout, start: int, until: int
    ) -> int:
        span = f"{layout.time} >= {start} AND {layout.time} < {until}"
        with writer:
            self.listen()
        _sort(cursor, layout, span)
        with writer:
            if layout is READINGS and self.earliest < until:
                return 0
            rows = _swap(cursor, layout, span, until)
            if layout is READINGS:
                self._settled = until
            return rows


def _sort(cursor: duckdb.DuckDBPyConnection, layout: _Layout, span: str) -> None:
    """Lay the rows of a piece out, beside the table."""
    order = f"ORDER BY series_id, {layout.time}"
    cursor.execute(f"CREATE TEMP TABLE piece AS FROM {layout.table} WHERE {span} {order}")


def _swap(cursor: duckdb.DuckDBPyConnection, layout: _Layout, span: str, until: int) -> int:
    """Let the sorted rows take the place of the others, and note it, in one transaction."""
    cursor.begin()
    try:
        deleted = _number(cursor.execute(f"DELETE FROM {layout.table} WHERE {span}"))  # noqa: S608 - our own words
        inserted = _number(cursor.execute(f"INSERT INTO {layout.table} FROM piece"))
        _check(layout, deleted, inserted)
        cursor.execute("DELETE FROM facts WHERE name = ?", [layout.fact])
        cursor.execute("INSERT INTO facts VALUES (?, ?)", [layout.fact, until])
        cursor.commit()
    except BaseException:
        with suppress(duckdb.Error):
            cursor.rollback()
        raise
    return inserted


def _check(layout: _Layout, deleted: int, inserted: int) -> None:
    if deleted != inserted:
        raise StoreError(f"{layout.table}: {inserted} rows would take the place of {deleted}; nothing was changed")


def _full_piece(cursor: duckdb.DuckDBPyConnection, layout: _Layout, start: int, before: int, most: int) -> int | None:
    """Where a piece from `start` ends that has nearly `most` rows, and no more than that where it can.

    None when fewer than `most` rows wait: sorting them again with those that follow would be work done twice.
    """
    name = layout.time

    def rows(until: int) -> int:
        return _number(
            cursor.execute(
                f"SELECT count(*) FROM {layout.table} WHERE {name} >= ? AND {name} < ?",  # noqa: S608 - our own words
                [start, until],
            )
        )

    waiting = rows(before)
    if waiting < most:
        return None
    first = cursor.execute(
        f"SELECT min({name}) FROM {layout.table} WHERE {name} >= ? AND {name} < ?",  # noqa: S608 - our own words
        [start, before],
    )
    low, high = _number(first), before
    # The largest end, nearly, with at most so many rows; a single time that has more stays whole.
    if waiting == most:
        return high
    nearly = most * 9 // 10
    while high - low > 1:
        middle = (low + high) // 2
        count = rows(middle)
        if nearly < count <= most:
            return middle
        low, high = (middle, high) if count <= nearly else (low, middle)
    return high


def _settled(cursor: duckdb.DuckDBPyConnection, layout: _Layout) -> int:
    return _number(cursor.execute("SELECT coalesce(max(value), ?) FROM facts WHERE name = ?", [_FIRST, layout.fact]))


def _number(result: duckdb.DuckDBPyConnection) -> int:
    ((number,),) = result.fetchall()
    return int(number)
