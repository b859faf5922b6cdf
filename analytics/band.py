"""The exact AR(1) band around a sum of projected less metered energy, for every prefix of the reporting period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, stdtr, stdtrit

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

    def half_width(self, confidence: float) -> Floats:
        """Half of the two-sided band's width at `confidence` (0-1), shape (intervals,) [energy].

        The quantile q of the mixture, Σ weight · T(q / scale) = (1 + confidence) / 2, by Newton's method from below,
        where it converges monotonically because T is concave for positive q.
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence {confidence} must lie between 0 and 1")
        return self.quantile((1.0 + confidence) / 2.0)

    def quantile(self, probability: float) -> Floats:
        """The error that is not exceeded with `probability` (from 0.5 up), shape (intervals,) [energy]."""
        scale = np.maximum(self.scale, np.finfo(float).tiny)
        weight = self.weight[:, None]
        log_norm = gammaln((self.freedom + 1) / 2) - gammaln(self.freedom / 2) - np.log(self.freedom * np.pi) / 2
        quantile: Floats = scale.min(axis=0) * stdtrit(self.freedom.max(), probability)
        for _ in range(_NEWTON_STEPS):
            z = quantile / scale
            reached = (weight * stdtr(self.freedom, z)).sum(axis=0)
            density = np.exp(log_norm - (self.freedom + 1) / 2 * np.log1p(z * z / self.freedom)) / scale
            step = (probability - reached) / (weight * density).sum(axis=0)
            quantile = quantile + np.maximum(step, 0.0)
            if np.all(np.abs(step) <= 1e-10 * np.maximum(quantile, np.finfo(float).tiny)):
                break
        return quantile


def saving_band(noise: Noise, baseline: Sample, design: Floats, positions: Times) -> Band:
    """Band of Σ (adjusted baseline - actual) for every prefix of the reporting period.

    With A = X(XᵀX)⁻¹, g_k the sum of the first k rows of X_r and w = A g_k: Var_k = σ_b² wᵀR(ρ)w + σ_r² 1ᵀR(ρ)1, exact
    for a given ρ. Without gaps the second term is σ_r²[k(1+ρ)/(1-ρ) - 2ρ(1-ρᵏ)/(1-ρ)²]. The first is the model's error,
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
    scatter = noise.variance[last][:, None] * prefix_variances(noise.rho, positions)
    total = model + scatter
    freedom = np.full(total.shape, noise.freedom[0])
    if last > 0:
        parts = model**2 / noise.freedom[0] + scatter**2 / noise.freedom[last]
        np.divide(total**2, parts, out=freedom, where=parts > 0)
    return Band(noise.weight, np.sqrt(total), freedom)


def _model_moments(noise: Noise, baseline: Sample) -> Floats:
    """AᵀR(ρ)A of every candidate, shape (candidates, p, p), in one pass because an AR(1) is Markov."""
    influence = np.linalg.pinv(baseline.design).T
    links = noise.rho[:, None] ** np.diff(baseline.positions, prepend=baseline.positions[0])[None, :]
    candidates, parameters = len(noise.rho), influence.shape[1]
    moments = np.zeros((candidates, parameters, parameters))
    state = np.zeros((candidates, parameters))
    for index, row in enumerate(influence):
        state *= links[:, index, None]
        cross = row[None, :, None] * state[:, None, :]
        moments += row[:, None] * row[None, :] + cross + cross.transpose(0, 2, 1)
        state += row
    return moments


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
    links = rho[:, None] ** np.diff(positions, prepend=positions[0])[None, :]
    variances = np.zeros(links.shape)
    total, state = np.zeros(len(rho)), np.zeros(len(rho))
    for index in range(len(positions)):
        state = links[:, index] * state
        total = total + 1.0 + 2.0 * state
        state = state + 1.0
        variances[:, index] = total
    return variances
