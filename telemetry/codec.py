"""Messages to bytes and back: UTF-8 JSON, so that ``mosquitto_sub`` shows a technician what travels.

Encoding is canonical (fields in their declared order, shortest decimal that gives the same float64), so the same batch
is always the same bytes and a value survives the wire bit for bit.

A batch and an acknowledgement decide what a gateway deletes, and TCP's checksum misses what a faulty router or
converter alters. So both end in a checksum of their own: ``,"crc":"<8 hexadecimal digits>"}``, the CRC-32 (that of zip
and Ethernet) of every byte before that last comma. It guards against accidents; against people there is TLS.
"""

from __future__ import annotations

import math
import zlib
from itertools import pairwise
from typing import Any, Final, TypeVar

import msgspec

from telemetry.alarms import Alarms
from telemetry.batches import Batch, Table
from telemetry.errors import DamagedError, DecodeError
from telemetry.messages import Ack, Birth, State

Message = Batch | Birth | State | Ack | Alarms
M = TypeVar("M", Batch, Birth, State, Ack, Alarms)

MAX_BYTES: Final = 1_000_000
"""Largest payload a gateway sends and a collector takes [bytes]."""

_CHECKED: Final = (Batch, Ack)
"""Messages that end in a checksum."""
_CRC: Final = b',"crc":"%08x"}'
_CRC_BYTES: Final = len(_CRC % 0)

_CRC_SCHEMA: Final = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}$",
    "description": "The last field: CRC-32 of all bytes before the comma that precedes it.",
}

_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {
    t: msgspec.json.Decoder(t) for t in (Batch, Birth, State, Ack, Alarms)
}


def encode(message: Message) -> bytes:
    """Encode a message.

    Raises
    ------
    ValueError
        When a batch holds NaN or an infinity, which JSON cannot carry and no reading may be.
    """
    payload = _ENCODER.encode(message)
    # NaN and infinities become null, as holes do: only then is it worth looking for them.
    if isinstance(message, Batch) and b"null" in payload:
        for table in message.tables:
            if not all(value is None or math.isfinite(value) for value in table.values):
                raise ValueError(f"{table.device}: NaN or infinity is not a value; leave the reading out")
    return with_checksum(payload) if isinstance(message, _CHECKED) else payload


def with_checksum(payload: bytes) -> bytes:
    """Give a JSON object its checksum, as a batch and an acknowledgement must have."""
    body = payload[:-1]
    return body + _CRC % zlib.crc32(body)


def has_checksum(payload: bytes) -> bool:
    """Whether a payload ends in a checksum, be it the right one or not."""
    return payload[-_CRC_BYTES:-10] == _CRC[:-6]


def _checked(payload: bytes) -> bytes:
    """The message without its checksum, which is right."""
    body = payload[:-_CRC_BYTES]
    if payload[-_CRC_BYTES:] == _CRC % zlib.crc32(body):
        return body + b"}"
    if not has_checksum(payload):
        raise DamagedError(
            'no checksum at its end, where ,"crc":"<CRC-32 of what is before, 8 hexadecimal digits>"} belongs'
        )
    raise DamagedError(f"its checksum is that of other bytes (these have {zlib.crc32(body):08x}): altered on the way")


def decode(payload: bytes, kind: type[M]) -> M:
    """Decode a message of the kind its topic promises, checking shapes.

    Raises
    ------
    DecodeError
        When the bytes are not JSON, a field is missing, unknown or of the wrong type, a channel is named twice, there
        are not as many values as channels times times, or times do not rise.
    DamagedError
        When the checksum of a batch or an acknowledgement is absent or wrong: nothing in it may be believed.
    """
    if len(payload) > MAX_BYTES:
        raise DecodeError(f"{len(payload)} bytes; at most {MAX_BYTES} are taken")
    if kind in _CHECKED:
        payload = _checked(payload)
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
    if len(times) > 1 and any(later <= earlier for earlier, later in pairwise(times)):
        raise DecodeError(f"Times do not rise - at `{path}.times`")
    try:
        channels = len(table.names)
    except ValueError as error:
        raise DecodeError(f"{error} - at `{path}.channels`") from None
    if len(table.values) != channels * len(times):
        told = f"{len(table.values)} values for {channels} channels at {len(times)} times"
        raise DecodeError(f"{told} - at `{path}.values`")


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of all messages, as published in ``docs/wire.schema.json``."""
    names = {Batch: "batch", Birth: "birth", State: "state", Ack: "ack", Alarms: "alarms"}
    schemas, components = msgspec.json.schema_components(list(names), ref_template="#/$defs/{name}")
    for kind in _CHECKED:
        components[kind.__name__]["properties"]["crc"] = _CRC_SCHEMA
        components[kind.__name__]["required"].append("crc")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WattProof messages, by the last level of their topic",
        "type": "object",
        "properties": dict(zip(names.values(), schemas, strict=True)),
        "$defs": components,
    }
