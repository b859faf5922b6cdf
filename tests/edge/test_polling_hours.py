"""Hours of polling in virtual time: cadence, drift, dead units, and a clock that is set."""

import asyncio
import selectors
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest

from edge.clock import Timekeeper
from edge.errors import NoReplyError
from edge.links import Read, parse_url
from edge.polled_device import PolledDevice
from edge.polling import BusPoller
from edge.profiles import load_profile
from edge.rates import Pace
from tests.edge.test_polling import Notebook, all_fast

PLC = all_fast(load_profile("generic-plc"))
START_MS = 1_800_000_000_000


class JumpingSelector(selectors.SelectSelector):
    """Nothing ever arrives; waiting takes no time, it only moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += max(0.0, timeout or 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, selector: JumpingSelector) -> None:
        super().__init__(selector)
        self.selector = selector

    def time(self) -> float:
        return self.selector.now


class FakeLine:
    """A serial line in virtual time: an answer takes `answer_s`, a dead unit its timeout and the silence after it."""

    answer_s = 0.02
    dead: frozenset[int] = frozenset()

    def __init__(self, _address: object, timeout_s: float) -> None:
        self.timeout_s = timeout_s

    async def data(self, read: Read) -> bytes:
        if read.unit in self.dead:
            asked[read.unit].append(asyncio.get_running_loop().time())
            await asyncio.sleep(2 * self.timeout_s)
            raise NoReplyError(f"no reply from unit {read.unit}")
        await asyncio.sleep(self.answer_s)
        return struct.pack(">4H", 0, 7, 3, 325)

    def close(self) -> None:
        """Nothing to close."""


asked: dict[int, list[float]] = defaultdict(list)


class Hours:
    """A bus polled for a while in virtual time."""

    def __init__(self) -> None:
        self.selector = JumpingSelector()
        self.set_by_ms = 0.0
        self.notebook = Notebook()
        self.clock = Timekeeper(
            wall=lambda: int((START_MS + self.set_by_ms + (self.selector.now - 1000.0) * 1000) * 1_000_000),
            monotonic=lambda: int(self.selector.now * 1_000_000_000),
            synchronised=lambda: True,
        )

    def poll(self, units: Iterable[int], every_ms: int, hours: float, then: Callable[[], None] | None = None) -> None:
        async def run() -> None:
            devices = [PolledDevice(f"plc-{unit}", unit, PLC, Pace(every_ms, 10 * every_ms)) for unit in units]
            bus = BusPoller("line", parse_url("rtu:///dev/x"), 1.0, devices, self.notebook, self.clock)
            task = asyncio.create_task(bus.run())
            await asyncio.sleep(3600 * hours)
            if then is not None:
                then()
                await asyncio.sleep(3600 * hours)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        loop = VirtualLoop(self.selector)
        try:
            loop.run_until_complete(run())
        finally:
            loop.close()

    def count(self, unit: int) -> int:
        return len(self.notebook.rows[f"plc-{unit}"])


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    found = Hours()
    asked.clear()
    monkeypatch.setattr("edge.polling.Link", FakeLine)
    monkeypatch.setattr(time, "monotonic", lambda: found.selector.now)
    monkeypatch.setattr(FakeLine, "dead", frozenset())
    return found


def test_an_hour_of_seconds_is_three_thousand_six_hundred_readings_on_the_grid(hours: Hours) -> None:
    hours.poll([1, 2, 3], 1000, hours=1)
    for unit in (1, 2, 3):
        assert abs(hours.count(unit) - 3600) <= 1
        late = [at % 1000 for at, _ in hours.notebook.rows[f"plc-{unit}"]]
        assert max(late) <= 20 * unit + 1  # each behind the one before it, in the last second as in the first


def test_a_dead_unit_costs_one_timeout_per_pause_and_the_healthy_keep_their_rate(
    hours: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeLine, "dead", frozenset({9}))
    hours.poll([1, 2, 3, 9], 1000, hours=1)
    assert all(hours.count(unit) >= 0.99 * 3600 for unit in (1, 2, 3))
    pauses = [later - earlier for earlier, later in pairwise(asked[9])]
    assert min(pauses) >= 30.0
    assert max(pauses) <= 1.2 * 300 + 60
    assert len(pauses) >= 9  # it is not forgotten
    assert len({round(pause) for pause in pauses[-4:]}) > 1  # jittered


def test_even_many_dead_units_leave_the_healthy_their_rate(hours: Hours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeLine, "dead", frozenset(range(10, 22)))
    hours.poll([1, 2, *range(10, 22)], 1000, hours=1)
    assert all(hours.count(unit) >= 0.95 * 3600 for unit in (1, 2))
    assert all(asked[unit] for unit in range(10, 22))


def test_a_unit_that_dies_later_and_returns_is_found_again(hours: Hours, monkeypatch: pytest.MonkeyPatch) -> None:
    def revive() -> None:
        monkeypatch.setattr(FakeLine, "dead", frozenset())

    monkeypatch.setattr(FakeLine, "dead", frozenset({9}))
    hours.poll([1, 9], 1000, hours=0.5, then=revive)
    assert hours.count(9) >= 1800 - 1.2 * 300


def test_readings_after_the_clock_was_set_back_are_declared_lost_until_it_has_passed_what_was_used(
    hours: Hours,
) -> None:
    def set_back() -> None:
        hours.set_by_ms -= 600_000

    hours.poll([1], 1000, hours=0.5, then=set_back)
    times = [at for at, _ in hours.notebook.rows["plc-1"]]
    assert all(earlier < later for earlier, later in pairwise(times))
    lost = hours.notebook.lost["plc-1"]
    assert abs(len(lost) - 600) <= 2
    assert set(lost[0][1]) == set(PLC.channels)
    assert abs(len(times) + len(lost) - 3600) <= 3


def test_a_clock_set_forward_loses_nothing(hours: Hours) -> None:
    def set_forward() -> None:
        hours.set_by_ms += 86_400_000.5

    hours.poll([1], 1000, hours=0.25, then=set_forward)
    times = [at for at, _ in hours.notebook.rows["plc-1"]]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert hours.notebook.lost == {}
    assert abs(len(times) - 1800) <= 3
    assert max(at % 1000 for at in times[-100:]) <= 25
