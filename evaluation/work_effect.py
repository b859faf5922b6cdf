"""What a change of work that no model of the plan knows is worth, estimated on the baseline.

A measure of work joins the columns of the model in use as one more driver. If the baseline's energy follows it beyond
what the model knows, the saving with it among the drivers is the answer of a model that knows more; what lies between
the two answers is what the change of work was worth. As everywhere, the answer is the model's own, interval by
interval, and its band is made on the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np

from analytics import (
    AvoidedEnergy,
    BandMethod,
    adjust,
    avoided_energy,
    effective_size,
    fit_linear,
)
from evaluation.baseline_model import BandRows
from evaluation.case import Case, adjustments_by_row
from evaluation.choice import timeline
from evaluation.findings import WorkResult
from evaluation.fitting import projection
from evaluation.metered import Floats, Metered
from evaluation.sums import sums
from evaluation.work import Work, knows_work

SURE: Final = 0.99
"""How sure it must be that the energy follows a measure, however many measures were tried (Bonferroni)."""
_NOTHING: Final = 1e-12
"""Share of a measure's variance that is left of it where the model's columns tell it all but for rounding."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A measure beside the model in use, over the intervals in which it is known.

    Attributes
    ----------
    work
        The measure.
    baseline, reporting
        The windows, only those intervals usable.
    slope
        Energy per unit of it, beyond what the model knows [kWh per unit].
    explained
        The model's squared errors on the band's rows over those that are left with the measure.
    usual
        What the model says of the measure itself in the reporting period, from its course in the baseline [its unit].
    change
        By how much more of it there was.
    """

    work: Work
    baseline: Metered
    reporting: Metered
    slope: float
    explained: float
    usual: float
    change: float


def work_result(case: Case, works: Sequence[Work]) -> WorkResult | None:
    """The measure with which the model errs least on the baseline; else the plan's own that changed most.

    None where no measure is known well enough in both windows, or only some of other machines that the energy does not
    follow.
    """
    found = [one for one in (_beside(case, work) for work in works) if one is not None]
    followed = [one for one in found if _follows(case, one, len(works))]
    if followed:
        return _result(case, max(followed, key=lambda one: one.explained), follows=True)
    # A model that knows the work needs no further measure that says nothing.
    own = [] if knows_work(case.plan) else [one for one in found if one.work.bound]
    return _result(case, max(own, key=lambda one: abs(one.change / one.usual)), follows=False) if own else None


def _beside(case: Case, work: Work) -> _Found | None:
    if case.model is None or case.avoided is None:
        return None
    baseline, reporting = _known(case.baseline, work.baseline), _known(case.reporting, work.reporting)
    least = case.plan.quality.minimum_usable
    for whole, part in ((case.baseline, baseline), (case.reporting, reporting)):
        if part.usable.sum() < max(least * whole.usable.sum(), 1):
            return None
    energy, conditions = timeline(baseline, reporting)
    made = np.concatenate((work.baseline[baseline.usable], work.reporting[reporting.usable]))
    count = len(baseline.used_energy)
    shown = np.stack((energy, made))
    shown[:, count:] = np.nan
    model = projection(case.plan, case.plan.models[case.choice.name], case.model, conditions, baseline)
    said = model(shown)
    left, own = energy[:count] - said[0, :count], made[:count] - said[1, :count]
    usual, change = float(np.nansum(said[1, count:])), float(np.nansum(made[count:] - said[1, count:]))
    # What never varied in the baseline, or only with what the model knows, has nothing to say; nor has a model without
    # an error anything left to explain.
    told, exact = (
        each @ each <= _NOTHING * float(whole @ whole) for each, whole in ((own, made[:count]), (left, energy[:count]))
    )
    if usual <= 0 or told or exact:
        return None
    # Of least squares, a further column's coefficient is that of what the others leave of it (Frisch & Waugh).
    slope = float(own @ left / (own @ own))
    rows = sums(case.plan.granularity, baseline)
    before, after = rows.total(left), rows.total(left - slope * own)
    explained = float(before @ before) / max(float(after @ after), np.finfo(float).tiny)
    return _Found(work, baseline, reporting, slope, explained, usual, change)


def _known(window: Metered, work: Floats) -> Metered:
    return replace(window, usable=window.usable & np.isfinite(work))


def _follows(case: Case, found: _Found, tried: int) -> bool:
    """Whether the errors fall by more than chance lets them: (n' - p)(before/after - 1) against a squared normal."""
    assert case.avoided is not None
    assert case.model is not None
    rows = len(sums(case.plan.granularity, found.baseline).first)
    effective = effective_size(rows, max(case.avoided.noise.mean_rho, 0.0)) - case.model.linear.parameters
    sure = NormalDist().inv_cdf(0.5 + (1.0 - (1.0 - SURE) / tried) / 2.0)
    return effective > 0 and effective * (found.explained - 1.0) > sure**2


def _result(case: Case, found: _Found, *, follows: bool) -> WorkResult:
    assert case.avoided is not None
    saved, changed = _bands(case, found)
    kwh = float(case.avoided.cumulative[-1]) + found.slope * found.change
    percent = 100.0 / found.usual
    return WorkResult(
        device=found.work.device,
        channel=found.work.channel,
        aggregate=found.work.aggregate,
        state=found.work.state,
        bound=found.work.bound,
        follows=follows,
        error_share=math.sqrt(1.0 / found.explained),
        change_pct=percent * found.change,
        change_low_pct=percent * (found.change - changed),
        change_high_pct=percent * (found.change + changed),
        kwh_per_pct=found.slope / percent,
        kwh=kwh,
        low=kwh - saved,
        high=kwh + saved,
    )


def _bands(case: Case, found: _Found) -> tuple[float, float]:
    """Half widths of the band of the saving with the measure [kWh], and of that of its change [its unit]."""
    assert case.model is not None
    work, confidence = found.work, case.plan.confidence
    before, after = case.model.rows(found.baseline), case.model.rows(found.reporting)
    made = before.sums.total(work.baseline[found.baseline.usable])
    made_now = after.sums.total(work.reporting[found.reporting.usable])
    both = (np.column_stack((before.columns, made)), np.column_stack((after.columns, made_now)))
    saved = _avoided(both, before, before.energy, after, after.energy)
    saved = adjust(saved, adjustments_by_row(case.plan, found.reporting, after))
    changed = _avoided((before.columns, after.columns), before, made, after, made_now)
    first, second = (float(one.band.whole.half_width(confidence)[0]) for one in (saved, changed))
    return first, second


def _avoided(
    columns: tuple[Floats, Floats], before: BandRows, values: Floats, after: BandRows, values_after: Floats
) -> AvoidedEnergy:
    names = [str(index) for index in range(columns[0].shape[1])]
    return avoided_energy(
        fit_linear(columns[0], values, names), columns[0], before.positions, columns[1], values_after,
        after.positions, method=BandMethod.PLACEBO,
    )  # fmt: skip
