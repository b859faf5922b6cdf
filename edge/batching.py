"""Batches as bytes, cut to a size that travels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from telemetry import MAX_BYTES, Batch, Gap, Table, encode

_ROOM_FOR_SEQ: Final = 20
"""Digits a sequence number may gain when parts before it are counted [bytes]."""


def encoded_parts(batch: Batch, most: int = MAX_BYTES) -> list[tuple[Batch, bytes]]:
    """Encode a batch, as several with consecutive numbers when one would be larger than `most` [bytes].

    Raises
    ------
    ValueError
        When a value is NaN or infinite, or a single reading is larger than `most`.
    """
    payload = encode(batch)
    if len(payload) <= most:
        return [(batch, payload)]
    parts = [
        msgspec.structs.replace(batch, seq=batch.seq + index, tables=tables, gaps=gaps)
        for index, (tables, gaps) in enumerate(_cut(batch, batch.tables, batch.gaps, most - _ROOM_FOR_SEQ))
    ]
    return [(part, encode(part)) for part in parts]


def _cut(batch: Batch, tables: list[Table], gaps: list[Gap], most: int) -> Iterator[tuple[list[Table], list[Gap]]]:
    """Halve until every piece fits: readings from gaps, then device by device, then by time, then by channel."""
    if len(encode(msgspec.structs.replace(batch, tables=tables, gaps=gaps))) <= most:
        yield tables, gaps
        return
    halves: tuple[tuple[list[Table], list[Gap]], tuple[list[Table], list[Gap]]]
    if tables and gaps:
        halves = (tables, []), ([], gaps)
    elif gaps and len(gaps) > 1:
        half = len(gaps) // 2
        halves = ([], gaps[:half]), ([], gaps[half:])
    elif len(tables) > 1:
        half = len(tables) // 2
        halves = (tables[:half], []), (tables[half:], [])
    elif tables and (pieces := _halved(tables[0])):
        halves = ([pieces[0]], []), ([pieces[1]], [])
    else:
        raise ValueError(f"a single reading of {batch.gateway} is larger than {most} bytes; shorten its device's id")
    for half_tables, half_gaps in halves:
        yield from _cut(batch, half_tables, half_gaps, most)


def _halved(table: Table) -> tuple[Table, Table] | None:
    rows, names = len(table.times), list(table.columns)
    if rows > 1:
        half = rows // 2
        return _rows(table, 0, half), _rows(table, half, rows)
    if len(names) > 1:
        half = len(names) // 2
        return _columns(table, names[:half]), _columns(table, names[half:])
    return None


def _rows(table: Table, start: int, end: int) -> Table:
    columns = {name: column[start:end] for name, column in table.columns.items()}
    return msgspec.structs.replace(table, times=table.times[start:end], columns=columns)


def _columns(table: Table, names: Sequence[str]) -> Table:
    return msgspec.structs.replace(table, columns={name: table.columns[name] for name in names})
