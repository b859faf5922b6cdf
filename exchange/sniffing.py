"""What a CSV file is like: its encoding, its delimiter, and where its header stands."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exchange.cells import is_empty
from exchange.clock_texts import looks_like_time
from exchange.errors import FileFormatError
from exchange.units import unit_named

Row = tuple[int, Sequence[str]]
"""A line's number, from 1 (of Parquet: the row's), and its cells."""

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HEAD_LINES: Final = 400
_BLOCK: Final = 1 << 20


def encoding_of(path: Path) -> str:
    """The encoding of a file: by its byte order mark, else UTF-8 or CP949, whichever all of it fits.

    UTF-8 is tried first: Korean text in CP949 is not valid UTF-8 beyond a few letters, and the whole file is read.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    low, high = start[1::2].count(0), start[::2].count(0)
    if low + high > len(start) // 8:
        return "utf-16-le" if low > high else "utf-16-be"
    wrong = ""
    for name in ("utf-8", "cp949"):
        problem = _misfit(path, name)
        if problem is None:
            return name
        wrong = wrong or problem
    raise FileFormatError(f"{path}: neither UTF-8 nor CP949: {wrong}; name the encoding with --encoding, e.g. latin-1")


def _misfit(path: Path, encoding: str) -> str | None:
    """Why a file is not in an encoding; None when it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                return f"byte {error.object[error.start]:#04x} on line {line}"
            line += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return f"the file ends within a letter, on line {line}"
    return None


def head_of(path: Path, encoding: str) -> str:
    """The first lines of a file, which what it is like is told from."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            return "".join(line for _, line in zip(range(_HEAD_LINES), file, strict=False))
    except LookupError:
        raise FileFormatError(f"encoding {encoding!r} is unknown; write e.g. utf-8, cp949, utf-16, latin-1") from None
    except UnicodeError as error:
        raise FileFormatError(f"{path}: not {encoding}: {error}; leave --encoding out to have it found") from error


def delimiter_named(text: str) -> str:
    """A delimiter as a person says it: itself or its name."""
    found = {name: sign for sign, name in DELIMITERS.items()} | {"\\t": "\t"}
    delimiter = found.get(text, text)
    if len(delimiter) != 1:
        raise FileFormatError(f"delimiter {text!r} is not one character; write e.g. ';', ',' or tab")
    return delimiter


def numbered(text: str, delimiter: str) -> list[Row]:
    """Rows of a text, each with its line; a quoted cell may run over lines."""
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            rows.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise FileFormatError(f"line {before + 1}: {error}; is it a CSV file?") from error
    return rows


def delimiter_of(text: str, path: Path) -> str:
    """The delimiter under which most lines have the same number of cells, and the more cells the better."""

    def regularity(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(cells) for _, cells in numbered(text, delimiter) if len(cells) > 1)
        if not widths:
            return 0.0, 0
        width, lines = widths.most_common(1)[0]
        return lines / max(1, len(text.splitlines())), width

    best = max(DELIMITERS, key=regularity)
    if regularity(best)[1] < 2:
        looked = ", ".join(DELIMITERS.values())
        raise FileFormatError(f"{path}: no columns found (looked for {looked}); name the delimiter with --delimiter")
    return best


def header_of(rows: Sequence[Row], wanted: int | None, path: Path) -> tuple[list[str], int, int]:
    """Names of the columns, the header's line, and the first line of data.

    Data begin with the first row that has the usual number of cells and a date in one of them; the header stands above.
    Where the line between is nothing but units, they are part of the names.
    """
    usual = Counter(len(cells) for _, cells in rows if any(map(str.strip, cells))).most_common(1)[0][0]
    full = [(line, cells) for line, cells in rows if any(map(str.strip, cells))]
    if wanted is not None:
        places = [index for index, (line, _) in enumerate(full) if line == wanted]
        if not places or places[0] + 1 == len(full):
            raise FileFormatError(f"{path}: line {wanted} is no header with data below it; check --header-line")
        place = places[0]
        return _unique(full[place][1]), wanted, full[place + 1][0]
    index = next(
        (at for at, (_, cells) in enumerate(full) if len(cells) >= max(usual - 1, 2) and _holds_time(cells)), None
    )
    if index is None:
        raise FileFormatError(
            f"{path}: no date found in the first {rows[-1][0]} lines; is it interval data? The first line is"
            f" {' | '.join(full[0][1][:6])!r}; name the header's line with --header-line"
        )
    line, cells = full[index]
    if not index:
        return [f"column {number}" for number in range(1, len(cells) + 1)], 0, line
    above, names = full[index - 1]
    if index > 1 and _only_units(names) and len(full[index - 2][1]) == len(names):
        above, upper = full[index - 2]
        names = [
            f"{name}({unit.strip('()[] ')})" if unit.strip() else name for name, unit in zip(upper, names, strict=True)
        ]
    names = [*names, *(f"column {number}" for number in range(len(names) + 1, len(cells) + 1))]
    return _unique(names), above, line


def _holds_time(cells: Sequence[str]) -> bool:
    return any(map(looks_like_time, cells)) and any(not is_empty(cell) for cell in cells[1:])


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
