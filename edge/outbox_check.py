"""Whether an outbox's file is, to the bit, what was written: looked at once, when it is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge.errors import OutboxError
from edge.losses import undeclared
from edge.outbox_file import damage
from edge.outbox_ledger import Ledger, load
from edge.outbox_rows import COLUMNS, Row, intact


def check(connection: sqlite3.Connection, path: Path, site: str, gateway: str) -> Ledger:
    """Hold the file against its checksums and its batches against its ledger; returns the ledger.

    Raises
    ------
    OutboxError
        When it is whole, and another gateway's.
    sqlite3.DatabaseError
        As damage, when anything in it is not what was written.
    """
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damage(verdict)
    ledger = load(connection)
    if (ledger.site, ledger.gateway) != (site, gateway):
        raise OutboxError(
            f"outbox {path}: belongs to gateway {ledger.gateway} of site {ledger.site}, not to {gateway} of {site}. "
            "Give this gateway a data folder of its own."
        )
    batches = readings = size = 0
    untold = sum(gap.readings for gap in undeclared(connection))
    for fields in connection.execute(f"SELECT {COLUMNS} FROM batch ORDER BY seq"):  # noqa: S608 - constant
        row = Row(*fields)
        if not intact(row) or row.seq > ledger.seq:
            raise damage(f"batch {row.seq} is not what was put")
        batches, readings, size = batches + 1, readings + row.readings, size + row.size
        untold += row.declares
    counted = ledger.counters
    if (batches, readings, size, untold) != (counted.batches, counted.pending, counted.bytes, ledger.untold):
        raise damage(
            f"{batches} batches with {readings} readings, {counted.batches} and {counted.pending} in its ledger"
        )
    return ledger
