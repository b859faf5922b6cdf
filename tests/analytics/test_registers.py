"""From a register to interval energy: nothing invented, nothing lost, everything flagged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import Exchange, Flag, interval_energy

MINUTE = 60_000
HOUR = 60 * MINUTE


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_readings_on_the_edges_give_their_differences() -> None:
    found = interval_energy(ints(0, HOUR, 2 * HOUR), floats(100, 130, 190), ints(0, HOUR, 2 * HOUR))
    assert found.values.tolist() == [30, 60]
    assert found.coverage.tolist() == [1, 1]
    assert found.flags.tolist() == [0, 0]


def test_an_edge_between_two_close_readings_is_interpolated() -> None:
    times = ints(0, 45 * MINUTE, 75 * MINUTE, 120 * MINUTE)
    found = interval_energy(times, floats(0, 40, 60, 100), ints(0, HOUR, 2 * HOUR))
    assert found.values.tolist() == [50, 50]


def test_a_gap_inside_an_interval_is_bridged_by_the_register_and_shown_in_the_coverage() -> None:
    times = ints(0, 10 * MINUTE, 50 * MINUTE, HOUR)
    found = interval_energy(times, floats(0, 5, 45, 50), ints(0, HOUR), max_gap_ms=20 * MINUTE)
    assert found.values.tolist() == [50]
    assert found.coverage[0] == pytest.approx(20 / 60)
    assert found.flags.tolist() == [Flag.GAP]


def test_a_gap_across_an_edge_leaves_both_intervals_unknown_and_no_other() -> None:
    times = ints(0, 50 * MINUTE, 80 * MINUTE, 120 * MINUTE, 140 * MINUTE, 160 * MINUTE, 180 * MINUTE)
    register = floats(0, 50, 80, 120, 140, 160, 180)
    found = interval_energy(times, register, ints(0, HOUR, 2 * HOUR, 3 * HOUR), max_gap_ms=20 * MINUTE)
    assert np.isnan(found.values).tolist() == [True, True, False]
    assert found.values[2] == 60
    assert found.flags.tolist() == [Flag.GAP, Flag.GAP, 0]


def test_intervals_without_readings_are_unknown() -> None:
    edges = ints(0, HOUR, 2 * HOUR)
    for times, register in ((ints(), floats()), (ints(5), floats(1))):
        found = interval_energy(times, register, edges)
        assert np.isnan(found.values).all()
        assert found.coverage.tolist() == [0, 0]
        assert found.flags.tolist() == [Flag.GAP, Flag.GAP]


def test_a_rollover_at_the_modulus_counts_its_energy() -> None:
    found = interval_energy(ints(0, HOUR, 2 * HOUR), floats(990, 5, 20), ints(0, HOUR, 2 * HOUR), modulus=1000)
    assert found.values.tolist() == [15, 15]
    assert found.flags.tolist() == [Flag.ROLLOVER, 0]


def test_without_a_modulus_the_same_fall_is_a_reset_of_unknown_energy() -> None:
    found = interval_energy(ints(0, HOUR, 2 * HOUR), floats(990, 5, 20), ints(0, HOUR, 2 * HOUR))
    assert np.isnan(found.values[0])
    assert found.values[1] == 15
    assert found.flags.tolist() == [Flag.RESET, 0]


def test_a_reset_far_from_the_modulus_is_no_rollover() -> None:
    register = floats(5000, 5010, 5020, 0, 10, 20)
    times = np.arange(6, dtype=np.int64) * HOUR
    found = interval_energy(times, register, times, modulus=100_000)
    assert np.isnan(found.values).tolist() == [False, False, True, False, False]
    assert found.flags[2] == Flag.RESET


@pytest.mark.parametrize("wrong", [0.0, 1e9])
def test_a_single_wild_reading_is_left_out_and_flagged(wrong: float) -> None:
    register = np.arange(100, 110, dtype=np.float64)
    register[4] = wrong
    times = np.arange(10, dtype=np.int64) * 10 * MINUTE
    found = interval_energy(times, register, ints(0, 90 * MINUTE))
    assert found.values.tolist() == [9]
    assert found.flags[0] & Flag.GLITCH


@pytest.mark.parametrize("max_rate", [None, 70.0])
def test_a_young_registers_reset_that_may_be_a_wrong_reading_has_no_energy(max_rate: float | None) -> None:
    """3, 5, 0, 8 kWh: reset after 5 and 8 drawn since, or 3 drawn and a wrong 0; the register cannot tell."""
    times = np.arange(8, dtype=np.int64) * 10 * MINUTE
    register = floats(1, 3, 5, 0, 8, 18, 28, 38)
    found = interval_energy(times, register, times, max_rate=max_rate)
    assert np.isnan(found.values).tolist() == [False, False, True, True, False, False, False]
    assert found.flags.tolist() == [0, 0, *[Flag.RESET | Flag.GLITCH] * 2, 0, 0, 0]
    whole = interval_energy(times, register, ints(0, 70 * MINUTE), max_rate=max_rate)
    assert np.isnan(whole.values[0])


@pytest.mark.parametrize("wrong", [0.0, 0.001, 0.04])
def test_a_machine_that_runs_five_hours_a_week_keeps_its_energy_beside_wrong_readings(wrong: float) -> None:
    rng = np.random.default_rng(round(wrong * 1000))
    power = np.full(10_080, 200.0)
    power[2000:2290] = 30_000.0
    times = np.arange(10_081, dtype=np.int64) * MINUTE
    true = np.floor(np.concatenate(([0.0], np.cumsum(power / 60))))
    shown = np.where(rng.random(10_081) < wrong, rng.uniform(0, 4e9, 10_081), true)
    found = interval_energy(times, shown, times[::60], modulus=2.0**32)
    known = np.isfinite(found.values)
    assert np.abs(found.values - np.diff(true[::60]))[known].max() <= 1.0
    assert known.mean() >= 1.0 - 3 * wrong
    assert known.all() or wrong > 0.0


def test_a_meter_exchanged_unsaid_is_no_rate_kept_up() -> None:
    times = np.arange(2000, dtype=np.int64) * MINUTE
    register = np.arange(2000.0) + np.where(np.arange(2000) >= 1000, 1e6, 0.0)
    found = interval_energy(times, register, times)
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [999]
    assert found.flags[999] == Flag.JUMP


@pytest.mark.parametrize("max_rate", [None, 33_000.0])
def test_a_gap_in_which_the_register_may_have_turned_twice_has_no_energy(max_rate: float | None) -> None:
    times = ints(0, 1, 2, 7, 8, 9) * HOUR
    true = floats(0, 30_000, 60_000, 210_000, 240_000, 270_000)
    found = interval_energy(times, true % 65_536, times, modulus=65_536, max_rate=max_rate)
    assert found.values[[0, 1, 3, 4]] == pytest.approx(30_000)
    assert np.isnan(found.values[2])
    assert found.flags[2] & Flag.GAP
    # A register with room for the gap tells.
    roomy = interval_energy(times, true % 1_000_000, times, modulus=1_000_000, max_rate=max_rate)
    assert roomy.values[2] == 150_000


@pytest.mark.parametrize("kind", [np.uint32, np.int64, np.float32])
def test_registers_of_other_number_types_give_the_same_energy(kind: type[np.generic]) -> None:
    times = np.arange(2000, dtype=np.int64) * MINUTE
    register = np.cumsum(np.random.default_rng(1).integers(5, 16, 2000)) % 10_000
    expected = interval_energy(times, register.astype(np.float64), times[::60], modulus=10_000)
    found = interval_energy(times, register.astype(kind), times[::60], modulus=10_000)
    assert np.array_equal(found.values, expected.values)
    assert np.array_equal(found.flags, expected.flags)


def test_a_reading_that_is_nan_was_not_read() -> None:
    times = np.arange(6, dtype=np.int64) * HOUR
    found = interval_energy(times, floats(0, 10, np.nan, 30, 40, 50), times)
    assert np.isnan(found.values).tolist() == [False, True, True, False, False]
    assert found.flags.tolist() == [0, Flag.GAP, Flag.GAP, 0, 0]
    assert not interval_energy(times, np.full(6, np.nan), times).coverage.any()


def test_a_meter_exchange_to_a_higher_register_is_a_jump_of_unknown_energy() -> None:
    register = floats(10, 20, 30, 90_000, 90_010, 90_020)
    times = np.arange(6, dtype=np.int64) * HOUR
    found = interval_energy(times, register, times, max_rate=100)
    assert np.isnan(found.values).tolist() == [False, False, True, False, False]
    assert found.flags.tolist() == [0, 0, Flag.JUMP, 0, 0]


def test_one_tick_of_a_coarse_register_between_two_close_readings_is_believed() -> None:
    times = ints(0, HOUR - 1000, HOUR, 2 * HOUR)
    found = interval_energy(times, floats(0, 0, 1000, 1000), ints(0, 2 * HOUR), max_rate=1500)
    assert found.values.tolist() == [1000]
    assert found.flags.tolist() == [0]


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="times must rise"):
        interval_energy(ints(0, 0), floats(1, 2), ints(0, 1))
    with pytest.raises(ValueError, match="edges must rise"):
        interval_energy(ints(0, 1), floats(1, 2), ints(5, 5))
    with pytest.raises(ValueError, match="one each is needed"):
        interval_energy(ints(0, 1), floats(1), ints(0, 1))


@st.composite
def register_stories(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, set[int]]:
    """Ten-minute readings of a machine, some lost, with a modulus and resets: times, true energy, shown, edges."""
    count = draw(st.integers(20, 120))
    steps = draw(st.lists(st.integers(0, 100), min_size=count, max_size=count))
    true = np.concatenate(([0.0], np.cumsum(np.array(steps, dtype=np.float64))))
    times = np.arange(count + 1, dtype=np.int64) * 10 * MINUTE
    modulus = 5000.0
    offset = float(draw(st.integers(0, 4999)))
    resets = draw(st.sets(st.integers(1, count), max_size=2))
    shown = (true + offset) % modulus
    for reset in resets:
        # The meter starts again from 0 at this reading: what was drawn since the one before is nowhere.
        shown[reset:] = (true[reset:] - true[reset]) % modulus
    lost = draw(st.sets(st.integers(0, count), max_size=count // 2))
    keep = np.array([index not in lost for index in range(count + 1)])
    edges = np.arange(0, int(times[-1]) + 1, HOUR, dtype=np.int64)
    return times[keep], true, shown[keep], edges, modulus, resets


@settings(max_examples=150, deadline=None)
@given(register_stories())
def test_energy_is_never_negative_never_invented_and_always_flagged(
    story: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, set[int]],
) -> None:
    times, true, shown, edges, modulus, resets = story
    found = interval_energy(times, shown, edges, modulus=modulus, max_gap_ms=20 * MINUTE, max_rate=600)
    assert not (found.values < 0).any()
    whole = np.diff(true[(edges // (10 * MINUTE)).astype(int)])
    known = np.isfinite(found.values)
    assert (found.flags[~known] != 0).all()
    assert (found.flags[found.coverage < 1 - 1e-9] & Flag.GAP != 0).all()
    # Interpolation may move at most a bridged step's energy between neighbours; a run of intervals loses none of it.
    if not resets:
        assert np.abs(found.values - whole)[known].max(initial=0) <= 2 * 200
        covered_edges = np.isin(edges, times)
        exact = known & covered_edges[:-1] & covered_edges[1:]
        assert found.values[exact] == pytest.approx(whole[exact], abs=1e-6)
    else:
        assert (found.values[known] <= whole[known] + 2 * 200).all()


def test_a_declared_exchange_is_counted_on_both_registers_and_flagged() -> None:
    times = np.arange(6, dtype=np.int64) * HOUR
    register = floats(10, 20, 30, 90_005, 90_015, 90_025)
    swap = Exchange(2 * HOUR + 30 * MINUTE, last=35, first=90_000)
    found = interval_energy(times, register, times, exchanges=[swap])
    assert found.values.tolist() == [10, 10, 10, 10, 10]
    assert found.flags.tolist() == [0, 0, Flag.EXCHANGE, 0, 0]
    assert found.coverage.tolist() == [1, 1, 1, 1, 1]


def test_exchanges_follow_one_another_and_each_register_keeps_its_rollover() -> None:
    times = np.arange(7, dtype=np.int64) * HOUR
    register = floats(980, 990, 105, 995, 5, 15, 25)
    swaps = [Exchange(HOUR + 1, last=990, first=95), Exchange(2 * HOUR + 1, last=105, first=985)]
    found = interval_energy(times, register, times, modulus=1000, exchanges=swaps)
    assert found.values == pytest.approx([10, 10, 10, 10, 10, 10])
    assert found.flags.tolist() == [0, Flag.EXCHANGE, Flag.EXCHANGE, Flag.ROLLOVER, 0, 0]


def test_an_exchange_at_the_moment_of_a_reading_takes_its_record_sheet() -> None:
    times = np.arange(4, dtype=np.int64) * HOUR
    found = interval_energy(times, floats(10, 20, 0, 10), times, exchanges=[Exchange(2 * HOUR, last=30, first=0)])
    assert found.values.tolist() == [10, 10, 10]


def test_an_exchange_whose_sheet_is_wrong_invents_no_energy() -> None:
    times = np.arange(6, dtype=np.int64) * HOUR
    register = floats(10, 20, 30, 5, 15, 25)
    found = interval_energy(times, register, times, exchanges=[Exchange(2 * HOUR + 1, last=30_000, first=0)])
    assert np.isnan(found.values).tolist() == [False, False, True, False, False]
    with pytest.raises(ValueError, match="exchanges must rise"):
        interval_energy(times, register, times, exchanges=[Exchange(5, 1, 0), Exchange(4, 1, 0)])


def test_a_gaps_energy_is_spread_only_where_that_is_allowed_and_always_flagged() -> None:
    hours = ints(0, 1, 2, 3, 4) * HOUR
    times, register = ints(0, HOUR // 2, 2 * HOUR + HOUR // 2, 3 * HOUR, 4 * HOUR), floats(0, 5, 45, 50, 60)
    kept = interval_energy(times, register, hours, max_gap_ms=HOUR)
    assert np.isnan(kept.values).tolist() == [True, True, True, False]
    spread = interval_energy(times, register, hours, max_gap_ms=HOUR, spread_ms=2 * HOUR)
    assert spread.values == pytest.approx([5 + 10, 20, 10 + 5, 10])
    both = int(Flag.GAP | Flag.SPREAD)
    assert spread.flags.tolist() == [both, both, both, 0]
    assert spread.coverage == pytest.approx(kept.coverage)
    too_long = interval_energy(times, register, hours, max_gap_ms=HOUR, spread_ms=2 * HOUR - 1)
    assert np.array_equal(too_long.values, kept.values, equal_nan=True)


def test_a_step_that_cannot_be_believed_is_not_spread() -> None:
    times, register = ints(0, 1, 4, 5, 6) * HOUR, floats(100, 110, 5, 15, 25)
    found = interval_energy(times, register, ints(0, 2, 3, 6) * HOUR, spread_ms=24 * HOUR)
    assert np.isnan(found.values).all()
    assert all(flags & Flag.RESET for flags in found.flags[:2])
    assert not any(flags & Flag.SPREAD for flags in found.flags)


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(st.integers(0, 100), min_size=12, max_size=60),
    swaps=st.lists(st.tuples(st.integers(1, 58), st.integers(0, 4999)), max_size=3, unique_by=lambda swap: swap[0]),
    lost=st.sets(st.integers(1, 58), max_size=20),
    spread=st.booleans(),
)
def test_whatever_is_exchanged_lost_and_spread_known_intervals_add_up_to_what_was_drawn(
    steps: list[int], swaps: list[tuple[int, int]], lost: set[int], *, spread: bool
) -> None:
    count = len(steps)
    true = np.concatenate(([0.0], np.cumsum(np.array(steps, dtype=np.float64))))
    times = np.arange(count + 1, dtype=np.int64) * 10 * MINUTE
    shown, exchanges = true.copy(), []
    for at, first in sorted(swaps):
        if at < count:
            # Half-way to the next reading, where half of the step has been drawn.
            middle = (true[at] + true[at + 1]) / 2
            last = float(shown[at] + middle - true[at])
            exchanges.append(Exchange(int(times[at]) + 5 * MINUTE, last, float(first)))
            shown[at + 1 :] = true[at + 1 :] - middle + first
    keep = np.array([index not in lost for index in range(count + 1)])
    edges = times[::3]
    found = interval_energy(
        times[keep], shown[keep], edges, max_gap_ms=10 * MINUTE, max_rate=601,
        spread_ms=1000 * HOUR if spread else 0, exchanges=exchanges,
    )  # fmt: skip
    known = np.isfinite(found.values)
    clean = known & (found.flags & np.uint8(Flag.GAP | Flag.SPREAD) == 0)
    whole = np.diff(true[::3])[: len(found.values)]
    assert found.values[clean] == pytest.approx(whole[clean], abs=1e-6)
    for exchange in exchanges:
        touched = (edges[:-1] <= exchange.at_ms) & (exchange.at_ms < edges[1:])
        assert (found.flags[touched] & Flag.EXCHANGE != 0).all()
    if spread and known.all() and keep[-1] and count % 3 == 0:
        assert found.values.sum() == pytest.approx(true[-1])
    assert known.all() or not spread or not keep[(len(edges) - 1) * 3]


def test_a_reset_near_the_modulus_is_no_turn_for_a_machine_whose_power_is_known() -> None:
    """Of a 16-bit register 500 units below its end, a machine of 60 units/h that started again cannot have turned."""
    times = np.arange(13, dtype=np.int64) * 10 * MINUTE
    register = floats(*(65_000 + 10 * np.arange(6)), *(10 * np.arange(7)))
    unknown_power = interval_energy(times, register, times, modulus=65_536, max_rate=6000)
    assert unknown_power.flags[5] == Flag.ROLLOVER
    assert unknown_power.values[5] == 65_536 - 65_050
    found = interval_energy(times, register, times, modulus=65_536, max_rate=60)
    assert found.flags[5] & Flag.RESET
    assert np.isnan(found.values[5])
    assert (np.delete(found.values, 5) == 10).all()


@pytest.mark.parametrize("every", [1, 15])
def test_a_register_that_the_meter_brings_up_to_date_seldom_stays_below_the_power_of_its_machine(every: int) -> None:
    minutes = np.arange(24 * 60 + 1)
    busy = np.where(minutes % 240 < 180, 30.0, 0.0)
    true = np.concatenate(([0.0], np.cumsum(busy[1:] / 60)))
    shown = true[minutes // every * every]
    times = minutes.astype(np.int64) * MINUTE
    found = interval_energy(times, shown, times[::60], max_rate=31)
    assert found.flags.tolist() == [0] * 24
    assert found.values == pytest.approx(np.diff(shown[::60]))
    shown[700:] += 40.0
    jumped = interval_energy(times, shown, times[::60], max_rate=31)
    assert np.flatnonzero(np.isnan(jumped.values)).tolist() == [11]
    assert jumped.flags[11] == Flag.JUMP
