"""Forgetting: what retention no longer keeps is deleted from a DuckDB file, some of it at a time.

DuckDB keeps in memory what a transaction deletes, ten bytes a row, and cannot put it anywhere else: a year that is to
go at once would not fit. So it goes in steps of a bounded number of rows, from the oldest on, each a transaction of its
own that leaves the file as a deletion up to there would; writers have their turn in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import duckdb

from storage.duck.file import DataFile
from storage.duck.writing import Writing, transaction
from storage.rollup import BESIDE_MS, REACH_MS
from storage.store import ROLLUP_MS, Forgotten

_AT_ONCE: Final = 250_000
"""Rows of a step: a fraction of a second, and they fit in 32 MB."""

_BESIDE: Final = list(range(-BESIDE_MS, BESIDE_MS + 1, REACH_MS))


def forget(file: DataFile, writing: Writing, raw_before: int, rollups_before: int) -> Forgotten:
    """Delete readings before one time, roll-ups and gaps before another [ms UTC]; nobody may roll meanwhile.

    Parameters
    ----------
    raw_before, rollups_before
        Multiples of `ROLLUP_MS`.

    Raises
    ------
    StoreError
        When it could not be finished; what was deleted until then stays deleted.
    """
    readings = rollups = 0
    for since, until in _steps(file, "readings", "time", raw_before):
        with writing.lock, writing.memory, file.cursor() as cursor:
            with writing.doubted(cursor):
                writing.touches.claim(cursor, raw_before + BESIDE_MS)
                readings += _forget_readings(cursor, since, until, rollups_before)
            writing.touches.horizon = max(writing.touches.horizon, until + BESIDE_MS)
    for _, until in _steps(file, "rollups", "start", rollups_before):
        with writing.lock, file.cursor() as cursor, transaction(cursor):
            rollups += _number(cursor.execute("DELETE FROM rollups WHERE start < ?", [until]))
            cursor.execute("DELETE FROM state_rollups WHERE start < ?", [until])
    with writing.lock, writing.memory, file.cursor() as cursor:
        gaps = _number(cursor.execute('DELETE FROM gaps WHERE "end" < ?', [rollups_before]))
        if readings:
            # The newest value of a series that fell silent long ago may be gone.
            writing.read_again(cursor)
        kept = _number(cursor.execute("SELECT count(*) FROM readings WHERE time < ?", [raw_before]))
    return Forgotten(readings, rollups, gaps, kept)


def _steps(file: DataFile, table: str, time: str, before: int) -> Iterator[tuple[int, int]]:
    """Stretches of time, rising, that hold some rows each; the last one ends at `before`, be it empty."""
    window = _begun(time, ROLLUP_MS)
    with file.cursor() as cursor:
        counted = cursor.execute(
            f"SELECT {window} AS begun, count(*) FROM {table} WHERE {time} < ? GROUP BY begun ORDER BY begun",  # noqa: S608 - our own words
            [before],
        ).fetchall()
    begin, waiting = (int(counted[0][0]) if counted else before), 0
    for start, count in counted:
        # What is too much within one window is spread evenly over it.
        parts = -(-count // _AT_ONCE)
        for nth in range(parts):
            if waiting and waiting + count // parts > _AT_ONCE:
                until = start + ROLLUP_MS * nth // parts
                yield begin, until
                begin, waiting = until, 0
            waiting += count // parts
    yield begin, before


def _forget_readings(cursor: duckdb.DuckDBPyConnection, since: int, until: int, rollups_before: int) -> int:
    """Delete readings of a stretch of time, within the caller's transaction; returns how many.

    Nothing older may be there that is to go. What is touched must have been claimed, up to `BESIDE_MS` after `until`.
    """
    window, near = _begun("r.time", ROLLUP_MS), _begun("r.time", REACH_MS)
    # The bounds spare DuckDB ten years of roll-ups beside a few hours of readings.
    rolled = f"u.series_id = r.series_id AND u.start = {window} AND u.start > {since - ROLLUP_MS} AND u.start < {until}"
    readings = _number(
        cursor.execute(
            "DELETE FROM readings r WHERE r.time >= ? AND r.time < ?"  # noqa: S608 - integers
            # A roll-up that is itself past its time was there: everything written is touched until it is rolled.
            f" AND (EXISTS (FROM rollups u WHERE {rolled}) OR {window} < {int(rollups_before)})"
            # What is still to be rolled needs the readings beside it, too: nine hours at least stay on both sides.
            " AND NOT EXISTS (FROM (SELECT DISTINCT series_id,"
            f" {_begun('start', REACH_MS)} + unnest({_BESIDE}) AS near FROM rolling"
            f" WHERE start >= {since - 2 * BESIDE_MS} AND start < {until + 2 * BESIDE_MS}) t"
            f" WHERE t.series_id = r.series_id AND t.near = {near})",
            [since, until],
        )
    )
    # A window that lies within reach of deleted readings could not be computed again either.
    cursor.execute(
        "UPDATE rollups u SET closed = true WHERE u.start < ? AND NOT u.closed"
        " AND NOT EXISTS (FROM rolling t WHERE t.series_id = u.series_id AND t.start = u.start)",
        [until + BESIDE_MS],
    )
    cursor.execute("DELETE FROM facts WHERE name = 'horizon' AND value <= ?", [until + BESIDE_MS])
    cursor.execute("INSERT INTO facts VALUES ('horizon', ?)", [until + BESIDE_MS])
    return readings


def _begun(time: str, length: int) -> str:
    """When the stretch of this length began that a time lies in, where DuckDB's remainder is of the time's sign."""
    return f"({time} - ({time} % {length} + {length}) % {length})"


def _number(result: duckdb.DuckDBPyConnection) -> int:
    ((number,),) = result.fetchall()
    return int(number)
