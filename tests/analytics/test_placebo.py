"""The placebo-calibrated band: what the placebos are, what they say, and that the band keeps its word."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics import (
    BandMethod,
    Noise,
    Sample,
    avoided_energy,
    calibrate,
    calibrated_band,
    detectable_saving,
    estimate_noise,
    fit_linear,
    place,
    saving_band,
)
from analytics.placebo import PRIOR_FREEDOM
from tests.analytics.test_avoided import ar1, correlation, known_noise


def test_placebos_repeat_the_gap_and_length_inside_the_baseline_in_both_directions() -> None:
    found = place(np.arange(100), gap=5, length=20, parameters=3)
    assert (found.gap, found.length) == (5, 20)
    forward = backward = 0
    for before, after in zip(found.baseline, found.reporting, strict=True):
        assert after.sum() == 20
        assert before.sum() >= 50
        rows, later = np.flatnonzero(before), np.flatnonzero(after)
        if later[0] > rows[-1]:
            forward += 1
            assert later[0] - rows[-1] - 1 == 5
        else:
            backward += 1
            assert rows[0] - later[-1] - 1 == 5
    assert forward == backward > 2


def test_a_short_baseline_gets_shorter_placebos_and_a_tiny_one_none() -> None:
    short = place(np.arange(30), gap=14, length=90, parameters=2)
    assert (short.gap, short.length) == (5, 10)
    assert len(short.baseline) > 0
    assert len(place(np.arange(8), gap=1, length=8, parameters=5).baseline) == 0


def test_false_savings_and_their_variances_are_those_of_refits_and_dense_matrices() -> None:
    rng = np.random.default_rng(3)
    positions = np.array([*range(20), *range(24, 60)])
    design = np.column_stack((np.ones(56), rng.normal(size=(56, 2))))
    energy = rng.normal(10, 2, 56)
    sample = Sample(design, energy, positions)
    noise = known_noise(0.4, (53.0,), (3.0,))
    placebos = place(positions, gap=2, length=10, parameters=3)
    found = calibrate(noise, sample, placebos)
    dense = correlation(positions, 0.4)
    contrasts = []
    for k, (rows, later) in enumerate(zip(placebos.baseline, placebos.reporting, strict=True)):
        beta = np.linalg.lstsq(design[rows], energy[rows], rcond=None)[0]
        false = float((design[later] @ beta - energy[later]).sum())
        assert found.false_saving[k] == pytest.approx(false)
        assert found.share[k] == pytest.approx(false / float((design[later] @ beta).sum()))
        contrast = -later.astype(float)
        contrast[rows] = np.linalg.pinv(design[rows]).T @ design[later].sum(axis=0)
        contrasts.append(contrast)
        assert found.z[k] == pytest.approx(false / math.sqrt(3.0 * contrast @ dense @ contrast))
    assert found.mean_square == pytest.approx([(found.z**2).mean()])
    forms = np.array(contrasts) @ dense @ np.array(contrasts).T
    size = np.sqrt(np.diag(forms))
    assert found.freedom == pytest.approx(len(size) ** 2 / float(((forms / np.outer(size, size)) ** 2).sum()))


def test_a_refit_of_ones_own_is_used() -> None:
    positions = np.arange(60)
    sample = Sample(np.ones((60, 1)), np.arange(60.0), positions)
    placebos = place(positions, gap=0, length=10, parameters=1)

    def last_value(energy: np.ndarray) -> np.ndarray:
        assert np.isnan(energy).any(axis=1).all()
        return np.full(energy.shape, 100.0)

    found = calibrate(known_noise(0.0, (59.0,), (1.0,)), sample, placebos, last_value)
    assert found.false_saving == pytest.approx(1000 - placebos.reporting @ sample.energy)


def test_the_band_is_widened_by_what_was_measured_and_never_narrowed() -> None:
    sample = Sample(np.ones((60, 1)), np.zeros(60), np.arange(60))
    noise = known_noise(0.0, (59.0,), (1.0,))
    placebos = place(sample.positions, gap=0, length=10, parameters=1)
    band = saving_band(noise, sample, np.ones((10, 1)), np.arange(62, 72))
    quiet = calibrate(noise, sample, placebos)
    assert calibrated_band(band, quiet).half_width(0.9) == pytest.approx(band.half_width(0.9))
    steps = Sample(sample.design, np.where(np.arange(60) < 30, -3.0, 3.0), sample.positions)
    loud = calibrate(noise, steps, placebos)
    factor = (PRIOR_FREEDOM + loud.freedom * (loud.z**2).mean()) / (PRIOR_FREEDOM + loud.freedom)
    assert factor > 1.5
    assert calibrated_band(band, loud).half_width(0.9) == pytest.approx(math.sqrt(factor) * band.half_width(0.9))


def test_a_placebo_that_could_not_have_been_evaluated_does_not_count() -> None:
    positions = np.arange(60)
    # The second driver varies only in the last ten intervals: no forward placebo can know its effect.
    design = np.column_stack((np.ones(60), np.where(positions >= 50, positions - 55.0, 0.0)))
    sample = Sample(design, np.sin(positions), positions)
    placebos = place(positions, gap=0, length=10, parameters=2)
    found = calibrate(known_noise(0.0, (58.0,), (1.0,)), sample, placebos)
    assert 0 < len(found.z) < len(placebos.baseline)
    assert found.supported


def test_nothing_is_supported_without_a_placebo() -> None:
    rng = np.random.default_rng(1)
    drivers, energy = rng.normal(size=(9, 4)), rng.normal(10, 1, 9)
    model = fit_linear(drivers, energy, "abcd")
    found = avoided_energy(model, drivers, np.arange(9), drivers, energy, np.arange(12, 21), method=BandMethod.PLACEBO)
    assert found.calibration is not None
    assert not found.calibration.supported
    assert np.isfinite(found.band.half_width(0.9)).all()


def test_what_the_reporting_period_says_of_the_autocorrelation_counts_too() -> None:
    rng = np.random.default_rng(2)
    at = np.arange(80)
    first = Sample(np.ones((80, 1)), ar1(rng, at, 0.8), at)
    second = Sample(np.ones((30, 1)), 3 * rng.normal(size=30), at[:30])
    both = estimate_noise([first, second])
    assert both.variance.shape == (2, len(both.weight))
    assert both.freedom.tolist() == [79, 29]
    assert estimate_noise([second]).mean_rho < both.mean_rho < estimate_noise([first]).mean_rho


def replacement(seed: int, *, drift: float) -> tuple[float, float, float]:
    """Error, half widths AR(1) and calibrated of 84 + 28 days; `drift` is a slow level no driver explains."""
    rng = np.random.default_rng([seed, 99])
    day = np.arange(119)
    before, after = day < 84, day >= 91
    parts = rng.normal(1000, 200, 119)
    slow = drift * np.cos(2 * np.pi * (day / 60 + rng.random()))
    energy = 50 + 0.1 * parts + 10 * ar1(rng, day, 0.3) + slow
    drivers = parts[:, None]
    model = fit_linear(drivers[before], energy[before], ("parts",))
    found = [
        avoided_energy(model, drivers[before], day[before], drivers[after], energy[after], day[after], method=method)
        for method in (BandMethod.AR1, BandMethod.PLACEBO)
    ]
    halves = [float(one.band.whole.half_width(0.9)[0]) for one in found]
    return float(found[0].cumulative[-1]), halves[0], halves[1]


def test_the_calibrated_band_keeps_its_word_where_the_model_is_right() -> None:
    draws = [replacement(seed, drift=0.0) for seed in range(80)]
    held = sum(abs(error) <= half for error, _, half in draws)
    deviation = 3.29 * math.sqrt(0.9 * 0.1 * 80)
    assert held >= 0.87 * 80 - deviation


def test_where_the_model_misses_a_slow_change_the_default_band_is_wider_than_an_exact_ar1_band() -> None:
    draws = [replacement(seed, drift=12.0) for seed in range(30)]
    assert np.mean([default for _, _, default in draws]) > 1.1 * np.mean([exact for _, exact, _ in draws])


def test_noise_without_candidates_lost_stays_a_probability() -> None:
    rng = np.random.default_rng(4)
    noise: Noise = estimate_noise([Sample(np.ones((40, 1)), rng.normal(size=40), np.arange(40))])
    assert noise.weight.sum() == pytest.approx(1)


def test_what_can_be_shown_before_the_purchase_widens_with_the_placebos() -> None:
    rng = np.random.default_rng(8)
    day = np.arange(84)
    parts = rng.normal(1000, 200, (84, 1))
    steady = 50 + 0.1 * parts[:, 0] + rng.normal(0, 5, 84)
    ratios = []
    for energy in (steady, steady + 25 * (day >= 42)):
        model = fit_linear(parts, energy, ("parts",))
        exact, calibrated = (
            detectable_saving(model, parts, day, 28, confidence=0.9, gap=7, method=method) for method in BandMethod
        )
        ratios.append(calibrated / exact)
    assert 1.0 <= ratios[0] < 1.1
    assert ratios[1] > 1.1
