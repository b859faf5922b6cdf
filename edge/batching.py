"""Batches as bytes, cut to a size that travels.

A table is encoded once, whatever becomes of it: a batch is put together from the bytes of its tables. What
`telemetry.encode` would give are the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from edge.rows import Row
from telemetry import MAX_BYTES, MAX_CHANNELS_TEXT, Gap, Table, with_checksum

_ROOM_FOR_SEQ: Final = 20
"""Digits a sequence number may gain in parts after the first [bytes]."""
_HANDY_BYTES: Final = 250_000
"""A batch is closed when it would grow beyond this [bytes]: what is in the making, and in flight, stays small."""
_ENCODER: Final = msgspec.json.Encoder()


class Head(NamedTuple):
    """Whose batch it is, and its number; as in `telemetry.Batch`."""

    site: str
    gateway: str
    epoch: str
    seq: int


class Part(NamedTuple):
    """A batch as it travels: its number, how many values it holds, its bytes."""

    seq: int
    readings: int
    payload: bytes


class _Sealed(msgspec.Struct):
    """A `telemetry.Batch` whose tables and gaps are encoded already."""

    site: str
    gateway: str
    epoch: str
    seq: int
    tables: list[msgspec.Raw]
    gaps: list[msgspec.Raw]


class _Piece(NamedTuple):
    """A table or a gap, encoded; one that was `cut` off another must not share a batch with it."""

    readings: int
    encoded: bytes
    cut: bool


def encoded_parts(
    head: Head, tables: Sequence[Table | Row], gaps: Sequence[Gap] = (), most: int = MAX_BYTES
) -> Iterator[Part]:
    """Encode a batch, as several with consecutive numbers when it is large; none is larger than `most` [bytes].

    Raises
    ------
    ValueError
        When a value is NaN or infinite, or a single reading is larger than `most`.
    """
    empty = _Sealed(*head, [], [])
    room = most - len(_sealed(empty)) - _ROOM_FOR_SEQ
    handy = min(room, _HANDY_BYTES)
    part, readings, size = empty, 0, 0
    for pieces, of_tables in ((_of_tables(tables, room), True), (_of_gaps(gaps, room), False)):
        for piece in pieces:
            grown = size + len(piece.encoded) + 1  # and a comma
            if size and (grown > handy or piece.cut):
                yield Part(part.seq, readings, _sealed(part))
                part = msgspec.structs.replace(empty, seq=part.seq + 1, tables=[], gaps=[])
                readings, grown = 0, len(piece.encoded) + 1
            (part.tables if of_tables else part.gaps).append(msgspec.Raw(piece.encoded))
            readings, size = readings + piece.readings, grown
    yield Part(part.seq, readings, _sealed(part))


def _sealed(part: _Sealed) -> bytes:
    return with_checksum(_ENCODER.encode(part))


def _of_gaps(gaps: Sequence[Gap], room: int) -> Iterator[_Piece]:
    for gap in gaps:
        encoded = _ENCODER.encode(gap)
        if len(encoded) > room:
            raise _too_large(gap.device, room)
        yield _Piece(0, encoded, cut=False)


def _of_tables(tables: Sequence[Table | Row], room: int) -> Iterator[_Piece]:
    for each in tables:
        if isinstance(each, Row):
            encoded = each.encoded()
            if encoded is not None and len(encoded) <= room:
                yield _Piece(len(each.values), encoded, cut=False)
                continue
        yield from _of_table(each.table() if isinstance(each, Row) else each, room)


def _of_table(table: Table, room: int) -> Iterator[_Piece]:
    readings, encoded = _readings(table), _ENCODER.encode(table)
    if len(encoded) <= room and len(table.channels) <= MAX_CHANNELS_TEXT:
        yield _Piece(readings, encoded, cut=False)
        return
    halves = _halved(table)
    if halves is None:
        raise _too_large(table.device, room)
    for half in halves:
        for piece in _of_table(half, room):
            yield piece._replace(cut=True)


def _too_large(device: str, room: int) -> ValueError:
    return ValueError(f"a single reading of {device} is larger than {room} bytes; shorten the device's id")


def _readings(table: Table) -> int:
    """How many values a table holds.

    Raises
    ------
    ValueError
        When one of them is NaN or infinite: JSON cannot carry it, and no reading may be that.
    """
    values = [value for value in table.values if value is not None]
    if not all(map(math.isfinite, values)):
        names = [
            name
            for name, column in table.columns.items()
            if not all(value is None or math.isfinite(value) for value in column)
        ]
        raise ValueError(f"{table.device}.{names[0]}: NaN or infinity is not a value; leave the reading out")
    return len(values)


def _halved(table: Table) -> tuple[Table, Table] | None:
    """By time if there are several, else by channel; None for a single reading."""
    rows, names = len(table.times), table.names
    if rows > 1:
        half = rows // 2
        return _rows(table, 0, half), _rows(table, half, rows)
    if len(names) > 1:
        half = len(names) // 2
        return _columns(table, names[:half]), _columns(table, names[half:])
    return None


def _rows(table: Table, start: int, end: int) -> Table:
    columns = {name: column[start:end] for name, column in table.columns.items()}
    return Table.of(table.device, table.kind, table.times[start:end], columns, table.clock)


def _columns(table: Table, names: Sequence[str]) -> Table:
    columns = table.columns
    return Table.of(table.device, table.kind, table.times, {name: columns[name] for name in names}, table.clock)
