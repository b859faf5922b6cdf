"""What an evaluation found beside the saving itself: other models' answers, adjustments, proposals, checks."""

from __future__ import annotations

import datetime as dt
import enum

import msgspec

from evaluation.wording import Text


class Period(enum.StrEnum):
    """Which window of the plan an interval lies in."""

    BASELINE = "baseline"
    INSTALLATION = "installation"
    REPORTING = "reporting"


class Family(enum.StrEnum):
    """The families of models a plan may name."""

    MEAN = "mean"
    LINEAR = "linear"
    LEVELS = "levels"
    CHANGE_POINT = "change_point"
    TIME_OF_WEEK = "time_of_week"
    MACHINE = "machine"


class CandidateResult(msgspec.Struct, frozen=True):
    """One of the models that the plan names, and what the saving would be with it.

    Parameters
    ----------
    name, family, form, drivers
        As the plan names them; `form` is a change-point model's.
    chosen
        Whether the evaluation rests on it.
    rmse_kwh
        Root mean square error on stretches of the baseline held out whole [kWh per interval]; ``None`` when it could
        not predict them all.
    saving_kwh
        Avoided energy of the usable reporting intervals with it, declared adjustments included; ``None`` without any.
    refused
        Why it cannot be used with these data.
    """

    name: str
    family: Family
    form: str
    drivers: list[str]
    chosen: bool
    rmse_kwh: float | None
    saving_kwh: float | None
    refused: Text | None = None


class Spread(msgspec.Struct, frozen=True):
    """How far apart the candidates' answers lie. Which model is right is not in the band.

    Parameters
    ----------
    rule
        ``held_out`` or ``first``: how the plan has one chosen.
    folds
        Stretches of the baseline that were held out.
    lowest_kwh, highest_kwh
        Smallest and largest saving of any candidate; ``None`` before the reporting period.
    beyond_band
        Whether one of them lies outside the chosen model's band.
    """

    rule: str
    folds: int
    lowest_kwh: float | None
    highest_kwh: float | None
    beyond_band: bool


class AdjustmentResult(msgspec.Struct, frozen=True):
    """A declared non-routine adjustment as it counts in the saving.

    Parameters
    ----------
    first_day, last_day, reason
        As the plan says.
    kwh, error_kwh
        Added to the adjusted baseline over the usable intervals, and its standard error.
    """

    first_day: dt.date
    last_day: dt.date
    reason: str
    kwh: float
    error_kwh: float


class EventResult(msgspec.Struct, frozen=True):
    """Something for people to look at: proposed, never applied.

    Parameters
    ----------
    period
        The window it lies in.
    kind
        ``outlier``: far from what the model expects; ``step``: the level changed and stayed; ``unusual``: metered
        energy out of line with its like (same day of the week, same operation).
    start_ms, end_ms
        From the beginning of its first interval to the end of its last.
    kwh
        Excess over what was expected (of an ``unusual`` one: over the median of its like), or by how much a step
        changed the level [kWh per interval; per day where intervals are shorter].
    strength
        `kwh` over its own deviation.
    """

    period: Period
    kind: str
    start_ms: int
    end_ms: int
    kwh: float
    strength: float


class CounterCheck(msgspec.Struct, frozen=True):
    """The energy counter held against the integrated power of the same meter.

    Parameters
    ----------
    ratio
        Counted energy over integrated power; ``None`` without an interval known in both.
    intervals, apart
        Intervals compared, and how many of them differ by more than `tolerance`.
    tolerance
        Share by which they may differ.
    agrees
        Whether all of them together differ by no more than that, or by no more than three standard errors where the
        power was read too seldom to be integrated that well.
    """

    ratio: float | None
    intervals: int
    apart: int
    tolerance: float
    agrees: bool


class Check(msgspec.Struct, frozen=True):
    """One thing the data must be to carry a verdict.

    Parameters
    ----------
    code
        Stable word for programs, e.g. ``baseline_usable``.
    name
        What is looked at.
    found, limit
        What there is and what is asked for, with their units.
    passed
        Whether it suffices; ``None`` for one that nothing is asked of.
    """

    code: str
    name: Text
    found: Text
    limit: Text
    passed: bool | None


class IntensityResult(msgspec.Struct, frozen=True):
    """Energy per unit of what one driver counts [kWh per `unit`].

    Parameters
    ----------
    driver, unit
        What is counted, and in what; the unit is ``1`` for pieces.
    before, after
        Energy over units in the usable intervals of each period.
    adjusted
        What the old machine would have needed at the reporting period's drivers: the base load of a period spreads over
        its own output.
    change_pct, adjusted_change_pct
        After against before, and after against adjusted: only the second is what the machine did.
    """

    driver: str
    unit: str
    before: float
    after: float
    adjusted: float
    change_pct: float
    adjusted_change_pct: float


class WorkResult(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of work that no model of the plan uses, and what its change is worth.

    Parameters
    ----------
    device, channel, aggregate, state
        Where it is read, and how: as a driver's; `state` is the value whose hours are counted.
    bound
        Whether it is read at the plan's meter or at a device that the plan names; else it is another one of the site.
    follows
        Whether the baseline's energy surely follows it beyond what the model knows.
    error_share
        What is left of the model's error on the baseline with it, 0-1.
    change_pct, change_low_pct, change_high_pct
        By how much the reporting period had more of it than its own course in the baseline, told by the same model,
        says; with the band of that at the plan's confidence [%].
    kwh_per_pct
        What 1 % more of it is worth in the reporting period [kWh].
    kwh, low, high
        The saving with it among the drivers, and its band [kWh].
    """

    device: str
    channel: str
    aggregate: str
    state: int | None
    bound: bool
    follows: bool
    error_share: float
    change_pct: float
    change_low_pct: float
    change_high_pct: float
    kwh_per_pct: float
    kwh: float
    low: float
    high: float
