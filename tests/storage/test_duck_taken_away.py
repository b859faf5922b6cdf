"""A data file that somebody moves, deletes or replaces while it is in use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import DuckStore, StoreRefusedError
from storage.duck import compaction, maintenance, restoring
from tests.storage.parts import points
from tests.storage.test_conformance_rollups import START, minutes, write


def move(path: Path) -> None:
    path.rename(path.with_name("moved.duckdb"))


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    other = path.with_name("other.duckdb")
    shutil.copy(path, other)
    other.replace(path)


@pytest.mark.parametrize("take_away", [move, delete, replace])
def test_nothing_is_acknowledged_into_a_file_that_was_taken_away_and_what_it_holds_can_be_saved(
    tmp_path: Path, take_away: Callable[[Path], None]
) -> None:
    path, saved = tmp_path / "data" / "readings.duckdb", tmp_path / "saved.duckdb"
    store = DuckStore(path)
    write(store, minutes(120))
    write(store, {START + 120 * 60_000: 1.0})
    take_away(path)
    for late in (START + 121 * 60_000, START - 60_000):
        with pytest.raises(StoreRefusedError, match=r"readings\.duckdb was moved, replaced or deleted while"):
            write(store, {late: 1.0})
    assert "moved, replaced or deleted" in store.health().detail
    assert not store.health().ok
    with pytest.raises(StoreRefusedError, match="moved, replaced or deleted"):
        compaction.compact(store)
    held = points(store)
    assert len(held) == 121
    # As the sentence says.
    assert maintenance.backup(store, saved).readings == 121
    store.close()
    restoring.restore(saved, path, force=True)
    again = DuckStore(path)
    assert points(again) == held
    again.close()


def test_a_file_that_is_put_back_takes_readings_again(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    store = DuckStore(path)
    write(store, {START: 1.0})
    move(path)
    with pytest.raises(StoreRefusedError):
        write(store, {START + 1: 2.0})
    path.with_name("moved.duckdb").rename(path)
    write(store, {START + 1: 2.0})
    assert store.health().ok
    store.close()
    again = DuckStore(path)
    assert points(again) == {START: 1.0, START + 1: 2.0}
    again.close()
