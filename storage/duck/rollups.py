"""The tables of roll-ups in a DuckDB file: which windows are touched, what the rows are, what retention has closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from storage.aggregation import window_of
from storage.duck.newest import NEVER, Columns, Ids
from storage.intake import Intake, Rows, blocks_of
from storage.rollup import REACH_MS
from storage.store import ROLLUP_MS, Rejected, Rollups, Series, Times

CLOSED: Final = (
    "its quarter-hour is closed: the raw readings around it were deleted by retention, and rolling this one alone would"
    " overwrite the whole with a part; raise store.keep_raw_days before such late data come"
)
_NUMBERS: Final = ("first", "last", "low", "high", "mean", "increase", "coverage")


class Touches:
    """Windows to be rolled, as the file records them, and what of that is known without asking it.

    Live readings touch the same window of their series for a quarter of an hour: it is recorded once.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._newest = np.full(64, NEVER)
        self.mark = _number(cursor.execute("SELECT coalesce(max(mark), 0) + 1 FROM touched"))
        self.horizon = _number(
            cursor.execute("SELECT coalesce(max(value), ?) FROM facts WHERE name = 'horizon'", [NEVER])
        )

    def record(self, cursor: duckdb.DuckDBPyConnection, columns: Columns) -> tuple[Ids, Times]:
        """Record, within the caller's transaction, which windows readings touch; returns pairs for `committed`."""
        window = window_of(columns.time, ROLLUP_MS)
        ids = columns.series_id
        first = np.ones(len(ids), bool)
        first[1:] = (ids[1:] != ids[:-1]) | (window[1:] != window[:-1])
        ids, window = ids[first], window[first]
        self._grow(int(ids[-1]) + 1)
        new = self._newest[ids] != window
        if new.any():
            cursor.register("touching", {"series_id": ids[new], "start": window[new]})
            cursor.execute(f"INSERT INTO touched SELECT series_id, start, {self.mark} FROM touching")  # noqa: S608 - an integer
        return ids, window

    def committed(self, pairs: tuple[Ids, Times]) -> None:
        """Take over what `record` wrote; of several windows of a series, the newest is remembered."""
        self._newest[pairs[0]] = pairs[1]

    def claim(self) -> int:
        """Begin rolling: whatever is written from now on is recorded anew. Returns the newest mark to be rolled."""
        self._newest[:] = NEVER
        self.mark += 1
        return self.mark - 1

    def _grow(self, size: int) -> None:
        missing = size - len(self._newest)
        if missing > 0:
            self._newest = np.concatenate([self._newest, np.full(missing + size, NEVER)])


def waiting(cursor: duckdb.DuckDBPyConnection, mark: int, before: int, limit: int) -> Iterator[tuple[int, Times]]:
    """Touched windows that ended at or before a time, by series number, the oldest `limit` of them."""
    found = cursor.execute(
        "SELECT series_id, start FROM touched WHERE mark <= ? AND start <= ? GROUP BY ALL ORDER BY start LIMIT ?",
        [mark, before - ROLLUP_MS, limit],
    ).fetchnumpy()
    ids, windows = np.asarray(found["series_id"]), np.asarray(found["start"], np.int64)
    for number in np.unique(ids).tolist():
        yield number, np.sort(windows[ids == number])


def open_windows(cursor: duckdb.DuckDBPyConnection, number: int, windows: Times) -> npt.NDArray[np.bool_]:
    """Which windows of a series retention has not closed, shape (windows,)."""
    closed = cursor.execute(
        "SELECT start FROM rollups WHERE series_id = ? AND start BETWEEN ? AND ? AND closed",
        [number, int(windows[0]), int(windows[-1])],
    ).fetchnumpy()["start"]
    return ~np.isin(windows, closed)


def put(cursor: duckdb.DuckDBPyConnection, number: int, windows: Times, rows: Rollups) -> None:
    """Replace the rows of some windows, within the caller's transaction."""
    cursor.register("replaced", {"start": windows})
    span = f"series_id = {int(number)} AND t.start BETWEEN {int(windows[0])} AND {int(windows[-1])}"
    for table in ("rollups", "state_rollups"):
        cursor.execute(f"DELETE FROM {table} t USING replaced r WHERE {span} AND t.start = r.start")  # noqa: S608 - integers
    if not len(rows.start):
        return
    cursor.register(
        "rolled", {"start": rows.start, "count": rows.count} | {name: getattr(rows, name) for name in _NUMBERS}
    )
    # DuckDB keeps NaN as it is; NULL takes no room and says the same.
    numbers = ", ".join(f"CASE WHEN isnan({_quoted(name)}) THEN NULL ELSE {_quoted(name)} END" for name in _NUMBERS)
    cursor.execute(f'INSERT INTO rollups SELECT {int(number)}, start, "count", {numbers}, false FROM rolled')  # noqa: S608 - our own words
    for state, seconds in rows.states.items():
        cursor.register("rolled", {"start": rows.start, "seconds": seconds})
        cursor.execute(
            f"INSERT INTO state_rollups SELECT {int(number)}, start, ?, seconds FROM rolled WHERE seconds > 0",  # noqa: S608 - an integer
            [state],
        )


def worked_off(cursor: duckdb.DuckDBPyConnection, mark: int, number: int, windows: Times) -> None:
    """Take windows off the list, within the transaction that puts their rows."""
    cursor.register("done", {"start": windows})
    cursor.execute(
        f"DELETE FROM touched t USING done d WHERE t.series_id = {int(number)} AND t.mark <= {int(mark)}"  # noqa: S608 - integers
        " AND t.start = d.start"
    )


def rows_between(cursor: duckdb.DuckDBPyConnection, series: Series, number: int, start: int, end: int) -> Rollups:
    """Rows of one series whose windows start in a range."""
    names = ", ".join(f"coalesce({_quoted(name)}, 'nan'::DOUBLE) AS {_quoted(name)}" for name in _NUMBERS)
    found = cursor.execute(
        f'SELECT start, "count", {names} FROM rollups WHERE series_id = ? AND start >= ? AND start < ? ORDER BY start',  # noqa: S608 - our own words
        [number, start, end],
    ).fetchnumpy()
    count = np.asarray(found["count"], np.int64)
    first, last, low, high, mean, increase, coverage = (np.asarray(found[name], np.float64) for name in _NUMBERS)
    start_ms = np.asarray(found["start"], np.int64)
    rows = Rollups(series, start_ms, count, first, last, low, high, mean, increase, coverage)
    spent = cursor.execute(
        "SELECT state, start, seconds FROM state_rollups WHERE series_id = ? AND start >= ? AND start < ?",
        [number, start, end],
    ).fetchnumpy()
    for state in np.unique(spent["state"]).tolist():
        mask = spent["state"] == state
        seconds = np.zeros(len(rows.start))
        seconds[np.searchsorted(rows.start, spent["start"][mask])] = spent["seconds"][mask]
        rows.states[state] = seconds
    return rows


def set_aside(cursor: duckdb.DuckDBPyConnection, intake: Intake, find: Callable[[Series], int | None]) -> Intake:
    """Leave out readings of closed windows, each with its reason; `find` knows the numbers of series."""
    kept: list[Rows] = []
    rejected = list(intake.rejected)
    lost = 0
    for rows in intake.rows:
        values = rows.values.copy()
        window = window_of(rows.times, ROLLUP_MS)
        for index, channel in enumerate(rows.channels):
            number = find(rows.series(channel))
            if number is None:
                continue
            shut = ~open_windows(cursor, number, np.unique(window))[np.unique(window, return_inverse=True)[1]]
            count = int(np.count_nonzero(shut & ~np.isnan(values[index])))
            if count:
                rejected.append(Rejected(rows.batch, rows.series(channel), count, CLOSED))
                values[index, shut] = np.nan
                lost += count
        if not np.isnan(values).all():
            kept.append(replace(rows, values=values))
    return replace(intake, blocks=list(blocks_of(kept)), rejected=rejected, stored=intake.stored - lost)


def forget_rows(cursor: duckdb.DuckDBPyConnection, raw_before: int, rollups_before: int) -> tuple[int, int, int]:
    """Delete, within the caller's transaction: raw readings, roll-ups and gaps; returns how many of each."""
    safe = (
        "EXISTS (FROM rollups u WHERE u.series_id = r.series_id AND u.start = {window})"
        " AND NOT EXISTS (FROM touched t WHERE t.series_id = r.series_id AND t.start = {window})"
    ).format(window=f"r.time - (r.time % {ROLLUP_MS} + {ROLLUP_MS}) % {ROLLUP_MS}")
    readings = _number(cursor.execute(f"DELETE FROM readings r WHERE r.time < ? AND {safe}", [raw_before]))  # noqa: S608 - our own words
    # A window that lies within reach of deleted readings could not be computed again either.
    cursor.execute(
        "UPDATE rollups u SET closed = true WHERE u.start < ? AND NOT u.closed"
        " AND NOT EXISTS (FROM touched t WHERE t.series_id = u.series_id AND t.start = u.start)",
        [raw_before + REACH_MS],
    )
    rollups = _number(cursor.execute("DELETE FROM rollups WHERE start < ?", [rollups_before]))
    cursor.execute("DELETE FROM state_rollups WHERE start < ?", [rollups_before])
    gaps = _number(cursor.execute('DELETE FROM gaps WHERE "end" < ?', [rollups_before]))
    cursor.execute("DELETE FROM facts WHERE name = 'horizon' AND value <= ?", [raw_before + REACH_MS])
    cursor.execute("INSERT INTO facts VALUES ('horizon', ?)", [raw_before + REACH_MS])
    return readings, rollups, gaps


def _quoted(name: str) -> str:
    return f'"{name}"'


def _number(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0
