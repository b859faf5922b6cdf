"""Avoided energy: the old machine's expected use less the new one's use, and the band of that.

The estimand is the difference of the machines' expected energies at the drivers met, so the blur is the error of the
baseline model and the scatter of the machine that really ran. What the old machine would have scattered is nobody's
saving and is not in the band.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from analytics.band import Band, saving_band
from analytics.errors import TooFewIntervalsError
from analytics.noise import Noise, Sample, estimate_noise
from analytics.placebo import Calibration, Project, calibrate, calibrated_band, place
from analytics.registers import Floats, Times
from analytics.regression import LinearModel, fit_linear

_OWN_FREEDOM = 10
"""Degrees of freedom the reporting period needs before its own scatter is estimated instead of the baseline's taken."""


class BandMethod(enum.Enum):
    """How the band is made."""

    AR1 = "exact AR(1)"
    PLACEBO = "placebo-calibrated"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One adjustment of the baseline.

    Attributes
    ----------
    reason
        Why, in words; it may not be empty.
    energy
        What is added to the adjusted baseline in each reporting interval, shape (intervals,); negative takes off: a
        consumer that came to the meter raises the baseline, one that left lowers it.
    error
        Standard error of `energy`, wrong in the same direction throughout, shape (intervals,).
    """

    reason: str
    energy: Floats
    error: Floats


@dataclass(frozen=True, slots=True)
class AvoidedEnergy:
    """Saving of a reporting period.

    Attributes
    ----------
    adjusted, saving
        Adjusted baseline, and it less the actual energy, by interval, shape (intervals,) [energy].
    cumulative
        Running sum of `saving`.
    band
        Distribution of the error of `cumulative`.
    noise
        What the band rests on.
    own_scatter
        Whether the reporting period's scatter is its own (else it is taken to be the baseline's).
    calibration
        What the placebos showed, of a placebo-calibrated band; when it is not `supported`, `band` is the noise's and
        no claim may rest on it.
    adjustments
        Non-routine ones, from `analytics.adjust`; `adjusted`, `saving`, `cumulative` and `band` have them in.
    """

    adjusted: Floats
    saving: Floats
    cumulative: Floats
    band: Band
    noise: Noise
    own_scatter: bool
    calibration: Calibration | None = None
    adjustments: tuple[Adjustment, ...] = ()


def avoided_energy(
    model: LinearModel,
    baseline_drivers: Floats,
    baseline_positions: Times,
    drivers: Floats,
    energy: Floats,
    positions: Times,
    *,
    method: BandMethod = BandMethod.AR1,
    refit: Project | None = None,
) -> AvoidedEnergy:
    """Adjusted baseline less actual energy, by interval and cumulated, with its band.

    Parameters
    ----------
    model
        Fitted on the baseline.
    baseline_drivers, baseline_positions
        What it was fitted on, shapes (n, drivers) and (n,); positions are whole intervals of real time since any
        origin common to both periods, strictly rising; gaps and days left out are simply absent.
    drivers, energy, positions
        The reporting period, shapes (m, drivers), (m,), (m,).
    method
        Of the band.
    refit
        How placebos refit a model that is more than least squares on its columns (one whose knots are searched).

    Raises
    ------
    TooFewIntervalsError
        When either period is empty.
    ValueError
        When a value is not finite or positions do not rise.
    """
    if len(energy) == 0 or len(model.fitted) == 0:
        raise TooFewIntervalsError("no interval to compare; both periods need usable data")
    if not (np.isfinite(drivers).all() and np.isfinite(energy).all()):
        raise ValueError("drivers and energy must be finite; leave unusable intervals out")
    baseline = _sample(model, baseline_drivers, baseline_positions)
    adjusted = model.predict(drivers)
    samples = [baseline]
    if len(energy) - model.parameters >= _OWN_FREEDOM:
        own = fit_linear(drivers, energy, model.names, model.chosen)
        samples.append(_sample(own, drivers, positions))
    placebo = method is BandMethod.PLACEBO
    noise = estimate_noise(samples, scales=2 if placebo else 1)
    band = saving_band(noise, baseline, model.design(drivers), positions)
    calibration = None
    if placebo:
        gap, length = int(positions[0] - baseline_positions[-1]) - 1, int(positions[-1] - positions[0]) + 1
        placebos = place(baseline_positions, gap=gap, length=length, parameters=model.parameters)
        calibration = calibrate(noise, baseline, placebos, refit)
        band = calibrated_band(band, calibration)
    saving = adjusted - energy
    return AvoidedEnergy(
        adjusted=adjusted,
        saving=saving,
        cumulative=np.cumsum(saving),
        band=band,
        noise=noise,
        own_scatter=len(samples) > 1,
        calibration=calibration,
    )


def _sample(model: LinearModel, drivers: Floats, positions: Times) -> Sample:
    return Sample(model.design(drivers), model.fitted + model.residuals, positions)


def detectable_saving(
    model: LinearModel,
    baseline_drivers: Floats,
    baseline_positions: Times,
    intervals: int,
    *,
    confidence: float,
    power: float = 0.8,
    gap: int = 1,
    method: BandMethod = BandMethod.AR1,
) -> float:
    """Smallest true saving that reporting `intervals` under the baseline's own conditions shows with `power`.

    It is shown when the band's lower end lies above zero, so it must exceed the band's half width by the error's
    `power` quantile. The reporting period repeats the baseline's drivers in their order and its scatter, so this can be
    said before the purchase.

    Parameters
    ----------
    model, baseline_drivers, baseline_positions
        As in `avoided_energy`.
    intervals
        Length of the reporting period, at least 1.
    confidence
        Of the two-sided band, 0-1.
    power
        Probability of showing it, from 0.5 up.
    gap
        Intervals between the two periods.
    method
        Of the band that will have to show it.

    Returns
    -------
    float
        [energy].

    Raises
    ------
    ValueError
        When no interval is planned, or `confidence` or `power` is out of range.
    """
    if intervals < 1:
        raise ValueError(f"a reporting period of {intervals} intervals shows nothing; one or more are needed")
    baseline = _sample(model, baseline_drivers, baseline_positions)
    noise = estimate_noise([baseline], scales=2 if method is BandMethod.PLACEBO else 1)
    repeated = np.arange(intervals) % len(baseline_drivers)
    positions = baseline_positions[-1] + gap + np.arange(1, intervals + 1)
    band = saving_band(noise, baseline, model.design(baseline_drivers)[repeated], positions).whole
    if method is BandMethod.PLACEBO:
        placebos = place(baseline_positions, gap=gap, length=intervals, parameters=model.parameters)
        band = calibrated_band(band, calibrate(noise, baseline, placebos))
    return float(band.half_width(confidence)[-1] + band.quantile(power)[-1])
