"""The quarantine keeps what was refused, once, with its reason, durably."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import Entry, Quarantine, QuarantineError
from collector.refusals import Reason, Refusal
from edge.outbox import Outbox

TOPIC = "wattproof/1/site-1/gw-1/batch"
WHOLE = Refusal(Reason.MALFORMED, "not JSON")
PART = Refusal(Reason.OUT_OF_RANGE, "outside", "power_meter/main/power_factor", 3, b'{"values":[7]}')


def test_an_entry_tells_what_came_when_and_why(quarantine: Quarantine) -> None:
    quarantine.add(TOPIC, b"\xffpayload", 1000, [WHOLE])
    quarantine.add(TOPIC, b"{}", 2000, [PART])
    assert quarantine.list() == [
        Entry(2, 2000, TOPIC, "out_of_range", "outside", "power_meter/main/power_factor", 3, b'{"values":[7]}'),
        Entry(1, 1000, TOPIC, "malformed", "not JSON", "", 0, b"\xffpayload"),
    ]
    assert [entry.id for entry in quarantine.list(1)] == [2]
    counters = quarantine.counters
    assert (counters.entries, counters.messages, counters.readings) == (2, 1, 3)


def test_the_same_message_delivered_again_is_kept_once(quarantine: Quarantine) -> None:
    assert quarantine.add(TOPIC, b"a", 1000, [WHOLE, PART]) == [WHOLE, PART]
    assert quarantine.add(TOPIC, b"a", 2000, [WHOLE, PART]) == []
    assert quarantine.add(TOPIC, b"b", 3000, [WHOLE]) == [WHOLE]
    assert quarantine.add("another/topic", b"a", 4000, [WHOLE]) == [WHOLE]
    assert quarantine.counters.entries == 4


def test_what_is_kept_is_on_the_disk_before_anybody_is_told(quarantine: Quarantine) -> None:
    quarantine.add(TOPIC, b"a", 1000, [WHOLE])
    [(journal,)], [(synchronous,)] = (
        quarantine._connection.execute(f"PRAGMA {name}").fetchall() for name in ("journal_mode", "synchronous")
    )
    assert (journal, synchronous) == ("wal", 2)  # FULL: SQLite syncs the log with every commit


def test_what_is_kept_is_there_after_reopening_and_for_other_readers(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "quarantine.sqlite"
    writer = Quarantine(path)
    writer.add(TOPIC, b"a", 1000, [WHOLE])
    reader = Quarantine(path)
    writer.add(TOPIC, b"b", 2000, [PART])
    assert len(reader.list()) == 2
    reader.close()
    writer.close()
    again = Quarantine(path)
    assert (again.counters.entries, again.counters.messages, again.counters.readings) == (2, 1, 3)
    again.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100])
def test_a_file_that_is_no_quarantine_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "quarantine.sqlite"
    path.write_bytes(content)
    with pytest.raises(QuarantineError, match=r"quarantine .*quarantine.sqlite: .*Check the disk"):
        Quarantine(path)
    assert path.read_bytes() == content


def test_an_outbox_is_no_quarantine(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    Outbox(path, "site-1", "gw-1").close()
    with pytest.raises(QuarantineError, match="no quarantine this version can read"):
        Quarantine(path)
    Outbox(path, "site-1", "gw-1").close()  # and it is still an outbox


def test_a_closed_quarantine_says_so(tmp_path: Path) -> None:
    closed = Quarantine(tmp_path / "quarantine.sqlite")
    closed.close()
    with pytest.raises(QuarantineError, match="closed"):
        closed.list()


def test_a_flood_of_which_no_two_parts_are_alike_gives_way_at_once_and_what_is_rare_stays(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine.sqlite", max_bytes=100_000)
    quarantine.add("wattproof/1/site-1/gw-2/batch", b"rare", 0, [PART])
    for number in range(400):
        part = f"power_meter/main/power_{number}_w"
        flood = Refusal(Reason.UNKNOWN_CHANNEL, "unknown", part, 2, b"x" * 100)
        quarantine.add(TOPIC, b"%d" % number, 1000 + number, [flood])
    counters = quarantine.counters
    assert counters.readings == 400 * 2 + 3
    assert counters.bytes <= 100_000
    [summary] = [entry for entry in quarantine.list(1000) if entry.state == "summarised"]
    assert (summary.reason, summary.part, summary.readings) == ("unknown_channel", "", counters.summarised)
    assert summary.received == 1000
    assert summary.readings == 2 * summary.entries
    assert summary.entries + counters.entries == 401
    assert [entry.part for entry in quarantine.list(1000) if entry.received == 0] == [PART.part]
    quarantine.close()
