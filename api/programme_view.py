"""How a programme is drawn: bands as places on an axis in per mille of its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.axis import Axis
from evaluation import MachineResult, PortfolioResult, Reason, SumResult

MACHINES_SHOWN: Final = 500
"""A page of more is slow; the table for a spreadsheet has all of them."""
_LEAST, _MOST = 0.05, 0.95
"""Quantiles of the machines' bands that the axis reaches: one far-off band would leave the others no room."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A saving and its band on an axis with its zero; `cut` where the band reaches beyond the axis."""

    zero: float
    low: float
    point: float
    high: float
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A machine of the sum: its share saved on the axis of all of them, None where that is not known."""

    machine: MachineResult
    band: Placed | None


def of_sum(found: SumResult) -> Placed:
    """A sum and its band."""
    axis = Axis([0.0, found.low, found.high, found.kwh])
    return Placed(axis.place(0.0), axis.place(found.low), axis.place(found.kwh), axis.place(found.high))


def judged(result: PortfolioResult) -> list[Row]:
    """Machines that are in the sum, all on one axis of per cent."""
    machines = [one for one in result.machines if one.saving is not None]
    ends = sorted(
        end
        for one in machines
        if one.saving is not None
        for end in (one.saving.pct_low, one.saving.pct_high)
        if end is not None
    )
    axis = Axis([0.0, *_most(ends)])
    return [Row(one, _band(axis, one)) for one in machines]


def others(result: PortfolioResult) -> list[MachineResult]:
    """Machines that are in no sum."""
    return [one for one in result.machines if one.saving is None]


def why(machine: MachineResult) -> Reason | None:
    """The first reason for there being no saving."""
    return next((one for one in machine.reasons if not one.doubt), None)


def _most(ends: Sequence[float]) -> list[float]:
    if not ends:
        return []
    last = len(ends) - 1
    # Of few machines every end counts.
    return [ends[int(_LEAST * last)] if last > 40 else ends[0], ends[int(_MOST * last)] if last > 40 else ends[-1]]


def _band(axis: Axis, machine: MachineResult) -> Placed | None:
    saving = machine.saving
    if saving is None or saving.pct is None or saving.pct_low is None or saving.pct_high is None:
        return None
    ends = [axis.place(end) for end in (saving.pct_low, saving.pct, saving.pct_high)]
    low, point, high = (min(max(at, 0.0), 1000.0) for at in ends)
    return Placed(axis.place(0.0), low, point, high, cut=[low, point, high] != ends)
