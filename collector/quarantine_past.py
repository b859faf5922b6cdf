"""What has left the quarantine: entries whose end was reached long ago are removed, and their numbers stay for ever.

So the file does not grow with every replay, and ``read = stored + outbox + quarantined + declared gaps`` holds as if
every entry were still there.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from collector.quarantine_entry import State

CLOSED: Final = "state IN ('stored', 'dropped', 'superseded', 'replaced')"
"""What nobody is waited for any more: its end was decided by a replay or by a person."""
SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS past (
    state TEXT NOT NULL, reason TEXT NOT NULL, site TEXT NOT NULL, gateway TEXT NOT NULL, entries INTEGER NOT NULL,
    readings INTEGER NOT NULL, PRIMARY KEY (state, reason, site, gateway)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_by_end ON entry (decided, id) WHERE {CLOSED};
"""
_SPARE_PAGES: Final = 256
"""Free pages that stay in the file for what comes next: 1 MiB."""
_PAGES_AT_ONCE: Final = 1000
"""Pages given back to the file system in one go: 4 MiB, so that nobody waits long for the file."""


class Sum(NamedTuple):
    """Entries of one state and reason: how many there are and their readings, and how many of both have left."""

    state: State
    reason: str
    entries: int
    readings: int
    left_entries: int
    left_readings: int


def let_go(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Remove entries whose end was decided before a time [ms since 1970-01-01 UTC], the longest decided first.

    Part of the caller's transaction.

    Returns
    -------
    int
        How many rows went; at most `limit`.
    """
    chosen = f"id IN (SELECT id FROM entry WHERE {CLOSED} AND decided < ? ORDER BY decided, id LIMIT ?)"  # noqa: S608
    connection.execute(
        "INSERT INTO past SELECT state, reason, site, gateway, sum(entries), sum(readings) FROM entry"  # noqa: S608
        f" WHERE {chosen} GROUP BY state, reason, site, gateway"
        " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries, readings = readings + excluded.readings",
        (before, limit),
    )
    return connection.execute(f"DELETE FROM entry WHERE {chosen}", (before, limit)).rowcount  # noqa: S608


def shrink(connection: sqlite3.Connection) -> int:
    """Give free pages back to the file system, some at a time; how many are left to give back."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    if free <= _SPARE_PAGES:
        return 0
    pages = min(free - _SPARE_PAGES, _PAGES_AT_ONCE)
    connection.executescript(f"PRAGMA incremental_vacuum({pages})")  # `execute` would step once: one page
    return int(free - _SPARE_PAGES - pages)


def sums(connection: sqlite3.Connection) -> list[Sum]:
    """What is and what was in quarantine, by state and reason."""
    query = """SELECT state, reason, sum(here * entries), sum(here * readings), sum((1 - here) * entries),
        sum((1 - here) * readings) FROM (
            SELECT state, reason, entries, readings, 1 AS here FROM entry
            UNION ALL SELECT state, reason, entries, readings, 0 FROM past
        ) GROUP BY state, reason ORDER BY state, reason"""
    return [Sum(*row) for row in connection.execute(query)]
