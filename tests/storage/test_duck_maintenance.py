"""Backups and checks of a DuckDB file in use, and what is said when they cannot be."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from storage import DuckStore, StoreRefusedError, StoreUnavailableError
from storage.duck import maintenance, restoring
from telemetry import Gap
from tests.storage.parts import MAIN, SITE, batch, little_disk, points
from tests.storage.test_conformance_rollups import START, STATE, as_written, minutes, roll, rows, write


def everything(store: DuckStore) -> tuple[object, ...]:
    return (
        [points(store, series) for series in store.series()], store.latest(SITE), store.gaps(SITE, 0, 2**60),
        store.touched(), [as_written(rows(store, series)) for series in store.series()],
    )  # fmt: skip


def filled(path: Path) -> DuckStore:
    store = DuckStore(path)
    write(store, minutes(120))
    write(store, {START + 60_000 * n: float(n % 3) for n in range(90)}, STATE)
    roll(store)
    gap = Gap("main", "power_meter", "active_power_w", START, START + 1000, "outbox_full", 3)
    store.write([batch({START + 700 * 60_000: 1.0, -5: 2.0}, gaps=[gap])])
    return store


def test_a_backup_holds_everything_and_overwrites_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "readings.duckdb")
    seen: list[tuple[int, int]] = []
    copied = maintenance.backup(store, tmp_path / "copy.duckdb", lambda done, total: seen.append((done, total)))
    assert copied.readings == store.count()
    assert seen[-1][0] == seen[-1][1] > store.count()
    with pytest.raises(StoreRefusedError, match="overwrites nothing"):
        maintenance.backup(store, tmp_path / "copy.duckdb")
    with pytest.raises(StoreRefusedError, match="no such folder"):
        maintenance.backup(store, tmp_path / "nowhere" / "copy.duckdb")
    again = DuckStore(tmp_path / "copy.duckdb")
    assert everything(again) == everything(store)
    store.close()
    again.close()
    assert maintenance.check_file(tmp_path / "copy.duckdb").ok
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.duckdb", "readings.duckdb"]


def test_a_backup_takes_no_name_that_means_something_else(tmp_path: Path) -> None:
    store = filled(tmp_path / "data" / "readings.duckdb")
    # Of a copy whose file somebody deleted: DuckDB would not open the backup beside it, a journal would be taken in.
    for suffix in (".wal", ".journal-b"):
        left = tmp_path / f"saved.duckdb{suffix}"
        left.write_bytes(b"of another file")
        with pytest.raises(StoreRefusedError, match=rf"saved\.duckdb\{suffix} was left by another file"):
            maintenance.backup(store, tmp_path / "saved.duckdb")
        left.unlink()
    # The next start would delete the one, and put the other in the place of the data file.
    for name in ("readings.duckdb.compacting", "readings.duckdb.20260101-000000.restored"):
        with pytest.raises(StoreRefusedError, match="belong to the data file in this folder; choose another"):
            maintenance.backup(store, tmp_path / "data" / name)
    held = store.count()
    assert maintenance.backup(store, tmp_path / "data" / "saved.duckdb").readings == held
    store.close()


def test_a_backup_is_one_moment_of_a_store_that_is_being_written(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    done = threading.Event()

    def writer() -> None:
        # Both series in every write: a copy that holds one without the other is of no moment.
        seq = 0
        while not done.is_set():
            written: dict[int, float | None] = {START + 1000 * (10 * seq + n): float(n) for n in range(10)}
            store.write([batch(written), batch(written, replace(MAIN, device="press-1"))])
            seq += 1

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        copies = [maintenance.backup(store, tmp_path / f"copy-{n}.duckdb") for n in range(3)]
    finally:
        done.set()
        thread.join()
    store.close()
    for copied in copies:
        again = DuckStore(copied.path)
        assert points(again) == points(again, replace(MAIN, device="press-1"))
        again.close()


def test_a_reading_at_the_very_beginning_of_a_week_before_1970_is_copied(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    week = 604_800_000
    written = {-5 * week - 1: 1.0, -3 * week: 2.0, -1: 3.0, 0: 4.0, week: 5.0}
    store.write([batch(dict(written))])
    assert maintenance.backup(store, tmp_path / "copy.duckdb").readings == len(written)
    store.close()
    again = DuckStore(tmp_path / "copy.duckdb")
    assert points(again) == written
    again.close()


def test_what_is_unused_is_of_this_file_though_a_backup_is_under_way(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    with store.file.cursor() as cursor:
        for name in ("once", "behind_it"):
            cursor.execute(f"CREATE TABLE {name} AS SELECT hash(n) FROM range(100_000) AS numbers(n)")
            cursor.execute("CHECKPOINT")
        cursor.execute("DROP TABLE once")
        cursor.execute("CHECKPOINT")
        unused = maintenance.free_bytes(cursor)
        assert unused
        # Names are listed in their order: one of these comes before the file's own.
        with maintenance.attached(cursor, tmp_path / "copy.duckdb"):
            assert maintenance.free_bytes(cursor) == unused
    store.close()


def test_a_check_finds_duplicates_and_damage(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    store = filled(path)
    write(store, {-1000 * n: n * 0.37 for n in range(1, 150_000)})
    checked = maintenance.check_store(store)
    assert checked.ok
    assert (checked.readings, checked.series, checked.touched) == (store.count(), 2, store.touched())
    with store.file.cursor() as cursor:
        cursor.execute("INSERT INTO readings SELECT * FROM readings LIMIT 1")
        cursor.execute("INSERT INTO readings VALUES (99, 0, 0)")
    checked = maintenance.check_store(store)
    assert (checked.ok, checked.duplicates, checked.orphans) == (False, 2, 1)
    store.close()
    with pytest.raises(StoreRefusedError, match="2 duplicates, 1 readings without a series"):
        restoring.restore(path, tmp_path / "other.duckdb", force=False)
    content = bytearray(path.read_bytes())
    for index in range(len(content) // 4, len(content) * 3 // 4):
        content[index] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(StoreRefusedError, match="damaged"):
        maintenance.check_file(path)
    with pytest.raises(StoreRefusedError, match="no such file"):
        maintenance.check_file(tmp_path / "nothing.duckdb")
    with pytest.raises(StoreRefusedError, match="is a folder"):
        maintenance.check_file(tmp_path)
    duckdb.connect(str(tmp_path / "foreign.duckdb")).close()
    with pytest.raises(StoreRefusedError, match="not a WattProof data file"):
        maintenance.check_file(tmp_path / "foreign.duckdb")


def test_a_backup_that_finds_no_room_says_so_of_its_place_and_leaves_nothing_there(tmp_path: Path) -> None:
    store = filled(tmp_path / "readings.duckdb")
    write(store, {-1000 * n: n * 0.37 for n in range(1, 150_000)})
    before = everything(store)
    target = tmp_path / "elsewhere" / "copy.duckdb"
    target.parent.mkdir()
    with little_disk(400_000), pytest.raises(StoreUnavailableError, match=r"copy\.duckdb: the disk is full"):
        maintenance.backup(store, target)
    assert not list(target.parent.iterdir())
    assert everything(store) == before
    store.close()
