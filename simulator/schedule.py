"""Who works when: shifts, breaks, days off and warm-up, on a grid of minutes."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from simulator.calendar import MINUTES_PER_DAY
from simulator.description import WEEKDAYS, Break, Shift
from simulator.noise import Bools, Ints, key, uniform


class RunState(enum.IntEnum):
    """What a press is doing, as its PLC codes it."""

    OFF = 0
    IDLE = 1
    WARM_UP = 2
    PRODUCTION = 3
    DOWN = 4


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Days off: the first scenario day, and the days nobody starts a shift on."""

    start: date
    closed: frozenset[date]

    def is_closed(self, day: int) -> bool:
        """Whether scenario day `day` (0 is the first) is a day off."""
        return self.start + timedelta(days=day) in self.closed


def minute_of(clock_time: str) -> int:
    """Minutes since midnight of ``HH:MM``."""
    return int(clock_time[:2]) * 60 + int(clock_time[3:])


def shift_mask(shifts: Sequence[Shift], calendar: WorkCalendar, seed: int, owner: str, first: int, count: int) -> Bools:
    """Whether each minute lies in a worked shift.

    Parameters
    ----------
    shifts, calendar
        The plan; a shift belongs to the day it starts on, and is not worked when that day is off.
    seed, owner
        Whose draw of the shifts that are worked only in some weeks.
    first, count
        The span of scenario minutes.

    Returns
    -------
    Bools
        Shape (count,).
    """
    mask = np.zeros(count, dtype=np.bool_)
    days = range(first // MINUTES_PER_DAY - 1, (first + count) // MINUTES_PER_DAY + 1)
    for number, shift in enumerate(shifts):
        begin, end = minute_of(shift.start), minute_of(shift.end)
        end += MINUTES_PER_DAY if end <= begin else 0
        weeks = np.array([day // 7 for day in days], dtype=np.int64) + 1000
        worked = uniform(key(seed, owner, "shift", str(number)), weeks) < shift.chance
        for day, chosen in zip(days, worked.tolist(), strict=True):
            if chosen and WEEKDAYS[day % 7] in shift.days and not calendar.is_closed(day):
                midnight = day * MINUTES_PER_DAY - first
                mask[max(0, midnight + begin) : max(0, midnight + end)] = True
    return mask


def break_mask(breaks: Iterable[Break], minutes: Ints) -> Bools:
    """Whether each scenario minute lies in a break."""
    of_day = minutes % MINUTES_PER_DAY
    mask = np.zeros(len(minutes), dtype=np.bool_)
    for pause in breaks:
        mask |= (of_day >= minute_of(pause.start)) & (of_day < minute_of(pause.end))
    return mask


def spans(begins: Bools, lengths: Ints) -> Bools:
    """Minutes covered by spans of `lengths` that begin where `begins` says; all of shape (minutes,)."""
    size = len(begins)
    steps = np.zeros(size + 1, dtype=np.int64)
    starts = np.flatnonzero(begins)
    np.add.at(steps, starts, 1)
    np.add.at(steps, np.minimum(starts + lengths[starts], size), -1)
    covered: Bools = np.cumsum(steps[:-1]) > 0
    return covered


def warm_up_mask(shift: Bools, minutes: int) -> Bools:
    """The `minutes` before each shift that follows a time off; shape (minutes,)."""
    backwards = shift[::-1]
    ends = np.zeros_like(backwards)
    ends[1:] = backwards[:-1] & ~backwards[1:]
    lengths = np.full(len(shift), minutes, dtype=np.int64)
    before: Bools = spans(ends, lengths)[::-1] & ~shift
    return before
