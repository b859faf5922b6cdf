"""Messages to bytes and back: UTF-8 JSON, so that ``mosquitto_sub`` shows a technician what travels.

Encoding is canonical (fields in their declared order, shortest decimal that gives the same float64), so the same batch
is always the same bytes and a value survives the wire bit for bit.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final, TypeVar

import msgspec

from telemetry.batches import Batch, Table
from telemetry.errors import DecodeError
from telemetry.messages import Ack, Birth, State

Message = Batch | Birth | State | Ack
M = TypeVar("M", Batch, Birth, State, Ack)

MAX_BYTES: Final = 1_000_000
"""Largest payload a gateway sends and a collector takes [bytes]."""

_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {t: msgspec.json.Decoder(t) for t in (Batch, Birth, State, Ack)}


def encode(message: Message) -> bytes:
    """Encode a message.

    Raises
    ------
    ValueError
        When a batch holds NaN or an infinity, which JSON cannot carry and no reading may be.
    """
    if isinstance(message, Batch):
        for table in message.tables:
            for name, column in table.columns.items():
                if not all(value is None or math.isfinite(value) for value in column):
                    raise ValueError(f"{table.device}.{name}: NaN or infinity is not a value; leave the reading out")
    return _ENCODER.encode(message)


def decode(payload: bytes, kind: type[M]) -> M:
    """Decode a message of the kind its topic promises, checking shapes.

    Raises
    ------
    DecodeError
        When the bytes are not JSON, a field is missing, unknown or of the wrong type, a column's length differs
        from its times', or times do not rise.
    """
    if len(payload) > MAX_BYTES:
        raise DecodeError(f"{len(payload)} bytes; at most {MAX_BYTES} are taken")
    try:
        message: M = _DECODERS[kind].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError(str(error)) from error
    if isinstance(message, Batch):
        for index, table in enumerate(message.tables):
            _check_table(table, f"$.tables[{index}]")
    return message


def _check_table(table: Table, path: str) -> None:
    times = table.times
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise DecodeError(f"Times do not rise - at `{path}.times`")
    for name, column in table.columns.items():
        if len(column) != len(times):
            raise DecodeError(f"{len(column)} values for {len(times)} times - at `{path}.columns.{name}`")


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of all messages, as published in ``docs/wire.schema.json``."""
    names = {Batch: "batch", Birth: "birth", State: "state", Ack: "ack"}
    schemas, components = msgspec.json.schema_components(list(names), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WattProof messages, by the last level of their topic",
        "type": "object",
        "properties": dict(zip(names.values(), schemas, strict=True)),
        "$defs": components,
    }
