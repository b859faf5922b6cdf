"""What the energy follows: a plan's drivers, and whether the channels they name can be read that way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from telemetry import CHANNELS, Document, Kind, UnknownChannelError, channel

if TYPE_CHECKING:
    from evaluation.plan import Plan

Aggregate = Literal["difference", "mean", "active", "hours"]

_KINDS: Final[dict[Aggregate, Kind]] = {
    "difference": Kind.COUNTER,
    "mean": Kind.GAUGE,
    "active": Kind.COUNTER,
    "hours": Kind.STATE,
}


class Driver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the energy follows.

    Parameters
    ----------
    name
        What the model calls it.
    device, kind, channel
        The series it is read from.
    aggregate
        ``difference``: growth of a counter over the interval; ``mean``: time-weighted mean of a gauge;
        ``active``: 1 when a counter grew in the interval, else 0 (an operating-day term); ``hours``: how long a state
        was one of `states` [h].
    modulus
        Value at which the counter starts again from 0; leave out when it never does.
    max_per_hour
        The most that the counter can grow by in an hour [the channel's unit]: a reset is then told from a turn at
        `modulus`, and a faster rise is no growth.
    above, below
        Of a mean, only what lies above or below this value counts [the channel's unit]: a temperature's degree days.
    states
        Of hours, the values of the state that count, e.g. 3 for production.
    """

    name: str
    device: str
    kind: str
    channel: str
    aggregate: Aggregate
    modulus: Annotated[float, msgspec.Meta(gt=0)] | None = None
    max_per_hour: Annotated[float, msgspec.Meta(gt=0)] | None = None
    above: float | None = None
    below: float | None = None
    states: list[int] = []


def check_channels(plan: Plan, document: Document) -> None:
    """Raise `telemetry.DocumentError` where the energy or a driver cannot be read as the plan says."""
    _check_channel(document, "energy", plan.energy)
    if CHANNELS[plan.energy].kind is not Kind.COUNTER or CHANNELS[plan.energy].unit != "Wh":
        problem = f"{plan.energy} is no energy counter; use energy_import_wh or energy_export_wh"
        raise document.error(problem, "energy")
    seen: dict[str, int] = {}
    sources: dict[tuple[object, ...], str] = {}
    for index, driver in enumerate(plan.drivers):
        at = f"drivers[{index}]"
        line = document.line(at)
        if driver.name in seen or driver.name == "intercept":
            where = f"; already used on line {seen[driver.name]}" if driver.name in seen else " is the model's own word"
            raise document.error(f"driver name {driver.name!r}{where}; choose another", f"{at}.name")
        _check_driver(document, at, driver)
        same = (driver.device, driver.channel, driver.aggregate, driver.above, driver.below, *sorted(driver.states))
        if same in sources:
            problem = f"the same series and aggregate as driver {sources[same]!r}; remove one of them"
            raise document.error(problem, at)
        seen[driver.name] = line
        sources[same] = driver.name


def _check_driver(document: Document, at: str, driver: Driver) -> None:
    _check_channel(document, f"{at}.channel", driver.channel)
    kind, wanted = CHANNELS[driver.channel].kind, _KINDS[driver.aggregate]
    if kind is not wanted:
        problem = f"{driver.aggregate} needs a {wanted.value}, and {driver.channel} is a {kind.value}"
        raise document.error(problem, f"{at}.aggregate")
    if (driver.above, driver.below) != (None, None) and driver.aggregate != "mean":
        raise document.error("above and below are for a mean", at)
    if (driver.modulus, driver.max_per_hour) != (None, None) and driver.aggregate not in {"difference", "active"}:
        raise document.error("modulus and max_per_hour are for a counter", at)
    if bool(driver.states) != (driver.aggregate == "hours"):
        raise document.error("hours need the states that count, e.g. states: [3]; nothing else has any", at)


def _check_channel(document: Document, at: str, name: str) -> None:
    try:
        channel(name)
    except UnknownChannelError as error:
        raise document.error(str(error), at) from error
