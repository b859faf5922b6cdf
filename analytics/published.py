"""Uncertainty formulas as published, for comparison: what evaluators know, and what other tools print.

They rest on the baseline's CV(RMSE) alone, whatever the reporting period's conditions, and hold the truth less often
than they say when drivers differ (``benchmarks.coverage``). WattProof judges by none of them.
"""

from __future__ import annotations

import math

import scipy

from analytics.errors import TooFewIntervalsError

MONTHLY = (-0.00022, 0.03306, 0.94054)
DAILY = (-0.00024, 0.03535, 1.00286)
"""Polynomials a, b, d in the months of the reporting period, of Sun & Baltazar as CalTRACK 2.0, 4.3.2.4, gives them."""
CLASSIC = (0.0, 0.0, 1.26)
"""ASHRAE Guideline 14-2002's single factor; CalTRACK keeps it for hourly models."""


def fractional_half_width(
    cv_rmse: float,
    *,
    n: int,
    n_effective: float,
    reporting: int,
    parameters: int,
    confidence: float,
    months: float = 0.0,
    shape: tuple[float, float, float] = CLASSIC,
) -> float:
    """Half width of the saving's band as a fraction of the adjusted baseline.

    ΔE/E = t · (aM² + bM + d) · CV · √[(P/P′)(1 + 2/P′)/Q]; divided by the fractional saving F it is the FSU.
    CalTRACK 2.0, 4.3.2.4. With `n_effective` = `n` it is the formula for uncorrelated residuals.

    Parameters
    ----------
    cv_rmse
        Of the baseline, as a fraction.
    n, n_effective
        P and P′.
    reporting
        Q, intervals of the reporting period.
    parameters
        Of the model; t has P - parameters degrees of freedom.
    confidence
        0-1.
    months
        M, of the reporting period.
    shape
        `CLASSIC`, `DAILY` or `MONTHLY`.

    Raises
    ------
    TooFewIntervalsError
        When P is not above the parameters, or there is no reporting interval.
    ValueError
        When the confidence does not lie between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence {confidence} must lie between 0 and 1")
    if reporting < 1:
        raise TooFewIntervalsError("no reporting interval; at least 1 needed")
    if n <= parameters:
        raise TooFewIntervalsError(f"{n} intervals for {parameters} coefficients; at least {parameters + 1} needed")
    a, b, d = shape
    t = float(scipy.special.stdtrit(n - parameters, (1.0 + confidence) / 2.0))
    factor = a * months**2 + b * months + d
    return t * factor * cv_rmse * math.sqrt(n / n_effective * (1.0 + 2.0 / n_effective) / reporting)
