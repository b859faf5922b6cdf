"""Readings for roll-ups are fetched for many series together, and are those that each one's rows hang on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from storage import ROLLUP_MS, DuckStore, Rollups, Series
from storage.abreast import Wanted
from storage.duck import fetching
from storage.duck import rolling as duck_rolling
from storage.rollup import rolled
from telemetry import Batch, Table
from tests.storage.test_abreast import CHANNELS, DAY, HOUR, START, history, reader

MINUTE = 60_000
_COLUMNS = ("start", "count", "first", "last", "low", "high", "mean", "increase", "coverage")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    opened = DuckStore(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


def put(store: DuckStore, readings: dict[Series, tuple[np.ndarray, np.ndarray]]) -> None:
    tables = [
        Table.of(series.device, series.kind, times.tolist(), {series.channel: values.tolist()})
        for series, (times, values) in readings.items()
        if len(times)
    ]
    store.write([Batch("hall", "gw", "epoch", 1, tables, [])])


def roll(store: DuckStore, limit: int = 10_000) -> list[int]:
    done = []
    while some := store.roll(2**60, limit):
        done.append(some)
    return done


def by_itself(series: Series, times: np.ndarray, values: np.ndarray) -> dict[int, tuple[object, ...]]:
    """Rows of a series that is rolled alone, all of it at hand."""
    found: dict[int, tuple[object, ...]] = {}
    each = Wanted(series, reader(times, values), np.unique(times // ROLLUP_MS * ROLLUP_MS))
    for windows, rows in rolled(each.read_around, each.series, each.touched):
        for window in windows.tolist():
            found.pop(window, None)
        found |= told(rows)
    return found


def told(rows: Rollups) -> dict[int, tuple[object, ...]]:
    """Rows to the last bit."""
    columns = [np.ascontiguousarray(getattr(rows, name)).view(np.int64).tolist() for name in _COLUMNS]
    count = len(rows.start)
    spent = [{state: seconds[n] for state, seconds in rows.states.items() if seconds[n]} for n in range(count)]
    return {row[0]: (*row[1:], *sorted(states.items())) for *row, states in zip(*columns, spent, strict=True)}


@pytest.mark.parametrize(
    ("seed", "room"), [(0, 1), (1, 1), *((seed, (400, 300_000)[seed % 2]) for seed in range(2, 12))]
)
def test_series_of_all_paces_are_rolled_as_each_by_itself(
    store: DuckStore, seed: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duck_rolling, "_LEAST_ROOM", room)
    rng = np.random.default_rng(seed)
    readings = {}
    for number in range(20):
        times, values = history(rng)
        channel = str(rng.choice(CHANNELS))
        readings[Series("hall", "meter", f"m{number}", channel)] = (
            times, np.abs(np.round(values)) % 3 if channel == "run_state" else values,
        )  # fmt: skip
    put(store, readings)
    roll(store, int(rng.choice([7, 100, 10_000])))
    for series, (times, values) in readings.items():
        if len(times):
            assert told(store.rollups(series, -(2**60), 2**60)) == by_itself(series, times, values), series


@pytest.mark.parametrize("pace", [1_000, 30_000, 60_000, 300_000, 900_000])
def test_no_series_is_looked_for_by_itself_after_days_without_readings(
    store: DuckStore, pace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [Series("hall", "meter", f"m{number}", CHANNELS[number % 2]) for number in range(60)]
    first = START + pace * np.arange(HOUR // pace)
    monday = first + 3 * DAY
    put(store, dict.fromkeys(names, (first, first * 0.001)))
    roll(store)
    put(store, dict.fromkeys(names, (monday, monday * 0.001)))
    queries = []
    fetch = fetching.fetch

    def counted(*given: object) -> object:
        queries.append(1)
        return fetch(*given)  # type: ignore[arg-type] # as they were given

    def looked_for(*_: object) -> None:
        pytest.fail("a look at the whole table for one series")

    monkeypatch.setattr(fetching, "fetch", counted)
    monkeypatch.setattr(duck_rolling, "fetch", counted)
    monkeypatch.setattr(fetching, "around", looked_for)
    roll(store)
    assert len(queries) <= 20, "three for a group, and a few while the first groups are small"
    both = np.concatenate([first, monday])
    for series in names[:2]:
        assert told(store.rollups(series, -(2**60), 2**60)) == by_itself(series, both, both * 1e-3)


def test_groups_become_as_large_as_there_is_room_for(store: DuckStore, monkeypatch: pytest.MonkeyPatch) -> None:
    room = 4_000
    monkeypatch.setattr(duck_rolling, "_LEAST_ROOM", room)
    found: list[int | None] = []
    fetch = fetching.fetch

    def noted(*given: object) -> object:
        columns = fetch(*given)  # type: ignore[arg-type] # as they were given
        found.append(None if columns is None else len(columns.times))
        return columns

    monkeypatch.setattr(duck_rolling, "fetch", noted)
    often, rarely = START + 1_000 * np.arange(900), START + MINUTE * np.arange(15)
    put(store, {Series("hall", "meter", f"m{n:03}", "active_power_w"): (rarely, rarely * 1e-3) for n in range(400)})
    put(store, {Series("hall", "meter", f"n{n}", "active_power_w"): (often, often * 1e-3) for n in range(20)})
    assert sum(roll(store)) == 420
    assert max(rows for rows in found if rows is not None) > room // 3, "of those that are rarely read, many"
    assert None in found, "the first group of those that are read often was as large as the one before"
    assert max(rows for rows in found if rows is not None) <= room
    assert store.touched() == 0


def test_what_is_touched_while_a_part_is_rolled_is_rolled_again(store: DuckStore) -> None:
    rng = np.random.default_rng(5)
    names = [Series("hall", "meter", f"m{number}", "energy_import_wh") for number in range(30)]
    known = {series: (np.zeros(0, np.int64), np.zeros(0)) for series in names}
    at = START
    for _ in range(60):
        at += int(rng.choice([MINUTE, 5 * MINUTE, 2 * ROLLUP_MS]))
        some = {series: at - int(rng.choice([0, 0, 0, HOUR])) + number for number, series in enumerate(names)}
        chosen = {series: time for series, time in some.items() if rng.random() < 0.7 and time not in known[series][0]}
        put(store, {series: (np.array([time]), np.array([time * 1e-3])) for series, time in chosen.items()})
        for series, time in chosen.items():
            times = np.sort(np.append(known[series][0], time))
            known[series] = times, times * 1e-3
        before = store.touched()
        done = store.roll(at, 7)
        assert done <= 7
        # One that was written to again while it waits is worked off, and will be again.
        assert before - done <= store.touched() <= before
    roll(store, 7)
    assert store.touched() == 0
    for series in names:
        assert told(store.rollups(series, -(2**60), 2**60)) == by_itself(series, *known[series])
