"""The band of autocorrelated noise around a sum of projected less metered energy, for every prefix of the period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from analytics.noise import Noise, Sample
from analytics.registers import Floats, Times

_NEWTON_STEPS = 60
_ODD = (1, 3, 5, 9, 15, 25, 27, 45, 75, 81, 125)


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

        Raises
        ------
        ValueError
            When `confidence` does not lie between 0 and 1.
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence {confidence} must lie between 0 and 1")
        return self.quantile((1.0 + confidence) / 2.0)

    def quantile(self, probability: float) -> Floats:
        """The error that is not exceeded with `probability` (from 0.5 up), shape (intervals,) [energy].

        Raises
        ------
        ValueError
            When `probability` is under 0.5, or 1 and more.
        """
        if not 0.5 <= probability < 1.0:
            raise ValueError(f"probability {probability} must be 0.5 or more and less than 1")
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

    Raises
    ------
    ValueError
        When positions do not rise.
    """
    if np.any(np.diff(positions) <= 0):
        raise ValueError("positions must rise")
    last = len(noise.freedom) - 1
    sums = np.cumsum(design, axis=0)
    squares = (sums[:, :, None] * sums[:, None, :]).reshape(len(sums), -1)
    model = noise.variance[0][:, None] * np.maximum(_model_moments(noise, baseline) @ squares.T, 0.0)
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
    """AᵀRA of every candidate, shape (candidates, p²)."""
    q, r = np.linalg.qr(baseline.design)
    forms = quadratic_forms(np.linalg.solve(r, q.T).T, baseline.positions, noise.rho)
    moments: Floats = noise.share @ forms.reshape(len(forms), -1)
    return moments


def quadratic_forms(columns: Floats, positions: Times, rho: Floats) -> Floats:
    """VᵀR(ρ)V of columns V (intervals, p) at whole positions, shape (rhos, p, p): Σ_d ρ^d × their correlation at lag d.

    The correlations come from one Fourier transform, whatever the number of ρ; gaps are rows of zeros.
    """
    spectrum, length, size = _spectrum(columns, positions)
    width = columns.shape[1]
    lagged = np.fft.irfft((spectrum[:, :, None].conj() * spectrum[:, None, :]).reshape(-1, width**2), size, axis=0)
    # Lag -d stands at the far end; both directions weigh ρ^|d|.
    folded = lagged[:length].copy()
    folded[1:] += lagged[: size - length : -1]
    weights = powers(rho, length)
    forms: Floats = (weights @ folded[: weights.shape[1]]).reshape(-1, width, width)
    return forms


def own_and_mixed_forms(columns: Floats, positions: Times, rho: Floats, share: Floats) -> tuple[Floats, Floats]:
    """vᵀR(ρ)v of each column alone, (rhos, p), and VᵀRV of the one mixture R = Σ share · R(ρ), (p, p).

    The mixture is applied as a convolution, so that the columns may be many.
    """
    spectrum, length, size = _spectrum(columns, positions)
    weights = powers(rho, length)
    reach = weights.shape[1]
    lagged = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=0)[:reach]
    lagged[1:] *= 2.0
    kernel = np.zeros(size)
    kernel[:reach] = share @ weights
    kernel[size - reach + 1 :] = kernel[reach - 1 : 0 : -1]
    applied = np.fft.irfft(spectrum * np.fft.rfft(kernel)[:, None], size, axis=0)[positions - positions[0]]
    return weights @ lagged, columns.T @ applied


def _spectrum(columns: Floats, positions: Times) -> tuple[npt.NDArray[np.complex128], int, int]:
    """Fourier transform along real time, the time's length, and a length of transform on which no lag meets another."""
    at = positions - positions[0]
    length = int(at[-1]) + 1
    grid = np.zeros((length, columns.shape[1]))
    grid[at] = columns
    # Of 2, 3 and 5 alone: a year's 2 · 365 has a factor of 73, which takes twice as long.
    size = min(odd << max(-(-2 * length // odd) - 1, 0).bit_length() for odd in _ODD)
    return np.fft.rfft(grid, size, axis=0), length, size


def powers(rho: Floats, count: int) -> Floats:
    """ρ⁰, ρ¹, … of every ρ: at most `count`, no further than the largest |ρ| still weighs; shape (rhos, ≤ count)."""
    strongest = min(max(float(np.abs(rho).max()), 1e-3), 1.0 - 1e-9)
    reach = min(count, 2 + int(np.log(1e-18) / np.log(strongest)))
    steps = np.repeat(rho[None], reach, axis=0)
    steps[0] = 1.0
    found: Floats = np.multiply.accumulate(steps, axis=0).T
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
    distances, which = np.unique(steps, return_inverse=True)
    links = (rho ** distances[:, None])[which]
    states = np.zeros((len(positions), len(rho)))
    for index, link in enumerate(links):
        np.multiply(link, states[index] + 1.0, out=states[index + 1])
    variances: Floats = np.cumsum(1.0 + 2.0 * states, axis=0).T
    return variances
