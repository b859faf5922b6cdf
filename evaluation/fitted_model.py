"""The baseline model as an evaluation tells of it."""

from __future__ import annotations

import msgspec

from evaluation.findings import Family
from evaluation.wording import Text


class Coefficient(msgspec.Struct, frozen=True):
    """One term of the baseline model.

    Parameters
    ----------
    name
        Driver name, or ``intercept``.
    value
        Energy per unit of the driver [`unit`].
    unit
        E.g. ``kWh/day per °C``.
    dropped
        Why the term is not in the model (``constant``, ``collinear``, ``not_chosen``); empty for a term that is.
    driver
        The driver it is made from; empty for the intercept, a group of the calendar and a product of drivers.
    part
        Which part of the driver (``> 14.2 °C``) or which group of the calendar (``Mon 06:00 ~``).
    """

    name: str
    value: float | None
    unit: Text
    dropped: str = ""
    driver: str = ""
    part: Text | None = None


class ModelResult(msgspec.Struct, frozen=True):
    """The baseline model and how well it fits.

    Parameters
    ----------
    family
        Of the model, as the plan calls it.
    form, knots
        Of a change-point model, e.g. ``3PC``, and where its slopes begin [the temperature's unit].
    coefficients
        Intercept first, then the model's terms, then the plan's drivers that it does without.
    n
        Baseline intervals used.
    cv_rmse_pct, nmbe_pct, r_squared, adjusted_r_squared
        As in ASHRAE Guideline 14; ``None`` where undefined.
    rho_residual
        Plain lag-1 autocorrelation of the residuals (biased low).
    rho
        Lag-1 autocorrelation estimated by restricted likelihood, as the band uses it.
    n_effective
        Effective number of the rows that the band is made on.
    unit
        What `rho` and `n_effective` count: the plan's intervals, or days where these are shorter.
    """

    family: Family
    form: str
    knots: list[float]
    coefficients: list[Coefficient]
    n: int
    cv_rmse_pct: float | None
    nmbe_pct: float | None
    r_squared: float | None
    adjusted_r_squared: float | None
    rho_residual: float | None
    rho: float
    n_effective: float
    unit: str
