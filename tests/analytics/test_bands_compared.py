"""The published formulas, HAC and the block bootstrap: as their sources say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri, stdtrit

from analytics import (
    CLASSIC,
    DAILY,
    BootstrapBand,
    Sample,
    TooFewIntervalsError,
    block_bootstrap,
    fractional_half_width,
    hac_standard_error,
)
from tests.analytics.test_avoided import ar1


def test_the_published_formula_is_caltracks() -> None:
    # rho = 0.43, n = 365, m = 180 days, CV 20 %, worked by hand.
    n_effective = 365 * 0.57 / 1.43
    found = fractional_half_width(
        0.2, n=365, n_effective=n_effective, reporting=180, parameters=5, confidence=0.9, months=6, shape=DAILY
    )
    polynomial = -0.00024 * 36 + 0.03535 * 6 + 1.00286
    by_hand = 1.6491 * polynomial * 0.2 * math.sqrt(365 / n_effective * (1 + 2 / n_effective) / 180)
    assert found == pytest.approx(by_hand, rel=1e-4)
    classic = fractional_half_width(
        0.2, n=365, n_effective=365, reporting=180, parameters=5, confidence=0.9, shape=CLASSIC
    )
    assert classic == pytest.approx(stdtrit(360, 0.95) * 1.26 * 0.2 * math.sqrt((1 + 2 / 365) / 180))
    with pytest.raises(TooFewIntervalsError):
        fractional_half_width(0.2, n=5, n_effective=5, reporting=10, parameters=5, confidence=0.9)


def test_hac_without_lags_is_whites_formula() -> None:
    rng = np.random.default_rng(1)
    design = np.column_stack((np.ones(60), rng.normal(size=60)))
    energy = rng.normal(size=60)
    later = np.column_stack((np.ones(20), rng.normal(1, 1, 20)))
    beta = np.linalg.lstsq(design, energy, rcond=None)[0]
    e = energy - design @ beta
    g = later.sum(axis=0)
    inverse = np.linalg.inv(design.T @ design)
    white = g @ inverse @ (design.T @ np.diag(e**2) @ design) @ inverse @ g + 20 * (e @ e) / 60
    found = hac_standard_error(Sample(design, energy, np.arange(60)), later, lags=0)
    assert found == pytest.approx(math.sqrt(white * 60 / 58))


def test_hac_and_bootstrap_come_to_the_true_deviation_with_much_data() -> None:
    rng = np.random.default_rng(2)
    n, m, rho = 6000, 400, 0.6
    at = np.arange(n)
    sample = Sample(np.ones((n, 1)), ar1(rng, at, rho), at)
    truth = math.sqrt((1 + rho) / (1 - rho) * (m + m * m / n))
    assert hac_standard_error(sample, np.ones((m, 1)), lags=40) == pytest.approx(truth, rel=0.1)
    band = block_bootstrap(sample, np.ones((m, 1)), block=40, replicates=4000, seed=5)
    assert band.half_width(0.9) == pytest.approx(truth * ndtri(0.95), rel=0.1)


def test_hac_counts_no_neighbours_across_a_gap() -> None:
    energy = np.array([1.0, 1, -1, -1, 1, 1, -1, -1])
    joined = Sample(np.ones((8, 1)), energy, np.arange(8))
    apart = Sample(np.ones((8, 1)), energy, np.arange(8) * 2)
    none = hac_standard_error(apart, np.ones((4, 1)), lags=0)
    assert hac_standard_error(apart, np.ones((4, 1)), lags=1) == pytest.approx(none)
    assert hac_standard_error(joined, np.ones((4, 1)), lags=1) != pytest.approx(none)


def test_the_bootstrap_is_the_refit_of_drawn_residuals_and_repeats_to_the_bit() -> None:
    rng = np.random.default_rng(3)
    design = np.column_stack((np.ones(24), rng.normal(size=24)))
    sample = Sample(design, rng.normal(size=24), np.arange(24))
    later = np.column_stack((np.ones(8), rng.normal(size=8)))
    found = block_bootstrap(sample, later, block=4, replicates=50, seed=9)
    assert found.errors.tobytes() == block_bootstrap(sample, later, block=4, replicates=50, seed=9).errors.tobytes()
    fitted = design @ np.linalg.lstsq(design, sample.energy, rcond=None)[0]
    drawn = ((sample.energy - fitted) * math.sqrt(24 / 22)).reshape(6, 4)
    generator = np.random.default_rng(9)
    before = generator.integers(0, 6, size=(50, 6))
    after = generator.integers(0, 6, size=(50, 2))
    for k in range(50):
        beta = np.linalg.lstsq(design, drawn[before[k]].ravel(), rcond=None)[0]
        assert found.errors[k] == pytest.approx(float((later @ beta).sum() - drawn[after[k]].sum()))
    with pytest.raises(TooFewIntervalsError, match="24 intervals make 1 blocks of 20"):
        block_bootstrap(sample, later, block=20)
    with pytest.raises(ValueError, match="between 0 and 1"):
        BootstrapBand(np.zeros(3)).half_width(1.5)
