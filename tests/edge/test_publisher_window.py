"""The publisher's window: what goes next, what goes again, and that neither new nor old starves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from edge.outbox import Outbox
from edge.window import Window
from telemetry import Table


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1")
    yield opened
    opened.close()


def put(outbox: Outbox, batches: int) -> None:
    for _ in range(batches):
        outbox.put([Table.of("main", "power_meter", [outbox.last_seq], {"active_power_w": [1.0]})])


def send(window: Window, outbox: Outbox, now: float = 0.0) -> list[int]:
    fresh = [pending.seq for pending in window.fresh(outbox, now)]
    for seq in fresh:
        window.sent(seq, now)
    return fresh


def land(window: Window, outbox: Outbox, seq: int, now: float = 0.0) -> None:
    outbox.acknowledge(outbox.epoch, [(seq, seq)])
    assert window.landed([(seq, seq)], now) == [seq]


def test_without_a_backlog_new_batches_go_in_order_up_to_the_window(outbox: Outbox) -> None:
    window = Window(4, 10.0)
    window.connected(0)
    put(outbox, 6)
    assert send(window, outbox) == [1, 2, 3, 4]
    assert send(window, outbox) == []
    land(window, outbox, 2)
    assert send(window, outbox) == [5]


def test_a_new_batch_goes_before_the_backlog_of_an_outage(outbox: Outbox) -> None:
    window = Window(8, 10.0)
    put(outbox, 100)
    window.connected(outbox.last_seq)
    assert send(window, outbox) == [1, 2, 3, 4, 5, 6]  # two places stay free for what is new
    put(outbox, 1)
    assert send(window, outbox) == [101]
    land(window, outbox, 101)
    land(window, outbox, 1)
    put(outbox, 1)
    assert send(window, outbox) == [102, 7]


def test_the_backlog_is_drained_beside_a_stream_of_new_batches(outbox: Outbox) -> None:
    window = Window(8, 10.0)
    put(outbox, 40)
    window.connected(outbox.last_seq)
    old = 0
    for _ in range(20):
        put(outbox, 6)
        sent = send(window, outbox)
        old += sum(seq <= 40 for seq in sent)
        for seq in sent:
            land(window, outbox, seq)
    assert old == 40


def test_when_new_batches_outrun_the_line_the_newest_go_first_and_all_go_once(outbox: Outbox) -> None:
    window = Window(4, 10.0)
    window.connected(0)
    put(outbox, 4)
    sent = send(window, outbox)
    put(outbox, 96)
    for seq in list(sent):
        land(window, outbox, seq)
    assert 97 in send(window, outbox)
    in_flight = [pending.seq for pending in outbox.after(0, limit=200) if pending.seq in window]
    sent += in_flight
    while in_flight:
        for seq in in_flight:
            land(window, outbox, seq)
        in_flight = send(window, outbox)
        sent += in_flight
    assert sorted(sent) == list(range(1, 101))


def test_in_order_when_nothing_is_live(outbox: Outbox) -> None:
    window = Window(4, 10.0, live_first=False)
    put(outbox, 3)
    window.connected(outbox.last_seq)
    sent = send(window, outbox)
    put(outbox, 50)
    while len(window):
        for seq in [seq for seq in sent if seq in window]:
            land(window, outbox, seq)
        sent += send(window, outbox)
    assert sent == list(range(1, 54))


def test_a_window_of_one_still_moves_both(outbox: Outbox) -> None:
    window = Window(1, 10.0)
    put(outbox, 2)
    window.connected(2)
    put(outbox, 1)
    order = []
    while sent := send(window, outbox):
        assert len(sent) == 1
        order += sent
        land(window, outbox, sent[0])
    assert sorted(order) == [1, 2, 3]


def test_what_is_not_acknowledged_goes_again_later_and_later(outbox: Outbox) -> None:
    window = Window(4, 10.0)
    window.connected(0)
    put(outbox, 1)
    send(window, outbox, now=0.0)
    assert window.due(9.9) == []
    assert window.due(12.6) == [1]
    window.sent(1, 12.6)
    assert window.due(12.6 + 19.9) == []
    assert window.due(12.6 + 25.1) == [1]
    for _ in range(20):
        window.sent(1, 0.0)
    assert window.due(10.0 * 4 * 1.25 + 0.1) == [1]


def test_an_acknowledgement_shortens_the_wait_of_everything_else(outbox: Outbox) -> None:
    window = Window(4, 10.0)
    window.connected(0)
    put(outbox, 2)
    send(window, outbox)
    for _ in range(10):
        window.sent(1, 0.0)
    land(window, outbox, 2, now=1.0)
    assert window.due(11.1) == [1]


def test_after_a_reconnect_what_was_in_flight_is_not_sent_as_new(outbox: Outbox) -> None:
    window = Window(4, 10.0)
    window.connected(0)
    put(outbox, 8)
    assert send(window, outbox) == [1, 2, 3, 4]
    window.connected(outbox.last_seq)
    assert send(window, outbox) == []
    window.due_now([1, 3], now=5.0)
    assert window.due(5.0) == [1, 3]
    land(window, outbox, 1)
    land(window, outbox, 2)
    land(window, outbox, 3)
    land(window, outbox, 4)
    assert send(window, outbox) == [5, 6, 7]


def test_a_batch_the_outbox_dropped_is_forgotten(outbox: Outbox) -> None:
    window = Window(4, 10.0)
    window.connected(0)
    put(outbox, 1)
    send(window, outbox)
    window.forget(1)
    window.forget(1)
    assert window.next_due(0.0) is None


def test_what_is_in_flight_is_bounded_in_bytes_and_goes_on_as_it_is_acknowledged(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.window._MOST_BYTES", 1)
    window = Window(256, 10.0)
    window.connected(0)
    put(outbox, 3)
    for seq in (1, 2, 3):
        (pending,) = window.fresh(outbox, 0.0)  # one may always go, however large
        window.sent(pending.seq, 0.0, len(pending.payload))
        assert window.fresh(outbox, 0.0) == []
        land(window, outbox, seq)


def silent(outbox: Outbox, size: int = 32) -> Window:
    """A window whose batches, sent at 0 s, nobody has acknowledged."""
    window = Window(size, 10.0)
    window.connected(0)
    put(outbox, 4)
    assert send(window, outbox, now=0.0) == [1, 2, 3, 4]
    return window


def test_while_the_store_is_away_few_new_batches_are_sent_and_the_oldest_asks_whether_it_is_back(
    outbox: Outbox,
) -> None:
    window = silent(outbox)
    put(outbox, 50)
    assert send(window, outbox, now=5.0) == []  # four are in flight, and two are all that a silence allows
    assert window.due(20.0) == [1]
    window.sent(1, 20.0)
    assert window.due(20.0) == []
    due = window.next_due(20.0)
    assert due is not None
    assert due > 20.0
    window.due_now([3], 21.0)  # the collector asks for it
    assert window.due(21.0) == [3]


def test_when_the_store_is_back_what_is_new_goes_before_all_that_waited(outbox: Outbox) -> None:
    window = silent(outbox)
    put(outbox, 50)
    assert send(window, outbox, now=5.0) == []
    land(window, outbox, 1, now=60.0)
    put(outbox, 1)
    assert send(window, outbox, now=60.0)[:2] == [54, 55]
    assert window.due(62.4) == []  # what was in flight has time to be acknowledged too
    assert 2 in window.due(63.0)
    sent = {54, 55}
    waiting = [seq for seq in range(2, 56) if seq in window]
    while waiting:
        sent |= set(waiting)
        for seq in waiting:
            land(window, outbox, seq, now=61.0)
        send(window, outbox, now=61.0)
        waiting = [seq for seq in range(2, 56) if seq in window]
    assert sent == set(range(2, 56))


def test_a_history_sent_in_order_knows_no_silence(outbox: Outbox) -> None:
    window = Window(4, 10.0, live_first=False)
    window.connected(0)
    put(outbox, 8)
    assert send(window, outbox, now=0.0) == [1, 2, 3, 4]
    assert window.due(20.0) == [1, 2, 3, 4]


def test_a_batch_that_is_never_answered_does_not_ask_for_ever_in_the_place_of_the_others(outbox: Outbox) -> None:
    window = Window(32, 10.0)
    window.connected(0)
    put(outbox, 4)
    assert send(window, outbox) == [1, 2, 3, 4]  # and all of them are lost, the first one whenever it is sent
    asked: list[tuple[int, int]] = []
    for now in range(4, 200):
        for seq in window.due(now):
            asked.append((now, seq))
            window.sent(seq, now)
    assert [seq for _, seq in asked[:5]] == [1, 2, 3, 4, 1]
    assert all(later - earlier >= 10 for (earlier, _), (later, _) in pairwise(asked))


def test_what_is_held_back_takes_no_room_and_becomes_backlog_when_it_is_released(outbox: Outbox) -> None:
    window = Window(4, 10.0)
    window.connected(0)
    put(outbox, 3)
    for pending in window.fresh(outbox, 0.0):
        window.hold(pending.seq) if pending.seq < 3 else window.sent(pending.seq, 0.0)
    assert (window.held, len(window)) == (2, 1)
    put(outbox, 3)
    assert send(window, outbox) == [4, 5, 6]
    land(window, outbox, 3)
    assert send(window, outbox) == []
    window.release()
    assert window.held == 0
    assert send(window, outbox) == [1]
    window.hold(2)
    assert window.landed([(2, 2)], 0.0) == []
    assert window.held == 0
