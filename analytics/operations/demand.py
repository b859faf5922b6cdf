"""Where the running demand window will end, said while there is still time to act.

Demand is billed as the mean power of a fixed window (15 minutes in Korea). At every moment within it, part is measured;
the rest is foretold to go on as in the last minutes. What that missed on past windows, at the same moment of them and
as a share of their mean so far, is the band: a factory whose load jumps gets a wide one. Windows at rest so far are
held against their like, in kW: what starts up then is no share of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import AnalyticsError, TooFewIntervalsError

Floats = npt.NDArray[np.float64]

_AT_REST = 0.1
"""Share of the past windows' mean power under which a window is at rest so far."""


@dataclass(frozen=True, slots=True)
class DemandForecast:
    """What past windows showed.

    Attributes
    ----------
    recent
        Measurements that count as the last minutes.
    errors
        What the rule missed each past window's mean by after so many measurements, as a share of its mean so far,
        sorted, shape (steps, windows); NaN, last, for those at rest so far.
    resting
        The same of windows at rest so far [kW]; NaN, last, for the others.
    rest
        Mean so far below which a window is at rest [kW].
    """

    recent: int
    errors: Floats
    resting: Floats
    rest: float

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
        Evenly measured power, one row per window, shape (windows, steps) [kW]. Rows with NaN are left out.
    recent
        Measurements that count as the last minutes; five minutes are a good choice.

    Raises
    ------
    TooFewIntervalsError
        Without a single whole window with a load.
    AnalyticsError
        When `recent` is not positive.
    """
    if recent < 1:
        raise AnalyticsError(f"the last {recent} measurements are none")
    good = power[~np.isnan(power).any(axis=1)]
    whole = good.mean(axis=1)
    if not (whole > 0).any():
        raise TooFewIntervalsError(f"{len(power)} windows hold no whole one to learn from")
    steps, rest = power.shape[1], _AT_REST * float(whole[whole > 0].mean())
    errors, resting = np.zeros((2, steps, len(good)))
    for elapsed in range(1, steps):
        so_far = good[:, :elapsed].mean(axis=1)
        missed = whole - _value(good[:, :elapsed], steps, recent)
        errors[elapsed] = np.sort(np.where(so_far < rest, np.nan, missed / np.maximum(so_far, rest)))
        resting[elapsed] = np.sort(np.where(so_far < rest, missed, np.nan))
    return DemandForecast(recent, errors, resting, rest)


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
    kinds = [(forecast.errors[elapsed], max(measured, forecast.rest)), (forecast.resting[elapsed], 1.0)]
    # Where no past window was like this one at this moment, the others have to do.
    likely = reversed(kinds) if measured < forecast.rest else kinds
    past, by = next((past, by) for past, by in likely if not np.isnan(past[0]))
    known = past[: np.count_nonzero(~np.isnan(past))]
    low, high = by * np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Foretold(value, value + float(low), value + float(high))


def power_left(target: float, so_far: Floats, steps: int) -> float:
    """Mean power the rest of the window may have so that its mean does not pass `target` [kW]; negative: it will.

    Parameters
    ----------
    so_far
        What was measured of it, shape (elapsed,) [kW].
    steps
        Measurements in a window.

    Raises
    ------
    AnalyticsError
        When the window is over.
    """
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
