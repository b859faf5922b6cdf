"""Dates and times as files write them, into numbers; whether day or month comes first is decided over a whole file."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]
SmallInts = npt.NDArray[np.signedinteger]
Bools = npt.NDArray[np.bool_]

_DAY_MS: Final = 86_400_000
_NO_OFFSET: Final = -(2**31)


class DateOrder(enum.StrEnum):
    """In which order a date's numbers stand."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


_DATE: Final = (
    r"(?:(?P<y>\d{4})\s*[-./년]\s*(?P<m>\d{1,2})\s*[-./월]\s*(?P<d>\d{1,2})\s*[일.]?"
    r"|(?P<cy>(?:19|20)\d{2})(?P<cm>0[1-9]|1[0-2])(?P<cd>0[1-9]|[12]\d|3[01])"
    r"|(?P<a>\d{1,2})\s*[-./]\s*(?P<b>\d{1,2})\s*[-./]\s*(?P<ly>\d{4})\.?)"
)
_TIME: Final = (
    r"(?:(?P<half1>오전|오후|[AaPp]\.?[Mm]\.?)\s*)?"
    r"(?:(?P<h>\d{1,2})\s*[:시]\s*(?:(?P<min>\d{1,2})\s*(?:[:분]\s*(?:(?P<s>\d{1,2}(?:[.,]\d{1,9})?)\s*초?)?)?)?"
    r"|(?P<ch>\d{2})(?P<cmin>\d{2})(?P<cs>\d{2})?|(?P<hour>\d{1,2}))"
    r"(?:\s*(?P<half2>오전|오후|[AaPp]\.?[Mm]\.?))?"
)
_ZONE: Final = r"\s*(?:(?P<utc>Z|UTC)|(?P<sign>[+-])(?P<oh>\d{2}):?(?P<om>\d{2})?)?"
_WEEKDAY: Final = r"(?:\s*\(?(?:[월화수목금토일](?:요일)?|Mon|Tue|Wed|Thu|Fri|Sat|Sun)\)?)?"
_CLOCK: Final = re.compile(rf"\s*{_DATE}{_WEEKDAY}(?:[T\s]*{_TIME}{_ZONE})?\s*")
_EPOCH: Final = re.compile(
    r"\s*(?:(?P<ms>\d{13})(?:\d{3}(?:\d{3})?)?(?:\.0+)?|(?P<s>\d{10})(?:\.(?P<f>\d{1,9}))?)\s*", re.ASCII
)
_OF_DAY: Final = re.compile(rf"\s*{_TIME}\s*")
_UNTIL: Final = re.compile(r"\s*[~∼〜～]\s*")
_MIDNIGHT: Final = re.compile(r"(?<=\d)[T\s]+0?0:00(?::00(?:\.0+)?)?\s*$")
_PLAIN: Final = {16: "dddd-dd-dd dd:dd", 19: "dddd-dd-dd dd:dd:dd"}
"""Shapes that are read a column at a time, by their length; ``/`` or ``.`` may stand for ``-``, ``T`` for the space."""


@dataclass(frozen=True, slots=True)
class ClockTexts:
    """Cells taken apart; every array of shape (cells,).

    Attributes
    ----------
    good
        Whether the cell is a date, perhaps with a time, whatever its order of day and month.
    first, second, year
        The date's numbers; `first` and `second` are month and day, unless `undecided`.
    undecided
        Whether the order of `first` and `second` is not written in the cell's shape.
    of_day_ms
        Time of day [ms], 0 to 86,400,000 (24:00).
    offset_ms
        Offset from UTC that the cell names [ms].
    has_offset
        Whether it names one.
    """

    good: Bools
    first: SmallInts
    second: SmallInts
    year: SmallInts
    undecided: Bools
    of_day_ms: SmallInts
    offset_ms: SmallInts
    has_offset: Bools

    def where(self, rows: Bools) -> ClockTexts:
        """Those cells only."""
        return ClockTexts(*(getattr(self, name)[rows] for name in ClockTexts.__slots__))

    def largest(self) -> tuple[int, int] | None:
        """The largest first and second number of dates whose order is not written; None where all orders are."""
        mixed = self.good & self.undecided
        return (int(self.first[mixed].max()), int(self.second[mixed].max())) if mixed.any() else None

    def wall(self, order: DateOrder) -> tuple[Times, Bools]:
        """Wall-clock times as if UTC [ms], and whether each is a date of the calendar; both of shape (cells,)."""
        swap = self.undecided & (order is DateOrder.DMY)
        month, day = np.where(swap, self.second, self.first), np.where(swap, self.first, self.second)
        possible = self.good & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        months = (np.where(possible, self.year, 1970).astype(np.int64) - 1970) * 12 + np.where(possible, month, 1) - 1
        begins = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        follows = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        possible &= day <= follows - begins
        return (begins + np.where(possible, day, 1) - 1) * _DAY_MS + self.of_day_ms, possible


def possible_orders(largest: tuple[int, int] | None) -> tuple[DateOrder, ...]:
    """Orders that every date of a file can have; empty when no one order fits all.

    Parameters
    ----------
    largest
        See `ClockTexts.largest`.
    """
    if largest is None:
        return (DateOrder.YMD,)
    first, second = largest
    fits = ((DateOrder.DMY, second <= 12 and first <= 31), (DateOrder.MDY, first <= 12))
    return tuple(order for order, fit in fits if fit and second <= 31)


def take_apart(cells: Sequence[str]) -> ClockTexts:
    """Read cells as dates and times; what cannot be read is marked, not guessed.

    Known: year first (``2026-03-02 00:15``, ``2026.3.2``, ``2026년 3월 2일 00시 15분``, ``20260302 0015``), ISO 8601
    with an offset, year last (``2/1/2018 00:15``), 24:00, 오전/오후 and AM/PM, seconds, ms, µs or ns since 1970.
    Years of two digits are not read: 26-03-02 may be three dates.
    """
    plain = _plain(cells)
    if plain is not None:
        return plain
    rows = np.array([_one(cell) for cell in cells], np.int64).reshape(len(cells), 7)
    return ClockTexts(
        good=rows[:, 0] == 1,
        first=rows[:, 1].astype(np.int8),
        second=rows[:, 2].astype(np.int8),
        year=rows[:, 3].astype(np.int16),
        undecided=rows[:, 4] == 1,
        of_day_ms=rows[:, 5].astype(np.int32),
        offset_ms=np.where(rows[:, 6] == _NO_OFFSET, 0, rows[:, 6]).astype(np.int32),
        has_offset=rows[:, 6] != _NO_OFFSET,
    )


def _plain(cells: Sequence[str]) -> ClockTexts | None:
    """Cells that all have one of the usual shapes, year first, taken apart at once; None when one has not."""
    shape = _PLAIN.get(len(cells[0])) if cells else None
    if shape is None or set(map(len, cells)) != {len(shape)}:
        return None
    try:
        letters = np.frombuffer("".join(cells).encode("ascii"), np.uint8).reshape(len(cells), len(shape))
    except UnicodeEncodeError:
        return None
    digits = np.array([each == "d" for each in shape])
    numbers = letters[:, digits].astype(np.int32) - ord("0")
    date, clock = letters[:, [4, 7]], letters[:, 13 : len(shape) : 3]
    usual = np.isin(date, np.frombuffer(b"-/.", np.uint8)).all() and (clock == ord(":")).all()
    if not usual or not np.isin(letters[:, 10], np.frombuffer(b" T", np.uint8)).all():
        return None
    if ((numbers < 0) | (numbers > 9)).any():
        return None
    pairs = numbers[:, 0::2] * 10 + numbers[:, 1::2]
    year = pairs[:, 0] * 100 + pairs[:, 1]
    month, day, hour, minute = (pairs[:, at] for at in range(2, 6))
    second = pairs[:, 6] if pairs.shape[1] > 6 else np.zeros(len(cells), np.int32)
    of_day = ((hour * 60 + minute) * 60 + second) * 1000
    none = np.zeros(len(cells), np.bool_)
    good = (minute < 60) & (second < 60) & (of_day <= _DAY_MS)
    return ClockTexts(
        good, month.astype(np.int8), day.astype(np.int8), year.astype(np.int16), none,
        np.where(good, of_day, 0).astype(np.int32), none.astype(np.int32), none,
    )  # fmt: skip


def time_of_day(cell: str) -> int | None:
    """A time of day without a date, 0 to 86,400,000 [ms]; None when it is none: ``00:15``, ``3시``, ``2400``."""
    match = _OF_DAY.fullmatch(cell)
    return None if match is None else _of_day(match.groupdict())


def of_range(cell: str) -> tuple[str, int] | None:
    """A time that names where its interval begins and where it ends: ``2026-01-01 00:00~00:15``.

    Returns
    -------
    tuple or None
        The cell up to the sign, and the time of day at the end [ms]; None when it names no end.
    """
    first, *rest = _UNTIL.split(cell, maxsplit=1)
    if not rest:
        return None
    until = time_of_day(rest[0].split(" ")[-1] if looks_like_time(rest[0]) else rest[0])
    return None if until is None else (first, until)


def looks_like_time(cell: str) -> bool:
    """Whether a cell is a date or a date with a time."""
    if not any(map(str.isdigit, cell)):
        return False
    return _one(_UNTIL.split(cell, maxsplit=1)[0])[0] == 1


def names_time_of_day(cell: str) -> bool:
    """Whether a cell is a date with a time of day: ``2026년 11월 22일`` has none."""
    cell = _UNTIL.split(cell, maxsplit=1)[0]
    match = _CLOCK.fullmatch(cell)
    if match is None:
        return _EPOCH.fullmatch(cell) is not None
    return any(match[name] is not None for name in ("h", "ch", "hour"))


def without_midnight(cell: str) -> str:
    """A cell without the midnight that programs write behind a date."""
    return _MIDNIGHT.sub("", cell)


_Row = tuple[int, int, int, int, int, int, int]
"""Good, first, second, year, undecided, time of day [ms], offset [ms]."""
_BAD: Final[_Row] = (0, 1, 1, 1970, 0, 0, _NO_OFFSET)


def _one(cell: str) -> _Row:
    match = _CLOCK.fullmatch(cell)
    if match is None:
        return _epoch(cell)
    found = match.groupdict()
    of_day = _of_day(found)
    if of_day is None:
        return _BAD
    offset = _offset(found)
    if found["y"] is not None:
        return 1, int(found["m"]), int(found["d"]), int(found["y"]), 0, of_day, offset
    if found["cy"] is not None:
        return 1, int(found["cm"]), int(found["cd"]), int(found["cy"]), 0, of_day, offset
    return 1, int(found["a"]), int(found["b"]), int(found["ly"]), 1, of_day, offset


def _epoch(cell: str) -> _Row:
    match = _EPOCH.fullmatch(cell)
    if match is None:
        return _BAD
    ms = int(match["ms"]) if match["ms"] else int(match["s"]) * 1000 + int((match["f"] or "0").ljust(3, "0")[:3])
    day = np.datetime64(ms // _DAY_MS, "D").item()
    return 1, day.month, day.day, day.year, 0, ms % _DAY_MS, 0


def _of_day(found: dict[str, str | None]) -> int | None:
    """Time of day [ms]; None when there is no such time."""
    hour = int(found["h"] or found["ch"] or found["hour"] or 0)
    minute = int(found["min"] or found["cmin"] or 0)
    seconds = (found["s"] or found["cs"] or "0").replace(",", ".")
    whole, _, fraction = seconds.partition(".")
    half = found["half1"] or found["half2"]
    if half is not None:
        later = half == "오후" or half[0] in "Pp"
        # Some programs write 오전 00:15 and 오후 13:15.
        if not (1 <= hour <= 12 or (hour == 0 and not later) or (13 <= hour <= 23 and later)):
            return None
        hour = hour % 12 + (12 if later else 0)
    of_day = ((hour * 60 + minute) * 60 + int(whole)) * 1000 + int(fraction.ljust(3, "0")[:3] or 0)
    return of_day if minute < 60 and int(whole) < 60 and of_day <= _DAY_MS else None


def _offset(found: dict[str, str | None]) -> int:
    if found["utc"] is not None:
        return 0
    if found["sign"] is None:
        return _NO_OFFSET
    minutes = int(found["oh"] or 0) * 60 + int(found["om"] or 0)
    return (-minutes if found["sign"] == "-" else minutes) * 60_000
