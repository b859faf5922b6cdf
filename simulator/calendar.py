"""The scenario's calendar, and the clock that lays it over real time.

The scenario is one fixed stretch of the past (real weather, real holidays). Real time is mapped onto it by a whole
number of weeks, so that the Monday of the week a demo is started in is the Monday the live part begins. Whatever the
date, weekdays are weekdays, the scenario's holidays are where they were, and the evaluation is the same.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import holidays

MINUTES_PER_DAY = 1440
MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
WEEK_MS = 7 * 86_400_000
DAY_MS = 86_400_000

_KST_MS = 9 * 3_600_000
"""Korea has had no summer time since 1988, so local midnight is always the same distance from UTC's."""
_EPOCH = date(1970, 1, 1)
_EPOCH_MONDAY_MS = 4 * DAY_MS


def midnight_ms(day: date) -> int:
    """Local midnight (Asia/Seoul) that begins `day` [ms since 1970-01-01 UTC]."""
    return (day - _EPOCH).days * DAY_MS - _KST_MS


def local_date(at_ms: int) -> date:
    """The day in Asia/Seoul at `at_ms` [ms since 1970-01-01 UTC]."""
    return _EPOCH + timedelta(days=(at_ms + _KST_MS) // DAY_MS)


@dataclass(frozen=True, slots=True)
class Clock:
    """Real time against scenario time: ``real = scenario + offset_ms``, a whole number of weeks."""

    offset_ms: int

    @classmethod
    def from_now(cls, now_ms: int, live: date) -> Clock:
        """Map the Monday of the real week of `now_ms` (Asia/Seoul) onto `live`, the Monday the live part begins."""
        since_monday = (now_ms + _KST_MS - _EPOCH_MONDAY_MS) % WEEK_MS
        return cls(now_ms - since_monday - midnight_ms(live))

    def scenario_ms(self, real_ms: int) -> int:
        """Scenario time of a real time."""
        return real_ms - self.offset_ms

    def real_ms(self, scenario_ms: int) -> int:
        """Real time of a scenario time."""
        return scenario_ms + self.offset_ms

    def real_date(self, scenario_day: date) -> date:
        """The real local day on which a scenario day is played."""
        return scenario_day + timedelta(milliseconds=self.offset_ms)


@functools.lru_cache(maxsize=4)
def public_holidays(country: str, first: date, last: date) -> frozenset[date]:
    """Public holidays from `first` to `last`, temporary ones and substitutes included, by the ``holidays`` package."""
    days = holidays.country_holidays(country, years=range(first.year, last.year + 1))
    return frozenset(day for day in days if first <= day <= last)


def iso_local(at_ms: int) -> str:
    """Local time for an error text, as in ``2025-01-25 00:00``."""
    return datetime.fromtimestamp((at_ms + _KST_MS) / 1000, UTC).strftime("%Y-%m-%d %H:%M")
