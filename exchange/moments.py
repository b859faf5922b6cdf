"""Rows' times on disk: as their cells have them, as a wall clock shows them, and in UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.clock_texts import Bools, ClockTexts, DateOrder, Times
from exchange.contents import Clocks
from exchange.scratch import Column
from exchange.walls import Walls
from exchange.zones import InUtc, offsets, to_utc

_DAY_MS: Final = 86_400_000
EARLIEST: Final = 946_684_800_000
"""2000-01-01: a time before it is a clock that was never set, as at a collector [ms, as if UTC]."""


@dataclass(slots=True)
class Moments:
    """When each row was, in the file's order.

    Attributes
    ----------
    good
        Rows that have a time.
    stamps, starts, ends
        The moment of the stamp, and the row's interval [ms UTC].
    lines
        In the file.
    """

    good: Column[np.bool_]
    stamps: Column[np.int64]
    starts: Column[np.int64]
    ends: Column[np.int64]
    lines: Column[np.int64]

    @classmethod
    def of(cls, clocks: Clocks) -> Moments:
        """Room for them, beside what was read."""
        scratch = clocks.scratch
        stamps, starts, ends = (scratch.column(np.int64) for _ in range(3))
        return cls(scratch.column(np.bool_), stamps, starts, ends, clocks.lines)


@dataclass(slots=True)
class Reading:
    """How the cells of a file's times are read.

    Attributes
    ----------
    clocks
        The cells.
    order, zone
        Of their dates, and of their wall clock.
    walls
        All their times together.
    late_step_ms
        Where midnights have the date of the day they close, the step [ms]; else 0.
    """

    clocks: Clocks
    order: DateOrder
    zone: dt.tzinfo
    walls: Walls
    late_step_ms: int = 0

    def raw(self) -> Iterator[tuple[int, int, ClockTexts, Times, Bools]]:
        """Rows' wall-clock times as their cells have them, some at a time, and which are times of the calendar."""
        for start, stop, clock in self.clocks.times():
            wall, good = clock.wall(self.order)
            good &= wall >= EARLIEST
            # Cells that name their offset need no zone; their wall clock is the zone's.
            own = clock.has_offset & good
            if own.any():
                exact = wall[own] - clock.offset_ms[own]
                wall[own] = exact + offsets(exact, self.zone)
            yield start, stop, clock, wall, good

    def utc(self) -> Iterator[tuple[int, int, Times, Bools, Bools, InUtc]]:
        """Rows' times put on the beat and on their own day, some at a time.

        Yields which rows these are, their walls, which are times, which of these name no offset, and all in UTC.
        """
        done = 0
        for start, stop, clock, wall, good in self.raw():
            there = np.flatnonzero(good)
            shift = -self.walls.off(wall[there])
            if self.late_step_ms:
                late = self.walls.late(done, done + len(there), self.late_step_ms)[1]
                shift[late] += _DAY_MS
            wall[there] += shift
            done += len(there)
            found = to_utc(wall, self.zone)
            own = np.flatnonzero(clock.has_offset & good)
            if len(own):
                # Twice or never in the zone, a cell with an offset is what it says.
                cells, _ = clock.wall(self.order)
                moved = np.zeros(len(wall), np.int64)
                moved[there] = shift
                exact = (cells - clock.offset_ms + moved)[own]
                found.times[own], found.later[own], found.absent[own] = exact, exact, False
            yield start, stop, wall, good, good & ~clock.has_offset, found
