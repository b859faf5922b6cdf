"""The line from inbox to store: what is judged ahead, in which order it is committed, and when it ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import structlog

from collector import Collector, Quarantine
from collector.commit import Committed, Judged
from collector.inbox import Delivery
from collector.intake import Sender
from storage import DuckStore, Store, StoreUnavailableError, Written
from telemetry import BATCH, Batch, Broker, encode, topic
from tests.collector.parts import GATEWAY, MAIN, SITE, now_ms, readings
from tests.parts import free_port, wait_until


class _Held(DuckStore):
    """Lets nobody's commit end before it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.go = threading.Event()
        self.writing = 0

    def write(self, batches: Sequence[Batch]) -> Written:
        self.writing += 1
        assert self.go.wait(60)
        return super().write(batches)


class _Line:
    """A collector without its broker: what is judged and what is answered, in order."""

    def __init__(self, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.collector = Collector(store, Broker(port=free_port()), quarantine)
        self.judged: list[int] = []
        self.answered: list[int] = []
        judge = self.collector._committer.judge

        def judging(deliveries: Sequence[Delivery]) -> Judged:
            self.judged.append(len(deliveries))
            return judge(deliveries)

        def answer(committed: Committed) -> None:
            self.answered += [sender.seq for sender in (*committed.stored, *committed.quarantined)]

        monkeypatch.setattr(self.collector._committer, "judge", judging)
        monkeypatch.setattr(self.collector._answering, "answer", answer)

    def put(self, first: int, count: int, begin: int) -> None:
        deliveries = []
        for seq in range(first, first + count):
            batch = Batch(SITE, GATEWAY, "0" * 16, seq, readings(begin + seq * 1000, 1))
            deliveries.append(Delivery(topic(SITE, GATEWAY, BATCH), encode(batch), begin, seq, 1, 0))
        assert not self.collector._inbox.put(deliveries)


def test_the_next_commit_is_judged_while_the_store_takes_this_one_and_both_keep_their_order(
    tmp_path: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _Held(tmp_path / "readings.duckdb")
    line = _Line(store, quarantine, monkeypatch)
    begin = now_ms() - 10_000_000
    line.put(1, 5_000, begin)
    line.collector._thread.start()
    wait_until(lambda: store.writing == 1 and len(line.judged) == 2, "the second commit is judged beside the first")
    assert line.answered == []
    store.go.set()
    wait_until(lambda: len(line.answered) == 5_000, "everything is answered")
    assert line.answered == list(range(1, 5_001))
    assert store.read(MAIN, begin, begin + 10_000_000)[0].tolist() == [begin + seq * 1000 for seq in range(1, 5_001)]
    line.collector._inbox.close()
    line.collector._thread.join(60)
    assert not line.collector._thread.is_alive()
    store.close()


def test_what_is_judged_ahead_is_not_answered_when_the_collector_stops_before_the_store_is_back(
    store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(batches: Sequence[Batch]) -> Written:
        raise StoreUnavailableError("the database is away")

    monkeypatch.setattr(store, "write", away)
    line = _Line(store, quarantine, monkeypatch)
    line.put(1, 5_000, now_ms() - 10_000_000)
    line.collector._thread.start()
    wait_until(lambda: len(line.judged) == 2 and bool(line.collector.trouble), "one is judged ahead of an outage")
    line.collector._stopping.set()
    line.collector._inbox.close()
    line.collector._thread.join(60)
    assert not line.collector._thread.is_alive()
    assert (line.answered, store.count()) == ([], 0)


class _Particular(_Held):
    """Fails over one batch, although it is well."""

    def write(self, batches: Sequence[Batch]) -> Written:
        if any(each.seq == 100 for each in batches):
            self.writing += 1
            assert self.go.wait(60)
            raise ZeroDivisionError("a defect that only this batch shows")
        return super().write(batches)


def test_a_commit_that_fails_while_the_next_is_ready_is_halved_before_it_and_costs_one_batch(
    tmp_path: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _Particular(tmp_path / "readings.duckdb")
    line = _Line(store, quarantine, monkeypatch)
    line.put(1, 5_000, now_ms() - 10_000_000)
    with structlog.testing.capture_logs():
        line.collector._thread.start()
        wait_until(lambda: store.writing == 1 and len(line.judged) == 2, "the second commit is judged beside the first")
        store.go.set()
        wait_until(lambda: len(line.answered) == 5_000, "everything is answered")
    first = line.judged[0]
    assert line.answered[:first] == [seq for seq in range(1, first + 1) if seq != 100] + [100]
    assert line.answered[first:] == list(range(first + 1, 5_001))
    assert ([entry.reason for entry in quarantine.list()], store.count()) == (["unprocessable"], 4_999)
    line.collector._inbox.close()
    line.collector._thread.join(60)
    store.close()


def test_a_few_messages_are_not_worth_a_thread_and_wait_for_the_commit(
    tmp_path: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _Held(tmp_path / "readings.duckdb")
    line = _Line(store, quarantine, monkeypatch)
    begin = now_ms() - 10_000_000
    line.put(1, 30, begin)
    line.collector._thread.start()
    wait_until(lambda: store.writing == 1, "the store is asked")
    line.put(31, 30, begin)
    store.go.set()
    wait_until(lambda: len(line.answered) == 60, "everything is answered")
    assert line.judged == [30, 30]
    line.collector._inbox.close()
    line.collector._thread.join(60)
    store.close()


def test_what_no_judge_can_look_at_is_left_to_be_sent_again_and_the_line_goes_on(
    store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = _Line(store, quarantine, monkeypatch)
    judging = line.collector._committer.judge

    def failing_once(deliveries: Sequence[Delivery]) -> Judged:
        if not line.judged:
            line.judged.append(0)
            raise RuntimeError("nobody foresaw this")
        return judging(deliveries)

    monkeypatch.setattr(line.collector._committer, "judge", failing_once)
    begin = now_ms() - 10_000_000
    line.put(1, 3, begin)
    line.collector._thread.start()
    wait_until(lambda: line.judged == [0], "the first are given up")
    line.put(4, 3, begin)
    wait_until(lambda: line.answered == [4, 5, 6], "the next are answered")
    assert store.count() == 3
    line.collector._inbox.close()
    line.collector._thread.join(60)


def test_a_stop_waits_for_the_commit_under_way_and_begins_no_other(
    tmp_path: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _Held(tmp_path / "readings.duckdb")
    line = _Line(store, quarantine, monkeypatch)
    line.put(1, 5_000, now_ms() - 10_000_000)
    line.collector._thread.start()
    wait_until(lambda: store.writing == 1 and len(line.judged) == 2, "the second commit is judged beside the first")
    line.collector._inbox.close()
    store.go.set()
    line.collector._thread.join(60)
    assert not line.collector._thread.is_alive()
    assert (store.writing, line.answered) == (1, list(range(1, line.judged[0] + 1)))
    store.close()


def test_a_computer_that_gives_no_more_threads_keeps_the_line_going(
    store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = _Line(store, quarantine, monkeypatch)
    line.put(1, 5_000, now_ms() - 10_000_000)
    start = threading.Thread.start

    def starting(thread: threading.Thread) -> None:
        if threading.current_thread() is line.collector._thread:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starting)
    line.collector._thread.start()
    wait_until(lambda: len(line.answered) == 5_000, "everything is answered")
    assert line.answered == list(range(1, 5_001))
    line.collector._inbox.close()
    line.collector._thread.join(60)


def test_a_stop_tells_what_waited_behind_an_acknowledgement_under_way(store: Store, quarantine: Quarantine) -> None:
    collector = Collector(store, Broker(port=free_port()), quarantine)
    for seq in (1, 2, 3):
        sender = Sender(SITE, GATEWAY, "0" * 16, seq)
        collector._answering.answer(Committed([], [sender], [], []))
    assert collector._session.unconfirmed == 1
    collector.stop()
    assert collector._session.unconfirmed == 2
