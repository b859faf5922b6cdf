"""Cells of a file as numbers: thousands separators, decimal commas, and what stands for nothing."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from exchange.words import Language, Words


class BadCell(msgspec.Struct, frozen=True):
    """A cell that cannot be imported: where it is and why."""

    line: int
    column: str
    text: str
    reason: Words

    def __str__(self) -> str:
        return self.said("en")

    def said(self, language: Language) -> str:
        """Where it is and why, in one language."""
        where = Words(f"{self.line}행, '{self.column}'", f"line {self.line}, {self.column!r}").said(language)
        return f"{where}: {self.text!r} {self.reason.said(language)}"

    @classmethod
    def of(cls, line: int, column: str, text: str, reason: Words) -> BadCell:
        """A cell, of which a long text is shown in part."""
        text = _RUN.sub(r"\1…", text)
        return cls(line, column, text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…", reason)


class BadCells:
    """Cells that cannot be imported: the first of them, and how many there are."""

    def __init__(self) -> None:
        self.first: list[BadCell] = []
        self.count = 0

    def add(self, cells: Iterable[BadCell], total: int | None = None) -> None:
        """Note cells; `total` where only the first are told."""
        told = 0
        for cell in cells:
            told += 1
            if len(self.first) < _MOST_BAD:
                self.first.append(cell)
        self.count += told if total is None else total


def together(*parts: BadCells) -> BadCells:
    """Several notes of cells as one, in the order of the file's lines."""
    found = BadCells()
    found.first = sorted((cell for part in parts for cell in part.first), key=lambda cell: cell.line)
    found.count = sum(part.count for part in parts)
    return found


class Decimal(enum.StrEnum):
    """What stands before the fraction."""

    POINT = "point"
    COMMA = "comma"


_MOST_TEXT: Final = 60
_RUN: Final = re.compile(r"([\x00-\x1f])\1+")
"""What a logger leaves that lost its power: thousands of NUL."""
_MOST_BAD: Final = 1000
"""Bad cells that are kept to be shown; all are counted."""

EMPTY: Final = frozenset(
    {"", "-", "--", "na", "n/a", "#n/a", "nan", "null", "none", "결측", "미수신", "미계측", "없음"}
)
"""Cells that say "no value", in lower case."""

_NUMBER: Final = {
    Decimal.POINT: re.compile(r"([+-]?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII),
    Decimal.COMMA: re.compile(r"([+-]?)((?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d*)?|,\d+)([eE][+-]?\d+)?", re.ASCII),
}
_SPACES: Final = re.compile(r"[\s\u00a0\u202f']")
_SPACED: Final = re.compile(r"[+-]?\s*\d{1,3}(?:(\s|')\d{3}(?:\1\d{3})*)?(?!\d)[^\s']*")
"""Spaces between thousands and nowhere else: ``12 34`` are two numbers."""
_MINUS: Final = str.maketrans({"−": "-", "－": "-"})
_PLAIN: Final = re.compile(r"[0-9.eE+ \n-]*", re.ASCII)
_POINT_ONLY: Final = re.compile(
    r"[+-]?(?:0?\.\d+|0\.\d+|\d+\.(?:\d{1,2}|\d{4,}|)|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,})(?:[eE].*)?"
)
_COMMA_ONLY: Final = re.compile(
    r"[+-]?(?:0?,\d+|\d+,(?:\d{1,2}|\d{4,}|)|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d*|\d{1,3}(?:\.\d{3}){2,})(?:[eE].*)?"
)
_EITHER: Final = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}")


def bare(text: str) -> str:
    """A cell without the spaces around it and within it (a thousands separator of some), with a plain minus."""
    return _SPACES.sub("", text).translate(_MINUS)


def is_empty(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.strip().lower() in EMPTY


def number(text: str, decimal: Decimal) -> float | None:
    """A cell as a number; None when it is none. Infinite and NaN are no numbers.

    Digits are grouped in threes or not at all: ``12,34`` is no number with a decimal point.
    """
    match = _NUMBER[decimal].fullmatch(bare(text))
    if match is None or not _spaced_as_one(text):
        return None
    sign, digits, exponent = match.groups()
    thousands = "." if decimal is Decimal.COMMA else ","
    digits = digits.replace(thousands, "").replace(",", ".")
    value = float(f"{sign}{digits}{exponent or ''}")
    return value if abs(value) != float("inf") else None


def _spaced_as_one(text: str) -> bool:
    text = text.strip().translate(_MINUS)
    return _SPACES.search(text) is None or _SPACED.fullmatch(text) is not None


def plain_numbers(texts: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """Cells that are all numbers with a decimal point and no separators, or empty, as `number` reads them.

    Returns
    -------
    array or None
        Shape (cells,), NaN of an empty cell; None where one is anything else.
    """
    if _PLAIN.fullmatch("\n".join(texts)) is None:
        return None
    try:
        values = np.array([float(text) if text else np.nan for text in texts], np.float64)
    except ValueError:
        return None
    return None if np.isinf(values).any() else values


class DecimalEvidence:
    """What a file's numbers say of their decimal sign, cell by cell.

    ``1.234,5`` and ``3,17`` are told apart from ``1,234.5`` and ``3.17`` by their shape; ``1,234`` alone may be one
    thousand or a little more than one.
    """

    def __init__(self) -> None:
        self.point = ""
        self.comma = ""
        self.either_comma = ""
        self.either_point = ""

    @property
    def settled(self) -> bool:
        """Whether no further cell can change what is decided."""
        return bool(self.point)

    def look(self, cells: Iterable[str]) -> None:
        """Take cells into account."""
        for cell in cells:
            if "," not in cell and "." not in cell:
                continue
            text = bare(cell)
            either = _EITHER.fullmatch(text)
            if either is not None:
                if either[1] == ",":
                    self.either_comma = self.either_comma or text
                else:
                    self.either_point = self.either_point or text
            elif _POINT_ONLY.fullmatch(text):
                self.point = self.point or text
            elif _COMMA_ONLY.fullmatch(text):
                self.comma = self.comma or text

    def decide(self, delimiter: str) -> Decimal | None:
        """The decimal sign, or None when nothing tells.

        Parameters
        ----------
        delimiter
            Of the file: where it is a comma, numbers with a decimal point are usual and ``12.345`` is no thousand.
        """
        if self.comma and not self.point:
            return Decimal.COMMA
        if self.point or not (self.either_comma or self.either_point):
            return Decimal.POINT
        if self.either_comma and self.either_point:
            return None
        if self.either_point and delimiter == ",":
            return Decimal.POINT
        return None
