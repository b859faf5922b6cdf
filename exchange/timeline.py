"""When each row of a file was: from the cells' wall clock to UTC, and from stamps to intervals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from exchange.cells import BadCell, BadCells
from exchange.clock_texts import Bools, ClockTexts, DateOrder, Ints, Times, possible_orders
from exchange.contents import Clocks
from exchange.mapping import DEFAULT_ZONE, TimeColumns, length_said
from exchange.moments import Moments, Reading
from exchange.walls import Stamped, Walls
from exchange.words import Question, Words
from exchange.zones import to_utc, zone_named

_DAY_MS: Final = 86_400_000
_FIRST_BAD: Final = 1000
_WHY = {
    "late_midnight": Words(
        "0시 행이 그날의 마지막에 있으므로 하루를 닫는 시각임",
        "midnight's row stands last in its own day, so it closes that day",
    ),
    "whole_days_end": Words("끝 시각으로 읽어야 하루가 꽉 참", "read as ends, the file holds whole days"),
    "whole_days_start": Words("시작 시각으로 읽어야 하루가 꽉 참", "read as starts, the file holds whole days"),
    "ranges": Words("칸에 구간의 시작과 끝이 다 있음", "the cells name both the start and the end"),
    "midnight_24": Words("24:00은 하루의 끝이므로", "24:00 ends a day"),
    "said": Words("지정됨", "as said"),
    "open": Words("정해야 함", "to be settled"),
    "none": Words("구간 값이 없어 관계없음", "no values of intervals, so it does not matter"),
}


@dataclass(slots=True)
class Timeline:
    """When rows were.

    Attributes
    ----------
    moments
        Row by row.
    zone
        Of the wall clock.
    order
        Of day and month; `order_open` when that is asked.
    step_ms
        Usual length of an interval [ms]; 0 when there is none.
    stamps_at
        ``start``, ``end``, or empty when that is open or does not matter.
    why
        Why the stamps are read so.
    """

    moments: Moments
    zone: dt.tzinfo
    zone_name: str
    order: DateOrder
    step_ms: int
    stamps_at: str
    why: Words
    bad: BadCells = field(default_factory=BadCells)
    questions: list[Question] = field(default_factory=list)
    remarks: list[Words] = field(default_factory=list)

    @property
    def order_open(self) -> bool:
        """Whether the order of day and month is one of the questions."""
        return any("--date-order" in each.settled_by for each in self.questions)


def lay_out(
    clocks: Clocks,
    said: TimeColumns,
    column: str,
    *,
    intervals: bool,
    repeats: bool,
) -> Timeline:
    """Tell when each row was.

    Parameters
    ----------
    clocks
        The rows' times and lines.
    said
        What is known already.
    column
        What to call the time's column.
    intervals
        Whether any column is of intervals, so that a stamp's place in its interval matters.
    repeats
        Whether rows of several series follow each other, so that times repeat.

    Raises
    ------
    MappingError
        When the zone is unknown.
    """
    questions: list[Question] = []
    order = _order(clocks, said.date_order, questions)
    name = said.zone or DEFAULT_ZONE
    reading = Reading(clocks, order, zone_named(name), Walls(clocks.scratch, distinct=repeats))
    ends = _Ends()
    for start, stop, clock, wall, good in reading.raw():
        reading.walls.add(wall[good])
        ends.look(clock, clocks.until.read(start, stop), good)
    reading.walls.settle(intervals=intervals)
    step, at, evidence = _stamps(reading, ends, said, questions, intervals=intervals)
    line = Timeline(Moments.of(clocks), reading.zone, name, order, step, at, _WHY[evidence], questions=questions)
    later = _second_of_two(reading, said, name, questions, repeats=repeats)
    for start, stop, wall, good, loose, utc in reading.utc():
        absent = loose & utc.absent
        stamps = utc.times
        second = later[slice(*np.searchsorted(later, (start, stop)))] - start
        stamps[second] = utc.later[second]
        _put(line, stamps, wall, good & ~absent, to_utc(wall, line.zone).times if len(second) else utc.times)
        _note_bad(line, clocks, column, start, stop, ~good, absent)
    if reading.walls.beat_ms:
        most = max(np.abs(reading.walls.off(wall[good])).max(initial=0) for *_, wall, good in reading.raw()) / 1000
        line.remarks.append(
            Words(
                f"구간 시각을 {step // 60_000}분 눈금에 맞춤 (차이 최대 {most:g}초)",
                f"stamps are read as those of the nearest {step // 60_000} min (at most {most:g} s away)",
            )
        )
    return line


def _put(line: Timeline, stamps: Times, wall: Times, good: Bools, utc: Times) -> None:
    """Add rows: their stamps, and their intervals."""
    length = np.full(len(stamps), line.step_ms, np.int64)
    if line.step_ms >= _DAY_MS:
        # A day of the wall clock may have 23 or 25 hours.
        other = wall - line.step_ms if line.stamps_at == "end" else wall + line.step_ms
        length = np.abs(to_utc(other, line.zone).times - utc)
    starts = stamps - length if line.stamps_at == "end" else stamps
    line.moments.good.append(good)
    line.moments.stamps.append(stamps)
    line.moments.starts.append(starts)
    line.moments.ends.append(starts + length)


def _note_bad(
    line: Timeline, clocks: Clocks, column: str, start: int, stop: int, no_time: Bools, absent: Bools
) -> None:
    name = line.zone_name
    for mask, reason in (
        (no_time, Words("달력에 있는 날짜와 시각이 아님", "is no date and time of the calendar")),
        (
            absent,
            Words(
                f"{name}에 없는 시각 (서머타임 시작): 표준시 기준 파일이면 --zone +01:00처럼 지정할 것",
                f"does not exist in {name}: summer time began; is the file in standard time (--zone +01:00)?",
            ),
        ),
    ):
        places = np.flatnonzero(mask)
        if not len(places):
            continue
        cells = []
        for at in clocks.lines.read(start, stop)[places[:_FIRST_BAD]].tolist():
            text, why = clocks.leftovers.wrong.get(at, (clocks.unread.get(at, ""), reason))
            cells.append(BadCell(at, column, text, why))
        line.bad.add(cells, len(places))


def _order(clocks: Clocks, said: DateOrder | None, questions: list[Question]) -> DateOrder:
    if said is not None and said is not DateOrder.YMD:
        return said
    largest: tuple[int, int] | None = None
    example = 0, 0, 0
    for _, _, clock in clocks.times():
        found = clock.largest()
        if found is None:
            continue
        if largest is None:
            at = int(np.flatnonzero(clock.good & clock.undecided)[0])
            example = int(clock.first[at]), int(clock.second[at]), int(clock.year[at])
        largest = found if largest is None else (max(largest[0], found[0]), max(largest[1], found[1]))
    orders = possible_orders(largest)
    if len(orders) == 2:
        a, b, year = example
        text = Words(
            f"{a}/{b}/{year}은(는) {b}월 {a}일일 수도 {a}월 {b}일일 수도 있음",
            f"{a}/{b}/{year} may be day {a} of month {b}, or day {b} of month {a}",
        )
        questions.append(Question(text, "--date-order dmy | --date-order mdy"))
    return orders[0] if orders else DateOrder.DMY


@dataclass(slots=True)
class _Ends:
    """What cells say of their intervals' ends: how long these are, where all say it, and whether one is at 24:00."""

    lengths: set[int] = field(default_factory=set)
    all_say: bool = True
    midnight_24: bool = False

    def look(self, clock: ClockTexts, until: npt.NDArray[np.int32], good: Bools) -> None:
        of_day, until = clock.of_day_ms[good], until[good]
        self.midnight_24 = self.midnight_24 or bool((of_day == _DAY_MS).any())
        self.all_say = self.all_say and bool((until >= 0).all())
        if self.all_say and len(self.lengths) < 2:
            self.lengths.update(np.unique((until.astype(np.int64) - of_day) % _DAY_MS).tolist())

    @property
    def length(self) -> int | None:
        """How long every interval is [ms]."""
        return (min(self.lengths) or _DAY_MS) if self.all_say and len(self.lengths) == 1 else None


def _stamps(
    reading: Reading, ends: _Ends, said: TimeColumns, questions: list[Question], *, intervals: bool
) -> tuple[int, str, str]:
    """Step [ms], where stamps stand, and why."""
    if intervals and ends.length is not None:
        return ends.length, "start", "ranges"
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
        return 0, "", "none"
    if not intervals:
        return found.step_ms, "", "none"
    if said.stamps is not None:
        at, evidence = str(said.stamps), "said"
    elif found.at:
        at, evidence = found.at, found.evidence
    elif ends.midnight_24:
        at, evidence = "end", "midnight_24"
    else:
        at, evidence = "", "open"
        questions.append(_start_or_end(found.first, found.step_ms))
    if found.other is not None and said.interval_ms is None:
        questions.append(_two_lengths(found, *found.other))
    reading.late_step_ms = found.step_ms if found.late and at == "end" else 0
    return found.step_ms, at, evidence


def _second_of_two(reading: Reading, said: TimeColumns, zone: str, questions: list[Question], *, repeats: bool) -> Ints:
    """Rows that stand for the later of two times that the clock showed twice, rising."""
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
    before, after = (f"{first + sign * dt.timedelta(milliseconds=step_ms):%H:%M}" for sign in (-1, 1))
    text = Words(
        f"{first:%H:%M} 행은 {first:%H:%M}–{after} 구간일 수도 {before}–{first:%H:%M} 구간일 수도 있음",
        f"the row of {first:%H:%M} may be of {first:%H:%M}–{after}, or of {before}–{first:%H:%M}",
    )
    return Question(text, "--stamps start | --stamps end")


def _clock(wall_ms: int) -> dt.datetime:
    """A wall-clock time [ms, as if UTC]."""
    return dt.datetime.fromtimestamp(wall_ms / 1000, dt.UTC)
