"""The journal of a DuckDB file: what it keeps through a kill, a full disk and a damaged one."""

from __future__ import annotations

import random
import resource
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from storage import DuckStore, StoreError, StoreRefusedError, StoreUnavailableError
from storage.duck import maintenance, restoring, taking_in
from storage.duck.newest import Columns
from storage.duck.segment import Segment, found, segments
from storage.store import ROLLUP_MS
from tests.parts import wait_until
from tests.storage.parts import MAIN, batch, little_disk, points

NOW = 1_700_000_000_000
OTHER = replace(MAIN, device="other")


def copied(store: DuckStore, folder: Path) -> Path:
    """What the disk would hold if this process were killed now."""
    folder.mkdir()
    with store.standing_still() as file, little_disk(resource.RLIM_INFINITY):
        for each in (file.path, file.path.with_name(file.path.name + ".wal"), *segments(file.path)):
            if each.exists():
                shutil.copy(each, folder / each.name)
    return folder / store.file.path.name


@pytest.fixture
def store(tmp_path: Path, patient: None) -> Iterator[DuckStore]:
    """One whose two series are known, and that takes nothing in by itself."""
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch({NOW: 0.5}), batch({NOW: 0.5}, OTHER)])
    yield store
    store.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings wait in the journal until somebody asks for them."""
    monkeypatch.setattr(taking_in, "_MOMENT_S", 3600.0)


def in_the_file(store: DuckStore) -> int:
    with store.file.cursor() as cursor:
        [(count,)] = cursor.execute("SELECT count(*) FROM readings").fetchall()
    return int(count)


def write(store: DuckStore, first: int, count: int = 1) -> dict[int, float]:
    """Readings later than all before: they go into the journal."""
    every = {NOW + 1000 * n: n / 7 for n in range(first, first + count)}
    store.write([batch(dict(every), seq=first)])
    return every


def test_readings_that_come_after_all_others_wait_in_the_journal_until_somebody_reads(store: DuckStore) -> None:
    written = write(store, 1) | write(store, 2) | write(store, 3)
    assert in_the_file(store) == 2
    assert {each.series: each.time for each in store.latest(MAIN.site)}[MAIN] == NOW + 3000
    assert points(store) == {NOW: 0.5} | written
    assert in_the_file(store) == 5
    assert not any(segment.records for segment in found(store.file.path))


def test_they_go_into_the_file_by_themselves_a_moment_later(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch({NOW: 0.5})])
    for n in range(1, 4):
        write(store, n)
        wait_until(lambda: in_the_file(store) == n + 1, "the reading is in the file", 30)  # noqa: B023 - at once
    store.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["readings.duckdb"]


def test_what_waits_survives_a_kill_and_is_taken_in_once(store: DuckStore, tmp_path: Path) -> None:
    written = {NOW: 0.5} | write(store, 1, 50) | write(store, 60)
    left = copied(store, tmp_path / "killed")
    assert maintenance.check_file(left).left == 51
    for _ in range(2):
        again = DuckStore(left)
        assert points(again) == written
        assert (again.duplicates(), again.count()) == (0, len(written) + 1)
        assert again.latest(MAIN.site)[0].time == NOW + 60_000
        while again.roll(2**60):
            pass
        assert int(again.rollups(MAIN, 0, 2**60).count.sum()) == len(written)
        again.close()
    assert maintenance.check_file(left).left == 0


def test_a_journal_that_was_taken_in_before_the_kill_changes_nothing(store: DuckStore, tmp_path: Path) -> None:
    write(store, 1, 50)
    path = store.file.path
    kept = {each: each.read_bytes() for each in segments(path) if each.exists()}
    store.write([batch({NOW + 1000: 99.0, NOW - 1000: -1.0}, seq=2)])  # a correction, and one before all others
    write(store, 51)
    held = points(store)
    store.close()
    assert held[NOW + 1000] == 99.0
    for each, content in kept.items():
        each.write_bytes(content)
    again = DuckStore(path)
    assert points(again) == held
    assert again.duplicates() == 0
    again.close()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_any_sequence_with_kills_in_it_holds_what_a_model_holds(patient: None, tmp_path: Path) -> None:
    chance, held, last = random.Random(5), dict[int, float](), NOW
    store = DuckStore(tmp_path / "readings.duckdb")
    for step in range(120):
        match chance.choice(["next"] * 6 + ["late", "correct", "roll", "read", "kill"]):
            case "next":
                last += chance.choice([1, 1000, ROLLUP_MS])
                new = {last: chance.random()}
            case "late":
                new = {chance.randrange(NOW, last + 1): chance.random()}
            case "correct":
                new = {chance.choice(list(held or {NOW: 0.0})): chance.random()}
            case "roll":
                store.roll(last)
                continue
            case "read":
                assert points(store) == held
                continue
            case _:
                left = copied(store, tmp_path / f"killed-{step}")
                store.close()
                store = DuckStore(left)
                continue
        store.write([batch(dict(new), seq=step)])
        held |= new
        last = max(last, *new)
    assert points(store) == held
    assert store.duplicates() == 0
    while store.roll(2**60):
        pass
    rows = store.rollups(MAIN, 0, 2**60)
    assert int(rows.count.sum()) == len(held)
    assert rows.high.max() == max(held.values())
    store.close()


def test_a_record_that_a_kill_cut_off_is_left_out_and_those_before_it_are_not(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    segment = Segment(segments(path)[0], 77)
    records = [Columns(np.arange(n, dtype=np.int32), np.arange(n) + NOW, np.arange(n) / 7) for n in (1, 4, 3)]
    ends = []
    for record in records:
        segment.add(record)
        ends.append(segments(path)[0].stat().st_size)
    segment.close(remove=False)
    content = segments(path)[0].read_bytes()
    for length in range(len(content) + 1):
        segments(path)[0].write_bytes(content[:length])
        [left] = found(path)
        assert len(left.records) == sum(length >= end for end in ends)
        assert left.damaged == 0
    [left] = found(path)
    assert left.owner == 77
    for read, record in zip(left.records, records, strict=True):
        assert (read.series_id.tolist(), read.time.tolist()) == (record.series_id.tolist(), record.time.tolist())
        assert read.value.tobytes() == record.value.tobytes()


def test_a_byte_that_the_disk_changed_costs_its_record_and_is_told(store: DuckStore, tmp_path: Path) -> None:
    for n in range(1, 6):
        write(store, n)
    left = copied(store, tmp_path / "killed")
    segment = next(each for each in segments(left) if each.exists())
    content = bytearray(segment.read_bytes())
    content[16 + 2 * 32 + 20] ^= 0x40  # within the third record
    segment.write_bytes(content)
    checked = maintenance.check_file(left)
    assert (checked.ok, checked.left, checked.left_damaged_bytes) == (False, 4, 32)
    with capture_logs() as logs:
        again = DuckStore(left)
    assert points(again).keys() == {NOW + 1000 * n for n in (0, 1, 2, 4, 5)}
    again.close()
    [told] = [each for each in logs if each["event"] == "journal_damaged"]
    assert (told["log_level"], told["unreadable_bytes"]) == ("critical", 32)
    assert Path(told["kept"]).read_bytes() == content


def test_the_journal_of_another_file_is_refused_and_left_where_it_is(store: DuckStore, tmp_path: Path) -> None:
    write(store, 1, 3)
    left = copied(store, tmp_path / "killed")
    left.unlink()
    left.with_name(left.name + ".wal").unlink()
    before = {each.name: each.read_bytes() for each in left.parent.iterdir()}
    with pytest.raises(StoreRefusedError, match=r"journal-. holds 3 readings of another data file.*put that file back"):
        DuckStore(left)
    assert before.items() <= {each.name: each.read_bytes() for each in left.parent.iterdir()}.items()
    segments(left)[0].write_text("not a journal of ours")
    with pytest.raises(StoreRefusedError, match="is not a journal of WattProof's; move it away"):
        DuckStore(left)


def test_a_disk_too_full_for_the_journal_refuses_and_what_is_sent_again_is_there_once(store: DuckStore) -> None:
    written = {NOW: 0.5} | write(store, 1, 10)
    big = {NOW + 1_000_000 + n: float(n) for n in range(10_000)}
    with little_disk(20_000):
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match=r"the disk is full or cannot be written.*make room"):
                store.write([batch(dict(big), seq=2)])
    assert points(store) == written
    store.write([batch(dict(big), seq=2)])
    assert points(store) == written | big
    assert store.duplicates() == 0


def test_a_disk_too_full_for_the_file_alone_is_told_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_in, "_MOMENT_S", 0.0)
    monkeypatch.setattr(taking_in, "_PAUSE_S", 0.05)
    store = DuckStore(tmp_path / "readings.duckdb")
    # Its log is larger than what there will be room for.
    store.write([batch({NOW - n: float(n) for n in range(20_000)})])
    with little_disk(100_000):
        written = write(store, 1)
        wait_until(lambda: not store.health().ok, "the store says that it cannot take in", 30)
        assert "the disk is full" in store.health().detail
        with pytest.raises(StoreUnavailableError, match="the disk is full"):
            write(store, 2)
        assert len(store.read(MAIN, 0, 2**60)[0]) == 20_000
        left = copied(store, tmp_path / "killed")
        assert maintenance.check_file(left).left == 1
    wait_until(lambda: store.health().ok, "the store is well again", 30)
    written |= write(store, 2)
    assert written.items() <= points(store).items()
    assert (store.count(), store.duplicates()) == (20_002, 0)
    store.close()
    again = DuckStore(left)
    assert (again.count(), again.duplicates()) == (20_001, 0)
    again.close()


def test_writers_do_not_wait_while_the_file_is_kept_busy_until_very_much_waits(
    store: DuckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_in, "_MOST", 100)
    with store.standing_still():
        write(store, 1, 100)
        late = threading.Thread(target=write, args=(store, 200))
        late.start()
        late.join(0.1)
        assert late.is_alive()
    late.join(60)
    assert store.count() == 2 + 101


def test_a_backup_and_a_check_hold_what_waits(store: DuckStore, tmp_path: Path) -> None:
    write(store, 1, 10)
    assert maintenance.backup(store, tmp_path / "saved.duckdb").readings == 12
    write(store, 20, 10)
    checked = maintenance.check_store(store)
    assert (checked.readings, checked.left) == (22, 0)


def test_a_copy_of_a_file_in_use_is_restored_with_what_its_journal_holds(store: DuckStore, tmp_path: Path) -> None:
    written = {NOW: 0.5} | write(store, 1, 10)
    left, path = copied(store, tmp_path / "killed"), tmp_path / "new" / "readings.duckdb"
    checked, _ = restoring.restore(left, path, force=False)
    assert (checked.readings, checked.left) == (12, 0)
    again = DuckStore(path)
    assert points(again) == written
    more = {NOW + 50_000: 3.0}
    again.write([batch(dict(more), seq=9)])
    beside = copied(again, tmp_path / "beside")
    again.close()
    # A journal without its file is set aside with whatever else is there, and not laid beside the backup.
    beside.unlink()
    with pytest.raises(StoreRefusedError, match=r"readings\.duckdb\.\S+ exists; with --force"):
        restoring.restore(left, beside, force=False)
    checked, aside = restoring.restore(left, beside, force=True)
    assert checked.readings == 12
    assert aside is not None
    assert any(each.exists() for each in segments(aside))
    assert not any(each.exists() for each in segments(beside))


def test_a_closed_store_takes_nothing(store: DuckStore) -> None:
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        write(store, 1)
