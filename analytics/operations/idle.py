"""Idle and standby: what a machine draws while it makes nothing, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.errors import AnalyticsError, TooFewIntervalsError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_OFF_SHARE: Final = 0.02
"""At most this share of its producing power, a machine is off."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Idle time of meters; shapes (meters,) but for `mask`.

    Attributes
    ----------
    mask
        Whether the machine idles, shape (meters, times): on, and making nothing.
    threshold, idle_power, producing_power
        Power between the two, and the medians of either side [kW]; NaN where a machine has no idle state.
    separation
        How well two levels explain the power, 0-1 (between-class over total variance, Otsu's η); 1 where it was told.
    hours, energy
        Time and energy [h, kWh] spent idle.
    cost
        Of that energy at the prices given [their currency]; NaN without prices.
    """

    mask: Bools
    threshold: Floats
    idle_power: Floats
    producing_power: Floats
    separation: Floats
    hours: Floats
    energy: Floats
    cost: Floats


def find_idle(
    power: Floats,
    interval_h: float,
    *,
    producing: Bools | None = None,
    prices: Floats | None = None,
    least_separation: float = 0.75,
) -> Idle:
    """Tell idling from producing.

    Where a counter or run state says when the machine produces, that decides. Else power itself is split into two
    levels where that explains most of its variance (Otsu, IEEE Trans. SMC 9 (1979) 62); where two levels explain less
    than `least_separation` of it, no idle state is claimed.

    Parameters
    ----------
    power
        Mean power, shape (meters, times) or (times,) [kW]; NaN where not known.
    interval_h
        Length of an interval [h].
    producing
        Of the same shape, where it is known.
    prices
        Energy price of each interval [per kWh], shape (times,).

    Raises
    ------
    TooFewIntervalsError
        Without an interval.
    AnalyticsError
        When shapes do not fit.
    """
    load = np.atleast_2d(power)
    if not load.shape[1]:
        raise TooFewIntervalsError("no interval of the power is known")
    if producing is not None and np.atleast_2d(producing).shape != load.shape:
        raise AnalyticsError(
            f"power of shape {load.shape} and producing of {np.atleast_2d(producing).shape} do not fit"
        )
    if prices is not None and prices.shape != load.shape[1:]:
        raise AnalyticsError(f"prices of shape {prices.shape} for {load.shape[1]} intervals")
    known: Bools = ~np.isnan(load)
    if producing is None:
        threshold, separation = _two_levels(load)
        made = known & (load > threshold[:, None])
        claimed = separation >= least_separation
    else:
        made = known & np.reshape(producing, load.shape)
        threshold, separation = np.full(len(load), np.nan), np.ones(len(load))
        claimed = np.asarray(made.any(axis=1))
    producing_power = _median(load, made)
    on = known & (load > _OFF_SHARE * producing_power[:, None])
    mask = on & ~made & claimed[:, None]
    energy = np.where(mask, load, 0.0) * interval_h
    return Idle(
        mask=mask,
        threshold=np.where(claimed, threshold, np.nan),
        idle_power=_median(load, mask),
        producing_power=np.where(claimed, producing_power, np.nan),
        separation=separation,
        hours=mask.sum(axis=1) * interval_h,
        energy=energy.sum(axis=1),
        cost=np.full(len(load), np.nan) if prices is None else energy @ prices,
    )


def _median(load: Floats, where: Bools) -> Floats:
    found = np.full(len(load), np.nan)
    rows = where.any(axis=1)
    if rows.any():
        found[rows] = np.nanmedian(np.where(where, load, np.nan)[rows], axis=1)
    return found


def _two_levels(load: Floats) -> tuple[Floats, Floats]:
    """Otsu's split of each row at the midpoint of the best gap, and its η; a machine that is off counts as low."""
    ordered = np.sort(load, axis=1)  # NaN go last
    count = (~np.isnan(ordered)).sum(axis=1)
    filled = np.nan_to_num(ordered)
    low_count = np.arange(1, filled.shape[1] + 1)[None, :]
    sums = np.cumsum(filled, axis=1)
    total = sums[:, -1:]
    high_count = count[:, None] - low_count
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_gap = sums / low_count - (total - sums) / high_count
        between = low_count * high_count * mean_gap**2 / count[:, None] ** 2
        spread = (filled**2).sum(axis=1) / count - (total[:, 0] / count) ** 2
    between = np.where(high_count > 0, between, -np.inf)
    best = np.argmax(between, axis=1)
    rows = np.arange(len(load))
    above = np.minimum(best + 1, filled.shape[1] - 1)
    threshold = (filled[rows, best] + filled[rows, above]) / 2
    # Numerical dust on a constant load is no spread.
    flat = (count < 2) | ~(spread > 1e-12 * np.maximum((filled**2).max(axis=1), 1e-300))
    eta = np.zeros(len(load))
    np.divide(between[rows, best], spread, out=eta, where=~flat)
    return np.where(flat, np.nan, threshold), np.clip(eta, 0.0, 1.0)
