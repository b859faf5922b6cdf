"""Which machine to replace first: expected savings with their bands, in money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analytics.economics import Ranged, net_present_value, simple_payback
from analytics.errors import AnalyticsError


@dataclass(frozen=True, slots=True)
class Proposal:
    """A machine that could be replaced.

    Attributes
    ----------
    name
        Of the machine.
    yearly_energy
        What it uses [kWh/yr], with the band of that.
    share
        What the new one is expected to save of it, 0-1, with the range that is believed.
    investment
        What the new one costs [원].
    price
        What a saved kWh is worth [원/kWh].
    """

    name: str
    yearly_energy: Ranged
    share: Ranged
    investment: float
    price: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A proposal's worth: saving [kWh/yr], gain [원/yr], payback [yr] and net present value [원]."""

    proposal: Proposal
    saving: Ranged
    gain: Ranged
    payback: Ranged
    value: Ranged


def rank_replacements(proposals: Iterable[Proposal], *, rate: float, years: int) -> list[Ranked]:
    """Order proposals by the lower end of their net present value: what can be counted on comes first.

    Savings are those of `expected_saving`.

    Parameters
    ----------
    rate, years
        Discount rate (fraction) and life of the machines.

    Raises
    ------
    AnalyticsError
        When a share or an investment is not positive.
    """
    ranked = [_worth(proposal, rate, years) for proposal in proposals]
    return sorted(ranked, key=lambda found: (-found.value.low, found.proposal.name))


def expected_saving(energy: Ranged, share: Ranged) -> Ranged:
    """Saving = energy · share, each with its range, in the unit of the energy.

    The two are independent, so the product's band is √((s·Δe)² + (e·Δs)² + (Δe·Δs)²) on either side, Δ the distance of
    that end (Goodman, J. Am. Stat. Assoc. 55 (1960) 708, for the variance of a product).
    """
    value = energy.value * share.value
    return Ranged(
        value,
        value - _spread(energy.value, share.value, energy.value - energy.low, share.value - share.low),
        value + _spread(energy.value, share.value, energy.high - energy.value, share.high - share.value),
    )


def _worth(proposal: Proposal, rate: float, years: int) -> Ranked:
    energy, share = proposal.yearly_energy, proposal.share
    if not 0 < share.value <= 1:
        raise AnalyticsError(f"{proposal.name}: an expected saving of {100 * share.value:g} % is none to rank")
    saving = expected_saving(energy, share)
    gain = saving.through(lambda kwh: kwh * proposal.price)
    return Ranked(
        proposal,
        saving,
        gain,
        simple_payback(proposal.investment, gain),
        net_present_value(proposal.investment, gain, rate, years),
    )


def _spread(energy: float, share: float, by_energy: float, by_share: float) -> float:
    return float(np.sqrt((share * by_energy) ** 2 + (energy * by_share) ** 2 + (by_energy * by_share) ** 2))
