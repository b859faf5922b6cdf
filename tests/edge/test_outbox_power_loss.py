"""Power loss in the middle of a write, modelled: the log as it stood after each put, cut or zeroed at every place.

A power failure leaves a prefix of what was written since the last sync, the rest missing or zero. `put` returns after
the log is synced, so everything it confirmed lies before any cut that power loss can make, and must be there. What this
does not model is a disk that reorders writes within one sync or forgets what it said was synced; against the worst of
that (an old acknowledgement that meets a number given twice) every start begins a new epoch.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.outbox import Outbox
from telemetry import Batch, Table, decode

HEADER, FRAME = 32, 24 + 4096
NOW = 1_767_225_600_000


@dataclass(frozen=True)
class Written:
    """File and log after some puts, and where the log ended when each of them returned."""

    outbox: Outbox
    ends: list[int]
    before: int

    @property
    def path(self) -> Path:
        return self.outbox.path

    @property
    def log(self) -> bytes:
        return self.path.with_name(f"{self.path.name}-wal").read_bytes()

    def confirmed(self, cut: int) -> int:
        """How many puts had been confirmed when the log was so long."""
        return self.before + sum(end <= cut for end in self.ends)


def opened(path: Path) -> Outbox:
    return Outbox(path, "site-1", "gw-1", clock=lambda: NOW)


def put(outbox: Outbox, number: int) -> None:
    times = [1000 * number + row for row in range(60)]
    outbox.put([Table.of("main", "power_meter", times, {"active_power_w": [time / 7 for time in times]})])


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    """Ten batches in the file, then twelve in the log, with an acknowledgement between them that waits for no disk."""
    folder = tmp_path / "running"
    outbox = opened(folder / "outbox.sqlite")
    for number in range(10):
        put(outbox, number)
    outbox.close()
    outbox = opened(outbox.path)
    log = outbox.path.with_name("outbox.sqlite-wal")
    ends = []
    for number in range(10, 22):
        put(outbox, number)
        ends.append(log.stat().st_size)
        if number == 15:
            outbox.acknowledge(outbox.epoch, [(1, 3)])
    yield Written(outbox, ends, 10)
    outbox.close()


def after_power_loss(written: Written, folder: Path, log: bytes) -> Outbox:
    folder.mkdir()
    shutil.copyfile(written.path, folder / "outbox.sqlite")
    (folder / "outbox.sqlite-wal").write_bytes(log)
    return opened(folder / "outbox.sqlite")


def check(outbox: Outbox, confirmed: int) -> None:
    counters = outbox.counters
    waiting = [decode(pending.payload, Batch) for pending in outbox.after(0, limit=1000)]
    assert not list(outbox.path.parent.glob("*.damaged-*"))
    assert counters.balanced
    assert counters.read >= 60 * confirmed
    assert counters.pending == sum(batch.readings for batch in waiting)
    first = {0: 1, 180: 4}[counters.stored]  # the acknowledgement is there, or was forgotten as a whole
    assert [batch.seq for batch in waiting] == list(range(first, counters.read // 60 + 1))
    for batch in waiting:
        assert batch.tables[0].times[0] == 1000 * (batch.seq - 1)
    assert outbox.last_seq == counters.read // 60  # no number is left out


@pytest.mark.parametrize("rest", ["missing", "zero"])
def test_whatever_put_confirmed_is_there_wherever_the_log_ends(written: Written, tmp_path: Path, rest: str) -> None:
    log = written.log
    places = sorted({*range(HEADER, len(log) + 1, FRAME), *range(HEADER + 2000, len(log), FRAME * 3), 0, 16, len(log)})
    assert len(places) > 40
    for cut in places:
        left = log[:cut] + (bytes(len(log) - cut) if rest == "zero" else b"")
        outbox = after_power_loss(written, tmp_path / str(cut), left)
        check(outbox, written.confirmed(cut))
        outbox.close()
        shutil.rmtree(tmp_path / str(cut))


def test_a_put_waits_until_the_disk_has_the_log_and_an_acknowledgement_waits_for_nothing(tmp_path: Path) -> None:
    outbox = opened(tmp_path / "outbox.sqlite")
    connection = outbox._file.connection

    def settings() -> tuple[str, int]:
        [(journal,)], [(synchronous,)] = (
            connection.execute(f"PRAGMA {name}").fetchall() for name in ("journal_mode", "synchronous")
        )
        return journal, synchronous

    waits = ("wal", 2)  # FULL: SQLite syncs the log with every commit, NORMAL (1) only before it is checkpointed
    assert settings() == waits
    said: list[str] = []
    connection.set_trace_callback(said.append)
    put(outbox, 1)
    assert "COMMIT" in said
    assert [each for each in said if "PRAGMA" in each] == []
    outbox.acknowledge(outbox.epoch, [(1, 1)])
    assert [each for each in said if "PRAGMA" in each] == ["PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL"]
    connection.set_trace_callback(None)
    assert settings() == waits
    outbox.close()


def test_an_old_acknowledgement_meets_no_new_batch_even_where_a_disk_forgot_what_it_had_confirmed(
    written: Written, tmp_path: Path
) -> None:
    epoch = decode(written.outbox.after(21)[0].payload, Batch).epoch
    outbox = after_power_loss(written, tmp_path / "forgot", written.log[: written.ends[2]])
    assert outbox.counters.read == 13 * 60
    put(outbox, 99)
    assert outbox.acknowledge(epoch, [(14, 22)]) == 0  # for batches this disk has forgotten
    assert outbox.counters.pending == 14 * 60
    outbox.close()


def test_a_file_that_ends_early_is_set_aside_and_what_is_left_of_it_is_saved(written: Written, tmp_path: Path) -> None:
    data = written.path.read_bytes()
    for cut in range(0, len(data), 4096):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "outbox.sqlite").write_bytes(data[:cut])
        outbox = opened(folder / "outbox.sqlite")
        assert outbox.counters.balanced
        assert outbox.counters.pending == 60 * outbox.counters.batches
        assert list(folder.glob("*.damaged-*")) or outbox.counters.read == 0
        outbox.close()
