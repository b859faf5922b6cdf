"""What the power factor (역률) adds to the base charge, or takes off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.billing.tariff import Floats, PowerFactorRule
from analytics.errors import AnalyticsError

HALF_HOURS = 48


@dataclass(frozen=True, slots=True)
class PowerFactors:
    """Power factors of each half hour [%], shape (days, 48), NaN where there was no load or none is known.

    `lagging` counts by day, `leading` by night; a half hour that led has 100 as its lagging power factor, and the other
    way round.
    """

    lagging: Floats
    leading: Floats

    def __post_init__(self) -> None:
        if self.lagging.shape != self.leading.shape or self.lagging.shape[1:] != (HALF_HOURS,):
            raise AnalyticsError(
                f"power factors have the shape (days, {HALF_HOURS}), not {self.lagging.shape} and {self.leading.shape}"
            )


def power_factors(active: Floats, lagging: Floats, leading: Floats) -> PowerFactors:
    """From energies of each half hour, shapes (days, 48).

    Parameters
    ----------
    active
        [kWh].
    lagging, leading
        Reactive energy, inductive and capacitive [kvarh].
    """

    def factor(reactive: Floats) -> Floats:
        apparent = np.hypot(active, reactive)
        found = np.full(active.shape, np.nan)
        np.divide(100.0 * active, apparent, out=found, where=apparent > 0)
        return found

    return PowerFactors(factor(lagging), factor(leading))


@dataclass(frozen=True, slots=True)
class PowerFactorCharge:
    """Means of the month [%], NaN where nothing is known, and the shares of the base charge they cost (< 0: credit)."""

    lagging: float
    leading: float
    lagging_share: float
    leading_share: float


def power_factor_charge(rule: PowerFactorRule, factors: PowerFactors) -> PowerFactorCharge:
    """Monthly means of the clipped half hours, and what they cost.

    By day each half hour is clipped to `floor` … `ceiling` and every point the mean lies from `target` counts; by night
    to `leading_floor` … 100 and only points below `leading_target` count. An unknown month costs nothing.
    """
    by_day = np.arange(HALF_HOURS) // 2
    day = (by_day >= rule.day_start_hour) & (by_day < rule.day_end_hour)
    lagging = _mean(np.clip(factors.lagging[:, day], rule.floor, rule.ceiling))
    leading = _mean(np.clip(factors.leading[:, ~day], rule.leading_floor, 100.0))
    lagging_points = 0.0 if np.isnan(lagging) else rule.target - lagging
    leading_points = 0.0 if np.isnan(leading) else max(rule.leading_target - leading, 0.0)
    return PowerFactorCharge(
        lagging, leading, lagging_points * rule.share_per_point, leading_points * rule.share_per_point
    )


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
