"""Energy per unit of product (원단위), before and after, for every counted driver of a plan."""

from __future__ import annotations

from analytics import intensity
from evaluation.case import Case
from evaluation.findings import IntensityResult
from telemetry import CHANNELS


def intensities(case: Case) -> list[IntensityResult]:
    """Of every driver that counts something both periods have."""
    if case.avoided is None:
        return []
    before, after = case.baseline, case.reporting
    found = []
    for column, driver in enumerate(case.plan.drivers):
        made, made_now = before.used_drivers[:, column], after.used_drivers[:, column]
        if driver.aggregate != "difference" or made.sum() <= 0 or made_now.sum() <= 0:
            continue
        per = intensity(before.used_energy, made, after.used_energy, made_now, case.avoided.adjusted)
        if per.before > 0 and per.adjusted > 0:
            found.append(
                IntensityResult(
                    driver.name,
                    CHANNELS[driver.channel].unit,
                    per.before,
                    per.after,
                    per.adjusted,
                    100.0 * per.change,
                    100.0 * per.adjusted_change,
                )
            )
    return found
