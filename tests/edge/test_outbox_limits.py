"""What must go from the outbox goes by size and by age, and is told as a gap; a wrong clock throws nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import Quarantine
from edge.outbox import Counters, Outbox
from edge.outbox_limits import DAY_MS, AgeLimit
from storage import DuckStore
from telemetry import Batch, Broker, Gap, Table, decode
from tests.collector.parts import collecting, gateway

NOW = 1_767_225_600_000  # 2026-01-01
HOUR = 3600.0


class Clocks:
    """A wall clock that may be set, and one that nobody sets; both move on together."""

    def __init__(self, wall: int = NOW) -> None:
        self.wall = wall
        self.monotonic_s = 100.0

    def pass_s(self, seconds: float) -> None:
        self.wall += round(seconds * 1000)
        self.monotonic_s += seconds


def opened(folder: Path, clocks: Clocks, max_age_ms: int = 90 * DAY_MS, max_bytes: int = 10_000_000) -> Outbox:
    return Outbox(
        folder / "outbox.sqlite", "site-1", "gw-1", max_bytes=max_bytes, max_age_ms=max_age_ms,
        clock=lambda: clocks.wall, monotonic=lambda: clocks.monotonic_s,
    )  # fmt: skip


def put(outbox: Outbox, clocks: Clocks) -> int:
    return outbox.put([Table.of("main", "power_meter", [clocks.wall], {"active_power_w": [1.0]})])


def batches(outbox: Outbox) -> list[Batch]:
    return [decode(pending.payload, Batch) for pending in outbox.after(0, limit=10_000)]


def test_what_has_waited_too_long_goes_and_is_declared_as_one_gap(tmp_path: Path) -> None:
    clocks = Clocks()
    outbox = opened(tmp_path, clocks)
    times = []
    for _ in range(100):
        times.append(clocks.wall)
        put(outbox, clocks)
        clocks.pass_s(24 * HOUR)
    assert [batch.seq for batch in batches(outbox)] == list(range(10, 101))
    assert outbox.counters.gap == 9
    outbox.acknowledge(outbox.epoch, [(100, 100)])
    put(outbox, clocks)
    (gap,) = batches(outbox)[-1].gaps
    lost = gap.readings
    assert gap == Gap("main", "power_meter", "active_power_w", times[0], times[lost - 1], "outbox_age", lost)
    assert outbox.counters.balanced
    assert outbox.oldest == times[outbox.counters.gap]
    outbox.close()


def test_a_loss_by_age_is_stored_as_a_gap(tmp_path: Path, mosquitto: Broker) -> None:
    clocks = Clocks()
    outbox = Outbox(
        tmp_path / "gw-1.sqlite", "site-1", "gw-1", max_age_ms=DAY_MS,
        clock=lambda: clocks.wall, monotonic=lambda: clocks.monotonic_s,
    )  # fmt: skip
    put(outbox, clocks)
    clocks.pass_s(2 * HOUR)
    put(outbox, clocks)
    clocks.pass_s(23 * HOUR)
    put(outbox, clocks)
    outbox.close()
    store, quarantine = DuckStore(tmp_path / "readings.duckdb"), Quarantine(tmp_path / "quarantine.sqlite")
    with collecting(store, mosquitto, quarantine), gateway(tmp_path, mosquitto) as (again, publisher):
        assert publisher.drained(60)
        put(again, clocks)
        assert publisher.drained(60)
        assert again.counters == Counters(read=4, stored=3, quarantined=0, pending=0, gap=1, batches=0, bytes=0)
    assert store.gaps("site-1", 0, 2**62) == [Gap("main", "power_meter", "active_power_w", NOW, NOW, "outbox_age", 1)]
    assert store.count("site-1") == 2  # the last two share their time, which the store keeps once
    store.close()
    quarantine.close()


def test_losses_by_age_and_by_size_are_told_apart(tmp_path: Path) -> None:
    clocks = Clocks()
    outbox = opened(tmp_path, clocks, max_age_ms=DAY_MS)
    put(outbox, clocks)
    clocks.pass_s(2 * HOUR)
    put(outbox, clocks)
    clocks.pass_s(23 * HOUR)
    put(outbox, clocks)
    size = outbox.counters.bytes // 2
    outbox.close()
    outbox = opened(tmp_path, clocks, max_bytes=size + 10)
    put(outbox, clocks)
    outbox.acknowledge(outbox.epoch, [(4, 4)])
    put(outbox, clocks)
    assert {gap.reason for batch in batches(outbox) for gap in batch.gaps} == {"outbox_age", "outbox_full"}
    outbox.close()


def test_a_clock_that_jumps_forth_throws_nothing_away(tmp_path: Path) -> None:
    clocks = Clocks()
    outbox = opened(tmp_path, clocks, max_age_ms=DAY_MS)
    put(outbox, clocks)
    clocks.pass_s(2 * HOUR)
    clocks.wall += 400 * DAY_MS
    put(outbox, clocks)
    clocks.pass_s(600)
    clocks.wall -= 400 * DAY_MS
    put(outbox, clocks)
    clocks.pass_s(2 * HOUR)
    put(outbox, clocks)
    assert outbox.counters.gap == 0
    outbox.close()


def test_batches_put_before_the_gateway_knew_the_time_age_with_their_successors(tmp_path: Path) -> None:
    clocks = Clocks(wall=5_000)  # 1970: no battery clock, no network yet
    outbox = opened(tmp_path, clocks, max_age_ms=DAY_MS)
    put(outbox, clocks)
    clocks.wall = NOW
    put(outbox, clocks)
    clocks.pass_s(5 * HOUR)
    put(outbox, clocks)
    clocks.pass_s(5 * HOUR)
    put(outbox, clocks)
    assert outbox.counters.gap == 0
    clocks.pass_s(15 * HOUR)
    put(outbox, clocks)
    assert [batch.seq for batch in batches(outbox)] == [3, 4, 5]
    assert outbox.counters.gap == 2
    outbox.close()


@pytest.mark.parametrize("slew", [-0.0005, 0.0005])
def test_a_clock_that_is_slewed_is_not_a_clock_that_jumps(slew: float) -> None:
    clocks = Clocks()
    limit = AgeLimit(DAY_MS, lambda: clocks.wall, lambda: clocks.monotonic_s)
    assert limit.horizon() is None
    for _ in range(400):
        clocks.pass_s(HOUR)
        clocks.wall += round(3_600_000 * slew)
        assert limit.horizon() == clocks.wall - DAY_MS


def test_limits_that_are_set_anew_hold_from_the_next_batch_on(tmp_path: Path) -> None:
    clocks = Clocks()
    outbox = opened(tmp_path, clocks)
    for _ in range(20):
        put(outbox, clocks)
        clocks.pass_s(24 * HOUR)
    size = outbox.counters.bytes // 20
    outbox.limit(10 * size, 90 * DAY_MS)
    put(outbox, clocks)
    assert 8 <= outbox.counters.batches <= 10
    outbox.limit(100 * size, 3 * DAY_MS)
    put(outbox, clocks)
    assert outbox.counters.batches == 5  # of days 17 to 20, twice on the last; three days old is not older than that
    assert outbox.counters.read == 22 == outbox.counters.pending + outbox.counters.gap
    outbox.close()


def test_a_limit_far_below_what_waits_is_reached_in_several_steps_and_the_ledger_balances(tmp_path: Path) -> None:
    clocks = Clocks()
    outbox = opened(tmp_path, clocks)
    for _ in range(600):
        put(outbox, clocks)
        clocks.pass_s(0.25)
    outbox.limit(10 * outbox.counters.bytes // 600, 90 * DAY_MS)
    waiting = []
    for _ in range(3):
        put(outbox, clocks)
        waiting.append(outbox.counters.batches)
        assert outbox.counters.read == outbox.counters.pending + outbox.counters.gap
    assert waiting[0] > waiting[1] > waiting[2]
    assert waiting[2] <= 10
    outbox.close()
