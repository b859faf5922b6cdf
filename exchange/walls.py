"""A file's wall-clock times as a whole: their order, their step, and whether stamps are starts or ends.

`analytics.read_stamps` tells the same of times that fit in memory; a file's need not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from exchange.clock_texts import Bools, Times
from exchange.ordering import Sought, in_order, spread
from exchange.scratch import Column, Scratch, spans

_DAY_MS: Final = 86_400_000
_BEATS_MS: Final = (60_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000)
_OFF_MS: Final = 10_000
_LEAST_BEATS: Final = 8
_TICK_MS: Final = 10
_LONGEST_MS: Final = 3_700_000
_LEAST_RUN: Final = 8
"""Steps of another length in a row that are no gaps any more, but rows of another interval."""
_MOST_STEPS: Final = 200_000
"""Steps of different lengths that are counted; of more, the rare ones are let go: they are not the usual one."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """What stamps mean.

    Attributes
    ----------
    step_ms
        Usual length of an interval [ms]; 0 when there is none.
    evidence
        As of `analytics.read_stamps`.
    at
        ``start``, ``end``, or empty when the stamps do not tell.
    late
        Whether midnights stand behind the last row of the day they close, with that day's date.
    first
        The earliest of them [ms, as if UTC].
    other
        The longest run of rows that are another step apart, if there is one: the step [ms], how many steps, and where
        it begins [ms, as if UTC].
    """

    step_ms: int
    evidence: str
    at: str
    late: bool
    first: int
    other: tuple[int, int, int] | None = None


class _Runs:
    """The longest runs of equal steps, by their step."""

    def __init__(self) -> None:
        self._longest: dict[int, tuple[int, int]] = {}
        self._step = self._count = self._begins = 0

    def look(self, steps: Times, before: int) -> None:
        """Take further steps into account; `before` is the time before the first of them [ms]."""
        if not len(steps):
            return
        first = np.concatenate(([0], np.flatnonzero(np.diff(steps)) + 1))
        counts = np.diff(np.append(first, len(steps)))
        begins = before + np.concatenate(([0], np.cumsum(steps)))[first]
        for step, count, begin in zip(steps[first].tolist(), counts.tolist(), begins.tolist(), strict=True):
            if step == self._step and begin == before:
                self._count += count
            else:
                self._step, self._count, self._begins = step, count, begin
            if self._count >= _LEAST_RUN and self._count > self._longest.get(step, (0, 0))[0]:
                self._longest[step] = self._count, self._begins

    def longest_but(self, step: int) -> tuple[int, int, int] | None:
        """The longest run of any other step: the step, how many, and where it begins."""
        others = [(count, -begins, other) for other, (count, begins) in self._longest.items() if other != step]
        count, begins, other = max(others, default=(0, 0, 0))
        return (other, count, -begins) if count else None


@dataclass(slots=True)
class Walls:
    """Wall-clock times of a file's rows [ms, as if UTC], in the file's order.

    Attributes
    ----------
    newest_first
        Whether the file's last row is its earliest.
    beat_ms
        What all of them keep within seconds; 0 where they keep nothing, or keep it exactly.
    distinct
        Whether it is only known which times there are: of rows of several series, which repeat them.
    """

    scratch: Scratch
    column: Column[np.int64] = field(init=False)
    distinct: bool = False
    newest_first: bool = False
    beat_ms: int = 0
    _falls: int = 0
    _rises: int = 0
    _newest: int | None = None
    _sorted: Column[np.int64] | None = None
    _lengths: np.ndarray[tuple[int], np.dtype[np.int64]] = field(
        default_factory=lambda: np.zeros(_LONGEST_MS // _TICK_MS + 1, np.int64)
    )

    def __post_init__(self) -> None:
        self.column = self.scratch.column(np.int64)

    def add(self, walls: Times) -> None:
        """Take further rows' times, in the file's order."""
        if not len(walls):
            return
        if self.distinct:
            walls = np.unique(walls)
        steps = np.diff(walls) if self._newest is None else np.diff(walls, prepend=self._newest)
        self._newest = int(walls[-1])
        self._falls += int(np.count_nonzero(steps < 0))
        self._rises += int(np.count_nonzero(steps > 0))
        np.add.at(self._lengths, np.minimum(np.abs(steps), _LONGEST_MS) // _TICK_MS, 1)
        self.column.append(walls)

    def settle(self, *, intervals: bool) -> None:
        """Tell their order and, of intervals, their beat; to be called when all rows are there."""
        rows = len(self.column)
        self.newest_first = not self.distinct and rows > 1 and self._falls > rows / 2
        if self._falls and (self._rises or self.distinct):
            self._sorted = self._put_in_order()
        if intervals and not self.distinct and rows >= _LEAST_BEATS:
            self.beat_ms = self._beat()

    def read(self, start: int, stop: int) -> Times:
        """Times of rows, put on the beat."""
        walls = self.column.read(start, stop)
        return walls - self.off(walls)

    def off(self, walls: Times) -> Times:
        """How far times are from the beat [ms], shape (times,)."""
        if not self.beat_ms:
            return np.zeros(len(walls), np.int64)
        return (walls + self.beat_ms // 2) % self.beat_ms - self.beat_ms // 2

    def rising(self) -> Iterator[Times]:
        """All of them, earliest first, some at a time, on the beat."""
        column = self._sorted or self.column
        back = self._sorted is None and bool(self._falls)
        for start, stop in sorted(spans(len(column)), reverse=back):
            walls = column.read(start, stop)
            walls = walls - self.off(walls)
            yield walls[::-1] if back else walls

    def late(self, start: int, stop: int, step: int) -> tuple[Bools, Bools]:
        """Midnights behind their own day's last row, and midnights no step from a neighbour; both of shape (rows,).

        The neighbours are the rows before and after in the order of time that the file has.
        """
        rows = len(self.column)
        walls = self.read(start - 1, stop + 1)
        if start == 0:
            walls = np.concatenate(([self._beyond(0, step)], walls))
        if stop == rows:
            walls = np.concatenate((walls, [self._beyond(rows - 1, step)]))
        before, own, after = walls[:-2], walls[1:-1], walls[2:]
        if self.newest_first:
            before, after = after, before
        midnight = own % _DAY_MS == 0
        told = midnight & (before - own == _DAY_MS - step)
        return told, midnight & ~((before == own - step) | (after == own + step))

    def _beyond(self, row: int, step: int) -> int:
        """What stands for the neighbour that the first and the last row do not have."""
        inner = int(self.read(1, 2)[0]) if row == 0 else int(self.read(row - 1, row)[0])
        first_in_time = (row == 0) != self.newest_first
        return inner - 2 * step if first_in_time else inner + 2 * step

    def stamped(self, said_ms: int | None = None) -> Stamped | None:
        """What the stamps mean; None where too few rows, or no usual step, do not tell.

        Parameters
        ----------
        said_ms
            The step, where a person has said it [ms].
        """
        runs = _Runs()
        steps, first, last, count = self._steps(runs)
        if (count < 3 or not steps) and said_ms is None:
            return None
        most = max(steps.values(), default=0)
        step = said_ms or min(length for length, times in steps.items() if times == most)
        if most < 0.5 * sum(steps.values()) and said_ms is None:
            return None
        other = runs.longest_but(step)
        if not self.distinct and self._is_late(step):
            return Stamped(step, "late_midnight", "end", late=True, first=first, other=other)
        ends = first % _DAY_MS, last % _DAY_MS
        if ends == (step, 0):
            return Stamped(step, "whole_days_end", "end", late=False, first=first, other=other)
        if ends == (0, _DAY_MS - step):
            return Stamped(step, "whole_days_start", "start", late=False, first=first, other=other)
        return Stamped(step, "none", "", late=False, first=first, other=other)

    def _steps(self, runs: _Runs) -> tuple[Counter[int], int, int, int]:
        """How often each step comes between times, the first and the last time, and how many rows there are."""
        steps: Counter[int] = Counter()
        first = last = None
        rows = 0
        for walls in self.rising():
            rows += len(walls)
            lengths = np.diff(walls) if last is None else np.diff(walls, prepend=last)
            runs.look(lengths[lengths > 0], int(walls[0]) if last is None else last)
            kinds, counts = np.unique(lengths[lengths > 0], return_counts=True)
            for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
                steps[kind] += count
            if len(steps) > _MOST_STEPS:
                steps = Counter(dict(steps.most_common(_MOST_STEPS // 2)))
            first = int(walls[0]) if first is None else first
            last = int(walls[-1])
        return steps, first or 0, last or 0, steps.total() + 1 if self.distinct else rows

    def _is_late(self, step: int) -> bool:
        """Whether midnights are dated by the day they close: told by most of them, and none of these stands twice."""
        told: list[Times] = []
        midnights: Counter[int] = Counter()
        for start, stop in spans(len(self.column)):
            walls = self.read(start, stop)
            at, counts = np.unique(walls[walls % _DAY_MS == 0], return_counts=True)
            midnights.update(dict(zip(at.tolist(), counts.tolist(), strict=True)))
            told.append(walls[self.late(start, stop, step)[0]])
        once = sum(midnights[at] == 1 for at in np.concatenate(told).tolist()) if told else 0
        return once > 0 and once >= 0.5 * midnights.total()

    def _beat(self) -> int:
        """The beat that all times keep within seconds.

        A logger that writes at 00:15:03, and a spreadsheet that makes 00:14:59.999 of a quarter of an hour, mean 00:15.
        """
        ranks = np.cumsum(self._lengths)
        middle = [int(np.searchsorted(ranks, (int(ranks[-1]) + more) // 2)) for more in (1, 2)]
        usual = sum(middle) * _TICK_MS / 2
        beat = min(_BEATS_MS, key=lambda each: abs(each - usual))
        if abs(beat - usual) > _OFF_MS:
            return 0
        last = None
        uneven = False
        for walls in self.rising():
            off = (walls + beat // 2) % beat - beat // 2
            on = walls - off
            steps = [
                np.diff(each) if last is None else np.diff(each, prepend=before)
                for each, before in zip((on, walls), last or (0, 0), strict=True)
            ]
            # Two times that would become one are no beat.
            if np.abs(off).max() > _OFF_MS or ((steps[0] == 0) & (steps[1] != 0)).any():
                return 0
            uneven = uneven or bool(off.any())
            last = int(on[-1]), int(walls[-1])
        return beat if uneven else 0

    def _put_in_order(self) -> Column[np.int64]:
        def look(start: int, stop: int) -> Sought:
            walls = self.column.read(start, stop)
            return Sought(np.ones(len(walls), np.bool_), np.zeros(len(walls), np.int64), walls)

        rows = len(self.column)
        [made] = in_order(rows, spread(rows, 1, look), look, [self.column], self.column)
        return made
