"""Conflicts: readings that are to be replayed, where the store has another value of the same series and time.

Nothing in a store tells when a value came. But what was set aside was never in it; so another value at its very time
came from elsewhere: a correction, or a gateway that was mended and sent again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np

from storage import Series, Store, Times, Values
from telemetry import Batch, Table

_SPAN_MS: Final = 86_400_000
"""Most that is read of a series at once [ms], so that a message of a few readings years apart costs little memory."""


class Conflict(NamedTuple):
    """Readings of one series in doubt: their times [ms UTC], their values, and those of the store [channel's unit]."""

    series: Series
    times: list[int]
    values: list[float]
    in_store: list[float]

    @property
    def part(self) -> str:
        """``kind/device/channel``."""
        return f"{self.series.kind}/{self.series.device}/{self.series.channel}"


class Superseded(NamedTuple):
    """Readings that are kept out of the store by others.

    Attributes
    ----------
    part
        ``kind/device/channel``.
    readings
        How many.
    content
        Their times and values, and the values the store has instead, as JSON.
    note
        Both values of the first, in a sentence.
    """

    part: str
    readings: int
    content: bytes
    note: str


def find_conflicts(store: Store, batch: Batch) -> list[Conflict]:
    """Where the store has another value than a batch, to the bit.

    A value that comes into the store between this and the write that follows is not seen.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    found = []
    for table in batch.tables:
        for channel, column in table.columns.items():
            series = Series(batch.site, table.kind, table.device, channel)
            there = [(time, value) for time, value in zip(table.times, column, strict=True) if value is not None]
            conflict = _compared(store, series, there)
            if conflict.times:
                found.append(conflict)
    return found


def without(batch: Batch, conflicts: Iterable[Conflict]) -> Batch | None:
    """A batch without what is in conflict; None when nothing is left of it."""
    out = {(each.series.kind, each.series.device, each.series.channel): set(each.times) for each in conflicts}
    tables = list(_kept(batch.tables, out))
    return msgspec.structs.replace(batch, tables=tables) if tables or batch.gaps else None


def superseded(conflict: Conflict) -> Superseded:
    """What is kept out because the store has another value."""
    told = f"the store has {_told(conflict)}; this is {conflict.values[0]!r}"
    return _kept_out(conflict, conflict.values, conflict.in_store, told)


def replaced(conflict: Conflict, entry: int) -> Superseded:
    """What the store had, and loses to an entry that overwrites it."""
    told = f"the store had {_told(conflict)}; entry {entry} replaced it by {conflict.values[0]!r}"
    return _kept_out(conflict, conflict.in_store, conflict.values, told)


def _kept_out(conflict: Conflict, values: list[float], in_store: list[float], told: str) -> Superseded:
    series = conflict.series
    content = msgspec.json.encode(
        {
            "device": series.device,
            "kind": series.kind,
            "channel": series.channel,
            "times": conflict.times,
            "values": values,
            "in_store": in_store,
        }
    )
    more = f" (and {len(conflict.times) - 1} more)" if len(conflict.times) > 1 else ""
    return Superseded(conflict.part, len(conflict.times), content, told + more)


def _told(conflict: Conflict) -> str:
    at = dt.datetime.fromtimestamp(conflict.times[0] / 1000, dt.UTC)
    return f"{conflict.in_store[0]!r} at {at:%Y-%m-%d %H:%M:%S}.{conflict.times[0] % 1000:03d} UTC"


def _compared(store: Store, series: Series, there: list[tuple[int, float]]) -> Conflict:
    conflict = Conflict(series, [], [], [])
    for times, values in _runs(there):
        known_times, known = store.read(series, int(times[0]), int(times[-1]) + 1)
        _, ours, theirs = np.intersect1d(times, known_times, assume_unique=True, return_indices=True)
        other = values[ours].view(np.int64) != known[theirs].view(np.int64)
        conflict.times.extend(times[ours][other].tolist())
        conflict.values.extend(values[ours][other].tolist())
        conflict.in_store.extend(known[theirs][other].tolist())
    return conflict


def _runs(there: list[tuple[int, float]]) -> Iterator[tuple[Times, Values]]:
    """The readings in stretches of at most a day, rising."""
    times = np.array([time for time, _ in there], dtype=np.int64)
    values = np.array([value for _, value in there], dtype=np.float64)
    first = 0
    while first < len(times):
        end = int(np.searchsorted(times, times[first] + _SPAN_MS))
        yield times[first:end], values[first:end]
        first = end


def _kept(tables: Iterable[Table], out: dict[tuple[str, str, str], set[int]]) -> Iterator[Table]:
    for table in tables:
        columns = {}
        for channel, column in table.columns.items():
            bad = out.get((table.kind, table.device, channel), set())
            sound = [None if time in bad else value for time, value in zip(table.times, column, strict=True)]
            if sound.count(None) < len(sound):
                columns[channel] = sound
        if columns:
            yield Table.of(table.device, table.kind, table.times, columns, table.clock)
