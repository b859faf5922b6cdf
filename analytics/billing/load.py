"""A load in quarter hours of local time, and the bands its hours fall into."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.billing.tariff import SEASON_OF_MONTH, Bands, Floats, LoadBand, Tariff
from analytics.errors import AnalyticsError

QUARTERS = 96
_SATURDAY, _SUNDAY = 5, 6
Bools = npt.NDArray[np.bool_]
Seasons = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Load:
    """Metered energy of whole days.

    Attributes
    ----------
    first
        The first day.
    energy
        Taken from the grid per quarter hour of local time, shape (days, 96) [kWh]; NaN where it is not known.
    holidays
        Public holidays that the tariff treats as Sundays.
    """

    first: dt.date
    energy: Floats
    holidays: frozenset[dt.date] = frozenset()

    def __post_init__(self) -> None:
        if self.energy.ndim != 2 or self.energy.shape[1] != QUARTERS:
            raise AnalyticsError(f"a load has the shape (days, {QUARTERS}), not {self.energy.shape}")
        if (self.energy < 0).any() or np.isinf(self.energy).any():
            raise AnalyticsError(
                "a load is what was taken from the grid: finite, 0 or more; what was given to it is not in it"
            )

    @property
    def last(self) -> dt.date:
        """The last day."""
        return self.first + dt.timedelta(len(self.energy) - 1)

    def part(self, first: dt.date, last: dt.date) -> Load:
        """The days from `first` to `last`, both included.

        Raises
        ------
        AnalyticsError
            When it does not hold them all.
        """
        if first > last or first < self.first or last > self.last:
            raise AnalyticsError(f"the load covers {self.first} to {self.last}, not {first} to {last}")
        start = (first - self.first).days
        return Load(first, self.energy[start : start + (last - first).days + 1], self.holidays)

    def with_energy(self, energy: Floats) -> Load:
        """The same days with other energy, of the same shape [kWh]."""
        return Load(self.first, energy.reshape(self.energy.shape), self.holidays)

    @property
    def days(self) -> list[dt.date]:
        """Its days."""
        return [self.first + dt.timedelta(index) for index in range(len(self.energy))]

    @property
    def seasons(self) -> Seasons:
        """Season of each day, shape (days,)."""
        return np.array([SEASON_OF_MONTH[day.month - 1] for day in self.days], dtype=np.int8)

    @property
    def restful(self) -> Bools:
        """Whether a day is a Sunday or a public holiday, shape (days,)."""
        return np.array([day.weekday() == _SUNDAY or day in self.holidays for day in self.days], dtype=np.bool_)

    @property
    def saturday(self) -> Bools:
        """Whether a day is a Saturday, shape (days,)."""
        return np.array([day.weekday() == _SATURDAY for day in self.days], dtype=np.bool_)


def load_bands(tariff: Tariff, load: Load) -> Bands:
    """Band of every hour, shape (days, 24), as `LoadBand` numbers.

    Raises
    ------
    NotInForceError
        When no hours are known for a day.
    """
    if tariff.hours is None:
        return np.full((len(load.energy), 24), LoadBand.MID, dtype=np.int8)
    bands = np.stack([tariff.hours.at(day).value[season] for day, season in zip(load.days, load.seasons, strict=True)])
    bands = np.where(load.saturday[:, None], np.minimum(bands, LoadBand.MID), bands)
    found: Bands = np.where(load.restful[:, None], LoadBand.LIGHT, bands).astype(np.int8)
    return found


def discount_shares(tariff: Tariff, load: Load) -> Floats:
    """Share of the energy price that is let off, shape (days, 24); of several the largest."""
    shares = np.zeros((len(load.energy), 24))
    off_days = load.restful | load.saturday
    for discount in tariff.discounts:
        within = np.array([discount.first <= day <= discount.last for day in load.days], dtype=np.bool_)
        days = off_days & within & np.isin(load.seasons, list(discount.seasons))
        hours = slice(discount.start_hour, discount.end_hour)
        shares[days, hours] = np.maximum(shares[days, hours], discount.share)
    return shares
