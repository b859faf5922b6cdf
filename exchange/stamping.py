"""What a file's stamps mean: starts or ends of intervals, how long these are, and which of two hours of one name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from exchange.clock_texts import Bools, ClockTexts, Ints, Times, names_time_of_day
from exchange.mapping import TimeColumns, length_said
from exchange.moments import Reading
from exchange.time_columns import OWN
from exchange.walls import Stamped
from exchange.words import Question, Words

_DAY_MS: Final = 86_400_000
_WHY: Final = {
    "late_midnight": Words(
        "0시 행이 그날의 마지막에 있으므로 하루를 닫는 시각임",
        "midnight's row stands last in its own day, so it closes that day",
    ),
    "whole_days_end": Words("끝 시각으로 읽어야 하루가 꽉 참", "read as ends, the file holds whole days"),
    "whole_days_start": Words("시작 시각으로 읽어야 하루가 꽉 참", "read as starts, the file holds whole days"),
    "ranges": Words("칸에 구간의 시작과 끝이 다 있음", "the cells name both the start and the end"),
    "beside": Words("다른 열에 구간의 다른 쪽 끝이 있음", "another column has the interval's other end"),
    "midnight_24": Words("24:00은 하루의 끝이므로", "24:00 ends a day"),
    "export": Words("wattproof export는 구간의 시작을 씀", "wattproof export writes starts"),
    "said": Words("지정됨", "as said"),
    "open": Words("정해야 함", "to be settled"),
    "none": Words("구간 값이 없어 관계없음", "no values of intervals, so it does not matter"),
}


@dataclass(slots=True)
class Ends:
    """What cells say of their intervals' ends: how long these are, where all say it, and whether one is at 24:00.

    Attributes
    ----------
    beside
        How long after the stamp's time of day that of another column is [ms], for each column of which that is so.
    """

    beside: frozenset[int] = frozenset()
    lengths: set[int] = field(default_factory=set)
    all_say: bool = True
    midnight_24: bool = False

    def look(self, clock: ClockTexts, until: npt.NDArray[np.int32], good: Bools) -> None:
        """Take further rows into account: their times, their ends' times of day [ms], and which are times."""
        of_day, until = clock.of_day_ms[good], until[good]
        self.midnight_24 = self.midnight_24 or bool((of_day == _DAY_MS).any())
        self.all_say = self.all_say and bool((until >= 0).all())
        if self.all_say and len(self.lengths) < 2:
            self.lengths.update(np.unique((until.astype(np.int64) - of_day) % _DAY_MS).tolist())

    def other_side(self, step_ms: int) -> str:
        """Whether another column has the end of each interval, or its start; empty where none has."""
        if 2 * step_ms >= _DAY_MS:
            return ""
        return "start" if step_ms in self.beside else "end" if _DAY_MS - step_ms in self.beside else ""

    @property
    def length(self) -> int | None:
        """How long every interval is [ms]."""
        return (min(self.lengths) or _DAY_MS) if self.all_say and len(self.lengths) == 1 else None


def stamps_of(
    reading: Reading, ends: Ends, said: TimeColumns, questions: list[Question], *, intervals: bool
) -> tuple[int, str, Words]:
    """Tell how far apart rows are, and where in their interval they stand.

    Parameters
    ----------
    reading
        Notes in it whether midnights have the date of the day they close.
    ends
        What the cells themselves say.
    said
        What is known already.
    questions
        What cannot be told is added.
    intervals
        Whether any column is of intervals.

    Returns
    -------
    tuple
        Step [ms], 0 when there is none; ``start``, ``end`` or empty; and why.
    """
    if intervals and ends.length is not None:
        return ends.length, "start", _WHY["ranges"]
    found = reading.walls.stamped(said.interval_ms)
    if found is None:
        if intervals:
            text = Words(
                "행 간격을 알 수 없음: 행이 너무 적거나 간격이 일정하지 않음",
                "the interval of a row cannot be told: there are too few rows, or no usual step between them",
            )
            questions.append(
                Question(text, "--interval LENGTH | --column HEADER=CHANNEL:UNIT:register | --column HEADER=-")
            )
        return 0, "", _WHY["open" if intervals else "none"]
    if not intervals:
        reading.late_step_ms = found.step_ms if found.late and said.stamps != "start" else 0
        return found.step_ms, "", _WHY["none"]
    if said.stamps is not None:
        at, evidence = str(said.stamps), "said"
    elif tuple(said.columns or ()) == OWN:
        at, evidence = "start", "export"
    elif other := ends.other_side(found.step_ms):
        at, evidence = other, "beside"
    elif ends.midnight_24:
        at, evidence = "end", "midnight_24"
    elif found.at and not (found.step_ms >= _DAY_MS and names_time_of_day(reading.clocks.text)):
        at, evidence = found.at, found.evidence
    else:
        at, evidence = "", "open"
        questions.append(_start_or_end(found.first, found.step_ms))
    if found.other is not None and said.interval_ms is None:
        questions.append(_two_lengths(found, *found.other))
    reading.late_step_ms = found.step_ms if found.late and at == "end" else 0
    return found.step_ms, at, _WHY[evidence]


def second_of_two(reading: Reading, said: TimeColumns, zone: str, questions: list[Question], *, repeats: bool) -> Ints:
    """Rows that stand for the later of two times that the clock of `zone` showed twice, rising; parameters as above.

    Parameters
    ----------
    repeats
        Whether rows of several series follow each other, so that times repeat.
    """
    places: list[Ints] = [np.zeros(0, np.int64)]
    walls: list[Times] = [np.zeros(0, np.int64)]
    if not isinstance(reading.zone, dt.timezone):
        for start, _, wall, _, loose, utc in reading.utc():
            twice = np.flatnonzero(loose & utc.twice)
            places.append(twice + start)
            walls.append(wall[twice])
    rows, wall = np.concatenate(places), np.concatenate(walls)
    if not len(rows):
        return rows
    if said.repeated_hour is not None:
        return rows if said.repeated_hour == "later" else rows[:0]
    if reading.walls.newest_first:
        rows, wall = rows[::-1], wall[::-1]
    _, nth, counts = np.unique(wall, return_inverse=True, return_counts=True)
    if not repeats and (counts == 2).all():
        # A logger that goes on through the change writes the hour twice, in the order it was.
        return np.sort(rows[np.argsort(nth, kind="stable")[1::2]])
    when = _clock(int(wall[0]))
    text = Words(
        f"{when:%Y-%m-%d %H:%M}은(는) {zone}에서 두 번 있었음 (서머타임 종료)",
        f"{when:%Y-%m-%d %H:%M} came twice in {zone}, when summer time ended",
    )
    questions.append(Question(text, "--repeated-hour earlier | --repeated-hour later"))
    return rows[:0]


def _two_lengths(found: Stamped, step: int, count: int, begins: int) -> Question:
    """Ask where rows are one step apart, and then for long another."""
    usual, other, when = length_said(found.step_ms), length_said(step), f"{_clock(begins):%Y-%m-%d %H:%M}"
    text = Words(
        f"대부분의 행은 {usual} 간격이지만 {when}부터 {count + 1:,}개 행은 {other} 간격임: 간격이 다른 자료라면 파일을"
        f" 나누어 따로 가져오고, 빠진 행이 있는 {usual} 자료라면 그렇게 지정할 것",
        f"most rows are {usual} apart, but {count + 1:,} rows from {when} on are {other} apart: if they are of other"
        f" intervals, save them as a file of their own; if rows are missing there, say that all are of {usual}",
    )
    return Question(text, f"--interval {usual}")


def _start_or_end(stamp: int, step_ms: int) -> Question:
    first = _clock(stamp)
    shape = "%H:%M" if step_ms < _DAY_MS else "%Y-%m-%d %H:%M"
    before, at, after = (f"{first + sign * dt.timedelta(milliseconds=step_ms):{shape}}" for sign in (-1, 0, 1))
    text = Words(
        f"{at} 행은 {at}–{after} 구간일 수도 {before}–{at} 구간일 수도 있음",
        f"the row of {at} may be of {at}–{after}, or of {before}–{at}",
    )
    return Question(text, "--stamps start | --stamps end")


def _clock(wall_ms: int) -> dt.datetime:
    """A wall-clock time [ms, as if UTC]."""
    return dt.datetime.fromtimestamp(wall_ms / 1000, dt.UTC)
