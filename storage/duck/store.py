"""DuckStore: readings in one DuckDB file, written by one process."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from storage.aggregation import check
from storage.duck import forgetting
from storage.duck.file import DataFile
from storage.duck.reading import NOTHING, around, between, windows, windows_many
from storage.duck.rolling import Rolling
from storage.duck.rollups import put, rolled_of, rows_between, touched, waiting
from storage.duck.settling import Settling
from storage.duck.writing import Writing, transaction
from storage.errors import StoreError
from storage.intake import Prepared
from storage.rollup import empty
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

_LEAST_ROOM: Final = 1_000_000
"""Bytes that the next commit of a busy collector takes."""


class DuckStore:
    """Readings in one file, no server: the embedded `Store`.

    What is written is durable when `write` returns: in the file, or in the journal beside it, from where it goes into
    the file half a second later, or at once when somebody reads (`storage.duck.writing`).

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
        self._roller = threading.Lock()
        self._rolling = Rolling()
        try:
            self._writing = Writing(self._file)
        except BaseException:
            self._file.close()
            raise

    def prepare(self, batches: Prepared) -> None:
        """Nothing: readings are kept as they were laid out; see `Store.prepare`."""

    def write(self, batches: Sequence[Batch]) -> Written:
        """Make batches durable; see `Store.write`."""
        return self._writing.write(batches)

    def take_in(self) -> None:
        """Let everything written go from the journal into the file.

        Raises
        ------
        StoreError
            When that fails; it stays in the journal.
        """
        self._writing.take_in()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor that sees everything written."""
        self._writing.taken_in()
        with self._file.cursor() as cursor:
            yield cursor

    def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range; see `Store.read`."""
        with self._reading() as cursor:
            number = self._writing.newest.find(series)
            return NOTHING if number is None else between(cursor, number, start, end)

    def read_around(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range and those around it; see `Store.read_around`."""
        with self._reading() as cursor:
            number = self._writing.newest.find(series)
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
        with self._reading() as cursor:
            number = self._writing.newest.find(series)
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
        with self._reading() as cursor:
            numbers = [self._writing.newest.find(each) for each in series]
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
        with self._reading() as cursor, transaction(cursor):
            number = self._writing.newest.find(series)
            return empty(series) if number is None else rows_between(cursor, series, number, start, end)

    def roll(self, before: int, limit: int = 10_000) -> int:
        """Roll touched windows up; see `Store.roll`. Writers wait while finished rows are put, not for the sums."""
        writing = self._writing
        with self._roller, self._file.cursor() as cursor:
            pairs = waiting(cursor, before, limit)
            if len(pairs[0]) < limit:
                writing.take_in()
                with writing.lock, transaction(cursor):
                    writing.touches.claim(cursor, before, limit - len(pairs[0]))
                pairs = waiting(cursor, before, limit)
            done = 0
            for some, changed in self._rolling.changes(cursor, pairs, writing.newest, writing.touches.horizon):
                with writing.lock, transaction(cursor):
                    put(cursor, changed, some)
                done += len(some[0])
                if self._file.closed:
                    break  # whoever closes it waits for us
            return done

    def touched(self) -> int:
        """Windows to be rolled; see `Store.touched`."""
        with self._reading() as cursor:
            return touched(cursor)

    def forget(self, raw_before: int, rollups_before: int) -> Forgotten:
        """Delete by retention; see `Store.forget`. The file shrinks when it is compacted."""
        raw_before, rollups_before = (each // ROLLUP_MS * ROLLUP_MS for each in (raw_before, rollups_before))
        with self._roller:
            return forgetting.forget(self._file, self._writing, raw_before, rollups_before)

    def settle(self, before: int, share: float = 1.0) -> int:
        """Lay out by series a piece of what is older than a time [ms UTC]; returns its rows, 0 when none pays yet.

        Writers wait for a fraction of a second, readers not at all. `share` scales a piece.

        Raises
        ------
        StoreError
            When it could not be done; everything is as it was.
        """
        writing = self._writing
        writing.taken_in()
        with self._roller:
            return writing.settling.piece(self._file, writing.lock, writing.newest.size, before, share)

    @contextlib.contextmanager
    def unrolled(self) -> Iterator[tuple[DataFile, threading.Lock, Settling]]:
        """The file while nobody rolls up, forgets or settles; the lock that writers take, and what hears of them."""
        with self._roller:
            yield self._file, self._writing.lock, self._writing.settling

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[DataFile]:
        """The file, while nobody changes it: for `storage.duck.compaction`. The journal goes on being added to."""
        with self._roller, self._writing.lock:
            yield self._file

    @property
    def file(self) -> DataFile:
        """The file behind the store."""
        return self._file

    def latest(self, site: str) -> list[Latest]:
        """Newest values; see `Store.latest`. From memory: it costs no query."""
        with self._file.cursor():
            return self._writing.newest.latest(site)

    def newest_time(self) -> int | None:
        """Time of the newest reading of all [ms UTC]; None without any. From memory."""
        return self._writing.newest.newest()

    def series(self, site: str | None = None) -> list[Series]:
        """Every series; see `Store.series`. From memory, but for those that retention has left no reading."""
        newest = self._writing.newest
        with self._file.cursor() as cursor:
            known = newest.series(site)
            silent = newest.silent(np.array([number for _, number in known], np.int32))
            gone = set(silent.tolist()) - rolled_of(cursor, silent) if len(silent) else set()
        return [series for series, number in known if number not in gone]

    def gaps(self, site: str, start: int, end: int) -> list[Gap]:
        """Declared gaps; see `Store.gaps`."""
        with self._reading() as cursor:
            found = cursor.execute(
                'SELECT device, kind, channel, start, "end", reason, readings FROM gaps'
                ' WHERE site = ? AND start < ? AND "end" >= ? ORDER BY start, kind, device, channel, reason',
                [site, end, start],
            ).fetchall()
        return [Gap(*row) for row in found]

    def count(self, site: str | None = None) -> int:
        """Number of values; see `Store.count`."""
        with self._reading() as cursor:
            if site is None:
                return _number(cursor.execute("SELECT count(*) FROM readings"))
            return _number(
                cursor.execute(
                    "SELECT count(*) FROM readings WHERE series_id IN (SELECT id FROM series WHERE site = ?)", [site]
                )
            )

    def duplicates(self) -> int:
        """Values that share series and time; see `Store.duplicates`. Reads the whole table."""
        with self._reading() as cursor:
            return _number(
                cursor.execute(
                    "SELECT coalesce(sum(n), 0)::BIGINT FROM"
                    " (SELECT count(*) AS n FROM readings GROUP BY series_id, time HAVING count(*) > 1)"
                )
            )

    def health(self) -> Health:
        """Whether the file can be read and there is room to write; see `Store.health`."""
        if self._writing.trouble is not None:
            return Health(ok=False, engine="duck", detail=str(self._writing.trouble))
        try:
            self._file.must_be_in_place()
            with self._reading() as cursor:
                readings = _number(cursor.execute("SELECT count(*) FROM readings"))
            size = self._file.path.stat().st_size
            room = shutil.disk_usage(self._file.path.parent).free
        except (StoreError, OSError) as error:
            return Health(ok=False, engine="duck", detail=str(error))
        if room < _LEAST_ROOM:
            full = f"{self._file.path}: its disk is full ({room // 1000} kB left); make room on it"
            return Health(ok=False, engine="duck", detail=full)
        facts = {
            "path": str(self._file.path),
            "readings": str(readings),
            "series": str(self._writing.newest.size),
            "bytes": str(size),
            "duckdb": duckdb.__version__,
        }
        return Health(ok=True, engine="duck", detail=f"{readings} readings in {self._file.path}", facts=facts)

    def close(self) -> None:
        """Write everything into the file and let go of it; see `Store.close`."""
        self._writing.close()


def _number(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0
