"""One flipped byte anywhere in the outbox's files: every batch is there to the bit, or declared as a gap."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from edge.outbox import Outbox
from edge.outbox_log import keep_log, mended
from telemetry import Batch, Gap, Table, decode

NOW = 1_767_225_600_000
DAMAGED = "outbox_damaged"


class Clock:
    """A second later at each look."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def __call__(self) -> int:
        self.at += 1000
        return self.at


@dataclass(frozen=True)
class Original:
    """An outbox's files as a kill (or a clean end) leaves them, and all that was ever put into it."""

    files: dict[str, bytes]
    put: dict[int, bytes]
    waiting: set[int]
    untold: list[Gap]
    ended: int


def opened(folder: Path, clock: Clock | None = None, max_bytes: int = 1_000_000) -> Outbox:
    return Outbox(folder / "outbox.sqlite", "site-1", "gw-1", clock=clock or Clock(), max_bytes=max_bytes)


def put(outbox: Outbox, number: int, clock: Clock) -> None:
    rows = 1 + number * 7 % 40 * (10 if number % 9 == 0 else 1)
    times = [clock.at + row for row in range(rows)]
    table = Table.of("main", "power_meter", times, {"active_power_w": [time / 7 for time in times]})
    gaps = [Gap("press-1", "power_meter", "frequency_hz", clock.at, clock.at, "clock_stepped", 2)]
    outbox.put([table] if number % 8 else [], gaps if number % 4 == 0 else [])


def life(folder: Path, *, killed: bool) -> Original:
    """Three runs: what they put, what was acknowledged in between, what had to go because it was too much."""
    clock, every = Clock(), {}
    outbox = opened(folder, clock)
    for run in range(3):
        for number in range(1, 31):
            put(outbox, number, clock)
            for pending in outbox.after(outbox.last_seq - 1):
                every[pending.seq] = pending.payload
            if number in {9, 17}:
                outbox.acknowledge(outbox.epoch, [(outbox.last_seq - 5, outbox.last_seq - 3)])
        if run < 2:
            outbox.close()
            outbox = opened(folder, clock, 20_000 if run == 1 else 1_000_000)
    waiting = {pending.seq for pending in outbox.after(0, limit=1000)}
    assert outbox.counters.gap > 90  # some of it lost to the size limit, and not declared yet
    rows = outbox._file.connection.execute("SELECT device, kind, channel, start, end, reason, readings FROM undeclared")
    untold = [Gap(*row) for row in rows]
    if not killed:
        outbox.close()
    files = {
        path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith((".reserve", ".refused"))
    }
    outbox.close()
    return Original(files, every, waiting, untold, clock.at)


@pytest.fixture(scope="module", params=["killed", "closed"])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Original:
    return life(tmp_path_factory.mktemp("life"), killed=request.param == "killed")


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def check(folder: Path, original: Original) -> int:
    """Open it, let all go, and hold what travelled against what was put; how many batches are lost."""
    clock = Clock(original.ended)
    outbox = opened(folder, clock)
    found = outbox.after(0, limit=1000)
    for pending in found:
        assert pending.payload == original.put[pending.seq]
    missing = original.waiting - {pending.seq for pending in found}
    assert outbox.counters.balanced
    assert outbox.counters.pending == sum(decode(pending.payload, Batch).readings for pending in found)
    outbox._road_open = True  # as after an acknowledgement
    seq = outbox.put([Table.of("main", "power_meter", [clock.at], {"active_power_w": [1.0]})])
    assert seq > max(original.put)  # no number is given twice
    told = [gap for pending in outbox.after(0, limit=1000) for gap in decode(pending.payload, Batch).gaps]
    declared = [gap for gap in told if gap.reason == DAMAGED]
    lost = [decode(original.put[number], Batch) for number in missing]
    owed = [gap for number in original.waiting for gap in decode(original.put[number], Batch).gaps] + original.untold
    owed_readings = sum(batch.readings for batch in lost) + sum(gap.readings for gap in owed)
    assert sum(gap.readings for gap in told) >= owed_readings
    for batch in lost:
        for table in batch.tables:
            assert any(gap.start <= table.times[0] + 2000 and table.times[0] <= gap.end for gap in declared)
    assert outbox.counters.balanced
    outbox.close()
    return len(missing)


def spoilt(folder: Path, original: Original, name: str, at: int, change: int) -> Path:
    folder.mkdir()
    for other, data in original.files.items():
        spoilt_data = bytearray(data)
        if other == name:
            spoilt_data[at] ^= change
        (folder / other).write_bytes(spoilt_data)
    return folder


def test_unspoilt_nothing_is_lost(original: Original, tmp_path: Path) -> None:
    assert check(spoilt(tmp_path / "whole", original, "", 0, 0), original) == 0


def test_whichever_byte_is_changed_a_batch_is_there_to_the_bit_or_declared(original: Original, tmp_path: Path) -> None:
    draw = random.Random(20)
    names = sorted(original.files)
    assert ("outbox.sqlite-wal" in names) == (len(names) > 2)
    lost = 0
    for case in range(80):
        name = draw.choice(names)
        size = len(original.files[name])
        at = draw.randrange(100 if case % 5 == 0 else size)
        folder = spoilt(tmp_path / "case", original, name, min(at, size - 1), draw.randrange(1, 256))
        try:
            lost += check(folder, original) > 0
        except BaseException as error:
            error.add_note(f"case {case}: byte {at} of {name}")
            raise
        shutil.rmtree(folder)
    assert lost > 0 or len(names) > 2  # else nothing was put to the test


def test_a_byte_changed_in_the_middle_of_the_log_costs_one_batch_and_not_all_behind_it(tmp_path: Path) -> None:
    folder = tmp_path / "life"
    folder.mkdir()
    original = life(folder, killed=True)
    data = original.files["outbox.sqlite-wal"]
    for number in sorted(original.waiting)[:6]:
        at = data.rfind(original.put[number][:60]) + 30  # the latest copy of its page
        assert at > 30
        assert check(spoilt(tmp_path / str(number), original, "outbox.sqlite-wal", at, 1), original) == 1


def test_a_mended_log_is_the_log_itself_where_nothing_was_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "life"
    folder.mkdir()
    data = life(folder, killed=True).files["outbox.sqlite-wal"]
    again = mended(data)
    assert data.startswith(again)
    for at in (9, 17, 30, 40, 24 + 32 + 4096 + 9):  # page size, salt, checksum of the head; frames' salt and checksum
        assert mended(data[:at] + bytes([data[at] ^ 64]) + data[at + 1 :]) == again


def test_a_start_that_was_killed_while_it_mended_the_log_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "life"
    folder.mkdir()
    original = life(folder, killed=True)
    spoilt(tmp_path / "case", original, "outbox.sqlite-wal", 32 + 10 * (24 + 4096) + 17, 1)  # a frame's checksum
    path = tmp_path / "case" / "outbox.sqlite"
    assert keep_log(path)
    path.with_name("outbox.sqlite-wal").unlink()  # SQLite has ended it, and then the power failed
    assert check(tmp_path / "case", original) == 0
    assert not list(path.parent.glob("*.cut"))
