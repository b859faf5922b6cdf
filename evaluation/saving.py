"""The saving with its band, what the band was checked on, and what could have been shown.

Energies are kWh, times [ms since 1970-01-01 UTC], percentages are of the adjusted baseline.
"""

from __future__ import annotations

import msgspec


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
