"""Load shape, the running demand window, energy per unit, anomalies and ranking."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics import AnalyticsError, Ranged, TooFewIntervalsError
from analytics.operations import (
    Proposal,
    Usual,
    base_load,
    find_anomalies,
    fit_demand_forecast,
    foretell_demand,
    load_duration,
    peak_days,
    power_left,
    rank_replacements,
    specific_energy,
    usual_scatter,
)


def test_the_load_duration_curve_says_how_long_a_power_is_reached() -> None:
    curve = load_duration(np.array([1.0, np.nan, 4.0, 2.0, 3.0]))
    assert curve.power.tolist() == [4.0, 3.0, 2.0, 1.0]
    assert curve.share.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.at(0.5) == 3.0
    with pytest.raises(TooFewIntervalsError):
        load_duration(np.array([np.nan]))


def test_base_load_is_what_is_always_there_and_one_outage_is_none() -> None:
    load = np.full((2, 1000), 50.0)
    load[0, ::2] = 200.0
    load[0, 3] = 0.0
    load[1] = np.nan
    found = base_load(load)
    assert found[0] == 50.0
    assert np.isnan(found[1])


def test_peak_days_come_highest_first_with_their_quarter_hour() -> None:
    demand = np.full((4, 96), 10.0)
    demand[2, 60], demand[0, 5] = 90.0, 70.0
    demand[3] = np.nan
    found = peak_days(demand, 5)
    assert [(day.day, day.interval, day.demand) for day in found] == [(2, 60, 90.0), (0, 5, 70.0), (1, 0, 10.0)]


def test_a_steady_window_is_foretold_exactly_and_a_jumpy_past_widens_the_band() -> None:
    rng = np.random.default_rng(3)
    calm, jumpy = (50 * rng.normal(1, spread, (200, 90)) for spread in (0.001, 0.2))
    bands = []
    for past in (calm, jumpy):
        forecast = fit_demand_forecast(past, recent=30)
        found = foretell_demand(forecast, np.full(60, 80.0))
        assert found.value == pytest.approx(80.0)
        assert found.low < 80 < found.high
        bands.append(found.high - found.low)
    assert bands[1] > 20 * bands[0]


def test_the_rest_goes_on_as_in_the_last_minutes() -> None:
    forecast = fit_demand_forecast(np.full((5, 15), 10.0), recent=5)
    found = foretell_demand(forecast, np.concatenate((np.full(5, 10.0), np.full(5, 40.0))))
    assert found.value == pytest.approx((5 * 10 + 10 * 40) / 15)
    whole = foretell_demand(forecast, np.arange(15.0))
    assert (whole.low, whole.value, whole.high) == (7.0, 7.0, 7.0)


def test_the_demand_band_holds_as_often_as_it_says_on_windows_it_did_not_see() -> None:
    rng = np.random.default_rng(4)
    level = 50 + 20 * rng.random((600, 1))
    power = level * (1 + 0.1 * rng.normal(size=(600, 90)).cumsum(axis=1) / 9)
    forecast = fit_demand_forecast(power[:400], recent=30)
    held = 0
    for window in power[400:]:
        found = foretell_demand(forecast, window[:45], confidence=0.9)
        held += found.low <= window.mean() <= found.high
    assert 165 <= held <= 195  # 180 expected of 200, three standard deviations either way


def test_a_window_that_starts_at_rest_is_foretold_with_a_band_as_wide_as_what_may_start_up() -> None:
    past = np.full((200, 90), 60.0)
    past[::4, :30] = 0.0  # every fourth window starts up after five minutes
    past[1::4] = 0.0
    forecast = fit_demand_forecast(past, recent=30)
    resting = foretell_demand(forecast, np.zeros(20), confidence=0.9)
    assert (resting.value, resting.low) == (0.0, 0.0)
    assert resting.high == pytest.approx(40.0)
    running = foretell_demand(forecast, np.full(20, 60.0), confidence=0.9)
    assert (running.low, running.value, running.high) == pytest.approx((60.0, 60.0, 60.0))
    # At rest when no window ever was: what the others missed, of the load at which rest begins.
    steady = fit_demand_forecast(60 * np.random.default_rng(8).normal(1, 0.1, (100, 90)), recent=30)
    found = foretell_demand(steady, np.zeros(60))
    assert -1.0 < found.low < 0.0 < found.high < 1.0


def test_what_is_left_to_draw_keeps_the_target() -> None:
    so_far = np.full(60, 110.0)
    left = power_left(100.0, so_far, 90)
    assert (so_far.sum() + 30 * left) / 90 == pytest.approx(100.0)
    assert power_left(50.0, so_far, 90) < 0
    with pytest.raises(AnalyticsError, match="steer"):
        power_left(50.0, np.ones(90), 90)


@pytest.mark.parametrize("so_far", [np.zeros(0), np.ones(16)])
def test_a_window_without_a_measurement_or_with_too_many_is_refused(so_far: np.ndarray) -> None:
    with pytest.raises(AnalyticsError, match="of 15 measurements"):
        foretell_demand(fit_demand_forecast(np.ones((3, 15)), recent=5), so_far)
    with pytest.raises(TooFewIntervalsError):
        fit_demand_forecast(np.full((3, 15), np.nan), recent=5)


def test_specific_energy_is_a_ratio_of_sums_by_cell_with_its_error() -> None:
    rng = np.random.default_rng(5)
    units = rng.integers(50, 150, (1, 400)).astype(float)
    cell = np.arange(400) % 2
    energy = units * np.where(cell == 0, 0.5, 0.8) + rng.normal(0, 2.0, (1, 400))
    energy[0, 0], cell = np.nan, np.where(np.arange(400) > 390, -1, cell)
    found = specific_energy(energy, units, cell, 3)
    assert found.ratio[0, :2] == pytest.approx([0.5, 0.8], abs=0.01)
    assert np.isnan(found.ratio[0, 2])
    assert found.intervals[0].tolist() == [195, 195, 0]
    # sd of the ratio: 2 kWh of scatter per interval over about 195 intervals of 100 units
    assert found.standard_error[0, :2] == pytest.approx(2.0 * math.sqrt(195) / (195 * 100), rel=0.15)
    with pytest.raises(AnalyticsError, match="cell 1 of 1"):
        specific_energy(energy, units, cell, 1)


def test_a_creeping_rise_and_a_sudden_spike_are_found_and_quiet_time_is_not() -> None:
    rng = np.random.default_rng(6)
    expected = np.full((2, 300), 100.0)
    actual = expected + rng.normal(0, 2.0, (2, 300))
    usual = usual_scatter((actual - expected)[:, :100], np.arange(100))
    actual[0, 200:] += 4.0
    actual[1, 150] += 30.0
    found = find_anomalies(actual, expected, usual, limit=4.0)
    assert {anomaly.meter for anomaly in found} == {0, 1}
    creeping = [a for a in found if a.meter == 0]
    assert 200 <= creeping[0].start <= 215
    assert sum(a.end - a.start + 1 for a in creeping) > 50
    assert all(a.excess > 0 for a in creeping)
    spike = [a for a in found if a.meter == 1]
    assert [(a.start <= 150 <= a.end) for a in spike] == [True]
    assert spike[0].excess > 20
    assert all(a.start >= 150 for a in found)


def test_one_day_out_of_line_is_found_alone_and_two_creeping_weeks_as_one_stretch() -> None:
    # Residuals by hand: σ of ±1 about 0 is 1.4826; one day at -20 σ, long before fourteen at +1.5 σ.
    usual = usual_scatter(np.tile([1.0, -1.0], 30)[None], np.arange(60) * 10)
    sigma = float(usual.sigma[0])
    actual = np.full(60, 100.0)
    actual[10] -= 20 * sigma
    actual[40:54] += 1.5 * sigma
    sudden, creeping = find_anomalies(actual, np.full(60, 100.0), Usual(usual.sigma, np.zeros(1)))
    assert (sudden.start, sudden.end) == (10, 10)
    assert sudden.excess == pytest.approx(-20 * sigma)
    assert sudden.strength == pytest.approx(20.0)
    assert 40 < creeping.start < 50
    assert creeping.end < 58
    assert 3.0 < creeping.strength < 4.5


def test_a_shutdown_of_four_days_ends_when_it_ends_and_a_weekend_is_no_end_of_a_lasting_change() -> None:
    usual = Usual(np.ones(1), np.zeros(1))
    noise = np.random.default_rng(8).normal(0.0, 0.5, 60)
    shut = noise.copy()
    shut[20:24] -= 40.0
    [found] = find_anomalies(shut, np.zeros(60), usual)
    assert (found.start, found.end) == (20, 23)
    # From day 15 on eight standard deviations less, but nothing on two days of seven, when the machine stands.
    lasting = noise.copy()
    lasting[[day for day in range(15, 60) if day % 7 not in {0, 1}]] -= 8.0
    apart = find_anomalies(lasting, np.zeros(60), usual)
    assert len(apart) > 4
    [whole] = find_anomalies(lasting, np.zeros(60), usual, bridge=2)
    assert (whole.start, whole.end) == (16, 59)
    assert whole.excess == pytest.approx(sum(each.excess for each in apart), rel=0.02)
    # To the other side it is another matter.
    lasting[20:22] += 30.0
    assert len(find_anomalies(lasting, np.zeros(60), usual, bridge=2)) == 3


def test_unknown_intervals_raise_no_alarm_and_a_flat_baseline_is_refused() -> None:
    expected = np.full(50, 10.0)
    usual = usual_scatter(np.random.default_rng(7).normal(size=(1, 50)), np.arange(50))
    assert find_anomalies(np.full(50, np.nan), expected, usual) == []
    flat = usual_scatter(np.zeros((1, 50)), np.arange(50))
    with pytest.raises(AnalyticsError, match="do not scatter"):
        find_anomalies(expected, expected, flat)


def test_replacements_are_ranked_by_what_can_be_counted_on() -> None:
    sure = Proposal("press-1", Ranged(100_000, 95_000, 105_000), Ranged(0.2, 0.18, 0.22), 5e6, 150.0)
    bold = Proposal("press-2", Ranged(100_000, 50_000, 150_000), Ranged(0.3, 0.05, 0.55), 5e6, 150.0)
    found = rank_replacements([bold, sure], rate=0.05, years=10)
    assert [ranked.proposal.name for ranked in found] == ["press-1", "press-2"]
    first = found[0]
    assert first.saving.value == 20_000
    assert first.saving.low == pytest.approx(20_000 - math.sqrt((0.2 * 5000) ** 2 + (100_000 * 0.02) ** 2 + 100.0**2))
    assert first.gain.value == 3_000_000
    assert first.payback.value == pytest.approx(5 / 3)
    assert found[1].value.value > first.value.value
    with pytest.raises(AnalyticsError, match="press-3"):
        rank_replacements([Proposal("press-3", Ranged(1, 1, 1), Ranged(0, 0, 0), 1, 1)], rate=0.05, years=10)
