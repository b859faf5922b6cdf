"""The outbox: every reading waits here, on the gateway's own disk, until the collector says that the store has it.

One SQLite file (WAL, ``synchronous=FULL``), one transaction per change. A batch is encoded once, when it is put; what
is sent and sent again are those bytes. The counters live in the same transactions, so that at any moment, and after any
crash, ``read = stored + quarantined + pending + gap``.

Whoever opens the file begins a new epoch; what waits keeps the one it was put under, and numbers rise through all of
them. So one epoch and number never name two batches, even when a backup of the file is put back or a disk forgets what
it had confirmed, and an old acknowledgement cannot let go of what is new. What a file that went back has lost is known
from the mark beside it (`edge.outbox_mark`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from edge.batching import Head, encoded_parts
from edge.errors import OutboxError, OutboxFullError
from edge.losses import gaps_of, merged, take_undeclared
from edge.outbox_file import beside, damage, transaction
from edge.outbox_held import HeldFile, Spans
from edge.outbox_ledger import Counters, count_put, load, release, seal
from edge.outbox_limits import DAY_MS, AgeLimit, drop_excess, drop_expired
from edge.outbox_refused import reason_for
from edge.outbox_reserve import Reserve
from edge.outbox_rows import insert, payload_crc
from edge.rows import Row
from telemetry import Gap, Table

__all__ = ["DEFAULT_MAX_AGE_MS", "DEFAULT_MAX_BYTES", "Counters", "Outbox", "Pending"]

log = structlog.get_logger()

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
        self._reserve = Reserve(beside(path, ".reserve"))
        try:
            self._file = HeldFile(path, site, gateway, clock, monotonic)
        except OutboxFullError:  # unopened, it could not even deliver what fills the disk
            if not self._reserve.give():
                raise
            self._file = HeldFile(path, site, gateway, clock, monotonic)
        self._reserve.keep()

    @property
    def epoch(self) -> str:
        """Under which identity batches are put now: 16 hexadecimal digits, random, new with every start."""
        return self._file.ledger.epoch

    @property
    def last_seq(self) -> int:
        """Sequence number of the batch put last; 0 before the first."""
        return self._file.ledger.seq

    @property
    def latest(self) -> int | None:
        """When the newest batch was put [ms since 1970-01-01 UTC]; None before the first."""
        return self._file.ledger.latest if self._file.ledger.seq else None

    @property
    def counters(self) -> Counters:
        """The ledger as last committed."""
        return self._file.ledger.counters

    @property
    def oldest(self) -> int | None:
        """When the batch that waits longest was put [ms since 1970-01-01 UTC]; None when none waits."""
        with self._lock:
            return self._file.healing(self._oldest)

    def limit(self, max_bytes: int, max_age_ms: int) -> None:
        """Keep at most so many bytes, at most so long [ms], from the next batch on."""
        with self._lock:
            self._max_bytes = max_bytes
            self._age.most_ms = max_age_ms

    def put(self, tables: Sequence[Table | Row], gaps: Sequence[Gap] = ()) -> int:
        """Commit readings as one batch; when this returns, they are on the disk.

        Readings that make more than ``telemetry.MAX_BYTES`` are committed as several batches, together or not at all.
        Without readings, gaps, or a loss still to declare, nothing is committed.

        What could not be committed, its caller passes as `gaps` with the next put. Until one succeeds it is written
        down beside the file, and declared by whoever opens the outbox next: a kill in between makes no loss a silence.

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
            try:
                return self._file.healing(lambda: self._put(tables, gaps))
            except OutboxError as error:
                self._file.write_down(list(merged((*gaps, *gaps_of(tables, reason_for(error)))).values()))
                raise

    def after(self, seq: int, *, upto: int | None = None, limit: int = 1, most_bytes: int = 0) -> list[Pending]:
        """Waiting batches with ``seq < number <= upto``, in order, at most `limit`; few enough for `most_bytes`."""
        with self._lock:
            last = self.last_seq if upto is None else upto
            return self._file.healing(lambda: self._after(seq, last, limit, most_bytes))

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
            The epoch the ranges belong to; one that nothing here was put under changes nothing.
        stored, quarantined
            Inclusive ranges of sequence numbers, as in ``telemetry.Ack``. What is not the epoch's is ignored.

        Returns
        -------
        int
            How many batches were let go.
        """
        spans = list(stored), list(quarantined)
        with self._lock:
            try:
                released = self._file.healing(lambda: self._acknowledge(epoch, *spans))
            except OutboxFullError:
                if not self._reserve.give():
                    raise
                released = self._file.healing(lambda: self._acknowledge(epoch, *spans))
            self._reserve.keep()
            self._file.keep_room()
            return released

    def own(self, epoch: str, spans: Iterable[tuple[int, int]]) -> Spans:
        """Ranges as far as they name batches of this outbox: numbers that were given here under that epoch."""
        with self._lock:
            return self._file.own(epoch, spans)

    def close(self) -> None:
        """Close the file; further calls raise `OutboxError`."""
        with self._lock:
            self._file.close()

    def _after(self, seq: int, last: int, limit: int, most_bytes: int) -> list[Pending]:
        found: list[Pending] = []
        size = 0
        query = "SELECT seq, crc, payload FROM batch WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        for number, crc, payload in self._file.connection.execute(query, (seq, last, limit)):
            if not isinstance(payload, bytes) or payload_crc(number, payload) != crc:
                raise damage(f"batch {number} is not what was put")
            found.append(Pending(number, payload))
            size += len(payload)
            if 0 < most_bytes <= size:
                break
        return found

    def _oldest(self) -> int | None:
        row = self._file.connection.execute("SELECT put_at FROM batch ORDER BY seq LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    def _put(self, tables: Sequence[Table | Row], gaps: Sequence[Gap]) -> int:
        with transaction(self._file.connection) as connection:
            load(connection)
            undeclared = take_undeclared(connection) if self._road_open else []
            declared = [*gaps, *undeclared]
            if not tables and not declared:
                return self.last_seq
            first = self.last_seq + 1
            now = self._clock()
            values = size = 0
            for part in encoded_parts(Head(self.site, self.gateway, self.epoch, first), tables, declared):
                insert(connection, part, self.epoch, now, declares=bool(declared))
                values, size = values + part.readings, size + len(part.payload)
            lost = sum(gap.readings for gap in gaps)
            batches = part.seq - first + 1
            count_put(connection, part.seq, now, values=values, lost=lost, batches=batches, size=size)
            freed = drop_expired(connection, self._age.horizon(), first)
            drop_excess(connection, self.counters.bytes + size - freed - self._max_bytes, first)
            ledger = seal(connection)
        if undeclared:
            self._road_open = False
        self._file.committed(ledger)
        return self.last_seq

    def _acknowledge(self, epoch: str, stored: Spans, quarantined: Spans) -> int:
        stored, quarantined = self._possible(epoch, stored), self._possible(epoch, quarantined)
        if not stored and not quarantined:
            return 0
        with transaction(self._file.connection, durable=False) as connection:
            load(connection)
            released = release(connection, "stored", epoch, stored)
            released += release(connection, "quarantined", epoch, quarantined)
            ledger = seal(connection)
        if released:
            self._road_open = True
            self._file.committed(ledger)
        return released

    def _possible(self, epoch: str, spans: Spans) -> Spans:
        """What an acknowledgement may let go of; one that names what was never put under the epoch of now is wrong."""
        own = self._file.own(epoch, spans)
        if epoch != self.epoch or own == spans:
            return own
        log.warning("ack_out_of_range", epoch=epoch, spans=spans, newest=self.last_seq)
        return [span for span in own if span in spans]
