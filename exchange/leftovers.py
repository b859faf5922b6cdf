"""What a spreadsheet leaves in a table that is no row of it: totals, headers that come again, dates of merged cells.

And what is no whole row: one whose numbers were split at their commas, and one at which the file was cut off.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from exchange.clock_texts import of_range, without_midnight
from exchange.words import Words

_TOTAL: Final = re.compile(
    r"(?:^|[\s(\[])(?:(?:일|월|주|년|당월|총)?\s*(?:합\s*계|총\s*계|소\s*계|누\s*계)|계|평균|최대|최소|최댓값|최솟값"
    r"|총\s*(?:전력\s*)?(?:사용|소비|수전|발전)?\s*(?:전력)?량|(?:gesamt)?summe|gesamt|mittelwert"
    r"|(?:sub|grand\s*)?total|sum|average|avg|mean|max(?:imum)?|min(?:imum)?)(?:$|[\s)\]:：])",
    re.IGNORECASE,
)
_UNTIL: Final = re.compile("[~∼〜～]")
_DIGITS: Final = re.compile(r"\d{1,4}")
_GROUP: Final = re.compile(r"[+-]?\d{1,3}")
_REST: Final = re.compile(r"\d{3}(?:\.\d*)?")
_NUMERIC: Final = re.compile(r"[+-]?[\d.]+")
_AMOUNT: Final = re.compile(r"[+-]?[\d.,\s]+")
_DATE_LENGTH: Final = 10
_FEW: Final = 5
_MOST_WRONG: Final = 1000

TOTALS = Words("합계·평균 행은 가져오지 않음", "rows of totals or means are not imported")
HEADERS = Words("되풀이된 머리행은 건너뜀", "headers that come again are skipped")
DATES = Words("빈 날짜 칸은 위 행의 날짜로 읽음", "empty cells of the date are read as the date above")

TEXTS = Words("값이 없는 글 행은 건너뜀", "lines of text without values are skipped")

SPLIT = Words(
    "머리행보다 칸이 많음: 숫자의 천 단위 쉼표에서 칸이 나뉜 듯함. 쉼표 없이 다시 저장할 것",
    "has more cells than the header: a number seems to be split at its comma. Save it without thousands separators",
)
CUT = Words("파일이 이 행의 중간에서 끝남: 파일을 다시 내려받을 것", "the file ends within this row: download it again")


@dataclass(slots=True)
class _Noted:
    """Lines of one kind: the first of them, and how many there are."""

    few: list[int] = field(default_factory=list)
    count: int = 0
    _newest: int = 0

    def add(self, line: int) -> None:
        if line != self._newest:
            self._newest = line
            self.count += 1
            if len(self.few) < _FEW:
                self.few.append(line)


@dataclass(slots=True)
class Leftovers:
    """Rows and cells that were read as something else than a row.

    Attributes
    ----------
    wrong
        By line, its text and why it is no whole row; some of them when there are many.
    """

    wrong: dict[int, tuple[str, Words]] = field(default_factory=dict)
    _noted: dict[Words, _Noted] = field(default_factory=dict)
    _filled: _Noted = field(default_factory=_Noted)

    def skip(self, line: int, why: Words) -> None:
        """Note a line that is no row."""
        self._noted.setdefault(why, _Noted()).add(line)

    def fill(self, lines: Iterable[int]) -> None:
        """Note lines whose date is that of the row above."""
        for line in lines:
            self._filled.add(line)

    def spoil(self, line: int, text: str, why: Words) -> None:
        """Note a row that is not whole."""
        if len(self.wrong) < _MOST_WRONG:
            self.wrong[line] = text, why

    @property
    def remarks(self) -> list[Words]:
        """What was left out or read otherwise, for people: what and where."""
        noted = self._noted | ({DATES: self._filled} if self._filled.count else {})
        return [_said(why, each.few, each.count) for why, each in noted.items()]


def _said(why: Words, lines: list[int], count: int) -> Words:
    few = ", ".join(f"{line}" for line in lines)
    more = count - len(lines)
    return Words(
        f"{why.ko}: {few}행" + (f" 외 {more:,}개" if more > 0 else ""),
        f"{why.en}: line{'s' if count > 1 else ''} {few}" + (f" and {more:,} more" if more > 0 else ""),
    )


def why_no_row(cells: Sequence[str], header: Sequence[str], clock: str) -> Words | None:
    """Why a row without a time is none; None when it may be a row whose time cannot be read.

    Parameters
    ----------
    clock
        Its cells of time, joined.
    """
    filled = [" ".join(cell.split()) for cell in cells if cell.strip()]
    if filled and sum(cell in header for cell in filled) > len(filled) / 2:
        return HEADERS
    texts = [clock, *(cell for cell in filled if not cell[0].isdigit())]
    if any(map(_TOTAL.search, texts)):
        return TOTALS
    # A footer, as far as one can tell: nothing in it could be imported, but a date that is hard to read is shown.
    alone = len(filled) == 1 and not filled[0][0].isdigit()
    return TEXTS if alone or (filled and all(map(_is_text, filled))) else None


def is_total(cells: Sequence[str]) -> bool:
    """Whether a row is a name of totals and numbers only: no header, though it may stand right below one."""
    name, *rest = [cell.strip() for cell in cells if cell.strip()] or [""]
    return bool(rest) and _TOTAL.search(name) is not None and all(map(_AMOUNT.fullmatch, rest))


def _is_text(cell: str) -> bool:
    """Whether a cell is words only: ``#####`` was a value once."""
    return cell[0].isalpha() and not any(map(str.isdigit, cell))


def is_split(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row has something in cells beyond its header's, or the rest of a number beyond those with a name."""
    if len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
        return True
    named = named_of(header)
    if not 0 < named < len(header) or not any(map(str.strip, cells[named:])):
        return False
    bare = [cell.strip() for cell in cells]
    beyond = [cell for cell in bare[named:] if cell]
    return all(map(_NUMERIC.fullmatch, beyond)) and any(
        _GROUP.fullmatch(first) and _REST.fullmatch(rest) for first, rest in itertools.pairwise(bare)
    )


def named_of(header: Sequence[str]) -> int:
    """How many columns there are up to the last that has a name of its own."""
    count = len(header)
    while count and header[count - 1] == f"column {count}":
        count -= 1
    return count


class TimeCells:
    """The cells of a row's time as one text; remembers the date above, for cells that were merged.

    Parameters
    ----------
    places
        Of the columns: one, or a date's and a time's.
    """

    def __init__(self, places: Sequence[int]) -> None:
        self._places = places
        self._date = ""
        self._padded = False

    def look(self, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Look at some rows first: where times are 0, 15, 30, 45, 100, … the zeros before them were lost."""
        if len(self._places) == 2:
            cells = [row[self._places[1]].strip() for _, row in rows if len(row) > self._places[1]]
            numbers = [cell for cell in cells if _DIGITS.fullmatch(cell)]
            self._padded = (
                len(numbers) == len([cell for cell in cells if cell]) and max(map(int, numbers), default=0) > 24
            )

    def texts(self, rows: Sequence[tuple[int, Sequence[str]]]) -> tuple[list[str], list[int]]:
        """The rows' times; and which rows have the date of a row above."""
        if len(self._places) == 1:
            place = self._places[0]
            return [row[place].strip() if place < len(row) else "" for _, row in rows], []
        date_at, clock_at = self._places
        found, filled = [], []
        for nth, (_, row) in enumerate(rows):
            date = row[date_at].strip() if date_at < len(row) else ""
            clock = row[clock_at].strip() if clock_at < len(row) else ""
            if len(date) > _DATE_LENGTH and clock and clock[0] not in "+-Z":
                date = without_midnight(date)
            if self._padded and _DIGITS.fullmatch(clock):
                clock = clock.zfill(4)
            if date:
                self._date = date
            elif clock and self._date and any(map(str.isdigit, clock)):
                filled.append(nth)
                date = self._date
            found.append(f"{date} {clock}".strip())
        return found, filled


def parted(cells: Sequence[str]) -> tuple[Sequence[str], list[int] | None]:
    """Times without what they say of their interval's end; and the ends' times of day [ms].

    An end is -1 where none is said, and there is no list where no cell says one.
    """
    if not _UNTIL.search("\n".join(cells)):
        return cells, None
    starts, ends = [], []
    for cell in cells:
        found = of_range(cell)
        starts.append(cell if found is None else found[0])
        ends.append(-1 if found is None else found[1])
    return starts, ends
