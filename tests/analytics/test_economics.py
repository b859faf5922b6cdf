"""Money and carbon, worked by hand, with the band carried through."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import AnalyticsError
from analytics.economics import (
    Ranged,
    annuity,
    cost_of_conserved_energy,
    emissions,
    internal_rate,
    net_present_value,
    oil_equivalent,
    simple_payback,
    subsidy_per_kwh,
)

GAIN = Ranged(10_000_000, 8_000_000, 12_500_000)


def test_a_payback_is_longest_where_the_saving_is_least() -> None:
    found = simple_payback(50_000_000, GAIN)
    assert (found.value, found.low, found.high) == (5, 4, 6.25)
    assert simple_payback(50_000_000, Ranged(10, -5, 20)).high == math.inf
    with pytest.raises(AnalyticsError, match="investment must be positive, not 0"):
        simple_payback(0, GAIN)


def test_the_present_value_is_the_discounted_sum() -> None:
    found = net_present_value(50_000_000, GAIN, 0.045, 10)
    by_hand = sum(10_000_000 / 1.045**year for year in range(1, 11)) - 50_000_000
    assert found.value == pytest.approx(by_hand)
    assert found.low < found.value < found.high
    assert annuity(0.0, 7) == 7
    with pytest.raises(AnalyticsError, match="must exceed -1"):
        annuity(-1.0, 7)


@settings(deadline=None, max_examples=40)
@given(st.floats(1e4, 1e8), st.integers(1, 30))
def test_at_the_internal_rate_nothing_is_gained(gain: float, years: int) -> None:
    rate = internal_rate(1e7, Ranged(gain, gain, gain), years).value
    assert gain * annuity(rate, years) == pytest.approx(1e7, rel=1e-6)


def test_no_gain_has_no_internal_rate() -> None:
    assert internal_rate(1e6, Ranged(0, -1, 0), 10).value == -1


def test_a_gain_that_just_pays_in_its_years_has_an_internal_rate_of_exactly_nothing() -> None:
    assert internal_rate(50e6, Ranged(5e6, 4e6, 6e6), 10).value == 0.0


def test_energy_money_and_carbon_per_kwh() -> None:
    saving = Ranged(100_000, 80_000, 120_000)
    cost = cost_of_conserved_energy(50_000_000, saving, 0.0, 10)
    assert (cost.value, cost.high) == (50, 62.5)
    assert subsidy_per_kwh(20_000_000, saving, 10).value == 20
    assert emissions(saving, 0.4173).value == pytest.approx(41.73)
    assert oil_equivalent(saving, 9.6).value == pytest.approx(22.93, abs=0.005)
    assert oil_equivalent(saving, 8.9).low == pytest.approx(80 * 0.2126, abs=0.01)
    assert subsidy_per_kwh(1, Ranged(1, -1, 2), 10).high == math.inf
