"""When each row of a file was: from the cells' wall clock to UTC, and from stamps to intervals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

import analytics
from exchange.cells import BadCell
from exchange.clock_texts import Bools, ClockTexts, DateOrder, Ints, Times
from exchange.mapping import DEFAULT_ZONE, TimeColumns
from exchange.words import Question, Words
from exchange.zones import offsets, to_utc, zone_named

_DAY_MS = 86_400_000
_WHY = {
    "late_midnight": Words(
        "0시 행이 그날의 마지막에 있으므로 하루를 닫는 시각임",
        "midnight's row stands last in its own day, so it closes that day",
    ),
    "whole_days_end": Words("끝 시각으로 읽어야 하루가 꽉 참", "read as ends, the file holds whole days"),
    "whole_days_start": Words("시작 시각으로 읽어야 하루가 꽉 참", "read as starts, the file holds whole days"),
    "said": Words("지정됨", "as said"),
    "open": Words("정해야 함", "to be settled"),
    "none": Words("구간 값이 없어 관계없음", "no values of intervals, so it does not matter"),
}


@dataclass(slots=True)
class Timeline:
    """When rows were; every array of shape (rows,), in the file's order.

    Attributes
    ----------
    good
        Rows that have a time.
    stamps, starts, ends
        The moment of the stamp, and the row's interval [ms UTC].
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

    good: Bools
    stamps: Times
    starts: Times
    ends: Times
    zone: dt.tzinfo
    zone_name: str
    order: DateOrder
    step_ms: int
    stamps_at: str
    why: Words
    bad: list[BadCell] = field(default_factory=list)
    bad_count: int = 0
    questions: list[Question] = field(default_factory=list)

    @property
    def order_open(self) -> bool:
        """Whether the order of day and month is one of the questions."""
        return any("--date-order" in each.settled_by for each in self.questions)


def lay_out(
    clock: ClockTexts,
    lines: Ints,
    said: TimeColumns,
    column: str,
    unread: dict[int, str],
    *,
    intervals: bool,
    repeats: bool,
) -> Timeline:
    """Tell when each row was.

    Parameters
    ----------
    clock, lines
        The rows' times and lines.
    said
        What is known already.
    column, unread
        What to call the time's column, and by line the cells in it that are no time.
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
    order = _order(clock, said.date_order, questions)
    wall, good = clock.wall(order)
    no_time = Words("달력에 있는 날짜와 시각이 아님", "is no date and time of the calendar")
    bad_rows: list[tuple[Bools, Words]] = [(~good, no_time)]
    name = said.zone or DEFAULT_ZONE
    zone = zone_named(name)
    # Cells that name their offset need no zone; their wall clock is the zone's.
    own = clock.has_offset & good
    exact = wall - clock.offset_ms
    wall = np.where(own, exact + offsets(np.where(own, exact, 0), zone), wall)
    marked = np.flatnonzero(good)
    newest_first = len(marked) > 1 and np.count_nonzero(np.diff(wall[marked]) < 0) > len(marked) / 2
    sequence = marked[::-1] if newest_first else marked
    step, at, evidence, shift = _stamps(wall[sequence], said, questions, intervals=intervals, repeats=repeats)
    wall[sequence] += shift
    exact[sequence] += shift
    utc = to_utc(wall, zone)
    stamps = np.where(own, exact, utc.times)
    loose = good & ~clock.has_offset
    absent = loose & utc.absent
    skipped = Words(
        f"{name}에 없는 시각 (서머타임 시작): 표준시 기준 파일이면 --zone +01:00처럼 지정할 것",
        f"does not exist in {name}: summer time began; is the file in standard time (--zone +01:00)?",
    )
    bad_rows.append((absent, skipped))
    good = good & ~absent
    stamps = _settled(sequence, wall, utc.later, stamps, loose & utc.twice, said, name, questions, repeats=repeats)
    length = np.full(len(stamps), step, np.int64)
    if step >= _DAY_MS:
        # A day of the wall clock may have 23 or 25 hours.
        other = wall - step if at == "end" else wall + step
        length = np.abs(to_utc(other, zone).times - utc.times)
    starts = stamps - length if at == "end" else stamps
    line = Timeline(
        good, stamps, starts, starts + length, zone, name, order, step, at, _WHY[evidence], questions=questions
    )
    for mask, reason in bad_rows:
        places = np.flatnonzero(mask)
        line.bad_count += len(places)
        for at in lines[places[:1000]].tolist():
            line.bad.append(BadCell(at, column, unread.get(at, ""), reason))
    return line


def _order(clock: ClockTexts, said: DateOrder | None, questions: list[Question]) -> DateOrder:
    orders = clock.orders()
    if said is not None and said is not DateOrder.YMD:
        return said
    if len(orders) == 2:
        first = int(np.flatnonzero(clock.good & clock.undecided)[0])
        a, b, year = int(clock.first[first]), int(clock.second[first]), int(clock.year[first])
        text = Words(
            f"{a}/{b}/{year}은(는) {b}월 {a}일일 수도 {a}월 {b}일일 수도 있음",
            f"{a}/{b}/{year} may be day {a} of month {b}, or day {b} of month {a}",
        )
        questions.append(Question(text, "--date-order dmy | --date-order mdy"))
    return orders[0] if orders else DateOrder.DMY


def _stamps(
    wall: Times, said: TimeColumns, questions: list[Question], *, intervals: bool, repeats: bool
) -> tuple[int, str, str, Times]:
    """Step [ms], where stamps stand, why, and what to add to each stamp so that midnight has its own date [ms]."""
    none = np.zeros(len(wall), np.int64)
    sequence = np.unique(wall) if repeats else wall
    try:
        found = analytics.read_stamps(sequence)
    except analytics.AnalyticsError as error:
        if intervals:
            text = Words(f"행 간격을 알 수 없음 ({error})", f"the interval of a row cannot be told: {error}")
            questions.append(Question(text, "--column HEADER=CHANNEL:UNIT:register | --column HEADER=-"))
        return 0, "", "none", none
    if not intervals:
        return found.step_ms, "", "none", none
    shift = none
    if found.kind is analytics.StampKind.END and not repeats:
        shift = found.starts_ms + found.step_ms - wall
    if said.stamps is not None:
        return found.step_ms, said.stamps, "said", shift if said.stamps == "end" else none
    if found.kind is analytics.StampKind.UNKNOWN:
        first = _clock(int(sequence[0]))
        minutes = found.step_ms / 60_000
        before, after = (f"{first + sign * dt.timedelta(minutes=minutes):%H:%M}" for sign in (-1, 1))
        text = Words(
            f"{first:%H:%M} 행은 {first:%H:%M}–{after} 구간일 수도 {before}–{first:%H:%M} 구간일 수도 있음",
            f"the row of {first:%H:%M} may be of {first:%H:%M}–{after}, or of {before}–{first:%H:%M}",
        )
        questions.append(Question(text, "--stamps start | --stamps end"))
        return found.step_ms, "", "open", none
    return found.step_ms, "end" if found.kind is analytics.StampKind.END else "start", found.evidence, shift


def _settled(
    sequence: Ints,
    wall: Times,
    later: Times,
    stamps: Times,
    twice: Bools,
    said: TimeColumns,
    zone: str,
    questions: list[Question],
    *,
    repeats: bool,
) -> Times:
    """Stamps with every time that the clock showed twice put where it belongs."""
    if not twice.any():
        return stamps
    if said.repeated_hour is not None:
        return np.where(twice & (said.repeated_hour == "later"), later, stamps)
    places = sequence[twice[sequence]]
    _, nth, counts = np.unique(wall[places], return_inverse=True, return_counts=True)
    if not repeats and (counts == 2).all():
        # A logger that goes on through the change writes the hour twice, in the order it was.
        order = np.argsort(nth, kind="stable")
        second = places[order[1::2]]
        stamps[second] = later[second]
        return stamps
    when = _clock(int(wall[places[0]]))
    text = Words(
        f"{when:%Y-%m-%d %H:%M}은(는) {zone}에서 두 번 있었음 (서머타임 종료)",
        f"{when:%Y-%m-%d %H:%M} came twice in {zone}, when summer time ended",
    )
    questions.append(Question(text, "--repeated-hour earlier | --repeated-hour later"))
    return stamps


def _clock(wall_ms: int) -> dt.datetime:
    """A wall-clock time [ms, as if UTC]."""
    return dt.datetime.fromtimestamp(wall_ms / 1000, dt.UTC)
