"""What an evaluation says: plain structures that `msgspec.json` encodes; a missing number is ``None``, never NaN.

Energies are kWh, times [ms since 1970-01-01 UTC], percentages are of the adjusted baseline.
"""

from __future__ import annotations

import datetime as dt
import enum

import msgspec

from analytics import Grade
from evaluation.findings import (
    AdjustmentResult,
    CandidateResult,
    Check,
    CounterCheck,
    EventResult,
    Family,
    IntensityResult,
    Period,
    Spread,
)
from evaluation.wording import Text
from evaluation.worth import Worth


class Verdict(enum.StrEnum):
    """The three words an evaluator may say."""

    PROVEN = "proven"
    NOT_PROVEN = "not_proven"
    NOT_PROVABLE = "not_provable"

    @property
    def ko(self) -> str:
        """The word in Korean."""
        return {"proven": "입증", "not_proven": "미입증", "not_provable": "판정불가"}[self.value]

    @property
    def en(self) -> str:
        """The word in English."""
        return {"proven": "proven", "not_proven": "not proven", "not_provable": "not provable"}[self.value]


class Reason(msgspec.Struct, frozen=True):
    """Why the verdict is what it is.

    Parameters
    ----------
    code
        Stable word for programs, e.g. ``baseline_coverage``.
    text
        The reason.
    cure
        What would change it; ``None`` where nothing needs to.
    doubt
        Whether it decided nothing and should still be weighed.
    """

    code: str
    text: Text
    cure: Text | None = None
    doubt: bool = False


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


class Coefficient(msgspec.Struct, frozen=True):
    """One term of the baseline model.

    Parameters
    ----------
    name
        Driver name, or ``intercept``.
    value
        Energy per unit of the driver [`unit`].
    unit
        E.g. ``kWh/day per °C``.
    dropped
        Why the term is not in the model (``constant``, ``collinear``, ``not_chosen``); empty for a term that is.
    driver
        The driver it is made from; empty for the intercept, a group of the calendar and a product of drivers.
    part
        Which part of the driver (``> 14.2 °C``) or which group of the calendar (``Mon 06:00 ~``).
    """

    name: str
    value: float | None
    unit: Text
    dropped: str = ""
    driver: str = ""
    part: Text | None = None


class ModelResult(msgspec.Struct, frozen=True):
    """The baseline model and how well it fits.

    Parameters
    ----------
    family
        Of the model, as the plan calls it.
    form, knots
        Of a change-point model, e.g. ``3PC``, and where its slopes begin [the temperature's unit].
    coefficients
        Intercept first, then the model's terms, then the plan's drivers that it does without.
    n
        Baseline intervals used.
    cv_rmse_pct, nmbe_pct, r_squared, adjusted_r_squared
        As in ASHRAE Guideline 14; ``None`` where undefined.
    rho_residual
        Plain lag-1 autocorrelation of the residuals (biased low).
    rho
        Lag-1 autocorrelation estimated by restricted likelihood, as the band uses it.
    n_effective
        Effective number of the rows that the band is made on.
    unit
        What `rho` and `n_effective` count: the plan's intervals, or days where these are shorter.
    """

    family: Family
    form: str
    knots: list[float]
    coefficients: list[Coefficient]
    n: int
    cv_rmse_pct: float | None
    nmbe_pct: float | None
    r_squared: float | None
    adjusted_r_squared: float | None
    rho_residual: float | None
    rho: float
    n_effective: float
    unit: str


class Saving(msgspec.Struct, frozen=True):
    """Avoided energy of the usable reporting intervals with its band at `confidence` (two-sided)."""

    kwh: float
    low: float
    high: float
    pct: float | None
    pct_low: float | None
    pct_high: float | None
    confidence: float
    actual_kwh: float
    adjusted_kwh: float


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
    extrapolated_kwh
        Energy of the adjusted baseline that rests on the driver's effect beyond that range (sum of amounts).
    """

    name: str
    unit: str
    baseline_low: float | None
    baseline_high: float | None
    reporting_low: float | None
    reporting_high: float | None
    outside: float | None
    extrapolated_kwh: float | None


class Evaluation(msgspec.Struct, frozen=True):
    """Everything an evaluation found.

    `worth` is of a saving with a verdict, `intensities` of plans with counted drivers.
    `model`, `saving`, `placebos`, `cumulative` and `detectable` are ``None`` when the data did not suffice to
    compute them; `reasons` then says why. `candidates` and `spread` are of a plan that names candidates; `events` are
    proposals that nothing was done about; `checks` are what the data were held against. `conditions` grades how well
    the baseline knew the reporting period's. `counter_check` is ``None`` without a power reading. A number is shown
    together with the verdict, never alone.
    """

    plan_id: str
    plan_digest: str
    title: Text
    site: str
    device: str
    timezone: str
    granularity: str
    method: str
    verdict: Verdict
    reasons: list[Reason]
    baseline: WindowResult
    installation: WindowResult
    reporting: WindowResult
    intervals: Intervals
    drivers: list[DriverRange]
    claim_minimum_pct: float
    model: ModelResult | None = None
    saving: Saving | None = None
    placebos: Placebos | None = None
    cumulative: Cumulative | None = None
    candidates: list[CandidateResult] = []
    spread: Spread | None = None
    adjustments: list[AdjustmentResult] = []
    events: list[EventResult] = []
    conditions: Grade | None = None
    detectable: Detectable | None = None
    checks: list[Check] = []
    counter_check: CounterCheck | None = None
    worth: Worth | None = None
    intensities: list[IntensityResult] = []
