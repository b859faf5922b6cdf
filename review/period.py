"""The days of a review, and the quarter-hours they are made of, on the site's clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics import Step, calendar_edges
from evaluation.tariffs import public_holidays

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

QUARTER_MS = 900_000
QUARTER_H = 0.25
_KOREAN = "Asia/Seoul"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days.

    Attributes
    ----------
    days
        They follow one another.
    edges
        Boundaries of their quarter-hours [ms UTC], shape (quarters + 1,).
    day
        Index into `days` of each quarter-hour, shape (quarters,).
    minute
        Minute of the local day at which each begins, shape (quarters,).
    """

    days: list[dt.date]
    edges: Ints
    day: Ints
    minute: Ints

    @property
    def starts(self) -> Ints:
        """When each quarter-hour begins [ms UTC], shape (quarters,)."""
        return self.edges[:-1]

    @property
    def hour(self) -> Ints:
        """Local hour of each quarter-hour, shape (quarters,)."""
        return self.minute // 60

    @property
    def weekday(self) -> Ints:
        """Of each day, 0 for Monday, shape (days,)."""
        return np.array([day.weekday() for day in self.days], dtype=np.int64)

    def sums(self, quarters: Floats) -> Floats:
        """Sum of each day; NaN where a quarter-hour is. Shape (quarters,) → (days,)."""
        return np.bincount(self.day, weights=quarters, minlength=len(self.days)).astype(np.float64)

    def index(self, day: dt.date) -> int:
        """Where a day stands in it, or its length where it comes later."""
        return min((day - self.days[0]).days, len(self.days))


def period(first: dt.date, last: dt.date, zone: ZoneInfo) -> Period:
    """The days from `first` to `last`, both included."""
    edges = calendar_edges(first, last, zone, Step.QUARTER)
    local = [dt.datetime.fromtimestamp(at / 1000, zone) for at in edges[:-1].tolist()]
    return Period(
        days=[first + dt.timedelta(offset) for offset in range((last - first).days + 1)],
        edges=edges,
        day=np.array([at.toordinal() - first.toordinal() for at in local], dtype=np.int64),
        minute=np.array([60 * at.hour + at.minute for at in local], dtype=np.int64),
    )


def rest_days(days: list[dt.date], zone: str) -> Bools:
    """Sundays, and in Korea its public holidays, temporary ones (임시공휴일) among them; shape (days,)."""
    years = range(days[0].year, days[-1].year + 1)
    off = public_holidays(years, frozenset()) if zone == _KOREAN else frozenset()
    return np.array([day.weekday() == 6 or day in off for day in days], dtype=np.bool_)
