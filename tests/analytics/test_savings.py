"""Savings in their other forms, events, driver grades and sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import stdtrit

from analytics import (
    AnalyticsError,
    DriverCoverage,
    EventKind,
    Grade,
    Sample,
    TooFewIntervalsError,
    avoided_energy,
    cusum,
    find_events,
    fit_linear,
    grade,
    intensity,
    normalised_saving,
    peak_change,
    performance,
    portfolio,
)


def machine(rng: np.random.Generator, factor: float) -> tuple[np.ndarray, np.ndarray]:
    parts = rng.normal(1000, 150, (60, 1))
    return parts, factor * (100 + 0.5 * parts[:, 0]) + rng.normal(0, 10, 60)


def test_a_normalised_saving_compares_both_machines_at_the_same_output() -> None:
    rng = np.random.default_rng(1)
    days = np.arange(60)
    held = 0
    conditions = np.full((250, 1), 900.0)
    for _ in range(60):
        (parts, old), (new_parts, new) = machine(rng, 1.0), machine(rng, 0.8)
        models = [fit_linear(x, y, ("parts",)) for x, y in ((parts, old), (new_parts, new))]
        samples = [Sample(m.design(x), y, days) for m, x, y in zip(models, (parts, new_parts), (old, new), strict=True)]
        found = normalised_saving(models[0], samples[0], models[1], samples[1], conditions)
        held += abs(found.value - 250 * 0.2 * 550) <= found.half_width(0.9)
    assert 60 * 0.87 - 3.29 * math.sqrt(5.4) <= held
    with pytest.raises(AnalyticsError, match="models of parts and of units"):
        normalised_saving(models[0], samples[0], fit_linear(new_parts, new, ("units",)), samples[1], conditions)


def test_senpi_is_actual_over_adjusted_with_the_savings_band() -> None:
    rng = np.random.default_rng(2)
    (parts, old), (new_parts, new) = machine(rng, 1.0), machine(rng, 0.8)
    avoided = avoided_energy(
        fit_linear(parts, old, ("parts",)), parts, np.arange(60), new_parts, new, np.arange(70, 130)
    )
    found = performance(avoided, 0.9)
    assert found.senpi == pytest.approx(new.sum() / avoided.adjusted.sum())
    assert found.improvement == pytest.approx(0.2, abs=found.half_width)
    assert found.half_width == pytest.approx(avoided.band.half_width(0.9)[-1] / avoided.adjusted.sum())


def test_energy_per_unit_is_told_with_and_without_the_change_of_output() -> None:
    units, new_units = np.array([10.0, 10]), np.array([5.0, 5])
    found = intensity(100 + 2 * units, units, 90 + 2 * new_units, new_units, 100 + 2 * new_units)
    assert (found.before, found.after, found.adjusted) == (12, 20, 22)
    assert found.change == pytest.approx(20 / 12 - 1)
    assert found.adjusted_change == pytest.approx(20 / 22 - 1)
    with pytest.raises(AnalyticsError, match="without production"):
        intensity(units, units, units, np.zeros(2), units)


def test_cusum_runs_over_unknown_intervals_unchanged() -> None:
    assert cusum(np.array([5.0, 5, 5]), np.array([4.0, np.nan, 7])).tolist() == [1, 1, -1]


def test_peak_demand_falls_by_the_difference_of_mean_daily_peaks_with_welchs_band() -> None:
    before = np.array([[1.0, 10], [2, 12], [3, 14], [np.nan, np.nan]])
    after = np.array([[8.0, 1], [7, np.nan], [9, 2]])
    found = peak_change(before, after)
    assert (found.before, found.after, found.highest_before, found.highest_after) == (12, 8, 14, 9)
    assert found.estimate.value == 4
    assert found.estimate.standard_error == pytest.approx(math.sqrt(4 / 3 + 1 / 3))
    freedom = (5 / 3) ** 2 / ((4 / 3) ** 2 / 2 + (1 / 3) ** 2 / 2)
    assert found.estimate.half_width(0.9) == pytest.approx(stdtrit(freedom, 0.95) * math.sqrt(5 / 3))
    with pytest.raises(TooFewIntervalsError):
        peak_change(before[:1], after)


def test_a_step_and_an_outlier_are_proposed_with_their_date_and_size() -> None:
    rng = np.random.default_rng(3)
    residuals = rng.normal(0, 1, 120)
    residuals[70:] += 4
    residuals[30] += 12
    assert find_events(residuals[:0], np.arange(0)) == []
    outlier, step = find_events(residuals, np.arange(500, 620))
    assert (outlier.kind, outlier.start, outlier.end) == (EventKind.OUTLIER, 530, 530)
    assert outlier.size == pytest.approx(12, abs=3)
    assert step.kind is EventKind.STEP
    assert abs(step.start - 570) <= 1
    assert step.end == 619
    assert step.size == pytest.approx(4, abs=0.8)
    assert step.strength > 4


def test_noise_even_slow_noise_proposes_hardly_anything() -> None:
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(50):
        slow = np.zeros(120)
        for t in range(1, 120):
            slow[t] = 0.7 * slow[t - 1] + rng.normal()
        found += len([event for event in find_events(slow, np.arange(120)) if event.kind is EventKind.STEP])
    assert found <= 10


@pytest.mark.parametrize(
    ("outside", "extrapolated", "unknown", "expected"),
    [
        (0.0, 0.0, False, Grade.COVERED),
        (0.04, 9.0, False, Grade.COVERED),
        (0.20, 9.0, False, Grade.EDGE),
        (0.04, 20.0, False, Grade.EDGE),
        (0.20, 40.0, False, Grade.OUTSIDE),
        (0.0, 0.0, True, Grade.OUTSIDE),
    ],
)
def test_driver_ranges_are_graded(outside: float, extrapolated: float, *, unknown: bool, expected: Grade) -> None:
    coverage = DriverCoverage(np.array([outside]), np.array([extrapolated]), (unknown,))
    assert grade(coverage, adjusted=1000.0, half_width=90.0) is expected
    assert grade(coverage, adjusted=1000.0, half_width=math.nan) is Grade.OUTSIDE


def test_independent_errors_add_in_squares_and_shared_ones_as_they_are() -> None:
    savings, errors, freedom = np.array([10.0, 20, 30]), np.array([3.0, 4, 12]), np.full(3, 1e9)
    alone = portfolio(savings, errors, freedom)
    assert (alone.saving, alone.standard_error) == (60, 13)
    assert alone.half_width(0.9) == pytest.approx(13 * 1.6448536)
    weather = portfolio(savings, errors, freedom, np.array([[2.0], [2], [2]]))
    assert weather.standard_error == pytest.approx(math.hypot(13, 6))
    opposite = portfolio(savings, errors, freedom, np.array([[2.0], [-2], [0]]))
    assert opposite.standard_error == pytest.approx(13)
    few = portfolio(savings, errors, np.full(3, 5.0))
    assert few.half_width(0.9) > alone.half_width(0.9)
    with pytest.raises(ValueError, match="must match"):
        portfolio(savings, errors[:2], freedom)
