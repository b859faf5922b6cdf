"""Rows as an Excel workbook, every number bit for bit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from exchange.errors import ExportError

_AT_ONCE: Final = 10_000


class _ExactSheet(Worksheet):  # type: ignore[misc] # the library has no types
    """A sheet whose numbers are written in the fewest digits that give them back; the library's own 16 are too few."""

    def _xml_number_element(self, number: float, attributes: list[tuple[str, str]]) -> None:
        named = "".join(f' {name}="{value}"' for name, value in attributes)
        self.fh.write(f"<c{named}><v>{number!r}</v></c>")


def write_workbook(
    result: duckdb.DuckDBPyConnection,
    target: Path,
    rows: int,
    sheet_rows: int,
    most_sheets: int,
    *,
    stopped: Callable[[], bool],
    progress: Callable[[str, int, int], None],
) -> int:
    """Write sheets of as many rows as Excel takes.

    Parameters
    ----------
    result
        The rows of a query that was begun.
    rows
        How many there are.
    sheet_rows, most_sheets
        What a sheet and a workbook may hold.

    Returns
    -------
    int
        How many sheets; 0 when it was stopped.

    Raises
    ------
    ExportError
        When there are more rows than a workbook may hold.
    """
    if rows > sheet_rows * most_sheets:
        raise ExportError(
            f"{rows:,} rows are too many for a workbook ({sheet_rows:,} per sheet, {most_sheets} sheets): choose"
            " windows (--every 15m), a shorter time, or --format parquet or csv"
        )
    names = [column[0] for column in result.description]
    sheets = done = 0
    with xlsxwriter.Workbook(target, {"constant_memory": True, "tmpdir": str(target.parent)}) as book:
        head, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        while some := result.fetchmany(_AT_ONCE):
            for row in some:
                if done % sheet_rows == 0:
                    sheets += 1
                    sheet = book.add_worksheet(f"readings {sheets}", worksheet_class=_ExactSheet)
                    sheet.freeze_panes(1, 0)
                    sheet.set_column(0, len(names) - 1, 20)
                    sheet.write_row(0, 0, names, head)
                at = done % sheet_rows + 1
                for place, cell in enumerate(row):
                    if isinstance(cell, dt.datetime):
                        sheet.write_datetime(at, place, cell, moment)
                    elif isinstance(cell, str):
                        sheet.write_string(at, place, cell)
                    elif cell is not None:
                        sheet.write_number(at, place, cell)
                done += 1
            progress("write", done, rows)
            if stopped():
                return 0
    return sheets
