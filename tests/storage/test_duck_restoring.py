"""Backups put in the place of a data file, and what they leave alone when they cannot be."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from structlog.testing import capture_logs

from storage import DuckStore, StoreRefusedError, StoreUnavailableError
from storage.duck import maintenance, placing, restoring
from tests.storage.parts import little_disk
from tests.storage.test_conformance_rollups import START, write
from tests.storage.test_duck_faults import child, line
from tests.storage.test_duck_maintenance import everything, filled

FEW = 120 + 90 + 2
"""Readings of `filled`."""


def backup_of(store: DuckStore, target: Path) -> Path:
    maintenance.backup(store, target)
    return target


def content(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def test_restoring_sets_the_old_file_aside_only_when_told_to(tmp_path: Path) -> None:
    path, saved = tmp_path / "data" / "readings.duckdb", tmp_path / "saved.duckdb"
    store = filled(path)
    maintenance.backup(store, saved)
    held = everything(store)
    with pytest.raises(StoreRefusedError, match="exists; with --force"):
        restoring.restore(saved, path, force=False)
    store.close()
    path.write_bytes(b"damaged" * 1000)
    checked, aside = restoring.restore(saved, path, force=True)
    assert checked.readings == 120 + 90 + 2
    assert aside is not None
    assert aside.read_bytes().startswith(b"damaged")
    again = DuckStore(path)
    assert everything(again) == held
    again.close()
    assert restoring.restore(saved, tmp_path / "new" / "readings.duckdb", force=False)[1] is None


def test_a_copy_of_a_file_in_use_is_restored_with_what_its_log_holds(tmp_path: Path) -> None:
    copied, path = tmp_path / "copied.duckdb", tmp_path / "data" / "readings.duckdb"
    store = filled(tmp_path / "readings.duckdb")
    for suffix in ("", ".wal"):
        shutil.copy(f"{store.file.path}{suffix}", f"{copied}{suffix}")
    before, told = content(tmp_path), list[tuple[int, int]]()
    held = everything(store)
    checked, _ = restoring.restore(copied, path, force=False, progress=lambda done, all_: told.append((done, all_)))
    assert checked.readings == FEW
    assert told[-1][0] == told[-1][1] == maintenance.size_of(copied)
    assert [each.name for each in path.parent.iterdir()] == ["readings.duckdb"]
    again = DuckStore(path)
    assert everything(again) == held
    again.close()
    assert {name: before[name] for name in ("copied.duckdb", "copied.duckdb.wal")}.items() <= content(tmp_path).items()
    store.close()


def test_a_log_that_was_left_without_its_file_is_set_aside_and_not_laid_beside_the_backup(tmp_path: Path) -> None:
    path = tmp_path / "data" / "readings.duckdb"
    store = filled(path)
    saved = backup_of(store, tmp_path / "saved.duckdb")
    log = (tmp_path / "data" / "readings.duckdb.wal").read_bytes()
    store.close()
    path.unlink()
    path.with_name("readings.duckdb.wal").write_bytes(log)
    with pytest.raises(StoreRefusedError, match=r"readings\.duckdb\.wal exists; with --force"):
        restoring.restore(saved, path, force=False)
    _, aside = restoring.restore(saved, path, force=True)
    assert aside is not None
    assert aside.with_name(aside.name + ".wal").read_bytes() == log
    assert maintenance.check_file(path).readings == FEW


def test_the_data_file_itself_is_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    filled(path).close()
    (tmp_path / "link.duckdb").symlink_to(path)
    before = content(tmp_path)
    for name in ("readings.duckdb", "link.duckdb"):
        with pytest.raises(StoreRefusedError, match="is the data file itself"):
            restoring.restore(tmp_path / name, path, force=True)
    assert content(tmp_path) == before


def test_a_restore_that_finds_no_room_leaves_the_old_file_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "data" / "readings.duckdb"
    store = filled(tmp_path / "readings.duckdb")
    write(store, {-1000 * n: n * 0.37 for n in range(1, 150_000)})
    saved = backup_of(store, tmp_path / "saved.duckdb")
    store.close()
    filled(path).close()
    before = content(path.parent)
    with little_disk(400_000), pytest.raises(StoreUnavailableError, match=r"the disk is full.*nothing was changed"):
        restoring.restore(saved, path, force=True)
    assert content(path.parent) == before


def test_a_disk_that_is_full_only_when_the_copy_is_put_on_it_leaves_the_old_file_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data" / "readings.duckdb"
    store = filled(tmp_path / "readings.duckdb")
    saved = backup_of(store, tmp_path / "saved.duckdb")
    store.close()
    filled(path).close()
    before = content(path.parent)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreUnavailableError, match=r"the disk is full.*nothing was changed"):
            restoring.restore(saved, path, force=True)
    assert content(path.parent) == before


@pytest.mark.parametrize("damage", ["header", "data", "cut", "foreign", "empty", "folder"])
def test_a_damaged_backup_leaves_the_old_file_in_its_place(tmp_path: Path, damage: str) -> None:
    path, saved = tmp_path / "data" / "readings.duckdb", tmp_path / "saved.duckdb"
    store = filled(path)
    content_ = bytearray(backup_of(store, saved).read_bytes())
    store.close()
    if damage == "header":
        content_[8] ^= 1
    elif damage == "data":
        # The block a table's columns begin in: 12 kB of headers, then blocks of 64 kB.
        content_[12_288 + 4_000] ^= 1
    elif damage == "cut":
        del content_[len(content_) // 2 :]
    saved.write_bytes({"foreign": b"time,value\n" * 999, "empty": b""}.get(damage, bytes(content_)))
    if damage == "folder":
        saved.unlink()
        saved.mkdir()
    before = content(path.parent)
    with pytest.raises(StoreRefusedError, match=r"damaged or not a WattProof data file.*another backup|is a folder"):
        restoring.restore(saved, path, force=True)
    assert content(path.parent) == before


def test_a_file_in_use_is_neither_replaced_nor_taken_for_a_backup(tmp_path: Path) -> None:
    path, saved = tmp_path / "data" / "readings.duckdb", tmp_path / "saved.duckdb"
    store = filled(tmp_path / "readings.duckdb")
    backup_of(store, saved)
    store.close()
    filled(path).close()
    with child("hold", path) as process:
        assert line(process) == "held"
        with pytest.raises(StoreRefusedError, match=f"in use by process {process.pid}"):
            restoring.restore(saved, path, force=True)
        with pytest.raises(StoreRefusedError, match=f"in use by process {process.pid}"):
            restoring.restore(path, tmp_path / "new" / "readings.duckdb", force=True)
    assert maintenance.check_file(path).readings == FEW
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_opened_while_the_copy_is_made_keeps_its_place(tmp_path: Path) -> None:
    path, saved = tmp_path / "data" / "readings.duckdb", tmp_path / "saved.duckdb"
    store = filled(path)
    backup_of(store, saved)
    store.close()
    with contextlib.ExitStack() as closing:
        opened: list[subprocess.Popen[str]] = []

        def open_it(*_: int) -> None:
            if not opened:
                opened.append(closing.enter_context(child("hold", path)))
                assert line(opened[0]) == "held"

        with pytest.raises(StoreRefusedError, match="in use by process") as refused:
            restoring.restore(saved, path, force=True, progress=open_it)
        assert f"process {opened[0].pid};" in str(refused.value)
    assert not list(path.parent.glob("*.old*"))
    assert not list(path.parent.glob("*.restor*"))
    assert maintenance.check_file(path).readings == FEW


def test_nobody_opens_the_old_file_while_it_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, saved = tmp_path / "data" / "readings.duckdb", tmp_path / "saved.duckdb"
    store = filled(path)
    backup_of(store, saved)
    store.close()
    opening = [sys.executable, "-c", "import duckdb, sys; duckdb.connect(sys.argv[1])", str(path)]

    def meanwhile(part: Path, to: Path) -> Path | None:
        tried = subprocess.run(opening, capture_output=True, text=True, check=False, timeout=60)
        assert "Could not set lock" in tried.stderr
        return placing.take_the_place(part, to)

    monkeypatch.setattr(restoring, "take_the_place", meanwhile)
    restoring.restore(saved, path, force=True)
    subprocess.run(opening, check=True, timeout=60)


def test_a_backup_that_nobody_may_change_becomes_a_file_that_its_owner_may(tmp_path: Path) -> None:
    path, saved = tmp_path / "data" / "readings.duckdb", tmp_path / "saved.duckdb"
    store = filled(tmp_path / "readings.duckdb")
    backup_of(store, saved)
    store.close()
    saved.chmod(0o444)
    restoring.restore(saved, path, force=False)
    assert path.stat().st_mode & 0o777 == 0o644
    assert saved.stat().st_mode & 0o777 == 0o444


def test_what_of_a_backup_cannot_be_read_is_named(tmp_path: Path) -> None:
    saved = tmp_path / "saved.duckdb"
    store = filled(tmp_path / "readings.duckdb")
    backup_of(store, saved)
    store.close()
    (tmp_path / "saved.duckdb.wal").mkdir()
    with pytest.raises(StoreRefusedError, match=r"saved\.duckdb\.wal cannot be read .Is a directory.; check its perm"):
        restoring.restore(saved, tmp_path / "data" / "readings.duckdb", force=False)
    assert not list((tmp_path / "data").iterdir())


def of_a_later_duckdb(path: Path) -> None:
    """Give a whole file a number of DuckDB's format that does not exist yet, and the checksum that goes with it."""
    content = bytearray(path.read_bytes())
    checksum, before = struct.unpack_from("<QQ", content)
    content[12:16] = (60_000).to_bytes(4, "little")
    [after] = struct.unpack_from("<Q", content, 8)
    # The sum of a block is that of its words, each times this.
    factor = 0xBF58476D1CE4E5B9
    struct.pack_into("<Q", content, 0, checksum ^ ((before * factor ^ after * factor) % 2**64))
    path.write_bytes(content)


def test_a_file_that_only_a_later_version_can_read_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    filled(path).close()
    of_a_later_duckdb(path)
    said = rf"^{path} is not for DuckDB {duckdb.__version__} .*60000.*; use the WattProof that wrote it"
    with pytest.raises(StoreRefusedError, match=said):
        DuckStore(path)
    with pytest.raises(StoreRefusedError, match=said):
        maintenance.check_file(path)
    with pytest.raises(StoreRefusedError, match=said):
        restoring.restore(path, tmp_path / "new" / "readings.duckdb", force=False)


def test_a_link_stands_for_the_file_it_leads_to_and_what_lies_beside_that(tmp_path: Path) -> None:
    disk, path = tmp_path / "disk", tmp_path / "data" / "readings.duckdb"
    copied, saved = tmp_path / "copied", tmp_path / "saved.duckdb"
    path.parent.mkdir()
    path.symlink_to(disk / "readings.duckdb")
    store = filled(path)
    # In the journal, from where it goes into the file by and by.
    write(store, {START + 800 * 60_000: 7.0})
    shutil.copytree(disk, copied)
    store.close()
    saved.symlink_to(copied / "readings.duckdb")
    found = maintenance.check_file(saved)
    assert found.readings + found.left == FEW + 1
    checked, aside = restoring.restore(saved, path, force=True)
    assert checked.readings == FEW + 1
    assert aside is not None
    assert aside.parent == disk
    assert path.is_symlink()
    assert maintenance.check_file(path).readings == FEW + 1


def left_by_a_kill(folder: Path, patched: pytest.MonkeyPatch) -> list[Path]:
    """Copies of a folder as a kill before each change of a name would leave it, filled while the patch lasts."""
    copies: list[Path] = []

    def watched(change: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def changed(each: Path, to: Path) -> Path:
            copies.append(shutil.copytree(folder, folder.with_name(f"killed-{len(copies)}")))
            return change(each, to)

        return changed

    patched.setattr(Path, "rename", watched(Path.rename))
    patched.setattr(Path, "replace", watched(Path.replace))
    return copies


@pytest.mark.parametrize("finish", ["open", "restore"])
def test_a_restore_that_is_killed_leaves_the_old_file_or_is_finished_with_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finish: str
) -> None:
    folder = tmp_path / "data"
    path, saved = folder / "readings.duckdb", tmp_path / "saved.duckdb"
    store = filled(path)
    backup_of(store, saved)
    # What was written since is in its log or in its journal, whose other segment holds nothing.
    write(store, {START + 800 * 60_000: 7.0})
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    (old / "readings.duckdb.journal-b").write_bytes((old / "readings.duckdb.journal-a").read_bytes()[:16])
    store.close()
    shutil.rmtree(folder)
    shutil.copytree(old, folder)
    before = content(folder)
    assert len(before) == 4
    with monkeypatch.context() as patched:
        copies = left_by_a_kill(folder, patched)
        restoring.restore(saved, path, force=True)
    # Deciding, the log, two segments, the file, and its place.
    assert len(copies) == 6
    for nth, copy in enumerate(copies):
        killed = copy / path.name
        if nth:
            with pytest.raises(StoreRefusedError, match="a restore into its place was cut off"):
                maintenance.check_file(killed)
        with capture_logs() as logs:
            if finish == "open":
                DuckStore(killed).close()
            else:
                with pytest.raises(StoreRefusedError, match=r"readings\.duckdb exists; with --force"):
                    restoring.restore(saved, killed, force=False)
        assert [each["event"] for each in logs if each["event"] == "restore_finished"] == ["restore_finished"] * (
            nth > 0
        )
        held = maintenance.check_file(killed)
        assert (held.ok, held.readings + held.left) == (True, FEW if nth else FEW + 1)
        if nth:
            [aside] = copy.glob("*.old")
            kept = {each.name.replace(aside.name, path.name): each.read_bytes() for each in copy.glob("*.old*")}
            assert kept == before
            assert not list(copy.glob("*.restored"))
