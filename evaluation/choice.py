"""Which of the plan's models is used, and what each of them says: the rule is fixed before the data are seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analytics import (
    Candidate,
    LinearModel,
    Selection,
    Spread,
    TooFewIntervalsError,
    fit_linear,
    linear_candidate,
    select,
    spread,
)
from evaluation.findings import CandidateResult
from evaluation.metered import Metered
from evaluation.plan import Plan

FOLDS = 5
"""Stretches of the baseline, each held out whole once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The model used, and the candidates it was chosen from; None where the plan names none."""

    model: LinearModel
    selection: Selection | None = None
    spread: Spread | None = None

    def results(self, plan: Plan) -> list[CandidateResult]:
        """Every candidate's answer."""
        if self.selection is None or self.spread is None:
            return []
        rows = zip(self.selection.names, self.selection.error.tolist(), self.spread.saving.tolist(), strict=True)
        return [
            CandidateResult(
                name=name,
                drivers=list(plan.candidates[name]),
                chosen=name == self.selection.chosen,
                rmse_kwh=error if math.isfinite(error) else None,
                saving_kwh=saving if math.isfinite(saving) else None,
            )
            for name, error, saving in rows
        ]


def choose(plan: Plan, baseline: Metered, reporting: Metered) -> Choice:
    """Choose among the plan's candidates by time-blocked cross-validation; the reporting period is not looked at.

    Raises
    ------
    analytics.TooFewIntervalsError
        When no candidate can be judged or fitted.
    """
    names = [driver.name for driver in plan.drivers]
    drivers, energy = baseline.used_drivers, baseline.used_energy
    if not plan.candidates:
        return Choice(fit_linear(drivers, energy, names))
    count, later = len(energy), reporting.used_energy
    timeline = np.concatenate((energy, later))
    before = np.arange(len(timeline)) < count
    rows = np.concatenate((drivers, reporting.used_drivers))
    candidates: dict[str, Candidate] = {}
    for name, chosen in plan.candidates.items():
        columns = [names.index(driver) for driver in chosen]
        candidates[name] = linear_candidate(np.column_stack((np.ones(len(rows)), rows[:, columns])))
    selection = select(candidates, timeline, before, folds=FOLDS)
    model = fit_linear(drivers, energy, names, plan.candidates[selection.chosen])
    found = spread(candidates, timeline, before, ~before)
    if not len(later):
        found = Spread(found.names, np.full(len(candidates), np.nan), np.full(len(candidates), np.nan))
    return Choice(model, selection, found)


def try_to_choose(plan: Plan, baseline: Metered, reporting: Metered, needed: int) -> Choice | None:
    """`choose`, or None when the baseline has fewer than the `needed` intervals or no candidate can be judged."""
    if int(baseline.usable.sum()) < needed:
        return None
    try:
        return choose(plan, baseline, reporting)
    except TooFewIntervalsError:
        return None
