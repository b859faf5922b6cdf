"""What people declare beside the readings: meter exchanges and non-routine adjustments, each as it is written down."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from analytics import Adjustment, Exchange
from telemetry import Document

if TYPE_CHECKING:
    from evaluation.calendar import Grid
    from evaluation.plan import Plan

_WH_PER_KWH = 1000.0
_DAY_MS = 86_400_000.0


class MeterExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The energy meter was exchanged.

    Parameters
    ----------
    at
        When, in the plan's time zone, e.g. ``2026-03-20 14:30``.
    last_kwh, first_kwh
        What the old register showed at the end and the new one at the beginning [kWh].
    reason
        Why.
    """

    at: str
    last_kwh: Annotated[float, msgspec.Meta(ge=0)]
    first_kwh: Annotated[float, msgspec.Meta(ge=0)]
    reason: Annotated[str, msgspec.Meta(pattern=r"\S")]

    @property
    def moment(self) -> dt.datetime:
        """`at` as a time without a zone; raises ValueError when it is none."""
        return dt.datetime.fromisoformat(self.at)


class NonRoutine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changed at the meter beside the machine, in the reporting window.

    Parameters
    ----------
    first_day, last_day
        From when to when, both included.
    kwh_per_day
        Added to the adjusted baseline [kWh/day]: positive for a consumer that came, negative for one that left.
    error_kwh_per_day
        Its standard error [kWh/day], wrong in the same direction on every day; it widens the band.
    reason
        Why, and how the amount was found.
    """

    first_day: dt.date
    last_day: dt.date
    kwh_per_day: float
    reason: Annotated[str, msgspec.Meta(pattern=r"\S")]
    error_kwh_per_day: Annotated[float, msgspec.Meta(ge=0)] = 0.0


def check_declared(plan: Plan, document: Document) -> None:
    """Raise `telemetry.DocumentError` where a declaration contradicts the plan."""
    before: dt.datetime | None = None
    for index, exchange in enumerate(plan.exchanges):
        at = f"exchanges[{index}].at"
        try:
            moment = exchange.moment
        except ValueError as error:
            raise document.error(f"{exchange.at!r} is no time; write e.g. 2026-03-20 14:30", at) from error
        if moment.tzinfo is not None:
            raise document.error("write the time without an offset: it is in the plan's time zone", at)
        if before is not None and moment <= before:
            raise document.error(f"{moment} does not follow the exchange before; put them in order", at)
        before = moment
    for index, change in enumerate(plan.adjustments):
        inside = plan.reporting.first_day <= change.first_day <= change.last_day <= plan.reporting.last_day
        if not inside:
            span = f"{change.first_day}..{change.last_day}"
            problem = f"{span} is no span of the reporting window {plan.reporting}; an adjustment is of days in it"
            raise document.error(problem, f"adjustments[{index}]")


def exchanges(plan: Plan) -> list[Exchange]:
    """The plan's meter exchanges, in Wh."""
    return [
        Exchange(
            round(change.moment.replace(tzinfo=plan.zone).timestamp() * 1000),
            change.last_kwh * _WH_PER_KWH,
            change.first_kwh * _WH_PER_KWH,
        )
        for change in plan.exchanges
    ]


def adjustments(plan: Plan, grid: Grid) -> list[Adjustment]:
    """The plan's adjustments by interval of the reporting window, usable or not [kWh]."""
    found = []
    for change in plan.adjustments:
        ends = (change.first_day, change.last_day + dt.timedelta(1))
        low, high = (dt.datetime.combine(day, dt.time(), plan.zone).timestamp() * 1000 for day in ends)
        days = np.diff(np.clip(grid.edges_ms.astype(np.float64), low, high)) / _DAY_MS
        found.append(Adjustment(change.reason, days * change.kwh_per_day, days * change.error_kwh_per_day))
    return found
