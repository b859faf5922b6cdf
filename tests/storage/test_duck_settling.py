"""Readings laid out by series at night: nothing is lost by it, whoever writes, reads or fills the disk meanwhile."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from storage import DuckStore
from storage.duck import settling
from tests.storage.parts import DAY, MAIN, batch, points
from tests.storage.test_conformance_rollups import START, STATE, roll, write
from tests.storage.test_duck_faults import child
from tests.storage.test_duck_maintenance import everything

OTHERS = [replace(MAIN, device=f"press-{n}") for n in range(3)]
PIECE = 0.001
"""A share that makes a piece of a thousand readings."""


def interleaved(path: Path, hours: int = 24) -> DuckStore:
    """Four meters as they arrive, an hour at a time; rolled."""
    store = DuckStore(path)
    for hour in range(hours):
        start = START + hour * 3_600_000
        sent = {start + 60_000 * n: hour + n / 7 for n in range(60)}
        store.write([batch(sent, series) for series in (MAIN, *OTHERS)])
    write(store, {START + 60_000 * n: float(n % 3) for n in range(90)}, STATE)
    roll(store)
    return store


def runs(store: DuckStore, before: int = START + 10 * DAY) -> int:
    """How many stretches of one series the table consists of."""
    with store.file.cursor() as cursor:
        found = cursor.execute("SELECT series_id FROM readings WHERE time < ? ORDER BY rowid", [before]).fetchnumpy()[
            "series_id"
        ]
    return int((found[1:] != found[:-1]).sum()) + 1


def settled(store: DuckStore, before: int = START + 10 * DAY) -> list[int]:
    pieces = []
    while rows := store.settle(before, PIECE):
        pieces.append(rows)
    return pieces


def test_a_settled_file_holds_the_same_in_few_long_stretches_and_is_settled_once(tmp_path: Path) -> None:
    store = interleaved(tmp_path / "readings.duckdb")
    before, stretches = everything(store), runs(store)
    pieces = settled(store)
    assert len(pieces) > 4
    assert max(pieces) <= 1000
    assert min(pieces[:4]) > 900
    assert everything(store) == before
    assert runs(store) < stretches / 2
    assert settled(store) == []
    store.close()
    again = DuckStore(tmp_path / "readings.duckdb")
    assert everything(again) == before
    assert settled(again) == []
    # What is younger stays as it is, and too little to pay as well.
    write(again, {START + 2 * DAY + 1000 * n: 1.0 for n in range(3000)})
    assert settled(again, START + 2 * DAY) == []
    assert sum(settled(again)) > 1000
    again.close()


def test_a_history_that_comes_later_is_laid_out_like_the_rest(tmp_path: Path) -> None:
    store = interleaved(tmp_path / "readings.duckdb")
    assert settled(store)
    for hour in range(20):
        start = START - 10 * DAY + hour * 3_600_000
        store.write([batch({start + 60_000 * n: n / 3 for n in range(60)}, series) for series in OTHERS])
    before = everything(store)
    assert runs(store, START) == 60
    assert settled(store)
    assert everything(store) == before
    assert runs(store, START) < 30
    store.close()


def test_a_piece_that_is_written_into_while_it_is_sorted_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = interleaved(tmp_path / "readings.duckdb")
    sort, swap = settling._sort, settling._swap
    corrected: dict[int, float | None] = {START + 60_000: -0.0, START + 61_000: 5.0}
    swapped = []

    def corrected_meanwhile(cursor: duckdb.DuckDBPyConnection, layout: settling._Layout, span: str) -> None:
        sort(cursor, layout, span)
        store.write([batch(corrected)])

    def noted(cursor: duckdb.DuckDBPyConnection, layout: settling._Layout, span: str, until: int) -> int:
        swapped.append(layout.table)
        return swap(cursor, layout, span, until)

    with monkeypatch.context() as patched:
        patched.setattr(settling, "_sort", corrected_meanwhile)
        patched.setattr(settling, "_swap", noted)
        store.settle(START + 10 * DAY, PIECE)
    assert "readings" not in swapped
    assert settled(store)
    held = points(store)
    assert held[START + 61_000] == 5.0
    assert str(held[START + 60_000]) == "-0.0"
    assert store.duplicates() == 0
    store.close()


def test_readers_see_every_reading_while_pieces_take_their_places(tmp_path: Path) -> None:
    store = interleaved(tmp_path / "readings.duckdb")
    before = points(store)
    done = threading.Event()
    seen: list[bool] = []

    def reader() -> None:
        while not done.is_set():
            seen.append(points(store) == before)

    threads = [threading.Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert settled(store)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert seen
    assert all(seen)
    store.close()


def test_a_full_disk_leaves_a_piece_as_it_was(tmp_path: Path) -> None:
    with child("settle_full", tmp_path / "readings.duckdb") as process:
        said = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    words = [each for each in said if not each.startswith("{")]
    assert "the disk is full or cannot be written" in words[0]
    assert words[1:] == ["the same: True", "settled: True", "the same: True"]


def test_newest_readings_are_found_again_however_long_a_series_has_been_silent(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    for age in (0, 1, 3, 40, 400, 5000):
        series = replace(MAIN, device=f"silent-{age}")
        last = START - age * DAY
        store.write([batch({last - 60_000: 1.0, last: 2.0, last - 700 * DAY: 3.0}, series)])
    before = store.latest(MAIN.site)
    assert {each.value for each in before} == {2.0}
    store.close()
    again = DuckStore(tmp_path / "readings.duckdb")
    assert again.latest(MAIN.site) == before
    # What is not newer than its series' newest is looked for in the table, or it would be there twice.
    again.write([batch({START - 5000 * DAY: 2.0}, replace(MAIN, device="silent-5000"))])
    assert again.duplicates() == 0
    again.close()


def test_newest_values_follow_every_change(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch({START: 0.0}), batch({START: 1.0}, OTHERS[0])])
    assert [each.value for each in store.latest(MAIN.site)] == [0.0, 1.0]
    given = store.latest(MAIN.site)
    store.write([batch({START: -0.0}), batch({START + 1: 7.0}, OTHERS[0])])
    assert [str(each.value) for each in store.latest(MAIN.site)] == ["-0.0", "7.0"]
    assert [each.value for each in given] == [0.0, 1.0]
    store.write([batch({START: 3.0}, OTHERS[1])])
    assert [(each.series.device, each.value) for each in store.latest(MAIN.site)][2:] == [("press-1", 3.0)]
    store.close()
