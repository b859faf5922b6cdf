"""What is known about a model's noise: its autocorrelation, its scale, and how sure both are.

The noise is a stationary AR(1) process over real time: corr(ε_i, ε_j) = ρ^|i-j| with distances in intervals, so that
gaps count. Residuals of least squares understate ρ, the more so the more coefficients were fitted. So ρ is taken from
the **restricted** likelihood of the error contrasts, which accounts for the coefficients (Cheang & Reinsel, Bias
reduction of autoregressive estimates in time series regression through restricted maximum likelihood, JASA 95 (2000)
1173). It is also the exact marginal likelihood of ρ under flat priors on coefficients and log σ (Harville, Biometrika
61 (1974) 383), so a weighted set of candidates, uniform in ρ beforehand, says how uncertain ρ is. With some eight weeks
of days that uncertainty matters as much as the error itself: bands from a single best ρ hold the truth too seldom
when ρ is high (``benchmarks.evaluation_coverage`` shows both).

The noise is taken to be alike at every load. Days off are quieter than that, which makes the band somewhat wider than
it need be (the same benchmark says by how much). Letting the noise follow the fitted energy was tried and left out:
where the mean is slightly misspecified, as every linear model of a machine is, quiet days dominate the likelihood, ρ
runs to 1 and the band loses all meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.registers import Floats, Times

_RHO_LOW, _RHO_HIGH = -0.5, 0.99
_COARSE, _FINE = 40, 61
_LIKELY = 12.0
_NEGLIGIBLE = 1e-6


@dataclass(frozen=True, slots=True)
class Sample:
    """A period with a model of its own.

    Attributes
    ----------
    design
        Full rank, well scaled, shape (intervals, parameters).
    energy
        Shape (intervals,).
    positions
        Whole intervals since any origin, strictly rising, shape (intervals,).
    """

    design: Floats
    energy: Floats
    positions: Times

    @property
    def freedom(self) -> int:
        """Intervals less coefficients."""
        return int(self.design.shape[0] - self.design.shape[1])


@dataclass(frozen=True, slots=True)
class Noise:
    """Weighted candidates of ρ, common to all samples, with each sample's variance.

    Attributes
    ----------
    rho, weight
        Lag-1 autocorrelation and probability of each candidate, shape (candidates,).
    variance
        σ² of each sample at each candidate, shape (samples, candidates) [energy²].
    freedom
        Degrees of freedom of each sample's σ², shape (samples,).
    """

    rho: Floats
    weight: Floats
    variance: Floats
    freedom: Floats

    @property
    def mean_rho(self) -> float:
        """Weighted mean of ρ: the bias-corrected estimate."""
        return float(self.weight @ self.rho)


def estimate_noise(samples: Sequence[Sample], *, informing: int | None = None) -> Noise:
    """Candidates of ρ weighted by the restricted likelihood of the samples, whose noises are independent.

    Parameters
    ----------
    samples
        Each with its own coefficients and its own σ²; each with at least one degree of freedom.
    informing
        How many of the samples, from the first, speak about ρ; all by default. A short sample with many coefficients
        cannot see a slow component and argues for a small ρ on a meter that has one.
    """
    coarse = np.linspace(np.arctanh(_RHO_LOW), np.arctanh(_RHO_HIGH), _COARSE)
    telling = samples[:informing]
    rough = sum((_restricted(sample, np.tanh(coarse))[0] for sample in telling), np.zeros(_COARSE))
    # Where the candidates lie depends on the data: once roughly, then finely where the likelihood is.
    likely = np.flatnonzero(rough > rough.max() - _LIKELY)
    low, high = coarse[max(likely[0] - 1, 0)], coarse[min(likely[-1] + 1, _COARSE - 1)]
    rho = np.tanh(np.linspace(low, high, _FINE))
    parts = [_restricted(sample, rho) for sample in samples]
    # Uniform in ρ, on a grid that is uniform in its inverse hyperbolic tangent.
    log = sum((part[0] for part in parts[:informing]), np.log(1.0 - rho**2))
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    counts = weight > _NEGLIGIBLE
    return Noise(
        rho=rho[counts],
        weight=weight[counts] / weight[counts].sum(),
        variance=np.stack([part[1][counts] for part in parts]),
        freedom=np.array([sample.freedom for sample in samples], dtype=np.float64),
    )


def _restricted(sample: Sample, rho: Floats) -> tuple[Floats, Floats]:
    """Log restricted likelihood and σ² at every ρ, both of shape (rhos,).

    Whitening an AR(1) links each interval to the one before it only, so the cross products of the whitened columns are
    those of the columns themselves, weighted by ρ to the power of each distance that occurs. The columns are made
    orthonormal first: their own conditioning does not enter.
    """
    basis, triangle = np.linalg.qr(sample.design)
    span = float(np.abs(sample.energy).max()) or 1.0
    columns = np.column_stack((basis, (sample.energy - basis @ (basis.T @ sample.energy)) / span))
    steps = np.diff(sample.positions)
    first = np.outer(columns[0], columns[0])
    cross = np.repeat(first[None], len(rho), axis=0)
    rest = np.zeros(len(rho))
    for step, before, after, both in _by_distance(columns, steps):
        link = rho**step
        left = 1.0 - link**2
        quadratic = after - link[:, None, None] * both + (link**2)[:, None, None] * before
        cross += quadratic / left[:, None, None]
        rest += np.log(left) / 2 * np.count_nonzero(steps == step)
    # The triangle of [X | y] holds everything: its diagonal is that of X's and, last, the root of the squares left.
    parameters = basis.shape[1]
    information = np.linalg.cholesky(cross[:, :parameters, :parameters])
    projected = np.linalg.solve(information, cross[:, :parameters, -1:])[:, :, 0]
    unexplained = cross[:, -1, -1] - (projected**2).sum(axis=1)
    squares = np.maximum(unexplained, np.finfo(float).eps ** 2) * span**2
    diagonal = np.log(np.diagonal(information, axis1=1, axis2=2)).sum(axis=1)
    diagonal += np.log(np.abs(np.diagonal(triangle))).sum()
    log: Floats = -rest - diagonal - sample.freedom / 2 * np.log(squares)
    return log, squares / sample.freedom


def _by_distance(columns: Floats, steps: Times) -> Iterator[tuple[int, Floats, Floats, Floats]]:
    """Each distance that occurs, with the cross products of the rows before, after and across it."""
    for step in np.unique(steps):
        pairs = np.flatnonzero(steps == step)
        before, after = columns[pairs], columns[pairs + 1]
        across = after.T @ before
        yield int(step), before.T @ before, after.T @ after, across + across.T
