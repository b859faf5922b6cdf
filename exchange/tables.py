"""Exports as Parquet, CSV and XLSX, of any length: rows are staged on disk, and the file appears when it is done."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import duckdb
import msgspec
import numpy as np

from exchange.errors import ExportError
from exchange.selection import Selection, points, slices, unit_of
from exchange.zones import offsets
from storage import Store

Format = Literal["parquet", "csv", "xlsx"]

SHEET_ROWS: Final = 1_048_575
"""Rows of a sheet of Excel below its header (Microsoft, Excel specifications and limits: 1,048,576 rows)."""

MOST_SHEETS: Final = 8
_MEMORY: Final = "256MB"

Progress = Callable[[str, int, int], None]
"""Called with ``read`` or ``write``, and what is done of what there is (seconds of data times series; rows)."""


class Exported(msgspec.Struct, frozen=True):
    """What was written: rows and values in a file of so many bytes; `sheets` only of a workbook."""

    path: str
    format: Format
    rows: int
    values: int
    series: int
    bytes: int
    sheets: int = 0


def export(
    store: Store,
    selection: Selection,
    target: Path,
    form: Format,
    *,
    wide: bool = False,
    bom: bool = False,
    force: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Exported | None:
    """Write a selection to a file.

    Parameters
    ----------
    wide
        One row per time, one column per series; else one row per value.
    bom
        Begin a CSV file with a byte order mark, by which Excel knows UTF-8.
    force
        Let it take the place of a file that is there.
    stopped
        Asked between slices whether to stop.

    Returns
    -------
    Exported or None
        None when it was stopped; no file was written then.

    Raises
    ------
    ExportError
        When the target is there already, its folder is not, or the rows are too many for a workbook.
    StoreError
        When the store cannot be read.
    OSError
        When the file cannot be written: a full disk, no permission. Nothing is left behind.
    """
    if target.exists() and not force:
        raise ExportError(f"{target} is there already; choose another name, or --force to replace it")
    if not target.parent.is_dir():
        raise ExportError(f"{target.parent}: no such folder")
    if target.is_dir():
        raise ExportError(f"{target} is a folder; name a file in it")
    # Beside the target: a rename is atomic within one file system only, and /tmp may be small.
    with _written(target), tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as name:
        folder = Path(name)
        with _staging(folder) as staging:
            values = (_stage_wide if wide else _stage_long)(staging, store, selection, stopped, progress)
            if values is None:
                return None
            if not values:
                raise ExportError("no window of this length has a value; choose a shorter --every or a longer time")
            rows = _count(staging)
            partial = folder / "partial"
            sheets = 0
            query = _query(staging, selection, wide=wide)
            if form == "xlsx":
                from exchange.workbook import write_workbook  # noqa: PLC0415 - only a workbook needs its library

                sheets = write_workbook(
                    staging.execute(query), partial, rows, SHEET_ROWS, MOST_SHEETS, stopped=stopped, progress=progress
                )
                if not sheets:
                    return None
            else:
                _copy(staging, query, partial, form, bom=bom)
        partial.replace(target)
    return Exported(str(target), form, rows, values, len(selection.series), target.stat().st_size, sheets)


@contextlib.contextmanager
def _written(target: Path) -> Iterator[None]:
    """Say in the system's words what keeps a file from being written."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        why = getattr(error, "strerror", None) or str(error).rpartition(": ")[2].split("\n", 1)[0]
        code = getattr(error, "errno", None) or errno.EIO
        raise OSError(code, f"cannot be written ({why}); make room, or choose another place", str(target)) from error


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    spill = folder / "spill"
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(spill),
        "threads": 2,
    }
    with duckdb.connect(folder / "staging.duckdb", config=config) as staging:
        yield staging


def _count(staging: duckdb.DuckDBPyConnection) -> int:
    row = staging.execute("SELECT count(*) FROM staged").fetchone()
    return int(row[0]) if row else 0


def _stage_long(
    staging: duckdb.DuckDBPyConnection,
    store: Store,
    selection: Selection,
    stopped: Callable[[], bool],
    progress: Progress,
) -> int | None:
    """One row per value; returns how many values, None when stopped."""
    staging.execute("CREATE TABLE staged (nth INTEGER, time BIGINT, ahead BIGINT, value DOUBLE)")
    span = (selection.end - selection.start) // 1000
    values = 0
    for nth in range(len(selection.series)):
        for start, end in slices(selection, wide=False):
            if stopped():
                return None
            times, found = points(store, selection, nth, start, end)
            if len(times):
                _append(
                    staging,
                    {
                        "nth": np.full(len(times), nth, np.int32),
                        "time": times,
                        "ahead": offsets(times, selection.zone),
                        "value": found,
                    },
                )
                values += len(times)
            progress("read", nth * span + (end - selection.start) // 1000, span * len(selection.series))
    return values


def _stage_wide(
    staging: duckdb.DuckDBPyConnection,
    store: Store,
    selection: Selection,
    stopped: Callable[[], bool],
    progress: Progress,
) -> int | None:
    """One row per time; returns how many values, None when stopped."""
    columns = ", ".join(f"c{nth} DOUBLE" for nth in range(len(selection.series)))
    staging.execute(f"CREATE TABLE staged (time BIGINT, ahead BIGINT, {columns})")
    values = 0
    for start, end in slices(selection, wide=True):
        if stopped():
            return None
        found = [points(store, selection, nth, start, end) for nth in range(len(selection.series))]
        times = np.unique(np.concatenate([each for each, _ in found]))
        if len(times):
            table = {"time": times, "ahead": offsets(times, selection.zone)}
            for nth, (at, held) in enumerate(found):
                column = np.ma.masked_array(np.zeros(len(times)), mask=True)
                column[np.searchsorted(times, at)] = held
                table[f"c{nth}"] = column
                values += len(at)
            _append(staging, table)
        progress("read", (end - selection.start) // 1000, (selection.end - selection.start) // 1000)
    return values


def _append(
    staging: duckdb.DuckDBPyConnection, columns: dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]
) -> None:
    staging.register("incoming", columns)
    staging.execute("INSERT INTO staged SELECT * FROM incoming")
    staging.unregister("incoming")


def _query(staging: duckdb.DuckDBPyConnection, selection: Selection, *, wide: bool) -> str:
    """The rows of the file, in its order."""
    fraction = staging.execute("SELECT bool_or(time % 1000 <> 0) FROM staged").fetchone()
    shape = "%Y-%m-%d %H:%M:%S.%g" if fraction and fraction[0] else "%Y-%m-%d %H:%M:%S"
    time = (
        "make_timestamp_ms(time + ahead) AS time_local,"
        " format('{}{:02d}:{:02d}', CASE WHEN ahead < 0 THEN '-' ELSE '+' END,"
        " abs(ahead) // 3600000, abs(ahead) // 60000 % 60) AS utc_offset, make_timestamp_ms(time) AS time_utc"
    )
    staging.execute(f"CREATE MACRO shown(moment) AS strftime(moment, '{shape}')")
    if wide:
        columns = ", ".join(f"c{nth} AS {_quoted(name)}" for nth, name in enumerate(selection.names))
        return f"SELECT {time}, {columns} FROM staged ORDER BY time"  # noqa: S608 - our own names, quoted
    staging.execute(
        "CREATE TABLE names (nth INTEGER, site VARCHAR, device VARCHAR, kind VARCHAR, channel VARCHAR,"
        " aggregate VARCHAR, unit VARCHAR)"
    )
    hows = [how.value for how in selection.aggregates] or [""] * len(selection.series)
    for nth, (each, how) in enumerate(zip(selection.series, hows, strict=True)):
        row = [nth, each.site, each.device, each.kind, each.channel, how, unit_of(each, nth, selection)]
        staging.execute("INSERT INTO names VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    aggregate = f"aggregate, {selection.every_ms // 1000} AS window_s, " if selection.aggregates else ""
    named = f"site, device, kind, channel, {aggregate}unit, value"
    return f"SELECT {time}, {named} FROM staged JOIN names USING (nth) ORDER BY nth, time"  # noqa: S608 - our own words


def _copy(staging: duckdb.DuckDBPyConnection, query: str, partial: Path, form: Format, *, bom: bool) -> None:
    if form == "parquet":
        staging.execute(f"COPY ({query}) TO {_text(partial)} (FORMAT parquet, COMPRESSION zstd)")
        return
    plain = partial.with_suffix(".csv")
    shown = "* REPLACE (shown(time_local) AS time_local, shown(time_utc) AS time_utc)"
    staging.execute(f"COPY (SELECT {shown} FROM ({query})) TO {_text(plain)} (FORMAT csv, HEADER true)")  # noqa: S608 - our own words
    if not bom:
        plain.rename(partial)
        return
    with partial.open("wb") as target, plain.open("rb") as source:
        target.write(b"\xef\xbb\xbf")
        shutil.copyfileobj(source, target, 1 << 20)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
