"""The sections of a review: what one load says of its shape, its standby, its energy per unit and its unusual days.

Energies are kWh, powers kW (means of a quarter-hour), money 원, shares per cent (0-100), times the start of an interval
[ms since 1970-01-01 UTC], days and hours those of the site's zone. A missing number is ``None``, never NaN.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec


class PeakDay(msgspec.Struct, frozen=True):
    """A day's highest quarter-hour: `day`, its start `at` [ms UTC], and its mean power [kW]."""

    day: dt.date
    at: int
    kw: float


class LoadDuration(msgspec.Struct, frozen=True):
    """Load duration curve, drawn from at most 101 points.

    Parameters
    ----------
    share_pct
        Share of the known time, 0, 1, … 100 [%], shape (points,). At 0 the peak, at 100 the least.
    kw
        Power that is reached or exceeded for that share of the time, falling, shape (points,).
    """

    share_pct: list[float]
    kw: list[float]


class Load(msgspec.Struct, frozen=True):
    """The shape of a load, from its known quarter-hours.

    Parameters
    ----------
    mean_kw
        Of the known quarter-hours.
    base_kw
        Base load: power that is reached or exceeded for 95 % of the known time.
    base_share_pct
        What of the energy that base load makes, had it run all the time [%].
    peak_kw, peak_at
        Highest quarter-hour (demand, 최대수요), and when it began [ms UTC].
    load_factor_pct
        Mean over peak [%] (부하율).
    peak_days
        The days with the highest peaks, highest first, at most ten.
    duration
        Load duration curve.
    at_site_peak_kw
        What this meter drew in the quarter-hour of the site's peak; ``None`` where it is not known.
    over_target
        Quarter-hours above the demand target; ``None`` without one. Only of the site.
    """

    mean_kw: float
    base_kw: float
    base_share_pct: float
    peak_kw: float
    peak_at: int
    load_factor_pct: float
    peak_days: list[PeakDay]
    duration: LoadDuration
    at_site_peak_kw: float | None = None
    over_target: int | None = None


DayKind = Literal["working", "saturday", "rest_day"]
"""A day of rest is a Sunday or, in Korea, a public holiday."""


class ShiftDays(msgspec.Struct, frozen=True):
    """One shift on days of one kind.

    Parameters
    ----------
    day
        Kind of the day that its turns begin on: a Friday's night shift stays Friday's until the morning.
    turns
        How many of them are known, wholly or in part.
    hours, kwh, mean_kw
        Known time [h], energy, and mean power.
    """

    day: DayKind
    turns: int
    hours: float
    kwh: float
    mean_kw: float


class ShiftUse(msgspec.Struct, frozen=True):
    """One shift, from `begin` to `end` ("08:00").

    Parameters
    ----------
    hours, kwh, share_pct, mean_kw
        Known time and energy, share of the known energy, mean power; of all days.
    days
        The same by kind of day; kinds of which nothing is known are left out.
    """

    begin: str
    end: str
    hours: float
    kwh: float
    share_pct: float | None
    mean_kw: float | None
    days: list[ShiftDays]


class Profile(msgspec.Struct, frozen=True):
    """When power is drawn.

    Parameters
    ----------
    week_kw
        Mean power by weekday (Monday first) and local hour, shape (7, 24) [kW]; ``None`` where nothing is known.
    hour_kw
        Mean power by local hour, every day alike, shape (24,) [kW].
    weekday_kwh
        Mean energy of a day by weekday, Monday first, of days known whole, shape (7,) [kWh].
    shifts
        In the order of the day.
    """

    week_kw: list[list[float | None]]
    hour_kw: list[float | None]
    weekday_kwh: list[float | None]
    shifts: list[ShiftUse]


class Idle(msgspec.Struct, frozen=True):
    """Standby: on, and making nothing (대기).

    Parameters
    ----------
    basis
        ``production``: a counter says when it makes something; ``two_levels``: its power falls into two levels.
    separation
        How well two levels explain the power, 0-1 (at least 0.75, or nothing is claimed); 1 where a counter told.
    hours, kwh
        Time and energy spent idle.
    share_pct
        Of the meter's known energy [%].
    cost
        Of that energy [원]; ``None`` without a price.
    idle_kw, producing_kw
        Medians of either; ``None`` where it never was.
    producing_hours, off_hours
        Time it made something, and time it drew at most 2 % of what it draws producing [h].
    """

    basis: Literal["production", "two_levels"]
    separation: float
    hours: float
    kwh: float
    share_pct: float | None
    cost: float | None
    idle_kw: float | None
    producing_kw: float | None
    producing_hours: float
    off_hours: float


class SpecificEnergy(msgspec.Struct, frozen=True):
    """Energy per unit made (원단위) of one product, in one shift or over all of the period.

    Parameters
    ----------
    product
        The device whose counter counts it.
    channel, unit
        Of that counter, e.g. ``production_count`` and ``1``, ``air_volume_m3`` and ``m³``.
    shift
        "08:00–16:00"; ``None`` for the whole period, standstills included.
    kwh, made
        Sums over the intervals that count. Of a shift: those of its turns in which this product, and none of the
        meter's others, was made; of the whole period: every known quarter-hour.
    kwh_per_unit, standard_error
        Ratio of the sums [kWh per unit]; the error is ``None`` for the whole period and with fewer than two turns.
    turns
        Turns (one shift of one day) that count; for the whole period: all that are known whole.
    """

    product: str
    channel: str
    unit: str
    shift: str | None
    kwh: float
    made: float
    kwh_per_unit: float | None
    standard_error: float | None
    turns: int


class Baseline(msgspec.Struct, frozen=True):
    """What days are held against.

    Parameters
    ----------
    first_day, last_day
        Both included.
    days
        Days of it that are known whole and were used.
    before
        Whether it lies before the period; else it is the period itself, and a lasting change is part of it.
    terms
        What the model explains a day's energy with, as words: ``saturday``, ``rest_day``, ``operating``, a device's
        ``production_count``, ``temperature``. A term that carried nothing is left out.
    sigma_kwh, sigma_pct
        How far the baseline's own days scatter around it (robust, one standard deviation) [kWh, % of their mean].
    day_limit
        So many standard deviations off, a day is unusual by itself: 5, more where its days show long tails.
    """

    first_day: dt.date
    last_day: dt.date
    days: int
    before: bool
    terms: list[str]
    sigma_kwh: float
    sigma_pct: float
    day_limit: float


class Anomaly(msgspec.Struct, frozen=True):
    """Days on which the energy is not what the baseline expects. A proposal: what it is, people say.

    Parameters
    ----------
    first_day, last_day
        Both included.
    kwh, expected_kwh, excess_kwh, excess_pct
        Energy of those days, what was expected, and the difference (above: positive), also in % of the expected.
    cost
        Of the excess [원]; negative where less was used; ``None`` without a price.
    strength
        Largest deviation in standard deviations: of a day, or of the chart of a creeping change.
    grade
        ``clear``: a day is off by the baseline's `day_limit` or more; ``likely``: by less.
    """

    first_day: dt.date
    last_day: dt.date
    kwh: float
    expected_kwh: float
    excess_kwh: float
    excess_pct: float | None
    cost: float | None
    strength: float
    grade: Literal["clear", "likely"]
