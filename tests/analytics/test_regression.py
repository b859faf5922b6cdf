"""The linear baseline model and its fit statistics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from analytics import TooFewIntervalsError, effective_size, fit_linear, goodness, lag1_autocorrelation
from analytics.operations import find_anomalies, usual_scatter


def test_an_exact_line_is_found_whatever_the_units() -> None:
    parts = np.array([0.0, 1e6, 2e6, 5e6, 3e6, 4e6])
    outdoor = np.array([1e-3, 2e-3, -1e-3, 0.0, 5e-3, 4e-3])
    energy = 12.5 + 3e-5 * parts - 700 * outdoor
    model = fit_linear(np.column_stack((parts, outdoor)), energy, ("parts", "outdoor"))
    assert model.intercept == pytest.approx(12.5, rel=1e-9)
    assert model.coefficients == pytest.approx([3e-5, -700], rel=1e-9)
    assert model.residuals == pytest.approx(np.zeros(6), abs=1e-9)
    assert model.predict(np.array([[1.0, 1.0]])) == pytest.approx([12.5 + 3e-5 - 700])
    assert model.parameters == 3
    assert model.dropped == {}


def test_coefficients_are_those_of_the_normal_equations() -> None:
    rng = np.random.default_rng(3)
    drivers = rng.normal(size=(40, 3))
    energy = rng.normal(size=40)
    design = np.column_stack((np.ones(40), drivers))
    expected = np.linalg.inv(design.T @ design) @ design.T @ energy
    model = fit_linear(drivers, energy, ("a", "b", "c"))
    assert np.concatenate(([model.intercept], model.coefficients)) == pytest.approx(expected)
    assert model.design(drivers) @ np.linalg.lstsq(model.design(drivers), energy, rcond=None)[0] == pytest.approx(
        model.fitted
    )


def test_constant_and_collinear_drivers_are_dropped_and_named() -> None:
    rng = np.random.default_rng(4)
    parts = rng.normal(1000, 100, 30)
    drivers = np.column_stack((np.full(30, 0.1), parts, 2 * parts + 5))
    model = fit_linear(drivers, 7 + 0.5 * parts, ("level", "parts", "weight"))
    assert model.dropped == {"level": "constant", "weight": "collinear"}
    assert model.kept.tolist() == [False, True, False]
    assert model.coefficients == pytest.approx([0, 0.5, 0])
    assert model.design(drivers).shape == (30, 2)


def test_without_drivers_the_mean_is_the_model() -> None:
    model = fit_linear(np.zeros((3, 0)), np.array([1.0, 2.0, 6.0]), ())
    assert model.intercept == pytest.approx(3)
    assert model.fitted == pytest.approx([3, 3, 3])


def test_too_few_intervals_are_refused() -> None:
    with pytest.raises(TooFewIntervalsError, match="2 intervals for 2 coefficients; at least 3 needed"):
        fit_linear(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]), ("a",))
    with pytest.raises(TooFewIntervalsError):
        fit_linear(np.zeros((0, 1)), np.zeros(0), ("a",))


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="leave unusable intervals out"):
        fit_linear(np.array([[np.nan], [2.0], [3.0]]), np.zeros(3), ("a",))
    with pytest.raises(ValueError, match="1 names"):
        fit_linear(np.zeros((3, 2)), np.zeros(3), ("a",))


def test_fit_statistics_are_those_computed_by_hand() -> None:
    energy = np.array([10.0, 12.0, 9.0, 13.0])
    fitted = np.array([11.0, 11.0, 10.0, 12.0])
    found = goodness(energy, fitted, np.arange(4), 2)
    # residuals -1, 1, -1, 1: Σe² = 4, n - p = 2, mean 11, Σ(y - mean)² = 1 + 1 + 4 + 4 = 10
    assert found.cv_rmse == pytest.approx(math.sqrt(2) / 11)
    assert found.nmbe == 0
    assert found.r_squared == pytest.approx(0.6)
    assert found.adjusted_r_squared == pytest.approx(1 - 0.4 * 3 / 2)
    assert found.rho == pytest.approx(-3 / 4)
    assert found.n_effective == 4


def test_a_bias_shows_in_the_nmbe() -> None:
    found = goodness(np.array([11.0, 11.0, 11.0]), np.array([10.0, 10.0, 10.0]), np.arange(3), 1)
    assert found.nmbe == pytest.approx(3 / (2 * 11))


def test_statistics_that_are_undefined_are_nan_and_not_an_error() -> None:
    flat = goodness(np.zeros(3), np.zeros(3), np.arange(3), 1)
    assert all(math.isnan(value) for value in (flat.cv_rmse, flat.nmbe, flat.r_squared, flat.rho))
    no_freedom = goodness(np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.arange(2), 2)
    assert math.isnan(no_freedom.cv_rmse)
    assert math.isnan(no_freedom.adjusted_r_squared)


def test_autocorrelation_takes_neighbours_only() -> None:
    residuals = np.array([1.0, 1.0, -1.0, -1.0])
    assert lag1_autocorrelation(residuals, np.array([0, 1, 5, 6])) == pytest.approx((1 + 1) / 4 * 3 / 2)
    assert math.isnan(lag1_autocorrelation(residuals, np.array([0, 2, 4, 6])))


def test_a_single_pair_among_gaps_makes_no_autocorrelation_beyond_one() -> None:
    residuals = np.array([9.0, 9.0, *[0.1, -0.1] * 4])
    positions = np.array([0, *range(1, 19, 2)])
    assert lag1_autocorrelation(residuals, positions) == 1.0
    assert lag1_autocorrelation(residuals * [1, -1, *[1] * 8], positions) == -1.0
    assert goodness(residuals + 50, np.full(10, 50.0), positions, 1).n_effective == 1.0
    usual = usual_scatter(residuals, positions)
    (lasting,) = find_anomalies(np.full(40, 0.5), np.zeros(40), usual, limit=1.0)
    assert lasting.end == 39


def test_effective_size_shrinks_with_autocorrelation_and_never_exceeds_n() -> None:
    assert effective_size(100, 0.5) == pytest.approx(100 / 3)
    assert effective_size(100, -0.5) == 100


def test_single_precision_is_computed_in_double() -> None:
    rng = np.random.default_rng(4)
    drivers: Any = np.column_stack((rng.uniform(1e6, 1.0001e6, 5000), np.full(5000, 0.1))).astype(np.float32)
    energy: Any = (3.0 * drivers[:, 0] + rng.normal(size=5000)).astype(np.float32)
    single = fit_linear(drivers, energy, ["made", "level"])
    double = fit_linear(drivers.astype(np.float64), energy.astype(np.float64), ["made", "level"])
    assert single.coefficients.tobytes() == double.coefficients.tobytes()
    assert single.dropped == double.dropped == {"level": "constant"}
