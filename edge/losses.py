"""Losses: what a dropped batch held, remembered in the outbox's file until it is declared as gaps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from edge.outbox_file import damage
from edge.outbox_rows import sealed
from edge.rows import Row
from telemetry import Batch, DecodeError, Gap, Table, decode

OUTBOX_FULL: Final = "outbox_full"
OUTBOX_AGE: Final = "outbox_age"
OUTBOX_DAMAGED: Final = "outbox_damaged"

Series = tuple[str, str, str, str]
"""Device, kind, channel, and why it has a gap."""

_GAP: Final = "device, kind, channel, start, end, reason, readings"
_CARRIED: Final = -1
"""Loss number of gaps that are declared as they are; never extended."""


def remember_loss(connection: sqlite3.Connection, payload: bytes, reason: str) -> None:
    """Note what the batch being dropped held: its readings as gaps, and the gaps it declared, as they are.

    Readings of a series extend its gap of the same loss (the ledger's ``loss``: batches dropped with none kept between
    them), so that a long outage is one gap. Part of the caller's transaction.

    Raises
    ------
    sqlite3.DatabaseError
        As damage, when the batch does not decode, so that nobody can say which series lost readings.
    """
    try:
        batch = decode(payload, Batch)
    except DecodeError as error:
        raise damage(str(error)) from error
    (loss,) = connection.execute("SELECT loss FROM ledger").fetchone()
    for gap in batch.gaps:
        remember_gap(connection, gap)
    for gap in gaps_of(batch.tables, reason):
        _extend(connection, loss, gap)


def remember_gap(connection: sqlite3.Connection, gap: Gap) -> None:
    """Note a gap that is to be declared as it is. Part of the caller's transaction."""
    _insert(connection, _CARRIED, gap)


def nameless_gap(gateway: str, start: int, end: int, readings: int, reason: str = OUTBOX_DAMAGED) -> Gap:
    """Readings lost of which only the number is known: a gap of the gateway's own count of readings."""
    return Gap(gateway, "gateway", "readings_count", start, end, reason, readings)


def undeclared(connection: sqlite3.Connection) -> list[Gap]:
    """Gaps that no batch has declared yet, by start; raises the error of damage when one is not what was written."""
    rows = connection.execute(f"SELECT loss, {_GAP}, seal FROM undeclared").fetchall()  # noqa: S608 - constant
    for row in rows:
        if sealed(row[:-1]) != row[-1]:
            raise damage("a gap that waits to be declared is not what was written")
    return sorted((Gap(*row[1:-1]) for row in rows), key=lambda gap: (gap.start, gap.device, gap.channel))


def take_undeclared(connection: sqlite3.Connection) -> list[Gap]:
    """Take out the gaps that no batch has declared yet; the caller puts them into one in the same transaction."""
    gaps = undeclared(connection)
    if gaps:
        connection.execute("DELETE FROM undeclared")
    return gaps


def gaps_of(tables: Iterable[Table | Row], reason: str) -> Iterator[Gap]:
    """Gaps that say what is lost when `tables` are: one per channel that has a reading."""
    for each in tables:
        table = each.table() if isinstance(each, Row) else each
        for name, column in table.columns.items():
            times = [time for time, value in zip(table.times, column, strict=True) if value is not None]
            if times:
                yield Gap(table.device, table.kind, name, times[0], times[-1], reason, len(times))


def merged(gaps: Iterable[Gap]) -> dict[Series, Gap]:
    """One gap per series and reason, so that a full disk costs no memory."""
    found: dict[Series, Gap] = {}
    for gap in gaps:
        key = (gap.device, gap.kind, gap.channel, gap.reason)
        known = found.get(key)
        if known is not None:
            gap = msgspec.structs.replace(  # noqa: PLW2901 - the same gap, grown
                gap,
                start=min(known.start, gap.start),
                end=max(known.end, gap.end),
                readings=known.readings + gap.readings,
            )
        found[key] = gap
    return found


def _insert(connection: sqlite3.Connection, loss: int, gap: Gap) -> None:
    row = (loss, *msgspec.structs.astuple(gap))
    connection.execute(
        f"INSERT INTO undeclared (loss, {_GAP}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constant
        (*row, sealed(row)),
    )


def _extend(connection: sqlite3.Connection, loss: int, gap: Gap) -> None:
    known = connection.execute(
        "DELETE FROM undeclared WHERE loss = ? AND device = ? AND kind = ? AND channel = ? AND reason = ?"
        " RETURNING start, end, readings",
        (loss, gap.device, gap.kind, gap.channel, gap.reason),
    ).fetchone()
    if known is not None:
        start, end, readings = known
        gap = msgspec.structs.replace(
            gap, start=min(start, gap.start), end=max(end, gap.end), readings=readings + gap.readings
        )
    _insert(connection, loss, gap)
