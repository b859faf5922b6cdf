"""InfluxQL: quoting that cannot be broken out of, and the answers of ``/query``.

Grammar: https://docs.influxdata.com/influxdb/v1/query_language/spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

import msgspec

V = TypeVar("V")

EARLIEST: Final = -9_223_372_036_854
LATEST: Final = 9_223_372_036_853
"""First and last time InfluxDB can hold [ms UTC]: it counts nanoseconds in 64 bits."""

_IDENTIFIER = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_STRING = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n"})


def identifier(name: str) -> str:
    """Quote a measurement, field or tag key."""
    return f'"{name.translate(_IDENTIFIER)}"'


def string(value: str) -> str:
    """Quote a tag value."""
    return f"'{value.translate(_STRING)}'"


def between(start: int, end: int) -> str:
    """Condition ``start <= time < end`` [ms]; bounds beyond what InfluxDB can count are cut to it."""
    first, last = (min(max(bound, EARLIEST), LATEST + 1) * 1_000_000 for bound in (start, end))
    return f"time >= {first} AND time < {last}"


def is_tag(key: str, value: str) -> str:
    """Condition that a tag has a value."""
    return f"{identifier(key)} = {string(value)}"


def among(devices: Iterable[str]) -> str:
    """Condition that the device is one of these."""
    return "(" + " OR ".join(is_tag("device", device) for device in devices) + ")"


def select(what: str, measurement: str, *conditions: str, by: str = "") -> str:
    """A SELECT; everything but the measurement comes quoted, `by` with its own words."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {what} FROM {identifier(measurement)}{where}{by}"  # noqa: S608 - every part was quoted above


class Rows(msgspec.Struct, Generic[V]):
    """One series of an answer, or a part of it: `values` holds one `V` per row."""

    name: str = ""
    tags: dict[str, str] = {}
    columns: list[str] = []
    values: list[V] = []


class Result(msgspec.Struct, Generic[V]):
    """The answer to one statement, or a part of it; `partial` says that there is more to come."""

    statement_id: int = 0
    series: list[Rows[V]] = []
    error: str = ""
    partial: bool = False


class Answer(msgspec.Struct, Generic[V]):
    """One line of a chunked answer."""

    results: list[Result[V]] = []
    error: str = ""


Number = tuple[int, float]
"""A row of a statement that selects one number: its time [ms] and its value."""

Cells = list[int | float | None]
"""A row of a statement that selects numbers: its time [ms], and a value or null for each."""

NUMBERS: Final = msgspec.json.Decoder(Answer[Number])
ANY: Final = msgspec.json.Decoder(Answer[list[int | float | str | bool | None]])


def decode_numbers(line: bytes) -> Answer[Number]:
    """Decode rows of time and number. InfluxDB writes minus zero as ``-0``, which JSON reads as the integer 0."""
    return NUMBERS.decode(line.replace(b",-0]", b",-0.0]"))


_MINUS_ZERO = re.compile(rb"(?<=,)-0(?=[,\]])")
_CELLS: Final = msgspec.json.Decoder(Answer[Cells])


def decode_cells(line: bytes) -> Answer[Cells]:
    """Decode rows of time and numbers; see `decode_numbers`."""
    return _CELLS.decode(_MINUS_ZERO.sub(b"-0.0", line) if b",-0" in line else line)
