"""DuckStore: readings in one DuckDB file, written by one process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from storage.duck.file import DataFile
from storage.duck.newest import Columns, Newest
from storage.duck.numbering import NewRuns, numbered, put_series
from storage.errors import StoreError
from storage.intake import take
from storage.store import Aggregate, Health, Latest, Series, Times, Values, Written
from telemetry import Batch, Gap

_AGGREGATES: Final = {
    # In the order of time, so that the same readings always give the same last digit, whatever thread saw them first.
    Aggregate.MEAN: "avg(value ORDER BY time)",
    Aggregate.MIN: "min(value)",
    Aggregate.MAX: "max(value)",
    Aggregate.FIRST: "arg_min(value, time)",
    Aggregate.LAST: "arg_max(value, time)",
    Aggregate.COUNT: "count(*)::DOUBLE",
}


class DuckStore:
    """Readings in one file, no server: the embedded `Store`.

    A write is one transaction. Readings newer than all their series hold are appended; for the rest, the time span they
    cover is searched: what is there already, bit for bit, is left alone, what differs is replaced.

    Parameters
    ----------
    path
        The file; it and its folder are made when absent. One process at a time may hold it.

    Raises
    ------
    StoreRefusedError
        When the file is held by another process, damaged, or may not be opened.
    StoreUnavailableError
        When the disk is full.
    """

    def __init__(self, path: Path | str) -> None:
        self._file = DataFile(Path(path))
        self._writer = threading.Lock()
        self._in_doubt = False
        try:
            with self._file.cursor() as cursor:
                self._newest = Newest(cursor)
        except BaseException:
            self._file.close()
            raise

    def write(self, batches: Sequence[Batch]) -> Written:
        """Commit batches; see `Store.write`."""
        intake = take(batches)
        with self._writer, self._file.cursor() as cursor:
            if self._in_doubt:
                self._newest = Newest(cursor)
                self._in_doubt = False
            new, columns = numbered(intake.blocks, self._newest)
            if intake.gaps or len(columns.time):
                # A commit may fail after it became durable (the checkpoint that follows it): what is in memory must
                # not be believed then, or a repeated batch would be appended twice.
                self._in_doubt = True
                _commit(cursor, new, columns, self._newest, intake.gaps)
                self._in_doubt = False
                self._newest.committed(new, columns)
        return Written(intake.stored, len(intake.gaps), tuple(intake.rejected))

    def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range; see `Store.read`."""
        return self._select(
            "SELECT time, value FROM readings WHERE series_id = ? AND time >= ? AND time < ? ORDER BY time",
            series,
            start,
            end,
        )

    def windows(
        self, series: Series, start: int, end: int, every_ms: int, aggregate: Aggregate, offset_ms: int = 0
    ) -> tuple[Times, Values]:
        """Aggregate into windows; see `Store.windows`."""
        if every_ms <= 0:
            raise ValueError(f"every_ms is {every_ms}; a window has a length above 0 ms")
        # DuckDB's % takes the sign of the dividend; times before 1970 are negative.
        since = f"((time - {int(offset_ms)}) % {int(every_ms)} + {int(every_ms)}) % {int(every_ms)}"
        return self._select(
            f"SELECT time - {since} AS window_start, {_AGGREGATES[aggregate]} AS value FROM readings"  # noqa: S608 - integers and our own words
            " WHERE series_id = ? AND time >= ? AND time < ? GROUP BY window_start ORDER BY window_start",
            series,
            start,
            end,
        )

    def _select(self, statement: str, series: Series, start: int, end: int) -> tuple[Times, Values]:
        with self._file.cursor() as cursor:
            number = self._newest.find(series)
            if number is None:
                return np.zeros(0, np.int64), np.zeros(0)
            times, values = cursor.execute(statement, [number, start, end]).fetchnumpy().values()
        return np.asarray(times, np.int64), np.asarray(values, np.float64)

    def latest(self, site: str) -> list[Latest]:
        """Newest values; see `Store.latest`. From memory: it costs no query."""
        with self._file.cursor():
            return self._newest.latest(site)

    def series(self, site: str | None = None) -> list[Series]:
        """Every series; see `Store.series`."""
        with self._file.cursor():
            return self._newest.series(site)

    def gaps(self, site: str, start: int, end: int) -> list[Gap]:
        """Declared gaps; see `Store.gaps`."""
        with self._file.cursor() as cursor:
            found = cursor.execute(
                'SELECT device, kind, channel, start, "end", reason, readings FROM gaps'
                ' WHERE site = ? AND start < ? AND "end" >= ? ORDER BY start, kind, device, channel, reason',
                [site, end, start],
            ).fetchall()
        return [Gap(*row) for row in found]

    def count(self, site: str | None = None) -> int:
        """Number of values; see `Store.count`."""
        with self._file.cursor() as cursor:
            if site is None:
                return _number(cursor.execute("SELECT count(*) FROM readings"))
            return _number(
                cursor.execute(
                    "SELECT count(*) FROM readings WHERE series_id IN (SELECT id FROM series WHERE site = ?)", [site]
                )
            )

    def duplicates(self) -> int:
        """Values that share series and time; see `Store.duplicates`. Reads the whole table."""
        with self._file.cursor() as cursor:
            return _number(
                cursor.execute(
                    "SELECT coalesce(sum(n), 0)::BIGINT FROM"
                    " (SELECT count(*) AS n FROM readings GROUP BY series_id, time HAVING count(*) > 1)"
                )
            )

    def health(self) -> Health:
        """Whether the file can be read; see `Store.health`."""
        try:
            with self._file.cursor() as cursor:
                readings = _number(cursor.execute("SELECT count(*) FROM readings"))
            size = self._file.path.stat().st_size
        except (StoreError, OSError) as error:
            return Health(ok=False, engine="duck", detail=str(error))
        facts = {
            "path": str(self._file.path),
            "readings": str(readings),
            "series": str(self._newest.size),
            "bytes": str(size),
            "duckdb": duckdb.__version__,
        }
        return Health(ok=True, engine="duck", detail=f"{readings} readings in {self._file.path}", facts=facts)

    def close(self) -> None:
        """Write everything into the file and let go of it; see `Store.close`."""
        with self._writer:
            self._file.close()


def _number(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0


def _commit(
    cursor: duckdb.DuckDBPyConnection,
    new: NewRuns,
    columns: Columns,
    newest: Newest,
    gaps: list[tuple[Batch, Gap]],
) -> None:
    cursor.begin()
    put_series(cursor, new)
    if len(columns.time):
        beyond = newest.beyond(columns)
        there = np.zeros(len(beyond), bool)
        if not beyond.all():
            there[~beyond] = _make_way(cursor, columns.where(~beyond))
        if not there.all():
            _register(cursor, "incoming", columns.where(~there))
            cursor.execute("INSERT INTO readings SELECT series_id, time, value FROM incoming")
    for batch, gap in gaps:
        _put_gap(cursor, batch.site, gap)
    cursor.commit()


def _make_way(cursor: duckdb.DuckDBPyConnection, columns: Columns) -> npt.NDArray[np.bool_]:
    """Delete what these readings replace; returns which are there already, bit for bit, shape (readings,).

    The time span as literals lets DuckDB skip the rest of the table. MERGE does not do: DuckDB leaves a value alone
    that compares equal to the new one, and so 0.0 never becomes -0.0.
    """
    span = f"r.time BETWEEN {int(columns.time.min())} AND {int(columns.time.max())}"
    match = f"r.series_id = i.series_id AND r.time = i.time AND {span}"
    _register(cursor, "incoming", columns, row=np.arange(len(columns.time)))
    rows, values = (
        cursor.execute(f"SELECT i.row, r.value FROM readings r JOIN incoming i ON {match}").fetchnumpy().values()  # noqa: S608 - two integers
    )
    same = np.zeros(len(columns.time), bool)
    same[rows] = values.view(np.int64) == columns.value[rows].view(np.int64)
    outdated = np.zeros(len(columns.time), bool)
    outdated[rows] = ~same[rows]
    if outdated.any():
        _register(cursor, "incoming", columns.where(outdated))
        cursor.execute(f"DELETE FROM readings r USING incoming i WHERE {match}")  # noqa: S608 - two integers
    return same


def _register(cursor: duckdb.DuckDBPyConnection, name: str, columns: Columns, **more: npt.NDArray[np.int64]) -> None:
    arrays = {"series_id": columns.series_id, "time": columns.time, "value": columns.value}
    cursor.register(name, arrays | more)


def _put_gap(cursor: duckdb.DuckDBPyConnection, site: str, gap: Gap) -> None:
    key = [site, gap.kind, gap.device, gap.channel, gap.start, gap.reason]
    cursor.execute(
        "DELETE FROM gaps WHERE site = ? AND kind = ? AND device = ? AND channel = ? AND start = ? AND reason = ?", key
    )
    cursor.execute(
        "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [site, gap.kind, gap.device, gap.channel, gap.start, gap.end, gap.reason, gap.readings],
    )
