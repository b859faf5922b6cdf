"""The room a quarantine has: when it is full, the oldest entries of the most abundant sort give way to their number.

A sort is a topic, a part and a reason. Its oldest entries lose their content to one summary, so that the ledger stays
whole, what is rare keeps its content, and no flood of one sort drives the others out.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Final

from collector.quarantine_entry import names

INSERT: Final = (
    "INSERT OR IGNORE INTO entry (received, topic, reason, detail, part, readings, content, digest,"
    " site, gateway, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ROW_BYTES: Final = 400
"""What an entry takes beside its content, about [bytes]."""
SIZE: Final = f"coalesce(sum(length(content) + {_ROW_BYTES}), 0)"
_SHARE: Final = 0.1
"""Part of the room that is made free at a time."""
_PAGE: Final = 1000


class Room:
    """What is taken of the room, for one connection.

    Parameters
    ----------
    max_bytes
        Most it holds [bytes].
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._bytes = 0
        self._version: int | None = None
        self._summarised = False

    @property
    def full(self) -> bool:
        """Whether contents have lately given way to a summary, and there is still hardly any room."""
        return self._summarised and self._bytes > self.max_bytes * (1 - 2 * _SHARE)

    def taken(self, content_bytes: int) -> None:
        """Take note of a new entry."""
        self._bytes += content_bytes + _ROW_BYTES

    def make(self, connection: sqlite3.Connection, now: int) -> None:
        """Summarise the oldest of the most abundant sort until there is room; `now` [ms since 1970-01-01 UTC]."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._version or self._bytes > self.max_bytes:  # another process may have changed the file
            self._version = version
            (self._bytes,) = connection.execute(f"SELECT {SIZE} FROM entry").fetchone()  # noqa: S608
        while self._bytes > self.max_bytes:
            sort = connection.execute(
                f"SELECT topic, part, reason FROM entry WHERE state IN ('held', 'asked')"  # noqa: S608
                f" GROUP BY topic, part, reason ORDER BY {SIZE} DESC LIMIT 1"
            ).fetchone()
            if sort is None:
                return
            self._summarise(connection, now, *sort)
            (self._bytes,) = connection.execute(f"SELECT {SIZE} FROM entry").fetchone()  # noqa: S608

    def _summarise(self, connection: sqlite3.Connection, now: int, topic: str, part: str, reason: str) -> None:
        rows = connection.execute(
            "SELECT id, entries, readings, received, detail, length(content) FROM entry"
            " WHERE state IN ('held', 'asked') AND topic = ? AND part = ? AND reason = ? ORDER BY id LIMIT ?",
            (topic, part, reason, _PAGE),
        ).fetchall()
        enough, size = 0, 0
        while enough < len(rows) and size <= self.max_bytes * _SHARE:
            size += rows[enough][5] + _ROW_BYTES
            enough += 1
        gone = rows[:enough]
        self._summarised = True
        key = fingerprint(b"summary", topic.encode("utf-8", "surrogateescape"))
        connection.executemany("DELETE FROM entry WHERE id = ?", [(row[0],) for row in gone])
        connection.execute(INSERT, (gone[0][3], topic, reason, gone[-1][4], part, 0, b"", key, *names(topic, part)))
        connection.execute(
            "UPDATE entry SET entries = entries * (state = 'summarised') + ?, readings = readings + ?, detail = ?,"
            " decided = ?, note = 'the quarantine was full', state = 'summarised'"
            " WHERE digest = ? AND part = ? AND reason = ?",
            (sum(r[1] for r in gone), sum(r[2] for r in gone), gone[-1][4], now, key, part, reason),
        )


def fingerprint(*parts: bytes) -> bytes:
    """What tells one message from another."""
    return hashlib.sha256(b"\0".join(parts)).digest()
