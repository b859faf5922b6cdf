"""Quarantine: what cannot be stored is kept, with its reason, where a person can look at it."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from collector.errors import QuarantineError
from collector.intake import Refusal

T = TypeVar("T")

_APPLICATION: Final = 0x5750_5155  # "WPQU", as `file` shows it
_FORMAT: Final = 1
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, part TEXT NOT NULL, readings INTEGER NOT NULL, content BLOB NOT NULL, digest BLOB NOT NULL,
    UNIQUE (digest, part, reason)
);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORMAT};
"""
_COLUMNS: Final = "id, received, topic, reason, detail, part, readings, content"


class Entry(msgspec.Struct, frozen=True):
    """One thing set aside.

    Attributes
    ----------
    id
        Rises with every entry.
    received
        When the message came [ms since 1970-01-01 UTC].
    topic
        What it came under.
    reason, detail
        Why it is here: in one word, and in a sentence.
    part
        ``kind/device/channel`` of the readings set aside; empty when it is the whole message.
    readings
        How many readings; 0 where that cannot be known.
    content
        The message's payload, byte for byte, or the part's readings as JSON.
    """

    id: int
    received: int
    topic: str
    reason: str
    detail: str
    part: str
    readings: int
    content: bytes


@dataclass(frozen=True, slots=True)
class QuarantineCounters:
    """What the quarantine holds: entries, whole messages among them, and readings."""

    entries: int
    messages: int
    readings: int


class Quarantine:
    """A SQLite file (WAL, ``synchronous=FULL``) of what was refused. Thread-safe; other processes may read it.

    Parameters
    ----------
    path
        The file; it and its folder are made when missing.

    Raises
    ------
    QuarantineError
        When it cannot be opened or is no quarantine.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise self._explained(error) from error
        try:
            self._doing(self._prepare)
        except BaseException:
            self._connection.close()
            raise

    @property
    def counters(self) -> QuarantineCounters:
        """What the file holds now."""
        query = "SELECT count(*), coalesce(sum(part = ''), 0), coalesce(sum(readings), 0) FROM entry"
        return QuarantineCounters(*self._doing(lambda: self._connection.execute(query).fetchone()))

    def add(self, topic: str, payload: bytes, received: int, refusals: Sequence[Refusal]) -> list[Refusal]:
        """Keep refusals of one message; when this returns, they are on the disk.

        The same refusals of the same message are kept once, however often it is delivered.

        Returns
        -------
        list[Refusal]
            Those that were not here already.

        Raises
        ------
        QuarantineError
            When the disk fails; the message must not be acknowledged.
        """
        digest = hashlib.sha256(topic.encode("utf-8", "surrogateescape") + b"\0" + payload).digest()
        rows = [
            (received, topic, refusal.reason.value, refusal.detail, refusal.part, refusal.readings,
             refusal.content if refusal.part else payload, digest)
            for refusal in refusals
        ]  # fmt: skip
        return self._doing(lambda: [new for new, row in zip(refusals, self._insert(rows), strict=True) if row])

    def list(self, limit: int = 100) -> list[Entry]:
        """The newest entries, newest first."""
        query = f"SELECT {_COLUMNS} FROM entry ORDER BY id DESC LIMIT ?"  # noqa: S608 - a constant of this module
        return [Entry(*row) for row in self._doing(lambda: self._connection.execute(query, (limit,)).fetchall())]

    def close(self) -> None:
        """Close the file; further calls raise `QuarantineError`."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application, version, tables) == (0, 0, 0):
            self._connection.executescript(_SCHEMA)
        elif (application, version) != (_APPLICATION, _FORMAT):
            raise QuarantineError(f"quarantine {self.path}: no quarantine this version can read. Move the file away.")

    def _insert(self, rows: Iterable[tuple[object, ...]]) -> Iterable[bool]:
        insert = (
            "INSERT OR IGNORE INTO entry (received, topic, reason, detail, part, readings, content, digest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            new = [self._connection.execute(insert, row).rowcount == 1 for row in rows]
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return new

    def _doing(self, work: Callable[[], T]) -> T:
        with self._lock:
            try:
                return work()
            except (sqlite3.Error, OverflowError) as error:
                raise self._explained(error) from error

    def _explained(self, error: Exception) -> QuarantineError:
        return QuarantineError(f"quarantine {self.path}: {error}. Check the disk, its room, and the file's owner.")
