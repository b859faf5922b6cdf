"""The outbox's file: SQLite, opened for one process, set aside when damaged, its errors in plain words."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.errors import OutboxError, OutboxFullError
from edge.outbox_rows import sealed

_APPLICATION: Final = 0x5750_4F42  # "WPOB", as `file` shows it
_FORMAT: Final = 3
_DAMAGE: Final = frozenset(
    {
        sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_SCHEMA,
    }
)  # fmt: skip
"""All that a file can be made to answer by what stands in it: a broken schema has no such column, a broken number
is there twice. What the disk, its mount or another process are to blame for is not among them."""
_TABLES: Final = {
    "ledger": """CREATE TABLE ledger (
    site TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, latest INTEGER NOT NULL,
    since INTEGER NOT NULL, untold INTEGER NOT NULL, read INTEGER NOT NULL, stored INTEGER NOT NULL,
    quarantined INTEGER NOT NULL, pending INTEGER NOT NULL, gap INTEGER NOT NULL, batches INTEGER NOT NULL,
    bytes INTEGER NOT NULL, dropped_to INTEGER NOT NULL, loss INTEGER NOT NULL, seal INTEGER NOT NULL
)""",
    "batch": """CREATE TABLE batch (
    seq INTEGER PRIMARY KEY, epoch TEXT NOT NULL, readings INTEGER NOT NULL, declares INTEGER NOT NULL,
    bytes INTEGER NOT NULL, put_at INTEGER NOT NULL, crc INTEGER NOT NULL, seal INTEGER NOT NULL, payload BLOB NOT NULL
)""",
    "undeclared": """CREATE TABLE undeclared (
    loss INTEGER NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL, channel TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, reason TEXT NOT NULL, readings INTEGER NOT NULL, seal INTEGER NOT NULL
)""",
}


def connect(path: Path, site: str, gateway: str, now: int) -> sqlite3.Connection:
    """Open the file, or begin it, and keep every other process out; `now` [ms since 1970]. Its content is not checked.

    Raises
    ------
    OutboxError
        When the file cannot be opened, or is no outbox.
    sqlite3.DatabaseError
        When it is damaged (`is_damage`), in use, or the disk fails.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.OperationalError) as error:
        raise OutboxError(f"outbox {path}: cannot be opened ({error}). Check the folder and its owner.") from error
    try:
        connection.text_factory = _text
        if _prepare(connection, path, site, gateway, now):
            sync_folder(path.parent)
    except BaseException:
        connection.close()
        raise
    return connection


def complete(connection: sqlite3.Connection) -> bool:
    """Whether the file's tables are those of an outbox, to the letter."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    return found == _TABLES


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")  # a broken text is found by its checksum, not by an error halfway


def _prepare(connection: sqlite3.Connection, path: Path, site: str, gateway: str, now: int) -> bool:
    """Make sure that this is an outbox, or begin it; whether it was begun."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = OFF")  # on by default in Debian; doubles what a delete writes
    with transaction(connection):
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        fresh = (application, version, tables) == (0, 0, 0)
        if fresh:
            _begin(connection, site, gateway, now)
        else:
            named, whole = (application, version) == (_APPLICATION, _FORMAT), complete(connection)
            if not named and not whole:
                raise OutboxError(
                    f"outbox {path}: no outbox this version can read (format {version}). Move the file away."
                )
            if not named or not whole:
                raise damage("its first page is not what was written")
    if fresh:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return fresh


def _begin(connection: sqlite3.Connection, site: str, gateway: str, now: int) -> None:
    for statement in _TABLES.values():
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_FORMAT}")
    head = (site, gateway, secrets.token_hex(8), 0, max(0, now), max(0, now), *[0] * 10)
    connection.execute(
        "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*head, sealed(head))
    )


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: SQLite syncs a file, not the folder it stands in."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def damage(verdict: str) -> sqlite3.DatabaseError:
    """The error that says a file's content is broken."""
    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
    """Everything or nothing; on the disk when it ends, or, if not `durable`, with the next one that is."""
    if not durable:
        connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # SQLite has rolled back by itself after a full disk
            connection.execute("ROLLBACK")
        raise
    finally:
        if not durable:
            connection.execute("PRAGMA synchronous = FULL")


def is_damage(error: sqlite3.Error, path: Path) -> bool:
    """Whether the file's content is broken, so that trying again cannot help."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_READONLY:
        return os.access(path, os.W_OK)  # its first page says so, and it is not so
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF in _DAMAGE


def beside(path: Path, suffix: str) -> Path:
    """The file of the same name with `suffix` after it."""
    return path.with_name(path.name + suffix)


def explained(error: sqlite3.Error, path: Path) -> OutboxError:
    """The same trouble, in words that say what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return OutboxFullError(
            f"outbox {path}: no room on the disk; nothing new is accepted, what was accepted is safe. Free some space."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return OutboxError(f"outbox {path}: in use by another process. Run one agent per gateway and data folder.")
    return OutboxError(f"outbox {path}: {error}. Check the disk, its mount and the file's owner.")
