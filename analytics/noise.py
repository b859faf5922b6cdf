"""What is known about a model's noise: its autocorrelation, its scale, and how sure both are.

The noise is stationary, of one of two forms: an AR(1) process over real time, corr(ε_i, ε_j) = ρ^|i-j| with distances
in intervals, so that gaps count; or the sum of a short and a slow one, (1-a) r^|i-j| + a s^|i-j|. What a saving over
weeks is wrong by is decided by the noise's slow part, of which a single ρ, fitted to neighbouring intervals, knows
nothing: ``benchmarks.coverage --design`` has cases where its 90 % band holds the truth two times in three. That a
prediction over a horizon near the record's own length must average over slow components which the record can neither
show nor exclude is Müller & Watson's point (Measuring uncertainty about long-run predictions, Review of Economic
Studies 83 (2016) 1711); their class adds a white and a persistent part, here the former may be AR(1) as well.

Residuals of least squares understate autocorrelation, the more so the more coefficients were fitted. So the candidates
are weighted by the **restricted** likelihood of the error contrasts, which accounts for the coefficients (Cheang &
Reinsel, Bias reduction of autoregressive estimates in time series regression through restricted maximum likelihood,
JASA 95 (2000) 1173). It is also the exact marginal likelihood under flat priors on coefficients and log σ (Harville,
Biometrika 61 (1974) 383), so a weighted set of candidates says how uncertain the noise is. With some eight weeks of
days that uncertainty matters as much as the error itself: bands from a single best ρ hold the truth too seldom when ρ
is high (``benchmarks.evaluation_coverage`` shows both). Beforehand ρ and r are uniform, a is uniform between 0 and 1,
and the slow part's time constant, -1/log s, is log-uniform from two intervals to half of the baseline: what is slower
than that acts as a level that the baseline does not leave. One scale is held twice as likely as two. These two
figures were chosen by coverage and width on `benchmarks.coverage --design`, whose noises are not those of its table.

The noise is taken to be alike at every load. Days off are quieter than that, which makes the band somewhat wider than
it need be (the same benchmark says by how much). Letting the noise follow the fitted energy was tried and left out:
where the mean is slightly misspecified, as every linear model of a machine is, quiet days dominate the likelihood, ρ
runs to 1 and the band loses all meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics import whittle
from analytics.registers import Bools, Floats, Times
from analytics.restricted import Contrasts, contrasts, restricted

_RHO_LOW, _RHO_HIGH = -0.5, 0.99
_COARSE, _FINE = 31, 31
_LIKELY = 12.0
_NEGLIGIBLE = 1e-4
_SHORTS = slice(0, 27, 2)
"""The coarse candidates that serve as r, up to 0.98."""
_SLOWEST, _QUICKEST, _SCALES = 0.5, 2.0, 6
"""Time constants of the slow part: the longest as a share of the baseline, the shortest in intervals, how many."""
_SHARES = np.arange(0.1, 1.0, 0.2)
_ONE_SCALE = 2 / 3
"""Probability beforehand of a single scale."""


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
    """Weighted candidates of the autocorrelation, common to all samples, with each sample's variance.

    Attributes
    ----------
    rho
        Lag-1 autocorrelation of each AR(1) component that occurs, shape (components,).
    share
        Of each component in the variance of each candidate, rows adding to 1, shape (candidates, components).
    weight
        Probability of each candidate, shape (candidates,).
    variance
        σ² of each sample at each candidate, shape (samples, candidates) [energy²].
    freedom
        Degrees of freedom of each sample's σ², shape (samples,).
    """

    rho: Floats
    share: Floats
    weight: Floats
    variance: Floats
    freedom: Floats

    @property
    def mean_share(self) -> Floats:
        """Weighted mean share of each component, shape (components,)."""
        mean: Floats = self.weight @ self.share
        return mean

    @property
    def mean_rho(self) -> float:
        """Weighted mean of the lag-1 autocorrelation: the bias-corrected estimate."""
        return float(self.mean_share @ self.rho)

    @property
    def two_scales(self) -> Bools:
        """Which candidates have a slow part beside the short one, shape (candidates,)."""
        mixed: Bools = self.share.max(axis=1) < 1.0
        return mixed


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Of one form, before the samples are put together.

    Attributes
    ----------
    rho, share
        As of `Noise`.
    prior
        Shape (candidates,).
    log, variance
        Log restricted likelihood and σ² by sample, shape (samples, candidates).
    """

    rho: Floats
    share: Floats
    prior: Floats
    log: Floats
    variance: Floats


def estimate_noise(samples: Sequence[Sample], *, scales: int = 2) -> Noise:
    """Candidates of the autocorrelation weighted by the samples' restricted likelihood; their noises are independent.

    Parameters
    ----------
    samples
        Each with its own coefficients and its own σ²; each with at least one degree of freedom.
    scales
        1 for AR(1) noise alone, 2 to reckon with a slow component beside it.
    """
    coarse = np.tanh(np.linspace(np.arctanh(_RHO_LOW), np.arctanh(_RHO_HIGH), _COARSE))
    parts = [contrasts(sample.design, sample.energy, sample.positions) for sample in samples]
    likelihoods = [restricted(part, coarse) for part in parts]
    log, variance = (np.stack([found[k] for found in likelihoods]) for k in (0, 1))
    forms = [_single_scale(parts, coarse, log.sum(axis=0))]
    if scales > 1:
        forms.append(_two_scales(parts, coarse[_SHORTS], log[:, _SHORTS], variance[:, _SHORTS]))
    told = [form.log.sum(axis=0) for form in forms]
    most = max(float(one.max()) for one in told)
    weight = np.concatenate([form.prior * np.exp(one - most) for form, one in zip(forms, told, strict=True)])
    # Taken off all of them, so that none comes or goes by the last digit of the input.
    weight = np.maximum(weight - _NEGLIGIBLE * weight.max(), 0.0)
    counts = weight > 0
    share = _side_by_side([form.share for form in forms])
    occurs = share[counts].any(axis=0)
    return Noise(
        rho=np.concatenate([form.rho for form in forms])[occurs],
        share=share[counts][:, occurs],
        weight=weight[counts] / weight[counts].sum(),
        variance=np.concatenate([form.variance for form in forms], axis=1)[:, counts],
        freedom=np.array([sample.freedom for sample in samples], dtype=np.float64),
    )


def _single_scale(parts: Sequence[Contrasts], coarse: Floats, rough: Floats) -> _Candidates:
    """Candidates of one ρ. Where they lie depends on the data: finely where the `rough` likelihood is."""
    likely = np.flatnonzero(rough > rough.max() - _LIKELY)
    low, high = np.arctanh(coarse[[max(likely[0] - 1, 0), min(likely[-1] + 1, len(coarse) - 1)]])
    rho = np.tanh(np.linspace(low, high, _FINE))
    found = [restricted(part, rho) for part in parts]
    # Uniform in ρ, on a grid that is uniform in its inverse hyperbolic tangent.
    prior = _ONE_SCALE * (1.0 - rho**2) * (high - low) / (_FINE - 1) / (_RHO_HIGH - _RHO_LOW)
    return _Candidates(
        rho, np.eye(_FINE), prior, np.stack([one[0] for one in found]), np.stack([one[1] for one in found])
    )


def _two_scales(parts: Sequence[Contrasts], shorts: Floats, log: Floats, variance: Floats) -> _Candidates:
    """Candidates of a short and a slow component, from the exact likelihood of the short ones alone."""
    longest = max(_SLOWEST * (parts[0].positions[-1] - parts[0].positions[0] + 1), 2 * _QUICKEST)
    slows = np.exp(-1.0 / (_QUICKEST * (longest / _QUICKEST) ** np.linspace(0.0, 1.0, _SCALES)))
    short, slow, step = (index.ravel() for index in np.indices((len(shorts), len(slows), len(_SHARES))))
    apart = slows[slow] > shorts[short]
    pairs = whittle.Pairs(shorts, slows, short[apart], slow[apart], _SHARES[step[apart]])
    gained, factor = (np.stack(found) for found in zip(*(whittle.gain(part, pairs) for part in parts), strict=True))
    rows = np.arange(len(pairs.share))
    share = np.zeros((len(rows), len(shorts) + len(slows)))
    share[rows, pairs.short], share[rows, len(shorts) + pairs.slow] = 1.0 - pairs.share, pairs.share
    prior = (1.0 - shorts**2)[pairs.short]
    return _Candidates(
        rho=np.concatenate((shorts, slows)),
        share=share,
        prior=(1.0 - _ONE_SCALE) * prior / prior.sum(),
        log=log[:, pairs.short] + gained,
        variance=variance[:, pairs.short] * factor,
    )


def _side_by_side(blocks: Sequence[Floats]) -> Floats:
    """Blocks along the diagonal, zero elsewhere."""
    whole = np.zeros((sum(len(block) for block in blocks), sum(block.shape[1] for block in blocks)))
    row = column = 0
    for block in blocks:
        whole[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    return whole
