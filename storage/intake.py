"""What both engines accept: batches are taken apart, and what no engine may hold is set aside with its reason."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from storage.blocks import Block, Rows, blocks_from
from storage.limits import MAX_TIME, MIN_TIME, unusable
from storage.store import Rejected, Series
from telemetry import Batch, Gap, Table

_MOST_READINGS: Final = 2**63 - 1
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


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

    blocks = blocks_from(tables())
    return None if blocks is None else Prepared(laid, blocks)


def take(batches: Sequence[Batch]) -> Intake:
    """Take batches apart, setting aside what cannot be stored: unusable names, NaN, infinities, times out of range."""
    if isinstance(batches, Prepared):
        return Intake(batches.blocks, [], [], _stored(batches.blocks))
    rejected: list[Rejected] = []
    gaps: list[tuple[Batch, Gap]] = []
    tables = [(batch, table) for batch in batches for table in batch.tables]
    blocks = blocks_from(tables)
    if blocks is None:
        tables = [(batch, kept) for batch, table in tables if (kept := _storable(batch, table, rejected)) is not None]
        blocks = blocks_from(tables) or []
    for batch in batches:
        for gap in batch.gaps:
            reason = unusable(batch.site, gap.kind, gap.device, gap.channel) or _outside(gap)
            if reason:
                series = Series(batch.site, gap.kind, gap.device, gap.channel)
                rejected.append(Rejected(batch, series, 0, f"declared gap not recorded: {reason}"))
            else:
                gaps.append((batch, _one_line(gap)))
    return Intake(blocks, gaps, rejected, _stored(blocks))


def _stored(blocks: Iterable[Block]) -> int:
    return sum(block.values.size - int(np.count_nonzero(np.isnan(block.values))) for block in blocks)


def _storable(batch: Batch, table: Table, rejected: list[Rejected]) -> Table | None:
    """What of a table can be stored, the rest set aside; None when nothing can."""
    columns: dict[str, list[float | None]] = {}
    rows = [row for row, time in enumerate(table.times) if MIN_TIME <= time <= MAX_TIME]
    for channel, column in table.columns.items():
        series = Series(batch.site, table.kind, table.device, channel)
        reason = unusable(batch.site, table.kind, table.device, channel)
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
