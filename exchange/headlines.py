"""Where a table's header stands, and what its columns are called; why a file has no table of times."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from exchange.cells import is_empty
from exchange.clock_texts import looks_like_time
from exchange.errors import FileFormatError
from exchange.leftovers import is_total
from exchange.sniffing import Row
from exchange.units import unit_named

_HINTS: Final = (
    (
        re.compile(r"\d{4}\s*[-./년]\s*(?:0?[1-9]|1[0-2])\s*[월.]?|(?:19|20)\d{2}(?:0[1-9]|1[0-2])"),
        "is a whole month; bills are no interval data: export 15-minute, hourly or daily values",
    ),
    (
        re.compile(r"\d{2}[-./]\d{1,2}[-./]\d{1,2}(?:\s.*)?|\d{1,2}[-/]\d{1,2}[-/]\d{2}(?:\s.*)?"),
        "has a year of two digits, so it may be three dates; show years with four (in Excel, as yyyy-mm-dd hh:mm)"
        " and save it again",
    ),
    (
        re.compile(r"(?:0?[1-9]|1[0-2])\s*[-/월]\s*(?:0?[1-9]|[12]\d|3[01])\s*일?(?:\s.*)?"),
        "has no year; add it to the column and save it again",
    ),
    (
        re.compile(r"(?:오전|오후)?\s*\d{1,2}\s*[:시]\s*(?:\d{1,2}.*)?"),
        "is a time without its day; put a column with the date, as yyyy-mm-dd, in front of it and save it again",
    ),
    (
        re.compile(r"[2-6]\d{4}(?:\.\d+)?"),
        "seems to be a date as Excel counts days; show the column as yyyy-mm-dd hh:mm and save it again",
    ),
)
"""What stands where a date should, and what to do."""

_PARTS: Final = tuple(
    re.compile(names, re.IGNORECASE) for names in (r"년도?|연도?|year|yyyy", r"월|month|mm", r"일자?|day|dd")
)
_TITLES: Final = 10
"""Lines with dates that may stand above a header."""
_NUMBER: Final = re.compile(r"[-+]?[\d.,]+")
_SIDE_BY_SIDE: Final = 6
_GROUP: Final = re.compile(r"\d{1,3}")
_REST: Final = re.compile(r"\d{3}(?:\.\d*)?")


class Headline(NamedTuple):
    """A table's header: its columns' names, where it begins and ends, and where the data begin [lines from 1].

    `last` is 0 where there is none.
    """

    names: list[str]
    first: int
    last: int
    data: int


def header_of(rows: Sequence[Row], wanted: int | None, delimiter: str, path: Path) -> Headline:
    """Find the header. Names of the columns, the header's line, and the first line of data.

    Data begin with the first row that has the usual number of cells and a date in one of them; the header stands above.
    Where it stands in two lines (units in the second, or parts of what the first names for several columns), names are
    made of both.

    Parameters
    ----------
    wanted
        The header's line, the lower of two, where it is known.
    """
    usual = Counter(len(cells) for _, cells in rows if any(map(str.strip, cells))).most_common(1)[0][0]
    full = [(line, cells) for line, cells in rows if any(map(str.strip, cells))]
    if wanted is not None:
        places = [index for index, (line, _) in enumerate(full) if line == wanted]
        if not places or places[0] + 1 == len(full):
            raise FileFormatError(f"{path}: line {wanted} is no header with data below it; check --header-line")
        place = places[0]
        return _headline(full, place, full[place + 1])
    least = max(usual - 1, 2)
    dated = (at for at, (_, cells) in enumerate(full) if len(cells) >= least and _holds_time(cells))
    index = next((at for at in dated if not _is_title(full, at)), None)
    if index is None:
        raise FileFormatError(f"{path}: {_why_no_date(rows, full)}")
    index = _first_of_its_time(full, index)
    line, cells = full[index]
    if sum(looks_like_time(cell) and not cell.strip().isdigit() for cell in cells) >= _SIDE_BY_SIDE:
        raise FileFormatError(
            f"{path}: the dates stand side by side in line {line}; transpose the table, so that each has its own row"
        )
    if not index:
        return Headline(_unique([""] * len(cells)), line, 0, line)
    named = len([*itertools.dropwhile(lambda name: not name.strip(), reversed(full[index - 1][1]))])
    _refuse_split(cells, named, delimiter, line, path)
    place = index - 1
    while place and is_total(full[place][1]):
        place -= 1
    return _headline(full, place, full[place + 1])


def _first_of_its_time(full: Sequence[Row], index: int) -> int:
    """The first row of data: above a row with values may stand times that have none yet."""
    places = [nth for nth, cell in enumerate(full[index][1]) if looks_like_time(cell)]
    while index:
        above = full[index - 1][1]
        times = [nth for nth, cell in enumerate(above) if looks_like_time(cell)]
        if times != places or any(not is_empty(cell) for nth, cell in enumerate(above) if nth not in places):
            break
        index -= 1
    return index


def _headline(full: Sequence[Row], place: int, data: Row) -> Headline:
    line, lower = full[place]
    names = _completed(full[place - 1][1] if place else [], lower)
    while names and not names[-1].strip():
        names = names[:-1]
    first = line if names == [*lower][: len(names)] else full[place - 1][0]
    return Headline(_unique([*names, *[""] * (len(data[1]) - len(names))]), first, line, data[0])


def _is_title(full: Sequence[Row], place: int) -> bool:
    """Whether a row with a date is a line above the header: ``조회기간,2026-11-01``, as wide as a spreadsheet makes it.

    A header comes soon after it, one that did not stand above before, and more rows with dates below than above that.
    """
    below = range(place + 1, min(place + 1 + _TITLES, len(full)))
    header = next((at for at in below if _only_names(full[at][1])), None)
    if header is None or any(cells == full[header][1] for _, cells in full[:place]):
        return False
    above = full[place - 1][1] if place else []
    if _only_names(above) and len(_filled(above)) >= len(_filled(full[header][1])):
        return False  # it has its header; what comes below is a line among the data
    return sum(_holds_time(cells) for _, cells in full[header:]) > header - place


def _only_names(cells: Sequence[str]) -> bool:
    """Whether a row has names only, two or more, and neither numbers nor dates."""
    filled = _filled(cells)
    return len(filled) > 1 and not any(looks_like_time(cell) or _NUMBER.fullmatch(cell) for cell in filled)


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _holds_time(cells: Sequence[str]) -> bool:
    return any(map(looks_like_time, cells)) and any(not is_empty(cell) for cell in cells[1:])


def _why_no_date(rows: Sequence[Row], full: Sequence[Row]) -> str:
    if len(full) == 1:
        return f"only one line, {' | '.join(full[0][1][:6])[:200]!r}, and no rows below it"
    lines = f"no date found in the first {rows[-1][0]} lines"
    if sum(any(map(looks_like_time, cells)) for _, cells in full) > len(full) / 2:
        return f"dates but no values beside them in the first {rows[-1][0]} lines; export it again, with the values"
    if all(any(map(name.fullmatch, map(str.strip, full[0][1]))) for name in _PARTS):
        return (
            f"{lines}: year, month and day stand in columns of their own; join them into one, as yyyy-mm-dd (in Excel:"
            " =DATE(A2,B2,C2)), and save it again"
        )
    cells = [cell.strip() for _, cells in full[1:50] for cell in cells[:2]]
    for shape, what in _HINTS:
        found = [cell for cell in cells if shape.fullmatch(cell)]
        if len(found) > len(full[1:50]) / 2:
            return f"{lines}: {found[0]!r} {what}"
    return (
        f"{lines}; is it interval data? The first line is {' | '.join(full[0][1][:6])[:200]!r}; name the header's line"
        " with --header-line"
    )


def _refuse_split(cells: Sequence[str], named: int, delimiter: str, line: int, path: Path) -> None:
    """Refuse a table whose numbers were split at the commas between their thousands."""
    beyond = any(cell.strip() for cell in cells[named:])
    pairs = itertools.pairwise(map(str.strip, cells))
    split = any(_GROUP.fullmatch(first) and _REST.fullmatch(rest) for first, rest in pairs)
    if delimiter == "," and beyond and split:
        raise FileFormatError(
            f"{path}: line {line} has more cells than the header: numbers seem to be split at the comma between their"
            " thousands; save it without thousands separators, or with semicolons between the columns"
        )


def _completed(upper: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names made of two lines, where the lower has units or parts: ``사용량`` over ``(kWh)``."""
    lower = [name.strip() for name in names]
    groups = [name.strip() for name in upper]
    gaps = [bool(group) and not name for group, name in zip(groups, lower, strict=False)]
    whole = len(groups) == len(lower) and sum(map(bool, groups)) > 1 and not any(map(looks_like_time, groups))
    if not whole or not (any(gaps) or _only_units(lower)):
        return list(names)
    made, group = [], ""
    for above, name in zip(groups, lower, strict=True):
        # A merged cell names the columns to its right that have parts of their own.
        group = above or (group if name else "")
        unit = name.strip("()[] ")
        made.append(f"{group}({unit})" if name and unit_named(unit) else f"{group} {name}".strip())
    return made


def _only_units(cells: Sequence[str]) -> bool:
    filled = [cell.strip("()[] \t") for cell in cells if cell.strip("()[] \t")]
    return bool(filled) and all(unit_named(cell) is not None for cell in filled)


def _unique(names: Sequence[str]) -> list[str]:
    """Names as they are, trimmed; a name that comes again gets its number."""
    taken: Counter[str] = Counter()
    found = []
    for number, name in enumerate(names, 1):
        bare = " ".join(name.split()) or f"column {number}"
        taken[bare] += 1
        found.append(bare if taken[bare] == 1 else f"{bare} #{taken[bare]}")
    return found
