"""The evidence of a run: journals, outboxes, quarantine, store and meters, as they are when everything has ended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

import msgspec

from chaos.journal import Entry
from chaos.plant import CHANNEL, GATEWAYS, KIND, SITE, Plant
from collector import Quarantine
from edge import Outbox
from storage import Store, open_store
from telemetry import Batch, DecodeError, Gap, Table, decode

Key = tuple[str, str, str, int]
"""Kind, device, channel, time: what may have one value only."""
_FOR_EVER: Final = 2**62


@dataclass
class Written:
    """What the journals say of the gateways' lives.

    Committed for certain, perhaps, and refused; how many readings were given up before an outbox, and put as gaps or
    written down beside it (`edge.outbox_refused`); what was read and never put though a later reading of that device
    was, or though its gateway was not killed; what was put with another value than was read; and the ages of what a
    kill took before it was put, when it was killed [s].
    """

    certain: dict[Key, float] = field(default_factory=dict)
    perhaps: dict[Key, float] = field(default_factory=dict)
    refused: dict[Key, float] = field(default_factory=dict)
    given_up: int = 0
    perhaps_given_up: int = 0
    skipped: list[Key] = field(default_factory=list)
    changed: list[Key] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)


@dataclass
class Found:
    """What is where at the end; `read`, `acked` and `gap_readings` are the gateways' own figures [readings]."""

    stored: dict[Key, float]
    twice: int
    waiting: set[Key]
    aside: set[Key]
    gaps: list[Gap]
    read: int
    acked: int
    gap_readings: int


def written(journals: Mapping[str, Sequence[Sequence[Entry]]], killed_at: Mapping[str, Sequence[float]]) -> Written:
    """Take in the journals, by gateway and life, and when each gateway was killed [s since 1970]."""
    found = Written()
    for gateway, lives in journals.items():
        _take_journal(found, lives, killed_at[gateway])
    return found


def _take_journal(written: Written, lives: Sequence[Sequence[Entry]], killed_at: Sequence[float]) -> None:
    for number, life in enumerate(lives):
        until = lives[number + 1][0].at if number + 1 < len(lives) else math.inf
        _compare(written, life, killed=any(life[-1].at <= at <= until for at in killed_at))
        ends = {entry.number: entry.event for entry in life if entry.event in {"done", "failed"}}
        refused = 0  # by the latest puts, and not part of one that was done since
        for entry in life:
            if entry.event != "put":
                continue
            end = ends.get(entry.number)
            kept = {"done": written.certain, "failed": written.refused}.get(end or "", written.perhaps)
            there = dict(_readings(entry.tables))
            kept.update(there)
            lost = sum(gap.readings for gap in entry.gaps)
            if end == "done":
                written.given_up += lost
                refused = 0
            elif end == "failed":
                refused = lost + len(there)
            else:
                written.perhaps_given_up += max(0, lost - refused)
        written.given_up += refused


def _compare(written: Written, life: Sequence[Entry], *, killed: bool) -> None:
    """Hold what was read in one life against what was put; a life that no kill ended has no excuse."""
    put = {key: value for entry in life if entry.event == "put" for key, value in _readings(entry.tables)}
    read = [(key, value, entry.at) for entry in life if entry.event == "read" for key, value in _readings(entry.tables)]
    last = {key[:3]: index for index, (key, _, _) in enumerate(read) if key in put}
    for index, (key, value, at) in enumerate(read):
        if put.get(key, value) != value:
            written.changed.append(key)
        if key not in put and (not killed or index < last.get(key[:3], -1)):
            written.skipped.append(key)
        elif key not in put:
            written.ages.append(life[-1].at - at)


def _readings(tables: Iterable[Table]) -> Iterator[tuple[Key, float]]:
    for table in tables:
        for channel, column in table.columns.items():
            for time, value in zip(table.times, column, strict=True):
                if value is not None:
                    yield (table.kind, table.device, channel, time), value


def look(plant: Plant) -> Found:
    """Read outboxes, quarantine and store."""
    waiting: set[Key] = set()
    gaps: list[Gap] = []
    read_ = acked = gap_readings = 0
    for gateway in GATEWAYS:
        with closing(Outbox(plant.outbox(gateway), SITE, gateway)) as outbox:
            for pending in outbox.after(0, limit=1_000_000):
                batch = decode(pending.payload, Batch)
                waiting.update(key for key, _ in _readings(batch.tables))
                gaps += batch.gaps
            read_ += outbox.counters.read
            acked += outbox.counters.acked
            gap_readings += outbox.counters.gap
    with closing(open_store(plant.store)) as store:
        stored, twice = _stored(store)
        gaps += store.gaps(SITE, 0, _FOR_EVER)
    return Found(stored, twice, waiting, _set_aside(plant), gaps, read_, acked, gap_readings)


def _stored(store: Store) -> tuple[dict[Key, float], int]:
    """Every value of the store; and how many are there twice: under one time, or one meter's number under two."""
    stored: dict[Key, float] = {}
    twice = store.duplicates()
    for series in store.series(SITE):
        times, values = store.read(series, 0, _FOR_EVER)
        for time, value in zip(times.tolist(), values.tolist(), strict=True):
            stored[series.kind, series.device, series.channel, time] = value
        if (series.kind, series.channel) == (KIND, CHANNEL):
            twice += len(values) - len(set(values.tolist()))
    return stored, twice


def _set_aside(plant: Plant) -> set[Key]:
    """Readings in quarantine, as far as what is kept of them can be read."""
    aside: set[Key] = set()
    with closing(Quarantine(plant.server_folder / "quarantine.sqlite")) as quarantine:
        for entry in quarantine.list(limit=1_000_000):
            if entry.part:
                part = msgspec.json.decode(entry.content)
                aside.update((part["kind"], part["device"], part["channel"], time) for time in part.get("times", ()))
                continue
            try:
                batch = decode(entry.content, Batch)
            except DecodeError:
                continue
            aside.update(key for key, _ in _readings(batch.tables))
    return aside


def covered(gaps: Iterable[Gap], key: Key) -> bool:
    """Whether one of the gaps says that this reading is lost."""
    kind, device_, channel, time = key
    return any(
        (gap.kind, gap.device, gap.channel) == (kind, device_, channel) and gap.start <= time <= gap.end for gap in gaps
    )
