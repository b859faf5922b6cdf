"""What one read brought, on its way into a batch: it becomes bytes without becoming a table, for a quarter of the cost.

Hundreds of devices at one reading a second make a hundred thousand values a second, and nearly all of them travel as
tables of a single row.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from telemetry import MAX_CHANNELS_TEXT, ClockState, Table

_encode = msgspec.json.Encoder().encode


class Row(NamedTuple):
    """The values of one read.

    Parameters
    ----------
    device, kind
        Whose.
    channels
        What is read together; one tuple for all reads of that kind.
    time_ms
        When [ms since 1970-01-01 UTC].
    values
        By channel [its unit], ``None`` where there is no value.
    clock
        What the clock that stamped it was worth.
    """

    device: str
    kind: str
    channels: tuple[str, ...]
    time_ms: int
    values: Sequence[float | None]
    clock: ClockState = ""

    def table(self) -> Table:
        """The same as a table; channels without a value are left out."""
        named = zip(self.channels, self.values, strict=True)
        columns: dict[str, list[float | None]] = {name: [value] for name, value in named if value is not None}
        return Table.of(self.device, self.kind, [self.time_ms], columns, self.clock)

    def encoded(self) -> bytes | None:
        """Its table as JSON, as `telemetry.encode` writes it; None where it takes more than that.

        A value is missing or no finite number, or the channels are too many for one table.
        """
        numbers = _encode(self.values)
        if b"null" in numbers:
            return None
        form = _form(self.channels, self.clock)
        if not form:
            return None
        return form % (_encode(self.device), _encode(self.kind), self.time_ms, numbers)


@functools.lru_cache(maxsize=1024)
def _form(channels: tuple[str, ...], clock: ClockState) -> bytes:
    """A table of one row as JSON, with places for device, kind, time and values; empty for too many channels."""
    text = " ".join(channels)
    if len(text) > MAX_CHANNELS_TEXT:
        return b""
    state = b',"clock":' + _literal(clock) if clock else b""
    return b'{"device":%b,"kind":%b,"times":[%d],"channels":' + _literal(text) + b',"values":%b' + state + b"}"


def _literal(text: str) -> bytes:
    return _encode(text).replace(b"%", b"%%")
