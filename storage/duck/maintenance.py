"""Copies of a DuckDB file: a backup while it is used, a compact one to take its place, a damaged one replaced.

DuckDB reuses the room of deleted rows and never gives it back; a file shrinks only by being written anew. Readings are
copied week by week and sorted by series within each, so that a year of one meter lies in few places.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import structlog

from storage.duck.file import CONFIG, SCHEMA, explain, put_in_place
from storage.duck.rollups import touched
from storage.duck.store import DuckStore
from storage.errors import StoreError, StoreRefusedError

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all."""

TABLES: Final = ("series", "readings", "gaps", "touched", "rolling", "rollups", "state_rollups", "facts")
_WEEK_MS: Final = 604_800_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a whole file found: every row was read, and with it every block's checksum.

    Attributes
    ----------
    readings, series, rollups, touched
        Rows; `touched` counts windows to be rolled.
    duplicates
        Readings that share series and time with another; anything but 0 is a defect.
    bytes, free_bytes
        Of the file, and what of it is unused until it is compacted.
    """

    path: str
    readings: int
    series: int
    rollups: int
    touched: int
    duplicates: int
    orphans: int
    bytes: int
    free_bytes: int

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.duplicates and not self.orphans


@dataclass(frozen=True, slots=True)
class Copied:
    """A finished copy [rows, bytes]; `before_bytes` is what the file it was made from takes."""

    path: str
    readings: int
    bytes: int
    before_bytes: int


def backup(store: DuckStore, target: Path, progress: Progress = lambda _, __: None) -> Copied:
    """Copy an open store as it is at this moment; nobody waits for it.

    Raises
    ------
    StoreRefusedError
        When there is a file already, or it cannot be written.
    StoreError
        When it could not be finished; nothing is left behind under the target's name.
    """
    if target.exists():
        raise StoreRefusedError(f"{target} exists; a backup overwrites nothing, choose another name")
    if not target.parent.is_dir():
        raise StoreRefusedError(f"{target.parent}: no such folder for the backup")
    part = target.with_name(target.name + ".part")
    with store.file.cursor() as cursor:
        readings = copy(cursor, part, progress)
    put_in_place(part, target)
    return Copied(str(target), readings, target.stat().st_size, _size(store.file.path))


def compact(store: DuckStore, progress: Progress = lambda _, __: None) -> Copied:
    """Write an open store's file anew, without the room of what was deleted; writers wait for it, readers do not.

    Needs as much free disk as the new file takes.

    Raises
    ------
    StoreError
        When it could not be finished; the file is as it was.
    """
    with store.standing_still() as file:
        part = file.path.with_name(file.path.name + ".compacting")
        before = _size(file.path)
        try:
            with file.cursor() as cursor:
                readings = copy(cursor, part, progress)
            file.replace(part)
        finally:
            _discard(part)
        return Copied(str(file.path), readings, file.path.stat().st_size, before)


def check_store(store: DuckStore) -> Checked:
    """Check an open store's file; see `check`."""
    with store.file.cursor() as cursor:
        return check(cursor, store.file.path)


def compact_if_worth(store: DuckStore, least_bytes: int = 16_000_000, most_bytes: int = 16_000_000) -> Copied | None:
    """`compact` when a third of the file, and more than `least_bytes` of it, is unused; for after a deletion.

    Where more than `most_bytes` are used, writers would wait for longer than a few seconds: the room is left to what
    is written next, and somebody may ask for it at a time of their choice.
    """
    with store.standing_still() as file, file.cursor() as cursor:
        # Only a checkpoint tells what deletions have left unused.
        cursor.execute("CHECKPOINT")
        free, size = free_bytes(cursor), file.path.stat().st_size
    if free <= max(least_bytes, size / 3):
        return None
    if size - free > most_bytes:
        log.info("data_file_has_room", bytes=size, unused_bytes=free, give_it_back_with="wattproof db compact")
        return None
    return compact(store)


def copy(cursor: duckdb.DuckDBPyConnection, target: Path, progress: Progress) -> int:
    """Write everything that a transaction sees into a new file, and put it on disk; returns the number of readings.

    Raises
    ------
    StoreRefusedError
        When the target cannot be written.
    """
    _discard(target)
    with _attached(cursor, target):
        cursor.begin()
        try:
            for statement in SCHEMA:
                cursor.execute(statement.replace("IF NOT EXISTS ", "IF NOT EXISTS fresh."))
            counts = {table: _number(cursor.execute(f"SELECT count(*) FROM {table}")) for table in TABLES}  # noqa: S608 - our own names
            total, done = sum(counts.values()), 0
            for table in TABLES:
                if table != "readings":
                    order = " ORDER BY series_id, start" if table in {"rollups", "state_rollups"} else ""
                    cursor.execute(f"INSERT INTO fresh.{table} FROM {table}{order}")
                    done += counts[table]
                    progress(done, total)
            for start, end in _weeks(cursor):
                done += _number(
                    cursor.execute(
                        "INSERT INTO fresh.readings FROM readings WHERE time >= ? AND time < ?"
                        " ORDER BY series_id, time",
                        [start, end],
                    )
                )
                progress(done, total)
            cursor.commit()
            cursor.execute("CHECKPOINT fresh")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                cursor.rollback()
            raise
        if done != total:
            raise StoreError(f"{target}: {done} of {total} rows were copied; the copy is not used")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return counts["readings"]


@contextlib.contextmanager
def _attached(cursor: duckdb.DuckDBPyConnection, target: Path) -> Iterator[None]:
    name = str(target).replace("'", "''")
    cursor.execute(f"ATTACH '{name}' AS fresh")
    try:
        yield
    finally:
        cursor.execute("DETACH fresh")


def _weeks(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int]]:
    """Ranges of time that hold readings."""
    for (week,) in cursor.execute(
        f"SELECT DISTINCT time // {_WEEK_MS} - (time < 0)::INT AS week FROM readings ORDER BY week"  # noqa: S608 - an integer
    ).fetchall():
        yield week * _WEEK_MS, (week + 1) * _WEEK_MS


def check(cursor: duckdb.DuckDBPyConnection, path: Path) -> Checked:
    """Read every row of an open file."""
    counts = {}
    for table in TABLES:
        # The hash of whole rows makes DuckDB read every column, and compare every block with its checksum.
        counts[table], _ = cursor.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {table} t").fetchone() or (0, 0)  # noqa: S608 - our own names
    duplicates = _number(
        cursor.execute(
            "SELECT coalesce(sum(n), 0)::BIGINT FROM"
            " (SELECT count(*) AS n FROM readings GROUP BY series_id, time HAVING count(*) > 1)"
        )
    )
    orphans = _number(cursor.execute("SELECT count(*) FROM readings r ANTI JOIN series s ON r.series_id = s.id"))
    return Checked(
        str(path), counts["readings"], counts["series"], counts["rollups"], touched(cursor),
        duplicates, orphans, _size(path), free_bytes(cursor),
    )  # fmt: skip


def free_bytes(cursor: duckdb.DuckDBPyConnection) -> int:
    """What of the file is unused [bytes], as of its last checkpoint."""
    return _number(cursor.execute("SELECT (block_size * free_blocks)::BIGINT FROM pragma_database_size()"))


def check_file(path: Path) -> Checked:
    """Check a file that nobody has open, without changing it.

    Raises
    ------
    StoreRefusedError
        When there is none, it is held by another process, or damaged.
    """
    if not path.is_file():
        raise StoreRefusedError(f"{path}: no such file")
    try:
        connection = duckdb.connect(str(path), read_only=True, config=dict(CONFIG))
        try:
            return check(connection, path)
        finally:
            connection.close()
    except duckdb.CatalogException as error:
        raise StoreRefusedError(f"{path} is a DuckDB file but not a WattProof data file") from error
    except duckdb.Error as error:
        raise explain(error, path) from error


def restore(backup: Path, path: Path, *, force: bool) -> tuple[Checked, Path | None]:
    """Put a checked backup in the place of a data file; returns what it holds, and where the old one was set aside.

    Raises
    ------
    StoreRefusedError
        When the backup is damaged, the place is taken and `force` is not given, or a process uses the file.
    """
    checked = check_file(backup)
    if not checked.ok:
        raise StoreRefusedError(
            f"{backup}: {checked.duplicates} duplicates, {checked.orphans} readings without a series; it was not used"
        )
    aside = None
    if path.exists():
        if not force:
            raise StoreRefusedError(f"{path} exists; with --force it is set aside, and the backup takes its place")
        aside = _set_aside(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".restoring")
    shutil.copyfile(backup, part)
    put_in_place(part, path)
    return checked, aside


def _set_aside(path: Path) -> Path:
    """Move a file and its log out of the way, unless a process uses it; a damaged one may be moved."""
    try:
        duckdb.connect(str(path), read_only=True, config=dict(CONFIG)).close()
    except duckdb.Error as error:
        if "could not set lock" in str(error).lower():
            raise explain(error, path) from error
    aside = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}.old")
    path.rename(aside)
    log = path.with_name(path.name + ".wal")
    if log.exists():
        log.rename(aside.with_name(aside.name + ".wal"))
    return aside


def _size(path: Path) -> int:
    """Of a file and its log [bytes]."""
    return sum(each.stat().st_size for each in (path, path.with_name(path.name + ".wal")) if each.exists())


def _discard(target: Path) -> None:
    """Remove what an interrupted copy left behind."""
    for name in (target, target.with_name(target.name + ".wal")):
        name.unlink(missing_ok=True)


def _number(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0
