"""One plan on its metered windows: the model in use, its rows, and the saving they come to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analytics import Adjustment, AvoidedEnergy, BandMethod, adjust, avoided_energy
from evaluation.baseline_model import BandRows, BaselineModel
from evaluation.choice import Choice, choose
from evaluation.declared import adjustments
from evaluation.metered import Metered
from evaluation.plan import Plan
from evaluation.sums import planned_positions


@dataclass(frozen=True, slots=True)
class Case:
    """What every part of an evaluation looks at.

    Attributes
    ----------
    plan, baseline, installation, reporting
        The plan and its windows.
    choice
        The model in use, and the others.
    before, after
        The baseline's and the reporting period's rows; None without a model.
    avoided
        The saving by row, adjustments in it; None without a model or a usable reporting interval.
    """

    plan: Plan
    baseline: Metered
    installation: Metered
    reporting: Metered
    choice: Choice
    before: BandRows | None
    after: BandRows | None
    avoided: AvoidedEnergy | None

    @property
    def windows(self) -> tuple[Metered, Metered, Metered]:
        """Baseline, installation and reporting window."""
        return self.baseline, self.installation, self.reporting

    @property
    def model(self) -> BaselineModel | None:
        """The model in use."""
        return self.choice.model

    @property
    def planned(self) -> int:
        """Rows of the reporting window if every interval were usable."""
        return len(planned_positions(self.plan.granularity, self.reporting))

    @property
    def gap(self) -> int:
        """Rows between the last of the baseline and the first planned one of the reporting window."""
        if self.before is None or not self.planned:
            return 0
        first = int(planned_positions(self.plan.granularity, self.reporting)[0])
        return max(first - int(self.before.positions[-1]) - 1, 0)


def build(plan: Plan, baseline: Metered, installation: Metered, reporting: Metered) -> Case:
    """Choose and fit the model, and project it."""
    choice = choose(plan, baseline, reporting)
    model = choice.model
    if model is None:
        return Case(plan, baseline, installation, reporting, choice, None, None, None)
    before, after = model.rows(baseline), model.rows(reporting)
    avoided = None
    if reporting.usable.any():
        avoided = adjust(_avoid(model, baseline, reporting, before, after), adjustments_by_row(plan, reporting, after))
    return Case(plan, baseline, installation, reporting, choice, before, after, avoided)


def used_adjustments(plan: Plan, reporting: Metered) -> list[Adjustment]:
    """The plan's adjustments in the usable reporting intervals."""
    if not reporting.usable.any():
        return []
    used = reporting.usable
    return [
        Adjustment(change.reason, change.energy[used], change.error[used])
        for change in adjustments(plan, reporting.grid)
    ]


def adjustments_by_row(plan: Plan, reporting: Metered, after: BandRows) -> list[Adjustment]:
    """The plan's adjustments in the usable reporting intervals, gathered into the rows of the band."""
    return [
        Adjustment(change.reason, after.sums.total(change.energy), after.sums.total(change.error))
        for change in used_adjustments(plan, reporting)
    ]


def _avoid(
    model: BaselineModel, baseline: Metered, reporting: Metered, before: BandRows, after: BandRows
) -> AvoidedEnergy:
    """The model's own expectation, in the band of its rows."""
    found = avoided_energy(
        model.linear,
        before.columns,
        before.positions,
        after.columns,
        after.energy,
        after.positions,
        method=BandMethod.PLACEBO,
        refit=model.refit(baseline),
    )
    said = after.sums.total(model.expected(reporting.used_conditions))
    # What the model cannot say makes the claim not provable (rule 4); the picture then shows the rows' own answer.
    adjusted = np.where(np.isfinite(said), said, found.adjusted)
    saving = adjusted - after.energy
    return replace(found, adjusted=adjusted, saving=saving, cumulative=np.cumsum(saving))
