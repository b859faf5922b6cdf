"""When each row of a file was: from the cells' wall clock to UTC, and from stamps to intervals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import numpy as np

import analytics
from exchange.cells import BadCell
from exchange.clock_texts import Bools, ClockTexts, DateOrder, Ints, SmallInts, Times
from exchange.contents import Clocks
from exchange.mapping import DEFAULT_ZONE, TimeColumns
from exchange.words import Question, Words
from exchange.zones import offsets, to_utc, zone_named

_DAY_MS = 86_400_000
_BEATS_MS: Final = (60_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000)
_OFF_MS: Final = 10_000
_LEAST_BEATS: Final = 8
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
    clock, lines = clocks.clock, clocks.lines
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
    off_beat = _off_beat(wall[sequence]) if intervals and not repeats else np.zeros(len(sequence), np.int64)
    wall[sequence] -= off_beat
    exact[sequence] -= off_beat
    step, at, evidence, shift = _stamps(
        wall[sequence],
        clock.of_day_ms[sequence],
        clocks.until[sequence],
        said,
        questions,
        intervals=intervals,
        repeats=repeats,
    )
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
    if off_beat.any():
        most = f"{np.abs(off_beat).max() / 1000:g}"
        line.remarks.append(
            Words(
                f"구간 시각을 {step // 60_000}분 눈금에 맞춤 (차이 최대 {most}초)",
                f"stamps are read as those of the nearest {step // 60_000} min (at most {most} s away)",
            )
        )
    for mask, reason in bad_rows:
        places = np.flatnonzero(mask)
        line.bad_count += len(places)
        for at in lines[places[:1000]].tolist():
            text, why = clocks.leftovers.wrong.get(at, (clocks.unread.get(at, ""), reason))
            line.bad.append(BadCell(at, column, text, why))
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
    wall: Times,
    of_day: SmallInts,
    until: Ints,
    said: TimeColumns,
    questions: list[Question],
    *,
    intervals: bool,
    repeats: bool,
) -> tuple[int, str, str, Times]:
    """Step [ms], where stamps stand, why, and what to add to each stamp so that midnight has its own date [ms]."""
    none = np.zeros(len(wall), np.int64)
    ranges = np.unique((until - of_day) % _DAY_MS) if len(until) and (until >= 0).all() else none[:0]
    if len(ranges) == 1 and intervals:
        return int(ranges[0]) or _DAY_MS, "start", "ranges", none
    sequence = np.unique(wall) if repeats else wall
    try:
        found = analytics.read_stamps(sequence)
    except analytics.AnalyticsError as error:
        if intervals:
            text = Words(
                f"{len(sequence):,}개 행으로는 행 간격을 알 수 없음", f"the interval of a row cannot be told: {error}"
            )
            questions.append(Question(text, "--column HEADER=CHANNEL:UNIT:register | --column HEADER=-"))
        return 0, "", "none", none
    if not intervals:
        return found.step_ms, "", "none", none
    ends = found.kind is analytics.StampKind.END
    if said.stamps is not None:
        at, evidence = str(said.stamps), "said"
    elif found.kind is not analytics.StampKind.UNKNOWN:
        at, evidence = "end" if ends else "start", found.evidence
    elif (of_day == _DAY_MS).any():
        at, evidence = "end", "midnight_24"
    else:
        at, evidence = "", "open"
        questions.append(_start_or_end(int(sequence[0]), found.step_ms))
    shift = found.starts_ms + found.step_ms - wall if ends and at == "end" and not repeats else none
    return found.step_ms, at, evidence, shift


def _start_or_end(stamp: int, step_ms: int) -> Question:
    first = _clock(stamp)
    before, after = (f"{first + sign * dt.timedelta(milliseconds=step_ms):%H:%M}" for sign in (-1, 1))
    text = Words(
        f"{first:%H:%M} 행은 {first:%H:%M}–{after} 구간일 수도 {before}–{first:%H:%M} 구간일 수도 있음",
        f"the row of {first:%H:%M} may be of {first:%H:%M}–{after}, or of {before}–{first:%H:%M}",
    )
    return Question(text, "--stamps start | --stamps end")


def _off_beat(wall: Times) -> Times:
    """How far stamps are from the beat that all of them keep within seconds [ms]; 0 where they keep none, or keep it.

    A logger that writes at 00:15:03, and a spreadsheet that makes 00:14:59.999 of a quarter of an hour, mean 00:15.
    """
    none = np.zeros(len(wall), np.int64)
    if len(wall) < _LEAST_BEATS:
        return none
    usual = float(np.median(np.abs(np.diff(wall))))
    beat = min(_BEATS_MS, key=lambda each: abs(each - usual))
    off = (wall + beat // 2) % beat - beat // 2
    near = abs(beat - usual) <= _OFF_MS and np.abs(off).max() <= _OFF_MS and len(np.unique(wall - off)) == len(wall)
    return off if near else none


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
