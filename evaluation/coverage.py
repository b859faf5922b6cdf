"""Whether the baseline knew the reporting period's conditions."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from analytics import DriverCoverage, Grade, grade
from evaluation.case import Case
from evaluation.metered import Floats
from evaluation.models import drivers_of
from evaluation.rules import FAR, far_outside
from evaluation.sections import number, numbers
from evaluation.terms import driver_unit
from evaluation.windows import DriverRange


def unknown_terms(case: Case) -> list[str]:
    """Terms whose effect the baseline says nothing about, and that the reporting period needs."""
    if case.model is None or not case.reporting.usable.any():
        return []
    return case.model.unknown(case.reporting.used_conditions)


def driver_ranges(case: Case) -> list[DriverRange]:
    """How the reporting period's drivers lie to those of the baseline."""
    before, after = case.baseline.used_drivers, case.reporting.used_drivers
    found = []
    for index, driver in enumerate(case.plan.drivers):
        ends = numbers([*_range(before[:, index]), *_range(after[:, index])])
        outside, beyond, far = _outside(case, index)
        found.append(
            DriverRange(
                driver.name,
                driver_unit(driver),
                ends[0],
                ends[1],
                ends[2],
                ends[3],
                number(outside),
                number(beyond),
                number(_per_unit(case, index)),
                number(far),
            )
        )
    return found


def condition_grade(case: Case, drivers: list[DriverRange]) -> Grade | None:
    """How well the baseline knew the reporting period, by the drivers that the model in use has."""
    if case.model is None or case.avoided is None:
        return None
    mine = used_drivers(case, drivers)
    if far_outside(mine):
        return Grade.OUTSIDE
    covered = DriverCoverage(
        np.array([driver.outside or 0.0 for driver in mine]),
        np.array([driver.extrapolated_kwh or 0.0 for driver in mine]),
        (bool(unknown_terms(case)),),
    )
    half = float(case.avoided.band.whole.half_width(case.plan.confidence)[0])
    return grade(covered, float(case.avoided.adjusted.sum()), half)


def used_drivers(case: Case, drivers: list[DriverRange]) -> list[DriverRange]:
    """Those that the model in use has."""
    used = drivers_of(case.plan.models[case.choice.name]) if case.model is not None else []
    return [driver for driver in drivers if driver.name in used]


def _outside(case: Case, index: int) -> tuple[float, float, float]:
    """Share of reporting intervals beyond a driver's range, the energy that rests on that, and the share far beyond."""
    model, before, conditions = case.model, case.baseline.used_drivers, case.reporting.used_conditions
    if model is None or not len(conditions.drivers):
        return math.nan, math.nan, math.nan
    low, high = float(before[:, index].min()), float(before[:, index].max())
    slack = np.finfo(float).eps * 16 * max(abs(low), abs(high))
    values = conditions.drivers[:, index]
    distance = np.abs(values - np.clip(values, low, high))
    beyond, far = distance > slack, distance > slack + FAR * (high - low)
    if not beyond.any():
        return 0.0, 0.0, 0.0
    held = conditions.drivers.copy()
    held[:, index] = np.clip(values, low, high)
    apart = model.expected(conditions) - model.expected(dataclasses.replace(conditions, drivers=held))
    return float(beyond.mean()), float(np.nansum(np.abs(apart))), float(far.mean())


def _per_unit(case: Case, index: int) -> float:
    """What the adjusted baseline gains where a mean reads one unit more throughout; degree days where there are any."""
    model, conditions, driver = case.model, case.reporting.used_conditions, case.plan.drivers[index]
    limits = [limit is not None for limit in (driver.above, driver.below)]
    if model is None or not len(conditions.drivers) or driver.aggregate != "mean" or all(limits):
        return math.nan
    values = conditions.drivers[:, index]
    moves = np.where(values > 0, -1.0 if limits[1] else 1.0, 0.0) if any(limits) else np.ones(len(values))
    ends = []
    for half in (-0.5, 0.5):
        moved = conditions.drivers.copy()
        moved[:, index] = values + half * moves
        ends.append(float(np.nansum(model.expected(dataclasses.replace(conditions, drivers=moved)))))
    return ends[1] - ends[0]


def _range(values: Floats) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)
