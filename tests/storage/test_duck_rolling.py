"""Roll-ups in a DuckDB file: read while they change, made a little at a time, and forgotten before their readings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import duckdb
import pytest

from storage import DuckStore, Rollups, Series
from storage.duck import store as duck_store
from storage.duck.rollups import rows_between
from storage.store import ROLLUP_MS
from tests.storage.parts import DAY, points
from tests.storage.test_conformance_rollups import START, STATE, minutes, roll, rows, write


class _Interrupted:
    """A cursor before whose second statement something happens."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, store: DuckStore) -> None:
        self._cursor = cursor
        self._store = store
        self._statements = 0

    def execute(self, *statement: object) -> duckdb.DuckDBPyConnection:
        self._statements += 1
        if self._statements == 2:
            write(self._store, {START + 2 * ROLLUP_MS + 60_000 * n: float(n % 2) for n in range(15)}, STATE)
            assert roll(self._store)
        return self._cursor.execute(*statement)  # type: ignore[arg-type] # as it was given


def test_rollups_of_a_state_are_of_one_moment_though_they_are_rolled_while_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    write(store, {START + 60_000 * n: float(n % 2) for n in range(15)}, STATE)
    roll(store)
    before = rows(store, STATE)

    def read(cursor: duckdb.DuckDBPyConnection, series: Series, number: int, start: int, end: int) -> Rollups:
        interrupted: duckdb.DuckDBPyConnection = _Interrupted(cursor, store)  # type: ignore[assignment] # all it uses
        return rows_between(interrupted, series, number, start, end)

    with monkeypatch.context() as patched:
        patched.setattr(duck_store, "rows_between", read)
        found = rows(store, STATE)
    assert found.start.tolist() == before.start.tolist()
    assert {state: seconds.tolist() for state, seconds in found.states.items()} == {
        state: seconds.tolist() for state, seconds in before.states.items()
    }
    assert len(rows(store, STATE).start) > len(before.start)
    store.close()


def test_rolling_needs_nothing_that_whoever_stores_live_readings_holds(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    write(store, minutes(60))
    with ThreadPoolExecutor(1) as pool:
        with store._writing.memory:
            rolled = pool.submit(store.roll, 2**60)
            done, _ = wait([rolled], 60)
        assert done
        assert rolled.result() == 4
    store.close()


def test_readings_are_forgotten_though_their_rollups_were_before_them(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    write(store, minutes(60))
    roll(store)
    # Roll-ups are kept for a shorter time than readings.
    assert store.forget(START - DAY, START + DAY).readings == 0
    assert len(rows(store).start) == 0
    later = START + DAY // 2
    write(store, minutes(15, later))
    forgotten = store.forget(START + DAY, START + 2 * DAY)
    assert (forgotten.readings, forgotten.kept) == (60, 15)
    assert sorted(points(store)) == sorted(minutes(15, later))
    store.close()
