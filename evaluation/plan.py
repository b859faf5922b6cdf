"""Plans: what is evaluated, from when to when, and by which rule; fixed before the machine is bought.

Windows name their first and their last day, both included, as people write them on a form.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from evaluation.declared import MeterExchange, NonRoutine, check_declared
from telemetry import (
    CHANNELS,
    Document,
    DocumentError,
    Kind,
    UnknownChannelError,
    channel,
    check_name,
    decode_yaml,
    parse_yaml,
)

Aggregate = Literal["difference", "mean", "active"]
Granularity = Literal["hour", "day", "week"]

MINIMUM_BASELINE_DAYS = 14
"""Two whole weeks: less cannot tell a working day from a day off."""
MINIMUM_REPORTING_DAYS = 7
"""One whole week, for the same reason."""


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whole local days; `last_day` is the last day that belongs to the window."""

    first_day: dt.date
    last_day: dt.date

    @property
    def days(self) -> int:
        """Number of days, both ends counted."""
        return (self.last_day - self.first_day).days + 1

    def __str__(self) -> str:
        return f"{self.first_day}..{self.last_day}"


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
        ``active``: 1 when a counter grew in the interval, else 0 (an operating-day term).
    modulus
        Value at which the counter starts again from 0; leave out when it never does.
    above, below
        Of a mean, only what lies above or below this value counts [the channel's unit]: a temperature's degree days.
    """

    name: str
    device: str
    kind: str
    channel: str
    aggregate: Aggregate
    modulus: Annotated[float, msgspec.Meta(gt=0)] | None = None
    above: float | None = None
    below: float | None = None


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule a claim must meet.

    Parameters
    ----------
    minimum_saving_pct
        The band's lower end must lie above this share of the adjusted baseline [%].
    expected_saving_pct
        The saving the applicant announced [%]; a band too wide to show it makes the claim not provable.
    """

    minimum_saving_pct: Annotated[float, msgspec.Meta(ge=0, lt=100)] = 0.0
    expected_saving_pct: Annotated[float, msgspec.Meta(gt=0, lt=100)] | None = None


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the data must be to carry a verdict.

    Parameters
    ----------
    minimum_coverage
        Share of an interval's time that readings must cover for it to be usable.
    minimum_usable
        Share of a window's intervals that must be usable. CalTRACK 2.2.1.2 asks for 90 % of days.
    maximum_gap_min
        Readings further apart than this are a gap: nothing is interpolated across it [minutes].
    spread_gap_min
        Gaps up to this long may have their energy spread evenly over their time [minutes]; 0 allows none. Intervals
        that hold such energy are flagged and count as usable.
    maximum_cv_rmse_pct
        Largest CV(RMSE) of the baseline model [%]; by default that of `evaluation.rules` for the granularity.
    """

    minimum_coverage: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.9
    minimum_usable: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.9
    maximum_gap_min: Annotated[float, msgspec.Meta(gt=0, le=1440)] = 60.0
    spread_gap_min: Annotated[float, msgspec.Meta(ge=0, le=10080)] = 0.0
    maximum_cv_rmse_pct: Annotated[float, msgspec.Meta(gt=0)] | None = None


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Title for people."""

    ko: str = ""
    en: str = ""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One machine replacement at one meter.

    Parameters
    ----------
    id
        Identity of the plan.
    title
        For people, Korean and English.
    site, device, kind, energy
        The energy counter: ``energy`` is its channel.
    energy_modulus_wh
        Value at which the counter starts again from 0 [Wh]; leave out when it never does.
    drivers
        What the energy follows; none makes the mean the model.
    candidates
        Models by name, each the names of its drivers; the one that best predicts stretches of the baseline held out
        whole is used, and every one's saving is reported. Without any, one model with all drivers.
    timezone
        Whose days the windows are.
    baseline, installation, reporting
        In this order, not overlapping.
    granularity
        Length of an interval; weeks count from each window's first day.
    confidence
        Of the two-sided band, 0.5-0.99.
    quality, claim
        What the data must be and what the saving must be.
    exchanges
        Declared exchanges of the energy meter, in order of time.
    adjustments
        Declared non-routine adjustments, each with its reason. They are part of the digest: declaring one later shows.
    """

    id: str
    title: Title = Title()
    site: str
    device: str
    kind: str = "power_meter"
    energy: str = "energy_import_wh"
    energy_modulus_wh: Annotated[float, msgspec.Meta(gt=0)] | None = None
    drivers: list[Driver] = []
    candidates: dict[str, list[str]] = {}
    timezone: str = "Asia/Seoul"
    baseline: Window
    installation: Window
    reporting: Window
    granularity: Granularity = "day"
    confidence: Annotated[float, msgspec.Meta(ge=0.5, le=0.99)] = 0.9
    quality: Quality = Quality()
    claim: Claim = Claim()
    exchanges: list[MeterExchange] = []
    adjustments: list[NonRoutine] = []

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The plan's time zone."""
        return zoneinfo.ZoneInfo(self.timezone)

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's meaning (comments and spacing left out), in hexadecimal."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


def load_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises
    ------
    DocumentError
        Unreadable, or the plan contradicts itself; names file, line and field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(str(path), 0, "", f"cannot be read: {reason}") from error
    return parse_plan(text, str(path))


def parse_plan(text: str, source: str = "plan") -> Plan:
    """Read a plan from YAML text; `source` is its name in errors.

    Raises
    ------
    DocumentError
        As `load_plan`.
    """
    plan = decode_yaml(text, Plan, source)
    document = parse_yaml(text, source)
    _check_names(plan, document)
    _check_channels(plan, document)
    _check_windows(plan, document)
    check_declared(plan, document)
    return plan


def _check_names(plan: Plan, document: Document) -> None:
    for field in ("id", "site", "device"):
        try:
            check_name(getattr(plan, field), field)
        except ValueError as error:
            raise document.error(str(error), field) from error
    try:
        zoneinfo.ZoneInfo(plan.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        problem = f"unknown time zone {plan.timezone!r}; give a name such as Asia/Seoul"
        raise document.error(problem, "timezone") from error


def _check_channels(plan: Plan, document: Document) -> None:
    _check_channel(document, "energy", plan.energy)
    if CHANNELS[plan.energy].kind is not Kind.COUNTER or CHANNELS[plan.energy].unit != "Wh":
        problem = f"{plan.energy} is no energy counter; use energy_import_wh or energy_export_wh"
        raise document.error(problem, "energy")
    seen: dict[str, int] = {}
    sources: dict[tuple[str | float | None, ...], str] = {}
    for index, driver in enumerate(plan.drivers):
        at = f"drivers[{index}]"
        line = document.line(at)
        if driver.name in seen or driver.name == "intercept":
            where = f"; already used on line {seen[driver.name]}" if driver.name in seen else " is the model's own word"
            raise document.error(f"driver name {driver.name!r}{where}; choose another", f"{at}.name")
        _check_channel(document, f"{at}.channel", driver.channel)
        kind = CHANNELS[driver.channel].kind
        wanted = Kind.GAUGE if driver.aggregate == "mean" else Kind.COUNTER
        if kind is not wanted:
            problem = f"{driver.aggregate} needs a {wanted.value}, and {driver.channel} is a {kind.value}"
            raise document.error(problem, f"{at}.aggregate")
        if (driver.above, driver.below) != (None, None) and driver.aggregate != "mean":
            raise document.error("above and below are for a mean", at)
        same = (driver.device, driver.channel, driver.aggregate, driver.above, driver.below)
        if same in sources:
            problem = f"the same series and aggregate as driver {sources[same]!r}; remove one of them"
            raise document.error(problem, at)
        seen[driver.name] = line
        sources[same] = driver.name
    for name, drivers in plan.candidates.items():
        unknown = [driver for driver in drivers if driver not in seen]
        if unknown:
            raise document.error(f"{name!r} names {', '.join(unknown)}, which is no driver of this plan", "candidates")


def _check_channel(document: Document, at: str, name: str) -> None:
    try:
        channel(name)
    except UnknownChannelError as error:
        raise document.error(str(error), at) from error


def _check_windows(plan: Plan, document: Document) -> None:
    names = ("baseline", "installation", "reporting")
    windows = [getattr(plan, name) for name in names]
    for name, window in zip(names, windows, strict=True):
        if window.days < 1:
            raise document.error(f"{window} ends before it starts; swap first_day and last_day", name)
    for earlier, later in ((0, 1), (1, 2), (0, 2)):
        a, b = windows[earlier], windows[later]
        pair = f"{names[earlier]} {a} (line {document.line(names[earlier])}) and {names[later]} {b}"
        if a.first_day <= b.last_day and b.first_day <= a.last_day:
            raise document.error(f"{pair} overlap; no day may belong to two windows", names[later])
        if b.first_day < a.first_day:
            raise document.error(f"{pair} are in the wrong order; baseline, installation, reporting", names[later])
    for name, minimum in (("baseline", MINIMUM_BASELINE_DAYS), ("reporting", MINIMUM_REPORTING_DAYS)):
        window = getattr(plan, name)
        if window.days < minimum:
            problem = f"{window} has {window.days} days; at least {minimum} are needed"
            raise document.error(problem, name)
