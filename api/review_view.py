"""How an energy review is drawn: places on an axis in per mille of its width, shades of a week, who is drawn at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.axis import Axis
from review import (
    Anomaly,
    Candidate,
    DayKind,
    Figure,
    Finding,
    Load,
    MeterReview,
    Profile,
    Review,
    ShiftDays,
    ShiftUse,
    SpecificEnergy,
)

FINDINGS_SHOWN: Final = 8
ANOMALIES_SHOWN: Final = 20
_DRAWN: Final = 7
_DAY_KINDS: Final[tuple[DayKind, ...]] = ("working", "saturday", "rest_day")


@dataclass(frozen=True, slots=True)
class Whole:
    """The site as the first figures tell it; `idle` is the sum of its machines' standby, None where none was found."""

    load: Load | None
    idle_kwh: float | None
    idle_cost: float | None
    idle_of: int


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of the week: mean power [kW], and how dark it is drawn, 0-1."""

    kw: float | None
    shade: float


@dataclass(frozen=True, slots=True)
class Unusual:
    """An anomaly and the device it is of."""

    device: str
    anomaly: Anomaly


@dataclass(frozen=True, slots=True)
class Made:
    """Energy per unit of one product of one meter: over the period, and by shift."""

    device: str
    whole: SpecificEnergy
    shifts: list[SpecificEnergy]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate and its saving's band on the axis; no `band` where it is undecided."""

    candidate: Candidate
    band: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates on one axis of yearly savings with its zero."""

    rows: list[Ranked]
    zero: float


def machines(review: Review) -> list[MeterReview]:
    """Meters that are not the whole site; the main one where there is no other."""
    return [meter for meter in review.meters if not meter.main] or review.meters


def whole(review: Review) -> Whole:
    """The site's load, and what its machines spent standing by."""
    idle = [meter.idle for meter in machines(review) if meter.idle is not None]
    costs = [one.cost for one in idle if one.cost is not None]
    return Whole(
        review.total.load,
        sum(one.kwh for one in idle) if idle else None,
        sum(costs) if costs else None,
        len(idle),
    )


def week(profile: Profile) -> list[list[Cell]]:
    """The hours of the week, Monday first, the largest mean power darkest."""
    largest = max((kw for day in profile.week_kw for kw in day if kw is not None), default=0.0)
    return [
        [Cell(kw, 0.0 if kw is None or largest <= 0 else round(max(kw, 0.0) / largest, 3)) for kw in day]
        for day in profile.week_kw
    ]


def drawn(review: Review) -> list[str]:
    """Devices with a line in the charts: the largest machines, beside the site."""
    return [meter.device for meter in machines(review) if meter.load is not None and meter.profile is not None][:_DRAWN]


def unusual(review: Review) -> list[Unusual]:
    """Anomalies of every meter, by how much energy they are about."""
    found = [Unusual(meter.device, one) for meter in review.meters for one in meter.anomalies]
    return sorted(found, key=lambda one: -abs(one.anomaly.excess_kwh))


def shift_days(profile: Profile) -> list[DayKind]:
    """Kinds of day that any of the shifts was on."""
    met = {one.day for shift in profile.shifts for one in shift.days}
    return [kind for kind in _DAY_KINDS if kind in met]


def shift_on(shift: ShiftUse, kind: DayKind) -> ShiftDays | None:
    """A shift on days of one kind."""
    return next((one for one in shift.days if one.day == kind), None)


def made(review: Review) -> list[Made]:
    """Energy per unit by meter and product."""
    found = []
    for meter in review.meters:
        for one in meter.specific_energy:
            if one.shift is None:
                same = [
                    other
                    for other in meter.specific_energy
                    if other.shift is not None and (other.product, other.channel) == (one.product, one.channel)
                ]
                found.append(Made(meter.device, one, same))
    return found


def ranking(review: Review) -> Ranking:
    """Candidates in their order, the bands of those that are decided on one axis."""
    ends = [
        end
        for one in review.candidates
        if one.saving_kwh is not None
        for end in (one.saving_kwh.low, one.saving_kwh.high)
        if end is not None
    ]
    axis = Axis([0.0, *ends])
    return Ranking([Ranked(one, _band(axis, one.saving_kwh)) for one in review.candidates], axis.place(0.0))


def about(finding: Finding, language: str, labels: Mapping[str, str]) -> str:
    """A finding's sentence without its device's id, which the page says by its name."""
    return with_labels(finding.text.said(language).removeprefix(f"{finding.device}: "), finding.named, labels)


def with_labels(sentence: str, named: Sequence[str], labels: Mapping[str, str]) -> str:
    """A sentence with the names that people know in place of the ids of the devices it names."""
    ids = [re.escape(device) for device in sorted(named, key=len, reverse=True) if device in labels]
    if not ids:
        return sentence
    # A Korean particle may follow an id at once, so the end of a word does not end it.
    return re.sub(rf"(?<![\w-])(?:{'|'.join(ids)})(?![a-z0-9_-])", lambda found: labels[found[0]], sentence)


def _band(axis: Axis, figure: Figure | None) -> tuple[float, float, float] | None:
    if figure is None or figure.value is None or figure.low is None or figure.high is None:
        return None
    return axis.place(figure.low), axis.place(figure.value), axis.place(figure.high)
