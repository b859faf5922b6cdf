"""The outbox's rows, each sealed: what a flipped bit has changed is told from what was written.

SQLite has no checksums of its own outside its log. So every batch carries one of its number and payload (``crc``) and
one of everything else about it (``seal``), and every gap that waits to be declared has one as well.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from edge.batching import Part
from telemetry import Batch, decode

COLUMNS: Final = "seq, epoch, readings, declares, bytes, put_at, crc, seal, payload"
_HEAD: Final = 7


class Row(NamedTuple):
    """One waiting batch as it stands in the file.

    Attributes
    ----------
    seq, epoch
        As in the batch.
    readings, declares
        Values it holds, and readings lost that it declares as gaps.
    size
        Of the payload [bytes].
    put_at
        When it was put [ms since 1970-01-01 UTC].
    crc, seal
        Checksums of number and payload, and of everything before them in this list.
    payload
        The bytes that travel.
    """

    seq: int
    epoch: str
    readings: int
    declares: int
    size: int
    put_at: int
    crc: int
    seal: int
    payload: bytes


def sealed(fields: Iterable[object]) -> int:
    """CRC-32 of fields, whatever their types have become."""
    return zlib.crc32(repr(tuple(fields)).encode())


def payload_crc(seq: int, payload: bytes) -> int:
    """CRC-32 of a batch's payload, begun with its number."""
    return zlib.crc32(payload, seq & 0xFFFF_FFFF)


def insert(connection: sqlite3.Connection, part: Part, epoch: str, put_at: int, *, declares: bool) -> None:
    """Insert a batch with its checksums; `declares` if there may be gaps in it. Part of the caller's transaction."""
    told = sum(gap.readings for gap in decode(part.payload, Batch).gaps) if declares else 0
    head = (part.seq, epoch, part.readings, told, len(part.payload), put_at, payload_crc(part.seq, part.payload))
    insert_row(connection, Row(*head, sealed(head), part.payload))


def insert_row(connection: sqlite3.Connection, row: Row) -> None:
    """Insert a row as it is. Part of the caller's transaction."""
    connection.execute(f"INSERT INTO batch ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constant


def head_intact(head: tuple[object, ...]) -> bool:
    """Whether what is told about a batch, up to its seal, is what was written."""
    return sealed(head[:_HEAD]) == head[_HEAD]


def intact(row: Row) -> bool:
    """Whether a batch is what was written, to the bit."""
    return head_intact(row) and isinstance(row.payload, bytes) and payload_crc(row.seq, row.payload) == row.crc
