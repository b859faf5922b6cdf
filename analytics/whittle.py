"""How much likelier noise of two time scales is than one of a single scale, by Whittle's approximation.

Noise of two scales is the sum of a short and a slow AR(1): corr(lag) = (1-a) r^lag + a s^lag. A meter whose readings
scatter about a level that drifts for weeks looks like that. A single AR(1) is fitted to what neighbouring intervals say
and does not see how the drift adds up over a month.

The discrete cosine transform nearly diagonalises the covariance of a stationary series: each coefficient at frequency ω
varies like the spectrum S(ω), independently of the others (Whittle, Arkiv för Matematik 2 (1953) 423). So the cross
products of the transformed columns, weighted by 1/S, stand for those of whitened columns, and one product of matrices
gives all candidates. Only the ratio to the short component alone is used, in which most of the approximation's error
cancels; that component's own likelihood is exact (`analytics.restricted`). Neighbouring intervals are taken to be
equally far apart: by their median distance for the short component, by their mean for the slow one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.registers import Floats
from analytics.restricted import Contrasts, profile

_ALONE, _BINS = 32, 32
"""Frequencies kept one by one, from the lowest, and bins for the others, within which spectra hardly change."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Noises of two components.

    Attributes
    ----------
    shorts, slows
        Lag-1 autocorrelations that occur, shapes (r,) and (s,); slow ones above 0.
    short, slow
        Which of them each pair has, shape (pairs,).
    share
        Of the slow one in the pair's variance, shape (pairs,).
    """

    shorts: Floats
    slows: Floats
    short: npt.NDArray[np.intp]
    slow: npt.NDArray[np.intp]
    share: Floats


def gain(sample: Contrasts, pairs: Pairs) -> tuple[Floats, Floats]:
    """Log likelihood of each pair less that of its short component alone, and the ratio of their σ².

    Parameters
    ----------
    sample
        With a degree of freedom.
    pairs
        Candidates.

    Returns
    -------
    tuple
        Both of shape (pairs,).
    """
    frequency, count, products = _transform(sample.columns)
    steps = np.diff(sample.positions)
    short = _spectra(pairs.shorts ** max(round(float(np.median(steps))), 1), frequency)
    slow = _spectra(pairs.slows ** float(steps.mean()), frequency)
    share = pairs.share[:, None]
    spectra = np.concatenate((short, (1.0 - share) * short[pairs.short] + share * slow[pairs.slow]))
    size = sample.columns.shape[1]
    half, squares = profile(((1.0 / spectra) @ products).reshape(-1, size, size))
    log = -0.5 * (np.log(spectra) @ count) - half - sample.freedom / 2 * np.log(squares)
    alone = len(short)
    return log[alone:] - log[pairs.short], squares[alone:] / squares[pairs.short]


def _transform(columns: Floats) -> tuple[Floats, Floats, Floats]:
    """Frequency ω and number of coefficients of each bin, and Σ of the products of all pairs of transformed columns."""
    n, width = columns.shape
    spectrum = np.fft.rfft(np.concatenate((columns, columns[::-1])), axis=0)[:n]
    turned = (spectrum * np.exp(-0.5j * np.pi * np.arange(n) / n)[:, None]).real * np.sqrt(0.5 / n)
    turned[0] /= np.sqrt(2.0)
    bounds = np.arange(n + 1)
    if n > _ALONE + _BINS:
        wider = np.round(_ALONE * (n / _ALONE) ** (np.arange(_BINS + 1) / _BINS)).astype(np.int64)
        bounds = np.unique(np.concatenate((bounds[:_ALONE], wider)))
    count = np.diff(bounds)
    frequency = np.pi * (bounds[:-1] + (count - 1) / 2) / n
    pairs = (turned[:, :, None] * turned[:, None, :]).reshape(n, width**2)
    products = np.add.reduceat(pairs, bounds[:-1], axis=0)
    return frequency, count.astype(np.float64), products


def _spectra(rho: Floats, frequency: Floats) -> Floats:
    """Spectrum (1-ρ²)/(1 - 2ρ cos ω + ρ²) of AR(1) noise of unit variance, shape (rhos, frequencies)."""
    r = rho[:, None]
    found: Floats = (1.0 - r**2) / (1.0 - 2.0 * r * np.cos(frequency) + r**2)
    return found
