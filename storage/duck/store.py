"""DuckStore: readings in one DuckDB file, written by one process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from storage.aggregation import check
from storage.duck.committing import Committing
from storage.duck.file import DataFile
from storage.duck.newest import Newest
from storage.duck.numbering import numbered
from storage.duck.reading import NOTHING, around, between, windows, windows_many
from storage.duck.rolling import compute, groups
from storage.duck.rollups import Touches, forget_rows, put, rows_between, set_aside, touched, waiting
from storage.duck.settling import Settling
from storage.errors import StoreError
from storage.intake import take
from storage.rollup import REACH_MS, empty
from storage.store import (
    HOLD_MS,
    ROLLUP_MS,
    Aggregate,
    Forgotten,
    Health,
    Latest,
    Rollups,
    Series,
    Times,
    Values,
    Written,
)
from telemetry import Batch, Gap


class DuckStore:
    """Readings in one file, no server: the embedded `Store`.

    A write is one transaction. Readings newer than all their series hold are appended; for the rest, the time span they
    cover is searched: what is there already, bit for bit, is left alone, what differs is replaced.

    Parameters
    ----------
    path
        The file; it and its folder are made when absent. One process at a time may hold it.
    memory_mb
        What DuckDB may keep of the file in memory [MB].

    Raises
    ------
    StoreRefusedError
        When the file is held by another process, damaged, or may not be opened.
    StoreUnavailableError
        When the disk is full.
    """

    def __init__(self, path: Path | str, memory_mb: int = 256) -> None:
        self._file = DataFile(Path(path), memory_mb)
        self._writer = threading.Lock()
        self._roller = threading.Lock()
        self._in_doubt = False
        try:
            with self._file.cursor() as cursor:
                self._committing = Committing(cursor)
                self._newest = Newest(cursor)
                self._touches = Touches(cursor)
                self._settling = Settling(cursor)
        except BaseException:
            self._file.close()
            raise

    def write(self, batches: Sequence[Batch]) -> Written:
        """Commit batches; see `Store.write`."""
        intake = take(batches)
        with self._writer, self._file.cursor() as cursor:
            self._refresh(cursor)
            new, columns = numbered(intake.blocks, self._newest)
            if len(columns.time) and columns.time.min() < self._touches.horizon:
                intake = set_aside(cursor, intake, self._newest.find)
                new, columns = numbered(intake.blocks, self._newest)
            if intake.gaps or len(columns.time):
                # A commit may fail after it became durable (the checkpoint that follows it): what is in memory must
                # not be believed then, or a repeated batch would be appended twice.
                self._in_doubt = True
                if len(columns.time):
                    self._settling.will_write(columns)
                pairs = self._committing.commit(cursor, new, columns, self._newest, self._touches, intake.gaps)
                self._newest.committed(new, columns)
                self._touches.committed(pairs)
                self._in_doubt = False
        return Written(intake.stored, len(intake.gaps), tuple(intake.rejected))

    def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range; see `Store.read`."""
        with self._file.cursor() as cursor:
            number = self._newest.find(series)
            return NOTHING if number is None else between(cursor, number, start, end)

    def read_around(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range and those around it; see `Store.read_around`."""
        with self._file.cursor() as cursor:
            number = self._newest.find(series)
            return NOTHING if number is None else around(cursor, number, start, end)

    def windows(
        self,
        series: Series,
        start: int,
        end: int,
        every_ms: int,
        aggregate: Aggregate,
        offset_ms: int = 0,
        *,
        hold_ms: int = HOLD_MS,
        modulus: float | None = None,
    ) -> tuple[Times, Values]:
        """Aggregate into windows; see `Store.windows`."""
        check(every_ms, hold_ms, modulus)
        with self._file.cursor() as cursor:
            number = self._newest.find(series)
            if number is None:
                return NOTHING
            return windows(cursor, number, start, end, every_ms, aggregate, offset_ms, hold_ms, modulus)

    def windows_many(
        self,
        series: Sequence[Series],
        start: int,
        end: int,
        every_ms: int,
        aggregate: Aggregate,
        offset_ms: int = 0,
        *,
        hold_ms: int = HOLD_MS,
        modulus: float | None = None,
    ) -> list[tuple[Times, Values]]:
        """Aggregate many series; see `Store.windows_many`."""
        check(every_ms, hold_ms, modulus)
        with self._file.cursor() as cursor:
            numbers = [self._newest.find(each) for each in series]
            known = sorted({number for number in numbers if number is not None})
            if aggregate in {Aggregate.INCREASE, Aggregate.TIME_MEAN}:
                found = {
                    each: windows(cursor, each, start, end, every_ms, aggregate, offset_ms, hold_ms, modulus)
                    for each in known
                }
            else:
                found = windows_many(cursor, known, start, end, every_ms, aggregate, offset_ms)
        return [NOTHING if number is None else found.get(number, NOTHING) for number in numbers]

    def rollups(self, series: Series, start: int, end: int) -> Rollups:
        """Quarter-hours; see `Store.rollups`."""
        with self._file.cursor() as cursor:
            number = self._newest.find(series)
            return empty(series) if number is None else rows_between(cursor, series, number, start, end)

    def roll(self, before: int, limit: int = 10_000) -> int:
        """Roll touched windows up; see `Store.roll`. Writers wait while finished rows are put, not for the sums."""
        with self._roller:
            with self._writer, self._file.cursor() as cursor, self._doubted(cursor):
                self._touches.claim(cursor, before)
            with self._file.cursor() as cursor:
                pairs = waiting(cursor, before, limit)
                for group in groups(pairs):
                    changed = compute(cursor, group, self._newest, self._touches.horizon)
                    with self._writer, self._doubted(cursor):
                        put(cursor, changed, group)
            return len(pairs[0])

    def touched(self) -> int:
        """Windows to be rolled; see `Store.touched`."""
        with self._file.cursor() as cursor:
            return touched(cursor)

    def forget(self, raw_before: int, rollups_before: int) -> Forgotten:
        """Delete by retention; see `Store.forget`. The file shrinks when it is compacted."""
        raw_before, rollups_before = (each // ROLLUP_MS * ROLLUP_MS for each in (raw_before, rollups_before))
        with self._roller, self._writer, self._file.cursor() as cursor:
            with self._doubted(cursor):
                self._touches.claim(cursor, raw_before + REACH_MS)
                readings, rollups, gaps = forget_rows(cursor, raw_before, rollups_before)
            # The newest value of a series that fell silent long ago may be gone.
            self._in_doubt = readings > 0
            self._refresh(cursor)
            self._touches.horizon = max(self._touches.horizon, raw_before + REACH_MS)
            kept = _number(cursor.execute("SELECT count(*) FROM readings WHERE time < ?", [raw_before]))
        return Forgotten(readings, rollups, gaps, kept)

    def settle(self, before: int, share: float = 1.0) -> int:
        """Lay out by series a piece of what is older than a time [ms UTC]; returns its rows, 0 when none pays yet.

        Writers wait for a fraction of a second, readers not at all. `share` scales a piece.

        Raises
        ------
        StoreError
            When it could not be done; everything is as it was.
        """
        with self._roller:
            return self._settling.piece(self._file, self._writer, self._newest.size, before, share)

    @contextlib.contextmanager
    def unrolled(self) -> Iterator[tuple[DataFile, threading.Lock, Settling]]:
        """The file while nobody rolls up, forgets or settles; the lock that writers take, and what hears of them."""
        with self._roller:
            yield self._file, self._writer, self._settling

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[DataFile]:
        """The file, while nobody writes or rolls: for `storage.duck.compaction`. Readers go on."""
        with self._roller, self._writer:
            yield self._file

    @property
    def file(self) -> DataFile:
        """The file behind the store."""
        return self._file

    @contextlib.contextmanager
    def _doubted(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """A transaction of the writer's; what is in memory is not believed until it has committed."""
        self._refresh(cursor)
        self._in_doubt = True
        cursor.begin()
        try:
            yield
            cursor.commit()
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                cursor.rollback()
            raise
        self._in_doubt = False

    def _refresh(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Read again what is kept in memory, when it may differ from the file."""
        if self._in_doubt:
            self._newest = Newest(cursor)
            self._touches = Touches(cursor)
            self._in_doubt = False

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
