"""The band of autocorrelated noise around a sum of projected less metered energy, for every prefix of the period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from analytics.noise import Noise, Sample
from analytics.registers import Floats, Times

_NEWTON_STEPS = 60


@dataclass(frozen=True, slots=True)
class Band:
    """Distribution of the error of a cumulative saving: a weighted mixture of centred Student distributions.

    Attributes
    ----------
    weight
        Of each candidate, shape (candidates,).
    scale, freedom
        Scale [energy] and degrees of freedom by candidate and prefix, shape (candidates, intervals).
    """

    weight: Floats
    scale: Floats
    freedom: Floats

    @property
    def standard_error(self) -> Floats:
        """Root of the weighted mean variance, shape (intervals,) [energy]."""
        error: Floats = np.sqrt(self.weight @ self.scale**2)
        return error

    @property
    def whole(self) -> Band:
        """The band of the whole reporting period alone: its last prefix."""
        return Band(self.weight, self.scale[:, -1:], self.freedom[:, -1:])

    def half_width(self, confidence: float) -> Floats:
        """Half of the two-sided band's width at `confidence` (0-1), shape (intervals,) [energy].

        The quantile q of the mixture, Σ weight · T(q / scale) = (1 + confidence) / 2, by Newton's method. T is
        concave for positive q, so from below it converges monotonically, and one step from above leads below.
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence {confidence} must lie between 0 and 1")
        return self.quantile((1.0 + confidence) / 2.0)

    def quantile(self, probability: float) -> Floats:
        """The error that is not exceeded with `probability` (from 0.5 up), shape (intervals,) [energy]."""
        scale = np.maximum(self.scale, np.finfo(float).tiny)
        weight = self.weight[:, None]
        special = scipy.special  # 0.25 s, loaded by its first use: registers and models need none of it
        log_norm = special.gammaln((self.freedom + 1) / 2) - special.gammaln(self.freedom / 2)
        log_norm -= np.log(self.freedom * np.pi) / 2
        student = special.stdtrit(self.freedom.max(), probability)
        least = scale.min(axis=0) * student
        quantile: Floats = np.maximum(self.standard_error * student, least)
        for _ in range(_NEWTON_STEPS):
            z = quantile / scale
            reached = (weight * special.stdtr(self.freedom, z)).sum(axis=0)
            density = np.exp(log_norm - (self.freedom + 1) / 2 * np.log1p(z * z / self.freedom)) / scale
            step = (probability - reached) / (weight * density).sum(axis=0)
            quantile = np.maximum(quantile + step, least)
            if np.all(np.abs(step) <= 1e-10 * np.maximum(quantile, np.finfo(float).tiny)):
                break
        return quantile


def saving_band(noise: Noise, baseline: Sample, design: Floats, positions: Times) -> Band:
    """Band of Σ (adjusted baseline - actual) for every prefix of the reporting period.

    With A = X(XᵀX)⁻¹, g_k the sum of the first k rows of X_r and w = A g_k: Var_k = σ_b² wᵀRw + σ_r² 1ᵀR1, exact for a
    given autocorrelation R. Of AR(1) noise without gaps the second term is σ_r²[k(1+ρ)/(1-ρ) - 2ρ(1-ρᵏ)/(1-ρ)²], of a
    noise of two components the sum of both by their shares. The first is the model's error,
    the second the scatter of the machine that ran in the reporting period. Their degrees of freedom are joined as by
    Welch, Biometrika 34 (1947) 28.

    Parameters
    ----------
    noise
        Of the baseline and, as second sample where there is one, of the reporting period; with the baseline alone
        the reporting period is taken to scatter like the baseline.
    baseline
        The sample the model was fitted on.
    design, positions
        Of the reporting period: the baseline model's design (intervals, parameters), and positions (intervals,).
    """
    last = len(noise.freedom) - 1
    sums = np.cumsum(design, axis=0)
    model = noise.variance[0][:, None] * np.maximum(
        np.einsum("kp,gpq,kq->gk", sums, _model_moments(noise, baseline), sums), 0.0
    )
    scatter = noise.variance[last][:, None] * (noise.share @ prefix_variances(noise.rho, positions))
    total = model + scatter
    freedom = np.full(total.shape, noise.freedom[0])
    if last > 0:
        parts = model**2 / noise.freedom[0] + scatter**2 / noise.freedom[last]
        np.divide(total**2, parts, out=freedom, where=parts > 0)
    return Band(noise.weight, np.sqrt(total), freedom)


def given_slow_part(band: Band, noise: Noise) -> Band | None:
    """A band of `noise` as it is when the noise is taken to have a slow part, however little of one the samples show.

    Most short records can neither show nor exclude one. The band itself averages over both; this one says what is left
    of a claim if there is one (docs/methods.md, "How often the band holds").

    Returns
    -------
    Band or None
        None where no candidate with a slow part is left: AR(1) noise was asked for, or the samples exclude it.
    """
    mixed = noise.two_scales
    if not mixed.any():
        return None
    weight = band.weight[mixed]
    return Band(weight / weight.sum(), band.scale[mixed], band.freedom[mixed])


def _model_moments(noise: Noise, baseline: Sample) -> Floats:
    """AᵀRA of every candidate, shape (candidates, p, p)."""
    influence = np.asarray(np.linalg.pinv(baseline.design).T, dtype=np.float64)
    moments: Floats = np.tensordot(noise.share, quadratic_forms(influence, baseline.positions, noise.rho), axes=1)
    return moments


def quadratic_forms(columns: Floats, positions: Times, rho: Floats, share: Floats | None = None) -> Floats:
    """VᵀR(ρ)V of columns V (intervals, p) at whole positions, shape (rhos, p, p): Σ_d ρ^d × their correlation at lag d.

    The correlations come from one Fourier transform, whatever the number of ρ; gaps are rows of zeros. With `share`
    (kinds, rhos) of mixtures of the ρ, shape (kinds, p, p).
    """
    at = positions - positions[0]
    length = int(at[-1]) + 1
    grid = np.zeros((length, columns.shape[1]))
    grid[at] = columns
    spectrum = np.fft.rfft(grid, 2 * length, axis=0)
    first, second = np.triu_indices(columns.shape[1])
    lagged = np.fft.irfft(spectrum[:, first].conj() * spectrum[:, second], 2 * length, axis=0)
    # Lag -d stands at the far end; both directions weigh ρ^|d|.
    folded = np.asarray(lagged[:length], dtype=np.float64).copy()
    folded[1:] += lagged[:length:-1]
    weights = powers(rho, length) if share is None else share @ powers(rho, length)
    sums = weights @ folded[: weights.shape[1]]
    forms = np.zeros((len(weights), columns.shape[1], columns.shape[1]))
    forms[:, first, second] = sums
    forms[:, second, first] = sums
    return forms


def powers(rho: Floats, count: int) -> Floats:
    """ρ⁰, ρ¹, … of every ρ: at most `count`, no further than the largest |ρ| still weighs; shape (rhos, ≤ count)."""
    strongest = min(max(float(np.abs(rho).max()), 1e-3), 1.0 - 1e-9)
    reach = min(count, 2 + int(np.log(1e-18) / np.log(strongest)))
    steps = np.repeat(rho[:, None], reach, axis=1)
    steps[:, 0] = 1.0
    found: Floats = np.multiply.accumulate(steps, axis=1)
    return found


def prefix_variances(rho: Floats, positions: Times) -> Floats:
    """1ᵀR(ρ)1 of every prefix: the variance of a running sum of unit AR(1) noise at the given positions.

    Parameters
    ----------
    rho
        Shape (candidates,).
    positions
        Whole intervals, strictly rising, shape (intervals,).

    Returns
    -------
    Floats
        Shape (candidates, intervals).
    """
    steps = np.diff(positions)
    if np.all(steps == 1):
        k = np.arange(1, len(positions) + 1)[None, :]
        r, reached = rho[:, None], np.zeros((len(rho), len(positions)))
        weights = powers(rho, len(positions))
        reached[:, : weights.shape[1]] = weights
        closed: Floats = k * (1 + r) / (1 - r) - 2 * r * (1 - r * reached) / (1 - r) ** 2
        return closed
    links = rho[:, None] ** np.concatenate(([0], steps))[None, :]
    state, states = np.zeros(len(rho)), np.zeros(links.shape)
    for index in range(1, len(positions)):
        state = links[:, index] * (state + 1.0)
        states[:, index] = state
    variances: Floats = np.cumsum(1.0 + 2.0 * states, axis=1)
    return variances
