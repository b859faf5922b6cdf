"""How well a baseline model fits: the statistics evaluators know.

Source: ASHRAE Guideline 14-2014, section 5.3.2 (CV(RMSE), NMBE); n' as in CalTRACK 2.0, section 4.3.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analytics.registers import Floats, Times


@dataclass(frozen=True, slots=True)
class Goodness:
    """Fit statistics; a statistic that is undefined (mean 0, no variation, no degree of freedom) is NaN.

    Attributes
    ----------
    n, parameters
        Intervals, and coefficients with the intercept.
    cv_rmse
        √(Σe²/(n - p)) / ȳ, as a fraction.
    nmbe
        Σe / ((n - p) ȳ), as a fraction; 0 to rounding for least squares with an intercept.
    r_squared, adjusted_r_squared
        Share of variation explained; the latter per degree of freedom.
    rho
        Lag-1 autocorrelation of the residuals over pairs of consecutive intervals.
    n_effective
        n(1 - ρ)/(1 + ρ), from 1 to n.
    """

    n: int
    parameters: int
    cv_rmse: float
    nmbe: float
    r_squared: float
    adjusted_r_squared: float
    rho: float
    n_effective: float


def goodness(energy: Floats, fitted: Floats, positions: Times, parameters: int) -> Goodness:
    """Fit statistics of a model.

    Parameters
    ----------
    energy, fitted
        Shape (intervals,).
    positions
        Whole numbers of intervals since any origin, strictly rising; where they step by one, intervals are
        neighbours. Shape (intervals,).
    parameters
        Coefficients, intercept included.
    """
    n = len(energy)
    residuals = energy - fitted
    mean = float(energy.mean()) if n else math.nan
    squares = float(residuals @ residuals)
    total = float(((energy - mean) ** 2).sum()) if n else math.nan
    freedom = n - parameters
    usable = freedom > 0 and mean != 0
    r_squared = 1 - squares / total if n and total > 0 else math.nan
    rho = lag1_autocorrelation(residuals, positions)
    return Goodness(
        n=n,
        parameters=parameters,
        cv_rmse=math.sqrt(squares / freedom) / mean if usable else math.nan,
        nmbe=float(residuals.sum()) / (freedom * mean) if usable else math.nan,
        r_squared=r_squared,
        adjusted_r_squared=1 - (1 - r_squared) * (n - 1) / freedom if freedom > 0 else math.nan,
        rho=rho,
        n_effective=effective_size(n, 0.0 if math.isnan(rho) else rho),
    )


def lag1_autocorrelation(residuals: Floats, positions: Times) -> float:
    """Lag-1 autocorrelation over neighbouring intervals only, -1 to 1; NaN without any.

    The sum of products is scaled by (n - 1)/pairs, so that gaps do not pull it towards 0; few pairs among many gaps
    could so come to more than 1, which no autocorrelation is.
    """
    neighbours = np.diff(positions) == 1
    pairs = int(neighbours.sum())
    squares = float(residuals @ residuals)
    if pairs == 0 or squares <= 0:
        return math.nan
    products = float((residuals[1:] * residuals[:-1])[neighbours].sum())
    return min(max(products / squares * (len(residuals) - 1) / pairs, -1.0), 1.0)


def effective_size(n: int, rho: float) -> float:
    """N' = n(1 - ρ)/(1 + ρ): how many independent intervals `n` autocorrelated ones are worth, from 1 to n."""
    return max(n * (1 - rho) / (1 + rho), 1.0) if rho > 0 else float(n)
