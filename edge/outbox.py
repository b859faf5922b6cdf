"""The outbox: every reading waits here, on the gateway's own disk, until the collector says that the store has it.

One SQLite file (WAL, ``synchronous=FULL``), one transaction per change. A batch is encoded once, when it is put; what
is sent and sent again are those bytes. The counters live in the same transactions, so that at any moment, and after any
crash, ``read = stored + quarantined + pending + gap``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import structlog

from edge.batching import encoded_parts
from edge.losses import remember_loss, take_undeclared
from edge.outbox_file import connect, explained, is_damage, set_aside, transaction
from telemetry import Batch, Gap, Table

log = structlog.get_logger()
T = TypeVar("T")

DEFAULT_MAX_BYTES: Final = 512 * 1024 * 1024
"""Some weeks of a small factory at one reading a second [bytes]."""


@dataclass(frozen=True, slots=True)
class Counters:
    """The outbox's ledger [readings, unless said otherwise], durable and exact.

    Attributes
    ----------
    read
        Ever put, as values or as gaps.
    stored, quarantined
        Acknowledged as stored, and as safe but set aside.
    pending
        Waiting here.
    gap
        Lost, and declared (or about to be declared) as gaps.
    batches, bytes
        Waiting here [batches], [bytes of payload].
    """

    read: int
    stored: int
    quarantined: int
    pending: int
    gap: int
    batches: int
    bytes: int

    @property
    def acked(self) -> int:
        """Readings the collector has taken over."""
        return self.stored + self.quarantined


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
        ``NAME.damaged-TIME`` and a new one is begun.
    site, gateway
        Whose batches these are.
    max_bytes
        Most bytes of payload kept; beyond it the oldest batches are dropped and become gaps. The batch put last is
        always kept.
    clock
        Time now [ms since 1970-01-01 UTC]; names a damaged file.

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
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.path = path
        self.site = site
        self.gateway = gateway
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.RLock()
        self._road_open = False
        self._open()

    @property
    def epoch(self) -> str:
        """Identity of this outbox file: 16 hexadecimal digits, random, new for every new file."""
        return self._epoch

    @property
    def last_seq(self) -> int:
        """Sequence number of the batch put last in this epoch; 0 before the first."""
        return self._seq

    @property
    def counters(self) -> Counters:
        """The ledger as last committed."""
        return self._counters

    def put(self, tables: list[Table], gaps: Sequence[Gap] = ()) -> int:
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

    def after(self, seq: int, *, upto: int | None = None, limit: int = 1) -> list[Pending]:
        """Waiting batches with ``seq < number <= upto``, in order, at most `limit`."""
        query = "SELECT seq, payload FROM batch WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        with self._lock:
            last = self._seq if upto is None else upto
            return [Pending(*row) for row in self._rows(query, (seq, last, limit))]

    def payload(self, seq: int) -> bytes | None:
        """Bytes of a waiting batch; None when it waits no more."""
        with self._lock:
            rows = self._rows("SELECT payload FROM batch WHERE seq = ?", (seq,))
        return bytes(rows[0][0]) if rows else None

    def acknowledge(
        self, epoch: str, stored: Iterable[tuple[int, int]], quarantined: Iterable[tuple[int, int]] = ()
    ) -> int:
        """Let go of batches that are safe elsewhere.

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
        spans = [("stored", *span) for span in stored] + [("quarantined", *span) for span in quarantined]
        with self._lock:
            return self._healing(lambda: self._acknowledge(epoch, spans))

    def close(self) -> None:
        """Close the file; further calls raise `OutboxError`."""
        with self._lock:
            self._connection.close()

    def _open(self) -> None:
        try:
            self._connection = connect(self.path, self.site, self.gateway)
            self._load()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise explained(error, self.path) from error
            self._begin_anew(error)

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        aside = set_aside(self.path, self._clock())
        log.error(
            "outbox_damaged", path=str(self.path), kept_as=str(aside), reason=str(error),
            advice="what waited in the damaged file was not sent; keep it for repair and check the disk",
        )  # fmt: skip
        try:
            self._connection = connect(self.path, self.site, self.gateway)
            self._load()
        except sqlite3.DatabaseError as again:
            raise explained(again, self.path) from again

    def _healing(self, work: Callable[[], T]) -> T:
        """Do `work`; a file found damaged is replaced, and `work` done once more on the new one."""
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

    def _rows(self, query: str, parameters: tuple[int, ...]) -> list[Any]:
        return self._healing(lambda: self._connection.execute(query, parameters).fetchall())

    def _load(self) -> None:
        row = self._connection.execute(
            "SELECT epoch, seq, read, stored, quarantined, pending, gap, batches, bytes FROM ledger"
        ).fetchone()
        self._epoch: str = row[0]
        self._seq: int = row[1]
        self._counters = Counters(*row[2:])

    def _put(self, tables: list[Table], gaps: Sequence[Gap]) -> int:
        with transaction(self._connection) as connection:
            undeclared = take_undeclared(connection) if self._road_open else []
            declared = [*gaps, *undeclared]
            if not tables and not declared:
                return self._seq
            first = self._seq + 1
            parts = encoded_parts(Batch(self.site, self.gateway, self._epoch, first, tables, declared))
            connection.executemany(
                "INSERT INTO batch VALUES (?, ?, ?, ?)",
                [(part.seq, part.readings, len(payload), payload) for part, payload in parts],
            )
            values, lost = sum(table.readings for table in tables), sum(gap.readings for gap in gaps)
            size = sum(len(payload) for _, payload in parts)
            connection.execute(
                "UPDATE ledger SET seq = ?, read = read + ?, gap = gap + ?, pending = pending + ?,"
                " batches = batches + ?, bytes = bytes + ?",
                (parts[-1][0].seq, values + lost, lost, values, len(parts), size),
            )
            self._drop_oldest(connection, self._counters.bytes + size - self._max_bytes, first)
        if undeclared:
            self._road_open = False
        self._load()
        return self._seq

    def _drop_oldest(self, connection: sqlite3.Connection, excess: int, keep_from: int) -> None:
        """Drop batches older than `keep_from` until `excess` bytes are freed; what they held becomes gaps.

        Losses without a kept batch between them become one gap. It is declared when an acknowledgement shows that
        the road is open again: earlier, it would only fill the full outbox with gaps that are dropped in turn.
        """
        while excess > 0:
            row = connection.execute(
                "DELETE FROM batch WHERE seq = (SELECT min(seq) FROM batch WHERE seq < ?)"
                " RETURNING seq, readings, bytes, payload",
                (keep_from,),
            ).fetchone()
            if row is None:
                return
            seq, readings, size, payload = row
            connection.execute(
                "UPDATE ledger SET gap = gap + ?, pending = pending - ?, batches = batches - 1, bytes = bytes - ?,"
                " loss = loss + (dropped_to <> ? - 1), dropped_to = ?",
                (readings, readings, size, seq, seq),
            )
            if not remember_loss(connection, payload):
                log.error("outbox_batch_unreadable", path=str(self.path), seq=seq, readings_lost=readings)
            excess -= size

    def _acknowledge(self, epoch: str, spans: list[tuple[str, int, int]]) -> int:
        if epoch != self._epoch:
            return 0
        released = 0
        with transaction(self._connection) as connection:
            for column, first, last in spans:
                if not 1 <= first <= last <= self._seq:
                    log.warning("ack_out_of_range", epoch=epoch, first=first, last=last, newest=self._seq)
                    continue
                rows = connection.execute(
                    "DELETE FROM batch WHERE seq BETWEEN ? AND ? RETURNING readings, bytes", (first, last)
                ).fetchall()
                readings, size = sum(row[0] for row in rows), sum(row[1] for row in rows)
                connection.execute(
                    f"UPDATE ledger SET {column} = {column} + ?, pending = pending - ?,"  # noqa: S608 - one of two names
                    " batches = batches - ?, bytes = bytes - ?",
                    (readings, readings, len(rows), size),
                )
                released += len(rows)
        if released:
            self._road_open = True
            self._load()
        return released
