"""The outbox's ledger: what became of every reading, in the same file and the same transactions as the batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass


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

    @property
    def balanced(self) -> bool:
        """Whether every reading is accounted for."""
        return self.read == self.stored + self.quarantined + self.pending + self.gap


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger's one row: which outbox this is, its newest number, and its counters."""

    epoch: str
    seq: int
    counters: Counters


def load(connection: sqlite3.Connection) -> Ledger:
    """The ledger as it stands."""
    epoch, seq, *counters = connection.execute(
        "SELECT epoch, seq, read, stored, quarantined, pending, gap, batches, bytes FROM ledger"
    ).fetchone()
    return Ledger(epoch, seq, Counters(*counters))


def count_put(connection: sqlite3.Connection, seq: int, *, values: int, lost: int, batches: int, size: int) -> None:
    """Count batches up to number `seq`: `values` and `lost` [readings], `size` [bytes]."""
    connection.execute(
        "UPDATE ledger SET seq = ?, read = read + ?, gap = gap + ?, pending = pending + ?,"
        " batches = batches + ?, bytes = bytes + ?",
        (seq, values + lost, lost, values, batches, size),
    )


def count_dropped(connection: sqlite3.Connection, seq: int, *, readings: int, size: int) -> None:
    """Count a batch that was dropped, and whether it goes on with the loss before it or begins one."""
    connection.execute(
        "UPDATE ledger SET gap = gap + ?, pending = pending - ?, batches = batches - 1, bytes = bytes - ?,"
        " loss = loss + (dropped_to <> ? - 1), dropped_to = ?",
        (readings, readings, size, seq, seq),
    )


def release(connection: sqlite3.Connection, column: str, spans: Iterable[tuple[int, int]]) -> int:
    """Delete the batches of inclusive ranges, count them as `column` (``stored`` or ``quarantined``); how many."""
    batches = readings = size = 0
    for span in spans:
        rows = connection.execute("DELETE FROM batch WHERE seq BETWEEN ? AND ? RETURNING readings, bytes", span)
        for row in rows.fetchall():
            batches, readings, size = batches + 1, readings + row[0], size + row[1]
    if batches:
        connection.execute(
            f"UPDATE ledger SET {column} = {column} + ?, pending = pending - ?,"  # noqa: S608 - one of two names
            " batches = batches - ?, bytes = bytes - ?",
            (readings, readings, batches, size),
        )
    return batches
