"""The outbox's ledger: what became of every reading, in the same file and the same transactions as the batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any, Final

from edge.outbox_file import damage
from edge.outbox_rows import head_intact, sealed

_FIELDS: Final = (
    "site, gateway, epoch, seq, latest, since, untold, read, stored, quarantined, pending, gap, batches, bytes,"
    " dropped_to, loss"
)
_ENDS: Final = 14


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
    """The ledger's one row.

    Attributes
    ----------
    site, gateway
        Whose outbox this is.
    epoch, seq
        Under which identity batches are put now, and the newest number.
    latest, since
        When the newest batch was put, and the oldest that waits (or else the newest) [ms since 1970-01-01 UTC].
    untold
        Lost readings whose gap is still here: waiting to be declared, or declared by a batch that waits.
    counters
        What became of every reading.
    """

    site: str
    gateway: str
    epoch: str
    seq: int
    latest: int
    since: int
    untold: int
    counters: Counters


def load(connection: sqlite3.Connection) -> Ledger:
    """The ledger as it stands; raises the error of damage when it is not what was written."""
    fields, seal = _row(connection)
    if sealed(fields) != seal:
        raise damage("its ledger is not what was written")
    return _ledger(fields)


def seal(connection: sqlite3.Connection) -> Ledger:
    """Close the account of a transaction; raises the error of damage when it cannot be right."""
    connection.execute("UPDATE ledger SET since = coalesce((SELECT put_at FROM batch ORDER BY seq LIMIT 1), latest)")
    fields, _ = _row(connection)
    ledger = _ledger(fields)
    if not ledger.counters.balanced or min(ledger.untold, *astuple(ledger.counters)) < 0:
        raise damage("its ledger does not balance")
    connection.execute("UPDATE ledger SET seal = ?", (sealed(fields),))
    return ledger


def _row(connection: sqlite3.Connection) -> tuple[tuple[Any, ...], object]:
    row = connection.execute(f"SELECT {_FIELDS}, seal FROM ledger").fetchone()  # noqa: S608 - constant
    if row is None:
        raise damage("its ledger is empty")
    return row[:-1], row[-1]


def _ledger(fields: tuple[Any, ...]) -> Ledger:
    site, gateway, epoch, seq, latest, since, untold, *counters = fields[:_ENDS]
    return Ledger(site, gateway, epoch, seq, latest, since, untold, Counters(*counters))


def begin_epoch(connection: sqlite3.Connection, epoch: str) -> None:
    """Give batches put from now on another identity. Part of the caller's transaction."""
    connection.execute("UPDATE ledger SET epoch = ?", (epoch,))


def count_put(
    connection: sqlite3.Connection, seq: int, now: int, *, values: int, lost: int, batches: int, size: int
) -> None:
    """Count batches up to number `seq`, put `now` [ms]: `values` and `lost` [readings], `size` [bytes]."""
    connection.execute(
        "UPDATE ledger SET seq = ?, latest = ?, read = read + ?, gap = gap + ?, untold = untold + ?,"
        " pending = pending + ?, batches = batches + ?, bytes = bytes + ?",
        (seq, max(0, now), values + lost, lost, lost, values, batches, size),
    )


def count_lost(connection: sqlite3.Connection, readings: int) -> None:
    """Count readings that never came to be put, and whose gap waits here. Part of the caller's transaction."""
    connection.execute(
        "UPDATE ledger SET read = read + ?, gap = gap + ?, untold = untold + ?", (readings, readings, readings)
    )


def count_dropped(connection: sqlite3.Connection, seq: int, *, readings: int, size: int) -> None:
    """Count a batch that was dropped, and whether it goes on with the loss before it or begins one."""
    connection.execute(
        "UPDATE ledger SET gap = gap + ?, untold = untold + ?, pending = pending - ?, batches = batches - 1,"
        " bytes = bytes - ?, loss = loss + (dropped_to <> ? - 1), dropped_to = ?",
        (readings, readings, readings, size, seq, seq),
    )


def release(connection: sqlite3.Connection, column: str, epoch: str, spans: Iterable[tuple[int, int]]) -> int:
    """Delete an epoch's batches of inclusive ranges, count them as `column` (``stored`` or ``quarantined``); how many.

    Raises
    ------
    sqlite3.DatabaseError
        As damage, when what is told about one of them is not what was written.
    """
    batches = readings = declares = size = 0
    for first, last in spans:
        rows = connection.execute(
            "DELETE FROM batch WHERE seq BETWEEN ? AND ? AND epoch = ?"
            " RETURNING seq, epoch, readings, declares, bytes, put_at, crc, seal",
            (first, last, epoch),
        )
        for row in rows.fetchall():
            if not head_intact(row):
                raise damage(f"batch {row[0]} is not what was put")
            batches, readings, declares, size = batches + 1, readings + row[2], declares + row[3], size + row[4]
    if batches:
        connection.execute(
            f"UPDATE ledger SET {column} = {column} + ?, pending = pending - ?,"  # noqa: S608 - one of two names
            " untold = untold - ?, batches = batches - ?, bytes = bytes - ?",
            (readings, readings, declares, batches, size),
        )
    return batches


def settle(connection: sqlite3.Connection, seq: int, latest: int, untold: int, counters: Counters) -> None:
    """Set an account that was worked out anew. Part of the caller's transaction."""
    connection.execute(
        "UPDATE ledger SET seq = ?, latest = ?, untold = ?, read = ?, stored = ?, quarantined = ?, pending = ?,"
        " gap = ?, batches = ?, bytes = ?, loss = loss + 1",
        (
            seq, latest, untold, counters.read, counters.stored, counters.quarantined, counters.pending,
            counters.gap, counters.batches, counters.bytes,
        ),
    )  # fmt: skip
