"""The sections of an evaluation, from arrays to plain structures: NaN becomes ``None``, columns become lists."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from analytics import (
    AvoidedEnergy,
    BandMethod,
    Sample,
    as_student,
    detectable_saving,
    effective_size,
    estimate_noise,
    goodness,
)
from evaluation import declared
from evaluation.baseline_model import BaselineModel
from evaluation.calendar import end_ms, start_ms
from evaluation.case import Case
from evaluation.choice import family
from evaluation.findings import Period
from evaluation.fitted_model import ModelResult
from evaluation.metered import Floats, Metered, flag_counts, flag_names
from evaluation.models import ChangePoint
from evaluation.plan import Plan
from evaluation.saving import Cumulative, Detectable, Placebos, Saving
from evaluation.sums import row_unit
from evaluation.windows import Intervals, WindowResult
from evaluation.wording import Text
from evaluation.worth import Worth, worth

_DAY_MS = 86_400_000.0
DETECTION_POWER = 0.8
"""Chance of showing the minimum detectable saving; 80 % is the usual choice in planning experiments."""


def number(value: float) -> float | None:
    """The value as JSON can carry it: ``None`` for NaN and infinities."""
    return float(value) if math.isfinite(value) else None


def numbers(values: Iterable[float]) -> list[float | None]:
    """`number` of each."""
    return [number(value) for value in values]


def plan_title(plan: Plan) -> Text:
    """The plan's title in both languages; the other one, or the id, where one is missing."""
    ko, en = plan.title.ko, plan.title.en
    return Text(ko or en or plan.id, en or ko or plan.id)


def window_results(case: Case) -> list[WindowResult]:
    """What can be used of baseline, installation and reporting window."""
    plan = case.plan
    return [
        WindowResult(
            first_day=window.first_day,
            last_day=window.last_day,
            start_ms=start_ms(plan, window),
            end_ms=end_ms(plan, window),
            intervals=len(metered.usable),
            usable=int(metered.usable.sum()),
            coverage=float(metered.coverage.mean()) if len(metered.coverage) else 0.0,
            flags=flag_counts(metered.flags),
        )
        for window, metered in zip((plan.baseline, plan.installation, plan.reporting), case.windows, strict=True)
    ]


def model_result(case: Case) -> ModelResult | None:
    """The fitted model; its ρ is the band's, or without a reporting period that of the baseline alone."""
    model, rows = case.model, case.before
    if model is None or rows is None:
        return None
    baseline, avoided = case.baseline, case.avoided
    expected = model.expected(baseline.used_conditions)
    fit = goodness(baseline.used_energy, expected, baseline.used_positions, model.parameters)
    noise = (
        avoided.noise if avoided else estimate_noise([Sample(rows.design(model.linear), rows.energy, rows.positions)])
    )
    declared_model = case.plan.models[case.choice.name]
    return ModelResult(
        family=family(declared_model),
        form=declared_model.form if isinstance(declared_model, ChangePoint) else "",
        knots=list(model.knots),
        coefficients=model.coefficients(),
        n=fit.n,
        cv_rmse_pct=number(100 * fit.cv_rmse),
        nmbe_pct=number(100 * fit.nmbe),
        r_squared=number(fit.r_squared),
        adjusted_r_squared=number(fit.adjusted_r_squared),
        rho_residual=number(fit.rho),
        rho=noise.mean_rho,
        n_effective=effective_size(len(rows.energy), noise.mean_rho),
        unit=row_unit(case.plan.granularity),
    )


def saving_result(case: Case) -> Saving | None:
    """The saving over all usable reporting intervals."""
    avoided, plan = case.avoided, case.plan
    if avoided is None:
        return None
    kwh = float(avoided.cumulative[-1])
    band = avoided.band.whole
    half = float(band.half_width(plan.confidence)[0])
    error, freedom = as_student(float(band.standard_error[0]), half, plan.confidence)
    adjusted = float(avoided.adjusted.sum())

    def pct(energy: float) -> float | None:
        return 100.0 * energy / adjusted if adjusted > 0 else None

    return Saving(
        kwh=kwh,
        low=kwh - half,
        high=kwh + half,
        pct=pct(kwh),
        pct_low=pct(kwh - half),
        pct_high=pct(kwh + half),
        confidence=plan.confidence,
        actual_kwh=float(case.reporting.used_energy.sum()),
        adjusted_kwh=adjusted,
        error_kwh=error,
        freedom=number(freedom),
    )


def worth_result(case: Case, saving: Saving) -> Worth:
    """What the saving is worth on the plan's terms; its days are those of the usable reporting intervals."""
    edges, usable = case.reporting.grid.edges_ms, case.reporting.usable
    days = float((edges[1:] - edges[:-1])[usable].sum()) / _DAY_MS
    return worth(saving.kwh, saving.low, saving.high, days, case.plan.worth)


def placebo_result(avoided: AvoidedEnergy | None) -> Placebos | None:
    """What the band was calibrated on."""
    if avoided is None or avoided.calibration is None:
        return None
    calibration = avoided.calibration
    return Placebos(
        count=len(calibration.z),
        effective=calibration.freedom,
        share_pct=numbers(100.0 * calibration.share),
        widening=math.sqrt(float(avoided.noise.weight @ calibration.inflation)),
        gap=calibration.gap,
        length=calibration.length,
    )


def cumulative_result(case: Case) -> Cumulative | None:
    """The saving as it grew, with the band of every prefix."""
    avoided, rows = case.avoided, case.after
    if avoided is None or rows is None:
        return None
    half = avoided.band.half_width(case.plan.confidence)
    kwh = avoided.cumulative
    return Cumulative(rows.sums.end_ms.tolist(), kwh.tolist(), (kwh - half).tolist(), (kwh + half).tolist())


def detectable_result(case: Case) -> Detectable | None:
    """The smallest saving that the plan's windows show; needs no reporting data, so it can be said beforehand."""
    model, rows = case.model, case.before
    if model is None or rows is None or case.planned == 0:
        return None
    kwh = detectable_saving(
        model.linear,
        rows.columns,
        rows.positions,
        case.planned,
        confidence=case.plan.confidence,
        power=DETECTION_POWER,
        gap=case.gap,
        method=BandMethod.PLACEBO,
    )
    usual = float(np.mean(model.linear.fitted)) * case.planned
    return Detectable(kwh, 100.0 * kwh / usual if usual > 0 else None, DETECTION_POWER)


def interval_columns(case: Case) -> Intervals:
    """Every interval of the windows, in their order."""
    plan, windows, model = case.plan, case.windows, case.model
    drivers = np.concatenate([window.drivers for window in windows])
    adjusted = np.concatenate([_adjusted(model, window) for window in windows])
    reported = len(windows[2].energy)
    for change in declared.adjustments(plan, windows[2].grid) if reported else []:
        adjusted[-reported:] += change.energy
    periods = (Period.BASELINE, Period.INSTALLATION, Period.REPORTING)
    flags = np.concatenate([window.flags for window in windows])
    usable = (windows[0].usable, np.zeros(len(windows[1].usable), dtype=np.bool_), windows[2].usable)
    return Intervals(
        start_ms=np.concatenate([window.grid.edges_ms[:-1] for window in windows]).tolist(),
        end_ms=np.concatenate([window.grid.edges_ms[1:] for window in windows]).tolist(),
        period=[period for period, window in zip(periods, windows, strict=True) for _ in window.usable],
        actual_kwh=numbers(np.concatenate([window.energy for window in windows])),
        adjusted_kwh=numbers(adjusted),
        usable=np.concatenate(usable).tolist(),
        flags=[",".join(flag_names(int(bits))) for bits in flags],
        drivers={driver.name: numbers(drivers[:, index]) for index, driver in enumerate(plan.drivers)},
    )


def _adjusted(model: BaselineModel | None, window: Metered) -> Floats:
    return np.full(len(window.energy), np.nan) if model is None else model.expected(window.conditions)
