"""When each row of a file was: from the cells' wall clock to UTC, and from stamps to intervals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from exchange.cells import BadCell, BadCells
from exchange.clock_texts import Bools, DateOrder, Times, possible_orders
from exchange.contents import Clocks
from exchange.mapping import DEFAULT_ZONE, TimeColumns
from exchange.moments import EARLIEST, Moments, Reading
from exchange.stamping import Ends, second_of_two, stamps_of
from exchange.walls import Walls
from exchange.words import Question, Words
from exchange.zones import to_utc, zone_named

_DAY_MS: Final = 86_400_000
_FIRST_BAD: Final = 1000
_AHEAD_MS: Final = 300_000
"""How far a clock may be ahead of ours, as at a collector [ms]."""
_NEVER: Final = 2**62
_LATE = Words(
    "0시 행은 그날의 마지막에 있으므로 다음 날 0시로 읽음",
    "midnights stand last in their own day, so they are read as the end of that day",
)


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
    beside: frozenset[int] = frozenset(),
    now: int | None = None,
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
    beside
        See `Ends`.
    now
        Later times are no row's [ms UTC].

    Raises
    ------
    MappingError
        When the zone is unknown.
    """
    questions: list[Question] = []
    order = _order(clocks, said.date_order, questions)
    name = said.zone or DEFAULT_ZONE
    reading = Reading(clocks, order, zone_named(name), Walls(clocks.scratch, distinct=repeats))
    ends = Ends(beside)
    for start, stop, clock, wall, good in reading.raw():
        reading.walls.add(wall[good])
        ends.look(clock, clocks.until.read(start, stop), good)
    reading.walls.settle(intervals=intervals)
    step, at, why = stamps_of(reading, ends, said, questions, intervals=intervals)
    line = Timeline(Moments.of(clocks), reading.zone, name, order, step, at, why, questions=questions)
    later = second_of_two(reading, said, name, questions, repeats=repeats)
    for start, stop, wall, good, loose, utc in reading.utc():
        absent = loose & utc.absent
        stamps = utc.times
        second = later[slice(*np.searchsorted(later, (start, stop)))] - start
        stamps[second] = utc.later[second]
        future = good & (stamps > (_NEVER if now is None else now + _AHEAD_MS))
        unset = np.zeros(len(good), np.bool_)
        if not good.all():
            unset = ~good & (wall < EARLIEST) & clocks.clock.read(start, stop).wall(order)[1]
        _put(line, stamps, wall, good & ~(absent | future), to_utc(wall, line.zone).times if len(second) else utc.times)
        _note_bad(line, clocks, column, start, stop, (~good & ~unset, absent, future, unset))
    if reading.late_step_ms and not intervals:
        line.remarks.append(_LATE)
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
    line: Timeline, clocks: Clocks, column: str, start: int, stop: int, masks: tuple[Bools, Bools, Bools, Bools]
) -> None:
    """Note rows that are no times, do not exist in the zone, are yet to come, or of a clock that was not set."""
    name = line.zone_name
    reasons = (
        Words("달력에 있는 날짜와 시각이 아님", "is no date and time of the calendar"),
        Words(
            f"{name}에 없는 시각 (서머타임 시작): 표준시 기준 파일이면 --zone +01:00처럼 지정할 것",
            f"does not exist in {name}: summer time began; is the file in standard time (--zone +01:00)?",
        ),
        Words(f"{name} 기준으로 아직 오지 않은 시각", f"is yet to come, by the clock of {name}"),
        Words("2000년 이전: 시각이 맞춰지지 않은 기록임", "is before 2000: the clock that wrote it was not set"),
    )
    for mask, reason in zip(masks, reasons, strict=True):
        places = np.flatnonzero(mask)
        if not len(places):
            continue
        cells = []
        shown = {} if mask is masks[0] else _shown(line, clocks, start, places[:_FIRST_BAD])
        for at in clocks.lines.read(start, stop)[places[:_FIRST_BAD]].tolist():
            text, why = clocks.leftovers.wrong.get(at, (clocks.unread.get(at, shown.get(at, "")), reason))
            cells.append(BadCell.of(at, column, text, why))
        line.bad.add(cells, len(places))


def _shown(line: Timeline, clocks: Clocks, start: int, places: npt.NDArray[np.intp]) -> dict[int, str]:
    """By line, the times of some rows as the zone's clock shows them: their cells are not kept."""
    stop = start + int(places[-1]) + 1
    lines = clocks.lines.read(start, stop)[places].tolist()
    walls = clocks.clock.read(start, stop).wall(line.order)[0][places]
    texts = np.datetime_as_string(walls.astype("datetime64[ms]"), unit="m").tolist()
    return dict(zip(lines, (text.replace("T", " ") for text in texts), strict=True))


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
