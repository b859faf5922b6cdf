"""Which columns of a table hold its rows' times: one of stamps, or a date's and a time of day's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from exchange.clock_texts import looks_like_time, names_time_of_day, take_apart, time_of_day, without_midnight
from exchange.leftovers import TimeCells
from exchange.sniffing import Row
from exchange.sources import Source
from exchange.zones import zone_said

_DATE: Final = re.compile(r"일자|날짜|년월일|검침일|기준일|date|^day$", re.IGNORECASE)
TIME_OF_DAY: Final = re.compile(r"시간|시각|^시$|time|hour", re.IGNORECASE)
_STAMP: Final = re.compile(
    r"일시|timestamp|datetime|date.?time|time.?stamp|^time$|^date$|시각|측정시간|^ts$", re.IGNORECASE
)
_UTC: Final = re.compile(r"utc", re.IGNORECASE)
_OFFSET: Final = re.compile(r".*\d\s*(?:Z|UTC|[+-]\d{2}:?\d{2})", re.IGNORECASE)
_DURATION: Final = re.compile(
    r"(?:가동|운전|작업|조업|근무|사용|경과|소요|지속)\s*시간|duration|elapsed|running|run.?time|up.?time|working|hours",
    re.IGNORECASE,
)
"""Names of how long something took, which is no time of day."""
_SAMPLE: Final = 50
_DAY_MS: Final = 86_400_000
OWN: Final = ("time_local", "utc_offset")
"""Columns that `wattproof export` writes: of windows, their starts."""


def time_columns(source: Source) -> list[str]:
    """The column of time, or of date and time of day: by what its cells look like, then by its name.

    Returns
    -------
    list of str
        One name or two; none where no column holds dates.
    """
    rows = next(source.rows(), [])[:_SAMPLE]
    if set(OWN) <= set(source.header):
        return list(OWN)
    dated = [name for place, name in enumerate(source.header) if _mostly(place, rows, looks_like_time)]
    for pattern in (_UTC, _STAMP, _DATE, TIME_OF_DAY):
        found = [name for name in dated if pattern.search(name)]
        if found:
            dated = found
            break
    if not dated:
        return []
    dates = _cells(source.header.index(dated[0]), rows)
    # A date that a program has written as a midnight has its time in the other column.
    if any(names_time_of_day(without_midnight(date)) for date in dates):
        return dated[:1]
    at_midnight = any(map(names_time_of_day, dates))
    # Numbers are hours where they tell apart the rows of a day; elsewhere they may be anything.
    repeat = len(rows) < 2 or len(set(dates)) < len(rows)
    for place, name in enumerate(source.header):
        if name == dated[0] or not TIME_OF_DAY.search(name) or _DURATION.search(name):
            continue
        numbers = all(map(str.isdigit, _cells(place, rows)))
        # Where zeros were lost, 15 is 00:15 (see `leftovers.TimeCells`).
        told = _mostly(
            place, rows, lambda cell: time_of_day(cell) is not None or time_of_day(cell.zfill(4)) is not None
        )
        # Times that cannot be read are shown as such, rather than rows that all have one time.
        if (told and (repeat or not numbers)) or (repeat and not told and not numbers and not at_midnight):
            return [dated[0], name]
    nameless = _times_of_day(source, dated[0], rows) if repeat and len(rows) > 1 else None
    return [dated[0], nameless] if nameless else dated[:1]


def zone_of(source: Source, time: Sequence[str]) -> str | None:
    """The zone that the names of the time's columns say, where the cells do not: see `zones.zone_said`."""
    if [*time] == [*OWN]:
        return None
    rows = next(source.rows(), [])[:_SAMPLE]
    if any(_mostly(source.header.index(name), rows, lambda cell: _OFFSET.fullmatch(cell) is not None) for name in time):
        return None
    return zone_said(time)


def beside(source: Source, time: Sequence[str], others: Iterable[str]) -> frozenset[int]:
    """How long after the rows' times of day those of other columns are [ms], where that is the same in all rows.

    A column of the ends beside one of the starts (``시작일시,종료일시``; ``von;bis``) tells what the stamps are.
    """
    rows = next(source.rows(), [])[: 4 * _SAMPLE]
    own = _of_day(rows, [source.header.index(name) for name in time])
    found = set()
    for name in others:
        if name not in source.header or name in time:
            continue
        other = _of_day(rows, [source.header.index(name)])
        apart = {(end - start) % _DAY_MS for start, end in zip(own, other, strict=True) if start >= 0 and end >= 0}
        if len(apart) == 1 and min(own) >= 0 and min(other) >= 0:
            found |= apart
    return frozenset(found)


def _of_day(rows: Sequence[Row], places: Sequence[int]) -> list[int]:
    """Times of day of rows [ms]; -1 where there is none."""
    cells = TimeCells(places)
    cells.look(rows)
    texts, _ = cells.texts(rows)
    clock = take_apart(texts)
    found = []
    for text, whole, at in zip(texts, clock.good.tolist(), clock.of_day_ms.tolist(), strict=True):
        alone = time_of_day(text) if ":" in text and not whole else None
        found.append(int(at) if whole else -1 if alone is None else alone)
    return found


def _times_of_day(source: Source, date: str, rows: Sequence[Row]) -> str | None:
    """The first column that tells apart the rows of each day by times of day, whatever it is called."""
    at = source.header.index(date)
    for place, name in enumerate(source.header):
        cells = _cells(place, rows)
        pairs = {(row[at].strip(), row[place].strip()) for _, row in rows if max(at, place) < len(row)}
        alike = len(cells) == len(rows) and all(":" in cell and time_of_day(cell) is not None for cell in cells)
        if place != at and alike and len(pairs) == len(rows) and not _DURATION.search(name):
            return name
    return None


def _cells(place: int, rows: Sequence[Row]) -> list[str]:
    """What a column holds, without the empty cells."""
    return [row[place].strip() for _, row in rows if place < len(row) and row[place].strip()]


def _mostly(place: int, rows: Sequence[Row], like: Callable[[str], bool]) -> bool:
    """Whether more than half of a column's cells are like something."""
    cells = _cells(place, rows)
    return bool(cells) and sum(map(like, cells)) > len(cells) / 2
