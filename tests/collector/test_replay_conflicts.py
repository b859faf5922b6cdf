"""A replay leaves what has come into the store meanwhile: of two values for one moment, both stay to be seen."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from collector import Choice, Entry, Quarantine
from collector.admission import Rules
from collector.counters import Tally
from collector.refusals import Reason, Refusal, part_content
from collector.replay import replay
from storage import DuckStore, Series, Store, StoreUnavailableError, Times, Values
from storage.influx import InfluxStore
from telemetry import Batch, Table, encode
from tests.collector.parts import MAIN, SITE, Tripwire, now_ms
from tests.parts import Database
from tests.storage.parts import ask_influx

TOPIC = f"wattproof/1/{SITE}/gw-1/batch"
PART = "power_meter/main/active_power_w"
AT = 1_767_225_600_000
"""2026-01-01 00:00 UTC."""


@pytest.fixture(params=["duck", "influx"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "duck":
        opened: Store = DuckStore(tmp_path / "readings.duckdb")
        yield opened
        opened.close()
        return
    server: Database = request.getfixturevalue("influxdb")
    opened = InfluxStore(server.url, database="conflicts")
    yield opened
    opened.close()
    ask_influx(server.url, "DROP DATABASE conflicts")


def aside(quarantine: Quarantine, values: Sequence[float]) -> None:
    """Readings of MAIN from AT, one a second, that were set aside as of an unknown device."""
    found = [(AT + 1000 * row, value) for row, value in enumerate(values)]
    content = part_content(MAIN.kind, MAIN.device, MAIN.channel, found)
    refusal = Refusal(Reason.UNKNOWN_DEVICE, "nobody names it", PART, len(values), content)
    quarantine.add(TOPIC, b"a message", AT, [refusal])


def corrected(store: Store, row: int, value: float) -> None:
    table = Table.of(MAIN.device, MAIN.kind, [AT + 1000 * row], {MAIN.channel: [value]})
    store.write([Batch(SITE, "gw-1", "epoch", 9, [table])])


def stored(store: Store, series: Series = MAIN) -> list[float]:
    values: list[float] = store.read(series, AT, AT + 60_000)[1].tolist()
    return values


def again(store: Store, quarantine: Quarantine, choice: Choice | None = None, *, overwrite: bool = False) -> int:
    quarantine.ask(choice or Choice(), overwrite=overwrite)
    return replay(store, quarantine, Rules(), Tally(), now_ms())


def by_state(quarantine: Quarantine) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in quarantine.list():
        found.setdefault(entry.state, []).append(entry)
    return found


def in_content(entry: Entry) -> tuple[list[float], list[float]]:
    told = msgspec.json.decode(entry.content)
    return told["values"], told["in_store"]


def test_what_came_into_the_store_meanwhile_stays_and_both_values_are_told(
    engine: Store, quarantine: Quarantine
) -> None:
    aside(quarantine, [1.0, 2.0, 3.0])
    corrected(engine, 1, 20.5)
    assert again(engine, quarantine) == 2
    assert stored(engine) == [1.0, 20.5, 3.0]
    found = by_state(quarantine)
    assert [entry.readings for entry in found["stored"]] == [2]
    (kept_out,) = found["superseded"]
    assert (kept_out.part, kept_out.readings, in_content(kept_out)) == (PART, 1, ([2.0], [20.5]))
    assert kept_out.note == "the store has 20.5 at 2026-01-01 00:00:01.000 UTC; this is 2.0"
    counters = quarantine.counters
    read, there = 4, engine.count()
    assert read == there + counters.readings
    assert (counters.readings, counters.superseded, counters.stored, counters.entries) == (1, 1, 2, 0)


def test_one_that_overwrites_keeps_what_it_replaces_and_can_be_undone(engine: Store, quarantine: Quarantine) -> None:
    aside(quarantine, [1.0, 2.0])
    corrected(engine, 1, 20.5)
    assert again(engine, quarantine, overwrite=True) == 2
    assert stored(engine) == [1.0, 2.0]
    (former,) = by_state(quarantine)["replaced"]
    assert in_content(former) == ([20.5], [2.0])
    assert "entry 1 replaced it by 2.0" in former.note
    assert quarantine.counters.readings == 1, "of three readings the store has two"
    assert again(engine, quarantine, overwrite=True) == 0, "only its number brings back what was replaced"
    assert again(engine, quarantine, Choice(ids=[former.id]), overwrite=True) == 1
    assert stored(engine) == [1.0, 20.5]
    assert quarantine.counters.readings == 1


def test_what_is_superseded_wholly_keeps_its_entry_and_can_be_stored_later(
    engine: Store, quarantine: Quarantine
) -> None:
    aside(quarantine, [2.0])
    corrected(engine, 0, 20.5)
    assert again(engine, quarantine) == 0
    (entry,) = quarantine.list()
    assert (entry.id, entry.state, entry.reason, entry.readings) == (1, "superseded", "unknown_device", 1)
    assert again(engine, quarantine) == 0, "what is decided is not asked for again"
    assert quarantine.list() == [entry]
    assert again(engine, quarantine, overwrite=True) == 1
    assert stored(engine) == [2.0]
    assert {state: [entry.readings for entry in found] for state, found in by_state(quarantine).items()} == {
        "stored": [1],
        "replaced": [1],
    }


def test_the_same_value_is_no_conflict(engine: Store, quarantine: Quarantine) -> None:
    aside(quarantine, [0.1 + 0.2, 2.0])
    corrected(engine, 0, 0.1 + 0.2)
    assert again(engine, quarantine) == 2
    assert (engine.count(), quarantine.counters.readings) == (2, 0)


def test_of_a_whole_message_only_what_is_in_conflict_stays_out(store: Store, quarantine: Quarantine) -> None:
    now = now_ms()
    table = Table.of(
        "main", "power_meter", [now - 9_000, now], {"active_power_w": [1.0, 2.0], "frequency_hz": [50, 51]}
    )
    message = encode(Batch(SITE, "gw-1", "epoch", 1, [table]))
    quarantine.add(TOPIC, message, now, [Refusal(Reason.UNPROCESSABLE, "a defect", "", 4)])
    store.write([Batch(SITE, "gw-1", "epoch", 2, [Table.of("main", "power_meter", [now], {"frequency_hz": [49.9]})])])
    assert again(store, quarantine) == 3
    assert store.read(MAIN, 0, now + 1)[1].tolist() == [1.0, 2.0]
    found = by_state(quarantine)
    assert [(entry.part, in_content(entry)) for entry in found["superseded"]] == [
        ("power_meter/main/frequency_hz", ([51], [49.9]))
    ]
    assert (found["stored"][0].readings, quarantine.counters.readings) == (3, 1)


@pytest.mark.parametrize("written", [False, True])
def test_whatever_ends_an_overwrite_halfway_what_the_store_had_is_kept_once(
    store: Store, quarantine: Quarantine, *, written: bool
) -> None:
    def away(batches: Sequence[Batch]) -> None:
        if written:
            store.write(batches)
        raise StoreUnavailableError("away")

    aside(quarantine, [2.0])
    corrected(store, 0, 20.5)
    with pytest.raises(StoreUnavailableError):
        again(Tripwire(store, away), quarantine, overwrite=True)
    assert replay(store, quarantine, Rules(), Tally(), now_ms()) == 1
    assert stored(store) == [2.0]
    assert [in_content(entry) for entry in by_state(quarantine)["replaced"]] == [([20.5], [2.0])]
    assert quarantine.counters.readings == 1


def test_what_a_store_refuses_has_replaced_nothing(engine: Store, quarantine: Quarantine) -> None:
    def defect(_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    aside(quarantine, [2.0])
    corrected(engine, 0, 20.5)
    assert again(Tripwire(engine, defect), quarantine, overwrite=True) == 0
    assert stored(engine) == [20.5]
    assert [(entry.reason, entry.state) for entry in quarantine.list()] == [("unprocessable", "held")]
    assert quarantine.counters.readings == 1


def test_readings_far_apart_are_compared_a_day_at_a_time(store: Store, quarantine: Quarantine) -> None:
    class Watched(Tripwire):
        longest = 0

        def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
            self.longest = max(self.longest, end - start)
            return store.read(series, start, end)

    times = [AT - 90 * 86_400_000, AT - 1, AT]
    content = part_content(MAIN.kind, MAIN.device, MAIN.channel, [(time, 1.0) for time in times])
    quarantine.add(TOPIC, b"x", AT, [Refusal(Reason.UNKNOWN_DEVICE, "", PART, 3, content)])
    corrected(store, 0, 7.0)
    watched = Watched(store)
    assert again(watched, quarantine) == 2
    assert 0 < watched.longest <= 86_400_000
    assert quarantine.counters.superseded == 1


def test_a_series_whose_values_cannot_be_read_stays_set_aside_and_holds_up_no_other(
    influxdb: Database, quarantine: Quarantine
) -> None:
    with closing(InfluxStore(influxdb.url, database="texts")) as store:
        other = Table.of("main", "power_meter", [AT], {"frequency_hz": [50.0]})
        store.write([Batch(SITE, "gw-1", "epoch", 1, [other])])
        line = f'power_meter,site={SITE},device=main active_power_w="abc" {AT}000000'
        urllib.request.urlopen(f"{influxdb.url}/write?db=texts", data=line.encode(), timeout=60).close()
        aside(quarantine, [1.0])
        found = part_content("power_meter", "press-1", "frequency_hz", [(AT, 50.0)])
        refusal = Refusal(Reason.UNKNOWN_DEVICE, "", "power_meter/press-1/frequency_hz", 1, found)
        quarantine.add(TOPIC, b"another", AT, [refusal])
        assert again(store, quarantine) == 1
        assert [(entry.state, entry.reason) for entry in quarantine.list()] == [
            ("stored", "unknown_device"), ("held", "store"),
        ]  # fmt: skip
        assert "cannot be compared" in quarantine.list()[1].detail
        ask_influx(influxdb.url, "DROP DATABASE texts")
