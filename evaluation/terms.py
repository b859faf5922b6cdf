"""Terms: what a model multiplies its coefficients with, from an interval's drivers and its place in the week."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from evaluation.calendar import LocalClock, Times
from evaluation.drivers import Driver
from evaluation.metered import Conditions, Floats
from evaluation.models import Group, Levels, shift_minutes
from evaluation.plan import Granularity, Plan
from evaluation.sums import PER_DAY
from evaluation.wording import Text
from telemetry import CHANNELS

PER: Final[dict[Granularity, Text]] = {
    "quarter_hour": Text("kWh/15분", "kWh/quarter hour"),
    "hour": Text("kWh/시간", "kWh/hour"),
    "day": Text("kWh/일", "kWh/day"),
    "week": Text("kWh/주", "kWh/week"),
}
_WEEKDAYS: Final = tuple(
    Text(ko, en) for ko, en in zip("월화수목금토일", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True)
)


@dataclass(frozen=True, slots=True)
class Term:
    """One column.

    Attributes
    ----------
    name
        Unique in its model; that of the driver where it is one.
    unit
        Of its coefficient.
    column
        Of intervals, shape (intervals,); NaN where a driver is not known.
    driver
        The driver it is made from; empty for a group of the calendar and for a product.
    part
        Which part of the driver or which group.
    """

    name: str
    unit: Text
    column: Callable[[Conditions], Floats]
    driver: str = ""
    part: Text | None = None


def columns(terms: Sequence[Term], conditions: Conditions) -> Floats:
    """All columns, shape (intervals, terms)."""
    if not terms:
        return np.zeros((len(conditions.drivers), 0))
    return np.column_stack([term.column(conditions) for term in terms])


def driver_unit(driver: Driver) -> str:
    """Unit of a driver's interval values; empty for a pure number."""
    if driver.aggregate == "hours":
        return "h"
    unit = CHANNELS[driver.channel].unit
    return "" if driver.aggregate == "active" or unit == "1" else unit


def driver_terms(plan: Plan, names: Sequence[str]) -> list[Term]:
    """A term for each driver."""
    return [_driver_term(plan, _index(plan, name)) for name in names]


def product_term(plan: Plan, first: str, second: str) -> Term:
    """The product of two drivers."""
    a, b = _index(plan, first), _index(plan, second)
    units = [driver_unit(plan.drivers[index]) or "1" for index in (a, b)]
    energy, both = PER[plan.granularity], "·".join(units)
    unit = Text(f"{energy.ko} ({both}당)", f"{energy.en} per {both}")
    return Term(f"{first}×{second}", unit, lambda at: at.drivers[:, a] * at.drivers[:, b])


def slope_terms(plan: Plan, temperature: str, form: str, knots: tuple[float, float]) -> list[Term]:
    """The slopes of a change-point form at its knots: below the first, above the second; one line for 2P."""
    line = driver_terms(plan, [temperature])[0]
    if form == "2P":
        return [line]
    index, found = _index(plan, temperature), []
    mark = driver_unit(plan.drivers[index])
    for side, knot, sign in (("<", knots[0], -1.0), (">", knots[1], 1.0)):
        if not np.isnan(knot):
            where = f"{side} {knot:.1f} {mark}".rstrip().replace("-", "−")
            name = f"{temperature} {where}"
            found.append(Term(name, line.unit, _slope(index, knot, sign), temperature, Text(where, where)))
    return found


def level_terms(plan: Plan, model: Levels, seen: LocalClock) -> list[Term]:
    """A level for every group, above that of the first group the baseline has `seen`."""
    labels = [
        Text(" ".join(name.ko for name in parts), " ".join(name.en for name in parts))
        for parts in itertools.product(*_group_names(plan, model.by))
    ]
    met = np.unique(groups(plan, model.by, seen))
    first = int(met[0]) if len(met) else 0
    return [
        Term(label.en, PER[plan.granularity], _member(plan, model.by, group), part=label)
        for group, label in enumerate(labels)
        if group != first
    ]


def weekday_terms(plan: Plan) -> list[Term]:
    """The share of a day that each interval is, for every weekday but the first: summed, the day of the week."""
    found = []
    for weekday, label in enumerate(_WEEKDAYS[1:], start=1):
        column = _share(weekday, PER_DAY.get(plan.granularity, 1))
        found.append(Term(label.en, PER["day"], column, part=label))
    return found


def groups(plan: Plan, by: Sequence[Group], clock: LocalClock) -> Times:
    """The group each interval lies in, numbered with the last of `by` running fastest, shape (intervals,)."""
    found = np.zeros(len(clock.day), dtype=np.int64)
    for one, names in zip(by, _group_names(plan, by), strict=True):
        found = found * len(names) + _part(plan, one, clock)
    return found


def _part(plan: Plan, by: Group, clock: LocalClock) -> Times:
    if by == "weekday":
        return clock.weekday
    if by == "hour":
        return clock.minute // 60
    begins = np.array(shift_minutes(plan.shifts))
    # Before the day's first shift it is still the last one of the day before.
    return (np.searchsorted(begins, clock.minute, side="right") - 1) % len(begins)


def _group_names(plan: Plan, by: Sequence[Group]) -> list[list[Text]]:
    hours = [f"{hour:02}:00" for hour in range(24)]
    shifts = [f"{begin} ~" for begin in plan.shifts]
    names: dict[Group, list[Text]] = {
        "weekday": list(_WEEKDAYS),
        "hour": [Text(hour, hour) for hour in hours],
        "shift": [Text(shift, shift) for shift in shifts],
    }
    return [names[one] for one in by]


def _index(plan: Plan, name: str) -> int:
    return [driver.name for driver in plan.drivers].index(name)


def _driver_term(plan: Plan, index: int) -> Term:
    driver = plan.drivers[index]
    return Term(driver.name, _coefficient_unit(plan, driver), lambda at: at.drivers[:, index], driver.name)


def _slope(index: int, knot: float, sign: float) -> Callable[[Conditions], Floats]:
    def column(at: Conditions) -> Floats:
        slope: Floats = np.maximum(sign * (at.drivers[:, index] - knot), 0.0)
        return slope

    return column


def _member(plan: Plan, by: Sequence[Group], group: int) -> Callable[[Conditions], Floats]:
    return lambda at: (groups(plan, by, at.clock) == group).astype(np.float64)


def _share(weekday: int, per_day: int) -> Callable[[Conditions], Floats]:
    return lambda at: (at.clock.weekday == weekday) / per_day


def _coefficient_unit(plan: Plan, driver: Driver) -> Text:
    energy, unit = PER[plan.granularity], CHANNELS[driver.channel].unit
    if driver.aggregate == "active":
        return energy
    if driver.aggregate == "hours":
        return Text("kWh/h", "kWh/h")
    if driver.aggregate == "difference":
        return Text("kWh/개", "kWh per unit") if unit == "1" else Text(f"kWh/{unit}", f"kWh per {unit}")
    return Text(f"{energy.ko} ({unit}당)", f"{energy.en} per {unit}")
