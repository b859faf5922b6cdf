"""Line protocol: readings and gaps as the text InfluxDB takes, in pieces that can be halved to find a bad one.

Times are whole nanoseconds, which every version takes unasked: a ``precision`` in the address that a faulty line
altered would have the readings stored in 1970, and confirmed.

Syntax: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from storage.intake import GAP_KIND, Rows
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
class RowsPiece:
    """Readings of one device: one line per time, one field per channel that has a value then."""

    rows: Rows

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """See `Piece.fields`."""
        return tuple((self.rows.kind, channel) for channel in self.rows.channels)

    def lines(self) -> list[str]:
        """See `Piece.lines`. ``repr`` is the shortest decimal that reads back as the same 64 bits."""
        rows = self.rows
        prefix = f"{rows.kind},site={tag(rows.batch.site)},device={tag(rows.device)} "
        columns = [
            [f"{channel}={value!r}" for value in values.tolist()]
            for channel, values in zip(rows.channels, rows.values, strict=True)
        ]
        times = rows.times.tolist()
        if not np.isnan(rows.values).any():
            return [f"{prefix}{','.join(fields)} {time}{_NS}" for time, *fields in zip(times, *columns, strict=True)]
        lines = []
        for time, *fields in zip(times, *columns, strict=True):
            present = ",".join(field for field in fields if not field.endswith("=nan"))
            if present:
                lines.append(f"{prefix}{present} {time}{_NS}")
        return lines

    def halves(self) -> tuple[Piece, Piece] | None:
        """See `Piece.halves`."""
        middle = len(self.rows.times) // 2
        return (self.between(0, middle), self.between(middle, len(self.rows.times))) if middle else None

    def between(self, first: int, last: int) -> RowsPiece:
        """Lines `first` to `last`, the last one left out."""
        return RowsPiece(replace(self.rows, times=self.rows.times[first:last], values=self.rows.values[:, first:last]))

    def only(self, fields: frozenset[tuple[str, str]]) -> Piece | None:
        """See `Piece.only`."""
        kept = [index for index, field in enumerate(self.fields) if field in fields]
        if not kept:
            return None
        channels = tuple(self.rows.channels[index] for index in kept)
        return RowsPiece(replace(self.rows, channels=channels, values=self.rows.values[kept]))

    def rejected(self, reason: str) -> Iterator[Rejected]:
        """See `Piece.rejected`."""
        for channel, values in zip(self.rows.channels, self.rows.values, strict=True):
            readings = int(np.count_nonzero(~np.isnan(values)))
            if readings:
                yield Rejected(self.rows.batch, self.rows.series(channel), readings, reason)


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


def requests(rows: Iterable[Rows], gaps: Iterable[tuple[Batch, Gap]], at_most: int) -> Iterator[list[Piece]]:
    """Pieces in the order they came, in groups of `at_most` lines."""
    group: list[Piece] = []
    room = at_most
    for each in rows:
        first, total = 0, len(each.times)
        while first < total:
            last = min(total, first + room)
            group.append(RowsPiece(each).between(first, last))
            room -= last - first
            first = last
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
