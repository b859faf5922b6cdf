"""Savings in the other forms evaluators report: normalised, SEnPI, energy per unit, CUSUM and peak demand.

Avoided energy itself is `analytics.avoided`. The terms are those of the IPMVP (avoided energy, normalised savings) and
of DOE's Superior Energy Performance 50001 (SEnPI).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from analytics.avoided import AvoidedEnergy
from analytics.band import quadratic_forms
from analytics.errors import AnalyticsError, TooFewIntervalsError
from analytics.noise import Noise, Sample, estimate_noise
from analytics.registers import Floats
from analytics.regression import LinearModel


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the standard error and degrees of freedom of its band; units are those of the figure."""

    value: float
    standard_error: float
    freedom: float

    def half_width(self, confidence: float) -> float:
        """Half of the two-sided band's width at `confidence` (0-1).

        Raises
        ------
        ValueError
            When `confidence` does not lie between 0 and 1.
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence {confidence} must lie between 0 and 1")
        return float(scipy.special.stdtrit(self.freedom, (1.0 + confidence) / 2.0)) * self.standard_error


def normalised_saving(
    old: LinearModel, old_sample: Sample, new: LinearModel, new_sample: Sample, conditions: Floats
) -> Estimate:
    """Saving under fixed conditions: both machines' models projected on the same drivers.

    Each model's error is gᵀ(XᵀX)⁻¹XᵀRX(XᵀX)⁻¹g σ², averaged over the candidates of the noise; the two are independent.
    Neither machine's scatter is in it: these intervals were never run.

    Parameters
    ----------
    old, old_sample, new, new_sample
        Models and what they were fitted on, over the same driver names.
    conditions
        Drivers of the standard period, shape (intervals, drivers).

    Raises
    ------
    AnalyticsError
        When the models have different drivers.
    """
    if old.names != new.names:
        raise AnalyticsError(f"models of {', '.join(old.names)} and of {', '.join(new.names)} cannot be compared")
    parts = [
        (_model_variance(model.design(conditions), sample, estimate_noise([sample])), sample.freedom)
        for model, sample in ((old, old_sample), (new, new_sample))
    ]
    variance = sum(part[0] for part in parts)
    spread = sum(part[0] ** 2 / part[1] for part in parts)
    value = float((old.predict(conditions) - new.predict(conditions)).sum())
    return Estimate(value, float(np.sqrt(variance)), variance**2 / spread if spread > 0 else parts[0][1])


def _model_variance(design: Floats, sample: Sample, noise: Noise) -> float:
    influence = np.linalg.pinv(sample.design).T @ design.sum(axis=0)
    forms = noise.share @ quadratic_forms(influence[:, None], sample.positions, noise.rho)[:, 0, 0]
    return float(noise.weight @ (noise.variance[0] * forms))


@dataclass(frozen=True, slots=True)
class Performance:
    """Ratios of a reporting period.

    Attributes
    ----------
    senpi
        Actual over adjusted baseline energy.
    improvement
        1 - SEnPI, the relative saving.
    half_width
        Of both, at the confidence asked for.
    """

    senpi: float
    improvement: float
    half_width: float


def performance(avoided: AvoidedEnergy, confidence: float) -> Performance:
    """SEnPI of avoided energy; its band is the saving's over the adjusted baseline.

    Raises
    ------
    AnalyticsError
        When the adjusted baseline is not positive.
    """
    adjusted = float(avoided.adjusted.sum())
    if adjusted <= 0:
        raise AnalyticsError(f"an adjusted baseline of {adjusted:g} gives no ratio")
    improvement = float(avoided.cumulative[-1]) / adjusted
    return Performance(1.0 - improvement, improvement, float(avoided.band.whole.half_width(confidence)[0]) / adjusted)


@dataclass(frozen=True, slots=True)
class Intensity:
    """Energy per unit of product (원단위), before and after.

    Attributes
    ----------
    before, after
        Σ energy / Σ units of each period [energy per unit].
    adjusted
        The old machine's at the reporting period's output: base load spreads over other numbers of units.
    """

    before: float
    after: float
    adjusted: float

    @property
    def change(self) -> float:
        """After over before less 1: what a ledger shows."""
        return self.after / self.before - 1.0

    @property
    def adjusted_change(self) -> float:
        """After over adjusted less 1: what the machine did."""
        return self.after / self.adjusted - 1.0


def intensity(energy: Floats, units: Floats, new_energy: Floats, new_units: Floats, adjusted: Floats) -> Intensity:
    """Energy per unit of both periods.

    Parameters
    ----------
    energy, units, new_energy, new_units
        Of the baseline and of the reporting period, by interval, shapes (n,) and (m,).
    adjusted
        The old machine's energy at the reporting period's drivers, shape (m,).

    Raises
    ------
    AnalyticsError
        When a period made nothing.
    """
    made, new_made = float(units.sum()), float(new_units.sum())
    if made <= 0 or new_made <= 0:
        raise AnalyticsError("a period without production has no energy per unit")
    return Intensity(float(energy.sum()) / made, float(new_energy.sum()) / new_made, float(adjusted.sum()) / new_made)


def cusum(expected: Floats, actual: Floats) -> Floats:
    """Running Σ(ŷ - y), shape (meters, times) or (times,); intervals that are unknown add nothing."""
    total: Floats = np.cumsum(np.nan_to_num(expected - actual), axis=-1, dtype=np.float64)
    return total


@dataclass(frozen=True, slots=True)
class PeakChange:
    """Peak demand of two periods [energy per hour].

    Attributes
    ----------
    before, after
        Means of the daily peaks; the band of a single highest quarter hour cannot be known.
    highest_before, highest_after
        The highest quarter hours themselves, as billed.
    estimate
        before - after with its band; peaks of days are taken as independent.
    """

    before: float
    after: float
    highest_before: float
    highest_after: float
    estimate: Estimate


def peak_change(demand: Floats, new_demand: Floats) -> PeakChange:
    """Change of peak demand, Welch's difference of the mean daily peaks.

    Parameters
    ----------
    demand, new_demand
        Interval demand by day, shape (days, intervals); NaN where unknown; a day without any value is left out.

    Raises
    ------
    TooFewIntervalsError
        With fewer than two days on either side.
    """
    peaks = [np.nanmax(part[~np.isnan(part).all(axis=1)], axis=1) for part in (demand, new_demand)]
    if min(len(part) for part in peaks) < 2:
        raise TooFewIntervalsError("peak demand needs two days on each side")
    errors = [float(part.var(ddof=1)) / len(part) for part in peaks]
    spread = sum(error**2 / (len(part) - 1) for error, part in zip(errors, peaks, strict=True))
    freedom = sum(errors) ** 2 / spread if spread > 0 else float(len(peaks[0]) + len(peaks[1]) - 2)
    means = [float(part.mean()) for part in peaks]
    return PeakChange(
        means[0],
        means[1],
        float(peaks[0].max()),
        float(peaks[1].max()),
        Estimate(means[0] - means[1], sum(errors) ** 0.5, freedom),
    )
