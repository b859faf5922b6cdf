"""When roll-ups are made and readings forgotten, and what is kept however old it is."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage import DuckStore, Settings, Upkeep
from storage import upkeep as upkeep_module
from tests.parts import wait_until
from tests.storage.parts import DAY, MAIN, points
from tests.storage.test_conformance_rollups import START, minutes, rows, write

NOW = START + 100 * DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    store = DuckStore(tmp_path / "readings.duckdb")
    yield store
    store.close()


def test_what_has_ended_is_rolled_and_what_is_past_its_time_forgotten(store: DuckStore) -> None:
    write(store, minutes(60))
    write(store, minutes(60, NOW - 30 * 60_000))
    shrunk: list[bool] = []
    upkeep = Upkeep(store, Settings(), clock=lambda: NOW, afterwards=lambda: shrunk.append(True))
    # The quarter-hour before now, and the four from a hundred days ago; the running ones wait.
    assert upkeep.roll() == 5
    assert upkeep.roll() == 0
    forgotten = upkeep.forget()
    assert forgotten is not None
    assert forgotten.readings == 60
    assert min(points(store)) == NOW - 30 * 60_000
    assert rows(store).start[0] == START
    assert shrunk == [True]
    upkeep.forget()
    assert shrunk == [True]


def test_steps_of_rolling_grow_while_they_are_brief_and_shrink_when_they_are_long(
    store: DuckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    turn = sys.getswitchinterval()

    def roll(_: int, limit: int) -> int:
        assert sys.getswitchinterval() < turn, "others have their turn sooner meanwhile"
        steps.append(limit)
        return limit if len(steps) % 9 else 0

    monkeypatch.setattr(store, "roll", roll)
    monkeypatch.setattr(upkeep_module, "_BRIEF_S", 60.0)
    monkeypatch.setattr(upkeep_module, "_LONG_S", 60.0)
    upkeep = Upkeep(store, Settings())
    upkeep.roll()
    assert steps == [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000, 64_000, 64_000]
    monkeypatch.setattr(upkeep_module, "_LONG_S", -1.0)
    upkeep.roll()
    assert sys.getswitchinterval() == turn
    assert steps[9:] == [64_000, 32_000, 16_000, 8_000, 4_000, 2_000, 2_000, 2_000, 2_000]


def test_readings_that_an_evaluation_needs_stay(store: DuckStore) -> None:
    write(store, minutes(2 * 1440))
    upkeep = Upkeep(store, Settings(), clock=lambda: NOW, keep_from=lambda: START + DAY)
    upkeep.roll()
    upkeep.forget()
    assert min(points(store)) == START + DAY


def test_a_clock_that_jumped_ahead_deletes_nothing_that_is_young_beside_the_newest_reading(store: DuckStore) -> None:
    write(store, minutes(60))
    write(store, minutes(60, NOW))
    upkeep = Upkeep(store, Settings(), clock=lambda: NOW + 4000 * DAY, newest=store.newest_time)
    upkeep.roll()
    upkeep.forget()
    assert sorted(points(store)) == sorted(minutes(60, NOW))
    assert rows(store).start[0] == START


def test_an_empty_store_has_nothing_to_forget(store: DuckStore) -> None:
    assert store.newest_time() is None
    forgotten = Upkeep(store, Settings(), clock=lambda: NOW, newest=store.newest_time).forget()
    assert forgotten is not None
    assert forgotten.readings == 0


def test_settings_may_keep_everything(store: DuckStore) -> None:
    write(store, minutes(60))
    keeping = Settings(keep_raw_days=0, keep_rollup_days=0)
    assert Upkeep(store, keeping, clock=lambda: NOW + 10_000 * DAY).forget() is None
    upkeep = Upkeep(store, Settings(keep_raw_days=0), clock=lambda: NOW + 10_000 * DAY)
    upkeep.roll()
    upkeep.forget()
    assert len(points(store)) == 60
    assert rows(store, MAIN).start.tolist() == []


def test_it_ends_when_told_to(store: DuckStore) -> None:
    upkeep = Upkeep(store, Settings())
    upkeep.start()
    upkeep.stop()
    assert not upkeep._thread.is_alive()
    Upkeep(store, Settings()).stop()


def test_what_nobody_foresaw_does_not_end_it(store: DuckStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep_module, "_EVERY_S", 0.001)
    write(store, minutes(60))
    times: list[int] = []

    def clock() -> int:
        times.append(NOW)
        if len(times) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return NOW

    upkeep = Upkeep(store, Settings(), clock=clock)
    with capture_logs() as logs:
        upkeep.start()
        wait_until(lambda: store.touched() == 0, "everything is rolled", 30)
        upkeep.stop()
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["upkeep_failed"]


def test_it_tidies_once_a_night_and_after_a_deletion(store: DuckStore) -> None:
    write(store, minutes(60))
    left, asked = [7, 5, 0, 0, 4, 0, 2, 0], []

    def tidy(before: int) -> int:
        asked.append(before)
        return left.pop(0)

    now = [NOW]
    upkeep = Upkeep(store, Settings(), clock=lambda: now[0], tidy=tidy)
    upkeep.stop()
    assert upkeep.tidy() == 0
    upkeep = Upkeep(store, Settings(), clock=lambda: now[0], tidy=tidy)
    assert upkeep.tidy() == 12
    assert upkeep.tidy() == 0
    assert asked == [NOW - DAY] * 3
    now[0] += DAY
    assert upkeep.tidy() == 0
    assert len(asked) == 4
    upkeep.roll()
    assert upkeep.forget() is not None
    assert upkeep.tidy() == 4
