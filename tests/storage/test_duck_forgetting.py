"""Retention in a DuckDB file: in steps that fit in memory, and what an end between two of them leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from storage import DuckStore, StoreError
from storage.duck import forgetting
from storage.store import ROLLUP_MS
from tests.storage.parts import MAIN, batch, points
from tests.storage.test_conformance_rollups import START, STATE, as_written, minutes, roll, rows, write

HOUR = 3_600_000
deleting = forgetting._forget_readings


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckStore]:
    """Of a gauge and a state, thirty hours by the minute, and a quarter-hour by the second."""
    monkeypatch.setattr(forgetting, "_AT_ONCE", 400)
    store = DuckStore(tmp_path / "readings.duckdb")
    write(store, minutes(30 * 60))
    write(store, {START + 1000 * n: float(n) for n in range(900)})
    write(store, {START + 60_000 * n: float(n % 3) for n in range(30 * 60)}, STATE)
    yield store
    store.close()


def test_much_is_forgotten_in_steps_of_a_bounded_number_of_rows(
    store: DuckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll(store)
    before, held = as_written(rows(store)), store.count()
    steps: list[tuple[int, int, int]] = []

    def watched(cursor: duckdb.DuckDBPyConnection, since: int, until: int, rollups_before: int) -> int:
        deleted = deleting(cursor, since, until, rollups_before)
        steps.append((since, until, deleted))
        return deleted

    monkeypatch.setattr(forgetting, "_forget_readings", watched)
    forgotten = store.forget(START + 24 * HOUR, START - HOUR)
    assert (forgotten.readings, forgotten.kept) == (held - 2 * 6 * 60, 0)
    assert min(points(store)) == START + 24 * HOUR
    assert as_written(rows(store)) == before
    assert max(deleted for *_, deleted in steps) <= 400
    assert [since for since, *_ in steps[1:]] == [until for _, until, _ in steps[:-1]]
    assert steps[-1][1] == START + 24 * HOUR
    # The roll-ups go in steps, too.
    assert store.forget(START + 24 * HOUR, START + 12 * HOUR).rollups == 2 * 12 * 4
    assert rows(store).start[0] == START + 12 * HOUR


def test_what_is_not_rolled_stays_whatever_step_it_falls_into(store: DuckStore) -> None:
    roll(store, START + 12 * HOUR)
    forgotten = store.forget(START + 24 * HOUR, START - HOUR)
    # And nine hours of readings before it, which its first quarter-hours are computed from, too.
    assert forgotten.kept == 2 * 21 * 60
    assert min(points(store)) == START + 3 * HOUR
    roll(store)
    assert store.forget(START + 24 * HOUR, START - HOUR).kept == 0
    assert int(rows(store).count.sum()) == 30 * 60 + 900 - 15


def test_readings_without_a_row_stay_even_where_nothing_says_that_they_are_to_be_rolled(store: DuckStore) -> None:
    roll(store, START + 12 * HOUR)
    with store._file.cursor() as cursor:
        store._writing.taken_in()
        cursor.execute("DELETE FROM touched")
        cursor.execute("DELETE FROM rolling")
    unrolled = rows(store).start[-1] + ROLLUP_MS
    forgotten = store.forget(START + 24 * HOUR, START - HOUR)
    assert forgotten.readings > 0
    assert forgotten.kept == 2 * (START + 24 * HOUR - unrolled) // 60_000
    assert min(points(store)) == unrolled


def test_an_end_between_two_steps_leaves_closed_what_lost_its_readings_and_is_made_good(
    store: DuckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll(store)
    before, steps = as_written(rows(store)), list[int]()

    def ended(cursor: duckdb.DuckDBPyConnection, since: int, until: int, rollups_before: int) -> int:
        steps.append(until)
        deleted = deleting(cursor, since, until, rollups_before)
        if len(steps) == 8:
            raise StoreError("the disk is full")
        return deleted

    with monkeypatch.context() as patched:
        patched.setattr(forgetting, "_forget_readings", ended)
        with pytest.raises(StoreError, match="the disk is full"):
            store.forget(START + 24 * HOUR, START - HOUR)
    first = min(points(store))
    assert START + ROLLUP_MS <= first < START + 24 * HOUR
    assert first == steps[-2]
    late = store.write([batch({first - 30_000: 1.0})])
    assert (late.stored, [each.readings for each in late.rejected]) == (0, [1])
    roll(store)
    assert as_written(rows(store)) == before
    assert store.forget(START + 24 * HOUR, START - HOUR).kept == 0
    assert min(points(store)) == START + 24 * HOUR
    assert as_written(rows(store)) == before
    assert store.latest(MAIN.site)[0].time == max(points(store))
