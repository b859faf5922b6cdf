"""The room a quarantine has: when it is full, the oldest entries of the most abundant sort give way to their number.

A sort is a topic, a part and a reason; where none of these is abundant, a topic and a reason, or a reason alone. Its
oldest entries lose their content to one summary, so that the ledger stays whole, what is rare keeps its content, and no
flood of one sort drives the others out. What was decided goes before: nobody waits for it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Final

from collector.quarantine_entry import names
from collector.quarantine_past import let_go

INSERT: Final = (
    "INSERT OR IGNORE INTO entry (received, topic, reason, detail, part, readings, content, digest,"
    " site, gateway, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ROW_BYTES: Final = 400
"""What an entry takes beside its content, about [bytes]."""
SIZE: Final = f"coalesce(sum(length(content) + {_ROW_BYTES}), 0)"
_SHARE: Final = 0.1
"""Part of the room that is made free at a time."""
_EVER: Final = 2**62
_WAITING: Final = "state IN ('held', 'asked')"
_SORTS: Final = (("topic", "part", "reason"), ("topic", "reason"), ("reason",))
"""Ways to divide what waits into sorts, the finest first. Where every entry is of a part of its own, folding by parts
would free nothing, and take longer with every entry."""
_WORTH: Final = 0.002
"""Part of the room that a sort must take for it to be worth looking through everything."""


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

    def changed(self) -> None:
        """Take note that what is taken must be counted anew."""
        self._version = None

    def make(self, connection: sqlite3.Connection, now: int) -> None:
        """Summarise the oldest of the most abundant sort until there is room; `now` [ms since 1970-01-01 UTC]."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._version or self._bytes > self.max_bytes:  # another process may have changed the file
            self._version = version
            (self._bytes,) = connection.execute(f"SELECT {SIZE} FROM entry").fetchone()  # noqa: S608
        while self._bytes > self.max_bytes:
            if not let_go(connection, _EVER, max(1, round(self.max_bytes * _SHARE / _ROW_BYTES))):
                sort = self._most_abundant(connection)
                if sort is None:
                    return
                self._summarise(connection, now, sort)
            (self._bytes,) = connection.execute(f"SELECT {SIZE} FROM entry").fetchone()  # noqa: S608

    def _most_abundant(self, connection: sqlite3.Connection) -> dict[str, str] | None:
        """The sort that takes the most room, by the finest division in which one is worth folding; None without any."""
        sort = None
        for columns in _SORTS:
            names_ = ", ".join(columns)
            row = connection.execute(
                f"SELECT {SIZE}, count(*), {names_} FROM entry WHERE {_WAITING} GROUP BY {names_}"  # noqa: S608
                " ORDER BY 1 DESC LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            size, entries, *values = row
            sort = dict(zip(columns, values, strict=True))
            if entries > 1 and size >= self.max_bytes * _WORTH:
                break
        return sort

    def _summarise(self, connection: sqlite3.Connection, now: int, sort: dict[str, str]) -> None:
        of_sort = " AND ".join([_WAITING, *(f"{column} = ?" for column in sort)])
        # The oldest, until a share of the room is free; one at least.
        (last,) = connection.execute(
            f"SELECT max(id) FROM (SELECT id, sum(length(content) + {_ROW_BYTES}) OVER (ORDER BY id)"  # noqa: S608
            f" - length(content) - {_ROW_BYTES} AS before FROM entry WHERE {of_sort}) WHERE before <= ?",
            (*sort.values(), self.max_bytes * _SHARE),
        ).fetchone()
        chosen = f"{of_sort} AND id <= ?"
        entries, readings, received = connection.execute(
            f"SELECT sum(entries), sum(readings), min(received) FROM entry WHERE {chosen}",  # noqa: S608
            (*sort.values(), last),
        ).fetchone()
        (detail,) = connection.execute("SELECT detail FROM entry WHERE id = ?", (last,)).fetchone()
        connection.execute(f"DELETE FROM entry WHERE {chosen}", (*sort.values(), last))  # noqa: S608
        self._summarised = True
        topic, part, reason = sort.get("topic", ""), sort.get("part", ""), sort["reason"]
        key = fingerprint(b"summary", topic.encode("utf-8", "surrogateescape"))
        connection.execute(INSERT, (received, topic, reason, detail, part, 0, b"", key, *names(topic, part)))
        connection.execute(
            "UPDATE entry SET entries = entries * (state = 'summarised') + ?, readings = readings + ?, detail = ?,"
            " decided = ?, note = 'the quarantine was full', state = 'summarised'"
            " WHERE digest = ? AND part = ? AND reason = ?",
            (entries, readings, detail, now, key, part, reason),
        )


def fingerprint(*parts: bytes) -> bytes:
    """What tells one message from another."""
    return hashlib.sha256(b"\0".join(parts)).digest()
