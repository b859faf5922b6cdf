"""A trial: what a mapping would make of a message, told in full and stored nowhere."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from collector.foreign.batch import to_batch
from collector.foreign.hints import Hint, hints
from collector.foreign.mappings import Mappings
from collector.foreign.translate import Row, Why, applying, translate
from collector.sifting import sift
from telemetry import Batch, channel

_MOST_HINTS: Final = 40
_HALF_HOUR_MS: Final = 1_800_000
_SOON_MS: Final = 60_000
"""Within which a message arrives whose sender's clock is right [ms]."""
_FARTHEST_MS: Final = 26 * 3_600_000
"""No two places' clocks are further apart [ms]."""


class TriedValue(msgspec.Struct, frozen=True):
    """One channel: where its value stands, what stands there in the sender's unit, and what it becomes in ours.

    `value` is None where it would be set aside.
    """

    channel: str
    path: str
    said: str
    said_unit: str
    value: float | None
    unit: str


class TriedReading(msgspec.Struct, frozen=True):
    """Readings of one device at one time.

    Attributes
    ----------
    line
        Of the rule in its file.
    device, kind, named
        The device, its kind, and its name in the message.
    time, time_said
        [ms since 1970-01-01 UTC], and what the message says; empty where it tells none and its arrival counts.
    values
        Channels, in the rule's order.
    missing
        Channels that the rule maps and this message does not hold.
    apart_ms
        How far behind its arrival its time is [ms], where that is in whole half-hours: perhaps it is read in another
        zone than it was written in. 0 otherwise, and unless the message has just arrived.
    """

    line: int
    device: str
    kind: str
    named: str
    time: int
    time_said: str
    values: list[TriedValue]
    missing: list[str]
    apart_ms: int = 0


class TriedRefusal(msgspec.Struct, frozen=True):
    """What would be set aside: ``kind/device/channel`` (empty for the message), why, and how many readings."""

    part: str
    reason: str
    detail: str
    readings: int


class TriedRule(msgspec.Struct, frozen=True):
    """A rule of the message's topic that does not apply to it: its line, which condition is not met, and its path."""

    line: int
    why: Why
    path: str


class Trial(msgspec.Struct, frozen=True):
    """What became of a message.

    Attributes
    ----------
    topic
        Of the message.
    mapping, file, pattern
        Which mapping and topic pattern took it; empty when none does.
    site, gateway
        Where its readings belong.
    readings, refused
        What would be stored, and what would be set aside. A refused channel stands in both.
    stored
        How many values would be stored.
    unmapped
        Numbers of the message that no rule which applies reads, with a channel that each may be.
    idle
        Rules of the topic that do not apply.
    left
        Why a collector would leave the message alone (count it and go on), whatever it holds: no rule takes its topic,
        or the broker retained it and it tells no time. Empty unless it would.
    taken
        Topics that rules do take, where none takes this one.
    """

    topic: str
    mapping: str = ""
    file: str = ""
    pattern: str = ""
    site: str = ""
    gateway: str = ""
    readings: list[TriedReading] = []
    refused: list[TriedRefusal] = []
    stored: int = 0
    unmapped: list[Hint] = []
    idle: list[TriedRule] = []
    left: Literal["", "no_rule", "retained"] = ""
    taken: list[str] = []


def try_message(
    mappings: Mappings, topic: str, payload: bytes, received: int, *, retained: bool = False, live: bool = False
) -> Trial:
    """Take a message apart as a collector would at `received` [ms since 1970-01-01 UTC]; `live` if it came then."""
    taken = mappings.route(topic)
    if taken is None:
        return Trial(topic, left="no_rule", taken=[*dict.fromkeys(each.pattern.text for each in mappings.routes)])
    route, parts = taken
    told = translate(route, parts, payload, received)
    batch, refusals = to_batch(told, timed=route.timed)
    if batch is not None:
        batch, more = sift(batch, received)
        refusals += more
    rules, idle = applying(route, told.document) if told.document is not None else ([], [])
    left: Literal["", "retained"] = "" if route.timed or not retained else "retained"
    return Trial(
        topic, route.mapping, route.source, route.pattern.text, told.site, told.gateway,
        [_reading(row, _held(batch), _apart(row, received) if live else 0) for row in told.rows],
        [TriedRefusal(each.part, each.reason.value, each.detail, each.readings) for each in refusals],
        batch.readings if batch is not None and not left else 0,
        hints(rules, told.document, _MOST_HINTS) if told.document is not None else [],
        [TriedRule(rule.line, why, path) for rule, why, path in idle],
        left,
    )  # fmt: skip


_Held = set[tuple[str, str, str, int]]
"""Kind, device, channel and time [ms since 1970-01-01 UTC] of readings that would be stored."""


def _held(batch: Batch | None) -> _Held:
    return {
        (table.kind, table.device, name, time)
        for table in (batch.tables if batch is not None else ())
        for name, column in table.columns.items()
        for time, value in zip(table.times, column, strict=True)
        if value is not None
    }


def _apart(row: Row, received: int) -> int:
    behind = received - row.time
    apart = round(behind / _HALF_HOUR_MS) * _HALF_HOUR_MS
    return apart if abs(behind - apart) <= _SOON_MS and abs(apart) <= _FARTHEST_MS else 0


def _reading(row: Row, held: _Held, apart_ms: int) -> TriedReading:
    values = [
        TriedValue(
            found.channel, found.path, found.said, found.unit,
            found.value if (row.kind, row.device, found.channel, row.time) in held else None,
            channel(found.channel).unit,
        )
        for found in row.found
    ]  # fmt: skip
    missing = list(row.missing)
    return TriedReading(row.line, row.device, row.kind, row.name, row.time, row.said, values, missing, apart_ms)
