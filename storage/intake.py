"""What both engines accept: batches become arrays, and what no engine may hold is set aside with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from storage.store import Rejected, Series, Times, Values
from telemetry import Batch, Gap, InvalidNameError, Table, check_name

MIN_TIME: Final = -9_223_372_036_854
MAX_TIME: Final = 9_223_372_036_853
"""First and last time both engines can hold [ms UTC]: InfluxDB counts nanoseconds in 64 bits (years 1677 to 2262)."""

GAP_KIND: Final = "gap"
"""Not a device kind: InfluxDB keeps declared gaps under this measurement."""

_RESERVED_CHANNELS: Final = frozenset({"time", "site", "device"})
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Rows:
    """The storable values of one device in one batch.

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
class Intake:
    """Batches taken apart: `stored` counts the values in `rows`, each as often as it was sent."""

    rows: list[Rows]
    gaps: list[tuple[Batch, Gap]]
    rejected: list[Rejected]
    stored: int


def take(batches: Sequence[Batch]) -> Intake:
    """Take batches apart, setting aside what cannot be stored: unusable names, NaN, infinities, times out of range."""
    intake = Intake([], [], [], 0)
    for batch in batches:
        for table in batch.tables:
            rows = _take_table(batch, table, intake.rejected)
            if rows is not None:
                intake.rows.append(rows)
        for gap in batch.gaps:
            reason = _unusable(batch.site, gap.kind, gap.device, gap.channel) or _outside(gap)
            if reason:
                series = Series(batch.site, gap.kind, gap.device, gap.channel)
                intake.rejected.append(Rejected(batch, series, 0, f"declared gap not recorded: {reason}"))
            else:
                intake.gaps.append((batch, _one_line(gap)))
    stored = sum(int(np.count_nonzero(~np.isnan(rows.values))) for rows in intake.rows)
    return replace(intake, stored=stored)


def _take_table(batch: Batch, table: Table, rejected: list[Rejected]) -> Rows | None:
    usable: dict[str, list[float | None]] = {}
    for channel, column in table.columns.items():
        reason = _unusable(batch.site, table.kind, table.device, channel)
        if not reason:
            usable[channel] = column
        elif held := len(column) - column.count(None):
            series = Series(batch.site, table.kind, table.device, channel)
            rejected.append(Rejected(batch, series, held, reason))
    if not usable or not table.times:
        return None
    inside = min(table.times) >= MIN_TIME and max(table.times) <= MAX_TIME
    # A time beyond 64 bits has no place in the array; 0 stands in for it until its rows are set aside.
    times = np.array(
        [t if MIN_TIME <= t <= MAX_TIME else 0 for t in table.times] if not inside else table.times, np.int64
    )
    rows = Rows(batch, table.kind, table.device, tuple(usable), times, np.array(list(usable.values()), np.float64))
    if inside and not _has_bad_values(rows, usable):
        return rows
    kept = np.array([MIN_TIME <= t <= MAX_TIME for t in table.times])
    rejected.extend(_bad(rows, usable, kept))
    cleaned = np.where(np.isfinite(rows.values), rows.values, np.nan)
    return replace(rows, times=times[kept], values=cleaned[:, kept])


def _has_bad_values(rows: Rows, columns: dict[str, list[float | None]]) -> bool:
    holes = sum(column.count(None) for column in columns.values())
    return int(np.count_nonzero(~np.isfinite(rows.values))) != holes


def _bad(rows: Rows, columns: dict[str, list[float | None]], kept: npt.NDArray[np.bool_]) -> Iterator[Rejected]:
    for row, (channel, column) in enumerate(columns.items()):
        present = np.array([value is not None for value in column])
        late = int(np.count_nonzero(present & ~kept))
        if late:
            reason = f"time outside {MIN_TIME} to {MAX_TIME} ms; check the gateway's clock"
            yield Rejected(rows.batch, rows.series(channel), late, reason)
        infinite = int(np.count_nonzero(present & kept & ~np.isfinite(rows.values[row])))
        if infinite:
            yield Rejected(rows.batch, rows.series(channel), infinite, "NaN or infinity is not a value")


def _outside(gap: Gap) -> str:
    if MIN_TIME <= gap.start <= gap.end <= MAX_TIME:
        return ""
    return f"from {gap.start} to {gap.end} is no range of times the store can hold"


def _one_line(gap: Gap) -> Gap:
    """Give the reason a form both engines can hold: line protocol cannot write newlines or a last backslash."""
    reason = _UNPRINTABLE.sub(" ", gap.reason.replace("\\", "/")).strip() or "unknown"
    return gap if reason == gap.reason else msgspec.structs.replace(gap, reason=reason)


@lru_cache(maxsize=16_384)
def _unusable(site: str, kind: str, device: str, channel: str) -> str:
    """Why no series can have these names; empty when one can."""
    try:
        for name, what in ((site, "site"), (kind, "kind"), (device, "device"), (channel, "channel")):
            check_name(name, what)
    except InvalidNameError as error:
        return str(error)
    if kind == GAP_KIND:
        return f"kind {kind!r} is reserved for declared gaps"
    if channel in _RESERVED_CHANNELS:
        return f"channel {channel!r} is reserved"
    return ""
