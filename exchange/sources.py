"""Files as rows of text: CSV in any encoding, and Parquet. What a file is like is found out, or said."""

from __future__ import annotations

import csv
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from exchange.errors import FileFormatError
from exchange.headlines import header_of
from exchange.sniffing import (
    DELIMITERS,
    Row,
    cut_of,
    delimiter_named,
    delimiter_of,
    encoding_of,
    head_of,
    numbered,
    refuse_other_formats,
    refuse_swallowed,
    unwrapped,
)

_AT_ONCE: Final = 10_000
_CELLS_AT_ONCE: Final = 300_000


@dataclass(slots=True)
class Source(ABC):
    """A table of text.

    Attributes
    ----------
    path, size, sha256
        Whose; `size` in bytes, the digest of all of them.
    header, header_line
        The columns' names, and their line in the file.
    titles
        Lines above the header, as they are.
    described
        Name and value of what is particular to the format, for people.
    delimiter
        Between cells; empty where there is none.
    encoding
        Of its text; empty where it has none of its own.
    cut
        Cells of the line within which the file ends; empty where it ends with a whole line.
    beside
        Columns of the file that are none of the table.
    unended
        Whether the last line's end is missing, so that its last cell may not be whole.
    """

    path: Path
    size: int
    sha256: str
    header: list[str]
    header_line: int
    titles: list[str]
    described: dict[str, str]
    delimiter: str
    encoding: str = field(default="", kw_only=True)
    cut: tuple[str, ...] = field(default=(), kw_only=True)
    beside: tuple[str, ...] = field(default=(), kw_only=True)
    unended: bool = field(default=False, kw_only=True)

    @abstractmethod
    def rows(self) -> Iterator[list[Row]]:
        """Rows below the header, some thousand at a time; empty lines are left out."""


@dataclass(slots=True)
class CsvSource(Source):
    """A CSV file; see `Source`."""

    first_line: int
    wrapped: bool = False

    def rows(self) -> Iterator[list[Row]]:
        """Rows below the header; see `Source`."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter, skipinitialspace=True)
            kept: list[Row] = []
            before = 0
            wrapped, most = self.wrapped, rows_at_once(len(self.header))
            try:
                for cells in reader:
                    line, before = before + 1, reader.line_num
                    if before > line:
                        refuse_swallowed(cells, line, self.delimiter, len(self.header), self.path)
                    if line >= self.first_line and any(map(str.strip, cells)):
                        kept.append((line, unwrapped(cells) if wrapped else cells))
                        if len(kept) == most:
                            self._refuse_if_changed(file)
                            yield kept
                            kept = []
            except csv.Error as error:
                raise FileFormatError(f"{self.path}: line {reader.line_num}: {error}") from error
            self._refuse_if_changed(file)
            yield kept

    def _refuse_if_changed(self, file: TextIO) -> None:
        """Refuse a file that is no longer as long as it was: what was told of its rows is not true of these."""
        size = os.fstat(file.fileno()).st_size
        if size != self.size:
            raise FileFormatError(
                f"{self.path}: the file was written to while it was read ({self.size:,} B, now {size:,} B); import it"
                " when the other program has finished, or import a copy"
            )


@dataclass(slots=True)
class ParquetSource(Source):
    """A Parquet file, its values as DuckDB writes them as text: numbers in the fewest digits that give them back."""

    def rows(self) -> Iterator[list[Row]]:
        """Rows; see `Source`."""
        import duckdb  # noqa: PLC0415 - a CSV file needs no database

        with duckdb.connect(config={"threads": 1, "memory_limit": "128MB"}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            result = connection.execute("SELECT COLUMNS(*)::VARCHAR FROM read_parquet(?)", [str(self.path)])
            done = 0
            while some := result.fetchmany(rows_at_once(len(self.header))):
                yield [(done + nth, ["" if cell is None else cell for cell in row]) for nth, row in enumerate(some, 1)]
                done += len(some)


def rows_at_once(columns: int) -> int:
    """Rows of a table that are read together: few of one with many columns, because every cell is a text of its own."""
    return max(1, min(_AT_ONCE, _CELLS_AT_ONCE // max(1, columns)))


def open_source(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, header_line: int | None = None
) -> Source:
    """Look at a file: Parquet by its first bytes, else CSV.

    Parameters
    ----------
    encoding, delimiter, header_line
        What is known of a CSV file; the rest is found out.

    Raises
    ------
    FileFormatError
        When it is no table of one of these formats; says what was looked for.
    OSError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            digest = hashlib.file_digest(file, lambda: hashlib.sha256(start)).hexdigest()
            size = file.tell()
    except FileNotFoundError:
        raise FileFormatError(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise FileFormatError(f"{path} is a folder; name a file in it, one after the other") from None
    except PermissionError:
        raise FileFormatError(f"{path} may not be read by this user; check its permissions") from None
    if start == b"PAR1":
        return _parquet(path, size, digest)
    if not size:
        raise FileFormatError(f"{path}: the file is empty")
    refuse_other_formats(path)
    named = encoding or encoding_of(path)
    lines = head_of(path, named)
    if not lines.strip():
        raise FileFormatError(f"{path}: nothing but empty lines")
    between = delimiter_named(delimiter) if delimiter else delimiter_of(lines, path)
    wrapped = '="' in lines
    rows = [(line, unwrapped(cells) if wrapped else cells) for line, cells in numbered(lines, between, path)]
    head = header_of(rows, header_line, between, path)
    names = {"utf-8-sig": "UTF-8 (BOM)", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp949": "CP949 (EUC-KR)"}
    described = {"encoding": names.get(named, named), "delimiter": DELIMITERS.get(between, between)}
    titles = [
        text
        for at, cells in rows
        if at < head.first and head.last and (text := " ".join(filter(None, map(str.strip, cells))))
    ]
    cut, unended = cut_of(path, named, between)
    return CsvSource(
        path, size, digest, head.names, head.last, titles, described, between, head.data, wrapped,
        encoding=named, cut=cut, unended=unended,
    )  # fmt: skip


def _parquet(path: Path, size: int, digest: str) -> Source:
    import duckdb  # noqa: PLC0415 - a CSV file needs no database

    try:
        with duckdb.connect() as connection:
            columns = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    except duckdb.Error as error:
        raise FileFormatError(f"{path}: this Parquet file cannot be read: {str(error).splitlines()[0]}") from error
    return ParquetSource(path, size, digest, [str(row[0]) for row in columns], 0, [], {"encoding": "Parquet"}, "")
