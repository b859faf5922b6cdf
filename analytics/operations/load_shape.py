"""The shape of a load: how long it lies above what, what is always there, and on which days it peaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import TooFewIntervalsError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LoadDuration:
    """Load duration curve: `power` falls [kW], `share` is the share of known time it is reached or exceeded, 0-1."""

    power: Floats
    share: Floats

    def at(self, share: float) -> float:
        """Power that is reached or exceeded for this share of the time [kW]."""
        return float(np.interp(share, self.share, self.power))


def load_duration(power: Floats) -> LoadDuration:
    """Sort a load, shape (times,), NaN where not known; all intervals are equally long.

    Raises
    ------
    TooFewIntervalsError
        When nothing is known.
    """
    known = np.sort(power[~np.isnan(power)])[::-1]
    if not len(known):
        raise TooFewIntervalsError("no interval of the load is known")
    return LoadDuration(known, np.arange(1, len(known) + 1) / len(known))


def base_load(demand: Floats, *, share: float = 0.05) -> Floats:
    """Power that is there all but `share` of the time, shape (meters,) for (meters, times) [kW]; NaN without data.

    A low quantile instead of the minimum: one outage is no base load.
    """
    load = np.atleast_2d(demand)
    found = np.full(len(load), np.nan)
    rows = ~np.isnan(load).all(axis=1)
    if rows.any():
        found[rows] = np.nanquantile(load[rows], share, axis=1)
    return found


@dataclass(frozen=True, slots=True)
class PeakDay:
    """A day's highest demand [kW], and in which of its intervals."""

    day: int
    interval: int
    demand: float


def peak_days(demand: Floats, count: int = 10) -> list[PeakDay]:
    """The days with the highest peaks, highest first; of equal ones the earlier.

    Parameters
    ----------
    demand
        By day, shape (days, intervals) [kW]; NaN where not known. A day without any value is left out.
    """
    filled = np.where(np.isnan(demand), -np.inf, demand)
    intervals = np.argmax(filled, axis=1)
    peaks = filled[np.arange(len(filled)), intervals]
    order = np.argsort(-peaks, kind="stable")
    return [
        PeakDay(int(day), int(intervals[day]), float(peaks[day])) for day in order[:count] if np.isfinite(peaks[day])
    ]
