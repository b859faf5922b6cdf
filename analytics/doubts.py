"""Doubts about interval values: outliers marked, and the counter held against integrated power. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.registers import Bools, Flag, Floats, IntervalValues, Times

_TO_SIGMA = 1.4826
"""Median absolute deviation of a normal distribution → its standard deviation."""
_HOUR_MS = 3_600_000.0


def mark_outliers(
    found: IntervalValues, groups: npt.NDArray[np.int64] | None = None, *, limit: float = 8.0, least: float = 0.05
) -> IntervalValues:
    """Flag values that are out of line with their like; every value stays as it is.

    A value is marked when it lies further from the median of its group than `limit` robust standard deviations
    (1.4826 × median absolute deviation) and than the share `least` of that median.

    Parameters
    ----------
    found
        Shape (…, intervals).
    groups
        What is alike, e.g. the hour of the week or working days, shape (intervals,); None compares all.
    limit
        Robust deviations.
    least
        Share of the median below which nothing is out of line, for groups that hardly vary.
    """
    groups = np.zeros(found.values.shape[-1], dtype=np.int64) if groups is None else groups
    flags = found.flags.copy()
    for group in np.unique(groups):
        like = groups == group
        values = found.values[..., like]
        known = ~np.isnan(values).all(axis=-1, keepdims=True)
        filled = np.where(known, values, 0.0)
        middle = np.nanmedian(filled, axis=-1, keepdims=True)
        apart = np.abs(filled - middle)
        scale = _TO_SIGMA * np.nanmedian(apart, axis=-1, keepdims=True)
        # A comparison with NaN is false: what is unknown is no outlier.
        out = apart > np.maximum(limit * scale, least * np.abs(middle))
        flags[..., like] |= np.where(out & known, np.uint8(Flag.OUTLIER), np.uint8(0))
    return IntervalValues(found.values, found.coverage, flags)


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """A counter beside the power of the same meter; meters in front where there are several.

    Attributes
    ----------
    ratio
        Counted energy over integrated power of the intervals known in both, shape (…,); NaN without any.
    compared
        How many intervals that was, shape (…,).
    apart
        Intervals that differ by more than was allowed, shape (…, intervals).
    agrees
        Whether `ratio` lies within the tolerance of 1, shape (…,).
    """

    ratio: Floats
    compared: npt.NDArray[np.int64]
    apart: Bools
    agrees: Bools


def cross_check(
    energy: IntervalValues,
    power: IntervalValues,
    edges_ms: Times,
    *,
    tolerance: float = 0.02,
    resolution: float = 0.0,
    coverage: float = 0.95,
) -> CrossCheck:
    """Hold a counter's energy against ∫P dt: a wrong transformer ratio or register scale shows here.

    The saving is the counter's; integrated power only checks it.

    Parameters
    ----------
    energy
        From `interval_energy` [e.g. Wh], shape (…, intervals).
    power
        Mean power from `interval_mean` [e.g. W], same shape.
    edges_ms
        Of both [ms], shape (intervals + 1,).
    tolerance
        Share by which they may differ.
    resolution
        One step of the counter [its unit], allowed to every interval beside that.
    coverage
        Share of its time that an interval must be covered in both to be compared.
    """
    integrated = power.values * np.diff(edges_ms) / _HOUR_MS
    both = np.isfinite(energy.values) & np.isfinite(integrated)
    both &= (energy.coverage >= coverage) & (power.coverage >= coverage)
    counted, drawn = np.where(both, energy.values, 0.0), np.where(both, integrated, 0.0)
    apart = np.abs(counted - drawn) > tolerance * np.abs(drawn) + resolution
    total = np.asarray(drawn.sum(axis=-1))
    ratio = np.full(total.shape, np.nan)
    np.divide(counted.sum(axis=-1), total, out=ratio, where=total > 0)
    return CrossCheck(ratio, np.asarray(both.sum(axis=-1)), apart, np.abs(ratio - 1.0) <= tolerance)
