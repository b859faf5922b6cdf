"""Copies of a DuckDB file while it is used, and checks; what a backup is for, `storage.duck.restoring` does.

DuckDB reuses the room of deleted rows and never gives it back; a file shrinks only by being written anew
(`storage.duck.compaction`). Readings are copied week by week and sorted by series within each, so that a year of one
meter lies in few places.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from storage.duck.file import CONFIG, SCHEMA, explain
from storage.duck.left import left_out
from storage.duck.placing import beside, discard, put_in_place, synced, unfinished_restores
from storage.duck.rollups import touched
from storage.duck.store import DuckStore
from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError

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
    orphans
        Readings of a series that the file does not know; anything but 0 is a defect.
    bytes, free_bytes
        Of the file, and what of it is unused until it is compacted.
    left
        Readings in the journal of a killed process that are not in the file; whoever opens it next takes them in.
    left_damaged_bytes
        What the disk changed in that journal [bytes]; the readings it held are gone.
    newest
        Time of the newest reading in the file [ms UTC]; None where there is none.
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
    left: int = 0
    left_damaged_bytes: int = 0
    newest: int | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.duplicates and not self.orphans and not self.left_damaged_bytes


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
        When there is a file already, or one that would be taken for the backup's log or journal; when the name is one
        of those that belong to the data file; when it cannot be written.
    StoreError
        When it could not be finished; nothing is left behind under the target's name.
    """
    if target.exists():
        raise StoreRefusedError(f"{target} exists; a backup overwrites nothing, choose another name")
    if left := [each for each in beside(target) if each.exists()]:
        raise StoreRefusedError(
            f"{left[0]} was left by another file and would be taken for a part of the backup; choose another name"
        )
    path = store.file.path
    if target.resolve().parent == path.parent and target.name.startswith(f"{path.name}."):
        raise StoreRefusedError(
            f"{target}: names that begin with {path.name!r} belong to the data file in this folder; choose another"
        )
    if not target.parent.is_dir():
        raise StoreRefusedError(f"{target.parent}: no such folder for the backup")
    part = target.with_name(target.name + ".part")
    store.take_in()
    try:
        with store.file.copying, store.file.cursor() as cursor, _target_named(part, target):
            readings = copy(cursor, part, progress)
        put_in_place(part, target)
    except OSError as error:
        raise StoreUnavailableError(f"{target}: the backup could not be written ({error.strerror})") from error
    finally:
        # On a full disk, half a backup would keep it full.
        discard(part)
    return Copied(str(target), readings, target.stat().st_size, size_of(store.file.path))


@contextlib.contextmanager
def _target_named(part: Path, target: Path) -> Iterator[None]:
    """Say of an error that is the copy's that it is not the data file's."""
    try:
        yield
    except duckdb.FatalException:
        raise
    except duckdb.Error as error:
        if str(part) not in str(error):
            raise
        raise explain(error, target) from error


def check_store(store: DuckStore) -> Checked:
    """Check an open store's file; see `check`."""
    store.take_in()
    with store.file.cursor() as cursor:
        return check(cursor, store.file.path)


def copy(cursor: duckdb.DuckDBPyConnection, target: Path, progress: Progress) -> int:
    """Write everything that a transaction sees into a new file, and put it on disk; returns the number of readings.

    Raises
    ------
    StoreRefusedError
        When the target cannot be written.
    """
    discard(target)
    with attached(cursor, target):
        cursor.begin()
        try:
            for statement in SCHEMA:
                cursor.execute(statement.replace("IF NOT EXISTS ", "IF NOT EXISTS fresh."))
            counts = {table: number(cursor.execute(f"SELECT count(*) FROM {table}")) for table in TABLES}  # noqa: S608 - our own names
            total, done = sum(counts.values()), 0
            for table in TABLES:
                if table != "readings":
                    order = " ORDER BY series_id, start" if table in {"rollups", "state_rollups"} else ""
                    cursor.execute(f"INSERT INTO fresh.{table} FROM {table}{order}")
                    done += counts[table]
                    progress(done, total)
            for copied in copy_readings(cursor):
                done += copied
                progress(done, total)
            cursor.commit()
            cursor.execute("CHECKPOINT fresh")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                cursor.rollback()
            raise
        if done != total:
            raise StoreError(f"{target}: {done} of {total} rows were copied; the copy is not used")
    synced(target)
    return counts["readings"]


@contextlib.contextmanager
def attached(cursor: duckdb.DuckDBPyConnection, target: Path) -> Iterator[None]:
    """A file by the name of `fresh`, beside the open one."""
    name = str(target).replace("'", "''")
    cursor.execute(f"ATTACH '{name}' AS fresh")
    try:
        yield
    finally:
        cursor.execute("DETACH fresh")


def copy_readings(cursor: duckdb.DuckDBPyConnection, since: int = -(2**63)) -> Iterator[int]:
    """Copy readings from a time on [ms UTC] into the attached file, week by week; yields the number of each."""
    weeks = cursor.execute(
        # Rounded down, where DuckDB's division rounds towards 0.
        f"SELECT DISTINCT (time - (time % {_WEEK_MS} + {_WEEK_MS}) % {_WEEK_MS}) // {_WEEK_MS} AS week FROM readings"  # noqa: S608 - integers
        " WHERE time >= ? ORDER BY week",
        [since],
    ).fetchall()
    for (week,) in weeks:
        start, end = max(week * _WEEK_MS, since), (week + 1) * _WEEK_MS
        yield number(
            cursor.execute(
                "INSERT INTO fresh.readings FROM readings WHERE time >= ? AND time < ? ORDER BY series_id, time",
                [start, end],
            )
        )


def check(cursor: duckdb.DuckDBPyConnection, path: Path) -> Checked:
    """Read every row of an open file."""
    counts = {}
    for table in TABLES:
        # The hash of whole rows makes DuckDB read every column, and compare every block with its checksum.
        counts[table], _ = cursor.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {table} t").fetchone() or (0, 0)  # noqa: S608 - our own names
    duplicates = number(
        cursor.execute(
            "SELECT coalesce(sum(n), 0)::BIGINT FROM"
            " (SELECT count(*) AS n FROM readings GROUP BY series_id, time HAVING count(*) > 1)"
        )
    )
    orphans = number(cursor.execute("SELECT count(*) FROM readings r ANTI JOIN series s ON r.series_id = s.id"))
    (newest,) = cursor.execute("SELECT max(time) FROM readings").fetchone() or (None,)
    return Checked(
        str(path), counts["readings"], counts["series"], counts["rollups"], touched(cursor),
        duplicates, orphans, size_of(path), free_bytes(cursor), newest=newest,
    )  # fmt: skip


def free_bytes(cursor: duckdb.DuckDBPyConnection) -> int:
    """What of the file is unused [bytes], as of its last checkpoint."""
    return number(
        cursor.execute(
            "SELECT (block_size * free_blocks)::BIGINT FROM pragma_database_size()"
            # A backup under way has another file attached.
            " WHERE database_name = current_database()"
        )
    )


def check_file(path: Path) -> Checked:
    """Check a file that nobody has open, without changing it.

    Raises
    ------
    StoreRefusedError
        When there is none, it is held by another process, or damaged.
    """
    if path.is_dir():
        raise StoreRefusedError(f"{path} is a folder; name the file")
    # What lies beside a file has the name of the file, not of a link that leads there.
    path = path.resolve()
    if cut_off := unfinished_restores(path):
        raise StoreRefusedError(
            f"{path}: a restore into its place was cut off, {cut_off[-1].name} is to take it; the next `wattproof up`"
            " finishes it"
        )
    if not path.is_file():
        raise StoreRefusedError(f"{path}: no such file")
    try:
        connection = duckdb.connect(str(path), read_only=True, config=dict(CONFIG))
        try:
            left, damaged = left_out(connection, path)
            return replace(check(connection, path), left=left, left_damaged_bytes=damaged)
        finally:
            connection.close()
    except duckdb.CatalogException as error:
        raise StoreRefusedError(f"{path} is a DuckDB file but not a WattProof data file") from error
    except duckdb.Error as error:
        raise explain(error, path) from error


def size_of(path: Path) -> int:
    """Of a file and its log [bytes]."""
    return sum(each.stat().st_size for each in (path, path.with_name(path.name + ".wal")) if each.exists())


def number(result: duckdb.DuckDBPyConnection) -> int:
    """The one number that a query gives; 0 without one."""
    row = result.fetchone()
    return int(row[0]) if row else 0
