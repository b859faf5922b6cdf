"""What stands in a file's rows: times taken apart, numbers, and the cells that are neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exchange.cells import BadCell, Decimal, DecimalEvidence, bare, is_empty, number
from exchange.clock_texts import ClockTexts, Ints, joined, take_apart
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
    text
        The time cells of the first row, for people.
    unread
        By line, the time cells that are no time; some of them when there are many.
    evidence
        Of the decimal sign.
    """

    lines: Ints
    clock: ClockTexts
    text: str
    unread: dict[int, str]
    evidence: DecimalEvidence


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
    places = [source.header.index(name) for name in time_columns]
    others = [source.header.index(name) for name in numeric]
    parts: list[ClockTexts] = []
    lines: list[int] = []
    first = ""
    unread: dict[int, str] = {}
    evidence = DecimalEvidence()
    for rows in source.rows():
        cells = [" ".join(_cell(row, place).strip() for place in places).strip() for _, row in rows]
        first = first or (cells[0] if cells else "")
        parts.append(take_apart(cells))
        for place in np.flatnonzero(~parts[-1].good)[: _MOST_BAD - len(unread)].tolist():
            unread[rows[place][0]] = cells[place]
        lines.extend(line for line, _ in rows)
        for place in others:
            evidence.look({_cell(row, place) for _, row in rows})
        progress(len(lines), 0)
    clock = joined(parts) if parts else take_apart([])
    return Clocks(np.array(lines, np.int64), clock, first, unread, evidence)


def read_numbers(
    source: Source, numeric: Sequence[str], keys: Sequence[str], decimal: Decimal, rows: int, progress: Progress
) -> Numbers:
    """Read the values of `numeric` columns, and the texts of `keys`; `rows` is how many there are."""
    columns = [(name, source.header.index(name), np.full(rows, np.nan)) for name in numeric]
    key_places = [source.header.index(name) for name in keys]
    key = np.zeros(rows, np.int64)
    known: dict[tuple[str, ...], int] = {}
    bad: list[BadCell] = []
    bad_count = done = 0
    for some in source.rows():
        for name, place, values in columns:
            texts: dict[str, float | None] = {}
            for nth, (line, row) in enumerate(some, done):
                text = _cell(row, place)
                value = texts.get(text)
                if value is None and text not in texts:
                    value = texts[text] = np.nan if is_empty(text) else number(text, decimal)
                if value is None:
                    bad_count += 1
                    if len(bad) < _MOST_BAD:
                        bad.append(BadCell(line, name, text, _why(text, decimal)))
                else:
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
