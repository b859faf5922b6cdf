"""A time-of-use tariff as dated data: what is in force on a day is looked up, never assumed.

Terms are those of KEPCO's 기본공급약관: light, mid and peak load (경부하, 중간부하, 최대부하), billing demand
(요금적용전력), power factor (역률). Every number of them is an argument.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from analytics.errors import AnalyticsError, NotInForceError

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
Bands = npt.NDArray[np.int8]


class Season(enum.IntEnum):
    """Seasons of the prices: 여름, 봄·가을, 겨울."""

    SUMMER = 0
    SPRING_FALL = 1
    WINTER = 2


class LoadBand(enum.IntEnum):
    """Load bands of the hours: 경부하, 중간부하, 최대부하."""

    LIGHT = 0
    MID = 1
    PEAK = 2


SEASON_OF_MONTH: Final = (
    *[Season.WINTER] * 2, *[Season.SPRING_FALL] * 3, *[Season.SUMMER] * 3, *[Season.SPRING_FALL] * 2,
    *[Season.WINTER] * 2,
)  # fmt: skip
"""By month, January first: summer is June to August, winter November to February."""


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A value in force from `since` on, known to be so until `verified_until`; None is for good."""

    since: dt.date
    value: T
    verified_until: dt.date | None = None

    def verified(self, day: dt.date) -> bool:
        """Whether it is known, not only supposed, to be in force on a day."""
        return self.verified_until is None or day <= self.verified_until


@dataclass(frozen=True, slots=True)
class Timeline(Generic[T]):
    """Values one after another, by their first day; `name` is what they are, for messages."""

    name: str
    entries: tuple[Dated[T], ...]

    def __post_init__(self) -> None:
        days = [entry.since for entry in self.entries]
        if days != sorted(set(days)):
            raise AnalyticsError(f"{self.name}: the days from which they hold must rise; they are {days}")

    def at(self, day: dt.date) -> Dated[T]:
        """What is in force on a day.

        Raises
        ------
        NotInForceError
            When the first entry begins later.
        """
        found = [entry for entry in self.entries if entry.since <= day]
        if not found:
            first = f"the first known holds from {self.entries[0].since}" if self.entries else "none is known"
            raise NotInForceError(f"{self.name}: nothing is known for {day}; {first}. Add what was in force then")
        return found[-1]

    def spans(self, first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date, Dated[T]]]:
        """The days from `first` to `last` cut where the value changes: first day, last day, what is in force."""
        while first <= last:
            entry = self.at(first)
            later = [other.since for other in self.entries if first < other.since <= last]
            end = later[0] - dt.timedelta(1) if later else last
            yield first, end, entry
            first = end + dt.timedelta(1)


@dataclass(frozen=True, slots=True)
class Prices:
    """Base price [원 per kW and month] and energy prices [원/kWh], shape (3 seasons, 3 bands)."""

    base: float
    energy: Floats


@dataclass(frozen=True, slots=True)
class Discount:
    """Part of the energy price let off in some hours of Saturdays, Sundays and holidays.

    Attributes
    ----------
    first, last
        Days on which it holds.
    seasons
        In which.
    start_hour, end_hour
        Local time, half-open.
    share
        Of the energy price, 0-1.
    """

    first: dt.date
    last: dt.date
    seasons: frozenset[Season]
    start_hour: int
    end_hour: int
    share: float


@dataclass(frozen=True, slots=True)
class PowerFactorRule:
    """How the power factor moves the base charge.

    Attributes
    ----------
    target, ceiling, floor
        Of the lagging power factor by day [%]: neutral point, best and worst that count.
    leading_target, leading_floor
        Of the leading one by night [%]: below the target there is a penalty, never a credit.
    share_per_point
        Of the base charge per percentage point, e.g. 0.002.
    day_start_hour, day_end_hour
        The day, local time; the rest is night.
    """

    target: float
    ceiling: float
    floor: float
    leading_target: float
    leading_floor: float
    share_per_point: float
    day_start_hour: int = 8
    day_end_hour: int = 22


@dataclass(frozen=True, slots=True)
class DemandRule:
    """What the base price is multiplied with.

    Attributes
    ----------
    months
        Months whose peaks count for a year (the current month always counts).
    floor
        Least billing demand as a share of the contract power.
    metered
        False where demand is not metered: then the contract power is billed.
    excess_factors
        Multiples of the base price for demand above the contract power: in the first month of it, the second, …; the
        last one repeats.
    """

    months: frozenset[int]
    floor: float
    metered: bool = True
    excess_factors: tuple[float, ...] = (0.0, 1.5)


@dataclass(frozen=True, slots=True)
class Tariff:
    """Everything a contract's bill follows from.

    Attributes
    ----------
    name
        For messages, e.g. ``산업용(을) 고압A 선택Ⅱ``.
    prices
        Base and energy.
    hours
        Bands of a working day, shape (3 seasons, 24). On Saturdays peak counts as mid, on Sundays and public holidays
        every hour as light. A contract of one price all day (갑Ⅰ) has none: every hour is its mid band.
    discounts
        Hours that are cheaper for a while.
    demand
        How billing demand is found.
    power_factor
        How the power factor counts.
    adjustments
        Prices per kWh beside the energy price [원/kWh], such as fuel and climate, each under its name.
    fund, vat
        Shares of the electricity charge.
    """

    name: str
    prices: Timeline[Prices]
    hours: Timeline[Bands] | None
    demand: DemandRule
    power_factor: Timeline[PowerFactorRule]
    adjustments: tuple[Timeline[float], ...]
    fund: Timeline[float]
    vat: Timeline[float]
    discounts: tuple[Discount, ...] = ()
