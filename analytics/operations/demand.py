"""Where the running demand window will end, said while there is still time to act.

Demand is billed as the mean power of a fixed window (15 minutes in Korea). At every moment within it, part is measured;
the rest is foretold to go on as in the last minutes. What that missed on past windows, at the same moment of them and
as a share of their mean so far, is the band: a factory whose load jumps gets a wide one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import AnalyticsError, TooFewIntervalsError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DemandForecast:
    """What past windows showed.

    Attributes
    ----------
    recent
        Measurements that count as the last minutes.
    errors
        What the rule missed each past window's mean by after so many measurements, as a share of its mean so far,
        sorted, shape (steps, windows).
    """

    recent: int
    errors: Floats

    @property
    def steps(self) -> int:
        """Measurements in a window."""
        return len(self.errors)


@dataclass(frozen=True, slots=True)
class Foretold:
    """A running window's mean at its end, and the band of it [power]."""

    value: float
    low: float
    high: float


def fit_demand_forecast(power: Floats, *, recent: int) -> DemandForecast:
    """Learn from past windows how far the rule goes astray.

    Parameters
    ----------
    power
        Evenly measured power, one row per window, shape (windows, steps) [kW]. Rows with NaN, and windows without load,
        are left out.
    recent
        Measurements that count as the last minutes; five minutes are a good choice.

    Raises
    ------
    TooFewIntervalsError
        Without a single whole window.
    AnalyticsError
        When `recent` is not positive.
    """
    if recent < 1:
        raise AnalyticsError(f"the last {recent} measurements are none")
    good = power[~np.isnan(power).any(axis=1) & (power.mean(axis=1) > 0)]
    if not len(good):
        raise TooFewIntervalsError(f"{len(power)} windows hold no whole one to learn from")
    steps = power.shape[1]
    errors = np.zeros((steps, len(good)))
    for elapsed in range(1, steps):
        so_far = np.maximum(good[:, :elapsed].mean(axis=1), np.finfo(float).tiny)
        value = _value(good[:, :elapsed], steps, recent)
        errors[elapsed] = np.sort((good.mean(axis=1) - value) / so_far)
    return DemandForecast(recent, errors)


def foretell_demand(forecast: DemandForecast, so_far: Floats, *, confidence: float = 0.9) -> Foretold:
    """Mean power at the end of the running window.

    Parameters
    ----------
    so_far
        What was measured of it, shape (elapsed,), from one measurement to all of them [kW].
    confidence
        Of the band, 0-1.

    Raises
    ------
    AnalyticsError
        With no measurement, or more than a window has.
    """
    elapsed = len(so_far)
    if not 0 < elapsed <= forecast.steps:
        raise AnalyticsError(f"{elapsed} of {forecast.steps} measurements; at least one and at most all are needed")
    measured = float(so_far.mean())
    if elapsed == forecast.steps:
        return Foretold(measured, measured, measured)
    value = float(_value(so_far[None], forecast.steps, forecast.recent)[0])
    low, high = np.quantile(forecast.errors[elapsed], [(1 - confidence) / 2, (1 + confidence) / 2])
    return Foretold(value, value + float(low) * measured, value + float(high) * measured)


def power_left(target: float, so_far: Floats, steps: int) -> float:
    """Mean power the rest of the window may have so that its mean does not pass `target` [kW]; negative: it will."""
    elapsed = len(so_far)
    if not 0 <= elapsed < steps:
        raise AnalyticsError(f"{elapsed} of {steps} measurements taken; nothing is left to steer")
    return float((target * steps - so_far.sum()) / (steps - elapsed))


def _value(so_far: Floats, steps: int, recent: int) -> Floats:
    """What is measured, and the last minutes for the rest; shape (windows,)."""
    elapsed = so_far.shape[1]
    rest = so_far[:, -recent:].mean(axis=1)
    value: Floats = (so_far.sum(axis=1) + rest * (steps - elapsed)) / steps
    return value
