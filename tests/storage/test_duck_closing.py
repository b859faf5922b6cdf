"""The end of a DuckStore: it comes whatever is under way, and takes nothing from whoever opens the file next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage import DuckStore, StoreError, StoreRefusedError
from storage.duck import rolling as duck_rolling
from storage.duck import rollups, settling, taking_in
from storage.duck import store as duck_store
from storage.duck.journal import Journal
from storage.duck.newest import Columns
from storage.duck.segment import segments
from tests.parts import wait_until
from tests.storage.parts import MAIN, batch, points

NOW = 1_700_000_000_000


def filled(path: Path) -> DuckStore:
    store = DuckStore(path)
    store.write([batch({NOW + 1000 * n: n / 7 for n in range(20)})])
    return store


@pytest.mark.parametrize(
    ("place", "name", "act"),
    [
        (duck_rolling, "fetch", lambda store: store.roll(2**60)),
        (settling, "_sort", lambda store: store.settle(2**60, share=20 / settling.READINGS.rows)),
    ],
    ids=["rolling up", "settling"],
)
def test_closing_waits_for_who_holds_the_file_and_is_about_to_change_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: object, name: str, act: Callable[[DuckStore], object]
) -> None:
    store = filled(tmp_path / "readings.duckdb")
    store.take_in()
    begun, closing, usual = threading.Event(), threading.Event(), getattr(place, name)

    def slow(*args: object) -> object:
        begun.set()
        assert closing.wait(60)
        return usual(*args)

    monkeypatch.setattr(place, name, slow)
    let_go = store.file.close

    def told(last: Callable[[], None]) -> None:
        threading.Timer(0.05, closing.set).start()
        let_go(last)

    monkeypatch.setattr(store.file, "close", told)
    with ThreadPoolExecutor(2) as pool:
        acting = pool.submit(act, store)
        assert begun.wait(60)
        pool.submit(store.close).result(40)
        assert acting.result(40)
    again = DuckStore(tmp_path / "readings.duckdb")
    assert len(points(again)) == 20
    again.close()


def test_closing_waits_for_no_more_of_a_long_roll_up_than_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duck_rolling, "_PART", 1)
    store = filled(tmp_path / "readings.duckdb")
    for device in range(50):
        store.write([batch({NOW: 1.0}, replace(MAIN, device=f"meter-{device}"))])
    waiting = store.touched()
    begun, closing, put = threading.Event(), threading.Event(), rollups.put

    def slow(*args: Any) -> None:
        begun.set()
        assert closing.wait(60)
        put(*args)

    monkeypatch.setattr(duck_store, "put", slow)
    with ThreadPoolExecutor(2) as pool:
        rolling = pool.submit(store.roll, 2**60)
        assert begun.wait(60)
        ended = pool.submit(store.close)
        wait_until(lambda: store.file.closed, "it is being closed")
        closing.set()
        ended.result(40)
        assert rolling.result(40) < waiting // 2
    again = DuckStore(tmp_path / "readings.duckdb")
    assert again.touched() == waiting - rolling.result()
    again.close()


def test_closing_twice_leaves_the_journal_of_whoever_opened_the_file_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_in, "_MOMENT_S", 3600.0)
    path = tmp_path / "readings.duckdb"
    store = filled(path)
    store.close()
    again = DuckStore(path)
    again.write([batch({NOW + 60_000: 1.0})])
    waiting = [each for each in segments(path) if each.exists()]
    assert waiting
    store.close()
    assert [each for each in segments(path) if each.exists()] == waiting
    again.close()


def test_the_journal_is_let_go_of_before_anybody_else_can_have_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "readings.duckdb"
    store = filled(path)
    usual = Journal.close

    def watched(journal: Journal) -> None:
        with pytest.raises(StoreRefusedError, match="already open"):
            DuckStore(path)
        usual(journal)

    monkeypatch.setattr(Journal, "close", watched)
    store.close()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "readings.duckdb", 77)
    one = Columns(np.zeros(1, np.int32), np.full(1, NOW), np.ones(1))
    journal.add(one)
    journal.close()
    left = [each.stat().st_size for each in segments(tmp_path / "readings.duckdb") if each.exists()]
    with pytest.raises(StoreError, match="is closed"):
        journal.add(one)
    assert [each.stat().st_size for each in segments(tmp_path / "readings.duckdb") if each.exists()] == left
