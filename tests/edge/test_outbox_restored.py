"""A backup of the outbox is put back: nothing is lost, nothing doubled, nothing let go that is not stored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import structlog

from collector import Quarantine
from edge.outbox import Outbox
from storage import DuckStore
from telemetry import Ack, Batch, Broker, Table, decode, encode
from tests.collector.parts import MAIN, collecting, gateway, now_ms
from tests.parts import wait_until

FILES = ("outbox.sqlite", "outbox.sqlite-wal", "outbox.sqlite.mark")


def opened(folder: Path) -> Outbox:
    return Outbox(folder / "outbox.sqlite", "site-1", "gw-1")


def put(outbox: Outbox, *times: int) -> None:
    for time in times:
        outbox.put([Table.of("main", "power_meter", [time], {"active_power_w": [float(time % 1000)]})])


def copied(folder: Path, to: Path, *, mark: bool) -> None:
    """Copy an outbox as a backup would, closed or not; with or without the mark beside it."""
    to.mkdir(exist_ok=True)
    for path in folder.glob("*.sqlite*"):
        if not path.name.endswith((".reserve", ".refused")) and (mark or not path.name.endswith(".mark")):
            shutil.copyfile(path, to / path.name)


def waiting(outbox: Outbox) -> list[tuple[str, int, int]]:
    found = [decode(pending.payload, Batch) for pending in outbox.after(0, limit=1000)]
    return [(batch.epoch, batch.seq, batch.tables[0].times[0]) for batch in found if batch.tables]


@pytest.mark.parametrize("whole_disk", [True, False])
def test_an_old_acknowledgement_lets_go_of_nothing_that_was_put_after_the_restore(
    tmp_path: Path, whole_disk: bool
) -> None:
    outbox = opened(tmp_path)
    put(outbox, 1, 2, 3)
    old = outbox.epoch
    copied(tmp_path, tmp_path / "backup", mark=whole_disk)
    put(outbox, 4, 5)
    assert outbox.acknowledge(old, [(1, 1), (4, 5)]) == 3
    outbox.close()
    copied(tmp_path / "backup", tmp_path, mark=True)
    outbox = opened(tmp_path)
    put(outbox, 6, 7)
    new = outbox.epoch
    first = 4 if whole_disk else 6  # the mark knows which numbers were given
    again = [(old, 1, 1), (old, 2, 2), (old, 3, 3), (new, first, 6), (new, first + 1, 7)]
    assert waiting(outbox) == again
    assert outbox.own(old, [(1, 9)]) == [(1, 3)]
    assert outbox.acknowledge(old, [(2, 9)]) == 2  # from before the restore, or from a batch that was sent again
    assert waiting(outbox) == [again[0], *again[3:]]
    assert outbox.counters.balanced
    outbox.close()


def test_what_was_put_after_the_backup_and_not_stored_is_declared(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 1, 2, 3)
    outbox.close()
    copied(tmp_path, tmp_path / "backup", mark=False)
    outbox = opened(tmp_path)
    put(outbox, 4, 5, 6, 7)
    outbox.acknowledge(outbox.epoch, [(4, 5)])
    before = outbox.counters
    outbox.close()
    copied(tmp_path / "backup", tmp_path, mark=False)
    with structlog.testing.capture_logs() as logs:
        outbox = opened(tmp_path)
    assert [entry["readings_lost"] for entry in logs if entry["event"] == "outbox_went_back"] == [4]
    assert outbox.counters.read == before.read == 7
    assert outbox.counters.balanced
    assert outbox.acknowledge(waiting(outbox)[0][0], [(1, 3)]) == 3
    put(outbox, 8)
    (gap,) = decode(outbox.after(0)[0].payload, Batch).gaps
    # Two of the four were stored; which two, nobody knows who was not there, so all four are told.
    assert (gap.reason, gap.readings, gap.device) == ("outbox_damaged", 4, "gw-1")
    outbox.close()


def test_an_outbox_that_somebody_deleted_is_declared_as_lost(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 1, 2, 3)
    outbox.acknowledge(outbox.epoch, [(1, 1)])
    outbox.close()
    (tmp_path / "outbox.sqlite").unlink()
    outbox = opened(tmp_path)
    counters = outbox.counters
    assert (counters.read, counters.stored, counters.gap, counters.pending) == (3, 1, 2, 0)
    put(outbox, 9)
    assert waiting(outbox)[0][1] == 4
    outbox.close()


@pytest.mark.parametrize("whole_disk", [True, False])
def test_through_the_collector_every_reading_is_stored_once_whatever_was_put_back(
    tmp_path: Path, mosquitto: Broker, whole_disk: bool
) -> None:
    start = now_ms() - 3_600_000
    times = [start + 1000 * number for number in range(40)]
    folder = tmp_path / "data"
    folder.mkdir()
    store, quarantine = DuckStore(tmp_path / "readings.duckdb"), Quarantine(tmp_path / "quarantine.sqlite")
    with collecting(store, mosquitto, quarantine):
        with gateway(folder, mosquitto) as (outbox, publisher):
            put(outbox, *times[:5])
            assert publisher.drained(60)
        outbox = Outbox(folder / "gw-1.sqlite", "site-1", "gw-1")
        put(outbox, *times[5:15])
        old = outbox.epoch
        outbox.close()
        copied(folder, tmp_path / "backup", mark=whole_disk)
        with gateway(folder, mosquitto) as (outbox, publisher):
            put(outbox, *times[15:25])
            assert publisher.drained(60)
        copied(tmp_path / "backup", folder, mark=True)
        with gateway(folder, mosquitto) as (outbox, publisher):
            wait_until(lambda: publisher.connected, "the gateway is connected", 20)
            publisher._session.publish("wattproof/1/site-1/gw-1/ack", encode(Ack(old, [(1, 1000)])))
            put(outbox, *times[25:])
            assert publisher.drained(60)
            counters = outbox.counters
    read_at, _ = store.read(MAIN, 0, 2**62)
    assert read_at.tolist() == times
    assert store.duplicates() == 0
    assert store.gaps("site-1", 0, 2**62) == []  # everything put since the backup had been stored
    assert counters.balanced
    assert counters.batches == 0
    store.close()
    quarantine.close()
