"""The same saving in the other forms and with the other bands that evaluators know: shown beside it, judged by none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Final

import msgspec
import numpy as np

from analytics import (
    CLASSIC,
    DAILY,
    AvoidedEnergy,
    BandMethod,
    Sample,
    TooFewIntervalsError,
    avoided_energy,
    block_bootstrap,
    effective_size,
    fit_linear,
    fractional_half_width,
    goodness,
    hac_standard_error,
    normalised_saving,
    peak_change,
    performance,
)
from evaluation.baseline_model import BandRows
from evaluation.calendar import grid
from evaluation.case import Case, adjustments_by_row
from evaluation.metered import Floats, energy_reading, energy_series
from evaluation.plan import Plan
from evaluation.quarter_hours import read_light
from evaluation.saving import BandBeside, OtherForms, PeakDemand
from evaluation.sums import row_unit
from evaluation.worth import Figure
from storage import Store

CONFIDENCES: Final = (0.68, 0.8, 0.9, 0.95)
"""At which the band is told beside the plan's own: what ASHRAE Guideline 14 and programmes ask for."""

_FREEDOM: Final = 10
"""Degrees of freedom that the new machine's own model needs, as in `analytics.avoided`."""
_MONTH_DAYS: Final = 365.25 / 12
_KW_PER_WH: Final = 4.0 / 1000.0
"""Of a quarter-hour."""
_BLOCK_DAYS: Final = 7
_BLOCK_WEEKS: Final = 4
"""Rows in a block of the bootstrap: a week of days, a month of weeks."""


def peak_demand(plan: Plan, store: Store) -> PeakDemand | None:
    """Peak demand of both periods by the quarter-hour; None where either has fewer than two days of them.

    Raises
    ------
    storage.StoreError
        When the store cannot be read.
    """
    fine = msgspec.structs.replace(plan, granularity="quarter_hour")
    grids = [grid(fine, window) for window in (plan.baseline, plan.reporting)]
    found = read_light(store, energy_series(plan), [each.edges_ms for each in grids], energy_reading(plan))
    days: list[Floats] = []
    for cells, energy in zip(grids, found, strict=True):
        known = np.where(energy.coverage >= plan.quality.minimum_coverage, energy.values, np.nan) * _KW_PER_WH
        _, first, count = np.unique(cells.clock.day, return_index=True, return_counts=True)
        table = np.full((len(first), int(count.max())), np.nan)
        for row, (start, length) in enumerate(zip(first, count, strict=True)):
            table[row, :length] = known[start : start + length]
        days.append(table)
    try:
        peak = peak_change(*days)
    except TooFewIntervalsError:
        return None
    fell = _figure(peak.estimate.value, peak.estimate.half_width(plan.confidence))
    return PeakDemand(peak.before, peak.after, fell, peak.highest_before, peak.highest_after)


def other_forms(case: Case) -> OtherForms | None:
    """SEnPI and the normalised saving; None without a saving or with an adjusted baseline that is not positive."""
    avoided, confidence = case.avoided, case.plan.confidence
    if avoided is None or float(avoided.adjusted.sum()) <= 0:
        return None
    ratio = performance(avoided, confidence)
    senpi = _figure(ratio.senpi, ratio.half_width)
    normal = _normalised(case)
    if normal is None:
        return OtherForms(senpi)
    kwh, half, usual = normal
    return OtherForms(senpi, _figure(kwh, half), _figure(100.0 * kwh / usual, 100.0 * half / usual))


def _normalised(case: Case) -> tuple[float, float, float] | None:
    """What the new machine would have saved in the baseline period, half its band, and what the old one used there."""
    before, after, model = case.before, case.after, case.model
    assert before is not None
    assert after is not None
    assert model is not None
    old = model.linear
    if len(after.energy) < old.parameters + _FREEDOM:
        return None
    declared = sum((one.energy for one in adjustments_by_row(case.plan, case.reporting, after)), np.zeros(1))
    new = fit_linear(after.columns, after.energy - declared, old.names, old.chosen)
    # What does not vary in the reporting period says nothing of the new machine under the baseline's conditions.
    if new.dropped != old.dropped:
        return None
    first = Sample(before.design(old), before.energy, before.positions)
    second = Sample(after.design(new), after.energy - declared, after.positions)
    found = normalised_saving(old, first, new, second, before.columns)
    usual = float(before.energy.sum())
    return (found.value, found.half_width(case.plan.confidence), usual) if usual > 0 else None


def bands_beside(case: Case) -> list[BandBeside]:
    """The band at other confidences, and at the plan's as other methods make it."""
    if case.avoided is None or case.before is None or case.after is None or case.model is None:
        return []
    kwh, whole = float(case.avoided.cumulative[-1]), case.avoided.band.whole
    found = [
        (code, confidence, half)
        for code, confidence, half in (
            *(("calibrated", each, float(whole.half_width(each)[0])) for each in CONFIDENCES),
            *_other_methods(case, case.before, case.after),
        )
        if math.isfinite(half)
    ]
    return [BandBeside(code, confidence, kwh - half, kwh + half) for code, confidence, half in found]


def _other_methods(case: Case, before: BandRows, after: BandRows) -> Iterator[tuple[str, float, float]]:
    """Half widths by the noise alone, Newey & West, the bootstrap of blocks and the published formula."""
    assert case.model is not None
    assert case.avoided is not None
    model, confidence = case.model.linear, case.plan.confidence
    sample, design = Sample(before.design(model), before.energy, before.positions), after.design(model)
    days = row_unit(case.plan.granularity) == "day"
    plain: AvoidedEnergy = avoided_energy(
        model, before.columns, before.positions, after.columns, after.energy, after.positions, method=BandMethod.AR1
    )
    yield "ar1", confidence, float(plain.band.whole.half_width(confidence)[0])
    yield "hac", confidence, NormalDist().inv_cdf((1.0 + confidence) / 2.0) * hac_standard_error(sample, design)
    block = _BLOCK_DAYS if days else _BLOCK_WEEKS
    if len(before.energy) >= 2 * block:
        yield "bootstrap", confidence, block_bootstrap(sample, design, block=block).half_width(confidence)
    fit = goodness(before.energy, model.fitted, before.positions, model.parameters)
    share = fractional_half_width(
        fit.cv_rmse, n=fit.n, n_effective=effective_size(fit.n, fit.rho), reporting=len(after.energy),
        parameters=model.parameters, confidence=confidence, months=len(after.energy) / _MONTH_DAYS if days else 0.0,
        shape=DAILY if days else CLASSIC,
    )  # fmt: skip
    yield "ashrae", confidence, share * float(case.avoided.adjusted.sum())


def _figure(value: float, half: float) -> Figure:
    return Figure(value, value - half, value + half)
