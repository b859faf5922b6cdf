"""Refusals: what is set aside of a message, and why."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

import msgspec


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


def newest_of_the_future(refusals: Sequence[Refusal]) -> int:
    """Time of a newest reading that is refused for being of the future [ms since 1970-01-01 UTC]; 0 without any."""
    for refusal in refusals:
        if refusal.reason is Reason.FUTURE:
            return msgspec.json.decode(refusal.content, type=_Times).times[-1]
    return 0


class _Times(msgspec.Struct):
    times: list[int]
