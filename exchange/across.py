"""Tables with a day in each row and its times side by side: 96 quarter-hours, or 24 hours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.clock_texts import looks_like_time, of_range, time_of_day
from exchange.headers import guess
from exchange.leftovers import is_split
from exchange.sniffing import Row
from exchange.sources import Source

VALUE: Final = "value"
"""What the cells of such a table are called, unless a line above it says what they hold."""

_CLOCK: Final = "시각"
_LEAST: Final = 6
_AT_ONCE: Final = 10_000
_DAY_MS: Final = 86_400_000


@dataclass(slots=True)
class AcrossSource(Source):
    """Such a table as one with a time in each row.

    Attributes
    ----------
    days
        The table as it is in the file.
    date
        Place of the date's column.
    clocks
        Places of the times' columns, and the times of day.
    """

    days: Source
    date: int
    clocks: list[tuple[int, str]]

    def rows(self) -> Iterator[list[Row]]:
        """A row of date, time and value for each cell; see `Source`."""
        kept: list[Row] = []
        for some in self.days.rows():
            for line, cells in some:
                end = len(cells)
                date = cells[self.date] if self.date < end else ""
                if list(cells[:end]) == self.days.header[:end]:
                    kept.append((line, self.header))
                elif tuple(cells) == self.cut or is_split(cells, self.days.header):
                    kept.append((line, cells))
                else:
                    kept += [(line, [date, clock, cells[at] if at < end else ""]) for at, clock in self.clocks]
            if len(kept) >= _AT_ONCE:
                yield kept
                kept = []
        yield kept


def upright(source: Source) -> Source:
    """A table with a time in each row: the source itself, unless its times stand side by side."""
    clocks = _clocks(source.header)
    first = next(iter(next(source.rows(), [])), None) if clocks else None
    if first is None:
        return source
    places = {place for place, _ in clocks}
    dated = [place for place, cell in enumerate(first[1]) if place not in places and _is_day(cell)]
    if not dated:
        return source
    named = next((title for title in reversed(source.titles) if guess(title) is not None), VALUE)
    beside = tuple(name for place, name in enumerate(source.header) if place not in places and place != dated[0])
    return AcrossSource(
        source.path, source.size, source.sha256, [source.header[dated[0]], _CLOCK, named], source.header_line,
        source.titles, source.described, source.delimiter, source, dated[0], clocks,
        encoding=source.encoding, cut=source.cut, beside=beside,
    )  # fmt: skip


def _clocks(header: list[str]) -> list[tuple[int, str]]:
    """Columns whose names are times of day, in even steps that make a whole day: their places, and the times."""
    numbers = [int(name) for name in header if name.isdigit()]
    width = 4 if numbers and max(numbers) > 24 else 0
    found = []
    for place, name in enumerate(header):
        parts = of_range(name)
        clock = (parts[0] if parts else name).zfill(width if name.isdigit() else 0)
        if (clock.isdigit() or re.search(r"[:시]", clock)) and (at := time_of_day(clock)) is not None:
            found.append((place, name if parts else clock, at))
    if len(found) < _LEAST:
        return []
    # The last may be midnight, as 24:00 or as the 0:00 that ends the day.
    steps = np.unique(np.diff([at for *_, at in found]) % _DAY_MS)
    whole = len(steps) == 1 and int(steps[0]) * len(found) == _DAY_MS
    return [(place, clock) for place, clock, _ in found] if whole else []


def _is_day(cell: str) -> bool:
    """Whether a cell is a date without a time of day: beside a time, columns 1 to 24 are no hours."""
    return looks_like_time(cell) and not re.search(r"\d\s*[:시]|T\d", cell)
