"""What a saving is worth: money, carbon and oil, each with the band of the saving carried through.

What is given of money is the plan's; what is not given leaves the figures out that need it. The factors of carbon and
oil are data (``factors.yaml``) with their source, and stand beside what is computed with them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import msgspec

from analytics import (
    Ranged,
    cost_of_conserved_energy,
    emissions,
    internal_rate,
    net_present_value,
    oil_equivalent,
    simple_payback,
    subsidy_per_kwh,
)
from evaluation.wording import Text
from telemetry import parse_yaml

_MILLION = 1e6
_YEAR_DAYS = 365.0


class WorthTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a saving is weighed against; leave out what is not known.

    Parameters
    ----------
    investment_won
        Price of the replacement, installed [원].
    subsidy_won
        Part of it that a programme pays [원].
    won_per_kwh
        What a saved kWh saves on the bill, fund and VAT as the owner counts them [원/kWh].
    life_years
        How long the new machine will run.
    discount_rate_pct
        For the present value [%/yr].
    emission_tco2eq_per_mwh, heat_mj_per_kwh
        In place of the factors that come with WattProof.
    """

    investment_won: Annotated[float, msgspec.Meta(gt=0)] | None = None
    subsidy_won: Annotated[float, msgspec.Meta(gt=0)] | None = None
    won_per_kwh: Annotated[float, msgspec.Meta(gt=0)] | None = None
    life_years: Annotated[int, msgspec.Meta(ge=1, le=60)] | None = None
    discount_rate_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    emission_tco2eq_per_mwh: Annotated[float, msgspec.Meta(gt=0)] | None = None
    heat_mj_per_kwh: Annotated[float, msgspec.Meta(gt=0)] | None = None


class Figure(msgspec.Struct, frozen=True):
    """A figure at the best estimate of the saving and at the ends of its band; ``None``: never, as of no saving."""

    value: float | None
    low: float | None
    high: float | None


class Worth(msgspec.Struct, frozen=True):
    """What a saving is worth. A year's is that of the days evaluated, at their pace: no season that they lack is in it.

    Parameters
    ----------
    days
        Days whose saving was measured.
    avoided_tco2eq, avoided_toe
        Of those days.
    yearly_kwh, yearly_tco2eq, yearly_toe, yearly_won
        At their pace.
    saved_won
        Of those days [원].
    payback_years
        Until the bill has paid what the owner paid: investment less subsidy.
    npv_won, irr_pct
        Net present value [원] and internal rate of return [%/yr] for the owner, over the machine's life.
    won_per_conserved_kwh
        Cost of conserved energy, of the whole investment whoever paid it [원/kWh].
    subsidy_won_per_kwh
        Subsidy per kWh saved over the machine's life [원/kWh].
    tco2eq_per_million_won, toe_per_million_won
        A year's, per million 원 of what `per` says.
    per
        ``subsidy`` where there is one, else ``investment``.
    emission_tco2eq_per_mwh, emission_basis, heat_mj_per_kwh, heat_basis
        The factors used and where they are from.
    """

    days: float
    avoided_tco2eq: Figure
    avoided_toe: Figure
    yearly_kwh: Figure
    yearly_tco2eq: Figure
    yearly_toe: Figure
    emission_tco2eq_per_mwh: float
    emission_basis: Text
    heat_mj_per_kwh: float
    heat_basis: Text
    saved_won: Figure | None = None
    yearly_won: Figure | None = None
    payback_years: Figure | None = None
    npv_won: Figure | None = None
    irr_pct: Figure | None = None
    won_per_conserved_kwh: Figure | None = None
    subsidy_won_per_kwh: Figure | None = None
    tco2eq_per_million_won: Figure | None = None
    toe_per_million_won: Figure | None = None
    per: Literal["", "subsidy", "investment"] = ""


class _Emission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tco2eq_per_mwh: float
    basis: Text


class _Heat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mj_per_kwh: float
    basis: Text


class _Factors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    emission: _Emission
    heat: _Heat


_PLANS = Text("계획서에 적힌 값", "given by the plan")


def worth(kwh: float, low: float, high: float, days: float, terms: WorthTerms) -> Worth:
    """Weigh a saving [kWh] with its band, measured over so many days, on these terms."""
    factors = _factors()
    factor = terms.emission_tco2eq_per_mwh or factors.emission.tco2eq_per_mwh
    heat = terms.heat_mj_per_kwh or factors.heat.mj_per_kwh
    saved = Ranged(kwh, low, high)
    yearly = saved.through(lambda each: each * _YEAR_DAYS / days)
    per = terms.subsidy_won or terms.investment_won
    found = Worth(
        days,
        _figure(emissions(saved, factor)), _figure(oil_equivalent(saved, heat)), _figure(yearly),
        _figure(emissions(yearly, factor)), _figure(oil_equivalent(yearly, heat)),
        factor, _PLANS if terms.emission_tco2eq_per_mwh else factors.emission.basis,
        heat, _PLANS if terms.heat_mj_per_kwh else factors.heat.basis,
    )  # fmt: skip
    if per is not None:
        found = msgspec.structs.replace(
            found,
            tco2eq_per_million_won=_figure(emissions(yearly, factor).through(lambda each: each * _MILLION / per)),
            toe_per_million_won=_figure(oil_equivalent(yearly, heat).through(lambda each: each * _MILLION / per)),
            per="subsidy" if terms.subsidy_won else "investment",
        )
    return msgspec.structs.replace(found, **_money(saved, yearly, terms))


def _money(saved: Ranged, yearly: Ranged, terms: WorthTerms) -> dict[str, Figure]:
    """Figures that the terms suffice for, by name."""
    found: dict[str, Figure] = {}
    price, life, rate = terms.won_per_kwh, terms.life_years, terms.discount_rate_pct
    own = None if terms.investment_won is None else terms.investment_won - (terms.subsidy_won or 0.0)
    if price is not None:
        won = yearly.through(lambda each: each * price)
        found["saved_won"] = _figure(saved.through(lambda each: each * price))
        found["yearly_won"] = _figure(won)
        if own is not None and own > 0:
            found["payback_years"] = _figure(simple_payback(own, won))
            if life is not None:
                found["irr_pct"] = _figure(internal_rate(own, won, life), _percent)
        if own is not None and life is not None and rate is not None:
            found["npv_won"] = _figure(net_present_value(own, won, rate / 100.0, life))
    if terms.investment_won is not None and life is not None and rate is not None:
        found["won_per_conserved_kwh"] = _figure(
            cost_of_conserved_energy(terms.investment_won, yearly, rate / 100.0, life)
        )
    if terms.subsidy_won is not None and life is not None:
        found["subsidy_won_per_kwh"] = _figure(subsidy_per_kwh(terms.subsidy_won, yearly, life))
    return found


def _percent(rate: float) -> float | None:
    """A rate of return [%/yr]; None where nothing returns."""
    return 100.0 * rate if rate > -1.0 else None


def _figure(ranged: Ranged, shown: Callable[[float], float | None] = float) -> Figure:
    return Figure(*(shown(each) if math.isfinite(each) else None for each in (ranged.value, ranged.low, ranged.high)))


@cache
def _factors() -> _Factors:
    text = resources.files(__name__.rpartition(".")[0]).joinpath("factors.yaml").read_text("utf-8")
    return msgspec.convert(parse_yaml(text, "factors.yaml").value, _Factors)
