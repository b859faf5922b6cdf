"""Time-weighted means of gauges, and how long states held."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analytics import Flag, interval_mean, interval_share

MINUTE = 60_000


def test_a_ramp_read_irregularly_has_the_mean_of_the_ramp() -> None:
    minutes = np.array([0, 3, 10, 31, 60, 75, 120])
    found = interval_mean(minutes * MINUTE, minutes.astype(float), np.array([0, 60, 120]) * MINUTE)
    assert found.values == pytest.approx([30, 90])
    assert found.coverage == pytest.approx([1, 1])
    assert found.flags.tolist() == [0, 0]


def test_a_gap_counts_neither_for_the_mean_nor_for_the_coverage() -> None:
    minutes = np.array([0, 10, 50, 60])
    values = np.array([10.0, 10.0, 40.0, 40.0])
    found = interval_mean(minutes * MINUTE, values, np.array([0, 60]) * MINUTE, max_gap_ms=20 * MINUTE)
    assert found.values == pytest.approx([25])
    assert found.coverage == pytest.approx([20 / 60])
    assert found.flags.tolist() == [Flag.GAP]


def test_an_interval_without_covered_time_has_no_mean() -> None:
    minutes = np.array([0, 60])
    found = interval_mean(minutes * MINUTE, np.array([1.0, 1.0]), np.array([60, 120, 180]) * MINUTE)
    assert np.isnan(found.values).all()
    assert found.coverage.tolist() == [0, 0]
    lonely = interval_mean(np.array([5]), np.array([1.0]), np.array([0, 10]))
    assert np.isnan(lonely.values).all()


def test_means_agree_with_a_fine_numerical_integral() -> None:
    rng = np.random.default_rng(5)
    times = np.sort(rng.choice(np.arange(0, 600 * MINUTE, 1000), 200, replace=False))
    values = rng.normal(20, 5, 200)
    edges = np.array([100, 200, 450]) * MINUTE
    found = interval_mean(times, values, edges)
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        fine = np.arange(low, high, 100) + 50
        assert found.values[index] == pytest.approx(np.interp(fine, times, values).mean(), rel=1e-6)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="one each"):
        interval_mean(np.array([0, 1]), np.array([1.0]), np.array([0, 1]))
    with pytest.raises(ValueError, match="must rise"):
        interval_mean(np.array([1, 0]), np.array([1.0, 2.0]), np.array([0, 1]))


def test_a_reading_that_is_nan_was_not_read() -> None:
    hours = np.arange(5, dtype=np.int64) * 3_600_000
    found = interval_mean(hours, np.array([1.0, 2.0, np.nan, 4.0, 5.0]), hours)
    assert found.values.tolist()[0::3] == [1.5, 4.5]
    assert np.isnan(found.values[1:3]).all()
    assert found.coverage.tolist() == [1, 0, 0, 1]


def test_a_state_lasts_until_it_is_read_again() -> None:
    times, held = np.array([0, 600, 1800, 3000]), np.array([True, False, True, True])
    found = interval_share(times, held, np.array([0, 1200, 2400, 3600]))
    # In 0-600 and from 1800 on; after the last reading nothing is known.
    assert found.values == pytest.approx([0.5, 0.5, 1.0])
    assert found.coverage == pytest.approx([1.0, 1.0, 0.5])
    assert found.flags.tolist() == [0, 0, int(Flag.GAP)]


def test_a_state_is_not_known_across_a_gap_nor_from_a_single_reading() -> None:
    times, held = np.array([0, 100, 5000, 5100]), np.array([True, True, False, True])
    found = interval_share(times, held, np.array([0, 2500, 5100]), max_gap_ms=1000)
    assert found.values == pytest.approx([1.0, 0.0])
    assert found.coverage == pytest.approx([100 / 2500, 100 / 2600])
    alone = interval_share(times[:1], held[:1], np.array([0, 2500]))
    assert np.isnan(alone.values).all()
    with pytest.raises(ValueError, match="one each"):
        interval_share(times, held[:2], np.array([0, 2500]))
    with pytest.raises(ValueError, match="must rise"):
        interval_share(times[::-1], held, np.array([0, 2500]))
