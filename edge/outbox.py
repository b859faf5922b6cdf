"""The outbox: every reading waits here, on the gateway's own disk, until the collector says that the store has it.

One SQLite file (WAL, ``synchronous=FULL``), one transaction per change. A batch is encoded once, when it is put; what
is sent and sent again are those bytes. The counters live in the same transactions, so that at any moment, and after any
crash, ``read = stored + quarantined + pending + gap``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import structlog

from edge.batching import Head, encoded_parts
from edge.errors import OutboxError, OutboxFullError
from edge.losses import take_undeclared
from edge.outbox_file import beside, connect, damage, explained, is_damage, transaction
from edge.outbox_ledger import Counters, Ledger, count_put, load, release
from edge.outbox_limits import DAY_MS, AgeLimit, drop_excess, drop_expired
from edge.outbox_reserve import Reserve
from edge.outbox_salvage import insert, replace_damaged, resume
from edge.rows import Row
from telemetry import Gap, Table

__all__ = ["DEFAULT_MAX_AGE_MS", "DEFAULT_MAX_BYTES", "Counters", "Outbox", "Pending"]

log = structlog.get_logger()
T = TypeVar("T")

DEFAULT_MAX_BYTES: Final = 512 * 1024 * 1024
"""Some weeks of a small factory at one reading a second [bytes]."""
DEFAULT_MAX_AGE_MS: Final = 90 * DAY_MS


class Pending(NamedTuple):
    """A batch that waits, as the bytes that travel."""

    seq: int
    payload: bytes


class Outbox:
    """Batches of one gateway, from the moment they are read until they are acknowledged. Thread-safe.

    One process at a time: the file is locked while it is open.

    Parameters
    ----------
    path
        The SQLite file; it and its folder are made when missing. A file that is damaged is set aside as
        ``NAME.damaged-TIME`` and a new one is begun with what can still be read of it.
    site, gateway
        Whose batches these are.
    max_bytes
        Most bytes of payload kept; beyond it the oldest batches are dropped and become gaps. The batch put last is
        always kept.
    max_age_ms
        Longest a batch is kept [ms]; an older one is dropped and becomes a gap, once the clock can be trusted.
    clock
        Time now [ms since 1970-01-01 UTC].
    monotonic
        A clock that nobody sets [s].

    Raises
    ------
    OutboxError
        When the file cannot be opened, is in use, or belongs to another gateway.
    """

    def __init__(
        self,
        path: Path,
        site: str,
        gateway: str,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        max_age_ms: int = DEFAULT_MAX_AGE_MS,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.site = site
        self.gateway = gateway
        self._max_bytes = max_bytes
        self._age = AgeLimit(max_age_ms, clock, monotonic)
        self._clock = clock
        self._lock = threading.RLock()
        self._road_open = False
        self._unusable = False
        self._reserve = Reserve(beside(path, ".reserve"))
        self._open()
        self._reserve.keep()

    @property
    def epoch(self) -> str:
        """Identity of this outbox file: 16 hexadecimal digits, random, new for every new file."""
        return self._ledger.epoch

    @property
    def last_seq(self) -> int:
        """Sequence number of the batch put last in this epoch; 0 before the first."""
        return self._ledger.seq

    @property
    def counters(self) -> Counters:
        """The ledger as last committed."""
        return self._ledger.counters

    @property
    def oldest(self) -> int | None:
        """When the batch that waits longest was put [ms since 1970-01-01 UTC]; None when none waits."""
        with self._lock:
            return self._healing(self._oldest)

    def put(self, tables: Sequence[Table | Row], gaps: Sequence[Gap] = ()) -> int:
        """Commit readings as one batch; when this returns, they are on the disk.

        Readings that make more than ``telemetry.MAX_BYTES`` are committed as several batches, together or not at all.
        Without readings, gaps, or a loss still to declare, nothing is committed.

        Parameters
        ----------
        tables
            Readings, one table per device; counted as read.
        gaps
            Readings lost before they came here; counted as read and as gap.

        Returns
        -------
        int
            Sequence number of the (last) batch.

        Raises
        ------
        OutboxFullError
            When the disk is full: nothing of this was committed, everything committed before is safe.
        OutboxError
            When the disk fails otherwise.
        ValueError
            When a value is NaN or infinite.
        """
        with self._lock:
            return self._healing(lambda: self._put(tables, gaps))

    def after(self, seq: int, *, upto: int | None = None, limit: int = 1, most_bytes: int = 0) -> list[Pending]:
        """Waiting batches with ``seq < number <= upto``, in order, at most `limit`; few enough for `most_bytes`."""
        with self._lock:
            last = self.last_seq if upto is None else upto
            return self._healing(lambda: self._after(seq, last, limit, most_bytes))

    def payload(self, seq: int) -> bytes | None:
        """Bytes of a waiting batch; None when it waits no more."""
        found = self.after(seq - 1, upto=seq)
        return found[0].payload if found else None

    def acknowledge(
        self, epoch: str, stored: Iterable[tuple[int, int]], quarantined: Iterable[tuple[int, int]] = ()
    ) -> int:
        """Let go of batches that are safe elsewhere.

        This waits for no disk: what a power failure undoes is sent again and changes nothing in the store.

        Parameters
        ----------
        epoch
            The epoch the ranges belong to; any but this outbox's changes nothing.
        stored, quarantined
            Inclusive ranges of sequence numbers, as in ``telemetry.Ack``. A range beyond the last batch is ignored.

        Returns
        -------
        int
            How many batches were let go.
        """
        spans = list(stored), list(quarantined)
        with self._lock:
            try:
                released = self._healing(lambda: self._acknowledge(epoch, *spans))
            except OutboxFullError:
                if not self._reserve.give():
                    raise
                released = self._healing(lambda: self._acknowledge(epoch, *spans))
            self._reserve.keep()
            return released

    def close(self) -> None:
        """Close the file; further calls raise `OutboxError`."""
        with self._lock:
            self._connection.close()

    def _open(self) -> None:
        resume(self.path)
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise explained(error, self.path) from error
            self._begin_anew(error)

    def _connect(self) -> None:
        self._connection = connect(self.path, self.site, self.gateway, self._clock())
        self._ledger: Ledger = load(self._connection)
        self._unusable = False

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        """Set the damaged file aside and go on with a new one that holds what could be read of it."""
        self._unusable = True  # until this succeeds; tried again with the next call
        try:
            found, aside = replace_damaged(self.path, self.site, self.gateway, self._clock())
            self._connect()
        except sqlite3.DatabaseError as again:
            raise explained(again, self.path) from again
        except OSError as again:
            raise OutboxError(f"outbox {self.path}: damaged, and cannot be replaced ({again}).") from again
        log.error(
            "outbox_damaged", path=str(self.path), kept_as=str(aside), reason=str(error), batches_saved=found.batches,
            readings_saved=found.readings, readings_lost="unknown" if found.lost is None else found.lost,
            advice="check the disk; the damaged file is kept for repair",
        )  # fmt: skip

    def _healing(self, work: Callable[[], T]) -> T:
        """Do `work`; a file found damaged is replaced, and `work` done once more on the new one."""
        if self._unusable:
            self._open()
        try:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._connection.close()
                self._begin_anew(error)
                return work()
        except sqlite3.DatabaseError as error:
            raise explained(error, self.path) from error

    def _after(self, seq: int, last: int, limit: int, most_bytes: int) -> list[Pending]:
        found: list[Pending] = []
        size = 0
        query = "SELECT seq, checksum, payload FROM batch WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        for number, checksum, payload in self._connection.execute(query, (seq, last, limit)):
            if zlib.crc32(payload) != checksum:
                raise damage(f"batch {number} is not what was put")
            found.append(Pending(number, payload))
            size += len(payload)
            if 0 < most_bytes <= size:
                break
        return found

    def _oldest(self) -> int | None:
        row = self._connection.execute("SELECT put_at FROM batch ORDER BY seq LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    def _put(self, tables: Sequence[Table | Row], gaps: Sequence[Gap]) -> int:
        with transaction(self._connection) as connection:
            undeclared = take_undeclared(connection) if self._road_open else []
            declared = [*gaps, *undeclared]
            if not tables and not declared:
                return self.last_seq
            first = self.last_seq + 1
            now = self._clock()
            values = size = 0
            for part in encoded_parts(Head(self.site, self.gateway, self.epoch, first), tables, declared):
                insert(connection, part.seq, part.readings, now, part.payload)
                values, size = values + part.readings, size + len(part.payload)
            lost = sum(gap.readings for gap in gaps)
            batches = part.seq - first + 1
            count_put(connection, part.seq, values=values, lost=lost, batches=batches, size=size)
            freed = drop_expired(connection, self._age.horizon(), first, self.gateway)
            drop_excess(connection, self.counters.bytes + size - freed - self._max_bytes, first, self.gateway)
            ledger = load(connection)
        if undeclared:
            self._road_open = False
        self._ledger = ledger
        return self.last_seq

    def _acknowledge(
        self, epoch: str, stored: Iterable[tuple[int, int]], quarantined: Iterable[tuple[int, int]]
    ) -> int:
        if epoch != self.epoch:
            return 0
        with transaction(self._connection, durable=False) as connection:
            released = release(connection, "stored", self._known(stored))
            released += release(connection, "quarantined", self._known(quarantined))
            ledger = load(connection)
        if released:
            self._road_open = True
            self._ledger = ledger
        return released

    def _known(self, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        known = []
        for first, last in spans:
            if 1 <= first <= last <= self.last_seq:
                known.append((first, last))
            else:
                log.warning("ack_out_of_range", epoch=self.epoch, first=first, last=last, newest=self.last_seq)
        return known
