"""Idle time: told by power itself, or by what is known."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import AnalyticsError, TooFewIntervalsError
from analytics.operations import find_idle


def presses(seed: int = 1) -> np.ndarray:
    """Two machines in minutes: producing 40 kW, idle 8 kW, off 0.1 kW, a third each; one that knows a single level."""
    rng = np.random.default_rng(seed)
    press = np.repeat([40.0, 8.0, 0.1], 400) * rng.normal(1, 0.05, 1200)
    fan = 12.0 * rng.normal(1, 0.05, 1200)
    return np.stack([press, fan])


def test_idle_is_told_from_producing_and_from_off_by_power_alone() -> None:
    found = find_idle(presses(), 1 / 60, prices=np.full(1200, 100.0))
    assert found.mask[0, 400:800].all()
    assert not found.mask[0, :400].any()
    assert not found.mask[0, 800:].any()
    assert found.idle_power[0] == pytest.approx(8, rel=0.02)
    assert found.producing_power[0] == pytest.approx(40, rel=0.02)
    assert found.hours[0] == pytest.approx(400 / 60)
    assert found.energy[0] == pytest.approx(8 * 400 / 60, rel=0.02)
    assert found.cost[0] == pytest.approx(100 * found.energy[0])


def test_a_machine_of_one_level_has_no_idle_state() -> None:
    found = find_idle(presses(), 1 / 60)
    assert not found.mask[1].any()
    assert np.isnan(found.idle_power[1])
    assert np.isnan(found.threshold[1])
    assert found.separation[1] < 0.75
    assert np.isnan(found.cost).all()


@pytest.mark.parametrize("power", [np.full(50, 3.0), np.full(50, np.nan), np.zeros(50)])
def test_a_constant_unknown_or_dead_load_is_no_error_and_no_idle_time(power: np.ndarray) -> None:
    found = find_idle(power, 0.25)
    assert found.hours.tolist() == [0.0]
    assert found.energy.tolist() == [0.0]


def test_what_the_counter_says_decides_over_power() -> None:
    power = np.concatenate((np.full(10, 20.0), np.full(10, 19.0), np.full(5, 0.0)))
    producing = np.arange(25) < 10
    found = find_idle(power, 0.25, producing=producing)
    assert found.mask[0].tolist() == [False] * 10 + [True] * 10 + [False] * 5
    assert found.idle_power[0] == 19.0


def test_unknown_intervals_are_neither() -> None:
    power = presses()
    power[0, 450:500] = np.nan
    found = find_idle(power, 1 / 60)
    assert not found.mask[0, 450:500].any()
    assert found.hours[0] == pytest.approx(350 / 60)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(AnalyticsError, match="do not fit"):
        find_idle(np.ones(4), 1.0, producing=np.ones(5, dtype=np.bool_))
    with pytest.raises(AnalyticsError, match="prices"):
        find_idle(np.ones(4), 1.0, prices=np.ones(5))


def test_power_without_an_interval_is_refused() -> None:
    with pytest.raises(TooFewIntervalsError, match="no interval"):
        find_idle(np.zeros((2, 0)), 0.25)
