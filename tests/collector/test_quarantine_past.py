"""What was decided long ago leaves the quarantine: its number stays, its room is given back, what is open stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import Choice, Quarantine
from collector.quarantine_upkeep import QuarantineUpkeep
from collector.refusals import Reason, Refusal
from storage import Store
from telemetry import Broker
from tests.collector.parts import collecting, now_ms
from tests.parts import wait_until

TOPIC = "wattproof/1/site-1/gw-1/batch"
PART = "power_meter/main/active_power_w"
DAY = 86_400_000


class Shelf:
    """A quarantine whose clock a test sets."""

    def __init__(self, path: Path, max_bytes: int = 256_000_000) -> None:
        self.now = 1_767_225_600_000
        self.quarantine = Quarantine(path, max_bytes, clock=lambda: self.now)
        self.path = path
        self.upkeep = QuarantineUpkeep(self.quarantine, 90, lambda: self.now)

    def add(self, number: int, size: int = 10, readings: int = 2) -> None:
        refusal = Refusal(Reason.STORE, "no", PART, readings, b"x" * size)
        self.quarantine.add(TOPIC, b"%d" % number, self.now, [refusal])

    def pass_days(self, days: float) -> None:
        """Let time pass, and the upkeep look as often as it wants to."""
        self.now += round(days * DAY)
        for _ in range(50):
            self.upkeep.look()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path / "quarantine.sqlite")
    yield made
    made.quarantine.close()


def test_what_is_decided_leaves_in_its_time_and_stays_counted(shelf: Shelf) -> None:
    for number in range(4):
        shelf.add(number)
    shelf.quarantine.drop(Choice(ids=[1]), "test rig")
    shelf.quarantine.ask(Choice(ids=[2]))
    (asked,) = shelf.quarantine.asked()
    assert shelf.quarantine.settle(asked.entry, 2, []) == 2
    shelf.pass_days(89)
    assert len(shelf.quarantine.list()) == 4
    before = shelf.quarantine.counters
    shelf.pass_days(2)
    assert [entry.id for entry in shelf.quarantine.list()] == [4, 3]
    after = shelf.quarantine.counters
    assert (after.readings, after.stored, after.dropped, after.entries) == (6, 2, 2, 2)
    assert (after.readings, after.stored, after.dropped) == (before.readings, before.stored, before.dropped)
    assert (before.left, after.left) == (0, 2)
    left = {each.state: (each.entries, each.left_entries, each.left_readings) for each in shelf.quarantine.sums}
    assert left == {"held": (2, 0, 0), "dropped": (0, 1, 2), "stored": (0, 1, 2)}


def test_what_is_open_or_only_counted_never_leaves_by_itself(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "small.sqlite", max_bytes=60_000)
    for number in range(50):
        shelf.add(number, 2000)
    shelf.quarantine.ask(Choice(ids=[shelf.quarantine.list(1)[0].id]))
    there = {entry.state for entry in shelf.quarantine.list(1000)}
    entries = len(shelf.quarantine.list(1000))
    shelf.pass_days(10_000)
    assert there == {"held", "asked", "summarised"}
    assert (len(shelf.quarantine.list(1000)), shelf.quarantine.counters.readings) == (entries, 100)
    shelf.quarantine.close()


def test_the_file_shrinks_when_much_has_left(shelf: Shelf) -> None:
    for number in range(30):
        shelf.add(number, 300_000)
    large = shelf.path.stat().st_size
    shelf.quarantine.drop(Choice())
    shelf.pass_days(91)
    assert shelf.quarantine.list() == []
    shelf.quarantine.close()
    assert shelf.path.stat().st_size < 2_000_000 < 5_000_000 < large
    again = Quarantine(shelf.path)
    assert (again.counters.readings, again.counters.left) == (60, 30)
    again.close()


def test_when_room_is_short_what_is_decided_goes_before_what_is_held(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "small.sqlite", max_bytes=60_000)
    for number in range(40):
        shelf.add(number)
    shelf.quarantine.drop(Choice())
    for number in range(100, 130):
        shelf.add(number, 1500)
    counters = shelf.quarantine.counters
    assert (counters.summarised, counters.entries, counters.readings) == (0, 30, 140)
    assert (0 < counters.left <= 40, counters.dropped, shelf.quarantine.full) == (True, 80, False)
    shelf.quarantine.close()


def test_a_clock_that_was_set_back_does_not_end_the_upkeep(shelf: Shelf) -> None:
    shelf.add(1)
    shelf.quarantine.drop(Choice())
    shelf.pass_days(10_000)
    shelf.now -= 9_000 * DAY
    shelf.add(2)
    shelf.quarantine.drop(Choice())
    shelf.pass_days(91)
    assert shelf.quarantine.counters.left == 2


def test_a_collector_at_work_looks_after_its_quarantine(mosquitto: Broker, tmp_path: Path, store: Store) -> None:
    past = now_ms() - 91 * DAY
    quarantine = Quarantine(tmp_path / "quarantine.sqlite", clock=lambda: past)
    quarantine.add(TOPIC, b"x", past, [Refusal(Reason.STORE, "no", PART, 3, b"x")])
    quarantine.drop(Choice(), "test rig")
    with collecting(store, mosquitto, quarantine):
        wait_until(lambda: quarantine.list() == [], "the entry has left")
    assert (quarantine.counters.readings, quarantine.counters.left) == (3, 1)
    quarantine.close()
