"""Plans: what is evaluated, from when to when, and by which rule; fixed before the machine is bought.

Windows name their first and their last day, both included, as people write them on a form.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from evaluation.declared import MeterExchange, NonRoutine, check_declared
from evaluation.drivers import Driver, check_channels
from evaluation.models import Linear, Mean, Model, SelectionRule, check_models
from evaluation.worth import WorthTerms
from telemetry import Document, DocumentError, check_name, decode_yaml, parse_yaml

Granularity = Literal["quarter_hour", "hour", "day", "week"]

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
    max_power_kw
        The most that what the meter feeds can draw [kW]: its rated power with what it is overloaded by, of the old
        machine or the new, whichever draws more. A register that rises faster did not count energy, and one that fell
        further below its modulus than the machine could draw was reset and did not turn. Without it both are judged by
        the rates that the register itself shows.
    drivers
        What the energy follows; none makes the mean the model.
    candidates
        Models by name, one of the families of `evaluation.models` each; a list of drivers is short for a linear model
        of them. One is chosen by `selection`, every one's saving is reported. Without any, linear in all drivers.
    selection
        How one of the candidates is chosen.
    shifts
        When each shift begins, local time, rising, e.g. ``["06:00", "14:00", "22:00"]``; the last one of a day ends
        when the first begins.
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
    independent_of_output
        Why the machine's energy does not depend on what it makes, e.g. that a pump runs at one speed day and night.
        Left out, a plan whose models know no work is doubted, or judged by what the store tells of it (rule 11).
    worth
        Price, subsidy and life of the replacement, and what a kWh costs: what the saving is weighed against.
    """

    id: str
    title: Title = Title()
    site: str
    device: str
    kind: str = "power_meter"
    energy: str = "energy_import_wh"
    energy_modulus_wh: Annotated[float, msgspec.Meta(gt=0)] | None = None
    max_power_kw: Annotated[float, msgspec.Meta(gt=0)] | None = None
    drivers: list[Driver] = []
    candidates: dict[str, list[str] | Model] = {}
    selection: SelectionRule = SelectionRule()
    shifts: list[str] = []
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
    independent_of_output: Annotated[str, msgspec.Meta(pattern=r"\S")] | None = None
    worth: WorthTerms = WorthTerms()

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The plan's time zone."""
        return zoneinfo.ZoneInfo(self.timezone)

    @property
    def models(self) -> dict[str, Model]:
        """The candidates by name; of a plan without any, the one model that it means, under the name ``""``."""
        named = self.candidates or {"": [driver.name for driver in self.drivers]}
        return {name: _spelt_out(model) for name, model in named.items()}

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's meaning, in hexadecimal: comments, spacing and what is as by default are left out.

        So a plan keeps its digest when WattProof learns of a further entry.
        """
        return hashlib.sha256(msgspec.json.encode(_said(self), order="sorted")).hexdigest()


def _said(value: Any) -> Any:
    """A plan's part without what it does not say, or says as by default."""
    if isinstance(value, list):
        return [_said(each) for each in value]
    if isinstance(value, dict):
        return {name: _said(each) for name, each in value.items()}
    if not isinstance(value, msgspec.Struct):
        return value
    config = value.__struct_config__
    found = {config.tag_field: config.tag} if config.tag_field else {}
    for field in msgspec.structs.fields(value):
        own = getattr(value, field.name)
        usual = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if own != usual:
            found[field.encode_name] = _said(own)
    return found


def _spelt_out(model: list[str] | Model) -> Model:
    if not isinstance(model, list):
        return model
    return Linear(model) if model else Mean()


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
    check_channels(plan, document)
    _check_windows(plan, document)
    check_models(plan, document)
    check_declared(plan, document)
    _check_worth(plan, document)
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


def _check_worth(plan: Plan, document: Document) -> None:
    paid, price = plan.worth.subsidy_won, plan.worth.investment_won
    if paid is not None and price is not None and paid > price:
        problem = f"a subsidy of {paid:,.0f} 원 is more than the investment of {price:,.0f} 원"
        raise document.error(problem, "worth.subsidy_won")
