"""A plan's windows as intervals on its local calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.plan import Plan, Window

Times = npt.NDArray[np.int64]
_STEP_MS = {"quarter_hour": 900_000, "hour": 3_600_000}


@dataclass(frozen=True, slots=True)
class LocalClock:
    """When intervals begin, on the plan's clock.

    Attributes
    ----------
    day
        Local date as days since 0001-01-01, shape (intervals,).
    minute
        Minute of the day, shape (intervals,).
    """

    day: Times
    minute: Times

    @property
    def weekday(self) -> Times:
        """0 for Monday, shape (intervals,)."""
        # The first day of the calendar, ordinal 1, was a Monday.
        return (self.day - 1) % 7

    def rows(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> LocalClock:
        """That of some of the intervals."""
        return LocalClock(self.day[which], self.minute[which])


@dataclass(frozen=True, slots=True)
class Grid:
    """Intervals of a window.

    Attributes
    ----------
    edges_ms
        Boundaries, rising, shape (intervals + 1,) [ms since 1970-01-01 UTC].
    positions
        Distance of each interval from a common origin, in intervals, shape (intervals,).
    clock
        When each begins, local time.
    """

    edges_ms: Times
    positions: Times
    clock: LocalClock


def grid(plan: Plan, window: Window) -> Grid:
    """Intervals of `window` in the plan's granularity; a last week that is not whole is left out."""
    if plan.granularity in _STEP_MS:
        length = _STEP_MS[plan.granularity]
        edges = np.arange(start_ms(plan, window), end_ms(plan, window) + 1, length, dtype=np.int64)
        return Grid(edges, edges[:-1] // length, _clock(plan, edges[:-1]))
    step = 1 if plan.granularity == "day" else 7
    days = [window.first_day + dt.timedelta(offset) for offset in range(0, window.days // step * step + 1, step)]
    edges = np.array([midnight_ms(plan, day) for day in days], dtype=np.int64)
    since = [(day - plan.baseline.first_day).days for day in days[:-1]]
    # Windows need not be whole weeks apart: the distance between their weeks is rounded up, never to nothing.
    return Grid(edges, -(-np.array(since, dtype=np.int64) // step), _clock(plan, edges[:-1]))


def _clock(plan: Plan, starts_ms: Times) -> LocalClock:
    zone = plan.zone
    local = [dt.datetime.fromtimestamp(at / 1000, zone) for at in starts_ms.tolist()]
    days = np.array([at.toordinal() for at in local], dtype=np.int64)
    return LocalClock(days, np.array([at.hour * 60 + at.minute for at in local], dtype=np.int64))


def start_ms(plan: Plan, window: Window) -> int:
    """When the window's first day begins [ms since 1970-01-01 UTC]."""
    return midnight_ms(plan, window.first_day)


def end_ms(plan: Plan, window: Window) -> int:
    """When the window's last day ends [ms since 1970-01-01 UTC]."""
    return midnight_ms(plan, window.last_day + dt.timedelta(1))


def midnight_ms(plan: Plan, day: dt.date) -> int:
    """When `day` begins in the plan's time zone [ms since 1970-01-01 UTC]."""
    return round(dt.datetime.combine(day, dt.time(), plan.zone).timestamp() * 1000)
