"""How far out a single ordinary day may lie: by the tails that a meter's own days show."""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy.special

from review.period import Floats

_FREEDOMS: Final = np.array([3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 24.0, 1e6])
"""Of Student's t, from long tails to the normal distribution; held equally likely before the days are seen."""
_NORMAL_MEDIAN: Final = 0.6744897501960817
_RATE: Final = 0.02
"""Of the meters that nothing happened to, so many have one day marked by itself in a period."""
_BISECTIONS: Final = 50


def day_limit(scores: Floats, days: int, least: float) -> float:
    """Deviation beyond which a day is unusual by itself, at least `least` [robust standard deviations].

    Student's t with each number of degrees of freedom is weighed by how likely it makes the scores; the limit is
    where the mixture leaves `_RATE` for all `days` together. Days that are further off than `least` were left out of
    the fit, so each distribution is that of the days within it.

    Parameters
    ----------
    scores
        Of the days the baseline was fitted to, over their scatter, shape (days,).
    days
        Of the period.
    least
        The limit where tails are short.
    """
    size = np.abs(scores[np.isfinite(scores)])
    middle = float(np.median(size)) if len(size) else 0.0
    if middle <= 0:
        return least
    # All of them have the same median: what their scatter was taken from.
    scale = _NORMAL_MEDIAN / scipy.special.stdtrit(_FREEDOMS, 0.75)
    within = np.minimum(size * _NORMAL_MEDIAN / middle, least)
    weight = _likelihood(within / scale[:, None], least / scale) / scale ** len(within)
    weight /= weight.sum()
    low, high = least, 1e3
    for _ in range(_BISECTIONS):
        at = (low + high) / 2.0
        beyond = 2.0 * float(weight @ scipy.special.stdtr(_FREEDOMS, -at / scale))
        low, high = (at, high) if beyond > _RATE / days else (low, at)
    return low


def _likelihood(scores: Floats, cut: Floats) -> Floats:
    """Of each number of degrees of freedom, of scores, shape (freedoms, days), none of them beyond its cut."""
    freedom = _FREEDOMS[:, None]
    density = scipy.special.gammaln((freedom + 1.0) / 2.0) - scipy.special.gammaln(freedom / 2.0)
    density = density - 0.5 * np.log(freedom * np.pi) - (freedom + 1.0) / 2.0 * np.log1p(scores**2 / freedom)
    kept = np.log1p(-2.0 * scipy.special.stdtr(_FREEDOMS, -cut))
    total = density.sum(axis=1) - scores.shape[1] * kept
    likelihood: Floats = np.exp(total - total.max())
    return likelihood
