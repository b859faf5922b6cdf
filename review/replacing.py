"""Which machine to replace first: what it uses in a year, and what is expected to be saved of that (`expected`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec
import numpy as np
import scipy.special

from analytics import Ranged
from analytics.operations import Proposal, expected_saving, rank_replacements
from evaluation import Evaluation, Text
from review.day_drivers import Days
from review.expected import CONFIDENCE, Expected, Machine, expected_share
from review.period import Floats
from review.result import Candidate, Figure
from review.settings import Replacement, Settings

_YEAR_DAYS: Final = 365.0
_WEEK: Final = 7
_LEAST_WEEKS: Final = 3
_NOTHING_TOLD: Final = Replacement()


def candidates(
    machines: Sequence[Machine],
    days: Days,
    settings: Settings,
    won_per_kwh: float | None,
    likes: Mapping[str, Machine],
    evaluated: Callable[[str], Evaluation | Text],
) -> list[Candidate]:
    """Machines ranked by what can be counted on; those of which nothing can be expected last, by their energy.

    Parameters
    ----------
    machines
        Those reviewed.
    days
        Of the period and before.
    won_per_kwh
        What a saved kWh is worth, None where no price is known.
    likes, evaluated
        As of `expected_share`.
    """
    told = {machine.device: settings.replacements.get(machine.device) for machine in machines}
    searched = sum(msgspec.structs.replace(one or _NOTHING_TOLD, investment_won=None) == _NOTHING_TOLD
                   for one in told.values())  # fmt: skip
    found = []
    for machine in machines:
        share = expected_share(machine, told[machine.device], days, likes, evaluated, searched)
        found.append(_candidate(machine, share, days, settings, won_per_kwh))
    decided = sorted((one for one in found if one.undecided is None), key=_order)
    ranked = [msgspec.structs.replace(one, rank=rank) for rank, one in enumerate(decided, start=1)]
    return ranked + sorted((one for one in found if one.undecided is not None), key=_by_energy)


def yearly_energy(kwh: Floats) -> tuple[Ranged | None, int]:
    """A year at the pace of the whole weeks metered, shape (days,), with the 90 % band of their mean; and their days.

    Weeks, because days of a week differ by plan and not by chance: t(n - 1)·s/√n of the weeks' sums. What seasons the
    days lack is not in it.
    """
    weeks = len(kwh) // _WEEK
    sums = kwh[: weeks * _WEEK].reshape(weeks, _WEEK).sum(axis=1)
    sums = sums[np.isfinite(sums)]
    if len(sums) < _LEAST_WEEKS:
        return None, len(sums) * _WEEK
    by = _YEAR_DAYS / _WEEK
    t = float(scipy.special.stdtrit(len(sums) - 1, (1.0 + CONFIDENCE) / 2.0))
    mean, half = by * float(sums.mean()), by * t * float(sums.std(ddof=1)) / float(np.sqrt(len(sums)))
    return Ranged(mean, max(mean - half, 0.0), mean + half), len(sums) * _WEEK


def _named(machine: Machine, settings: Settings) -> list[str]:
    told = settings.replacements.get(machine.device)
    return [told.like] if told is not None and told.like else []


def _candidate(
    machine: Machine, expected: Expected | Text, days: Days, settings: Settings, won_per_kwh: float | None
) -> Candidate:
    yearly, known = yearly_energy(machine.kwh[days.begin :])
    undecided = Candidate(
        device=machine.device, rank=None, basis=None, found=None, assumes=None, yearly_kwh=_figure(yearly), days=known,
        share_pct=None, saving_kwh=None, gain=None, payback_years=None, present_value=None,
        undecided=_few_weeks(known) if yearly is None or not isinstance(expected, Text) else expected,
        named=_named(machine, settings),
    )  # fmt: skip
    if yearly is None or isinstance(expected, Text):
        return undecided
    share = expected.share
    if not 0 < share.low <= share.value <= 1:
        return msgspec.structs.replace(undecided, undecided=_unproven(expected))
    saving = expected_saving(yearly, share)
    if saving.low <= 0:
        return msgspec.structs.replace(undecided, undecided=_UNSURE)
    worth = undecided
    if won_per_kwh is not None:
        told = settings.replacements.get(machine.device, _NOTHING_TOLD)
        proposal = Proposal(machine.device, yearly, share, told.investment_won or 0.0, won_per_kwh)
        worth = _worth(undecided, proposal, settings)
    return msgspec.structs.replace(
        worth,
        basis=expected.basis,
        found=expected.found,
        assumes=expected.assumes,
        share_pct=_figure(share.through(lambda part: 100.0 * part)),
        saving_kwh=_figure(saving),
        undecided=None,
    )


def _worth(candidate: Candidate, proposal: Proposal, settings: Settings) -> Candidate:
    """With its worth in money, and what an investment makes of it where one is given."""
    priced = proposal.investment > 0
    # Without an investment only what a saving is worth a year can be told; the ranking asks for one.
    asked = proposal if priced else replace(proposal, investment=1.0)
    [ranked] = rank_replacements([asked], rate=settings.discount_rate_pct / 100.0, years=settings.life_years)
    return msgspec.structs.replace(
        candidate,
        gain=_figure(ranked.gain),
        payback_years=_figure(ranked.payback) if priced else None,
        present_value=_figure(ranked.value) if priced else None,
    )


def _figure(found: Ranged | None) -> Figure | None:
    if found is None:
        return None
    value, low, high = (end if np.isfinite(end) else None for end in (found.value, found.low, found.high))
    return Figure(value, low, high)


def _order(candidate: Candidate) -> tuple[bool, float, str]:
    """Those with a present value first, by its lower end; the others by that of the saving."""
    worth = candidate.present_value or candidate.saving_kwh
    low = worth.low if worth is not None and worth.low is not None else -np.inf
    return candidate.present_value is None, -low, candidate.device


def _by_energy(candidate: Candidate) -> tuple[float, str]:
    yearly = candidate.yearly_kwh
    return -(yearly.value or 0.0) if yearly is not None else 0.0, candidate.device


_UNSURE: Final = Text(
    "주마다 사용량이 크게 달라, 절감량의 하한이 0 아래입니다. 기간을 늘려 보십시오.",
    "Its weeks differ so much that the saving may be nothing; review a longer period.",
)


def _unproven(expected: Expected) -> Text:
    """A share whose band reaches down to nothing: what was found, and that nothing follows."""
    none = expected.share.high <= 0
    told = (
        Text("절감이 예상되지 않습니다.", "No saving is expected.")
        if none
        else Text("절감이 없을 수도 있습니다.", "It may save nothing.")
    )
    return Text(f"{expected.found.ko} {told.ko}", f"{expected.found.en} {told.en}")


def _few_weeks(days: int) -> Text:
    return Text(
        f"온전히 계측된 주가 {days // _WEEK}주뿐입니다. {_LEAST_WEEKS}주는 있어야 한 해를 말할 수 있습니다.",
        f"Whole weeks metered: {days // _WEEK}; a year's use takes {_LEAST_WEEKS}.",
    )
