"""What both engines accept: batches become arrays, and what no engine may hold is set aside with its reason."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from storage.store import Rejected, Series, Times, Values
from telemetry import Batch, Gap, InvalidNameError, Table, check_name, is_name

MIN_TIME: Final = -9_223_372_036_854
MAX_TIME: Final = 9_223_372_036_853
"""First and last time both engines can hold [ms UTC]: InfluxDB counts nanoseconds in 64 bits (years 1677 to 2262)."""

GAP_KIND: Final = "gap"
"""Not a device kind: InfluxDB keeps declared gaps under this measurement."""

_MOST_READINGS: Final = 2**63 - 1

_RESERVED_CHANNELS: Final = frozenset({"time", "site", "device"})
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


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

    def between(self, first: int, last: int) -> Block:
        """Tables `first` to `last`, the last one left out; the arrays are shared."""
        return Block(
            self.site, self.kind, self.channels, self.batches[first:last], self.devices[first:last],
            self.times[first:last], self.values[first:last],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intake:
    """Batches taken apart: `stored` counts the values in `blocks`, each as often as it was sent.

    Where tables give a value for the same series, the later table is in the same block, after the earlier one, or in a
    later block.
    """

    blocks: list[Block]
    gaps: list[tuple[Batch, Gap]]
    rejected: list[Rejected]
    stored: int

    @property
    def rows(self) -> list[Rows]:
        """Table by table."""
        return [rows for block in self.blocks for rows in block.rows()]


class Prepared(list[Batch]):
    """Batches that were laid out before they are written, so that no store does it again; a part of them is a list.

    Attributes
    ----------
    blocks
        Their tables as arrays.
    ahead
        What `Store.prepare` has made of them; the store's own.
    """

    def __init__(self, batches: Sequence[Batch], blocks: list[Block]) -> None:
        super().__init__(batches)
        self.blocks = blocks
        self.ahead: object = None


def lay_out(batches: Iterable[Batch]) -> Prepared | None:
    """Lay batches without gaps out as arrays, each as soon as it is made; None when something cannot be stored."""
    laid: list[Batch] = []

    def tables() -> Iterator[tuple[Batch, Table]]:
        for batch in batches:
            laid.append(batch)
            for table in batch.tables:
                yield batch, table

    blocks = _blocks(tables())
    return None if blocks is None else Prepared(laid, blocks)


def take(batches: Sequence[Batch]) -> Intake:
    """Take batches apart, setting aside what cannot be stored: unusable names, NaN, infinities, times out of range."""
    if isinstance(batches, Prepared):
        return Intake(batches.blocks, [], [], _stored(batches.blocks))
    rejected: list[Rejected] = []
    gaps: list[tuple[Batch, Gap]] = []
    tables = [(batch, table) for batch in batches for table in batch.tables]
    blocks = _blocks(tables)
    if blocks is None:
        tables = [(batch, kept) for batch, table in tables if (kept := _storable(batch, table, rejected)) is not None]
        blocks = _blocks(tables) or []
    for batch in batches:
        for gap in batch.gaps:
            reason = _unusable(batch.site, gap.kind, gap.device, gap.channel) or _outside(gap)
            if reason:
                series = Series(batch.site, gap.kind, gap.device, gap.channel)
                rejected.append(Rejected(batch, series, 0, f"declared gap not recorded: {reason}"))
            else:
                gaps.append((batch, _one_line(gap)))
    return Intake(blocks, gaps, rejected, _stored(blocks))


def _stored(blocks: Iterable[Block]) -> int:
    return sum(block.values.size - int(np.count_nonzero(np.isnan(block.values))) for block in blocks)


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


def _blocks(tables: Iterable[tuple[Batch, Table]]) -> list[Block] | None:
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
                if not _shape_usable(site, kind, channels):
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


def _storable(batch: Batch, table: Table, rejected: list[Rejected]) -> Table | None:
    """What of a table can be stored, the rest set aside; None when nothing can."""
    columns: dict[str, list[float | None]] = {}
    rows = [row for row, time in enumerate(table.times) if MIN_TIME <= time <= MAX_TIME]
    for channel, column in table.columns.items():
        series = Series(batch.site, table.kind, table.device, channel)
        reason = _unusable(batch.site, table.kind, table.device, channel)
        held = len(column) - column.count(None)
        if reason:
            if held:
                rejected.append(Rejected(batch, series, held, reason))
            continue
        inside = [column[row] for row in rows]
        if late := held - (len(inside) - inside.count(None)):
            reason = f"time outside {MIN_TIME} to {MAX_TIME} ms; check the gateway's clock"
            rejected.append(Rejected(batch, series, late, reason))
        columns[channel] = [value if value is not None and math.isfinite(value) else None for value in inside]
        if infinite := columns[channel].count(None) - inside.count(None):
            rejected.append(Rejected(batch, series, infinite, "NaN or infinity is not a value"))
    if not columns or not rows:
        return None
    return Table.of(table.device, table.kind, [table.times[row] for row in rows], columns, table.clock)


def _outside(gap: Gap) -> str:
    if not 0 <= gap.readings <= _MOST_READINGS:
        return f"{gap.readings} is no number of readings the store can hold"
    if MIN_TIME <= gap.start <= gap.end <= MAX_TIME:
        return ""
    return f"from {gap.start} to {gap.end} is no range of times the store can hold"


def _one_line(gap: Gap) -> Gap:
    """Give the reason a form both engines can hold: line protocol cannot write newlines or a last backslash."""
    reason = _UNPRINTABLE.sub(" ", gap.reason.replace("\\", "/")).strip() or "unknown"
    return gap if reason == gap.reason else msgspec.structs.replace(gap, reason=reason)


@lru_cache(maxsize=512)
def _shape_usable(site: str, kind: str, channels: tuple[str, ...]) -> bool:
    """Whether series can have all these names."""
    return not any(_unusable(site, kind, "device", channel) for channel in channels)


def _unusable_name(name: str, what: str) -> str:
    try:
        check_name(name, what)
    except InvalidNameError as error:
        return str(error)
    return ""


def _unusable(site: str, kind: str, device: str, channel: str) -> str:
    """Why no series can have these names; empty when one can."""
    for name, what in ((site, "site"), (kind, "kind"), (device, "device"), (channel, "channel")):
        if reason := _unusable_name(name, what):
            return reason
    if kind == GAP_KIND:
        return f"kind {kind!r} is reserved for declared gaps"
    if channel in _RESERVED_CHANNELS:
        return f"channel {channel!r} is reserved"
    return ""
