"""Line protocol: readings and gaps as the text InfluxDB takes, in pieces that can be halved to find a bad one.

Times are whole nanoseconds, which every version takes unasked: a ``precision`` in the address that a faulty line
altered would have the readings stored in 1970, and confirmed.

Syntax: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec
import numpy as np

from storage.blocks import Block
from storage.limits import GAP_KIND
from storage.store import Rejected, Series
from telemetry import Batch, Gap

_NS = "000000"
"""Makes nanoseconds of milliseconds."""
_TAG = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})


def tag(value: str) -> str:
    """Escape a tag value; `value` holds no newline and no backslash (the intake sees to it)."""
    return value.translate(_TAG)


class Piece(Protocol):
    """Some lines of one measurement, and the fields they have."""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Measurement and field key of each field."""
        ...

    def lines(self) -> list[str]:
        """The text, without line ends."""
        ...

    def halves(self) -> tuple[Piece, Piece] | None:
        """The earlier and the later lines; None for a single line."""
        ...

    def only(self, fields: frozenset[tuple[str, str]]) -> Piece | None:
        """The same lines with fewer fields; None when none is left."""
        ...

    def rejected(self, reason: str) -> Iterator[Rejected]:
        """What is lost when the database refuses every line."""
        ...


@dataclass(frozen=True, slots=True)
class BlockPiece:
    """Readings of devices of one make: one line per device and time, one field per channel that has a value then."""

    block: Block

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """See `Piece.fields`."""
        return tuple((self.block.kind, channel) for channel in self.block.channels)

    def lines(self) -> list[str]:
        """See `Piece.lines`. Numbers are the shortest decimals that read back as the same 64 bits."""
        block = self.block
        _, channels, times = block.values.shape
        numbers = block.values.transpose(0, 2, 1).ravel()
        # msgspec writes a number six times as fast as `repr`; NaN, where there is no value, becomes null.
        texts = msgspec.json.encode(numbers.tolist())[1:-1].decode().split(",")
        devices = block.devices if times == 1 else [device for device in block.devices for _ in range(times)]
        rows = zip(devices, *[iter(texts)] * channels, block.times.ravel().tolist(), strict=True)
        head = f"{block.kind},site={tag(block.site)},device="
        if not np.isnan(numbers).any():
            # Names have no "%": the intake sees to it.
            line = f"{head}%s {','.join(f'{channel}=%s' for channel in block.channels)} %d{_NS}"
            return [line % row for row in rows]
        lines = []
        for device, *values, time in rows:
            pairs = zip(block.channels, values, strict=True)
            if present := ",".join(f"{channel}={value}" for channel, value in pairs if value != "null"):
                lines.append(f"{head}{device} {present} {time}{_NS}")
        return lines

    def halves(self) -> tuple[Piece, Piece] | None:
        """See `Piece.halves`."""
        tables, times = self.block.times.shape
        if tables > 1:
            return self.of_tables(0, tables // 2), self.of_tables(tables // 2, tables)
        return (self.of_times(0, times // 2), self.of_times(times // 2, times)) if times > 1 else None

    def of_tables(self, first: int, last: int) -> BlockPiece:
        """Lines of tables `first` to `last`, the last one left out."""
        return BlockPiece(self.block.between(first, last))

    def of_times(self, first: int, last: int) -> BlockPiece:
        """Lines `first` to `last` of every table, the last one left out."""
        block = self.block
        return BlockPiece(replace(block, times=block.times[:, first:last], values=block.values[:, :, first:last]))

    def only(self, fields: frozenset[tuple[str, str]]) -> Piece | None:
        """See `Piece.only`."""
        kept = [index for index, field in enumerate(self.fields) if field in fields]
        if not kept:
            return None
        channels = tuple(self.block.channels[index] for index in kept)
        return BlockPiece(replace(self.block, channels=channels, values=self.block.values[:, kept]))

    def rejected(self, reason: str) -> Iterator[Rejected]:
        """See `Piece.rejected`."""
        for rows in self.block.rows():
            for channel, values in zip(rows.channels, rows.values, strict=True):
                readings = int(np.count_nonzero(~np.isnan(values)))
                if readings:
                    yield Rejected(rows.batch, rows.series(channel), readings, reason)


@dataclass(frozen=True, slots=True)
class GapPiece:
    """A declared gap: one line of the measurement ``gap``, at the time of the first reading lost."""

    batch: Batch
    gap: Gap

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """See `Piece.fields`."""
        return ((GAP_KIND, "end_ms"),)

    def lines(self) -> list[str]:
        """See `Piece.lines`."""
        gap = self.gap
        tags = f"site={tag(self.batch.site)},device={tag(gap.device)},kind={tag(gap.kind)}"
        tags += f",channel={tag(gap.channel)},reason={tag(gap.reason)}"
        return [f"{GAP_KIND},{tags} end_ms={gap.end}i,readings={gap.readings}i {gap.start}{_NS}"]

    def halves(self) -> tuple[Piece, Piece] | None:
        """See `Piece.halves`."""
        return None

    def only(self, fields: frozenset[tuple[str, str]]) -> Piece | None:
        """See `Piece.only`."""
        return self if fields.intersection(self.fields) else None

    def rejected(self, reason: str) -> Iterator[Rejected]:
        """See `Piece.rejected`."""
        series = Series(self.batch.site, self.gap.kind, self.gap.device, self.gap.channel)
        yield Rejected(self.batch, series, 0, f"declared gap not recorded: {reason}")


def requests(blocks: Iterable[Block], gaps: Iterable[tuple[Batch, Gap]], at_most: int) -> Iterator[list[Piece]]:
    """Pieces in the order they came, in groups of `at_most` lines."""
    group: list[Piece] = []
    room = at_most
    for block in blocks:
        whole = BlockPiece(block)
        tables, times = block.times.shape
        table = time = 0
        while table < tables:
            fitting = min(room // times, tables - table) if not time else 0
            if fitting:
                group.append(whole.of_tables(table, table + fitting))
                room -= fitting * times
                table += fitting
            else:
                until = min(times, time + room)
                group.append(whole.of_tables(table, table + 1).of_times(time, until))
                room -= until - time
                table, time = (table + 1, 0) if until == times else (table, until)
            if not room:
                yield group
                group, room = [], at_most
    for batch, gap in gaps:
        group.append(GapPiece(batch, gap))
        room -= 1
        if not room:
            yield group
            group, room = [], at_most
    if group:
        yield group


def halve_lines(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The earlier and the later pieces; the only piece is cut in two."""
    if len(pieces) == 1:
        cut = pieces[0].halves()
        return ([cut[0]], [cut[1]]) if cut else ([pieces[0]], [])
    middle = len(pieces) // 2
    return list(pieces[:middle]), list(pieces[middle:])


def halve_fields(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The same lines twice, each with half of the fields; the second part is empty when there is only one field."""
    fields = list(dict.fromkeys(field for piece in pieces for field in piece.fields))
    if len(fields) == 1:
        return list(pieces), []
    middle = len(fields) // 2
    first, second = (
        [part for piece in pieces if (part := piece.only(frozenset(half)))]
        for half in (fields[:middle], fields[middle:])
    )
    return first, second
