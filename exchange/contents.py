"""What stands in a file's rows: times taken apart, numbers, and the cells that are neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exchange.cells import BadCell, Decimal, DecimalEvidence, bare, is_empty, number
from exchange.clock_texts import ClockTexts, Ints, joined, take_apart
from exchange.leftovers import CUT, SPLIT, Leftovers, TimeCells, is_split, parted, why_no_row
from exchange.sniffing import Row
from exchange.sources import Source
from exchange.words import Words

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called with rows done and rows in all; 0 in all while that is not known."""

_MOST_BAD = 1000
"""Bad cells that are kept to be shown; all are counted."""


@dataclass(slots=True)
class Clocks:
    """First look at a file: its times, and what its numbers say of their decimal sign.

    Attributes
    ----------
    lines
        Of each row in the file, shape (rows,).
    clock
        The rows' times, shape (rows,).
    until
        Time of day at which each row's interval ends [ms], -1 where the file does not say, shape (rows,).
    text
        The time cells of the first row, for people.
    unread
        By line, the time cells that are no time; some of them when there are many.
    evidence
        Of the decimal sign.
    leftovers
        What is no row.
    """

    lines: Ints
    clock: ClockTexts
    until: Ints
    text: str
    unread: dict[int, str]
    evidence: DecimalEvidence
    leftovers: Leftovers


@dataclass(slots=True)
class Numbers:
    """Second look: the values.

    Attributes
    ----------
    values
        By column, shape (rows,); NaN where a cell is empty or bad.
    keys
        Texts of the key columns (device, channel, …), as (number of the combination, shape (rows,)) and combinations.
    bad, bad_count
        Cells that are no number: the first of them, and how many.
    """

    values: dict[str, Floats]
    key: Ints
    keys: list[tuple[str, ...]]
    bad: list[BadCell]
    bad_count: int


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
    parts: list[ClockTexts] = []
    lines: list[Ints] = []
    until: list[Ints] = []
    first, done = "", 0
    unread: dict[int, str] = {}
    evidence, leftovers = DecimalEvidence(), Leftovers()
    for rows in source.rows():
        if not done:
            times.look(rows)
        cells = [times.text(line, row) for line, row in rows]
        first = first or (cells[0] if cells else "")
        starts, ends = (
            parted(cells) if any("~" in cell or "∼" in cell or "〜" in cell for cell in cells) else (cells, [])
        )
        part = take_apart(starts)
        _look_for_leftovers(source, rows, cells, part, leftovers)
        kept = np.array([line not in leftovers.skipped for line, _ in rows], np.bool_)
        for place in np.flatnonzero(~part.good & kept)[: _MOST_BAD - len(unread)].tolist():
            unread[rows[place][0]] = cells[place]
        parts.append(part if kept.all() else part.where(kept))
        lines.append(np.array([line for line, _ in rows], np.int64)[kept])
        until.append(np.array(ends or [-1] * len(rows), np.int64)[kept])
        for place in others:
            evidence.look({_cell(row, place) for _, row in rows})
        done += len(rows)
        progress(done, 0)
    leftovers.filled = [line for line in times.filled if line not in leftovers.skipped]
    clock = joined(parts) if parts else take_apart([])
    none = np.zeros(0, np.int64)
    return Clocks(
        np.concatenate([none, *lines]), clock, np.concatenate([none, *until]), first, unread, evidence, leftovers
    )


def _look_for_leftovers(
    source: Source, rows: Sequence[Row], cells: Sequence[str], part: ClockTexts, leftovers: Leftovers
) -> None:
    """Note rows that are none, and rows that are not whole: these have no time any more."""
    for place in np.flatnonzero(~part.good).tolist():
        line, row = rows[place]
        why = why_no_row(row, source.header, cells[place])
        if why is not None:
            leftovers.skipped[line] = why
    width = len(source.header)
    for place, (line, row) in enumerate(rows):
        if len(row) > width and line not in leftovers.skipped and is_split(row, width):
            leftovers.wrong[line] = ",".join(row), SPLIT
            part.good[place] = False
    line, row = rows[-1] if rows else (0, ())
    if line and source.cut and tuple(row) == source.cut:
        leftovers.wrong[line] = ",".join(row), CUT
        part.good[-1] = False


def read_numbers(
    source: Source, numeric: Sequence[str], keys: Sequence[str], decimal: Decimal, clocks: Clocks, progress: Progress
) -> Numbers:
    """Read the values of `numeric` columns, and the texts of `keys`, of the rows that the first look found."""
    rows, no_rows = len(clocks.lines), clocks.leftovers.skipped
    columns = [(name, source.header.index(name), np.full(rows, np.nan)) for name in numeric]
    key_places = [source.header.index(name) for name in keys]
    key = np.zeros(rows, np.int64)
    known: dict[tuple[str, ...], int] = {}
    bad: list[BadCell] = []
    bad_count = done = 0
    for all_ in source.rows():
        some = [row for row in all_ if row[0] not in no_rows] if no_rows else all_
        for name, place, values in columns:
            texts: dict[str, float | None] = {}
            for nth, (line, row) in enumerate(some, done):
                text = _cell(row, place)
                value = texts.get(text)
                if value is None and text not in texts:
                    value = texts[text] = np.nan if is_empty(text) else number(text, decimal)
                if value is None and line not in clocks.leftovers.wrong:
                    bad_count += 1
                    if len(bad) < _MOST_BAD:
                        bad.append(BadCell(line, name, text, _why(text, decimal)))
                elif value is not None:
                    values[nth] = value
        if key_places:
            for nth, (_, row) in enumerate(some, done):
                key[nth] = known.setdefault(tuple(_cell(row, place).strip() for place in key_places), len(known))
        done += len(some)
        progress(done, rows)
    return Numbers({name: values for name, _, values in columns}, key, list(known), bad, bad_count)


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _why(text: str, decimal: Decimal) -> Words:
    other = Decimal.COMMA if decimal is Decimal.POINT else Decimal.POINT
    if number(bare(text), other) is not None:
        sign = Words("점" if decimal is Decimal.POINT else "쉼표", decimal.value)
        return Words(f"소수점이 {sign.ko}인 숫자가 아님", f"is no number with a decimal {sign.en}")
    return Words("숫자가 아님", "is no number")
