"""The clock that stamps readings: a step never gives a time twice, and what the clock is worth is told."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.clock import Timekeeper, kernel_synchronised, now_ms

HOUR_MS = 3_600_000
START_MS = 1_800_000_000_000


class Clocks:
    """A wall clock that can be set, beside a monotonic one that cannot."""

    def __init__(self) -> None:
        self.wall_ns = START_MS * 1_000_000
        self.monotonic_ns = 5_000_000_000
        self.disciplined = False

    def pass_ms(self, ms: int) -> None:
        self.wall_ns += ms * 1_000_000
        self.monotonic_ns += ms * 1_000_000

    def set_by_ms(self, ms: int) -> None:
        self.wall_ns += ms * 1_000_000

    def keeper(self, memory: Path | None = None, used_to: int | None = None) -> Timekeeper:
        return Timekeeper(
            memory,
            used_to=used_to,
            wall=lambda: self.wall_ns,
            monotonic=lambda: self.monotonic_ns,
            synchronised=lambda: self.disciplined,
        )


def test_a_reading_is_stamped_with_the_wall_clock() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    assert keeper.stamp() == START_MS
    assert keeper.stamp() == START_MS  # another register, the same millisecond
    clocks.pass_ms(1)
    assert keeper.stamp() == keeper.now_ms() == START_MS + 1


def test_after_a_step_back_nothing_is_stamped_until_the_clock_has_passed_what_was_used() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    keeper.stamp()
    clocks.pass_ms(10_000)
    assert keeper.stamp() == START_MS + 10_000
    clocks.set_by_ms(-4_000)
    with capture_logs() as logs:
        assert keeper.stamp() is None
        clocks.pass_ms(3_999)
        assert keeper.stamp() is None
    assert keeper.held
    assert [entry["event"] for entry in logs] == ["clock_stepped", "readings_held"]
    assert logs[0]["says"] == "the clock was set by -4.000 s"
    clocks.pass_ms(2)
    assert keeper.stamp() == START_MS + 10_001
    assert not keeper.held


def test_a_clock_that_was_in_the_future_for_a_moment_does_not_silence_the_gateway_for_years() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    keeper.stamp()
    clocks.set_by_ms(4 * 365 * 24 * HOUR_MS)
    clocks.pass_ms(1_000)
    assert keeper.stamp() is not None
    clocks.set_by_ms(-4 * 365 * 24 * HOUR_MS)
    clocks.pass_ms(1_000)
    assert keeper.stamp() == START_MS + 2_000


def test_a_run_that_reaches_a_span_used_before_waits_for_its_end() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    keeper.stamp()
    clocks.set_by_ms(10_000)
    keeper.stamp()
    clocks.pass_ms(1_000)
    keeper.stamp()  # used: START, and START + 10 s to 11 s
    clocks.set_by_ms(-10_000)
    stamps = []
    for _ in range(120):
        clocks.pass_ms(100)
        stamps.append(keeper.stamp())
    assert None not in stamps[:89]
    assert stamps[88] == START_MS + 9_900
    assert stamps[89:100] == [None] * 11
    assert stamps[100] == START_MS + 11_100


def test_a_gateway_that_wakes_in_the_past_remembers_what_it_used(tmp_path: Path) -> None:
    clocks = Clocks()
    memory = tmp_path / "clock.json"
    keeper = clocks.keeper(memory)
    keeper.stamp()
    clocks.pass_ms(HOUR_MS)
    keeper.stamp()
    keeper.save()
    clocks.wall_ns -= HOUR_MS // 2 * 1_000_000
    woken = clocks.keeper(memory)
    assert woken.stamp() is None
    clocks.set_by_ms(HOUR_MS)  # the time server is reached
    assert woken.stamp() == START_MS + HOUR_MS + HOUR_MS // 2


def test_a_memory_that_cannot_be_read_or_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    memory = tmp_path / "clock.json"
    memory.write_bytes(b"[[1,")
    clocks = Clocks()
    with capture_logs() as logs:
        keeper = clocks.keeper(memory)
    assert logs[0]["event"] == "clock_memory_unreadable"
    assert keeper.stamp() == START_MS
    clocks.keeper(tmp_path / "absent" / "clock.json").save()


def test_the_state_is_stepped_for_a_minute_and_then_what_the_kernel_says() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    keeper.stamp()
    states = [keeper.state]
    clocks.disciplined = True
    clocks.pass_ms(10_001)
    states.append(keeper.state)
    clocks.set_by_ms(30_000)
    keeper.stamp()
    states.append(keeper.state)
    clocks.pass_ms(60_001)
    states.append(keeper.state)
    assert states == ["free_running", "synchronised", "stepped", "synchronised"]
    assert keeper.steps == 1


def test_slewing_and_a_pause_of_the_process_are_no_steps() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    for _ in range(100):
        clocks.pass_ms(1_000)
        assert keeper.stamp() is not None
    clocks.pass_ms(60_000)
    keeper.stamp()
    assert keeper.steps == 0


def test_the_real_kernel_can_be_asked() -> None:
    assert kernel_synchronised() in {True, False}
    keeper = Timekeeper()
    before = now_ms()
    stamp = keeper.stamp()
    assert stamp is not None
    assert before <= stamp <= now_ms()


SET_BY = st.integers(-HOUR_MS, HOUR_MS).filter(lambda ms: ms == 0 or abs(ms) > 20)
"""How far somebody sets a clock by more than 20 ms; less is not seen as a step, and waited for."""


@given(st.lists(st.tuples(SET_BY, st.lists(st.integers(10, 60_000), max_size=6)), max_size=12))
def test_no_sequence_of_steps_gives_a_time_twice_or_makes_a_run_fall(
    steps: list[tuple[int, list[int]]],
) -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    given_out: list[int] = []
    for step, pauses in steps:
        clocks.set_by_ms(step)
        given_out.append(0)
        for pause in pauses:
            clocks.pass_ms(pause)
            stamp = keeper.stamp()
            if stamp is not None:
                assert stamp == keeper.now_ms()
                assert not any(first <= stamp <= last for first, last in spans(given_out))
                if given_out[-1] and any(given_out[-1] < first < stamp for first, _ in spans(given_out)):
                    given_out.append(0)  # it went past a used span: that ends a run as well
            given_out.append(stamp or 0)
    times = [stamp for stamp in given_out if stamp]
    assert len(times) == len(set(times))


def spans(given_out: list[int]) -> list[tuple[int, int]]:
    """First and last stamp of each run; runs are parted by 0."""
    runs: list[list[int]] = [[]]
    for stamp in given_out:
        if stamp == 0:
            runs.append([])
        else:
            runs[-1].append(stamp)
    return [(run[0], run[-1]) for run in runs if run]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(-24, 24), st.integers(0, 3)), min_size=1, max_size=60))
def test_a_device_never_has_one_time_twice_however_little_the_clock_is_set(
    moves: list[tuple[int, int, int]],
) -> None:
    clocks = Clocks()
    keeper = clocks.keeper()

    async def slept(seconds: float) -> None:
        clocks.pass_ms(1 + int(seconds * 1000))

    stamped = [0, 0, 0, 0]
    with pytest.MonkeyPatch.context() as patch:
        # The keeper's sleep alone: threads of other tests may be asleep in this process.
        patch.setattr("edge.clock.asyncio", SimpleNamespace(sleep=slept))
        for passed, step, device in moves:
            clocks.pass_ms(passed)
            clocks.set_by_ms(step)
            asyncio.run(keeper.passed(stamped[device]))
            assert keeper.now_ms() > stamped[device] or keeper.stamp() is None  # waited for, or a step
            stamp = keeper.stamp()
            if stamp is not None:
                assert stamp == keeper.now_ms()
                assert stamp > stamped[device]
                stamped[device] = stamp


def test_a_step_too_small_to_be_seen_costs_no_reading() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    first = keeper.stamp()
    assert first is not None
    clocks.pass_ms(10)
    clocks.set_by_ms(-15)
    waited = []

    async def slept(seconds: float) -> None:
        waited.append(seconds)
        clocks.pass_ms(round(seconds * 1000))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", slept)
        asyncio.run(keeper.passed(first))
    assert keeper.stamp() == first + 1
    assert waited == [0.006]
    assert keeper.steps == 0


def test_after_a_kill_what_was_committed_counts_as_used_though_nobody_saved_it(tmp_path: Path) -> None:
    clocks = Clocks()
    memory = tmp_path / "clock.json"
    keeper = clocks.keeper(memory)
    keeper.stamp()
    clocks.pass_ms(1_000)
    keeper.stamp()
    keeper.save()
    clocks.pass_ms(9_000)
    last = keeper.stamp()
    assert last is not None
    clocks.set_by_ms(-5_000)  # a board without a battery wakes a little earlier
    assert clocks.keeper(memory).stamp() == START_MS + 5_000  # and would give these times again
    woken = clocks.keeper(memory, used_to=last)
    assert woken.stamp() is None
    clocks.pass_ms(5_001)
    assert woken.stamp() == last + 1


def test_a_commit_long_after_the_saved_spans_counts_as_used_by_itself(tmp_path: Path) -> None:
    clocks = Clocks()
    keeper = clocks.keeper(tmp_path / "clock.json", used_to=START_MS + HOUR_MS)
    assert keeper.stamp() == START_MS
    clocks.pass_ms(HOUR_MS)
    assert keeper.stamp() is None
    clocks.pass_ms(1)
    assert keeper.stamp() == START_MS + HOUR_MS + 1


def test_a_rotted_digit_in_the_memory_does_not_silence_the_gateway(tmp_path: Path) -> None:
    clocks = Clocks()
    memory = tmp_path / "clock.json"
    keeper = clocks.keeper(memory)
    keeper.stamp()
    keeper.save()
    written = memory.read_bytes()
    for place in range(len(written)):
        memory.write_bytes(written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :])
        with capture_logs() as logs:
            woken = clocks.keeper(memory, used_to=START_MS)
        assert [entry["event"] for entry in logs] == ["clock_memory_unreadable"]
        assert woken.stamp() is None  # known from what was committed
        clocks.pass_ms(1)
        assert woken.stamp() is not None
        clocks.pass_ms(-1)
