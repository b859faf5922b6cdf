"""What an evaluation found beside the saving itself: other models' answers, adjustments, events."""

from __future__ import annotations

import datetime as dt
import enum

import msgspec


class Period(enum.StrEnum):
    """Which window of the plan an interval lies in."""

    BASELINE = "baseline"
    INSTALLATION = "installation"
    REPORTING = "reporting"


class CandidateResult(msgspec.Struct, frozen=True):
    """One of the models that the plan names, and what the saving would be with it.

    Parameters
    ----------
    name, drivers
        As the plan names them.
    chosen
        Whether the evaluation rests on it.
    rmse_kwh
        Root mean square error on stretches of the baseline held out whole [kWh per interval]; ``None`` when it could
        not predict them all.
    saving_kwh
        Avoided energy of the usable reporting intervals with it, without adjustments; ``None`` without any.
    """

    name: str
    drivers: list[str]
    chosen: bool
    rmse_kwh: float | None
    saving_kwh: float | None


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
    """An outlier or a lasting step in what the model leaves over: proposed for people to look at, never applied.

    Parameters
    ----------
    period
        The window it lies in.
    kind
        ``outlier`` or ``step``.
    start_ms, end_ms
        From the beginning of its first interval to the end of its last.
    kwh
        Excess of the outlier, or by how much the step changed the level [kWh per interval].
    strength
        `kwh` over its own deviation.
    """

    period: Period
    kind: str
    start_ms: int
    end_ms: int
    kwh: float
    strength: float
