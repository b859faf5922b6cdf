"""What stands in a file's rows: times taken apart, numbers, and the cells that are neither."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exchange.cells import BadCell, BadCells, Decimal, DecimalEvidence, is_empty, number, plain_numbers
from exchange.clock_texts import Bools, ClockTexts, take_apart
from exchange.leftovers import CUT, SPLIT, TEXTS, Leftovers, TimeCells, is_split, named_of, parted, why_no_row
from exchange.scratch import AnyColumn, Column, Scratch, spans
from exchange.sniffing import Row
from exchange.sources import Source
from exchange.trends import Trend
from exchange.words import Words

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called with rows done and rows in all; 0 in all while that is not known."""

_WITH_UNIT: Final = re.compile(r"([-+0-9.,' ]*[0-9])\s*[^\W\d_][^\d]{0,7}")
_UNREAD: Final = 1000
"""Time cells that are kept to be shown."""


class ClockColumns:
    """Times taken apart, on disk; see `ClockTexts`."""

    def __init__(self, scratch: Scratch) -> None:
        kinds = (np.bool_, np.int8, np.int8, np.int16, np.bool_, np.int32, np.int32, np.bool_)
        self._columns: list[AnyColumn] = [scratch.column(kind) for kind in kinds]

    def append(self, part: ClockTexts) -> None:
        """Add rows."""
        for column, name in zip(self._columns, ClockTexts.__slots__, strict=True):
            column.append(getattr(part, name))

    def read(self, start: int, stop: int) -> ClockTexts:
        """Rows from `start` up to `stop`."""
        parts: list[Any] = [column.read(start, stop) for column in self._columns]
        return ClockTexts(*parts)


@dataclass(slots=True)
class Clocks:
    """First look at a file: its times, and what its numbers say of their decimal sign.

    Attributes
    ----------
    rows
        How many there are.
    lines
        Of each row in the file.
    clock
        The rows' times.
    until
        Time of day at which each row's interval ends [ms], -1 where the file does not say.
    kept
        Of all rows of the table, whether they are rows of it; None where all are.
    text
        The time cells of the first row that has a time, for people.
    unread
        By line, the time cells that are no time; some of them when there are many.
    evidence
        Of the decimal sign.
    leftovers
        What is no row.
    """

    scratch: Scratch
    lines: Column[np.int64]
    clock: ClockColumns
    until: Column[np.int32]
    kept: Column[np.bool_]
    text: str
    unread: dict[int, str]
    evidence: DecimalEvidence
    leftovers: Leftovers

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.lines)

    def times(self) -> Iterator[tuple[int, int, ClockTexts]]:
        """The rows' times, some at a time, and which rows these are."""
        for start, stop in spans(self.rows):
            yield start, stop, self.clock.read(start, stop)


@dataclass(slots=True)
class Numbers:
    """Second look: the values.

    Attributes
    ----------
    values
        By column; NaN where a cell is empty or bad.
    trends
        By column, what its values do from row to row.
    key, keys
        Texts of the key columns (device, channel, …): the number of each row's combination, and the combinations.
    bad
        Cells that are no number.
    """

    values: dict[str, Column[np.float64]]
    trends: dict[str, Trend]
    key: Column[np.int32]
    keys: list[tuple[str, ...]]
    bad: BadCells


def read_clocks(source: Source, time_columns: Sequence[str], numeric: Sequence[str], progress: Progress) -> Clocks:
    """Take every row's time apart, and look at how its numbers are written.

    Parameters
    ----------
    time_columns
        One column, or a date's and a time's.
    numeric
        Columns of numbers.
    """
    others = [source.header.index(name) for name in numeric]
    times = TimeCells([source.header.index(name) for name in time_columns])
    scratch = Scratch()
    found = Clocks(
        scratch, scratch.column(np.int64), ClockColumns(scratch), scratch.column(np.int32), scratch.column(np.bool_),
        "", {}, DecimalEvidence(), Leftovers(),
    )  # fmt: skip
    done = 0
    for rows in source.rows():
        if not rows:
            continue
        if not done:
            times.look(rows)
        cells, filled = times.texts(rows)
        starts, ends = parted(cells)
        part = take_apart(starts)
        found.text = found.text or (cells[int(part.good.argmax())] if part.good.any() else cells[0])
        kept = _look_for_leftovers(source, rows, cells, part, found.leftovers)
        for place in np.flatnonzero(~part.good & kept)[: _UNREAD - len(found.unread)].tolist():
            found.unread[rows[place][0]] = cells[place]
        found.leftovers.fill([rows[place][0] for place in filled if kept[place]])
        lines = np.fromiter((line for line, _ in rows), np.int64, len(rows))
        until = np.full(len(rows), -1, np.int32) if ends is None else np.array(ends, np.int32)
        found.kept.append(kept)
        found.clock.append(part if kept.all() else part.where(kept))
        found.lines.append(lines[kept])
        found.until.append(until[kept])
        for place in others:
            if not found.evidence.settled:
                found.evidence.look({_cell(row, place) for _, row in rows})
        done += len(rows)
        progress(done, 0)
    return found


def _look_for_leftovers(
    source: Source, rows: Sequence[Row], cells: Sequence[str], part: ClockTexts, leftovers: Leftovers
) -> Bools:
    """Which are rows, shape (rows,); what is none is noted, and what is no whole row: that has no time any more."""
    kept = np.ones(len(rows), np.bool_)
    broken = _broken(source, rows)
    not_whole = {place for place, _ in broken}
    for place in np.flatnonzero(~part.good).tolist():
        line, row = rows[place]
        why = why_no_row(row, source.header, cells[place])
        if why is not None and not (why is TEXTS and place in not_whole):
            leftovers.skip(line, why)
            kept[place] = False
    for place, why in broken:
        if kept[place]:
            line, row = rows[place]
            leftovers.spoil(line, ",".join(row), why)
            part.good[place] = False
    return kept


def _broken(source: Source, rows: Sequence[Row]) -> list[tuple[int, Words]]:
    """Rows that are not whole, and why."""
    header = source.header
    # Most rows have no cell beyond the names: they are told at a glance.
    named = named_of(header)
    found = [(place, SPLIT) for place, (_, row) in enumerate(rows) if len(row) > named and is_split(row, header)]
    if source.cut and tuple(rows[-1][1]) == source.cut:
        found.append((len(rows) - 1, CUT))
    return found


def read_numbers(
    source: Source, numeric: Sequence[str], keys: Sequence[str], decimal: Decimal, clocks: Clocks, progress: Progress
) -> Numbers:
    """Read the values of `numeric` columns, and the texts of `keys`, of the rows that the first look found."""
    scratch = clocks.scratch
    columns = [(name, source.header.index(name), scratch.column(np.float64), Trend()) for name in numeric]
    key_places = [source.header.index(name) for name in keys]
    key = scratch.column(np.int32)
    known: dict[tuple[str, ...], int] = {}
    bad = BadCells()
    looked = done = 0
    for all_ in source.rows():
        kept = clocks.kept.read(looked, looked + len(all_))
        looked += len(all_)
        rows = all_ if kept.all() else [row for row, wanted in zip(all_, kept.tolist(), strict=True) if wanted]
        if not rows:
            continue
        broken = {place for place, _ in _broken(source, rows)}
        for name, place, column, trend in columns:
            texts = [row[place] if place < len(row) else "" for _, row in rows]
            values, wrong = numbers_of(texts, decimal)
            bad.add(
                BadCell.of(rows[at][0], name, texts[at], _why(texts[at], decimal)) for at in wrong if at not in broken
            )
            column.append(values)
            trend.look(values)
        if key_places:
            found = (tuple([_cell(row, place).strip() for place in key_places]) for _, row in rows)
            key.append(np.fromiter((known.setdefault(each, len(known)) for each in found), np.int32, len(rows)))
        done += len(rows)
        progress(done, clocks.rows)
    return Numbers(
        {name: column for name, _, column, _ in columns}, {name: trend for name, *_, trend in columns}, key,
        list(known), bad,
    )  # fmt: skip


def numbers_of(texts: Sequence[str], decimal: Decimal) -> tuple[Floats, list[int]]:
    """Cells as numbers, NaN where there is none, shape (cells,); and the places of those that should be one."""
    plain = plain_numbers(texts) if decimal is Decimal.POINT else None
    if plain is not None:
        return plain, []
    by_text: dict[str, float | None] = {}
    wrong = []
    values = np.full(len(texts), np.nan)
    for at, text in enumerate(texts):
        if text not in by_text:
            by_text[text] = np.nan if is_empty(text) else number(text, decimal)
        value = by_text[text]
        if value is None:
            wrong.append(at)
        else:
            values[at] = value
    return values, wrong


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _why(text: str, decimal: Decimal) -> Words:
    other = Decimal.COMMA if decimal is Decimal.POINT else Decimal.POINT
    if number(text, other) is not None:
        sign = Words("점" if decimal is Decimal.POINT else "쉼표", decimal.value)
        return Words(f"소수점이 {sign.ko}인 숫자가 아님", f"is no number with a decimal {sign.en}")
    if _WITH_UNIT.fullmatch(text.strip()) and number(_WITH_UNIT.sub(r"\1", text.strip()), decimal) is not None:
        return Words(
            "단위가 붙은 숫자: 칸에서 단위를 지우고 머리행에 적을 것",
            "is a number with its unit: take the unit out of the cells, and name it in the header",
        )
    return Words("숫자가 아님", "is no number")
