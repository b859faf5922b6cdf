"""Compaction of a DuckDB file in use: nothing is lost by it, whoever writes, reads, kills or fails meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from storage import DuckStore, StoreError
from storage.duck import compaction, file, placing
from storage.duck.maintenance import attached, backup
from telemetry import Gap
from tests.parts import wait_until
from tests.storage.parts import DAY, MAIN, SITE, batch, points
from tests.storage.test_conformance_rollups import START, minutes, roll, write
from tests.storage.test_duck_faults import child
from tests.storage.test_duck_maintenance import everything, filled

OTHER = replace(MAIN, device="press-1")
DEADLINE_S = 60.0


def elsewhere(act: Callable[[], object]) -> None:
    """Do something in another thread, and wait for it."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(DEADLINE_S)
    assert not thread.is_alive(), "writers wait for the compaction"


def test_compaction_gives_the_room_of_deleted_readings_back_while_others_read(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    for day in range(5):
        write(store, {START + day * DAY + 1000 * n: n * 0.37 for n in range(40_000)})
    roll(store)
    assert store.forget(START + 4 * DAY, 0).readings == 160_000
    before = everything(store)
    done = threading.Event()
    looks = []

    def reader() -> None:
        while not done.is_set():
            looks.append(len(store.read(MAIN, 0, 2**60)[0]))

    threads = [threading.Thread(target=reader) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        copied = compaction.compact(store)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert set(looks) == {40_000}
    assert copied.bytes < copied.before_bytes / 2
    assert everything(store) == before
    write(store, {START + 20 * DAY: 5.0})
    assert store.latest(SITE)[0].value == 5.0
    store.close()
    again = DuckStore(tmp_path / "readings.duckdb")
    assert again.count() == 40_001
    again.close()
    assert [path.name for path in tmp_path.iterdir()] == ["readings.duckdb"]


def test_what_an_interrupted_compaction_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    store = filled(tmp_path / "readings.duckdb")
    (tmp_path / "readings.duckdb.compacting").write_text("half a file")
    (tmp_path / "readings.duckdb.compacting.wal").write_text("half a log")
    before = everything(store)
    compaction.compact(store)
    assert everything(store) == before
    store.close()


def test_a_compaction_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    store = filled(tmp_path / "readings.duckdb")
    before = everything(store)

    def stop(_done: int, _total: int) -> None:
        raise StoreError("enough")

    with pytest.raises(StoreError, match="enough"):
        compaction.compact(store, stop)
    assert everything(store) == before
    write(store, {START + 20 * DAY: 5.0})
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["readings.duckdb"]


def test_a_file_is_compacted_by_itself_only_when_much_of_it_is_unused(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    for day in range(3):
        write(store, {START + day * DAY + 600 * n: (n * 7919 % 10_007) / 7 for n in range(130_000)})
    assert compaction.compact_if_worth(store, 4_000_000) is None
    roll(store)
    store.forget(START + 2 * DAY, 0)
    assert compaction.compact_if_worth(store, 100_000_000) is None
    copied = compaction.compact_if_worth(store, 1_500_000)
    assert copied is not None
    assert copied.bytes < copied.before_bytes * 0.6
    assert compaction.compact_if_worth(store, 1_500_000) is None
    store.close()


def test_what_is_written_while_the_file_is_copied_is_in_the_new_one(tmp_path: Path) -> None:
    store, twin = filled(tmp_path / "readings.duckdb"), filled(tmp_path / "twin.duckdb")
    gap = Gap("main", "power_meter", "active_power_w", START + 5000, START + 9000, "outbox_full", 4)
    sent = [
        [batch({START + 30 * DAY: 5.0})],
        # A correction, a late reading, and one sent again; a new series; a gap alone.
        [batch({START + 60_000: -0.0, START + 60_001: 7.0, START: points(store)[START]})],
        [batch({START - 20 * DAY: 1.0, START + 31 * DAY: 2.0}, OTHER)],
        [batch({}, gaps=[gap])],
    ]
    waiting = iter(sent)

    def meanwhile(_done: int, _total: int) -> None:
        for batches in waiting:
            elsewhere(lambda batches=batches: store.write(batches))  # type: ignore[misc]
            return

    compaction.compact(store, meanwhile)
    assert next(waiting, None) is None
    for batches in sent:
        twin.write(batches)
    expected = everything(twin)
    assert everything(store) == expected
    assert str(points(store)[START + 60_000]) == "-0.0"
    store.close()
    again = DuckStore(tmp_path / "readings.duckdb")
    assert everything(again) == expected
    assert again.duplicates() == 0
    roll(again)
    roll(twin)
    assert everything(again) == everything(twin)
    again.close()
    twin.close()


def test_every_write_that_was_confirmed_during_compactions_is_there_once(tmp_path: Path) -> None:
    store = filled(tmp_path / "readings.duckdb")
    done = threading.Event()
    confirmed: dict[int, float] = {}

    def writer() -> None:
        seq = 0
        while not done.is_set():
            # Every other write goes back in time, so that copies of the past are outdated too.
            first = START + (40 if seq % 2 else -40) * DAY + 1000 * seq
            written = {first + n: seq + n / 7 for n in range(20)}
            store.write([batch(dict(written), OTHER)])
            confirmed.update(written)
            seq += 1

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(4):
            compaction.compact(store)
    finally:
        done.set()
        thread.join()
    assert points(store, OTHER) == confirmed
    assert store.duplicates() == 0
    store.close()
    again = DuckStore(tmp_path / "readings.duckdb")
    assert points(again, OTHER) == confirmed
    again.close()


def test_a_copy_that_lacks_a_row_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path / "readings.duckdb")
    before = everything(store)
    catch_up = compaction._catch_up

    def one_lost(cursor: duckdb.DuckDBPyConnection, part: Path, since: int) -> int:
        copied = catch_up(cursor, part, since)
        with attached(cursor, part):
            cursor.execute("DELETE FROM fresh.readings WHERE time = ?", [START])
        return copied

    monkeypatch.setattr(compaction, "_catch_up", one_lost)
    with pytest.raises(StoreError, match=r"210 rows of readings were copied, not 212; the copy is not used"):
        compaction.compact(store)
    assert everything(store) == before
    store.close()


def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    with child("compact_full", tmp_path / "readings.duckdb") as process:
        said = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    words = [each for each in said if not each.startswith(("{", "20"))]
    assert "the disk is full or cannot be written" in words[0]
    assert words[1:3] == ["left behind: []", "held: 200001 0"]
    assert "the disk is full or cannot be written" in words[3]
    assert words[4:] == ["left behind: []", "held: 200002 0", "compacted: 200002"]


def test_a_file_of_an_older_version_gets_smaller_blocks_when_it_is_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "readings.duckdb"
    with monkeypatch.context() as patched:
        patched.setitem(file.CONFIG, "default_block_size", "262144")
        store = filled(path)
        before = everything(store)
        store.close()

    def block_size(store: DuckStore) -> int:
        with store.file.cursor() as cursor:
            ((size,),) = cursor.execute("SELECT block_size FROM pragma_database_size()").fetchall()
        return int(size)

    store = DuckStore(path)
    assert block_size(store) == 262_144
    write(store, minutes(60, START + DAY))
    before = everything(store)
    compaction.compact(store)
    assert block_size(store) == 65_536
    assert everything(store) == before
    store.close()


def test_what_a_killed_compaction_left_is_removed_when_the_file_is_opened(tmp_path: Path) -> None:
    filled(tmp_path / "readings.duckdb").close()
    for name in ("readings.duckdb.compacting", "readings.duckdb.compacting.wal"):
        (tmp_path / name).write_text("half a file")
    DuckStore(tmp_path / "readings.duckdb").close()
    assert [path.name for path in tmp_path.iterdir()] == ["readings.duckdb"]


def test_readers_that_follow_each_other_closely_do_not_keep_a_compaction_and_the_writers_waiting(
    tmp_path: Path,
) -> None:
    store = filled(tmp_path / "readings.duckdb")
    before = everything(store)
    done, events = threading.Event(), list[str]()

    def compacted() -> None:
        compaction.compact(store)
        events.append("compacted")
        done.set()

    def counted() -> None:
        store.count()
        events.append("counted")

    with store.file.cursor():
        threading.Thread(target=compacted, daemon=True).start()
        wait_until(lambda: store.file._changing, "the file is to be changed", deadline_s=DEADLINE_S)
        reader = threading.Thread(target=counted, daemon=True)
        reader.start()
        assert not done.is_set()
        events.append("read")
    assert done.wait(DEADLINE_S)
    reader.join(DEADLINE_S)
    assert events[0] == "read"
    assert sorted(events[1:]) == ["compacted", "counted"]
    assert everything(store) == before
    store.close()


def test_a_long_query_makes_a_compaction_give_way_and_not_the_writers_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "_LONGEST_WAIT_S", 0.05)
    store = filled(tmp_path / "readings.duckdb")
    before = everything(store)
    with store.file.cursor(), pytest.raises(StoreError, match="is being read for long"):
        compaction.compact(store)
    assert everything(store) == before
    write(store, {START + 20 * DAY: 5.0})
    compaction.compact(store)
    store.close()


def test_a_new_file_that_cannot_be_opened_at_once_is_opened_at_the_next_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "readings.duckdb")
    before = store.count()
    connect, failed = file.DataFile._connect, list[bool]()

    def once(self: file.DataFile) -> duckdb.DuckDBPyConnection:
        if not failed:
            failed.append(True)
            raise StoreError("no room just now")
        return connect(self)

    monkeypatch.setattr(file.DataFile, "_connect", once)
    with pytest.raises(StoreError, match="no room just now"):
        compaction.compact(store)
    write(store, {START + 20 * DAY: 5.0})
    assert (store.count(), store.duplicates()) == (before + 1, 0)
    store.close()


def test_nobody_opens_the_old_file_before_the_new_one_has_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "readings.duckdb")
    held = everything(store)
    opening = [sys.executable, "-c", "import duckdb, sys; duckdb.connect(sys.argv[1])", str(store.file.path)]

    def meanwhile(part: Path, path: Path) -> None:
        tried = subprocess.run(opening, capture_output=True, text=True, check=False, timeout=60)
        assert "Could not set lock" in tried.stderr
        placing.put_in_place(part, path)

    monkeypatch.setattr(file, "put_in_place", meanwhile)
    compaction.compact(store)
    assert everything(store) == held
    tried = subprocess.run(opening, capture_output=True, text=True, check=False, timeout=60)
    assert "Could not set lock" in tried.stderr, "the new file is held as the old one was"
    store.close()


def test_a_backup_and_a_compaction_at_the_same_time_are_both_made(tmp_path: Path) -> None:
    store = filled(tmp_path / "readings.duckdb")
    before = everything(store)
    compacted: list[int] = []
    thread = threading.Thread(target=lambda: compacted.append(compaction.compact(store).readings), daemon=True)

    def meanwhile(_done: int, _total: int) -> None:
        if not thread.ident:
            thread.start()
            thread.join(0.2)  # it could fail by now

    assert backup(store, tmp_path / "copy.duckdb", meanwhile).readings == store.count()
    thread.join(DEADLINE_S)
    assert compacted == [store.count()]
    assert everything(store) == before
    store.close()
