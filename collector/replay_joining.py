"""Entries of the quarantine as the readings they hold, and those of many entries as one batch.

Each entry by itself costs the store a question and a commit, so that a night's worth of them would take an hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from collector.admission import Rules, admit
from collector.intake import Intake
from collector.quarantine import Asked
from collector.quarantine_entry import Entry, names
from collector.refusals import Reason, Refusal
from telemetry import Batch, Gap, Table, encode

_EPOCH: Final = "replay"
"""Under which no gateway is acknowledged anything: it was, when the readings were set aside."""
_GAP: Final = "gap "

_Series = tuple[str, str, str]
"""Device, kind, channel."""


class _Part(msgspec.Struct):
    device: str
    kind: str
    channel: str
    times: list[int]
    values: list[float]


class Joined(NamedTuple):
    """What the first of several entries hold, as one batch, and how many readings each of them has, by its id."""

    batch: Batch
    readings: dict[int, int]


def join(waiting: Sequence[Asked], now: int, rules: Rules) -> Joined | None:
    """Join the first entries that may be stored as they are, of one site and each of moments of its own.

    None when there are not two of them. Which entries these are, their order says: what is behind one that is to be
    looked at by itself waits until it was.
    """
    place, readings = ("", ""), dict[int, int]()
    found: dict[_Series, dict[int, float]] = defaultdict(dict)
    for asked in waiting:
        entry = asked.entry
        if asked.overwrite or not entry.part or entry.part.startswith(_GAP):
            break
        intake = taken_apart(entry, asked.at or now, rules)
        if intake.batch is None or intake.refusals or len(intake.batch.tables) != 1:
            break
        (table,) = intake.batch.tables
        ((channel, column),) = table.columns.items()
        there = found[table.device, table.kind, channel]
        here = {time: value for time, value in zip(table.times, column, strict=True) if value is not None}
        if (readings and place != (intake.batch.site, intake.batch.gateway)) or there.keys() & here.keys():
            break
        place = intake.batch.site, intake.batch.gateway
        there.update(here)
        readings[entry.id] = len(here)
    if len(readings) < 2:
        return None
    tables = [
        Table.of(device, kind, sorted(there), {channel: [there[time] for time in sorted(there)]})
        for (device, kind, channel), there in found.items()
        if there
    ]
    return Joined(Batch(*place, _EPOCH, 1, tables), readings)


def taken_apart(entry: Entry, at: int, rules: Rules) -> Intake:
    """What an entry holds, judged anew by the time `at` [ms since 1970-01-01 UTC]."""
    if not entry.part:
        return admit(entry.topic, entry.content, at, rules, entry.received)
    site, gateway, _ = names(entry.topic, entry.part)
    try:
        if entry.part.startswith(_GAP):
            batch = Batch(site, gateway, _EPOCH, 1, [], [msgspec.json.decode(entry.content, type=Gap)])
        else:
            part = msgspec.json.decode(entry.content, type=_Part)
            table = Table.of(part.device, part.kind, part.times, {part.channel: list(part.values)})
            batch = Batch(site, gateway, _EPOCH, 1, [table])
        return admit(entry.topic, encode(batch), at, rules)
    except (msgspec.DecodeError, ValueError):
        # What is no number does not become one; the reason it is here for still holds.
        return Intake(
            None, None, [Refusal(Reason(entry.reason), entry.detail, entry.part, entry.readings, entry.content)]
        )
