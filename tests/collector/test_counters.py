"""Counters, latencies and what Prometheus is told."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest

import collector.inbox
from collector import Collector, Counters, Latency, Quarantine, metrics
from collector.counters import Tally
from collector.inbox import Delivery, Inbox
from storage import Store
from telemetry import Broker
from tests.parts import free_port


def test_counters_start_at_nothing_and_only_rise() -> None:
    tally = Tally()
    assert tally.counters == Counters()
    tally.add(messages=2, written=5)
    tally.add(messages=1)
    assert tally.counters == Counters(messages=3, written=5)


def test_without_readings_there_is_no_latency() -> None:
    assert Tally().latency() == Latency(0.0, 0.0, 0)


@given(st.lists(st.integers(-1000, 10**10), min_size=1))
def test_a_quantile_is_never_below_the_truth_and_at_most_one_bucket_above(latencies: list[int]) -> None:
    tally = Tally()
    tally.observe([("gw-1", latency) for latency in latencies])
    told = tally.latency()
    exact = sorted(max(latency, 1) for latency in latencies)
    for quantile, value in ((0.5, told.p50), (0.99, told.p99)):
        truth = exact[max(0, math.ceil(quantile * len(exact)) - 1)]
        assert truth * 0.999 <= value + 0.05
        assert value <= truth * 2 ** (1 / 16) + 0.06


def test_latencies_are_kept_by_gateway() -> None:
    tally = Tally()
    tally.observe([("gw-1", 10)] * 99 + [("gw-1", 1000)])
    tally.observe([("history", 10**9)] * 500)
    assert tally.latency("gw-1").readings == 100
    assert tally.latency(exclude=["history"]) == tally.latency("gw-1")
    assert tally.latency().readings == 600
    assert tally.latency("nobody").readings == 0
    assert tally.latency("gw-1").p99 < 11 < tally.latency().p99


def test_prometheus_is_told_every_counter(store: Store, quarantine: Quarantine) -> None:
    collector = Collector(store, Broker(port=free_port()), quarantine)
    collector._tally.add(written=42)
    collector._tally.observe([("gw-1", 100)])
    text = generate_latest(metrics(collector)).decode()
    assert "wattproof_collector_written_total 42.0" in text
    assert "wattproof_collector_connected 0.0" in text
    assert 'wattproof_collector_latency_ms{quantile="0.99"}' in text
    for name in Counters.__dataclass_fields__:
        assert f"wattproof_collector_{name}_total" in text


def delivery(size: int) -> Delivery:
    return Delivery("topic", b"x" * size, 0, 1, 1, 0)


def fill(inbox: Inbox, size: int, until: Callable[[int], bool]) -> int:
    kept = 0
    while not until(kept) and not inbox.put([delivery(size)]):
        kept += 1
    return kept


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds an inbox full takes its writer for stopped almost at once, instead of after three seconds."""
    monkeypatch.setattr(collector.inbox, "_PATIENCE_S", 0.05)


@pytest.mark.usefixtures("impatient")
def test_the_inbox_is_bounded_by_messages_and_by_bytes() -> None:
    assert fill(Inbox(5, 10**9), 10, lambda kept: kept > 100) == 5
    assert fill(Inbox(10**9, 100), 10, lambda kept: kept > 100) == 10
    assert fill(Inbox(5, 10), 1000, lambda kept: kept > 100) == 1  # a single message is never too much


@pytest.mark.usefixtures("impatient")
def test_the_inbox_gives_room_back_keeps_the_order_and_lets_go_when_closed() -> None:
    inbox = Inbox(3, 100)
    for size in (1, 2, 3):
        assert not inbox.put([delivery(size)])
    assert [len(each.payload) for each in inbox.take(2)] == [1, 2]
    assert [len(each.payload) for each in inbox.put([delivery(90), delivery(80)])] == [80]
    assert [len(each.payload) for each in inbox.take(9)] == [3, 90]
    inbox.close()
    assert inbox.take(9) == []
