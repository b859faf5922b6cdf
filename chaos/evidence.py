"""The evidence of a run: journals, outboxes, quarantine, store and meters, as they are when everything has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

import msgspec

from chaos.journal import Entry, read
from chaos.meters import Meters
from chaos.plant import CHANNEL, GATEWAYS, KIND, SITE, Plant, device
from collector import Quarantine
from edge import Outbox
from storage import DuckStore, Store
from storage.influx import InfluxStore
from telemetry import Batch, DecodeError, Gap, Table, decode

Key = tuple[str, str, str, int]
"""Kind, device, channel, time: what may have one value only."""
_FOR_EVER: Final = 2**62
_ANSWERED_MS: Final = 5_000
"""A meter's clock is the reader's, but it looks at it a little earlier [ms]."""


@dataclass
class Written:
    """What the journals say: committed for certain, perhaps, and refused; and what was given up before an outbox."""

    certain: dict[Key, float] = field(default_factory=dict)
    perhaps: dict[Key, float] = field(default_factory=dict)
    refused: dict[Key, float] = field(default_factory=dict)
    given_up: int = 0
    perhaps_given_up: int = 0
    stepped: list[Gap] = field(default_factory=list)


@dataclass
class Found:
    """What is where at the end."""

    stored: dict[Key, float]
    twice: int
    waiting: set[Key]
    aside: set[Key]
    gaps: list[Gap]
    read: int
    gap_readings: int


def written(plant: Plant) -> Written:
    """Read the journals."""
    found = Written()
    for gateway in GATEWAYS:
        _take_journal(found, read(plant.journal(gateway)))
    return found


def _take_journal(written: Written, lives: Iterable[list[Entry]]) -> None:
    for life in lives:
        ends = {entry.number: entry.event for entry in life if entry.event in {"done", "failed"}}
        for entry in life:
            if entry.event != "put":
                continue
            end = ends.get(entry.number)
            kept = {"done": written.certain, "failed": written.refused}.get(end or "", written.perhaps)
            kept.update((key, value) for key, value in _readings(entry.tables))
            lost = sum(gap.readings for gap in entry.gaps)
            written.stepped += [gap for gap in entry.gaps if gap.reason == "clock_stepped"]
            if end == "done":
                written.given_up += lost
            elif end is None:
                written.perhaps_given_up += lost


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
    read_, gap_readings = 0, 0
    for gateway in GATEWAYS:
        with closing(Outbox(plant.outbox(gateway), SITE, gateway)) as outbox:
            for pending in outbox.after(0, limit=1_000_000):
                batch = decode(pending.payload, Batch)
                waiting.update(key for key, _ in _readings(batch.tables))
                gaps += batch.gaps
            read_ += outbox.counters.read
            gap_readings += outbox.counters.gap
    with closing(_store(plant)) as store:
        stored, twice = _stored(store)
        gaps += store.gaps(SITE, 0, _FOR_EVER)
    return Found(stored, twice, waiting, _set_aside(plant), gaps, read_, gap_readings)


def _store(plant: Plant) -> Store:
    if plant.engine == "influx":
        return InfluxStore(f"http://127.0.0.1:{plant.database_port}")
    return DuckStore(plant.server_folder / "readings.duckdb")


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


def held_against_meters(
    plant: Plant, known: Mapping[Key, float], stepped: Sequence[Gap]
) -> tuple[list[str], list[float]]:
    """Hold what the meters answered against the journals.

    Returns
    -------
    tuple[list[str], list[float]]
        A sentence per number that no journal has though it has a later one of that life (but none for what was read
        while the clock stood in a time already used: that is `stepped`, a declared gap); and the ages of those after
        the last, when the life ended [s].
    """
    numbers: dict[str, set[float]] = {}
    for (kind, device_, channel, _), value in known.items():
        if (kind, channel) == (KIND, CHANNEL):
            numbers.setdefault(device_, set()).add(value)
    holes: list[str] = []
    ages: list[float] = []
    for gateway, meters in plant.meters.items():
        for (_, unit), answers in _by_life(meters).items():
            name = device(gateway, unit)
            seen = numbers.get(name, set())
            kept = max((index for index, (number, _) in enumerate(answers) if number in seen), default=-1)
            holes += [
                f"{name} answered {number} at {at:.3f}, and {answers[kept][0]} later in the same life"
                for number, at in answers[: max(kept, 0)]
                if number not in seen and not any(_near(gap, name, at) for gap in stepped)
            ]
            ages += [answers[-1][1] - at for _, at in answers[kept + 1 :]]
    return holes, ages


def _near(gap: Gap, device_: str, at: float) -> bool:
    return gap.device == device_ and gap.start - _ANSWERED_MS <= 1000 * at <= gap.end + _ANSWERED_MS


def _by_life(meters: Meters) -> dict[tuple[int, int], list[tuple[int, float]]]:
    """Numbers and their times by connection and unit; a gateway opens one connection in its life."""
    lives: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for answer in meters.answers:
        lives.setdefault((answer.connection, answer.unit), []).append((answer.number, answer.at))
    return lives
