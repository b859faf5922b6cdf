"""The noise's likelihood and the band of two time scales, against dense matrices and against chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics import Noise, Sample, estimate_noise, given_slow_part, saving_band
from analytics.band import own_and_mixed_forms, quadratic_forms
from analytics.restricted import contrasts, restricted
from analytics.whittle import Pairs, gain
from tests.analytics.test_avoided import ar1, correlation


def dense(sample: Sample, matrix: np.ndarray) -> tuple[float, float]:
    """Log restricted likelihood, up to a constant, and σ²."""
    inverse = np.linalg.inv(matrix)
    information = sample.design.T @ inverse @ sample.design
    beta = np.linalg.solve(information, sample.design.T @ inverse @ sample.energy)
    rest = sample.energy - sample.design @ beta
    squares = float(rest @ inverse @ rest)
    logs = np.linalg.slogdet(matrix)[1] + np.linalg.slogdet(information)[1]
    return -float(logs) / 2 - sample.freedom / 2 * math.log(squares), squares / sample.freedom


def made(positions: np.ndarray, *, slow: float, seed: int = 12) -> Sample:
    """Noise of ρ = 0.4 over real time, and a slow part of the given deviation."""
    rng = np.random.default_rng(seed)
    design = np.column_stack((np.ones(len(positions)), rng.normal(size=len(positions))))
    return Sample(design, ar1(rng, positions, 0.4) + slow * ar1(rng, positions, 0.95), positions)


def single(noise: Noise) -> np.ndarray:
    """Which candidates have one component only."""
    return np.asarray(noise.share.max(axis=1) == 1.0)


def test_candidates_of_one_scale_are_weighted_by_the_dense_restricted_likelihood_gaps_included() -> None:
    sample = made(np.array([*range(15), *range(18, 40)]), slow=0.0)
    noise = estimate_noise([sample])
    alone = single(noise)
    rho = noise.share[alone] @ noise.rho
    grid = np.linspace(-0.499, 0.989, 300)
    logs = np.array([dense(sample, correlation(sample.positions, r))[0] for r in grid])
    weights = np.exp(logs - logs.max())
    mean = float(noise.weight[alone] @ rho / noise.weight[alone].sum())
    assert mean == pytest.approx(float(weights @ grid / weights.sum()), abs=0.003)
    for index in (0, len(rho) // 2, -1):
        _, variance = dense(sample, correlation(sample.positions, float(rho[index])))
        assert noise.variance[0, np.flatnonzero(alone)[index]] == pytest.approx(variance)


@pytest.mark.parametrize("positions", [np.arange(28), np.arange(84), np.array([*range(30), *range(44, 84)])])
@pytest.mark.parametrize("slow", [0.0, 1.0])
def test_what_a_second_scale_gains_is_the_dense_likelihoods_ratio(positions: np.ndarray, slow: float) -> None:
    sample = made(positions, slow=slow)
    shorts, slows = np.array([-0.3, 0.0, 0.4, 0.7]), np.exp(-1 / np.array([5.0, 15.0, 40.0]))
    short, scale, step = (index.ravel() for index in np.indices((4, 3, 3)))
    pairs = Pairs(shorts, slows, short, scale, np.array([0.1, 0.5, 0.9])[step])
    ready = contrasts(sample.design, sample.energy, sample.positions)
    found, factor = gain(ready, pairs)
    logs, ratios = [], []
    for r, s, a in zip(shorts[short], slows[scale], pairs.share, strict=True):
        alone = dense(sample, correlation(positions, r))
        both = dense(sample, (1 - a) * correlation(positions, r) + a * correlation(positions, s))
        logs.append(both[0] - alone[0])
        ratios.append(both[1] / alone[1])
    # Where the candidates are likely; elsewhere the approximation may err as it likes.
    likelihood = np.array(logs) + restricted(ready, shorts)[0][short]
    weight = np.exp(likelihood - likelihood.max())
    weight /= weight.sum()
    assert float(weight @ np.abs(found - logs)) < 0.5
    assert float(weight @ np.abs(factor / ratios - 1)) < 0.05


def test_the_band_of_two_scales_has_the_dense_matrix_variance() -> None:
    before, after = np.arange(40), np.array([*range(45, 60), *range(64, 70)])
    rng = np.random.default_rng(3)
    design, later = (np.column_stack((np.ones(len(at)), rng.normal(size=len(at)))) for at in (before, after))
    noise = Noise(
        rho=np.array([0.2, 0.9]),
        share=np.array([[0.7, 0.3], [0.0, 1.0]]),
        weight=np.array([0.5, 0.5]),
        variance=np.array([[2.0, 3.0]]),
        freedom=np.array([38.0]),
    )
    band = saving_band(noise, Sample(design, np.zeros(40), before), later, after)
    for index, (shares, variance) in enumerate(zip(noise.share, noise.variance[0], strict=True)):
        first, last = (shares[0] * correlation(at, 0.2) + shares[1] * correlation(at, 0.9) for at in (before, after))
        weights = np.linalg.pinv(design).T @ later.sum(axis=0)
        assert band.scale[index, -1] ** 2 == pytest.approx(variance * (weights @ first @ weights + last.sum()))
    columns = rng.normal(size=(40, 3))
    separate = quadratic_forms(columns, before, noise.rho)
    own, mixed = own_and_mixed_forms(columns, before, noise.rho, noise.mean_share)
    assert own == pytest.approx(np.diagonal(separate, axis1=1, axis2=2))
    assert mixed == pytest.approx(np.tensordot(noise.mean_share, separate, axes=1))


def test_a_drift_under_white_scatter_is_found_and_white_scatter_alone_stays_white() -> None:
    day = np.arange(365)
    drifting, white = 0.0, 0.0
    for seed in range(6):
        rng = np.random.default_rng([seed, 4])
        scatter = rng.normal(size=365)
        for slow in (0.0, 0.8):
            sample = Sample(np.ones((365, 1)), scatter + slow * ar1(rng, day, 0.95), day)
            noise = estimate_noise([sample])
            weight = float(noise.weight[~single(noise)].sum())
            drifting, white = drifting + weight * (slow > 0) / 6, white + weight * (slow == 0) / 6
    assert drifting > 0.9
    assert white < 0.4


def monthly_error(seed: int) -> tuple[float, float, float]:
    """Error of a month foretold by half a year, half width of the band, and that of noise of one scale."""
    rng = np.random.default_rng([seed, 6])
    day = np.arange(215)
    before, after = day < 180, day >= 187
    energy = 10 * rng.normal(size=215)
    for period in (before, after):
        energy[period] += 10 * math.sqrt(0.5) * ar1(rng, day[period], 0.9)
    sample = Sample(np.ones((180, 1)), energy[before], day[before])
    half, narrow = (
        float(
            saving_band(estimate_noise([sample], scales=scales), sample, np.ones((28, 1)), day[after]).whole.half_width(
                0.9
            )[0]
        )
        for scales in (2, 1)
    )
    return 28 * float(energy[before].mean()) - float(energy[after].sum()), half, narrow


def test_the_band_holds_where_a_single_rho_does_not_see_the_drift() -> None:
    draws = [monthly_error(seed) for seed in range(80)]
    held = sum(abs(error) <= half for error, half, _ in draws)
    seldom = sum(abs(error) <= narrow for error, _, narrow in draws)
    assert held >= 0.87 * 80 - 3.29 * math.sqrt(0.9 * 0.1 * 80)
    assert seldom < 0.8 * 80


def test_a_slow_part_taken_as_given_widens_the_band_that_cannot_exclude_it() -> None:
    day = np.arange(64)
    sample = Sample(np.ones((36, 1)), np.random.default_rng(9).normal(size=36), day[:36])
    noise = estimate_noise([sample])
    band = saving_band(noise, sample, np.ones((28, 1)), day[36:]).whole
    given = given_slow_part(band, noise)
    assert given is not None
    assert given.weight.sum() == pytest.approx(1.0)
    assert len(given.weight) == int((~single(noise)).sum()) < len(band.weight)
    assert given.half_width(0.9)[0] > 1.1 * band.half_width(0.9)[0]


def test_no_slow_part_is_given_where_noise_of_one_scale_was_asked_for() -> None:
    sample = made(np.arange(40), slow=0.0)
    noise = estimate_noise([sample], scales=1)
    band = saving_band(noise, sample, sample.design, np.arange(41, 81))
    assert given_slow_part(band, noise) is None
