"""The models a plan may name: what each is made of, and what of it contradicts the plan.

Sources of the forms are those of `analytics`: change points after Kissock, Haberl & Claridge, ASHRAE Transactions 109
(2003); time of week and temperature after Mathieu et al., IEEE Transactions on Smart Grid 2 (2011) 507.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from telemetry import Document

if TYPE_CHECKING:
    from evaluation.drivers import Driver
    from evaluation.plan import Plan

Group = Literal["weekday", "shift", "hour"]
Form = Literal["2P", "3PH", "3PC", "4P", "5P"]


class Mean(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family", tag="mean"):
    """The baseline's mean, whatever happens."""


class Linear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family", tag="linear"):
    """Linear in its drivers.

    Parameters
    ----------
    drivers
        Names of the plan's drivers.
    interactions
        Pairs of them whose product is a term too.
    """

    drivers: Annotated[list[str], msgspec.Meta(min_length=1)]
    interactions: list[tuple[str, str]] = []


class Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family", tag="levels"):
    """A level for every day of the week, shift or hour of the day, and beside it what is linear in drivers.

    Parameters
    ----------
    by
        ``weekday``, ``shift`` (the plan's `shifts`) or ``hour``; several make a level for every combination.
    drivers
        Names of the plan's drivers.
    """

    by: Annotated[list[Group], msgspec.Meta(min_length=1)]
    drivers: list[str] = []


class ChangePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family", tag="change_point"):
    """Straight pieces on temperature, their change points searched on the baseline, with further drivers.

    Parameters
    ----------
    form
        ``2P`` a line, ``3PH`` heating, ``3PC`` cooling, ``4P`` both about one change point, ``5P`` both about two.
    temperature
        The driver that is the temperature: a mean.
    drivers
        Names of further drivers.
    """

    form: Form
    temperature: str
    drivers: list[str] = []


class TimeOfWeek(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family", tag="time_of_week"):
    """A level for every hour (or quarter hour) of the week and a piecewise linear response to temperature (TOWT).

    Parameters
    ----------
    temperature
        The driver that is the temperature: a mean.
    drivers
        Names of further drivers.
    segments
        Pieces of equal width that the temperature's range is cut into.
    """

    temperature: str
    drivers: list[str] = []
    segments: Annotated[int, msgspec.Meta(ge=1, le=12)] = 6


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family", tag="machine"):
    """Base load, energy per unit made, and power in each run state.

    Parameters
    ----------
    products
        Drivers that count what was made.
    states
        Drivers that are hours in a run state; the state that none of them names is the base load.
    """

    products: list[str] = []
    states: list[str] = []


Model = Mean | Linear | Levels | ChangePoint | TimeOfWeek | Machine


class SelectionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one of the candidates is chosen; fixed in the plan, so that nobody chooses after having seen the answers.

    Parameters
    ----------
    rule
        ``held_out``: the one that best predicts stretches of the baseline held out whole; ``first``: the first one
        named that the data suffice for.
    folds
        Stretches the baseline is cut into.
    """

    rule: Literal["held_out", "first"] = "held_out"
    folds: Annotated[int, msgspec.Meta(ge=2, le=20)] = 5


def drivers_of(model: Model) -> list[str]:
    """Names of all drivers a model uses, each once."""
    names: list[str] = []
    if isinstance(model, ChangePoint | TimeOfWeek):
        names = [model.temperature, *model.drivers]
    elif isinstance(model, Linear | Levels):
        names = list(model.drivers)
    elif isinstance(model, Machine):
        names = [*model.products, *model.states]
    return list(dict.fromkeys(names))


def shift_minutes(shifts: list[str]) -> list[int]:
    """Minute of the day at which each shift begins; raises ValueError when one is no time or they do not rise."""
    begins = [dt.time.fromisoformat(text) for text in shifts]
    minutes = [begin.hour * 60 + begin.minute for begin in begins]
    if any(later <= earlier for earlier, later in itertools.pairwise(minutes)):
        raise ValueError(f"shifts must rise through the day; they are {', '.join(shifts)}")
    return minutes


def check_models(plan: Plan, document: Document) -> None:
    """Raise `telemetry.DocumentError` where a candidate contradicts the plan."""
    try:
        shift_minutes(plan.shifts)
    except ValueError as error:
        raise document.error(f'{error}; write e.g. ["06:00", "14:00", "22:00"]', "shifts") from error
    for name, model in plan.models.items():
        for problem in _problems(plan, model):
            raise document.error(f"{name!r} {problem}", "candidates")


def _problems(plan: Plan, model: Model) -> Iterator[str]:
    known = {driver.name: driver for driver in plan.drivers}
    unknown = [name for name in drivers_of(model) if name not in known]
    if unknown:
        yield f"names {', '.join(unknown)}, which is no driver of this plan"
        return
    if isinstance(model, Linear):
        for pair in model.interactions:
            if set(pair) - set(model.drivers):
                yield f"has an interaction {' × '.join(pair)} of what is not among its drivers"
    if isinstance(model, ChangePoint | TimeOfWeek):
        driver = known[model.temperature]
        if driver.aggregate != "mean" or driver.above is not None or driver.below is not None:
            yield f"needs a temperature that is a plain mean, and {driver.name} is none"
        if model.temperature in model.drivers:
            yield f"names {model.temperature} twice, as temperature and as driver"
    if isinstance(model, TimeOfWeek) and plan.granularity not in {"hour", "quarter_hour"}:
        yield f"needs granularity hour or quarter_hour; this plan's is {plan.granularity}"
    if isinstance(model, Levels):
        yield from _level_problems(plan, model)
    if isinstance(model, Machine):
        yield from _machine_problems(model, known)


def _machine_problems(model: Machine, known: Mapping[str, Driver]) -> Iterator[str]:
    if not model.products and not model.states:
        yield "names neither products nor states; that is family mean"
    for name in model.states:
        if known[name].aggregate != "hours":
            yield f"takes {name} for hours in a run state, and its aggregate is {known[name].aggregate}"


def _level_problems(plan: Plan, model: Levels) -> Iterator[str]:
    if plan.granularity == "week":
        yield "tells parts of the week apart, and this plan's intervals are weeks"
    if plan.granularity == "day" and set(model.by) - {"weekday"}:
        yield "tells parts of the day apart, and this plan's intervals are days"
    if "shift" in model.by and len(plan.shifts) < 2:
        yield "has a level by shift, and the plan names no two shifts"
    if {"shift", "hour"} <= set(model.by):
        yield "has levels by shift and by hour; the hours already tell the shifts apart"
