"""Non-routine adjustments: what changed beside the machine, declared with a reason, by people.

Avoided energy = adjusted baseline ± routine ± non-routine adjustments - actual energy (IPMVP). The routine ones are the
model's drivers. `analytics.find_events` proposes where a non-routine one may be due; none is ever applied by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analytics.avoided import Adjustment, AvoidedEnergy
from analytics.band import Band
from analytics.errors import AnalyticsError


def adjust(avoided: AvoidedEnergy, adjustments: Sequence[Adjustment]) -> AvoidedEnergy:
    """Avoided energy with its adjustments in baseline, saving and band; they stand in `AvoidedEnergy.adjustments`.

    Var_k gains Σ_a (Σ_{i≤k} error_{a,i})²: adjustments are independent of each other, each errs one way throughout.

    Raises
    ------
    AnalyticsError
        When one has no reason, an error below zero, or another number of intervals.
    """
    intervals = len(avoided.saving)
    variance, total = np.zeros(intervals), np.zeros(intervals)
    for adjustment in adjustments:
        if not adjustment.reason.strip():
            raise AnalyticsError("an adjustment needs a reason")
        if adjustment.energy.shape != (intervals,) or adjustment.error.shape != (intervals,):
            shapes = f"{adjustment.energy.shape} and {adjustment.error.shape}"
            raise AnalyticsError(f"{adjustment.reason}: {shapes} values for {intervals} reporting intervals")
        if not (np.isfinite(adjustment.energy).all() and np.all(adjustment.error >= 0)):
            raise AnalyticsError(f"{adjustment.reason}: energy must be finite and its error 0 or more")
        total += adjustment.energy
        variance += np.cumsum(adjustment.error) ** 2
    band = avoided.band
    saving = avoided.saving + total
    return replace(
        avoided,
        adjusted=avoided.adjusted + total,
        saving=saving,
        cumulative=np.cumsum(saving),
        band=Band(band.weight, np.sqrt(band.scale**2 + variance), band.freedom),
        adjustments=(*avoided.adjustments, *adjustments),
    )
