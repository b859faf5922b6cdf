"""Specific energy (원단위) of a meter's machine: by product, over the period and by shift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.operations import specific_energy
from review.load import shift_label, shift_of, turn_of
from review.metered import Meter
from review.period import Floats, Ints, Period
from review.products import unit_of
from review.quarters import Quarters
from review.sections import SpecificEnergy
from storage import Series


def energy_per_unit(
    meter: Meter, counters: Sequence[tuple[Series, Quarters]], days: Period, shifts: tuple[str, ...]
) -> list[SpecificEnergy]:
    """Energy per unit of each product: of the period, standstills included, and of its shifts' turns.

    The error of a shift's is that of its turns' scatter: quarter-hours follow one another too closely to be counted
    singly.
    """
    turn = turn_of(days, shifts)
    turns, place = np.unique(turn, return_inverse=True)
    shift = np.zeros(len(turns), dtype=np.int64)
    shift[place] = shift_of(days, shifts)
    energy = np.bincount(place, weights=meter.kwh).astype(np.float64)
    made = np.stack([np.bincount(place, weights=counted.values) for _, counted in counters]).astype(np.float64)
    # A turn in which several products were made belongs to none of them.
    alone = (np.nan_to_num(made) > 0).sum(axis=0) == 1
    found: list[SpecificEnergy] = []
    for index, (series, counted) in enumerate(counters):
        found.append(_whole(meter, series, counted, energy, made[index]))
        cell = np.where(alone & (np.nan_to_num(made[index]) > 0) & ~np.isnan(made).any(axis=0), shift, -1)
        found += _by_shift(series, energy, made[index], cell, shifts)
    return found


def _whole(meter: Meter, series: Series, counted: Quarters, energy: Floats, made: Floats) -> SpecificEnergy:
    both = np.isfinite(meter.kwh) & counted.known
    kwh, units = float(meter.kwh[both].sum()), float(counted.values[both].sum())
    turns = int(np.count_nonzero(np.isfinite(energy) & np.isfinite(made)))
    return _row(series, None, kwh, units, kwh / units if units > 0 else None, None, turns)


def _by_shift(
    series: Series, energy: Floats, made: Floats, cell: Ints, shifts: tuple[str, ...]
) -> list[SpecificEnergy]:
    found = specific_energy(energy, made, cell, len(shifts))
    return [
        _row(
            series,
            shift_label(shifts, index),
            float(found.energy[0, index]),
            float(found.units[0, index]),
            _known(found.ratio[0, index]),
            _known(found.standard_error[0, index]),
            int(found.intervals[0, index]),
        )
        for index in range(len(shifts))
        if found.intervals[0, index]
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _row(
    series: Series, shift: str | None, kwh: float, made: float, ratio: float | None, error: float | None, turns: int
) -> SpecificEnergy:
    return SpecificEnergy(
        product=series.device,
        channel=series.channel,
        unit=unit_of(series.channel),
        shift=shift,
        kwh=kwh,
        made=made,
        kwh_per_unit=ratio,
        standard_error=error,
        turns=turns,
    )
