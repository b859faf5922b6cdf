"""What a full disk refused is declared as a gap, although the gateway was killed before the disk had room for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.errors import OutboxFullError
from edge.losses import gaps_of
from edge.outbox import Outbox
from edge.outbox_refused import RefusedFile
from telemetry import Batch, Gap, Table, decode

_KILLED_ON_A_FULL_DISK = """
import asyncio, os, resource, signal, sys
from pathlib import Path
from edge.flushing import Flusher
from edge.outbox import Outbox

folder, real = Path(sys.argv[1]), sys.argv[2] == "True"
outbox = Outbox(folder / "outbox.sqlite", "site-1", "gw-1")
flusher = Flusher(outbox, lambda: None)
flusher.add("main", "power_meter", 1000, {"active_power_w": 1.0})
asyncio.run(flusher.flush())
if real:
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        try:
            while ballast.write(bytes(4096)):
                pass
        except OSError:
            pass
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
time = 1000
while flusher.undeclared < 40:
    for _ in range(20):
        time += 1000
        flusher.add("main", "power_meter", time, {"active_power_w": 1.0, "frequency_hz": 50.0})
    asyncio.run(flusher.flush())
print(outbox.counters.pending, flusher.undeclared, time, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, bool]]:
    """A file system of 8 MB where that is allowed, else a folder; and which of them."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    yield folder, mounted
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def opened(folder: Path) -> Outbox:
    return Outbox(folder / "outbox.sqlite", "site-1", "gw-1")


def table(*times: int) -> Table:
    return Table.of("main", "power_meter", list(times), {"active_power_w": [1.0] * len(times)})


def declared(outbox: Outbox) -> list[Gap]:
    """The gaps that travel once an acknowledgement has shown that the road is open."""
    seq = outbox.put([table(10**9)])
    outbox.acknowledge(outbox.epoch, [(seq, seq)])
    seq = outbox.put([table(10**9 + 1000)])
    return [gap for pending in outbox.after(seq - 1) for gap in decode(pending.payload, Batch).gaps]


def fill(outbox: Outbox) -> None:
    """Let the database take no page more, as on a full disk."""
    (pages,) = outbox._file.connection.execute("PRAGMA page_count").fetchone()
    outbox._file.connection.execute(f"PRAGMA max_page_count = {pages}")


def refuse(outbox: Outbox, *times: int, gaps: tuple[Gap, ...] = ()) -> None:
    with pytest.raises(OutboxFullError):
        outbox.put([table(*times)], gaps)


@pytest.mark.parametrize("real", [True, False])
def test_a_kill_on_a_full_disk_makes_no_loss_a_silence(disk: tuple[Path, bool], *, real: bool) -> None:
    folder, mounted = disk
    command = [sys.executable, "-c", _KILLED_ON_A_FULL_DISK, str(folder), str(real and mounted)]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert child.returncode == -9, child.stderr
    pending, lost, last = map(int, child.stdout.splitlines()[-1].split())
    # It starts on the full disk: how else should it ever deliver what is in the way?
    opened(folder).close()
    (folder / "ballast").unlink(missing_ok=True)
    with closing(opened(folder)) as outbox:
        counters = outbox.counters
        assert (counters.pending, counters.gap, counters.read, counters.balanced) == (
            pending, lost, pending + lost, True,
        )  # fmt: skip
        told = {gap.channel: gap for gap in declared(outbox)}
        assert sum(gap.readings for gap in told.values()) == lost
        assert {gap.end for gap in told.values()} == {last}
    with closing(opened(folder)) as outbox:
        assert outbox.counters.gap == lost, "it is declared once"


def test_what_was_refused_and_put_as_a_gap_since_is_not_declared_again(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    outbox.put([table(1)])
    fill(outbox)
    times = tuple(range(2, 5000))
    refuse(outbox, *times)
    outbox._file.connection.execute("PRAGMA max_page_count = 1000000")
    outbox.put([table(6000)], list(gaps_of([table(*times)], "outbox_full")))
    gap = outbox.counters.gap
    outbox._file.connection.close()  # as a kill leaves it
    with closing(opened(tmp_path)) as again:
        assert (again.counters.gap, again.counters.read, gap) == (4998, 5000, 4998)


def test_what_was_refused_before_is_part_of_what_is_written_down_later(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    fill(outbox)
    times = tuple(range(1, 5000))
    refuse(outbox, *times)
    refuse(outbox, *(time + 5000 for time in times), gaps=tuple(gaps_of([table(*times)], "outbox_full")))
    outbox._file.connection.close()
    with closing(opened(tmp_path)) as again:
        (gap,) = declared(again)
    assert (gap.start, gap.end, gap.readings, gap.reason) == (1, 9999, 9998, "outbox_full")


@pytest.mark.parametrize("place", [0, 64 * 1024])
def test_a_place_torn_by_a_power_failure_costs_one_step(tmp_path: Path, place: int) -> None:
    path = tmp_path / "outbox.sqlite.refused"
    file = RefusedFile(path, "gw-1")
    file.keep()
    for number in (1, 2):
        file.write("epoch", 7, [Gap("main", "power_meter", "active_power_w", 1, 2, "outbox_full", number)])
    data = bytearray(path.read_bytes())
    data[place + 30] ^= 1
    path.write_bytes(data)
    (gap,) = RefusedFile(path, "gw-1").read("epoch", 7)
    assert gap.readings == (1 if place == 0 else 2)
    assert RefusedFile(path, "gw-1").read("epoch", 8) == [], "something was put since"
    assert RefusedFile(path, "gw-1").read("another", 7) == []


def test_more_series_than_there_is_room_for_keep_their_number(tmp_path: Path) -> None:
    file = RefusedFile(tmp_path / "refused", "gw-1")
    file.keep()
    size = (tmp_path / "refused").stat().st_size
    gaps = [
        Gap(
            f"meter-{hash((number, 7)) % 10**15}", "power_meter", "active_power_w", number, number + 5, "outbox_full", 3
        )
        for number in range(9000)
    ]
    file.write("epoch", 1, gaps)
    (gap,) = RefusedFile(tmp_path / "refused", "gw-1").read("epoch", 1)
    assert gap == Gap("gw-1", "gateway", "readings_count", 0, 9004, "outbox_full", 27_000)
    assert (tmp_path / "refused").stat().st_size == size


def test_a_gateway_of_three_thousand_series_names_them_all(tmp_path: Path) -> None:
    file = RefusedFile(tmp_path / "refused", "gw-1")
    file.keep()
    gaps = [
        Gap(f"press-{device}", "power_meter", f"power_{channel}_w", 10**12 + device * 977, 10**12 + 8**7 + channel,
            "outbox_full", 1000 + device)
        for device in range(100) for channel in range(30)
    ]  # fmt: skip
    file.write("epoch", 1, gaps)
    assert RefusedFile(tmp_path / "refused", "gw-1").read("epoch", 1) == gaps


def test_an_outbox_without_that_file_goes_on(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite.refused").mkdir()
    outbox = opened(tmp_path)
    fill(outbox)
    refuse(outbox, *range(1, 5000))
    outbox.close()
    with closing(opened(tmp_path)) as again:
        assert (again.counters.read, again.put([table(1)])) == (0, 1)
