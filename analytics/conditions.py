"""Whether the reporting period's conditions were seen in the baseline."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from analytics.registers import Floats
from analytics.regression import LinearModel


@dataclass(frozen=True, slots=True)
class DriverCoverage:
    """By driver, shape (drivers,).

    Attributes
    ----------
    outside
        Share of reporting intervals outside the baseline's range, 0-1.
    extrapolated
        Energy of the adjusted baseline that rests on the driver's effect beyond that range: Σ|coefficient × excess|.
    unknown
        Whether the driver never varied in the baseline but differs in the reporting period: its effect is not known.
    """

    outside: Floats
    extrapolated: Floats
    unknown: tuple[bool, ...]


def driver_coverage(model: LinearModel, baseline_drivers: Floats, drivers: Floats) -> DriverCoverage:
    """Compare drivers of the reporting period, shape (m, drivers), with those of the baseline, (n, drivers).

    Both are finite, in the order of the `model` fitted on the latter.
    """
    low, high = baseline_drivers.min(axis=0), baseline_drivers.max(axis=0)
    slack = np.finfo(float).eps * 16 * np.maximum(np.abs(low), np.abs(high))
    excess = np.abs(drivers - np.clip(drivers, low, high))
    beyond = excess > slack
    unknown = tuple(
        model.dropped.get(name) == "constant" and bool(beyond[:, index].any()) for index, name in enumerate(model.names)
    )
    return DriverCoverage(beyond.mean(axis=0), np.abs(excess * model.coefficients).sum(axis=0), unknown)


class Grade(enum.Enum):
    """How well the baseline knew the reporting period's conditions."""

    COVERED = "covered"
    """At most 5 % of the intervals outside, and at most 1 % of the adjusted baseline resting on what lies outside."""
    EDGE = "edge"
    """More than that, but the extrapolated energy stays within a third of the saving's half band."""
    OUTSIDE = "outside"
    """The extrapolated energy is as large as a third of the half band, or an effect is not known at all."""


def grade(coverage: DriverCoverage, adjusted: float, half_width: float) -> Grade:
    """Grade a reporting period.

    The limits are ours: a third of the half band added in quadrature widens it by 5 %, so below it extrapolation does
    not decide a verdict.

    Parameters
    ----------
    coverage
        From `driver_coverage`.
    adjusted, half_width
        Adjusted baseline and half of the saving's band, of the whole reporting period [energy].
    """
    beyond = float(coverage.extrapolated.sum())
    # A band that is not known allows no extrapolation: the comparison with NaN is false.
    if any(coverage.unknown) or not beyond <= half_width / 3.0:
        return Grade.OUTSIDE
    few = bool(np.all(coverage.outside <= 0.05))
    return Grade.COVERED if few and beyond <= 0.01 * abs(adjusted) else Grade.EDGE
