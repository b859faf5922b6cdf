"""Which of the plan's models is used, and what each of them says: the rule is fixed before the data are seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from analytics import Candidate, Selection, TooFewIntervalsError, select, spread
from evaluation import reasons
from evaluation.baseline_model import BaselineModel
from evaluation.calendar import LocalClock
from evaluation.findings import CandidateResult, Family
from evaluation.fitting import candidate, fit, needed
from evaluation.metered import Conditions, Floats, Metered
from evaluation.models import ChangePoint, Model, drivers_of
from evaluation.plan import Plan
from evaluation.sums import row_unit, sums
from evaluation.wording import Text


@dataclass(frozen=True, slots=True)
class Choice:
    """The model used, and the candidates it was chosen from.

    Attributes
    ----------
    name
        Of the chosen one; empty when the data suffice for none.
    model
        The chosen one, fitted.
    error, saving
        By candidate: root mean square error held out, and saving of the usable reporting intervals without adjustments
        [kWh]; NaN where it cannot be said.
    refused
        Why a candidate cannot be used, by name.
    """

    name: str
    model: BaselineModel | None
    error: dict[str, float] = field(default_factory=dict)
    saving: dict[str, float] = field(default_factory=dict)
    refused: dict[str, Text] = field(default_factory=dict)

    def results(self, plan: Plan, added_kwh: float) -> list[CandidateResult]:
        """Every candidate's answer, `added_kwh` of adjustments in all of them; none where the plan names none."""
        return [
            CandidateResult(
                name=name,
                family=family(model),
                form=model.form if isinstance(model, ChangePoint) else "",
                drivers=drivers_of(model),
                chosen=self.model is not None and name == self.name,
                rmse_kwh=_number(self.error.get(name, math.nan)),
                saving_kwh=_number(self.saving.get(name, math.nan) + added_kwh),
                refused=self.refused.get(name),
            )
            for name, model in (plan.models.items() if plan.candidates else ())
        ]


def family(model: Model) -> Family:
    """What the plan calls the model's family."""
    return Family(str(model.__struct_config__.tag))


def choose(plan: Plan, baseline: Metered, reporting: Metered) -> Choice:
    """Choose among the plan's candidates by its rule; the reporting period's energy is not looked at."""
    rows, unit = len(sums(plan.granularity, baseline).first), row_unit(plan.granularity)
    refused = {
        name: reasons.family_too_short(family(model), rows, needed(model), unit)
        for name, model in plan.models.items()
        if rows < needed(model)
    }
    able = {name: model for name, model in plan.models.items() if name not in refused}
    if not able:
        return Choice("", None, refused=refused)
    energy, conditions = timeline(baseline, reporting)
    before = np.arange(len(energy)) < len(baseline.used_energy)
    bound = {name: candidate(plan, model, conditions, baseline) for name, model in able.items()}
    # A single model needs no choice, and rounding apart nothing to compare its answer with.
    error, unjudged = _errors(plan, bound, energy, before) if plan.candidates else ({}, {})
    refused |= unjudged
    left = [name for name in able if name not in refused]
    if plan.selection.rule == "held_out" and plan.candidates:
        left = sorted(left, key=lambda name: error[name])
    fitted = _fit_first(plan, left, baseline, refused)
    saving = _savings(bound, energy, before) if plan.candidates and reporting.usable.any() else {}
    return Choice(*fitted, error, saving, refused)


def _fit_first(
    plan: Plan, names: list[str], baseline: Metered, refused: dict[str, Text]
) -> tuple[str, BaselineModel | None]:
    """The first that can be fitted; those that cannot are added to the `refused`."""
    for name in names:
        try:
            return name, fit(plan, plan.models[name], baseline)
        except TooFewIntervalsError:
            refused[name] = reasons.family_not_determined()
    return "", None


def _errors(
    plan: Plan, bound: Mapping[str, Candidate], energy: Floats, before: np.ndarray
) -> tuple[dict[str, float], dict[str, Text]]:
    """Errors held out, and why some could not be judged."""
    try:
        found: Selection = select(bound, energy, before, folds=plan.selection.folds)
    except TooFewIntervalsError:
        return {}, {name: reasons.family_not_determined() for name in bound}
    error = dict(zip(found.names, found.error.tolist(), strict=True))
    return error, {name: reasons.family_not_determined() for name in found.reasons}


def _savings(bound: Mapping[str, Candidate], energy: Floats, before: np.ndarray) -> dict[str, float]:
    found = spread(bound, energy, before, ~before)
    return dict(zip(found.names, found.saving.tolist(), strict=True))


def timeline(baseline: Metered, reporting: Metered) -> tuple[Floats, Conditions]:
    """Energy and conditions of the usable intervals of both windows, one after the other."""
    parts = (baseline, reporting)
    clocks = [part.used_conditions.clock for part in parts]
    clock = LocalClock(np.concatenate([one.day for one in clocks]), np.concatenate([one.minute for one in clocks]))
    drivers = np.concatenate([part.used_drivers for part in parts])
    return np.concatenate([part.used_energy for part in parts]), Conditions(drivers, clock)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
