"""Avoided energy and its band, against brute force and against chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import stdtr, stdtrit

from analytics import (
    Band,
    Noise,
    Sample,
    TooFewIntervalsError,
    avoided_energy,
    detectable_saving,
    driver_coverage,
    estimate_noise,
    fit_linear,
    prefix_variances,
    saving_band,
)


def ar1(rng: np.random.Generator, positions: np.ndarray, rho: float) -> np.ndarray:
    series = rng.normal(size=len(positions))
    for index, step in enumerate(np.diff(positions), start=1):
        link = rho**step
        series[index] = link * series[index - 1] + math.sqrt(1 - link * link) * series[index]
    return series


def correlation(positions: np.ndarray, rho: float) -> np.ndarray:
    return np.array([[rho ** abs(int(a - b)) for b in positions] for a in positions])


def known_noise(rho: float, freedom: tuple[float, ...], variances: tuple[float, ...]) -> Noise:
    return Noise(
        rho=np.array([rho]),
        share=np.ones((1, 1)),
        weight=np.array([1.0]),
        variance=np.array(variances)[:, None],
        freedom=np.array(freedom),
    )


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.3, 0.9])
def test_the_variance_of_a_running_sum_is_the_dense_matrix_sum_gaps_included(rho: float) -> None:
    positions = np.array([0, 1, 2, 5, 6, 9, 10, 11, 20])
    found = prefix_variances(np.array([rho]), positions)[0]
    dense = correlation(positions, rho)
    assert found == pytest.approx([dense[:k, :k].sum() for k in range(1, 10)])


def test_without_gaps_it_is_the_closed_form() -> None:
    rho, count = 0.6, 30
    closed = [k * (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**k) / (1 - rho) ** 2 for k in range(1, count + 1)]
    assert prefix_variances(np.array([rho]), np.arange(count))[0] == pytest.approx(closed)


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.5, 0.95])
def test_the_band_has_the_dense_matrix_variance_of_every_prefix(rho: float) -> None:
    rng = np.random.default_rng(8)
    before = np.array([*range(20), *range(25, 50)])
    after = np.array([*range(55, 60), *range(63, 75)])
    design = np.column_stack((np.ones(len(before)), rng.normal(size=(len(before), 2))))
    later = np.column_stack((np.ones(len(after)), rng.normal(0.5, 1, size=(len(after), 2))))
    baseline = Sample(design, np.zeros(len(before)), before)
    band = saving_band(known_noise(rho, (42.0, 14.0), (2.0, 0.5)), baseline, later, after)
    influence = design @ np.linalg.inv(design.T @ design)
    for k in range(1, len(after) + 1):
        w = influence @ later[:k].sum(axis=0)
        model = 2.0 * w @ correlation(before, rho) @ w
        scatter = 0.5 * correlation(after[:k], rho).sum()
        assert band.standard_error[k - 1] == pytest.approx(math.sqrt(model + scatter))
        welch = (model + scatter) ** 2 / (model**2 / 42 + scatter**2 / 14)
        assert band.freedom[0, k - 1] == pytest.approx(welch)


def test_with_the_baseline_alone_the_reporting_period_scatters_like_it() -> None:
    design = np.ones((10, 1))
    band = saving_band(
        known_noise(0.0, (9.0,), (4.0,)),
        Sample(design, np.zeros(10), np.arange(10)),
        np.ones((5, 1)),
        np.arange(12, 17),
    )
    assert band.standard_error == pytest.approx([math.sqrt(4 * (k + k * k / 10)) for k in range(1, 6)])
    assert band.half_width(0.9) == pytest.approx(band.standard_error * stdtrit(9, 0.95))


def test_the_band_of_a_mixture_holds_exactly_its_confidence() -> None:
    band = Band(np.array([0.7, 0.3]), np.array([[1.0, 2.0], [10.0, 2.0]]), np.array([[5.0, 50.0], [20.0, 50.0]]))
    for confidence in (0.5, 0.8, 0.9, 0.99):
        half = band.half_width(confidence)
        held = 0.7 * stdtr(band.freedom[0], half / band.scale[0]) + 0.3 * stdtr(band.freedom[1], half / band.scale[1])
        assert held == pytest.approx([(1 + confidence) / 2] * 2)
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        band.half_width(1.0)


@pytest.mark.parametrize("level", [0.0, 100.0])
def test_a_baseline_that_never_moves_has_finite_noise(level: float) -> None:
    noise = estimate_noise([Sample(np.ones((14, 1)), np.full(14, level), np.arange(14))])
    assert np.isfinite(noise.weight).all()
    assert noise.weight.sum() == pytest.approx(1.0)
    assert noise.variance.max() < 1e-20


def replacement(seed: int, rho: float) -> tuple[float, float]:
    """Error and half width of one replacement: 54 baseline days, 26 of 28 reporting days, two drivers."""
    rng = np.random.default_rng([seed, 77])
    day = np.array([*range(54), *range(56, 66), *range(68, 84)])
    before, after = day < 54, day >= 56
    drivers = np.column_stack((rng.normal(1000, 200, len(day)), 10 + 0.1 * day + rng.normal(0, 3, len(day))))
    old = 50 + 0.4 * drivers[:, 0] + 1.5 * drivers[:, 1]
    noise = ar1(rng, day, rho)
    noise_of_new = ar1(rng, day, rho)
    energy = np.where(after, 0.7 * old + 9 * noise_of_new, old + 14 * noise)
    model = fit_linear(drivers[before], energy[before], ("parts", "outdoor"))
    found = avoided_energy(model, drivers[before], day[before], drivers[after], energy[after], day[after])
    return float(found.cumulative[-1]) - 0.3 * float(old[after].sum()), float(found.band.half_width(0.9)[-1])


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_the_90_percent_band_holds_the_truth_90_percent_of_the_time(rho: float) -> None:
    draws = 400
    held = sum(abs(error) <= half for error, half in (replacement(seed, rho) for seed in range(draws)))
    # 99.9 % of binomial samples of a coverage between 87 and 93 % lie inside.
    deviation = 3.29 * math.sqrt(0.9 * 0.1 * draws)
    assert 0.87 * draws - deviation <= held <= 0.93 * draws + deviation


def test_a_saving_is_the_projection_less_the_actual_interval_by_interval() -> None:
    rng = np.random.default_rng(2)
    drivers = rng.normal(100, 10, (30, 1))
    energy = 5 + 2 * drivers[:, 0] + rng.normal(0, 0.1, 30)
    model = fit_linear(drivers, energy, ("parts",))
    later = rng.normal(100, 10, (4, 1))
    found = avoided_energy(model, drivers, np.arange(30), later, np.full(4, 150.0), np.arange(40, 44))
    assert found.adjusted == pytest.approx(model.intercept + model.coefficients[0] * later[:, 0])
    assert found.saving == pytest.approx(found.adjusted - 150)
    assert found.cumulative == pytest.approx(np.cumsum(found.saving))
    assert not found.own_scatter
    assert (np.diff(found.band.half_width(0.9)) > 0).all()


def test_a_perfect_model_has_a_band_of_nothing_and_no_nan() -> None:
    drivers = np.arange(30.0)[:, None]
    model = fit_linear(drivers, 2 * drivers[:, 0] + 1, ("parts",))
    found = avoided_energy(model, drivers, np.arange(30), drivers, 2 * drivers[:, 0], np.arange(30, 60))
    assert found.cumulative[-1] == pytest.approx(30)
    assert found.band.half_width(0.9) == pytest.approx(np.zeros(30), abs=1e-6)


def test_an_empty_reporting_period_is_refused() -> None:
    model = fit_linear(np.zeros((5, 0)), np.arange(5.0), ())
    with pytest.raises(TooFewIntervalsError, match="both periods need usable data"):
        avoided_energy(model, np.zeros((5, 0)), np.arange(5), np.zeros((0, 0)), np.zeros(0), np.arange(0))


def test_the_detectable_saving_of_white_noise_around_a_mean_is_the_textbook_one() -> None:
    rng = np.random.default_rng(6)
    energy = rng.normal(100, 5, 400)
    model = fit_linear(np.zeros((400, 0)), energy, ())
    found = detectable_saving(model, np.zeros((400, 0)), np.arange(400), 50, confidence=0.9, power=0.8)
    error = energy.std(ddof=1) * math.sqrt(50 + 50 * 50 / 400)
    textbook = error * (stdtrit(399, 0.95) + stdtrit(399, 0.8))
    assert found == pytest.approx(textbook, rel=0.1)
    relative = [
        detectable_saving(model, np.zeros((400, 0)), np.arange(400), days, confidence=0.9) / days for days in (10, 50)
    ]
    assert relative[1] < relative[0]


def test_conditions_outside_the_baseline_are_counted_and_weighed() -> None:
    seen = np.column_stack((np.linspace(0, 10, 20), np.full(20, 3.0)))
    model = fit_linear(seen, 2 * seen[:, 0], ("parts", "level"))
    found = driver_coverage(model, seen, np.array([[5.0, 3.0], [12.0, 3.0], [-1.0, 4.0], [10.0, 3.0]]))
    assert found.outside == pytest.approx([0.5, 0.25])
    assert found.extrapolated == pytest.approx([2 * 2 + 2 * 1, 0])
    assert found.unknown == (False, True)
