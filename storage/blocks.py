"""Tables laid out as arrays: those of one shape together, in the order they came."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from storage.limits import MAX_TIME, MIN_TIME, shape_usable
from storage.store import Series, Times, Values
from telemetry import Batch, Table, is_name


@dataclass(frozen=True, slots=True)
class Rows:
    """The storable values of one table.

    Parameters
    ----------
    batch
        Where they come from.
    kind, device, channels
        What they are values of.
    times
        Shape (times,) [ms UTC].
    values
        Shape (channels, times); NaN where there is no value.
    """

    batch: Batch
    kind: str
    device: str
    channels: tuple[str, ...]
    times: Times
    values: Values

    def series(self, channel: str) -> Series:
        """The series of one channel."""
        return Series(self.batch.site, self.kind, self.device, channel)


@dataclass(frozen=True, slots=True)
class Block:
    """Tables of one shape (site, kind, channels, number of times) as arrays, in the order they came.

    A city's commit holds thousands of small tables of very few shapes: arrays per table would cost more than their
    values.

    Parameters
    ----------
    site, kind, channels
        What all of them have.
    batches, devices
        Of each table, shape (tables,).
    times
        Shape (tables, times) [ms UTC].
    values
        Shape (tables, channels, times); NaN where there is no value.
    """

    site: str
    kind: str
    channels: tuple[str, ...]
    batches: list[Batch]
    devices: list[str]
    times: Times
    values: Values

    def rows(self) -> Iterator[Rows]:
        """Table by table."""
        for batch, device, times, values in zip(self.batches, self.devices, self.times, self.values, strict=True):
            yield Rows(batch, self.kind, device, self.channels, times, values)

    def only(self, tables: list[int]) -> Block:
        """Some of the tables, in the order given."""
        return replace(
            self,
            batches=[self.batches[table] for table in tables],
            devices=[self.devices[table] for table in tables],
            times=self.times[tables],
            values=self.values[tables],
        )

    def between(self, first: int, last: int) -> Block:
        """Tables `first` to `last`, the last one left out; the arrays are shared."""
        return Block(
            self.site, self.kind, self.channels, self.batches[first:last], self.devices[first:last],
            self.times[first:last], self.values[first:last],
        )  # fmt: skip


def blocks_of(rows: Iterable[Rows]) -> list[Block]:
    """One block per table, for the few that were changed by hand."""
    return [
        Block(
            each.batch.site, each.kind, each.channels, [each.batch], [each.device], each.times[None], each.values[None]
        )
        for each in rows
    ]


class _Pile:
    """Tables of one shape, being collected."""

    def __init__(self, site: str, kind: str, channels: tuple[str, ...], times: int) -> None:
        self.site, self.kind, self.channels, self.length = site, kind, channels, times
        self.batches: list[Batch] = []
        self.devices: list[str] = []
        self._times = array("q")
        self._values = array("d")
        self._holes = 0

    def holds(self, site: str, kind: str, channels: tuple[str, ...], times: int) -> bool:
        """Whether these are tables of that shape."""
        return channels == self.channels and times == self.length and kind == self.kind and site == self.site

    def add(self, batch: Batch, table: Table) -> None:
        """Add a table of this shape.

        Raises
        ------
        OverflowError
            When a time is beyond any that can be stored.
        """
        self.batches.append(batch)
        self.devices.append(table.device)
        self._times.fromlist(table.times)
        values = table.values
        try:
            self._values.fromlist(values)  # type: ignore[arg-type] # nearly always there is none that is None
        except TypeError:
            self._holes += values.count(None)
            self._values.extend([math.nan if value is None else value for value in values])

    def block(self) -> Block | None:
        """Lay the tables out; None when one of them holds NaN, an infinity, or a time beyond what can be stored."""
        tables = len(self.batches)
        times = np.frombuffer(self._times, np.int64)
        if times.min() < MIN_TIME or times.max() > MAX_TIME:
            return None
        values = np.frombuffer(self._values, np.float64)
        if values.size - int(np.count_nonzero(np.isfinite(values))) != self._holes:
            return None
        return Block(
            self.site, self.kind, self.channels, self.batches, self.devices,
            times.reshape(tables, self.length), values.reshape(tables, len(self.channels), self.length),
        )  # fmt: skip


def blocks_from(tables: Iterable[tuple[Batch, Table]]) -> list[Block] | None:
    """Lay tables of one shape together; None when something in them cannot be stored."""
    done: list[_Pile] = []
    piles: dict[tuple[str, str, tuple[str, ...], int], _Pile] = {}
    seen: dict[tuple[str, str, str], tuple[_Pile, ...]] = {}
    pile: _Pile | None = None
    for batch, table in tables:
        site, kind, device, length = batch.site, table.kind, table.device, len(table.times)
        channels = table.names
        if not channels or not length:
            continue
        if pile is None or not pile.holds(site, kind, channels, length):
            shape = site, kind, channels, length
            pile = piles.get(shape)
            if pile is None:
                if not shape_usable(site, kind, channels):
                    return None
                pile = piles[shape] = _Pile(*shape)
        before = seen.get((site, kind, device), ())
        if pile not in before:
            if any(not set(channels).isdisjoint(other.channels) for other in before):
                # The same series in another shape: what comes later must stay the later one.
                done += (each for each in piles.values() if each.batches)
                pile = _Pile(site, kind, channels, length)
                piles, seen, before = {(site, kind, channels, length): pile}, {}, ()
            seen[site, kind, device] = (*before, pile)
        try:
            pile.add(batch, table)
        except OverflowError:
            return None
    blocks = []
    for pile in [*done, *piles.values()]:
        if not all(map(is_name, pile.devices)):
            return None
        block = pile.block()
        if block is None:
            return None
        blocks.append(block)
    return blocks
