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

from collector.errors import QuarantineError
from collector.intake import Refusal
from collector.quarantine_entry import Choice, Entry, QuarantineCounters, names
from collector.quarantine_room import INSERT, SIZE, Room, fingerprint

T = TypeVar("T")

DEFAULT_MAX_BYTES: Final = 256_000_000
_APPLICATION: Final = 0x5750_5155  # "WPQU", as `file` shows it
_FORMAT: Final = 2
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, part TEXT NOT NULL, readings INTEGER NOT NULL, content BLOB NOT NULL, digest BLOB NOT NULL,
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'held',
    entries INTEGER NOT NULL DEFAULT 1, decided INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '',
    now INTEGER NOT NULL DEFAULT 0, UNIQUE (digest, part, reason)
);
CREATE INDEX IF NOT EXISTS entry_by_sort ON entry (state, topic, part, reason);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORMAT};
"""
_COLUMNS: Final = "id, received, topic, reason, detail, part, readings, content, state, entries, decided, note"


class Refused(NamedTuple):
    """A message (topic, payload, when it came [ms since 1970-01-01 UTC]) and why it, or parts of it, are refused."""

    topic: str
    payload: bytes
    received: int
    refusals: Sequence[Refusal]


class Asked(NamedTuple):
    """An entry to be replayed, and the time to judge its readings' times by [ms since 1970-01-01 UTC]; 0 for now."""

    entry: Entry
    at: int


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
        query = f"""SELECT coalesce(sum(entries) FILTER (WHERE state IN ('held', 'asked')), 0),
            coalesce(sum(entries) FILTER (WHERE state IN ('held', 'asked') AND part = ''), 0),
            coalesce(sum(readings) FILTER (WHERE state != 'stored'), 0),
            coalesce(sum(readings) FILTER (WHERE state = 'stored'), 0),
            coalesce(sum(readings) FILTER (WHERE state = 'dropped'), 0),
            coalesce(sum(readings) FILTER (WHERE state = 'summarised'), 0), {SIZE} FROM entry"""  # noqa: S608
        return QuarantineCounters(*self._doing(lambda: self._connection.execute(query).fetchone()))

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
            new = [self._insert(each, fingerprint(each.topic.encode("utf-8", "surrogateescape"), each.payload))
                   for each in refused]  # fmt: skip
            self._room.make(self._connection, self._clock())
            return new

        return self._doing(lambda: self._transaction(insert))

    def list(self, limit: int = 100, choice: Choice | None = None) -> list[Entry]:
        """The newest entries of a choice, newest first."""
        condition, values = (choice or Choice()).condition()
        query = f"SELECT {_COLUMNS} FROM entry WHERE {condition} ORDER BY id DESC LIMIT ?"  # noqa: S608 - parameters
        return [
            Entry(*row) for row in self._doing(lambda: self._connection.execute(query, [*values, limit]).fetchall())
        ]

    def count(self, choice: Choice) -> int:
        """Number of refusals in a choice."""
        condition, values = choice.condition()
        query = f"SELECT coalesce(sum(entries), 0) FROM entry WHERE {condition}"  # noqa: S608 - parameters
        return int(self._doing(lambda: self._connection.execute(query, values).fetchone())[0])

    def ask(self, choice: Choice, *, trust_times: bool = False) -> int:
        """Ask for a replay of what is held; a collector at work does it. Return how many entries were asked for.

        Times are judged as of the moment the message came, so that a reading of the future stays out however late it
        is replayed; with `trust_times`, as of the replay (our own clock was wrong then).
        """
        condition, values = choice.condition()
        command = (
            f"UPDATE entry SET state = 'asked', decided = ?, note = '', now = ? WHERE {condition}"  # noqa: S608
            " AND state IN ('held', 'asked')"
        )
        parameters = [self._clock(), int(trust_times), *values]
        return self._doing(lambda: self._connection.execute(command, parameters).rowcount)

    def asked(self, limit: int = 100) -> Sequence[Asked]:
        """Entries to be replayed, oldest first."""
        query = f"SELECT {_COLUMNS}, now FROM entry WHERE state = 'asked' ORDER BY id LIMIT ?"  # noqa: S608
        rows = self._doing(lambda: self._connection.execute(query, (limit,)).fetchall())
        return [Asked(entry := Entry(*row[:-1]), 0 if row[-1] else entry.received) for row in rows]

    def settle(self, entry: Entry, stored: int, refusals: Sequence[Refusal]) -> int:
        """Note what became of a replayed entry: what was refused again stays, the rest counts as stored.

        Parameters
        ----------
        entry
            What was replayed.
        stored
            Readings of it that the store has taken, for an entry that does not tell how many it holds.
        refusals
            What was refused again.

        Returns
        -------
        int
            Readings that moved from here into the store.
        """
        return self._doing(lambda: self._transaction(lambda: self._settled(entry, stored, refusals)))

    def drop(self, choice: Choice, note: str = "") -> int:
        """Give up what is held: its content goes, its number stays in the ledger. Return how many entries."""
        condition, values = choice.condition()
        command = (
            f"UPDATE entry SET state = 'dropped', content = x'', decided = ?, note = ? WHERE {condition}"  # noqa: S608
            " AND state IN ('held', 'asked')"
        )
        return self._doing(lambda: self._connection.execute(command, [self._clock(), note, *values]).rowcount)

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

    def _insert(self, refused: Refused, digest: bytes) -> Sequence[Refusal]:
        topic, payload, received, refusals = refused
        new = []
        for refusal in refusals:
            content = refusal.content if refusal.part else payload
            row = (
                received,
                topic,
                refusal.reason.value,
                refusal.detail,
                refusal.part,
                refusal.readings,
                content,
                digest,
            )
            if self._connection.execute(INSERT, (*row, *names(topic, refusal.part))).rowcount == 1:
                new.append(refusal)
                self._room.taken(len(content))
        return new

    def _settled(self, entry: Entry, stored: int, refusals: Sequence[Refusal]) -> int:
        at = self._clock()
        again = next((refusal for refusal in refusals if refusal.part == entry.part), None)
        found = self._connection.execute("SELECT digest FROM entry WHERE id = ?", (entry.id,)).fetchone()
        if found is None:  # it gave way to a summary meanwhile, which counts its readings
            return 0
        (digest,) = found
        others = [refusal for refusal in refusals if refusal is not again]
        # Other parts of the message may have been refused for the very same reason, and must stay beside these.
        apart = fingerprint(digest, b"replayed", b"%d" % entry.id, b"%d" % at)
        self._insert(Refused(entry.topic, entry.content, entry.received, others), apart)
        if entry.readings:
            stored = max(0, entry.readings - sum(refusal.readings for refusal in refusals))
        if again is None:
            self._change(entry.id, "state = 'stored', content = x'', readings = ?, decided = ?", stored, at)
        else:
            key = (digest, entry.part, again.reason.value, entry.id)
            taken = self._connection.execute(
                "SELECT 1 FROM entry WHERE digest = ? AND part = ? AND reason = ? AND id <> ?", key
            ).fetchone()
            self._change(
                entry.id,
                "state = 'held', reason = ?, detail = ?, readings = ?, content = ?, decided = ?, note = ?, digest = ?",
                again.reason.value, again.detail, again.readings, again.content if again.part else entry.content, at,
                "replayed, and refused again", apart if taken else digest,
            )  # fmt: skip
        return stored

    def _change(self, id_: int, assignments: str, *values: object) -> None:
        command = f"UPDATE entry SET {assignments} WHERE id = ?"  # noqa: S608 - ours
        self._connection.execute(command, (*values, id_))

    def _transaction(self, work: Callable[[], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            done = work()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return done

    def _doing(self, work: Callable[[], T]) -> T:
        with self._lock:
            try:
                return work()
            except (sqlite3.Error, OverflowError) as error:
                raise self._explained(error) from error

    def _explained(self, error: Exception) -> QuarantineError:
        return QuarantineError(f"quarantine {self.path}: {error}. Check the disk, its room, and the file's owner.")
