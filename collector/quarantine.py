"""Quarantine: what cannot be stored is kept, with its reason, until a person has mended the cause or given it up.

One SQLite file, bounded in size (`collector.quarantine_room`). The line never stops for it; nothing leaves it unsaid.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from collector import quarantine_settling as settling
from collector.conflicts import Superseded
from collector.quarantine_entry import Choice, Entry, QuarantineCounters
from collector.quarantine_file import COLUMNS, connect, explained, transaction
from collector.quarantine_past import Sum, let_go, shrink, sums
from collector.quarantine_room import SIZE, Room, fingerprint
from collector.refusals import Refusal

T = TypeVar("T")

DEFAULT_MAX_BYTES: Final = 256_000_000
_LEAVE_AT_ONCE: Final = 1000


class Refused(NamedTuple):
    """A message (topic, payload, when it came [ms since 1970-01-01 UTC]) and why it, or parts of it, are refused."""

    topic: str
    payload: bytes
    received: int
    refusals: Sequence[Refusal]


class Asked(NamedTuple):
    """An entry to be replayed.

    Attributes
    ----------
    entry
        Which.
    at
        The time to judge its readings' times by [ms since 1970-01-01 UTC]; 0 for now.
    overwrite
        Whether it is to replace what the store has of the same moments.
    """

    entry: Entry
    at: int
    overwrite: bool


class Quarantine:
    """A SQLite file (WAL, ``synchronous=FULL``) of what was refused. Thread-safe; shared by processes of one machine.

    Parameters
    ----------
    path
        The file; it and its folder are made when missing.
    max_bytes
        Most it holds [bytes]; beyond it, contents give way to a summary.
    clock
        Time now [ms since 1970-01-01 UTC].

    Raises
    ------
    QuarantineError
        When it cannot be opened or is no quarantine.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int = DEFAULT_MAX_BYTES,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._room = Room(max_bytes)
        try:
            self._connection = connect(path)
        except (OSError, sqlite3.Error) as error:
            raise explained(error, path) from error

    @property
    def counters(self) -> QuarantineCounters:
        """What the file holds now, and what has left it."""
        query = f"""SELECT coalesce(sum(entries) FILTER (WHERE state IN ('held', 'asked')), 0),
            coalesce(sum(entries) FILTER (WHERE state IN ('held', 'asked') AND part = ''), 0),
            coalesce(sum(readings) FILTER (WHERE state != 'stored'), 0),
            coalesce(sum(readings) FILTER (WHERE state = 'stored'), 0),
            coalesce(sum(readings) FILTER (WHERE state = 'dropped'), 0),
            coalesce(sum(readings) FILTER (WHERE state = 'summarised'), 0),
            coalesce(sum(readings) FILTER (WHERE state IN ('superseded', 'replaced')), 0),
            coalesce(sum(entries) FILTER (WHERE part IS NULL), 0), (SELECT {SIZE} FROM entry)
            FROM (SELECT state, entries, readings, part FROM entry
            UNION ALL SELECT state, entries, readings, NULL FROM past)"""  # noqa: S608 - constants
        return QuarantineCounters(*self._doing(lambda: self._connection.execute(query).fetchone()))

    @property
    def sums(self) -> list[Sum]:
        """What is and what was here, by state and reason."""
        return self._doing(lambda: sums(self._connection))

    @property
    def full(self) -> bool:
        """Whether contents have lately given way to a summary, and there is still hardly any room."""
        return self._room.full

    def add(self, topic: str, payload: bytes, received: int, refusals: Sequence[Refusal]) -> Sequence[Refusal]:
        """Keep refusals of one message; when this returns, they are on the disk.

        The same refusals of the same message are kept once, however often it is delivered.

        Returns
        -------
        Sequence[Refusal]
            Those that were not here already.

        Raises
        ------
        QuarantineError
            When the disk fails; the message must not be acknowledged.
        """
        return self.add_all([Refused(topic, payload, received, refusals)])[0]

    def add_all(self, refused: Sequence[Refused]) -> list[Sequence[Refusal]]:
        """Keep refusals of several messages in one go; otherwise as `add`. Returns what is new, message by message."""

        def insert() -> list[Sequence[Refusal]]:
            new = []
            for each in refused:
                key = fingerprint(each.topic.encode("utf-8", "surrogateescape"), each.payload)
                new.append(settling.insert(self._connection, *each, key))
                for refusal in new[-1]:
                    self._room.taken(len(refusal.content if refusal.part else each.payload))
            self._room.make(self._connection, self._clock())
            return new

        return self._changing(insert)

    def list(self, limit: int = 100, choice: Choice | None = None) -> list[Entry]:
        """The newest entries of a choice, newest first."""
        condition, values = (choice or Choice()).condition()
        query = f"SELECT {COLUMNS} FROM entry WHERE {condition} ORDER BY id DESC LIMIT ?"  # noqa: S608 - parameters
        return [
            Entry(*row) for row in self._doing(lambda: self._connection.execute(query, [*values, limit]).fetchall())
        ]

    def count(self, choice: Choice) -> int:
        """Number of refusals in a choice."""
        condition, values = choice.condition()
        query = f"SELECT coalesce(sum(entries), 0) FROM entry WHERE {condition}"  # noqa: S608 - parameters
        return int(self._doing(lambda: self._connection.execute(query, values).fetchone())[0])

    def ask(self, choice: Choice, *, trust_times: bool = False, overwrite: bool = False) -> int:
        """Ask for a replay of what is held; a collector at work does it. Return how many entries were asked for.

        Times are judged as of the moment the message came, so that a reading of the future stays out however late it
        is replayed; with `trust_times`, as of the replay (our own clock was wrong then).

        Where the store has another value of the same moment, that one stays; with `overwrite` it is replaced, also by
        what an earlier replay found superseded. What an overwrite replaced comes back only when its number is named.
        """
        condition, values = choice.condition()
        states = "'held', 'asked'"
        if overwrite:
            states += ", 'superseded', 'replaced'" if choice.ids else ", 'superseded'"
        command = (
            f"UPDATE entry SET state = 'asked', decided = ?, note = '', now = ?, overwrite = ? WHERE {condition}"  # noqa: S608
            f" AND state IN ({states})"
        )
        parameters = [self._clock(), int(trust_times), int(overwrite), *values]
        return self._doing(lambda: self._connection.execute(command, parameters).rowcount)

    def asked(self, limit: int = 100) -> Sequence[Asked]:
        """Entries to be replayed, oldest first."""
        query = f"SELECT {COLUMNS}, now, overwrite FROM entry WHERE state = 'asked' ORDER BY id LIMIT ?"  # noqa: S608
        rows = self._doing(lambda: self._connection.execute(query, (limit,)).fetchall())
        return [
            Asked(entry := Entry(*row), 0 if trusted else entry.received, bool(overwrite))
            for *row, trusted, overwrite in rows
        ]

    def settle(
        self, entry: Entry, stored: int, refusals: Sequence[Refusal], superseded: Sequence[Superseded] = ()
    ) -> int:
        """Note what became of a replayed entry: what was refused again stays, the rest counts as stored.

        Parameters
        ----------
        entry
            What was replayed.
        stored
            Readings of it that the store has taken, for an entry that does not tell how many it holds.
        refusals
            What was refused again.
        superseded
            What was kept out because the store has other values.

        Returns
        -------
        int
            Readings that moved from here into the store.
        """

        def settle() -> int:
            self._room.changed()
            return settling.settle(self._connection, entry, stored, refusals, superseded, self._clock())

        return self._changing(settle)

    def settle_stored(self, entries: Sequence[tuple[Entry, int]]) -> int:
        """Note, all in one go, that of these entries everything was stored: so many readings of each.

        Returns
        -------
        int
            Readings that moved from here into the store.
        """

        def settle() -> int:
            self._room.changed()
            at = self._clock()
            return sum(settling.settle(self._connection, entry, stored, [], [], at) for entry, stored in entries)

        return self._changing(settle)

    def replacing(self, entry: Entry, found: Sequence[Superseded]) -> None:
        """Keep the values of the store that an entry is about to overwrite; when this returns, they are on the disk."""
        if found:
            self._room.changed()
            self._changing(lambda: settling.replacing(self._connection, entry, found, self._clock()))

    def not_replaced(self, entry: Entry, parts: Sequence[str]) -> None:
        """Forget them again, of parts that the store then refused."""
        if parts:
            self._changing(lambda: settling.not_replaced(self._connection, entry, parts))

    def drop(self, choice: Choice, note: str = "") -> int:
        """Give up what is held: its content goes, its number stays in the ledger. Return how many entries."""
        condition, values = choice.condition()
        command = (
            f"UPDATE entry SET state = 'dropped', content = x'', decided = ?, note = ? WHERE {condition}"  # noqa: S608
            " AND state IN ('held', 'asked')"
        )
        return self._doing(lambda: self._connection.execute(command, [self._clock(), note, *values]).rowcount)

    def tidy(self, before: int) -> tuple[int, bool]:
        """Let some of the entries leave that were decided before a time [ms since 1970-01-01 UTC]; shrink the file.

        What is held, asked for or only counted never leaves.

        Returns
        -------
        tuple[int, bool]
            How many entries went, and whether there is more to do.
        """

        def leave() -> int:
            self._room.changed()
            return let_go(self._connection, before, _LEAVE_AT_ONCE)

        left = self._changing(leave) if before > 0 else 0
        free = self._doing(lambda: shrink(self._connection))
        return left, left == _LEAVE_AT_ONCE or free > 0

    def close(self) -> None:
        """Close the file; further calls raise `QuarantineError`."""
        with self._lock:
            self._connection.close()

    def _changing(self, work: Callable[[], T]) -> T:
        return self._doing(lambda: transaction(self._connection, work))

    def _doing(self, work: Callable[[], T]) -> T:
        with self._lock:
            try:
                return work()
            except (sqlite3.Error, OverflowError) as error:
                raise explained(error, self.path) from error
