"""Wall-clock times into UTC, and back: fixed offsets and zones with summer time."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from exchange.clock_texts import Bools, Ints, Times
from exchange.errors import MappingError

_OFFSET: Final = re.compile(r"(?:UTC)?([+-])(\d{1,2})(?::?(\d{2}))?")
_QUARTER_MS: Final = 900_000
_DAY_MS: Final = 86_400_000
_QUARTERS: Final = _DAY_MS // _QUARTER_MS
_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times have no zone yet


_UTC: Final = re.compile(r"(?:(?<![A-Za-z])(?i:utc|gmt)|UTC|GMT)(?![A-Za-z])\s*(?:([+\-−])\s*(\d{1,2})(?::?(\d{2}))?)?")
_SEOUL: Final = re.compile(r"(?<![A-Za-z])(?i:kst)(?![A-Za-z])")
_ELSEWHERE: Final = re.compile(
    r"(?<![A-Za-z])(?:CES?T|MES?Z|WES?T|EES?T|BST|JST|HKT|SGT|IST|AES?T|[PMCE][SD]T)(?![A-Za-z])"
)
_NOT_ALONE: Final = re.compile(r"local|현지|offset", re.IGNORECASE)


def zone_said(headers: Iterable[str]) -> str | None:
    """The zone that headers of times name: ``Time (UTC)``, ``일시(UTC+9)``, ``KST``; None for none.

    Empty where they leave it open: ``CET`` tells neither the place nor whether summer time is kept.
    """
    said = {_said(header) for header in headers} - {None}
    return None if not said else said.pop() if len(said) == 1 else ""


def _said(header: str) -> str | None:
    match = _UTC.search(header)
    if match is not None and match[1]:
        sign = "+" if match[1] == "+" else "-"
        return f"{sign}{int(match[2]):02d}:{match[3] or '00'}"
    if match is not None:
        return "" if _NOT_ALONE.search(header) else "UTC"
    if _SEOUL.search(header):
        return "Asia/Seoul"
    return "" if _ELSEWHERE.search(header) else None


@dataclass(frozen=True, slots=True)
class InUtc:
    """Wall-clock times in UTC; every array of shape (times,).

    Attributes
    ----------
    times
        [ms UTC]; of a time that comes twice, the earlier.
    later
        [ms UTC]; of a time that comes twice, the later; else as `times`.
    absent
        Times that the clock skipped.
    """

    times: Times
    later: Times
    absent: Bools

    @property
    def twice(self) -> Bools:
        """Times that the clock showed twice."""
        twice: Bools = self.later != self.times
        return twice


def zone_named(name: str) -> dt.tzinfo:
    """A zone by its name (``Asia/Seoul``), or a fixed offset (``+09:00``, ``UTC``).

    Raises
    ------
    MappingError
        When there is no such zone.
    """
    if name.upper() in {"UTC", "Z"}:
        return dt.UTC
    match = _OFFSET.fullmatch(name)
    if match is not None:
        ahead = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if ahead < dt.timedelta(hours=24):
            return dt.timezone(-ahead if match[1] == "-" else ahead)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise MappingError(
            f"time zone {name!r} is unknown; write e.g. Asia/Seoul, Europe/Berlin, UTC or +09:00"
        ) from None


def to_utc(wall_ms: Times, zone: dt.tzinfo) -> InUtc:
    """Wall-clock times [ms, as if UTC] of a zone in UTC; no zone in use changes its offset within a quarter-hour."""

    def ahead(quarter: int, fold: int) -> int:
        wall = _EPOCH + dt.timedelta(milliseconds=quarter * _QUARTER_MS)
        return _ahead(wall.replace(tzinfo=zone, fold=fold))

    earlier, later = (_by_quarter(wall_ms, functools.partial(ahead, fold=fold)) for fold in (0, 1))
    absent = earlier < later
    return InUtc(wall_ms - earlier, np.where(absent, wall_ms - earlier, wall_ms - later), absent)


def offsets(utc_ms: Times, zone: dt.tzinfo) -> Ints:
    """How far ahead of UTC a zone's clocks are at times [ms UTC], shape (times,) [ms]."""
    start = _EPOCH.replace(tzinfo=dt.UTC)

    def ahead(quarter: int) -> int:
        return _ahead((start + dt.timedelta(milliseconds=quarter * _QUARTER_MS)).astimezone(zone))

    return _by_quarter(utc_ms, ahead)


def _by_quarter(times: Times, ahead: Callable[[int], int]) -> Ints:
    """What `ahead` says of the quarter-hour of each time; asked once for days around which nothing changes."""
    days, place = np.unique(times // _DAY_MS, return_inverse=True)
    of_day, changing = np.zeros(len(days), np.int64), np.zeros(len(days), np.bool_)
    for index, day in enumerate(days.tolist()):
        around = {ahead(day * _QUARTERS + at) for at in (-_QUARTERS, 0, _QUARTERS, 2 * _QUARTERS)}
        of_day[index], changing[index] = min(around), len(around) > 1
    found: Ints = of_day[place]
    within = changing[place]
    if within.any():
        quarters, place = np.unique(times[within] // _QUARTER_MS, return_inverse=True)
        found[within] = np.array([ahead(quarter) for quarter in quarters.tolist()], np.int64)[place]
    return found


def _ahead(moment: dt.datetime) -> int:
    ahead = moment.utcoffset()
    assert ahead is not None
    return ahead // dt.timedelta(milliseconds=1)


def local(time: int, zone: dt.tzinfo) -> str:
    """A time [ms UTC] as a zone's clock shows it, with the offset."""
    moment = dt.datetime.fromtimestamp(time // 1000, zone).replace(microsecond=time % 1000 * 1000)
    return moment.isoformat(" ", "milliseconds" if time % 1000 else "seconds" if time % 60_000 else "minutes")
