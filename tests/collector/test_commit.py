"""A commit: what is beyond doubt is stored as it was laid out, and what is not is looked at by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from collector import Collector, Quarantine
from collector.admission import admit
from collector.commit import Committed
from collector.inbox import Delivery
from collector.intake import Intake
from storage import DuckStore, Prepared, Store, StoreError, StoreUnavailableError, Written
from telemetry import BATCH, Batch, Broker, Table, encode, topic
from tests.collector.parts import MAIN, SITE, now_ms
from tests.parts import free_port


class _Noting(DuckStore):
    """Notes what it is given."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.given: list[Sequence[Batch]] = []

    def write(self, batches: Sequence[Batch]) -> Written:
        self.given.append(batches)
        return super().write(batches)


def commit(collector: Collector, *sent: Batch) -> Committed:
    committer = collector._committer
    now = now_ms()
    return committer.commit(
        committer.judge([Delivery(topic(SITE, each.gateway, BATCH), encode(each), now, 1, 1, 0) for each in sent])
    )


def batch(seq: int, at: int, value: float, device: str = "main", *, power_factor: float = 0.9) -> Batch:
    columns: dict[str, list[float | None]] = {"active_power_w": [value], "power_factor": [power_factor]}
    return Batch(SITE, "gw-1", "0" * 16, seq, [Table.of(device, "power_meter", [at], columns)])


def test_what_one_doubtful_message_is_among_is_stored_as_it_was_laid_out(
    tmp_path: Path, quarantine: Quarantine
) -> None:
    store, at = _Noting(tmp_path / "readings.duckdb"), now_ms() - 60_000
    sound = [batch(seq, at + seq, 1.0) for seq in range(1, 50)]
    partly, future = batch(50, at, 2.0, "press-1", power_factor=7.0), batch(51, at + 3_600_000, 3.0)
    collector = Collector(store, Broker(port=free_port()), quarantine)
    committed = commit(collector, *sound[:20], future, partly, *sound[20:])
    laid_out, rest = store.given
    assert isinstance(laid_out, Prepared)
    assert (list(laid_out), [each.seq for each in rest]) == (sound, [50])
    assert [each.seq for each in committed.batches] == [*range(1, 21), 50, *range(21, 50)]
    assert [each.seq for each in committed.stored] == [*range(1, 21), 50, *range(21, 50)]
    assert [each.seq for each in committed.quarantined] == [51]
    assert {entry.reason for entry in quarantine.list()} == {"future", "out_of_range"}
    assert store.count() == 99
    store.close()


def test_a_message_that_our_own_code_fails_over_is_set_aside_and_holds_up_no_other(
    store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing_together(*_: object) -> None:
        raise ValueError("a defect nobody foresaw")

    def failing_over_one(topic_: str, payload: bytes, *rest: Any) -> Intake:
        if b'"seq":2,' in payload:
            raise RecursionError("and another")
        return admit(topic_, payload, *rest)

    monkeypatch.setattr("collector.commit.judge", failing_together)
    monkeypatch.setattr("collector.commit.admit", failing_over_one)
    at = now_ms() - 60_000
    collector = Collector(store, Broker(port=free_port()), quarantine)
    with structlog.testing.capture_logs():
        first, _, third = (commit(collector, *(batch(seq, at + seq, 1.0) for seq in (1, 2, 3))) for _ in range(3))
    assert [each.seq for each in first.stored] == [each.seq for each in third.stored] == [1, 3]
    assert store.read(MAIN, at, at + 10)[0].tolist() == [at + 1, at + 3]
    [entry] = quarantine.list()
    assert (entry.reason, entry.detail) == ("unprocessable", "RecursionError('and another')")
    # An answer lets go of what its number says, and altered bytes may say another's: not before it is sent so again.
    assert ([each.seq for each in first.quarantined], [each.seq for each in third.quarantined]) == ([], [2])


@pytest.mark.parametrize("doubtful_first", [True, False])
def test_the_later_of_two_values_for_one_moment_stays_the_later_one_whichever_is_doubtful(
    store: Store, quarantine: Quarantine, *, doubtful_first: bool
) -> None:
    at = now_ms() - 60_000
    first, second = (7.0, 0.9) if doubtful_first else (0.9, 7.0)
    collector = Collector(store, Broker(port=free_port()), quarantine)
    commit(collector, batch(1, at, 1.0, power_factor=first), batch(2, at, 2.0, power_factor=second))
    assert store.read(MAIN, at, at + 1)[1].tolist() == [2.0]


def test_two_batches_under_one_number_are_two_and_both_are_stored(store: Store, quarantine: Quarantine) -> None:
    at = now_ms() - 60_000
    collector = Collector(store, Broker(port=free_port()), quarantine)
    committed = commit(collector, batch(1, at, 1.0), batch(1, at + 1000, 2.0), batch(1, at, 1.0))
    assert [each.seq for each in committed.stored] == [1, 1]
    assert store.read(MAIN, at, at + 2000)[1].tolist() == [1.0, 2.0]


class _Particular(DuckStore):
    """Is well, and takes no batch with a device of one name."""

    error: Exception = StoreError("not this one")
    away = 0

    def write(self, batches: Sequence[Batch]) -> Written:
        if self.away:
            self.away -= 1
            raise StoreUnavailableError("away for a moment")
        if any(table.device == "press-9" for each in batches for table in each.tables):
            raise self.error
        return super().write(batches)


@pytest.mark.parametrize("error", [StoreError("not this one"), ZeroDivisionError("a defect")], ids=repr)
def test_a_batch_that_a_store_which_is_well_fails_over_leaves_no_trouble_behind(
    error: Exception, tmp_path: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.patience._FIRST_PAUSE_S", 0.001)
    store = _Particular(tmp_path / "readings.duckdb")
    store.error, store.away = error, 1
    at = now_ms() - 60_000
    collector = Collector(store, Broker(port=free_port()), quarantine)
    with structlog.testing.capture_logs():
        committed = commit(collector, batch(1, at, 1.0), batch(2, at, 1.0, "press-9"))
    assert ([each.seq for each in committed.stored], [each.seq for each in committed.quarantined]) == ([1], [2])
    assert [entry.reason for entry in quarantine.list()] == ["unprocessable"]
    assert collector.trouble == ""
    store.close()
