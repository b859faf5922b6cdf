"""Money and carbon of a saving, each with the saving's band carried through. Rates are arguments, never constants.

A saving enters as three numbers: best estimate and the band's ends. Every figure is computed at all three, so its own
band is exact for what is monotone in the saving, as all of these are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analytics.errors import AnalyticsError

_BISECTIONS = 200


@dataclass(frozen=True, slots=True)
class Ranged:
    """A figure at the best estimate of the saving and at the ends of its band; `low` ≤ `high`.

    A payback or a cost per kWh is worst where the saving is least: `low` and `high` are those of the figure itself.
    ``inf`` is a figure that is never reached, such as the payback of no saving.
    """

    value: float
    low: float
    high: float

    def through(self, figure: Callable[[float], float]) -> Ranged:
        """Carry this through a monotone figure."""
        ends = sorted((figure(self.low), figure(self.high)))
        return Ranged(figure(self.value), ends[0], ends[1])


def simple_payback(investment: float, yearly: Ranged) -> Ranged:
    """Years until the yearly gain [원/yr] has paid the investment [원]; inf for a gain that is not positive.

    Raises
    ------
    AnalyticsError
        When the investment is not positive.
    """
    _positive("investment", investment)
    return yearly.through(lambda gain: investment / gain if gain > 0 else np.inf)


def net_present_value(investment: float, yearly: Ranged, rate: float, years: int) -> Ranged:
    """NPV = Σ gain/(1 + r)ᵗ − investment over whole years at the discount rate r (fraction) [원].

    `yearly` is the gain [원/yr]; `investment` may be 0, or below where a subsidy is more than the price [원].

    Raises
    ------
    AnalyticsError
        When `years` is not positive, or the rate is -1 or less.
    """
    _positive("years", years)
    return yearly.through(lambda gain: gain * annuity(rate, years) - investment)


def internal_rate(investment: float, yearly: Ranged, years: int) -> Ranged:
    """Discount rate at which the NPV is 0, as a fraction; -1 when the gains are not positive.

    The gain [원/yr] is the same each year, so the rate is unique; found by bisection.

    Raises
    ------
    AnalyticsError
        When the investment [원] or the years are not positive.
    """
    _positive("investment", investment)
    _positive("years", years)

    def rate(gain: float) -> float:
        if gain <= 0:
            return -1.0
        if gain * years == investment:
            return 0.0
        low, high = -1.0 + 1e-9, gain / investment
        # At r = gain / investment a perpetuity just pays: a finite life needs a lower rate.
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2.0
            low, high = (middle, high) if gain * annuity(middle, years) > investment else (low, middle)
        return (low + high) / 2.0

    return yearly.through(rate)


def cost_of_conserved_energy(investment: float, saving_kwh: Ranged, rate: float, years: int) -> Ranged:
    """Investment × capital recovery factor / yearly saving [원/kWh]; inf for a saving that is not positive.

    Meier, Supply Curves of Conserved Energy, Lawrence Berkeley Laboratory, LBL-14686 (1982). The saving is a year's
    [kWh/yr], the rate a fraction.

    Raises
    ------
    AnalyticsError
        When the investment [원] or the years are not positive, or the rate is -1 or less.
    """
    _positive("investment", investment)
    _positive("years", years)
    yearly = investment / annuity(rate, years)
    return saving_kwh.through(lambda saving: yearly / saving if saving > 0 else np.inf)


def subsidy_per_kwh(subsidy: float, saving_kwh: Ranged, years: float) -> Ranged:
    """Subsidy [원] per verified kWh over the machine's life [원/kWh]; inf for a saving [kWh/yr] that is not positive.

    Raises
    ------
    AnalyticsError
        When the years are not positive.
    """
    _positive("years", years)
    return saving_kwh.through(lambda saving: subsidy / (saving * years) if saving > 0 else np.inf)


def emissions(saving_kwh: Ranged, factor: float) -> Ranged:
    """Avoided emissions [tCO₂eq] at a grid factor [tCO₂eq/MWh]."""
    return saving_kwh.through(lambda saving: saving / 1000.0 * factor)


def oil_equivalent(saving_kwh: Ranged, heat_value: float) -> Ranged:
    """Tonnes of oil equivalent [toe] at a heat value of electricity [MJ/kWh]; 1 toe = 41.868 GJ."""
    return saving_kwh.through(lambda saving: saving * heat_value / 41868.0)


def annuity(rate: float, years: int) -> float:
    """Present value of 1 a year for `years`, at its end: Σ (1 + r)⁻ᵗ; `years` itself when the rate is 0.

    Raises
    ------
    AnalyticsError
        When the rate is -1 or less.
    """
    if rate <= -1.0:
        raise AnalyticsError(f"a discount rate of {rate:g} has no present value; it must exceed -1")
    if rate == 0.0:
        return float(years)
    with np.errstate(over="ignore"):
        return float(-np.expm1(-years * np.log1p(rate)) / rate)


def _positive(name: str, value: float) -> None:
    if not value > 0:
        raise AnalyticsError(f"{name} must be positive, not {value:g}")
