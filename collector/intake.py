"""Intake: what of a message may be stored, and what must be set aside and why. Pure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from telemetry import (
    BATCH,
    CHANNELS,
    MAX_BYTES,
    Batch,
    Channel,
    DamagedError,
    DecodeError,
    Gap,
    InvalidNameError,
    Table,
    channel,
    check_name,
    decode,
    has_checksum,
    parse_topic,
)

FUTURE_MS: Final = 5 * 60 * 1000
"""How far a gateway's clock may run ahead of ours [ms]."""
EARLIEST: Final = 946_684_800_000
"""2000-01-01 UTC: a time before it is a clock that was never set [ms since 1970-01-01 UTC]."""
_LARGEST: Final = 2**53
"""Beyond it, JSON numbers lose their last digit on the way."""


class Reason(enum.StrEnum):
    """Why something is in quarantine."""

    TOPIC = "topic"
    """The topic names no site and gateway."""
    OVERSIZED = "oversized"
    """More bytes than a message may have."""
    MALFORMED = "malformed"
    """Not JSON, or not a batch."""
    DAMAGED = "damaged"
    """Its checksum is that of other bytes, and it is sent so again and again."""
    TOPIC_MISMATCH = "topic_mismatch"
    """Sent under the topic of another gateway."""
    DUPLICATE_TABLE = "duplicate_table"
    """Two tables of one device with the same channel: which one is right cannot be known."""
    NOT_FINITE = "not_finite"
    """NaN or an infinity, which are no values."""
    WRONG_TYPE = "wrong_type"
    """Text or a truth value where a number belongs."""
    UNKNOWN_DEVICE = "unknown_device"
    """A device that neither the configuration nor its gateway's birth names, where such are not wanted."""
    INVALID_NAME = "invalid_name"
    """A device or kind that cannot be a tag."""
    UNKNOWN_CHANNEL = "unknown_channel"
    """A channel outside the registry."""
    FUTURE = "future"
    """Read later than now: a clock runs ahead."""
    PAST = "past"
    """Read before 2000: a clock was never set. Or older than this collector is told to take."""
    OUT_OF_RANGE = "out_of_range"
    """Outside the channel's plausible range."""
    INVALID_GAP = "invalid_gap"
    """A gap that ends before it begins, or of no known series."""
    TYPE_CONFLICT = "type_conflict"
    """The database holds this field as another type."""
    STORE = "store"
    """The database refused it."""
    UNPROCESSABLE = "unprocessable"
    """It made the collector or the store fail; a defect to report."""


class Refusal(NamedTuple):
    """Something set aside.

    Attributes
    ----------
    reason, detail
        Why: in one word, and in a sentence.
    part
        ``kind/device/channel`` of the readings; empty for the whole message.
    readings
        How many readings are set aside; 0 where that cannot be known.
    content
        The part as JSON; empty for the whole message, whose payload is kept instead.
    """

    reason: Reason
    detail: str
    part: str = ""
    readings: int = 0
    content: bytes = b""


class Sender(NamedTuple):
    """Whom to tell that a batch is safe."""

    site: str
    gateway: str
    epoch: str
    seq: int


class Intake(NamedTuple):
    """A message taken apart.

    Attributes
    ----------
    sender
        Whom to answer; None when the message does not tell.
    batch
        What may be stored; None when nothing may.
    refusals
        What may not.
    doubtful
        The checksum does not fit: perhaps this is not what was sent, and `sender` is somebody else.
    filed
        Topic under which refused parts are kept and replayed; the message's own unless given.
    """

    sender: Sender | None
    batch: Batch | None
    refusals: list[Refusal]
    doubtful: bool = False
    filed: str = ""


def take_apart(topic: str, payload: bytes, now: int) -> Intake:
    """Decide what of a message may be stored at `now` [ms since 1970-01-01 UTC]."""
    try:
        address = parse_topic(topic)
    except InvalidNameError as error:
        return Intake(None, None, [Refusal(Reason.TOPIC, str(error))])
    if address.kind != BATCH:
        return Intake(None, None, [Refusal(Reason.TOPIC, f"topic {topic!r} carries no batches")])
    try:
        batch = decode(payload, Batch)
    except DamagedError as error:
        reason = Reason.DAMAGED if has_checksum(payload) else Reason.MALFORMED
        return Intake(find_sender(topic, payload), None, [Refusal(reason, str(error))], doubtful=True)
    except DecodeError as error:
        reason = Reason.OVERSIZED if len(payload) > MAX_BYTES else Reason.MALFORMED
        return Intake(find_sender(topic, payload), None, [Refusal(reason, str(error))])
    sender = Sender(address.site, address.gateway, batch.epoch, batch.seq)
    refusal = check_whole(batch, address.site, address.gateway)
    if refusal is not None:
        return Intake(sender, None, [refusal])
    kept, refusals = sift(batch, now)
    return Intake(sender, kept, refusals)


def sift(batch: Batch, now: int) -> tuple[Batch | None, list[Refusal]]:
    """Part a batch into what may be stored at `now` [ms since 1970-01-01 UTC], None for nothing, and what may not."""
    refusals: list[Refusal] = []
    tables = [kept for table in batch.tables if (kept := _kept(table, now, refusals)) is not None]
    gaps = [gap for gap in batch.gaps if _sound(gap, now, refusals)]
    if refusals:
        batch = msgspec.structs.replace(batch, tables=tables, gaps=gaps)
    # A batch that never held anything is as good as stored; one of which nothing is left is not.
    return (None if refusals and not tables and not gaps else batch), refusals


def check_whole(batch: Batch, site: str, gateway: str) -> Refusal | None:
    """Refuse a batch of another sender than its topic's, without a number, or with two values for one; else None."""
    if (batch.site, batch.gateway) != (site, gateway):
        told = f"says site {batch.site!r}, gateway {batch.gateway!r}; came as {site}/{gateway}"
        return Refusal(Reason.TOPIC_MISMATCH, told, readings=batch.readings)
    if not 1 <= batch.seq < _LARGEST:
        return Refusal(Reason.MALFORMED, f"seq {batch.seq} is not 1 or more - at `$.seq`", readings=batch.readings)
    tables = len(batch.tables)
    if tables < 2 or len({(table.kind, table.device) for table in batch.tables}) == tables:
        return None
    seen: set[tuple[str, str, str]] = set()
    for table in batch.tables:
        for name in table.names:
            if (table.kind, table.device, name) in seen:
                told = f"two tables of {table.kind} {table.device!r} with {name}"
                return Refusal(Reason.DUPLICATE_TABLE, told, readings=batch.readings)
            seen.add((table.kind, table.device, name))
    return None


def find_sender(topic: str, payload: bytes) -> Sender | None:
    """Find epoch and seq in a payload of any shape, so that a gateway need not send what is set aside for ever."""
    try:
        address = parse_topic(topic)
        found: Any = msgspec.json.decode(payload)
    except (InvalidNameError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    epoch, seq = found.get("epoch"), found.get("seq")
    if isinstance(epoch, str) and isinstance(seq, int) and not isinstance(seq, bool) and 1 <= seq < _LARGEST:
        return Sender(address.site, address.gateway, epoch, seq)
    return None


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
    refusal = _part(
        table, known.name, Reason.OUT_OF_RANGE, f"outside {known.low:g} to {known.high:g} {known.unit}",
        lambda _, value: not known.plausible(value),
    )  # fmt: skip
    if refusal is not None:
        refusals.append(refusal)
    return [value if value is not None and known.plausible(value) else None for value in column]


def _in_time(table: Table, now: int, refusals: list[Refusal]) -> Table | None:
    latest = now + FUTURE_MS
    early = "before 2000: set the gateway's clock"
    late = f"more than {FUTURE_MS // 60_000} min after {now}, the time here: set the gateway's clock"
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


def part_content(kind: str, device: str, name: str, found: list[tuple[int, float]]) -> bytes:
    """Readings of one series as they are kept in quarantine: JSON with device, kind, channel, times, values."""
    return msgspec.json.encode(
        {
            "device": device,
            "kind": kind,
            "channel": name,
            "times": [time for time, _ in found],
            "values": [value for _, value in found],
        }
    )


def _sound(gap: Gap, now: int, refusals: list[Refusal]) -> bool:
    problem = ""
    try:
        check_name(gap.device, "device")
        check_name(gap.kind, "kind")
        channel(gap.channel)
    except ValueError as error:
        problem = str(error)
    if not EARLIEST <= gap.start <= gap.end <= now + FUTURE_MS or not 0 <= gap.readings < _LARGEST:
        problem = problem or f"{gap.readings} readings from {gap.start} to {gap.end}"
    if problem:
        part = f"gap {gap.kind}/{gap.device}/{gap.channel}/{gap.start}"
        refusals.append(Refusal(Reason.INVALID_GAP, problem, part, 0, msgspec.json.encode(gap)))
    return not problem
