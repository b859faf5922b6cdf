"""The sections of an evaluation, from arrays to plain structures: NaN becomes ``None``, columns become lists."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from analytics import (
    AvoidedEnergy,
    BandMethod,
    LinearModel,
    Sample,
    detectable_saving,
    driver_coverage,
    effective_size,
    estimate_noise,
    goodness,
)
from evaluation import declared
from evaluation.calendar import end_ms, start_ms
from evaluation.findings import Period
from evaluation.metered import Floats, Metered, flag_counts, flag_names
from evaluation.plan import Driver, Granularity, Plan
from evaluation.result import (
    Coefficient,
    Cumulative,
    Detectable,
    DriverRange,
    Intervals,
    ModelResult,
    Placebos,
    Saving,
    Text,
    WindowResult,
)
from telemetry import CHANNELS

Windows = tuple[Metered, Metered, Metered]
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


def driver_unit(driver: Driver) -> str:
    """Unit of a driver's interval values; empty for a pure number."""
    unit = CHANNELS[driver.channel].unit
    return "" if driver.aggregate == "active" or unit == "1" else unit


_PER: Final[dict[Granularity, Text]] = {
    "hour": Text("kWh/시간", "kWh/hour"),
    "day": Text("kWh/일", "kWh/day"),
    "week": Text("kWh/주", "kWh/week"),
}


def coefficient_unit(plan: Plan, driver: Driver) -> Text:
    """Unit of a driver's coefficient."""
    energy, unit = _PER[plan.granularity], CHANNELS[driver.channel].unit
    if driver.aggregate == "active":
        return energy
    if driver.aggregate == "difference":
        return Text("kWh/개", "kWh per unit") if unit == "1" else Text(f"kWh/{unit}", f"kWh per {unit}")
    return Text(f"{energy.ko} ({unit}당)", f"{energy.en} per {unit}")


def window_results(plan: Plan, windows: Windows) -> list[WindowResult]:
    """What can be used of baseline, installation and reporting window."""
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
        for window, metered in zip((plan.baseline, plan.installation, plan.reporting), windows, strict=True)
    ]


def model_result(
    plan: Plan, baseline: Metered, model: LinearModel | None, avoided: AvoidedEnergy | None
) -> ModelResult | None:
    """The fitted model; its ρ is the band's, or without a reporting period that of the baseline alone."""
    if model is None:
        return None
    fit = goodness(baseline.used_energy, model.fitted, baseline.used_positions, model.parameters)
    sample = Sample(model.design(baseline.used_drivers), baseline.used_energy, baseline.used_positions)
    rho = (avoided.noise if avoided else estimate_noise([sample])).mean_rho
    terms = [Coefficient("intercept", number(model.intercept), _PER[plan.granularity])]
    for index, driver in enumerate(plan.drivers):
        dropped = model.dropped.get(driver.name, "")
        value = None if dropped else number(float(model.coefficients[index]))
        terms.append(Coefficient(driver.name, value, coefficient_unit(plan, driver), dropped))
    return ModelResult(
        coefficients=terms,
        n=fit.n,
        cv_rmse_pct=number(100 * fit.cv_rmse),
        nmbe_pct=number(100 * fit.nmbe),
        r_squared=number(fit.r_squared),
        adjusted_r_squared=number(fit.adjusted_r_squared),
        rho_residual=number(fit.rho),
        rho=rho,
        n_effective=effective_size(fit.n, rho),
    )


def saving_result(plan: Plan, reporting: Metered, avoided: AvoidedEnergy | None) -> Saving | None:
    """The saving over all usable reporting intervals."""
    if avoided is None:
        return None
    kwh = float(avoided.cumulative[-1])
    half = float(avoided.band.half_width(plan.confidence)[-1])
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
        actual_kwh=float(reporting.used_energy.sum()),
        adjusted_kwh=adjusted,
    )


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


def cumulative_result(plan: Plan, reporting: Metered, avoided: AvoidedEnergy | None) -> Cumulative | None:
    """The saving as it grew, with the band of every prefix."""
    if avoided is None:
        return None
    half = avoided.band.half_width(plan.confidence)
    kwh = avoided.cumulative
    ends = reporting.grid.edges_ms[1:][reporting.usable]
    return Cumulative(ends.tolist(), kwh.tolist(), (kwh - half).tolist(), (kwh + half).tolist())


def detectable_result(
    plan: Plan, baseline: Metered, reporting: Metered, model: LinearModel | None
) -> Detectable | None:
    """The smallest saving that the plan's windows show; needs no reporting data, so it can be said beforehand."""
    planned = len(reporting.usable)
    if model is None or planned == 0:
        return None
    gap = int(reporting.grid.positions[0] - baseline.used_positions[-1]) - 1
    kwh = detectable_saving(
        model,
        baseline.used_drivers,
        baseline.used_positions,
        planned,
        confidence=plan.confidence,
        power=DETECTION_POWER,
        gap=max(gap, 0),
        method=BandMethod.PLACEBO,
    )
    usual = float(np.mean(model.fitted)) * planned
    return Detectable(kwh, 100.0 * kwh / usual if usual > 0 else None, DETECTION_POWER)


def driver_ranges(plan: Plan, baseline: Metered, reporting: Metered, model: LinearModel | None) -> list[DriverRange]:
    """How the reporting period's conditions lie to those of the baseline."""
    before, after = baseline.used_drivers, reporting.used_drivers
    covered = driver_coverage(model, before, after) if model is not None and len(after) else None
    ranges = []
    for index, driver in enumerate(plan.drivers):
        ends = numbers([*_range(before[:, index]), *_range(after[:, index])])
        outside, energy = numbers(
            [covered.outside[index], covered.extrapolated[index]] if covered else [math.nan, math.nan]
        )
        ranges.append(
            DriverRange(driver.name, driver_unit(driver), ends[0], ends[1], ends[2], ends[3], outside, energy)
        )
    return ranges


def _range(values: Floats) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)


def interval_columns(plan: Plan, windows: Windows, model: LinearModel | None) -> Intervals:
    """Every interval of the windows, in their order."""
    drivers = np.concatenate([window.drivers for window in windows])
    adjusted = _adjusted(model, drivers)
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


def _adjusted(model: LinearModel | None, drivers: Floats) -> Floats:
    if model is None:
        return np.full(len(drivers), np.nan)
    # A dropped driver has no effect, so its absence must not make the projection unknown: 0 · NaN is NaN.
    return model.predict(np.where(model.kept[None, :], drivers, 0.0))
