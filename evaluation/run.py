"""Evaluating a plan: read, fit, project, judge."""

from __future__ import annotations

import structlog

from analytics import AvoidedEnergy, BandMethod, LinearModel, adjust, avoided_energy, driver_coverage
from evaluation import conditions, reasons, rules, sections
from evaluation.choice import try_to_choose
from evaluation.metered import Metered, meter, missing_series
from evaluation.plan import Plan
from evaluation.result import Evaluation, Reason, Verdict
from storage import Store

log = structlog.get_logger(__name__)

METHOD = "linear baseline (OLS); avoided energy; placebo-calibrated AR(1) band, rho by restricted likelihood"


def evaluate(plan: Plan, store: Store) -> Evaluation:
    """Evaluate a plan on stored readings.

    Raises
    ------
    EvaluationError
        When the store has no such site, or the site no such device; says what there is.
    storage.StoreError
        When the store cannot be read.
    """
    missing = [reasons.no_readings(series) for series in missing_series(plan, store)]
    result = judge_metered(plan, *meter(plan, store), missing)
    log.info("plan_evaluated", plan=plan.id, verdict=result.verdict.value, reasons=[r.code for r in result.reasons])
    return result


def judge_metered(
    plan: Plan, baseline: Metered, installation: Metered, reporting: Metered, found: list[Reason]
) -> Evaluation:
    """Evaluate metered intervals; reasons already `found` make the claim not provable."""
    windows = (baseline, installation, reporting)
    choice = try_to_choose(plan, baseline, reporting, _needed(plan))
    model = choice.model if choice else None
    avoided = _avoid(plan, model, baseline, reporting)
    before, _, after = results = sections.window_results(plan, windows)
    fitted = sections.model_result(plan, baseline, model, avoided)
    saving = sections.saving_result(plan, reporting, avoided)
    placebos = sections.placebo_result(avoided)
    detectable = sections.detectable_result(plan, baseline, reporting, model)
    drivers = sections.driver_ranges(plan, baseline, reporting, model)
    found = [*found, *rules.coverage_reasons(plan, before, after)]
    if model is None or fitted is None:
        found.append(reasons.too_short(before.usable, _needed(plan), plan.granularity))
    else:
        found += conditions.outlook_reasons(plan, baseline, reporting, model, detectable)
        found += rules.placebo_reasons(placebos)
        found += [*_unknown_effects(plan, baseline, reporting, model), *rules.model_reasons(plan, fitted)]
    verdict = Verdict.NOT_PROVABLE
    if saving is not None and not found:
        verdict, found = rules.judge(plan, saving, drivers, detectable)
    return Evaluation(
        plan_id=plan.id,
        plan_digest=plan.digest,
        title=sections.plan_title(plan),
        site=plan.site,
        device=plan.device,
        timezone=plan.timezone,
        granularity=plan.granularity,
        method=METHOD,
        verdict=verdict,
        reasons=found,
        baseline=results[0],
        installation=results[1],
        reporting=results[2],
        intervals=sections.interval_columns(plan, windows, model),
        drivers=drivers,
        claim_minimum_pct=plan.claim.minimum_saving_pct,
        model=fitted,
        saving=saving,
        placebos=placebos,
        cumulative=sections.cumulative_result(plan, reporting, avoided),
        detectable=detectable,
        candidates=choice.results(plan) if choice else [],
        adjustments=conditions.adjustment_results(plan, reporting) if avoided else [],
        events=conditions.event_results(plan, baseline, reporting, model, avoided),
        conditions=conditions.condition_grade(plan, baseline, reporting, model, avoided),
    )


def _needed(plan: Plan) -> int:
    most = max((len(drivers) for drivers in plan.candidates.values()), default=len(plan.drivers))
    return 1 + most + rules.MINIMUM_FREEDOM


def _avoid(plan: Plan, model: LinearModel | None, baseline: Metered, reporting: Metered) -> AvoidedEnergy | None:
    if model is None or not reporting.usable.any():
        return None
    avoided = avoided_energy(
        model,
        baseline.used_drivers,
        baseline.used_positions,
        reporting.used_drivers,
        reporting.used_energy,
        reporting.used_positions,
        method=BandMethod.PLACEBO,
    )
    return adjust(avoided, conditions.used_adjustments(plan, reporting))


def _unknown_effects(plan: Plan, baseline: Metered, reporting: Metered, model: LinearModel) -> list[Reason]:
    """Rule 4."""
    if not reporting.usable.any():
        return []
    covered = driver_coverage(model, baseline.used_drivers, reporting.used_drivers)
    names = [driver.name for driver, unknown in zip(plan.drivers, covered.unknown, strict=True) if unknown]
    return [reasons.unknown_effect(names)] if names else []
