"""What a CSV file is like: its encoding, its delimiter, and whether it is one and whole."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exchange.clock_texts import looks_like_time
from exchange.errors import FileFormatError

Row = tuple[int, Sequence[str]]
"""A line's number, from 1 (of Parquet: the row's), and its cells."""

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HEAD_LINES: Final = 400
_BLOCK: Final = 1 << 20
_TAIL: Final = 1 << 16


def refuse_other_formats(path: Path) -> None:
    """Refuse what only has a table's name: workbooks, web pages, and files that are no text.

    Raises
    ------
    FileFormatError
        Says what it is, and how to make a table of it.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if _is_archive(path, start):
        raise FileFormatError(f"{path}: this is a compressed archive; unpack it and import the table that is in it")
    if start[:2] == b"PK" or start[:4] == b"\xd0\xcf\x11\xe0":
        raise FileFormatError(f"{path}: this is a workbook; save it as CSV (UTF-8) in Excel and import that")
    text = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if text.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<style", b"<head", b"<body")):
        raise FileFormatError(
            f"{path}: this is a web page or XML, whatever its name; open it in Excel, save it as CSV (UTF-8) and import"
            " that"
        )
    if text.startswith((b"{", b"[{", b"[[")):
        raise FileFormatError(f"{path}: this is JSON, not a table; save its rows as CSV and import that")
    strange = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in start if byte)
    if strange > len(start) // 20:
        raise FileFormatError(f"{path}: this is no text but some program's own format; export it there as CSV")


def _is_archive(path: Path, start: bytes) -> bool:
    """Whether files were packed together; workbooks are packed the same way, but name their parts."""
    if start[:2] != b"PK":
        return start.startswith((b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!"))
    try:
        with zipfile.ZipFile(path) as packed:
            return not {"[Content_Types].xml", "mimetype"} & set(packed.namelist())
    except zipfile.BadZipFile:
        return False


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
    # Zeros in both halves of the letters are no UTF-16, but what a logger leaves that lost its power.
    if low + high > len(start) // 8 and min(low, high) < max(low, high) // 4:
        return "utf-16-le" if low > high else "utf-16-be"
    misfits = {}
    for name in ("utf-8", "cp949"):
        misfit = _misfit(path, name)
        if misfit is None:
            return name
        misfits[name] = misfit
    for name, shown in (("utf-8", "UTF-8"), ("cp949", "CP949")):
        if misfits[name].startswith("the file ends"):
            raise FileFormatError(f"{path}: {shown}, but {misfits[name]}: it was cut off; download or copy it again")
    raise FileFormatError(
        f"{path}: neither UTF-8 ({misfits['utf-8']}) nor CP949 ({misfits['cp949']}); name the encoding with --encoding,"
        " e.g. latin-1"
    )


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


def unwrapped(cells: Sequence[str]) -> list[str]:
    """Cells without the ``="…"`` by which some programs tell Excel that they are texts."""
    return [cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell for cell in cells]


def cut_of(path: Path, encoding: str, delimiter: str) -> tuple[tuple[str, ...], bool]:
    """Cells of the last line, if the file ends within it: without a line's end, with fewer cells than the line above.

    What is lost of the last cell of a line, nobody can tell; so it is also told whether the line's end is missing.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL // 4 * 4))
        tail = file.read()
    _, newline, text = tail.decode(encoding.removesuffix("-sig"), errors="replace").partition("\n")
    lines = [line for line in text.splitlines() if line.strip()] if newline else []
    if len(lines) < 2 or text.endswith(("\n", "\r")):
        return (), False
    above, last = (numbered(line, delimiter, path)[-1][1] for line in lines[-2:])
    return (tuple(last), True) if len(last) < len(above) else ((), True)


def refuse_swallowed(cells: Sequence[str], line: int, delimiter: str, columns: int, path: Path) -> None:
    """Refuse a row of several lines that are rows themselves: a quotation mark in front of them was left open.

    A line within a remark is no row, though it may tell a date: it has fewer cells than there are columns.

    Raises
    ------
    FileFormatError
        Says on which line, and how many rows would be lost.
    """
    swallowed = [
        inner
        for cell in cells
        for inner in cell.splitlines()[1:]
        if len(parts := inner.split(delimiter)) >= columns and any(looks_like_time(part.strip(' "')) for part in parts)
    ]
    if swallowed:
        raise FileFormatError(
            f"{path}: line {line}: a quotation mark is left open, so {len(swallowed):,} rows below it would be taken"
            f" for text, the first {swallowed[0][:60]!r}; close or remove the mark"
        )


def numbered(text: str, delimiter: str, path: Path) -> list[Row]:
    """Rows of a text, each with its line; a quoted cell may run over lines."""
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    before = 0
    try:
        for cells in reader:
            rows.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise FileFormatError(
            f"{path}: line {before + 1}: {error}; is it a CSV file, or is a quotation mark left open?"
        ) from error
    return rows


def delimiter_of(text: str, path: Path) -> str:
    """The delimiter under which most lines have the same number of cells, and the more cells the better."""

    def regularity(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(cells) for _, cells in numbered(text, delimiter, path) if len(cells) > 1)
        if not widths:
            return 0.0, 0
        width, lines = widths.most_common(1)[0]
        return lines / max(1, len(text.splitlines())), width

    best = max(DELIMITERS, key=regularity)
    if regularity(best)[1] < 2:
        looked = ", ".join(DELIMITERS.values())
        raise FileFormatError(f"{path}: no columns found (looked for {looked}); name the delimiter with --delimiter")
    return best
