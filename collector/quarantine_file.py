"""The quarantine's file: SQLite (WAL, ``synchronous=FULL``), its tables, and its errors in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from collector import quarantine_past
from collector.errors import QuarantineError

T = TypeVar("T")

_APPLICATION: Final = 0x5750_5155  # "WPQU", as `file` shows it
_FORMAT: Final = 3
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, part TEXT NOT NULL, readings INTEGER NOT NULL, content BLOB NOT NULL, digest BLOB NOT NULL,
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'held',
    entries INTEGER NOT NULL DEFAULT 1, decided INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '',
    now INTEGER NOT NULL DEFAULT 0, overwrite INTEGER NOT NULL DEFAULT 0, UNIQUE (digest, part, reason)
);
CREATE INDEX IF NOT EXISTS entry_by_sort ON entry (state, topic, part, reason);
{quarantine_past.SCHEMA}
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORMAT};
"""
COLUMNS: Final = "id, received, topic, reason, detail, part, readings, content, state, entries, decided, note"


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or begin it.

    Raises
    ------
    QuarantineError
        When it is no quarantine.
    OSError, sqlite3.Error
        When it cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded while the file is empty
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (application, version, tables) == (0, 0, 0):
        connection.executescript(_SCHEMA)
    elif (application, version) != (_APPLICATION, _FORMAT):
        raise QuarantineError(f"quarantine {path}: no quarantine this version can read. Move the file away.")


def transaction(connection: sqlite3.Connection, work: Callable[[], T]) -> T:
    """Do `work` wholly or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = work()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return done


def explained(error: Exception, path: Path) -> QuarantineError:
    """The same trouble, in words that say what to do."""
    return QuarantineError(f"quarantine {path}: {error}. Check the disk, its room, and the file's owner.")
