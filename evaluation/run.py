"""Evaluating a plan: read, choose, fit, project, judge."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from analytics import sufficiency
from evaluation import coverage, doubts, proposals, reasons, rules, sections
from evaluation.beside import bands_beside, other_forms, peak_demand
from evaluation.case import Case, build, used_adjustments
from evaluation.checks import checks
from evaluation.findings import AdjustmentResult, CounterCheck, WorkResult
from evaluation.fitting import needed
from evaluation.intensities import intensities
from evaluation.metered import Metered, meter, missing_series
from evaluation.method_words import method_text
from evaluation.plan import Plan
from evaluation.result import Evaluation
from evaluation.saving import Detectable, Saving
from evaluation.sums import row_unit, sums
from evaluation.verdict import Reason, Verdict
from evaluation.work import Work, read_work
from evaluation.work_effect import work_result
from evaluation.work_rules import judge_work, work_checks, work_doubts, work_outlook
from storage import Store

log = structlog.get_logger(__name__)


def evaluate(plan: Plan, store: Store, *, beside: bool = True) -> Evaluation:
    """Evaluate a plan on stored readings.

    Parameters
    ----------
    beside
        Whether to tell the saving in other forms too (`evaluation.beside`), which costs time and decides nothing.

    Raises
    ------
    EvaluationError
        When the store has no such site, or the site no such device; says what there is.
    storage.StoreError
        When the store cannot be read.
    """
    missing = [reasons.no_readings(series) for series in missing_series(plan, store)]
    windows = meter(plan, store)
    counter = proposals.counter_check(plan, store, windows)
    works = read_work(plan, store, windows[0], windows[2])
    result = judge_metered(plan, *windows, missing, counter, works, beside=beside)
    if beside and result.saving is not None:
        result = msgspec.structs.replace(result, peak=peak_demand(plan, store))
    log.info("plan_evaluated", plan=plan.id, verdict=result.verdict.value, reasons=[r.code for r in result.reasons])
    return result


def judge_metered(
    plan: Plan,
    baseline: Metered,
    installation: Metered,
    reporting: Metered,
    found: list[Reason],
    counter: CounterCheck | None = None,
    works: Sequence[Work] = (),
    *,
    beside: bool = False,
) -> Evaluation:
    """Evaluate metered intervals; reasons already `found` make the claim not provable."""
    case = build(plan, proposals.mark(plan, baseline), installation, proposals.mark(plan, reporting))
    windows = sections.window_results(case)
    fitted = sections.model_result(case)
    saving = sections.saving_result(case)
    placebos = sections.placebo_result(case.avoided)
    detectable = sections.detectable_result(case)
    drivers = coverage.driver_ranges(case)
    adjusted = _adjustments(case)
    candidates = case.choice.results(plan, sum(change.kwh for change in adjusted))
    spread = doubts.spread_of(plan, candidates, saving)
    found = [*found, *rules.coverage_reasons(plan, windows[0], windows[2])]
    if case.model is None or fitted is None:
        found.append(_too_short(case))
    else:
        found += _outlook(case, detectable)
        found += rules.placebo_reasons(placebos)
        names = coverage.unknown_terms(case)
        found += [reasons.unknown_effect(names)] if names else []
        found += rules.model_reasons(plan, fitted, case.model.linear.parameters)
    verdict = Verdict.NOT_PROVABLE
    if saving is not None and not found:
        verdict, found = rules.judge(plan, saving, coverage.used_drivers(case, drivers), detectable)
    work, decides = work_result(case, works), None
    if saving is not None and (decides := judge_work(plan, verdict, saving, work)):
        verdict, found = Verdict.NOT_PROVABLE, [decides]
    found += doubts.spread_reasons(plan, candidates, spread, saving)
    found += doubts.slow_part_reasons(plan, verdict, case.avoided, saving)
    found += doubts.days_reasons(case, saving)
    found += [] if decides else _work(case, verdict, saving, work)
    found += doubts.implausible_reasons(plan, case.choice.name, fitted, baseline)
    found += doubts.counter_reasons(counter)
    return Evaluation(
        plan_id=plan.id,
        plan_digest=plan.digest,
        title=sections.plan_title(plan),
        site=plan.site,
        device=plan.device,
        timezone=plan.timezone,
        granularity=plan.granularity,
        method=method_text(case, fitted),
        verdict=verdict,
        reasons=found,
        baseline=windows[0],
        installation=windows[1],
        reporting=windows[2],
        intervals=sections.interval_columns(case),
        drivers=drivers,
        claim_minimum_pct=plan.claim.minimum_saving_pct,
        model=fitted,
        saving=saving,
        placebos=placebos,
        cumulative=sections.cumulative_result(case),
        detectable=detectable,
        candidates=candidates,
        spread=spread,
        adjustments=adjusted,
        events=proposals.event_results(case),
        conditions=coverage.condition_grade(case, drivers),
        checks=[*checks(case, windows, fitted, detectable, counter), *work_checks(plan, saving, work)],
        counter_check=counter,
        work=work,
        # A saving that nothing may be said about is worth nothing that may be said.
        worth=None if saving is None or verdict is Verdict.NOT_PROVABLE else sections.worth_result(case, saving),
        intensities=intensities(case),
        forms=other_forms(case) if beside and verdict is not Verdict.NOT_PROVABLE else None,
        bands=bands_beside(case) if beside and verdict is not Verdict.NOT_PROVABLE else [],
    )


def _work(case: Case, verdict: Verdict, saving: Saving | None, work: WorkResult | None) -> list[Reason]:
    """What is doubtful about the machine's work, before the reporting period or after."""
    if case.model is not None and not case.reporting.usable.any():
        return work_outlook(case.plan, float(case.model.linear.fitted.mean()) * case.planned)
    return work_doubts(case.plan, verdict, saving, work)


def _adjustments(case: Case) -> list[AdjustmentResult]:
    """What each declared adjustment comes to."""
    if case.avoided is None:
        return []
    return [
        AdjustmentResult(
            declared.first_day, declared.last_day, declared.reason, float(used.energy.sum()), float(used.error.sum())
        )
        for declared, used in zip(case.plan.adjustments, used_adjustments(case.plan, case.reporting), strict=True)
    ]


def _too_short(case: Case) -> Reason:
    """No model of the plan can be used: what the least demanding one asks for."""
    plan = case.plan
    least = min(plan.models.values(), key=needed)
    usable = len(sums(plan.granularity, case.baseline).first)
    return reasons.too_short(usable, needed(least), row_unit(plan.granularity))


def _outlook(case: Case, detectable: Detectable | None) -> list[Reason]:
    """Before anything of the reporting period is metered: whether this baseline will do."""
    plan, model, rows = case.plan, case.model, case.before
    if model is None or rows is None or detectable is None or detectable.pct is None or case.reporting.usable.any():
        return []
    expected, wanted = plan.claim.expected_saving_pct, None
    if expected is not None:
        wanted = sufficiency(
            model.linear,
            rows.columns,
            rows.positions,
            case.planned,
            expected=expected / 100.0,
            confidence=plan.confidence,
            power=detectable.power,
            gap=case.gap,
        ).intervals
    return [reasons.outlook(detectable.pct, expected, wanted, row_unit(plan.granularity))]
