"""The saving with its band, what the band was checked on, and what could have been shown.

Energies are kWh, times [ms since 1970-01-01 UTC], percentages are of the adjusted baseline.
"""

from __future__ import annotations

import msgspec

from evaluation.worth import Figure


class Saving(msgspec.Struct, frozen=True):
    """Avoided energy of the usable reporting intervals with its band at `confidence` (two-sided).

    Parameters
    ----------
    kwh, low, high
        The saving and the band's ends; negative is more energy than the old machine would have used.
    pct, pct_low, pct_high
        The same of the adjusted baseline; ``None`` where that is not positive.
    confidence
        Of the band, 0-1.
    actual_kwh, adjusted_kwh
        What was metered, and what the old machine would have used under the same conditions.
    error_kwh, freedom
        The band as a Student distribution: its scale, and the degrees of freedom by which it is `high` - `kwh` wide;
        ``None`` for the normal one. A portfolio adds up these.
    """

    kwh: float
    low: float
    high: float
    pct: float | None
    pct_low: float | None
    pct_high: float | None
    confidence: float
    actual_kwh: float
    adjusted_kwh: float
    error_kwh: float
    freedom: float | None


class Placebos(msgspec.Struct, frozen=True):
    """Replacements that never happened, evaluated inside the baseline: what the method shows where nothing was saved.

    Parameters
    ----------
    count
        How many were placed; none means that the band could not be checked.
    effective
        Independent ones among them (they overlap).
    share_pct
        The false saving of each [% of its own adjusted baseline]; ``None`` where that is not positive.
    widening
        Factor by which they widened the AR(1) band, at least 1.
    gap, length
        Intervals between the two parts of each, and in its reporting part.
    """

    count: int
    effective: float
    share_pct: list[float | None]
    widening: float
    gap: int
    length: int


class Cumulative(msgspec.Struct, frozen=True):
    """Saving from the start of the reporting window to the end of each usable interval; columns of equal length."""

    end_ms: list[int]
    kwh: list[float]
    low: list[float]
    high: list[float]


class Detectable(msgspec.Struct, frozen=True):
    """The smallest true saving these windows show with probability `power`, [kWh] and [% of adjusted baseline]."""

    kwh: float
    pct: float | None
    power: float


class BandBeside(msgspec.Struct, frozen=True):
    """The same saving's band at another confidence or as another method makes it; the verdict rests on none of these.

    Parameters
    ----------
    method
        ``calibrated``: the plan's own; ``ar1``: of the noise alone, without placebos or a slow part; ``hac``: Newey and
        West; ``bootstrap``: of blocks; ``ashrae``: ASHRAE Guideline 14 as CalTRACK publishes it.
    confidence
        0-1.
    low, high
        Its ends [kWh].
    """

    method: str
    confidence: float
    low: float
    high: float


class OtherForms(msgspec.Struct, frozen=True):
    """The saving as other rules report it, each with its band at the plan's confidence.

    Parameters
    ----------
    senpi
        Actual over adjusted baseline energy (SEP 50001).
    normalised_kwh, normalised_pct
        What the new machine, by a model of its own, would have saved under the baseline period's conditions, in kWh and
        of what was used there; ``None`` where the reporting period does not suffice for such a model.
    """

    senpi: Figure
    normalised_kwh: Figure | None = None
    normalised_pct: Figure | None = None


class PeakDemand(msgspec.Struct, frozen=True):
    """Peak demand by the quarter-hour [kW].

    Parameters
    ----------
    before, after
        Means of the daily peaks of each period.
    fell
        Their difference with its band at the plan's confidence; peaks of days are taken as independent.
    highest_before, highest_after
        The highest quarter-hours, as a bill knows them: without a band, for none can be known.
    """

    before: float
    after: float
    fell: Figure
    highest_before: float
    highest_after: float
