"""Rule 11: a proof may not rest on the machine's work having stayed the same, where the store tells that it did not."""

from __future__ import annotations

from evaluation import work_reasons
from evaluation.findings import Check, WorkResult
from evaluation.plan import Plan
from evaluation.saving import Saving
from evaluation.verdict import Reason, Verdict
from evaluation.wording import Text
from evaluation.work import knows_work

_MATTERS = 1.0 / 3.0
"""Share of the half band from which a difference is told: added in quadrature, less widens the band by under 5 %."""


def judge_work(plan: Plan, verdict: Verdict, saving: Saving, work: WorkResult | None) -> Reason | None:
    """Why a claim that the other rules judged is not provable; None where the work does not decide.

    It decides where the energy follows a measure that no model has, and either a proof does not survive that measure
    among the drivers, or the two bands have nothing in common; and where a counter of the plan's own devices changed,
    the baseline does not tell what that is worth, and a proof would not survive energy in proportion to it.
    """
    if work is None or verdict is Verdict.NOT_PROVABLE or plan.independent_of_output is not None:
        return None
    known, minimum = knows_work(plan), plan.claim.minimum_saving_pct
    proven = verdict is Verdict.PROVEN
    survives = work.low > _claim(plan, saving.actual_kwh + work.kwh)
    if work.follows:
        if work.high < saving.low or work.low > saving.high:
            return work_reasons.apart(work, saving, known=known)
        return work_reasons.not_surviving(work, minimum, known=known) if proven and not survives else None
    changed = work.change_low_pct > 0 or work.change_high_pct < 0
    at_stake = -saving.adjusted_kwh * work.change_pct / 100.0
    falls = saving.low - at_stake <= _claim(plan, saving.adjusted_kwh - at_stake)
    if known or work.state is not None or not (proven and changed and not survives and falls):
        return None
    return work_reasons.effect_unknown(work, minimum, at_stake)


def work_doubts(plan: Plan, verdict: Verdict, saving: Saving | None, work: WorkResult | None) -> list[Reason]:
    """What should still be weighed of the machine's work where it decides nothing."""
    if saving is None:
        return []
    why, known = plan.independent_of_output, knows_work(plan)
    if work is not None and _matters(plan, saving, work):
        doubt = (
            work_reasons.in_doubt(work, saving, known=known) if why is None else work_reasons.contradicted(work, why)
        )
        return [doubt]
    if why is not None:
        return [work_reasons.independent(why)]
    if known or verdict is Verdict.NOT_PROVABLE:
        return []
    if work is None:
        return [work_reasons.unmetered(saving.adjusted_kwh, _least_pct(plan, verdict, saving))]
    return [work_reasons.looked_at(work)]


def work_outlook(plan: Plan, usual_kwh: float) -> list[Reason]:
    """Before the reporting period: that no model will know what the machine did.

    Parameters
    ----------
    usual_kwh
        What the baseline says of a period as long as the reporting window [kWh].
    """
    if plan.independent_of_output is not None:
        return [work_reasons.independent(plan.independent_of_output)]
    return [] if knows_work(plan) else [work_reasons.unmetered(usual_kwh, None)]


def work_checks(plan: Plan, saving: Saving | None, work: WorkResult | None) -> list[Check]:
    """Whether a model knows what the machine did, or it did alike in both windows."""
    if saving is None:
        return []
    known, matters = knows_work(plan), work is not None and _matters(plan, saving, work)
    found = Text("계측되지 않음", "not metered")
    passed: bool | None = None
    if work is not None and (matters or not known):
        measure, change = work_reasons.measure_name(work), work_reasons.changed_share(work)
        found, passed = Text(f"{measure.ko} {change}", f"{measure.en} {change}"), not matters
    elif known:
        found, passed = Text("모형의 설명변수", "among the drivers"), True
    elif plan.independent_of_output is not None:
        found = Text("사용량과 상관없다고 신고됨", "declared to be without effect")
    limit = Text("모형이 알거나 두 기간에 같음", "known to a model, or alike in both windows")
    return [Check("work", Text("기계가 한 일", "What the machine did"), found, limit, passed)]


def _matters(plan: Plan, saving: Saving, work: WorkResult) -> bool:
    """Whether the answer with the measure is another one; where a model knows work, none that the band holds is."""
    if not work.follows:
        return False
    if knows_work(plan):
        return not saving.low <= work.kwh <= saving.high
    return abs(work.kwh - saving.kwh) > _MATTERS * (saving.high - saving.low) / 2.0


def _claim(plan: Plan, adjusted_kwh: float) -> float:
    return max(adjusted_kwh, 0.0) * plan.claim.minimum_saving_pct / 100.0


def _least_pct(plan: Plan, verdict: Verdict, saving: Saving) -> float | None:
    """The share of the work by which the band's lower end falls to what is required, all energy going with the work."""
    if verdict is not Verdict.PROVEN or saving.adjusted_kwh <= 0:
        return None
    kept = 1.0 - plan.claim.minimum_saving_pct / 100.0
    return 100.0 * (saving.low - _claim(plan, saving.adjusted_kwh)) / (saving.adjusted_kwh * kept)
