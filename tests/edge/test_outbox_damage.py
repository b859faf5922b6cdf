"""Damage: the file is set aside untouched, what can be read of it goes on, the rest is told; the ledger balances."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from collector import Quarantine
from edge.outbox import Outbox
from edge.outbox_salvage import salvage
from storage import DuckStore
from telemetry import Batch, Broker, Table, decode
from tests.collector.parts import MAIN, collecting, gateway, now_ms

PAGE = 4096
NOW = 1_767_225_600_000


def opened(folder: Path) -> Outbox:
    return Outbox(folder / "outbox.sqlite", "site-1", "gw-1", clock=lambda: NOW)


def filled(folder: Path, batches: int, rows: int = 20) -> Path:
    """An outbox with these batches, two of them acknowledged; closed, so that everything is in the one file."""
    outbox = opened(folder)
    for number in range(batches):
        times = [1000 * (number * rows + row) for row in range(rows)]
        outbox.put([Table.of("main", "power_meter", times, {"active_power_w": [time / 7 for time in times]})])
    outbox.acknowledge(outbox.epoch, [(1, 2)])
    outbox.close()
    return outbox.path


def times_of(outbox: Outbox) -> list[int]:
    found = [decode(pending.payload, Batch) for pending in outbox.after(0, limit=10_000)]
    return [time for batch in found for table in batch.tables for time in table.times]


def spoil(path: Path, page: int) -> bytes:
    """Overwrite one page, counted from 0; what the file is then."""
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(random.Random(page).randbytes(PAGE))
    return path.read_bytes()


def test_whichever_page_is_damaged_all_else_is_saved_and_the_ledger_balances(tmp_path: Path) -> None:
    original = filled(tmp_path, 40)
    pages = original.stat().st_size // PAGE
    saved = {}
    for page in range(pages):
        folder = tmp_path / str(page)
        folder.mkdir()
        shutil.copyfile(original, folder / "outbox.sqlite")
        broken = spoil(folder / "outbox.sqlite", page)
        outbox = opened(folder)
        counters = outbox.counters
        assert counters.balanced
        assert counters.pending == len(times_of(outbox))
        assert counters.batches == len(outbox.after(0, limit=1000))
        if (folder / f"outbox.sqlite.damaged-{NOW}").exists():  # a free page may be damaged and nobody cares
            assert (folder / f"outbox.sqlite.damaged-{NOW}").read_bytes() == broken
        saved[page] = counters.pending
        if page != 1:  # the page of the ledger itself
            assert (counters.read, counters.stored) == (800, 40)
            assert counters.gap == 760 - counters.pending
        outbox.close()
    assert saved[0] == saved[1] == 760  # the first page is that of any outbox; without its ledger all batches are there
    assert saved[2] == 0 or saved[2] == 760  # the root of the batches: without it nobody finds them
    assert sorted(saved.values())[1] >= 600  # any other page holds a few


def test_a_flipped_bit_in_a_number_is_no_reading(tmp_path: Path) -> None:
    path = filled(tmp_path, 10)
    with contextlib.closing(sqlite3.connect(path)) as file, file:  # SQLite has no checksums of its own
        (payload,) = file.execute("SELECT payload FROM batch WHERE seq = 5").fetchone()
        assert payload.count(b"12857.142857") == 1
        changed = payload.replace(b"12857.142857", b"13857.142857")
        file.execute("UPDATE batch SET payload = ? WHERE seq = 5", (changed,))
    with structlog.testing.capture_logs() as logs:
        outbox = opened(tmp_path)
    times = times_of(outbox)
    (told,) = [entry for entry in logs if entry["event"] == "outbox_damaged"]
    assert (told["readings_saved"], told["readings_lost"]) == (140, 20)
    assert len(times) == 140
    assert outbox.counters.gap == 20
    assert outbox.counters.balanced
    outbox.close()


def power(time: int) -> float:
    return time % 1_000_000 / 7


def test_what_a_damage_took_reaches_the_store_as_a_gap_and_what_it_left_as_readings(
    tmp_path: Path, mosquitto: Broker
) -> None:
    start = now_ms() - 3_600_000
    with gateway(tmp_path, mosquitto) as (outbox, _):
        pass
    outbox = Outbox(tmp_path / "gw-1.sqlite", "site-1", "gw-1")
    for number in range(30):
        times = [start + 1000 * (number * 20 + row) for row in range(20)]
        outbox.put([Table.of("main", "power_meter", times, {"active_power_w": [power(time) for time in times]})])
    outbox.close()
    spoil(tmp_path / "gw-1.sqlite", (tmp_path / "gw-1.sqlite").stat().st_size // PAGE - 3)
    store, quarantine = DuckStore(tmp_path / "readings.duckdb"), Quarantine(tmp_path / "quarantine.sqlite")
    with collecting(store, mosquitto, quarantine), gateway(tmp_path, mosquitto) as (outbox, publisher):
        saved = outbox.counters.pending
        assert 0 < saved < 600
        assert publisher.drained(60)
        outbox.put([Table.of("main", "power_meter", [start - 1000], {"active_power_w": [1.0]})])
        assert publisher.drained(60)
        counters = outbox.counters
    assert (counters.stored, counters.gap, counters.read) == (saved + 1, 600 - saved, 601)
    (gap,) = store.gaps("site-1", 0, 2**62)
    assert (gap.device, gap.channel, gap.reason) == ("gw-1", "readings_count", "outbox_damaged")
    assert gap.readings == 600 - saved
    read_at, values = store.read(MAIN, 0, 2**62)
    assert len(read_at) == saved + 1
    assert all(value == power(time) for time, value in zip(read_at[1:].tolist(), values[1:].tolist(), strict=True))
    store.close()
    quarantine.close()


def test_gaps_that_were_not_declared_yet_survive_the_damage(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1", max_bytes=1000, clock=lambda: NOW)
    for time in range(1, 21):
        outbox.put([Table.of("main", "power_meter", [time * 1000], {"active_power_w": [1.0]})])
    before = outbox.counters
    outbox.close()
    spoil(tmp_path / "outbox.sqlite", 0)
    outbox = opened(tmp_path)
    assert outbox.counters == dataclasses.replace(before, bytes=outbox.counters.bytes)
    newest = decode(outbox.after(outbox.last_seq - 1)[0].payload, Batch)
    assert outbox.acknowledge(newest.epoch, [(newest.seq, newest.seq)]) == 1
    outbox.put([Table.of("main", "power_meter", [99_000], {"active_power_w": [1.0]})])
    (gap,) = decode(outbox.after(outbox.last_seq - 1)[0].payload, Batch).gaps
    assert (gap.reason, gap.readings) == ("outbox_full", before.gap)
    outbox.close()


def test_a_start_that_was_killed_while_it_replaced_the_file_is_gone_on_with(tmp_path: Path) -> None:
    path = filled(tmp_path, 10)
    spoil(path, 0)
    fresh = path.with_name("outbox.sqlite.fresh")
    salvage(path, fresh, "site-1", "gw-1", NOW)  # killed before anything was renamed: it is done again
    outbox = opened(tmp_path)
    assert outbox.counters.pending == 160
    assert not fresh.exists()
    outbox.close()
    path.replace(fresh)  # killed between the two renames
    outbox = opened(tmp_path)
    assert outbox.counters.pending == 160
    outbox.close()


def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    for number in range(5):
        filled(tmp_path, 3).write_bytes(b"this is no database" * 1000)
        clock = itertools.repeat(NOW + number).__next__
        Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1", clock=clock).close()
    kept = sorted(path.name for path in tmp_path.glob("*.damaged-*"))
    assert kept == [f"outbox.sqlite.damaged-{NOW + number}" for number in (2, 3, 4)]


_ON_A_SMALL_DISK = """
import resource
import sys
from pathlib import Path
from edge.errors import OutboxError
from edge.outbox import Outbox
from telemetry import Table

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
outbox = Outbox(Path(sys.argv[1]) / "outbox.sqlite", "site-1", "gw-1")
accepted = 0
try:
    while True:
        times = list(range(accepted, accepted + 500))
        outbox.put([Table.of("main", "power_meter", times, {"active_power_w": [1.5] * 500})])
        accepted += 500
except OutboxError as error:
    print(accepted, type(error).__name__, outbox.counters.pending, outbox.counters.balanced)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for seq in range(1, outbox.last_seq // 2):
    outbox.acknowledge(outbox.epoch, [(seq, seq)])
outbox.put([Table.of("main", "power_meter", [10**9], {"active_power_w": [1.5]})])
print(outbox.counters.read - accepted, outbox.counters.balanced)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder for at most 6 MB: a file system of its own where that is allowed, else a limit on a file's size.

    On the file system nothing makes room but the outbox itself, by what is acknowledged; the limit is lifted instead.
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    yield folder, resource.RLIM_INFINITY if mounted.returncode == 0 else 3_000_000
    if mounted.returncode == 0:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_what_is_new_keeps_what_was_accepted_and_goes_on_when_there_is_room(
    small_disk: tuple[Path, int],
) -> None:
    folder, limit = small_disk
    command = [sys.executable, "-c", _ON_A_SMALL_DISK, str(folder), str(limit)]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert child.returncode == 0, child.stderr
    full, after = child.stdout.splitlines()
    accepted, error, pending, balanced = full.split()
    assert int(accepted) == int(pending) > 10_000
    assert balanced == "True"
    assert error == ("OutboxFullError" if limit == resource.RLIM_INFINITY else "OutboxError")
    assert after == "1 True"


def test_a_disk_too_full_to_replace_a_damaged_file_keeps_it_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path, 10)
    outbox = opened(tmp_path)
    outbox._file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    outbox._file.connection.execute("PRAGMA cache_size = 0")
    outbox._file.connection.execute("PRAGMA shrink_memory")
    spoil(path, 2)
    blocked = tmp_path / "outbox.sqlite.fresh-wal"
    blocked.mkdir()
    with pytest.raises(Exception, match="outbox"):
        outbox.put([Table.of("main", "power_meter", [10**9], {"active_power_w": [1.5]})])
    assert not list(tmp_path.glob("*.damaged-*"))
    blocked.rmdir()
    outbox.put([Table.of("main", "power_meter", [10**9], {"active_power_w": [1.5]})])
    assert outbox.counters.balanced
    assert list(tmp_path.glob("*.damaged-*"))
    outbox.close()
