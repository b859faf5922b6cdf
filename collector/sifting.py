"""Sifting: which readings of a batch may be stored, looked at one by one, and why the others may not. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

import msgspec

from collector.refusals import Reason, Refusal, part_content
from telemetry import CHANNELS, Batch, Channel, Gap, InvalidNameError, Table, channel, check_name

FUTURE_MS: Final = 5 * 60 * 1000
"""How far a gateway's clock may run ahead of ours [ms]."""
EARLIEST: Final = 946_684_800_000
"""2000-01-01 UTC: a time before it is a clock that was never set [ms since 1970-01-01 UTC]."""
LARGEST: Final = 2**53
"""Beyond it, JSON numbers lose their last digit on the way."""


def sift(batch: Batch, now: int) -> tuple[Batch | None, list[Refusal]]:
    """Part a batch into what may be stored at `now` [ms since 1970-01-01 UTC], None for nothing, and what may not."""
    refusals: list[Refusal] = []
    tables = [kept for table in batch.tables if (kept := _kept(table, now, refusals)) is not None]
    gaps = [gap for gap in batch.gaps if _sound(gap, now, refusals)]
    if refusals:
        batch = msgspec.structs.replace(batch, tables=tables, gaps=gaps)
    # A batch that never held anything is as good as stored; one of which nothing is left is not.
    return (None if refusals and not tables and not gaps else batch), refusals


def _kept(table: Table, now: int, refusals: list[Refusal]) -> Table | None:
    """Part of a table that may be stored; None when nothing of it may."""
    try:
        check_name(table.device, "device")
        check_name(table.kind, "kind")
    except InvalidNameError as error:
        refusals.extend(_columns(table, Reason.INVALID_NAME, str(error)))
        return None
    if _plausible(table) and (not table.times or EARLIEST <= table.times[0] <= table.times[-1] <= now + FUTURE_MS):
        return table
    kept: dict[str, list[float | None]] = {}
    columns = table.columns
    for name, column in columns.items():
        known = CHANNELS.get(name)
        if known is None:
            refusals.extend(_columns(table, Reason.UNKNOWN_CHANNEL, _unknown(name), only=name))
        else:
            kept[name] = _in_range(table, known, column, refusals)
    if table.times and (table.times[0] < EARLIEST or table.times[-1] > now + FUTURE_MS):
        return _in_time(_with(table, table.times, kept), now, refusals)
    if len(kept) == len(columns) and all(kept[name] is columns[name] for name in kept):
        return table
    return _nothing_hollow(table, table.times, kept)


def _with(table: Table, times: list[int], columns: dict[str, list[float | None]]) -> Table:
    return Table.of(table.device, table.kind, times, columns, table.clock)


def _plausible(table: Table) -> bool:
    """Whether every channel is known and every value in its range: so it is with nearly every table."""
    ranges = _ranges(table.names)
    if ranges is None:
        return False
    for (low, high), column in zip(ranges, table.columns.values(), strict=True):
        for value in column:
            if value is not None and not low <= value <= high:
                return False
    return True


@lru_cache(maxsize=512)
def _ranges(names: tuple[str, ...]) -> tuple[tuple[float, float], ...] | None:
    """Lowest and highest plausible value of each channel; None when one is unknown."""
    known = [CHANNELS.get(name) for name in names]
    return tuple((each.low, each.high) for each in known if each is not None) if None not in known else None


def _unknown(name: str) -> str:
    try:
        channel(name)
    except ValueError as error:
        return str(error)
    return ""


def _in_range(table: Table, known: Channel, column: list[float | None], refusals: list[Refusal]) -> list[float | None]:
    values = [value for value in column if value is not None]
    if not values or (known.low <= min(values) and max(values) <= known.high):
        return column
    outside = f"outside {known.low:g} to {known.high:g}"
    refusal = _part(
        table, known.name, Reason.OUT_OF_RANGE, outside if known.unit == "1" else f"{outside} {known.unit}",
        lambda _, value: not known.plausible(value),
    )  # fmt: skip
    if refusal is not None:
        refusals.append(refusal)
    return [value if value is not None and known.plausible(value) else None for value in column]


def _in_time(table: Table, now: int, refusals: list[Refusal]) -> Table | None:
    latest = now + FUTURE_MS
    early = "before 2000: set the gateway's clock"
    here = f"{dt.datetime.fromtimestamp(now / 1000, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    late = f"more than {FUTURE_MS // 60_000} min after {here}, the time here: set the gateway's clock"
    refusals.extend(_columns(table, Reason.PAST, early, lambda time, _: time < EARLIEST))
    refusals.extend(_columns(table, Reason.FUTURE, late, lambda time, _: time > latest))
    rows = [row for row, time in enumerate(table.times) if EARLIEST <= time <= latest]
    columns = {name: [column[row] for row in rows] for name, column in table.columns.items()}
    return _nothing_hollow(table, [table.times[row] for row in rows], columns)


def _nothing_hollow(table: Table, times: list[int], columns: dict[str, list[float | None]]) -> Table | None:
    """A table of these, without columns that have no reading left; None without any."""
    kept = {name: column for name, column in columns.items() if column.count(None) < len(column)}
    return _with(table, times, kept) if kept else None


def _columns(
    table: Table, reason: Reason, detail: str, test: Callable[[int, float], bool] = lambda *_: True, only: str = ""
) -> Iterator[Refusal]:
    for name in [only] if only else table.names:
        refusal = _part(table, name, reason, detail, test)
        if refusal is not None:
            yield refusal


def _part(table: Table, name: str, reason: Reason, detail: str, test: Callable[[int, float], bool]) -> Refusal | None:
    """Refuse the readings of one series that meet `test` (time, value); None when there are none."""
    found = [
        (time, value)
        for time, value in zip(table.times, table.columns[name], strict=True)
        if value is not None and test(time, value)
    ]
    if not found:
        return None
    return Refusal(
        reason,
        detail,
        f"{table.kind}/{table.device}/{name}",
        len(found),
        part_content(table.kind, table.device, name, found),
    )


def _sound(gap: Gap, now: int, refusals: list[Refusal]) -> bool:
    problem = ""
    try:
        check_name(gap.device, "device")
        check_name(gap.kind, "kind")
        channel(gap.channel)
    except ValueError as error:
        problem = str(error)
    if not EARLIEST <= gap.start <= gap.end <= now + FUTURE_MS or not 0 <= gap.readings < LARGEST:
        problem = problem or f"{gap.readings} readings from {gap.start} to {gap.end}"
    if problem:
        part = f"gap {gap.kind}/{gap.device}/{gap.channel}/{gap.start}"
        refusals.append(Refusal(Reason.INVALID_GAP, problem, part, 0, msgspec.json.encode(gap)))
    return not problem
