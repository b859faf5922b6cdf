"""What was declared lost and came after all is counted once: as stored."""

from __future__ import annotations

from storage import Store, came_after_all, missing
from telemetry import Gap
from tests.storage.parts import MAIN, SITE, batch

FIRST = 1_795_273_200_000
EVER = 2**60


def gap(first: int, last: int, readings: int, reason: str = "outbox_full") -> Gap:
    return Gap(MAIN.device, MAIN.kind, MAIN.channel, FIRST + first, FIRST + last, reason, readings)


def test_a_gap_whose_readings_did_not_come_stays_whole(store: Store) -> None:
    store.write([batch({FIRST - 1000: 1.0, FIRST + 5000: 1.0}, gaps=[gap(0, 4000, 5)])])
    assert came_after_all(store, SITE, 0, EVER) == 0
    assert came_after_all(store, "elsewhere", 0, EVER) == 0


def test_what_is_stored_within_a_gap_both_ends_included_came_after_all(store: Store) -> None:
    came: dict[int, float | None] = {FIRST: 1.0, FIRST + 4000: 1.0, FIRST + 5000: 1.0}
    store.write([batch(came, gaps=[gap(0, 4000, 5)])])
    assert came_after_all(store, SITE, 0, EVER) == 2
    assert came_after_all(store, SITE, FIRST + 10_000, EVER) == 0


def test_a_reading_in_two_gaps_is_counted_once_and_never_more_than_was_declared(store: Store) -> None:
    came: dict[int, float | None] = {FIRST + 1000 * number: 1.0 for number in range(6)}
    store.write([batch(came, gaps=[gap(0, 3000, 2), gap(2000, 5000, 9, "outbox_age")])])
    assert came_after_all(store, SITE, 0, EVER) == 6
    store.write([batch({}, seq=2, gaps=[gap(0, 3000, 1), gap(2000, 5000, 2, "outbox_age")])])
    assert came_after_all(store, SITE, 0, EVER) == 3


def test_readings_whose_times_a_set_clock_gave_again_are_not_those_that_were_lost(store: Store) -> None:
    store.write([batch({FIRST: 1.0}, gaps=[gap(0, 0, 1, "clock_stepped")])])
    assert came_after_all(store, SITE, 0, EVER) == 0


def test_of_a_gap_is_missing_what_did_not_come_later_and_never_less_than_nothing(store: Store) -> None:
    lost = gap(0, 4000, 5)
    store.write([batch({FIRST - 1000: 1.0, FIRST + 5000: 1.0}, gaps=[lost])])
    assert missing(store, SITE, lost) == 5
    store.write([batch({FIRST: 1.0, FIRST + 4000: 1.0}, seq=2)])
    assert missing(store, SITE, lost) == 3
    store.write([batch({FIRST + 500 * number: 1.0 for number in range(8)}, seq=3)])
    assert missing(store, SITE, lost) == 0
    assert missing(store, SITE, gap(4000, 4000, 1)) == 0
    assert missing(store, SITE, gap(0, 4000, 5, "clock_stepped")) == 5
