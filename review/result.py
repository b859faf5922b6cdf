"""What an energy review says: plain structures that `msgspec.json` encodes; a missing number is ``None``, never NaN.

Energies are kWh, powers kW (means of a quarter-hour), money 원, shares per cent (0-100), times the start of an interval
[ms since 1970-01-01 UTC], days and hours those of the site's zone. What cannot be said stands in `missing`, with why.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from evaluation import Text
from review.sections import Anomaly, Baseline, Idle, Load, Profile, SpecificEnergy

Basis = Literal["promised", "plan", "like", "past"]
"""What an expected saving rests on: a share that was given, an evaluated replacement, a machine like the new one, or
the machine's own past."""
Source = Literal["counter", "power"]
"""What energy was read from: a counter's differences, or the mean of a power gauge, where there is no counter."""


class Missing(msgspec.Struct, frozen=True):
    """What cannot be said, and why.

    Parameters
    ----------
    code
        Stable word for programs, the name of the field that is left empty: ``energy``, ``load``, ``idle``, ``cost``,
        ``specific_energy``, ``anomalies``, ``candidates``, ``rest``, …
    text
        The reason, and what would cure it.
    """

    code: str
    text: Text


class Figure(msgspec.Struct, frozen=True):
    """A best estimate and the ends of its band; ``None`` where it is never reached, such as the payback of nothing."""

    value: float | None
    low: float | None
    high: float | None


class MeterReview(msgspec.Struct, frozen=True):
    """What one meter says of the period.

    Parameters
    ----------
    device, kind
        Its names in the store.
    source
        What energy was read from.
    main
        Whether it meters everything the site draws.
    energy_kwh
        What is known of the period; ``None`` where nothing is. Never filled: where `coverage_pct` is below 100, more
        was used.
    bridged_kwh
        The part of it that a counter grew across gaps: used, but when within the gap is not known, so it is in no
        power, profile, idle time or peak.
    share_pct
        Of the site's energy in the quarter-hours that both know [%]; ``None`` where there is none.
    cost
        Of its energy at the prices given [원]; ``None`` without a price.
    coverage_pct
        Share of the period in which its readings lie close enough to one another [%].
    longest_gap_h
        Longest time without [h]; 0 without a gap.
    load, profile, idle
        ``None`` with a reason in `missing`.
    specific_energy
        Empty without a production counter. By product: the whole period first, then its shifts.
    baseline, anomalies
        What days are held against, and those that do not fit, by time; no baseline: a reason in `missing`.
    """

    device: str
    kind: str
    source: Source
    main: bool
    energy_kwh: float | None
    bridged_kwh: float
    share_pct: float | None
    cost: float | None
    coverage_pct: float
    longest_gap_h: float
    load: Load | None
    profile: Profile | None
    idle: Idle | None
    specific_energy: list[SpecificEnergy]
    baseline: Baseline | None
    anomalies: list[Anomaly]
    missing: list[Missing]


class SiteTotal(msgspec.Struct, frozen=True):
    """The site as a whole.

    Parameters
    ----------
    of
        Devices whose sum this is: the main meter, or every meter reviewed where there is none.
    energy_kwh, cost, coverage_pct
        As of a meter. A sum of meters knows a quarter-hour only where all of them do.
    rest_kwh, rest_pct
        What the main meter counted and no other meter reviewed did, in the quarter-hours that all of them know;
        ``None`` without a main meter or others beside it, and where not every meter was reviewed.
    load, profile
        Of the site; ``None`` with a reason in the review's `missing`.
    """

    of: list[str]
    energy_kwh: float | None
    cost: float | None
    coverage_pct: float
    rest_kwh: float | None
    rest_pct: float | None
    load: Load | None
    profile: Profile | None


class Candidate(msgspec.Struct, frozen=True):
    """A machine that could be replaced, and what that is expected to save.

    Parameters
    ----------
    device
        Its meter.
    rank
        From 1: by what can be counted on, the lower end of the present value, else of the yearly saving. ``None``
        where it is undecided (판정불가).
    basis, found, assumes
        What the expected saving rests on, how it was found, and what it takes for granted; ``None`` where it is
        undecided.
    yearly_kwh
        What it uses in a year at the pace of the days metered, with the band of that: no season they lack is in it.
    days
        Days metered that it rests on.
    share_pct
        What the new machine is expected to save of that [%].
    saving_kwh, gain
        Expected saving [kWh/yr], and its worth [원/yr].
    payback_years, present_value
        Simple payback, and net present value over the life given [원]; ``None`` without an investment or a price. A
        figure whose `high` is ``None`` is a payback that may never come.
    undecided
        Why nothing is expected of it; where it is set, `rank` and the figures of the saving are ``None``.
    named
        Other devices that the sentences name by their ids.
    """

    device: str
    rank: int | None
    basis: Basis | None
    found: Text | None
    assumes: Text | None
    yearly_kwh: Figure | None
    days: int
    share_pct: Figure | None
    saving_kwh: Figure | None
    gain: Figure | None
    payback_years: Figure | None
    present_value: Figure | None
    undecided: Text | None
    named: list[str] = []


class Finding(msgspec.Struct, frozen=True):
    """One thing to look at first, largest first.

    Parameters
    ----------
    code
        ``idle``, ``anomaly``, ``peak``, ``base_load``, ``shift``, ``coverage``, ``rest``.
    device
        Whose; ``None`` for the site.
    kwh, cost
        What is at stake within the period; ``None`` where that is not energy, or without a price.
    text
        In one sentence.
    named
        Other devices that the sentence names by their ids.
    """

    code: str
    device: str | None
    kwh: float | None
    cost: float | None
    text: Text
    named: list[str] = []


class Price(msgspec.Struct, frozen=True):
    """What a kWh was taken to cost.

    Parameters
    ----------
    basis
        ``given``: one price; ``tariff``: by season, hour and day of a contract; ``none``: no cost is said.
    text
        In words, with what is in it and what is not.
    mean
        Mean of the period's quarter-hours, every one alike [원/kWh].
    """

    basis: Literal["given", "tariff", "none"]
    text: Text
    mean: float | None


class Review(msgspec.Struct, frozen=True):
    """A site's energy review (에너지 진단).

    Parameters
    ----------
    site, timezone
        Whose, and the zone of its days.
    first_day, last_day
        The period, both included.
    start, end
        The same [ms UTC], half-open.
    price
        What costs were computed with.
    total
        The site.
    meters
        The main meter first, then by energy, largest first.
    candidates
        For replacement: ranked ones first, then the undecided, by energy.
    findings
        What to look at first.
    missing
        What cannot be said of the site.
    """

    site: str
    timezone: str
    first_day: dt.date
    last_day: dt.date
    start: int
    end: int
    price: Price
    total: SiteTotal
    meters: list[MeterReview]
    candidates: list[Candidate]
    findings: list[Finding]
    missing: list[Missing]
