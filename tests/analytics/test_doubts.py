"""Doubts are marked; no value is changed by them."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import Flag, IntervalValues, cross_check, mark_outliers

HOUR = 3_600_000


def known(values: np.ndarray) -> IntervalValues:
    return IntervalValues(values, np.ones(values.shape), np.zeros(values.shape, dtype=np.uint8))


def test_an_outlier_is_marked_beside_its_like_and_kept() -> None:
    rng = np.random.default_rng(20261122)
    day = np.arange(56) % 7
    values = np.where(day < 5, 1000.0, 100.0) + rng.normal(0, 10, (3, 56))
    values[1, 5] = 1000.0  # a Saturday that ran: unusual among its like only
    values[2, 0] = np.nan
    found = mark_outliers(known(values), (day >= 5).astype(np.int64))
    assert np.argwhere(found.flags & Flag.OUTLIER).tolist() == [[1, 5]]
    assert np.array_equal(found.values, values, equal_nan=True)
    assert not (mark_outliers(known(values)).flags[1, 5] & Flag.OUTLIER)


def test_values_that_hardly_vary_or_are_not_known_have_no_outliers() -> None:
    values = np.full((2, 20), 100.0)
    values[0, 3], values[1] = 104.0, np.nan
    assert not mark_outliers(known(values)).flags.any()
    values[0, 3] = 106.0
    assert np.flatnonzero(mark_outliers(known(values)).flags[0]).tolist() == [3]


def test_a_wrong_transformer_ratio_shows_in_the_counter_beside_the_power() -> None:
    edges = np.arange(5, dtype=np.int64) * HOUR // 4
    power = np.array([[8000.0, 4000, 0, 6000], [8000.0, 4000, 0, 6000]])
    energy = power / 4 * np.array([[1.0], [0.5]])
    energy[0, 0] = np.nan
    found = cross_check(known(energy), known(power), edges)
    assert found.ratio == pytest.approx([1.0, 0.5])
    assert found.compared.tolist() == [3, 4]
    assert found.agrees.tolist() == [True, False]
    assert found.apart.tolist() == [[False] * 4, [True, True, False, True]]


def test_one_step_of_a_coarse_counter_and_intervals_badly_covered_are_no_difference() -> None:
    edges = np.arange(4, dtype=np.int64) * HOUR
    energy, power = known(np.array([1000.0, 2000.0, 9000.0])), known(np.array([1400.0, 1600.0, 1500.0]))
    power.coverage[2] = 0.5
    assert cross_check(energy, power, edges).apart.tolist() == [True, True, False]
    coarse = cross_check(energy, power, edges, resolution=1000.0)
    assert not coarse.apart.any()
    assert float(coarse.ratio) == pytest.approx(1.0)
    power.coverage[:] = 0.0
    nothing = cross_check(energy, power, edges)
    assert np.isnan(nothing.ratio)
    assert not nothing.agrees
