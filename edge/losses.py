"""Losses: what a dropped batch held, remembered in the outbox's file until it is declared as gaps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final

from telemetry import Batch, DecodeError, Gap, Table, decode

OUTBOX_FULL: Final = "outbox_full"
OUTBOX_AGE: Final = "outbox_age"
OUTBOX_DAMAGED: Final = "outbox_damaged"

_CARRIED: Final = -1
"""Loss number of gaps that are declared as they are; never extended."""


def remember_loss(connection: sqlite3.Connection, payload: bytes, reason: str) -> bool:
    """Note what the batch being dropped held: its readings as gaps, and the gaps it declared, as they are.

    Readings of a series extend its gap of the same loss (the ledger's ``loss``: batches dropped with none kept between
    them), so that a long outage is one gap. Part of the caller's transaction.

    Returns
    -------
    bool
        False when the batch does not decode, so that nobody can say which series lost readings.
    """
    try:
        batch = decode(payload, Batch)
    except DecodeError:
        return False
    (loss,) = connection.execute("SELECT loss FROM ledger").fetchone()
    for gap in batch.gaps:
        remember_gap(connection, gap)
    for gap in gaps_of(batch.tables, reason):
        _extend(connection, loss, gap)
    return True


def remember_gap(connection: sqlite3.Connection, gap: Gap) -> None:
    """Note a gap that is to be declared as it is. Part of the caller's transaction."""
    _insert(connection, _CARRIED, gap)


def nameless_gap(gateway: str, start: int, end: int, readings: int) -> Gap:
    """Readings lost of which only the number is known: a gap of the gateway's own count of readings."""
    return Gap(gateway, "gateway", "readings_count", start, end, OUTBOX_DAMAGED, readings)


def take_undeclared(connection: sqlite3.Connection) -> list[Gap]:
    """Gaps that no batch has declared yet, by start; the caller puts them into one in the same transaction."""
    rows = connection.execute(
        "DELETE FROM undeclared RETURNING device, kind, channel, start, end, reason, readings"
    ).fetchall()
    return sorted((Gap(*row) for row in rows), key=lambda gap: (gap.start, gap.device, gap.channel))


def gaps_of(tables: Iterable[Table], reason: str) -> Iterator[Gap]:
    """Gaps that say what is lost when `tables` are: one per channel that has a reading."""
    for table in tables:
        for name, column in table.columns.items():
            times = [time for time, value in zip(table.times, column, strict=True) if value is not None]
            if times:
                yield Gap(table.device, table.kind, name, times[0], times[-1], reason, len(times))


def _insert(connection: sqlite3.Connection, loss: int, gap: Gap) -> None:
    connection.execute("INSERT INTO undeclared VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (loss, *_fields(gap)))


def _extend(connection: sqlite3.Connection, loss: int, gap: Gap) -> None:
    extended = connection.execute(
        "UPDATE undeclared SET start = min(start, ?), end = max(end, ?), readings = readings + ?"
        " WHERE loss = ? AND device = ? AND kind = ? AND channel = ? AND reason = ?",
        (gap.start, gap.end, gap.readings, loss, gap.device, gap.kind, gap.channel, gap.reason),
    )
    if extended.rowcount == 0:
        _insert(connection, loss, gap)


def _fields(gap: Gap) -> tuple[str, str, str, int, int, str, int]:
    return gap.device, gap.kind, gap.channel, gap.start, gap.end, gap.reason, gap.readings
