"""What is read out of a DuckDB file: ranges, and windows of one series or of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb
import numpy as np

from storage.aggregation import aggregate, check, window_of
from storage.limits import MAX_TIME, MIN_TIME
from storage.store import Aggregate, Times, Values

Points = tuple[Times, Values]
NOTHING: Final[Points] = (np.zeros(0, np.int64), np.zeros(0))

_NEAR_MS: Final = 14_400_000
_SLICE_MS: Final = 1_209_600_000
"""Two weeks: 20 MB of readings where there is one a second."""

_UNASKED_MS: Final = 3_456_000_000
"""Forty days are read without asking first how many readings they hold."""

_AT_ONCE: Final = 1_500_000
"""Readings that are in memory at once, unless one window holds more: 24 MB."""

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
    times, values = _points(
        cursor.execute(
            "SELECT time, value FROM readings WHERE series_id = ? AND time >= ? AND time < ?",
            [number, *_cut(start, end)],
        )
    )
    if (np.diff(times) > 0).all():
        return times, values
    # Readings lie in the file as they came, or in a few pieces that rise: this way of sorting only merges those.
    order = np.argsort(times, kind="stable")
    return times[order], values[order]


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
    width = end - start + every_ms
    if end - start > _UNASKED_MS:
        reach = hold_ms if held else 0
        first, last, count = _extent(cursor, number, start - reach, end)
        start, end = max(start, first), min(end, last + reach + 1)
        if count > _AT_ONCE:
            width = max(every_ms, _SLICE_MS // every_ms * every_ms)
    fetch = around if held else between
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
    start, end = max(start, MIN_TIME), min(end, MAX_TIME + 1)
    base = int(window_of(np.array([start]), every_ms, offset_ms)[0])
    # A number of windows that fits 32 bits lets DuckDB group by counting instead of hashing, twice as fast.
    width = "INTEGER" if (end - base) // every_ms < 2**31 else "BIGINT"
    wanted = np.unique(np.array(numbers, np.int64)).tolist()
    some = f"series_id BETWEEN {wanted[0]} AND {wanted[-1]}" if wanted else "false"
    if len(wanted) * 2 < (wanted[-1] - wanted[0] if wanted else 0):
        some = f"series_id IN ({', '.join(map(str, wanted))})"
    found = cursor.execute(
        f"SELECT series_id, ((time - {base}) // {int(every_ms)})::{width} AS nth, {_PLAIN[how]} AS value FROM readings"  # noqa: S608 - integers and our own words
        f" WHERE {some} AND time >= ? AND time < ? GROUP BY ALL",
        [start, end],
    ).fetchnumpy()
    ids, starts = np.asarray(found["series_id"]), np.asarray(found["nth"], np.int64) * every_ms + base
    values = np.asarray(found["value"], np.float64)
    order = np.lexsort((starts, ids))
    ids, starts, values = ids[order], starts[order], values[order]
    bounds = np.flatnonzero(np.diff(ids)) + 1
    parts = zip(np.split(ids, bounds), np.split(starts, bounds), np.split(values, bounds), strict=True)
    return {int(each[0]): (times, values) for each, times, values in parts if len(each)}


def _extent(cursor: duckdb.DuckDBPyConnection, number: int, start: int, end: int) -> tuple[int, int, int]:
    """Times of the first and last reading in a range, and their number; the last before the first without any."""
    row = cursor.execute(
        "SELECT min(time), max(time), count(*) FROM readings WHERE series_id = ? AND time >= ? AND time < ?",
        [number, *_cut(start, end)],
    ).fetchone()
    return (_LAST, _FIRST, 0) if row is None or row[0] is None else (int(row[0]), int(row[1]), int(row[2]))


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
