"""The tables of roll-ups in a DuckDB file: which windows are touched, what the rows are, what retention has closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from storage.aggregation import window_of
from storage.blocks import Rows, blocks_of
from storage.closed import Standing
from storage.duck.newest import NEVER, Columns, Ids
from storage.intake import Intake
from storage.rollup import kind_of
from storage.store import ROLLUP_MS, Rejected, Rollups, Series, Times
from telemetry import Kind

CLOSED: Final = (
    "its quarter-hour is closed: the raw readings around it were deleted by retention, and rolling this one alone would"
    " overwrite the whole with a part; raise store.keep_raw_days before such late data come"
)
_NUMBERS: Final = ("first", "last", "low", "high", "mean", "increase", "coverage")

_ALL: Final = 2**62

Pairs = tuple[Ids, Times]
"""Windows of many series: the number of each one's series, and its start [ms], both of shape (windows,)."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What the windows of one series have become: `rows` replace whatever stands at `windows`, rising."""

    number: int
    windows: Times
    rows: Rollups


class Touches:
    """Windows to be rolled, as the file records them, and what of that is known without asking it.

    Live readings touch the same window of their series for a quarter of an hour: it is recorded once, and in one row
    for all series of consecutive numbers, so that a city's commits cost no more than they did.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._newest = np.full(64, NEVER)
        self.horizon = _number(
            cursor.execute("SELECT coalesce(max(value), ?) FROM facts WHERE name = 'horizon'", [NEVER])
        )

    def untold(self, columns: Columns) -> Pairs:
        """Windows that readings, in any order, touch and the file does not record yet, sorted by window and series."""
        if not len(columns.time):
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        ids, window = columns.series_id, window_of(columns.time, ROLLUP_MS)
        self._grow(int(ids.max()) + 1)
        new = self._newest[ids] != window
        ids, window = ids[new], window[new]
        order = np.lexsort((ids, window))
        return ids[order], window[order]

    def record(self, cursor: duckdb.DuckDBPyConnection, pairs: Pairs) -> None:
        """Record such windows, within the caller's transaction."""
        ids, window = pairs
        if not len(ids):
            return
        follows = (np.diff(ids) <= 1) & (np.diff(window) == 0)
        first, last = np.flatnonzero(np.append(True, ~follows)), np.flatnonzero(np.append(~follows, True))
        cursor.register("touching", {"first": ids[first], "last": ids[last], "start": window[first]})
        cursor.execute("INSERT INTO touched SELECT first, last, start FROM touching")

    def committed(self, pairs: Pairs) -> None:
        """Take over what the transaction recorded; of several windows of a series, the newest is remembered."""
        self._newest[pairs[0]] = pairs[1]

    def claim(self, cursor: duckdb.DuckDBPyConnection, before: int, limit: int = _ALL) -> None:
        """Move about `limit` windows, the oldest that ended at or before a time, to those being rolled.

        A later write records them anew. Within the caller's transaction, while nobody else changes the file; what is in
        memory is right whatever becomes of it.
        """
        first, last, start = (
            cursor.execute(
                "SELECT first, last, start FROM touched WHERE start <= ? ORDER BY start, first, last LIMIT ?",
                [before - ROLLUP_MS, limit],
            )
            .fetchnumpy()
            .values()
        )
        if not len(start):
            return
        sizes = np.asarray(last, np.int64) - first + 1
        count = int(np.searchsorted(np.cumsum(sizes), limit)) + 1
        first, last, start, sizes = first[:count], last[:count], start[:count], sizes[:count]
        these = (
            f"start <= {int(start[-1])}"
            f" AND (start, first, last) <= ({int(start[-1])}::BIGINT, {int(first[-1])}, {int(last[-1])})"
        )
        cursor.execute(
            f"INSERT INTO rolling SELECT unnest(range(first, last + 1)), start FROM touched WHERE {these}"  # noqa: S608 - integers
            " EXCEPT SELECT series_id, start FROM rolling"
        )
        cursor.execute(f"DELETE FROM touched WHERE {these}")  # noqa: S608 - integers
        # Forgotten too early costs a row; remembered too long would cost a window.
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        ids, windows = np.repeat(first, sizes) + within, np.repeat(start, sizes)
        ids, windows = ids[ids < len(self._newest)], windows[ids < len(self._newest)]
        self._newest[ids[self._newest[ids] == windows]] = NEVER

    def _grow(self, size: int) -> None:
        missing = size - len(self._newest)
        if missing > 0:
            self._newest = np.concatenate([self._newest, np.full(missing + size, NEVER)])


def waiting(cursor: duckdb.DuckDBPyConnection, before: int, limit: int) -> Pairs:
    """Windows being rolled that ended at or before a time, the oldest `limit` of them."""
    found = cursor.execute(
        "SELECT series_id, start FROM rolling WHERE start <= ? ORDER BY start, series_id LIMIT ?",
        [before - ROLLUP_MS, limit],
    ).fetchnumpy()
    return np.asarray(found["series_id"], np.int32), np.asarray(found["start"], np.int64)


def touched(cursor: duckdb.DuckDBPyConnection) -> int:
    """Number of windows to be rolled."""
    return _number(
        cursor.execute(
            "SELECT count(*) FROM (SELECT unnest(range(first, last + 1)) AS series_id, start FROM touched"
            " UNION SELECT series_id, start FROM rolling)"
        )
    )


def rolled_of(cursor: duckdb.DuckDBPyConnection, numbers: Ids) -> set[int]:
    """Those of some series, by number, that have a row."""
    cursor.register("asked", {"series_id": numbers})
    found = cursor.execute("SELECT DISTINCT series_id FROM rollups WHERE series_id IN (FROM asked)").fetchnumpy()
    return set(found["series_id"].tolist())


def closed(cursor: duckdb.DuckDBPyConnection, number: int, windows: Times) -> npt.NDArray[np.bool_]:
    """Which windows of a series, rising, retention has closed, shape (windows,)."""
    found = cursor.execute(
        "SELECT start FROM rollups WHERE series_id = ? AND start BETWEEN ? AND ? AND closed",
        [number, int(windows[0]), int(windows[-1])],
    ).fetchnumpy()["start"]
    return np.isin(windows, found)


def put(cursor: duckdb.DuckDBPyConnection, changed: list[Changed], worked_off: Pairs) -> None:
    """Replace rows and take windows off the list, within the caller's transaction."""
    ids = np.concatenate([np.full(len(each.windows), each.number, np.int32) for each in changed])
    windows = np.concatenate([each.windows for each in changed])
    if len(windows):
        cursor.register("changed", {"series_id": ids, "start": windows})
        match = (
            f"t.start BETWEEN {int(windows.min())} AND {int(windows.max())}"
            f" AND t.series_id BETWEEN {int(ids.min())} AND {int(ids.max())}"
            " AND t.series_id = c.series_id AND t.start = c.start"
        )
        shut = cursor.execute(f"SELECT c.series_id, c.start FROM rollups t JOIN changed c ON {match} AND t.closed")  # noqa: S608 - our own words
        cursor.register("shut", shut.fetchnumpy())
        for table in ("rollups", "state_rollups"):
            cursor.execute(f"DELETE FROM {table} t USING changed c WHERE {match}")  # noqa: S608 - our own words
        _insert(cursor, changed)
    ids, starts = worked_off
    cursor.register("done", {"series_id": ids, "start": starts})
    cursor.execute(
        f"DELETE FROM rolling t USING done d WHERE t.series_id BETWEEN {int(ids.min())} AND {int(ids.max())}"  # noqa: S608 - integers
        " AND t.series_id = d.series_id AND t.start = d.start"
    )


def _insert(cursor: duckdb.DuckDBPyConnection, changed: list[Changed]) -> None:
    every = [each.rows for each in changed]
    rows = {"series_id": np.repeat([each.number for each in changed], [len(each.start) for each in every])}
    rows |= {name: np.concatenate([getattr(each, name) for each in every]) for name in ("start", "count", *_NUMBERS)}
    cursor.register("rolled", rows)
    # DuckDB keeps NaN as it is; NULL takes no room and says the same.
    numbers = ", ".join(f"CASE WHEN isnan({_quoted(name)}) THEN NULL ELSE {_quoted(name)} END" for name in _NUMBERS)
    cursor.execute(
        f'INSERT INTO rollups SELECT series_id, start, "count", {numbers},'  # noqa: S608 - our own words
        " (series_id, start) IN (FROM shut) FROM rolled"
    )
    spent = [(each, state, seconds) for each in changed for state, seconds in each.rows.states.items()]
    if spent:
        sizes = [len(seconds) for _, _, seconds in spent]
        states = {
            "series_id": np.repeat([each.number for each, _, _ in spent], sizes),
            "start": np.concatenate([each.rows.start for each, _, _ in spent]),
            "state": np.repeat([state for _, state, _ in spent], sizes),
            "seconds": np.concatenate([seconds for _, _, seconds in spent]),
        }
        cursor.register("spent", states)
        cursor.execute("INSERT INTO state_rollups SELECT series_id, start, state, seconds FROM spent WHERE seconds > 0")


def rows_around(cursor: duckdb.DuckDBPyConnection, series: Series, number: int, start: int, end: int) -> Standing:
    """Rows of a range, and of a counter the last before it and the first after it that hold a reading.

    Without the time in each state.
    """
    first, last = start, end - ROLLUP_MS
    if kind_of(series) is Kind.COUNTER:
        [(before, after)] = cursor.execute(
            f"SELECT max(start) FILTER (start < {start}), min(start) FILTER (start >= {end}) FROM rollups"  # noqa: S608 - integers
            f' WHERE series_id = {number} AND "count" > 0'
        ).fetchall()
        first, last = (start if before is None else before), (last if after is None else after)
    names = ", ".join(f"coalesce({_quoted(name)}, 'nan'::DOUBLE) AS {_quoted(name)}" for name in _NUMBERS)
    found = cursor.execute(
        f'SELECT start, "count", {names}, closed FROM rollups WHERE series_id = {number}'  # noqa: S608 - integers and our own words
        f" AND start BETWEEN {first} AND {last} AND (start IN ({first}, {last}) OR start >= {start} AND start < {end})"
        " ORDER BY start"
    ).fetchnumpy()
    counts = np.asarray(found["start"], np.int64), np.asarray(found["count"], np.int64)
    numbers = (np.asarray(found[name], np.float64) for name in _NUMBERS)
    opening, closing, low, high, mean, increase, coverage = numbers
    rows = Rollups(series, *counts, opening, closing, low, high, mean, increase, coverage)
    return Standing(rows, np.asarray(found["closed"], bool))


def rows_between(cursor: duckdb.DuckDBPyConnection, series: Series, number: int, start: int, end: int) -> Rollups:
    """Rows of one series whose windows start in a range, within the caller's transaction."""
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
        starts, place = np.unique(window_of(rows.times, ROLLUP_MS), return_inverse=True)
        for index, channel in enumerate(rows.channels):
            number = find(rows.series(channel))
            if number is None:
                continue
            shut = closed(cursor, number, starts)[place]
            count = int(np.count_nonzero(shut & ~np.isnan(values[index])))
            if count:
                rejected.append(Rejected(rows.batch, rows.series(channel), count, CLOSED))
                values[index, shut] = np.nan
                lost += count
        if not np.isnan(values).all():
            kept.append(replace(rows, values=values))
    return replace(intake, blocks=list(blocks_of(kept)), rejected=rejected, stored=intake.stored - lost)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _number(result: duckdb.DuckDBPyConnection) -> int:
    ((number,),) = result.fetchall()
    return int(number)
