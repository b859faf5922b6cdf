"""The rules of the verdict, all in one place, each with its source; their texts are in `evaluation.reasons`.

1. Every window must have its share of usable intervals (plan; default 90 %, CalTRACK 2.2.1.2).
2. The baseline must leave `evaluation.fitting.MINIMUM_FREEDOM` degrees of freedom after its coefficients; a candidate
   whose family asks for more is refused alone.
3. The baseline must hold at least one placebo: without one the band was never checked against this very machine.
4. What never varied or never occurred in the baseline (a driver, a day of the week, an hour) may not in the reporting
   window: its effect is not known.
5. CV(RMSE) must not exceed its limit (plan; default `MAXIMUM_CV_RMSE_PCT`).
6. The residuals' autocorrelation must leave more effective intervals, n(1-ρ)/(1+ρ), than coefficients.
7. A saving that would be proven must still be when the drivers are given no effect at all beyond the range they had
   in the baseline: a proof may not rest on extrapolation.
8. The band must be able to show the saving the applicant expects, if the plan names one.
9. The baseline may not follow its model exactly (CV(RMSE) below `EXACT_CV_RMSE_PCT`): what is metered never does.
   Numbers that were computed, copied or stand still say nothing of how much a machine varies.
10. A saving that would be proven may not be one of conditions that the baseline hardly knew: no more than half of the
   reporting intervals may lie beyond a driver's range in the baseline by more than `FAR` of its width. Rule 7 cannot
   see this in a model that is flat out there, such as a heating model in summer.

11. A saving may not hinge on the machine having done as much in both windows where the store tells that it did not and
   the baseline that its energy goes with it; unless the plan declares, with a reason, that output does not drive it
   (`evaluation.work_rules`). Rules 7 and 10 look at what the models are told, this one at what they are not.

A rule broken makes the claim **not provable**; 7, 8, 10 and 11 only where they decide. Otherwise it is **proven** when
the band's lower end lies above zero and above the plan's minimum, else **not proven**. What decides nothing and should
still be weighed (candidates that disagree, a counter that contradicts the power) stands beside the verdict as a doubt
(`evaluation.doubts`).
"""

from __future__ import annotations

import math
from typing import Final

from evaluation import claim_reasons, reasons
from evaluation.fitted_model import ModelResult
from evaluation.plan import Plan
from evaluation.saving import Detectable, Placebos, Saving
from evaluation.verdict import Reason, Verdict
from evaluation.windows import DriverRange, WindowResult

MAXIMUM_CV_RMSE_PCT: Final = {"quarter_hour": 30.0, "hour": 30.0, "day": 30.0, "week": 15.0}
"""ASHRAE Guideline 14 gives 30 % for hourly and 15 % for monthly models. For daily models no published limit was found:
the hourly one is taken as the loosest that can be meant. For weeks the monthly one is taken."""

EXACT_CV_RMSE_PCT: Final = 0.005
"""A fortieth of the error that a meter of class 0.2 S is allowed (IEC 62053-22)."""

FAR: Final = 0.1
"""How far beyond a driver's range is far, as a share of the range's width; our own figure (`docs/methods.md`)."""


def usable_limit(plan: Plan, window: WindowResult) -> int:
    """Usable intervals that rule 1 asks of a window."""
    return max(math.ceil(plan.quality.minimum_usable * window.intervals - 1e-9), 1)


def cv_rmse_limit(plan: Plan) -> float:
    """Largest CV(RMSE) that rule 5 allows [%]."""
    return plan.quality.maximum_cv_rmse_pct or MAXIMUM_CV_RMSE_PCT[plan.granularity]


def coverage_reasons(plan: Plan, baseline: WindowResult, reporting: WindowResult) -> list[Reason]:
    """Rule 1."""
    found = []
    for name, window in (("baseline", baseline), ("reporting", reporting)):
        needed = usable_limit(plan, window)
        if window.usable < needed:
            found.append(reasons.coverage(name, window, needed, plan.granularity, plan.max_power_kw))
    return found


def placebo_reasons(placebos: Placebos | None) -> list[Reason]:
    """Rule 3; without a reporting period there is no band to check."""
    return [reasons.no_placebo()] if placebos is not None and placebos.count == 0 else []


def model_reasons(plan: Plan, model: ModelResult, parameters: int) -> list[Reason]:
    """Rules 5, 6 and 9; `parameters` are the coefficients of the rows that the band is made on."""
    found = []
    limit = cv_rmse_limit(plan)
    if model.cv_rmse_pct is not None and model.cv_rmse_pct < EXACT_CV_RMSE_PCT:
        found.append(reasons.too_exact(model.cv_rmse_pct))
    if model.cv_rmse_pct is None or model.cv_rmse_pct > limit:
        found.append(reasons.model_too_loose(model.cv_rmse_pct, limit))
    if model.n_effective <= parameters:
        found.append(reasons.too_dependent(model.n_effective, model.rho, parameters))
    return found


def judge(
    plan: Plan, saving: Saving, drivers: list[DriverRange], detectable: Detectable | None
) -> tuple[Verdict, list[Reason]]:
    """Rules 7, 8 and 10 and the claim itself, on a saving that the rules before allow; `drivers` are the model's."""
    claim = max(saving.adjusted_kwh, 0.0) * plan.claim.minimum_saving_pct / 100.0
    extrapolated = sum(driver.extrapolated_kwh or 0.0 for driver in drivers)
    if saving.low > claim:
        if saving.low - extrapolated <= claim:
            outside = [driver for driver in drivers if driver.extrapolated_kwh]
            return Verdict.NOT_PROVABLE, [claim_reasons.outside_range(outside, extrapolated)]
        if strange := far_outside(drivers):
            return Verdict.NOT_PROVABLE, [claim_reasons.far_outside(strange)]
        return Verdict.PROVEN, [claim_reasons.proven(saving, plan.claim.minimum_saving_pct)]
    expected = plan.claim.expected_saving_pct
    if expected is not None and detectable is not None and detectable.pct is not None and detectable.pct > expected:
        return Verdict.NOT_PROVABLE, [claim_reasons.not_detectable(detectable.pct, expected)]
    return Verdict.NOT_PROVEN, [claim_reasons.not_proven(saving, plan.claim.minimum_saving_pct, claim)]


def far_outside(drivers: list[DriverRange]) -> list[DriverRange]:
    """Drivers that most of the reporting period lies far beyond the baseline's range of."""
    return [driver for driver in drivers if (driver.far_outside or 0.0) > 0.5]
