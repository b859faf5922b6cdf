"""Sums over a programme's machines: what errs by itself adds in squares, what they share adds as it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from analytics import Portfolio, Ranged, portfolio, subsidy_per_kwh
from evaluation.machines import Machine, MachineResult
from evaluation.programme import (
    CLASS_LIMIT_PCT,
    CommonModel,
    FactorError,
    MeterScale,
    PriceError,
    Programme,
    SensorDrift,
    Shared,
)
from evaluation.saving import Saving
from evaluation.worth import Figure, Worth

Floats = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]
Quantity = Literal["energy", "won", "carbon"]
_YEAR_DAYS: Final = 365.0
_MJ_PER_TOE: Final = 41_868.0


class SumFigure(msgspec.Struct, frozen=True):
    """One figure of a sum.

    Parameters
    ----------
    code
        ``yearly_kwh``, ``tco2eq``, ``yearly_tco2eq``, ``toe``, ``yearly_toe``, ``saved_won``, ``yearly_won``; ``_won``
        is 원.
    figure
        With its band.
    machines
        How many of the sum's machines it is of: money is of those whose plan has a price.
    """

    code: str
    figure: Figure
    machines: int


class SumResult(msgspec.Struct, frozen=True, kw_only=True):
    """A sum of savings over some of a programme's machines, each over its own reporting period.

    Parameters
    ----------
    plans
        Ids of the machines it is of.
    kwh, low, high
        The saving and its band at the programme's confidence [kWh].
    pct, pct_low, pct_high
        The same of the machines' adjusted baselines together; ``None`` where that is not positive.
    adjusted_kwh, actual_kwh
        Of the machines together [kWh].
    independent_kwh, shared_kwh
        Standard errors of the two parts of the band [kWh].
    baseline_share_pct
        What these machines used in their baselines, of all machines of which that is known [%].
    figures
        What it is worth.
    subsidy_won_per_kwh
        The subsidies of the whole programme, whatever they were paid for, per kWh that these machines save in their
        lives [원/kWh]; ``None`` unless every one of them has a life and a subsidy is known. Its figures are ``None``
        where nothing is saved.
    """

    plans: list[str]
    kwh: float
    low: float
    high: float
    pct: float | None
    pct_low: float | None
    pct_high: float | None
    adjusted_kwh: float
    actual_kwh: float
    independent_kwh: float
    shared_kwh: float
    baseline_share_pct: float | None
    figures: list[SumFigure]
    subsidy_won_per_kwh: Figure | None


@dataclass(frozen=True, slots=True)
class Summed:
    """A machine that has a saving."""

    machine: Machine
    saving: Saving
    worth: Worth

    @property
    def result(self) -> MachineResult:
        """What is told of it."""
        return self.machine.result


def summable(machines: Sequence[Machine]) -> list[Summed]:
    """Machines that have a saving."""
    return [
        Summed(one, one.result.saving, one.result.worth)
        for one in machines
        if one.result.saving is not None and one.result.worth is not None
    ]


def shared_sources(programme: Programme, machines: Sequence[Summed]) -> list[Shared]:
    """What is declared as shared; without a declaration the class of the meters, and the models of every site."""
    if programme.shared is not None:
        return programme.shared
    sites: dict[str, list[str]] = {}
    for one in machines:
        sites.setdefault(one.result.site, []).append(one.result.plan_id)
    together = [CommonModel(name=site, plans=plans) for site, plans in sites.items() if len(plans) > 1]
    return [MeterScale(limit_pct=CLASS_LIMIT_PCT), *together]


def sum_of(
    programme: Programme, machines: Sequence[Summed], sources: Sequence[Shared], baseline_kwh: float, subsidy: float
) -> SumResult:
    """The sum of these machines.

    Parameters
    ----------
    baseline_kwh
        A day's energy in the baselines of all machines of the programme, as far as known [kWh].
    subsidy
        Of the whole programme [원]; 0 where none is known.
    """
    whole = _portfolio(machines, sources, np.ones(len(machines)))
    saving = _ranged(whole, programme.confidence)
    adjusted = sum(one.saving.adjusted_kwh for one in machines)

    def pct(kwh: float) -> float | None:
        return 100.0 * kwh / adjusted if adjusted > 0 else None

    mine = sum(one.result.baseline_kwh_per_day or 0.0 for one in machines)
    return SumResult(
        plans=[one.result.plan_id for one in machines],
        kwh=saving.value,
        low=saving.low,
        high=saving.high,
        pct=pct(saving.value),
        pct_low=pct(saving.low),
        pct_high=pct(saving.high),
        adjusted_kwh=adjusted,
        actual_kwh=sum(one.saving.actual_kwh for one in machines),
        independent_kwh=whole.independent,
        shared_kwh=whole.shared,
        baseline_share_pct=100.0 * mine / baseline_kwh if baseline_kwh > 0 else None,
        figures=list(_figures(machines, sources, programme.confidence)),
        subsidy_won_per_kwh=_subsidy(machines, sources, programme.confidence, subsidy),
    )


def response(source: Shared, machine: Summed, quantity: Quantity = "energy") -> float:
    """What a machine's saving errs by at one standard error of a shared source [kWh]; 0 where it is not of it."""
    if source.plans and machine.result.plan_id not in source.plans:
        return 0.0
    match source:
        case MeterScale():
            return source.limit_pct / math.sqrt(3.0) / 100.0 * machine.saving.kwh
        case SensorDrift():
            return source.error * dict(machine.machine.per_unit).get(source.driver, 0.0)
        case PriceError():
            return source.error_pct / 100.0 * machine.saving.kwh if quantity == "won" else 0.0
        case FactorError():
            return source.error_pct / 100.0 * machine.saving.kwh if quantity == "carbon" else 0.0
        case CommonModel():
            return 0.0


def together(machines: Sequence[Summed], sources: Sequence[Shared]) -> Groups:
    """Labels of machines whose own errors move as one, shape (machines,); one that is of two groups joins them."""
    label = np.arange(len(machines), dtype=np.int64)
    for source in sources:
        if isinstance(source, CommonModel):
            joined = np.unique(label[[one.result.plan_id in source.plans for one in machines]])
            if len(joined):
                label[np.isin(label, joined)] = joined[0]
    return label


def _portfolio(
    machines: Sequence[Summed], sources: Sequence[Shared], weight: Floats, quantity: Quantity = "energy"
) -> Portfolio:
    """Σ weight · saving; weights are positive."""
    responses = [[response(source, one, quantity) for source in sources] for one in machines]
    return portfolio(
        weight * np.array([one.saving.kwh for one in machines]),
        weight * np.array([one.saving.error_kwh for one in machines]),
        np.array([one.saving.freedom or np.inf for one in machines]),
        weight[:, None] * np.array(responses).reshape(len(machines), len(sources)),
        together(machines, sources),
    )


def _ranged(found: Portfolio, confidence: float) -> Ranged:
    half = found.half_width(confidence)
    return Ranged(found.saving, found.saving - half, found.saving + half)


def _figures(machines: Sequence[Summed], sources: Sequence[Shared], confidence: float) -> Iterator[SumFigure]:
    year = np.array([_YEAR_DAYS / one.worth.days for one in machines])
    carbon = np.array([one.worth.emission_tco2eq_per_mwh for one in machines]) / 1000.0
    oil = np.array([one.worth.heat_mj_per_kwh for one in machines]) / _MJ_PER_TOE
    price = np.array([_price(one) for one in machines])
    ones = np.ones(len(machines))
    figures: list[tuple[str, Floats, Quantity]] = [
        ("yearly_kwh", year, "energy"), ("tco2eq", carbon, "carbon"), ("yearly_tco2eq", carbon * year, "carbon"),
        ("toe", oil * ones, "energy"), ("yearly_toe", oil * year, "energy"),
        ("saved_won", price, "won"), ("yearly_won", price * year, "won"),
    ]  # fmt: skip
    for code, weight, quantity in figures:
        of = [one for one, each in zip(machines, weight.tolist(), strict=True) if each > 0]
        if of:
            found = _ranged(_portfolio(of, sources, weight[weight > 0], quantity), confidence)
            yield SumFigure(code, Figure(found.value, found.low, found.high), len(of))


def _price(machine: Summed) -> float:
    """Won per kWh; 0 where the plan does not say."""
    plan = machine.machine.plan
    return (plan.worth.won_per_kwh if plan is not None else None) or 0.0


def _subsidy(machines: Sequence[Summed], sources: Sequence[Shared], confidence: float, subsidy: float) -> Figure | None:
    """Won per kWh of the machines' lives; None unless it can be said of all of them."""
    lives = [one.result.life_years for one in machines]
    if subsidy <= 0 or None in lives:
        return None
    weight = np.array([_YEAR_DAYS / one.worth.days * (life or 0) for one, life in zip(machines, lives, strict=True)])
    found = subsidy_per_kwh(subsidy, _ranged(_portfolio(machines, sources, weight), confidence), 1)
    return Figure(*(each if math.isfinite(each) else None for each in (found.value, found.low, found.high)))
