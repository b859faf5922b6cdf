"""The outbox: what is put stays until it is acknowledged, and the ledger balances."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest
import structlog

from edge.errors import OutboxError, OutboxFullError
from edge.outbox import Counters, Outbox
from edge.rows import Row
from telemetry import MAX_BYTES, Batch, Gap, Table, decode


def table(*times: int, device: str = "main", value: float = 1.0) -> Table:
    return Table.of(device, "power_meter", list(times), {"active_power_w": [value] * len(times)})


def gap(start: int, end: int, readings: int, reason: str = "outbox_full") -> Gap:
    return Gap("main", "power_meter", "active_power_w", start, end, reason, readings)


def open_outbox(folder: Path, max_bytes: int = 10_000_000) -> Outbox:
    return Outbox(folder / "outbox.sqlite", "site-1", "gw-1", max_bytes=max_bytes, clock=lambda: 1_700_000_000_000)


def batches(outbox: Outbox) -> list[Batch]:
    return [decode(pending.payload, Batch) for pending in outbox.after(0, limit=10_000)]


def balanced(counters: Counters) -> bool:
    return counters.read == counters.stored + counters.quarantined + counters.pending + counters.gap


def test_a_batch_is_numbered_from_one_and_kept_as_the_bytes_that_travel(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    assert outbox.put([table(1, 2)]) == 1
    assert outbox.put([table(3)]) == 2
    first, second = outbox.after(0, limit=10)
    assert (first.seq, second.seq) == (1, 2)
    assert decode(first.payload, Batch) == Batch("site-1", "gw-1", outbox.epoch, 1, [table(1, 2)])
    assert outbox.payload(1) == first.payload
    assert outbox.payload(3) is None
    assert outbox.counters == Counters(3, 0, 0, 3, 0, 2, len(first.payload) + len(second.payload))
    outbox.close()


def test_what_was_put_is_there_with_the_same_bytes_after_reopening(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.put([table(1, 2)])
    outbox.put([table(3)])
    outbox.acknowledge(outbox.epoch, [(1, 1)])
    epoch, counters, waiting = outbox.epoch, outbox.counters, outbox.after(0, limit=10)
    outbox.close()
    again = open_outbox(tmp_path)
    assert (again.counters, again.after(0, limit=10)) == (counters, waiting)
    assert again.put([table(4)]) == 3
    assert [batch.epoch for batch in batches(again)] == [epoch, again.epoch]
    assert again.acknowledge(epoch, [(1, 3)]) == 1  # as far as the epoch goes
    assert [batch.seq for batch in batches(again)] == [3]
    again.close()


def test_numbers_never_repeat_even_when_everything_was_deleted(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.put([table(1)])
    outbox.put([table(2)])
    outbox.acknowledge(outbox.epoch, [(1, 2)])
    outbox.close()
    again = open_outbox(tmp_path)
    assert again.after(0, limit=10) == []
    assert again.put([table(3)]) == 3
    again.close()


def test_every_start_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    epochs = set()
    for name in ("a", "b", "b"):
        outbox = open_outbox(tmp_path / name)
        epochs.add(outbox.epoch)
        outbox.close()
    assert len(epochs) == 3


def test_an_acknowledgement_lets_go_of_exactly_its_ranges(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    for time in range(1, 8):
        outbox.put([table(time)])
    assert outbox.acknowledge(outbox.epoch, [(1, 2), (5, 5)], [(7, 7)]) == 4
    assert [batch.seq for batch in batches(outbox)] == [3, 4, 6]
    counters = outbox.counters
    assert (counters.read, counters.stored, counters.quarantined, counters.pending) == (7, 3, 1, 3)
    assert counters.acked == 4
    assert outbox.acknowledge(outbox.epoch, [(1, 2), (5, 5)], [(7, 7)]) == 0
    assert outbox.counters == counters
    outbox.close()


@pytest.mark.parametrize("span", [(0, 2), (2, 4), (3, 1), (-5, -1), (1, 10**18)])
def test_an_acknowledgement_of_what_was_never_put_changes_nothing(tmp_path: Path, span: tuple[int, int]) -> None:
    outbox = open_outbox(tmp_path)
    for time in (1, 2, 3):
        outbox.put([table(time)])
    before = outbox.counters
    assert outbox.acknowledge(outbox.epoch, [span]) == 0
    assert outbox.counters == before
    outbox.close()


def test_an_acknowledgement_for_another_outbox_changes_nothing(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.put([table(1)])
    assert outbox.acknowledge("another", [(1, 1)]) == 0
    assert outbox.counters.pending == 1
    outbox.close()


def test_too_much_for_one_message_travels_as_several_and_nothing_is_lost(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    sent = [table(*range(120_000), value=1234.5678901234), table(*range(1000), device="press-1")]
    last = outbox.put(sent, [gap(1, 9, 9)] * 3)
    found = batches(outbox)
    assert [batch.seq for batch in found] == list(range(1, last + 1))
    assert last > 1
    assert max(len(pending.payload) for pending in outbox.after(0, limit=100)) <= MAX_BYTES
    times = [time for batch in found for each in batch.tables if each.device == "main" for time in each.times]
    assert times == list(range(120_000))
    assert sum(len(batch.gaps) for batch in found) == 3
    assert outbox.counters.read == 121_000 + 27
    assert balanced(outbox.counters)
    outbox.close()


def test_one_row_of_very_many_channels_is_cut_between_channels(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    wide = Table.of("main", "power_meter", [1], {f"channel_{number:06d}_{'x' * 80}": [1.0] for number in range(15_000)})
    outbox.put([wide])
    found = batches(outbox)
    assert len(found) > 1
    assert {name for batch in found for each in batch.tables for name in each.columns} == set(wide.columns)
    outbox.close()


def test_a_row_of_more_channels_than_a_table_may_name_travels_in_several_that_can_be_read(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    names = tuple(f"channel_{number}_{'x' * 80}" for number in range(60))
    assert outbox.put([Row("main", "power_meter", names, 1, [1.0] * 60)]) > 1
    assert {name for batch in batches(outbox) for each in batch.tables for name in each.columns} == set(names)
    assert outbox.counters.read == 60
    outbox.close()


def test_a_single_reading_that_no_message_can_carry_is_refused_and_nothing_is_committed(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    with pytest.raises(ValueError, match="larger than"):
        outbox.put([table(1, device="d" * MAX_BYTES)])
    assert outbox.counters.read == 0
    assert outbox.put([table(1)]) == 1
    outbox.close()


def test_infinity_is_refused_and_nothing_is_committed(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    with pytest.raises(ValueError, match="infinity"):
        outbox.put([table(1), table(2, device="press-1", value=float("inf"))])
    assert (outbox.last_seq, outbox.counters.read) == (0, 0)
    outbox.close()


def test_nothing_to_say_commits_nothing(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    assert outbox.put([]) == 0
    outbox.put([table(1)])
    assert outbox.put([]) == 1
    assert outbox.counters.batches == 1
    outbox.close()


def test_an_overflow_drops_the_oldest_and_declares_one_gap_when_the_road_is_open(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path, max_bytes=1000)
    for time in range(1, 21):
        outbox.put([table(time * 1000)])
    kept = batches(outbox)
    assert [batch.seq for batch in kept] == list(range(kept[0].seq, 21))
    assert not any(batch.gaps for batch in kept)
    lost = 20 - len(kept)
    assert outbox.counters.gap == lost > 0
    assert outbox.counters.bytes <= 1000
    outbox.acknowledge(outbox.epoch, [(batch.seq, batch.seq) for batch in kept])
    outbox.put([table(21_000)])
    (batch,) = batches(outbox)
    assert batch.gaps == [gap(1000, lost * 1000, lost)]
    outbox.put([table(22_000)])
    assert batches(outbox)[-1].gaps == []
    assert balanced(outbox.counters)
    outbox.close()


def test_losses_with_stored_readings_between_them_are_two_gaps(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    for time in range(1, 31):
        outbox.put([table(time * 1000)])
    size = outbox.counters.bytes // 30
    outbox.acknowledge(outbox.epoch, [(11, 20)])
    outbox.close()
    outbox = open_outbox(tmp_path, max_bytes=5 * size)
    outbox.put([table(31_000)])
    outbox.acknowledge(outbox.epoch, [(31, 31)])
    outbox.put([table(32_000)])
    gaps = batches(outbox)[-1].gaps
    assert [(gap.start, gap.end) for gap in gaps] == [(1000, 10_000), (21_000, gaps[1].end)]
    assert sum(gap.readings for gap in gaps) == gaps[1].end // 1000 - 10
    outbox.close()


def test_a_gap_inside_a_dropped_batch_does_not_vanish(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path, max_bytes=600)
    outbox.put([table(1000)], [gap(100, 500, 5, "outbox_damaged")])
    for time in range(2, 10):
        outbox.put([table(time * 1000)])
    outbox.acknowledge(outbox.epoch, [(outbox.last_seq, outbox.last_seq)])
    outbox.put([table(10_000)])
    everything = [gap for batch in batches(outbox) for gap in batch.gaps]
    assert gap(100, 500, 5, "outbox_damaged") in everything
    assert balanced(outbox.counters)
    outbox.close()


def test_an_undeclared_loss_survives_a_restart(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path, max_bytes=500)
    for time in range(1, 10):
        outbox.put([table(time * 1000)])
    lost = outbox.counters.gap
    outbox.close()
    again = open_outbox(tmp_path)
    again.put([table(10_000)])
    again.acknowledge(again.epoch, [(10, 10)])
    again.put([table(11_000)])
    assert sum(gap.readings for batch in batches(again) for gap in batch.gaps) == lost > 0
    again.close()


def test_the_batch_put_last_is_kept_even_when_it_is_larger_than_all_the_room(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path, max_bytes=10)
    outbox.put([table(1)])
    assert outbox.counters.pending == 1
    outbox.close()


def test_a_full_disk_refuses_what_is_new_and_keeps_what_was_accepted(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.put([table(1)])
    before, waiting = outbox.counters, outbox.after(0, limit=10)
    (pages,) = outbox._file.connection.execute("PRAGMA page_count").fetchone()
    outbox._file.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(OutboxFullError, match=r"no room on the disk.*Free some space"):
        outbox.put([table(*range(10_000))])
    assert (outbox.counters, outbox.after(0, limit=10)) == (before, waiting)
    outbox._file.connection.execute("PRAGMA max_page_count = 1000000")
    assert outbox.put([table(*range(10_000))]) == 2
    assert balanced(outbox.counters)
    outbox.close()


@pytest.mark.parametrize("harm", [b"", b"this is no database" * 1000])
def test_a_damaged_file_is_set_aside_and_a_fresh_one_is_begun(tmp_path: Path, harm: bytes) -> None:
    outbox = open_outbox(tmp_path)
    for time in range(200):
        outbox.put([table(time)])
    epoch = outbox.epoch
    outbox.close()
    path = tmp_path / "outbox.sqlite"
    broken = harm or path.read_bytes()[:4096] + os.urandom(8192) + path.read_bytes()[12288:]
    path.write_bytes(broken)
    again = open_outbox(tmp_path)
    assert again.epoch != epoch
    assert again.put([table(1)]) == 201  # no number is given twice
    (aside,) = tmp_path.glob("outbox.sqlite.damaged-*")
    assert aside.name == "outbox.sqlite.damaged-1700000000000"
    assert aside.read_bytes() == broken
    again.close()


def test_damage_that_shows_while_running_is_healed_too(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    for time in range(50):
        outbox.put([table(time)])
    epoch = outbox.epoch
    outbox._file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    outbox._file.connection.execute("PRAGMA cache_size = 0")
    path = tmp_path / "outbox.sqlite"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    outbox._file.connection.execute("PRAGMA shrink_memory")
    assert outbox.put([table(51)]) == 51
    assert outbox.counters.balanced
    assert outbox.epoch != epoch
    assert list(tmp_path.glob("outbox.sqlite.damaged-*"))
    outbox.close()


def test_a_second_agent_on_the_same_file_is_refused(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    with pytest.raises(OutboxError, match="in use by another process"):
        open_outbox(tmp_path)
    outbox.close()


def test_another_gateways_file_is_refused(tmp_path: Path) -> None:
    open_outbox(tmp_path).close()
    with pytest.raises(OutboxError, match="belongs to gateway gw-1 of site site-1"):
        Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-2")


def test_a_database_that_is_no_outbox_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE something (else_ TEXT)")
    connection.close()
    with pytest.raises(OutboxError, match="no outbox this version can read"):
        open_outbox(tmp_path)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(OutboxError, match="cannot be opened"):
        open_outbox(tmp_path / "file" / "below")


def test_a_closed_outbox_says_so(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.close()
    with pytest.raises(OutboxError, match="closed"):
        outbox.put([table(1)])


def test_many_threads_put_and_acknowledge_at_once_and_the_ledger_balances(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)

    def put() -> None:
        for time in range(25):
            outbox.put([table(time)])

    def take() -> None:
        for _ in range(50):
            for pending in outbox.after(0, limit=5):
                outbox.acknowledge(outbox.epoch, [(pending.seq, pending.seq)])

    threads = [threading.Thread(target=work) for work in (put, put, put, take, take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counters = outbox.counters
    assert (counters.read, outbox.last_seq) == (75, 75)
    assert balanced(counters)
    assert counters.pending == sum(batch.readings for batch in batches(outbox))
    outbox.close()


def test_a_ledger_that_is_gone_is_damage(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    epoch = outbox.epoch
    outbox._file.connection.execute("DELETE FROM ledger")
    outbox.close()
    again = open_outbox(tmp_path)
    assert again.epoch != epoch
    assert list(tmp_path.glob("outbox.sqlite.damaged-*"))
    again.close()


def test_a_dropped_batch_whose_bytes_have_rotted_still_counts_as_lost_and_is_told(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.put([table(1, 2, 3)])
    outbox._file.connection.execute("UPDATE batch SET payload = x'00'")
    outbox._max_bytes = 10
    with structlog.testing.capture_logs() as logs:
        outbox.put([table(4)])
    (told,) = [entry for entry in logs if entry["event"] == "outbox_damaged"]
    assert (told["reason"], told["readings_lost"]) == ("batch 1 is not what was put", 3)
    assert outbox.counters.gap == 3
    assert balanced(outbox.counters)
    outbox.close()
