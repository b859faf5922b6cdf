"""A plan's windows as they were metered, interval by interval, and the conditions they had.

Energies are kWh, times [ms since 1970-01-01 UTC]; a missing number is ``None``, never NaN.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from evaluation.findings import Period


class WindowResult(msgspec.Struct, frozen=True):
    """A window and how much of it can be used.

    Parameters
    ----------
    first_day, last_day
        Local dates, both included.
    start_ms, end_ms
        The same in time, end excluded.
    intervals
        Intervals of the plan's granularity in the window.
    usable
        Those with energy and every driver known.
    coverage
        Mean share of the time that energy readings cover, 0-1.
    flags
        How many intervals bear each mark of `analytics.Flag`, by its lower-case name.
    """

    first_day: dt.date
    last_day: dt.date
    start_ms: int
    end_ms: int
    intervals: int
    usable: int
    coverage: float
    flags: dict[str, int]


class Intervals(msgspec.Struct, frozen=True):
    """Every interval of the three windows, columns of equal length, starts rising.

    Parameters
    ----------
    start_ms, end_ms
        The interval.
    period
        The window it lies in.
    actual_kwh
        Metered energy; ``None`` where it is not known.
    adjusted_kwh
        The baseline model at this interval's drivers (in the baseline window: the fit); ``None`` without them.
    usable
        Whether it took part in the evaluation (installation intervals never do).
    flags
        Marks of `analytics.Flag` joined by ``,``; empty when there is none.
    drivers
        By driver name; ``None`` where not known.
    """

    start_ms: list[int]
    end_ms: list[int]
    period: list[Period]
    actual_kwh: list[float | None]
    adjusted_kwh: list[float | None]
    usable: list[bool]
    flags: list[str]
    drivers: dict[str, list[float | None]]


class DriverRange(msgspec.Struct, frozen=True):
    """Whether the reporting window's conditions were seen in the baseline.

    Parameters
    ----------
    name, unit
        The driver.
    baseline_low, baseline_high, reporting_low, reporting_high
        Ranges over usable intervals [`unit`]; ``None`` without any.
    outside
        Share of reporting intervals outside the baseline's range, 0-1.
    far_outside
        Share of those that lie beyond it by more than a tenth of its width.
    extrapolated_kwh
        Energy of the adjusted baseline that rests on the driver's effect beyond that range (sum of amounts).
    kwh_per_unit
        By how much the reporting period's adjusted baseline would rise if the driver read one unit more throughout it:
        what a sensor that drifted after the baseline is worth [kWh per `unit`]. Of a mean; else ``None``.
    """

    name: str
    unit: str
    baseline_low: float | None
    baseline_high: float | None
    reporting_low: float | None
    reporting_high: float | None
    outside: float | None
    extrapolated_kwh: float | None
    kwh_per_unit: float | None = None
    far_outside: float | None = None
