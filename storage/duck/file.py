"""The DuckDB file: opening it, what can go wrong with it said in words, and getting over a full disk."""

from __future__ import annotations

import contextlib
import re
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import duckdb
import structlog

from storage.duck.placing import compacting, discard, finish_restore, kept_from_others, put_in_place
from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError

log = structlog.get_logger(__name__)

SCHEMA: Final = (
    # No primary key and no index on readings: one costs 41 bytes per row where the row itself costs about 5.
    "CREATE TABLE IF NOT EXISTS series (id INTEGER NOT NULL, site VARCHAR NOT NULL, kind VARCHAR NOT NULL,"
    " device VARCHAR NOT NULL, channel VARCHAR NOT NULL)",
    "CREATE TABLE IF NOT EXISTS readings (series_id INTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE NOT NULL)",
    "CREATE TABLE IF NOT EXISTS gaps (site VARCHAR NOT NULL, kind VARCHAR NOT NULL, device VARCHAR NOT NULL,"
    ' channel VARCHAR NOT NULL, start BIGINT NOT NULL, "end" BIGINT NOT NULL, reason VARCHAR NOT NULL,'
    " readings BIGINT NOT NULL)",
    # Series first to last were written in the quarter-hour at start: a gateway's meters have consecutive numbers.
    "CREATE TABLE IF NOT EXISTS touched (first INTEGER NOT NULL, last INTEGER NOT NULL, start BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS rolling (series_id INTEGER NOT NULL, start BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS rollups (series_id INTEGER NOT NULL, start BIGINT NOT NULL, count INTEGER NOT NULL,"
    " first DOUBLE, last DOUBLE, low DOUBLE, high DOUBLE, mean DOUBLE, increase DOUBLE, coverage DOUBLE NOT NULL,"
    " closed BOOLEAN NOT NULL)",
    "CREATE TABLE IF NOT EXISTS state_rollups (series_id INTEGER NOT NULL, start BIGINT NOT NULL,"
    " state DOUBLE NOT NULL, seconds DOUBLE NOT NULL)",
    "CREATE TABLE IF NOT EXISTS facts (name VARCHAR NOT NULL, value BIGINT NOT NULL)",
)
CONFIG: Final = {
    # The commit that fills the log waits for the checkpoint, which takes as long as there is to write: rather often and
    # briefly. After a kill, opening replays the log: well under a second.
    "checkpoint_threshold": "4MB",
    # Of a new file; an older one gets it when it is compacted. A column of a row group fills whole blocks and a part of
    # one: with the usual 256 kB, a fifth of the file was nothing. With 32 kB times are no longer packed.
    "default_block_size": "65536",
    # Group by counting up to a million groups (100 meters, a month by quarter-hours): 30 MB, and twice as fast.
    "perfect_ht_threshold": "20",
    # A factory's server may have no way out, and nothing here needs an extension.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

_LONGEST_WAIT_S: Final = 5.0
"""How long a change of files may hold everybody up for the sake of a long query [s]."""

_HOLDER = re.compile(r"\(PID (\d+)\)")
_FULL = re.compile(
    r"no space left|could not (?:write|fsync|sync|truncate)|file too large|disk quota|out of disk", re.IGNORECASE
)
_DAMAGED = re.compile(
    r"corrupt|not a valid duckdb|could not read enough bytes|checksum|serializ|replaying wal", re.IGNORECASE
)
_OTHER_VERSION = re.compile(r"database file with .*version number")

_open_files: set[Path] = set()
_open_files_lock = threading.Lock()


class DataFile:
    """An open DuckDB file, held by this object alone; hands out a cursor per use.

    Parameters
    ----------
    path
        The file.
    memory_mb
        What DuckDB may keep of it in memory, and use for a query before it turns to the disk [MB].

    Attributes
    ----------
    copying
        Held by whoever copies the whole file: a backup and a compaction take turns.

    Raises
    ------
    StoreRefusedError
        When it is held by another process or object, damaged, or may not be opened.
    StoreUnavailableError
        When the disk is full.

    Notes
    -----
    A restore into its place that was cut off is finished first.
    """

    def __init__(self, path: Path, memory_mb: int) -> None:
        self.path = path.resolve()
        self._memory_mb = memory_mb
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self.copying = threading.Lock()
        self._in_use = 0
        self._changing = False
        self._invalid = False
        self._closed = False
        with _open_files_lock:
            # DuckDB would hand a second opener of this process the same database: two writers that do not know of
            # each other.
            if self.path in _open_files:
                raise StoreRefusedError(f"{self.path} is already open in this process; close that store first")
            finish_restore(self.path)
            self._connection = self._connect()
            _open_files.add(self.path)
        # Of a process that was killed: nobody else can be writing it.
        discard(compacting(self.path))
        self._forget = weakref.finalize(self, _open_files.discard, self.path)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        with self.explained():
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreRefusedError(
                    f"cannot make the folder {self.path.parent}: {error.strerror}; use another data folder"
                ) from error
            connection = duckdb.connect(str(self.path), config={**CONFIG, "memory_limit": f"{self._memory_mb}MB"})
            try:
                for statement in SCHEMA:
                    connection.execute(statement)
                self._identity = _identity(self.path)
            except BaseException:
                connection.close()
                raise
            return connection

    @property
    def closed(self) -> bool:
        """Whether it was let go of."""
        return self._closed

    def must_be_open(self) -> None:
        """Raise `StoreError` when it was let go of."""
        if self._closed:
            raise StoreError(f"{self.path} is closed")

    def must_be_in_place(self) -> None:
        """Raise when what is written would go into a file that has no name any more, or another one.

        Raises
        ------
        StoreRefusedError
            When somebody moved, replaced or deleted the file. It can be read and backed up as before.
        StoreError
            When it was let go of.
        """
        self.must_be_open()
        if _identity(self.path) != self._identity:
            with self._lock:  # a compaction may just put another file in its place
                self._check_place()

    def _check_place(self) -> None:
        if _identity(self.path) != self._identity:
            raise StoreRefusedError(
                f"{self.path} was moved, replaced or deleted while in use, and takes nothing more: put it back; or"
                " save what it holds with `wattproof db backup`, stop this process and restore the backup"
            )

    @contextlib.contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own to the same database, for one thread and one use; errors leave it as store errors."""
        try:
            with self._idle:
                while self._changing:
                    self._idle.wait()
                self.must_be_open()
                if self._invalid:
                    self._reopen()
                cursor = self._connection.cursor()
                self._in_use += 1
            try:
                yield cursor
            finally:
                with self._idle:
                    cursor.close()
                    self._in_use -= 1
                    self._idle.notify_all()
        except duckdb.Error as error:
            raise self._told(error) from error

    def replace(self, part: Path) -> None:
        """Let a finished file take the place of this one; new uses wait for those under way, and then for the change.

        Nothing may have been written since `part` was copied, and the caller may not hold a cursor.

        Raises
        ------
        StoreError
            When the log could not be emptied (a full disk), uses under way do not end soon (a backup), or this file has
            lost its place: it stays.
        """
        with self._idle, self.explained():
            self._changing = True
            try:
                if not self._idle.wait_for(lambda: not self._in_use, _LONGEST_WAIT_S):
                    raise StoreError(f"{self.path} is being read for long, by a backup perhaps; try again later")
                self.must_be_open()
                self._check_place()
                self._exchange(part)
            finally:
                self._changing = False
                self._idle.notify_all()

    def _exchange(self, part: Path) -> None:
        self._invalid = True  # until it is open again, be it at the next use
        self._connection.close()
        try:
            # A log that is left would be replayed into the new file.
            if self.path.with_name(self.path.name + ".wal").exists():
                raise StoreError(f"{self.path}: its log could not be written into it; make room on the disk")
            # Who opened the old file now would write into what has no name a moment later.
            with kept_from_others(self.path):
                put_in_place(part, self.path)
        finally:
            self._identity = _identity(self.path)  # even where it cannot be opened yet
            self._connection = self._connect()
            self._invalid = False

    def _reopen(self) -> None:
        """Start the database again after an error that ended it (a checkpoint on a full disk); the log keeps all."""
        self._check_place()  # DuckDB would begin an empty file
        self._connection.close()
        self._connection = self._connect()
        self._invalid = False
        log.info("store_reopened", path=str(self.path))

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn DuckDB's errors into the store's."""
        try:
            yield
        except duckdb.Error as error:
            raise self._told(error) from error

    def _told(self, error: duckdb.Error) -> StoreError:
        if isinstance(error, duckdb.FatalException):
            self._invalid = True
        return explain(error, self.path)

    def close(self, last: Callable[[], None] = lambda: None) -> None:
        """Write the log into the file and let go of it; uses under way are waited for, new ones are refused.

        The caller may hold nothing that a use under way waits for. `last` is called once, when nobody uses the file any
        more and nobody else can have it yet.
        """
        with self._idle:
            if self._closed:
                return
            self._closed = True
            self._idle.wait_for(lambda: not self._in_use)
            try:
                last()
            finally:
                self._connection.close()
                self._forget()


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from every other that is there, whatever its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def of_other_version(error: duckdb.Error) -> bool:
    """Whether only this DuckDB cannot read the file: WattProof was set back, say."""
    return _OTHER_VERSION.search(str(error)) is not None


def explain(error: duckdb.Error, path: Path) -> StoreError:
    """Say what a DuckDB error means and what to do."""
    text = str(error).split("\n", 1)[0]
    if "could not set lock" in text.lower():
        holder = _HOLDER.search(text)
        who = f"process {holder[1]}" if holder else "another process"
        why = f"is in use by {who}; stop it or use another data folder"
    elif _FULL.search(text):
        return StoreUnavailableError(f"{path}: the disk is full or cannot be written ({text}); make room on it")
    elif of_other_version(error):
        why = f"is not for DuckDB {duckdb.__version__} ({text}); use the WattProof that wrote it, or a newer one"
    elif _DAMAGED.search(text):
        why = (
            f"is damaged or not a WattProof data file ({text}); move it away together with {path.name}.wal"
            f" and {path.name}.journal-a and -b, and restore a copy, or start without it: gateways send again what was"
            " never acknowledged"
        )
    elif isinstance(error, duckdb.FatalException | duckdb.OutOfMemoryException):
        return StoreUnavailableError(f"{path}: the database stopped and is started again at the next use ({text})")
    elif isinstance(error, duckdb.IOException):
        why = f"cannot be used ({text}); check its permissions, or use another data folder"
    else:
        return StoreError(f"{path}: {text}")
    return StoreRefusedError(f"{path} {why}")
