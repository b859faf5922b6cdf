"""What is read out of a DuckDB file: ranges, and windows of one series or of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb
import numpy as np

from storage.aggregation import aggregate, check
from storage.store import Aggregate, Times, Values

Points = tuple[Times, Values]
NOTHING: Final[Points] = (np.zeros(0, np.int64), np.zeros(0))

_NEAR_MS: Final = 14_400_000
_SLICE_MS: Final = 1_209_600_000
"""Two weeks of readings at once: 20 MB where there is one a second."""

_PLAIN: Final = {
    # Compensated, because threads add in any order.
    Aggregate.MEAN: "favg(value)",
    Aggregate.MIN: "min(value)",
    Aggregate.MAX: "max(value)",
    Aggregate.FIRST: "arg_min(value, time)",
    Aggregate.LAST: "arg_max(value, time)",
    Aggregate.COUNT: "count(*)::DOUBLE",
}
_FIRST, _LAST = -(2**63), 2**63 - 1


def between(cursor: duckdb.DuckDBPyConnection, number: int, start: int, end: int) -> Points:
    """Every value of a series in a range, by time."""
    return _points(
        cursor.execute(
            "SELECT time, value FROM readings WHERE series_id = ? AND time >= ? AND time < ? ORDER BY time",
            [number, *_cut(start, end)],
        )
    )


def around(cursor: duckdb.DuckDBPyConnection, number: int, start: int, end: int) -> Points:
    """`between`, and the reading before and the one after."""
    start, end = _cut(start, end)
    end = max(start, end)
    low, high = _cut(start - _NEAR_MS, end + _NEAR_MS)
    times, values = between(cursor, number, low, high)
    first, last = (int(place) for place in np.searchsorted(times, (start, end)))
    parts = [(times[max(first - 1, 0) : last + 1], values[max(first - 1, 0) : last + 1])]
    # What is near costs no second look at the table.
    if first == 0:
        parts.insert(0, _beside(cursor, number, f"time < {low}", "DESC"))
    if last == len(times):
        parts.append(_beside(cursor, number, f"time >= {high}", "ASC"))
    return _joined(parts)


def windows(
    cursor: duckdb.DuckDBPyConnection,
    number: int,
    start: int,
    end: int,
    every_ms: int,
    how: Aggregate,
    offset_ms: int,
    hold_ms: int,
    modulus: float | None,
) -> Points:
    """Windows of one series, some weeks of readings in memory at a time."""
    check(every_ms, hold_ms, modulus)
    start, end = _cut(start, end)
    held = how in {Aggregate.INCREASE, Aggregate.TIME_MEAN}
    if end - start > _SLICE_MS:
        first, last = _extent(cursor, number, start - (hold_ms if held else 0), end)
        start, end = max(start, first), min(end, last + (hold_ms if held else 0) + 1)
    fetch = around if held else between
    width = max(every_ms, _SLICE_MS // every_ms * every_ms)
    parts = []
    while start < end:
        until = min(start - (start - offset_ms) % every_ms + width, end)
        times, values = fetch(cursor, number, start, until)
        parts.append(aggregate(times, values, start, until, every_ms, how, offset_ms, hold_ms=hold_ms, modulus=modulus))
        start = until
    return _joined(parts)


def windows_many(
    cursor: duckdb.DuckDBPyConnection,
    numbers: Sequence[int],
    start: int,
    end: int,
    every_ms: int,
    how: Aggregate,
    offset_ms: int,
) -> dict[int, Points]:
    """Windows of many series in one query, by number; for aggregates that look at no neighbours."""
    check(every_ms, 1)
    # DuckDB's % takes the sign of the dividend; times before 1970 are negative.
    every, offset = int(every_ms), int(offset_ms) % int(every_ms)
    since = f"((time - {offset}) % {every} + {every}) % {every}"
    cursor.register("wanted", {"series_id": np.unique(np.array(numbers, np.int32))})
    found = cursor.execute(
        f"SELECT series_id, time - {since} AS start, {_PLAIN[how]} AS value FROM readings"  # noqa: S608 - integers and our own words
        " WHERE series_id IN (FROM wanted) AND time >= ? AND time < ? GROUP BY ALL",
        _cut(start, end),
    ).fetchnumpy()
    ids, starts = np.asarray(found["series_id"]), np.asarray(found["start"], np.int64)
    values = np.asarray(found["value"], np.float64)
    order = np.lexsort((starts, ids))
    ids, starts, values = ids[order], starts[order], values[order]
    bounds = np.flatnonzero(np.diff(ids)) + 1
    parts = zip(np.split(ids, bounds), np.split(starts, bounds), np.split(values, bounds), strict=True)
    return {int(each[0]): (times, values) for each, times, values in parts if len(each)}


def _extent(cursor: duckdb.DuckDBPyConnection, number: int, start: int, end: int) -> tuple[int, int]:
    """Times of the first and last reading in a range; the last before the first when there is none."""
    row = cursor.execute(
        "SELECT min(time), max(time) FROM readings WHERE series_id = ? AND time >= ? AND time < ?",
        [number, *_cut(start, end)],
    ).fetchone()
    return (_LAST, _FIRST) if row is None or row[0] is None else (int(row[0]), int(row[1]))


def _beside(cursor: duckdb.DuckDBPyConnection, number: int, where: str, order: str) -> Points:
    condition = f"series_id = {int(number)} AND {where}"
    return _points(cursor.execute(f"SELECT time, value FROM readings WHERE {condition} ORDER BY time {order} LIMIT 1"))  # noqa: S608 - integers and our own words


def _points(result: duckdb.DuckDBPyConnection) -> Points:
    times, values = result.fetchnumpy().values()
    return np.asarray(times, np.int64), np.asarray(values, np.float64)


def _joined(parts: Sequence[Points]) -> Points:
    if not parts:
        return NOTHING
    return np.concatenate([times for times, _ in parts]), np.concatenate([values for _, values in parts])


def _cut(*bounds: int) -> list[int]:
    """Bounds as DuckDB can count them."""
    return [min(max(bound, _FIRST), _LAST) for bound in bounds]
