"""Time of week and temperature (TOWT): a level per slot of the week and a piecewise linear response to temperature.

Source: Mathieu, Price, Kiliccote & Piette, IEEE Transactions on Smart Grid 2 (2011) 507. Slots may be
hours (168) or quarter hours (672). The levels are swept out first (Frisch & Waugh, Econometrica 1 (1933) 387), so that
the decomposition has only the columns of temperature and drivers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.errors import TooFewIntervalsError
from analytics.least_squares import Solution, solve
from analytics.levels import Groups, group_sums
from analytics.registers import Bools, Floats


@dataclass(frozen=True, slots=True)
class TimeOfWeek:
    """A fitted model.

    Attributes
    ----------
    levels
        Of each slot at temperature parts and drivers 0, shape (meters, slots); NaN where never seen.
    knots
        Temperatures where the slope changes, rising: equal parts of the range met in usable intervals of any meter.
    solution
        Of temperature parts (knots + 1) and drivers, slots swept out; its `freedom` counts the slots too.
    """

    levels: Floats
    knots: Floats
    solution: Solution

    @property
    def unseen(self) -> Bools:
        """Slots without a usable interval, shape (meters, slots): a prediction there is NaN."""
        return np.isnan(self.levels)

    def predict(self, slots: Groups, temperature: Floats, drivers: Floats | None = None) -> Floats:
        """Energy at slots (times,), temperatures (times,) and drivers (times, drivers) → (meters, times)."""
        energy: Floats = np.take(self.levels, slots, axis=1)
        energy += self.solution.coefficients @ _parts(temperature, self.knots, drivers)
        return energy


def fit_time_of_week(
    energy: Floats,
    slots: Groups,
    temperature: Floats,
    drivers: Floats | None = None,
    *,
    count: int = 168,
    segments: int = 6,
) -> TimeOfWeek:
    """Fit a level per slot and a piecewise linear temperature response with `segments` equal parts.

    Parameters
    ----------
    energy
        Shape (meters, times), NaN where unusable; all meters share slots, temperature and drivers.
    slots
        Slot of the week from 0, shape (times,).
    temperature
        Finite, shape (times,).
    drivers
        Finite, shape (times, drivers).
    count
        Slots in a week: 168 hours or 672 quarter hours.
    segments
        Of the temperature response, at least 1.

    Raises
    ------
    TooFewIntervalsError
        When a meter has not more usable intervals than slots and columns that count, or there is no meter.
    ValueError
        When shapes differ, a slot is none of `count`, there is no segment, or temperature or a driver is not finite.
    """
    _check(energy, slots, temperature, drivers, count, segments)
    energy, temperature = energy.astype(np.float64, copy=False), temperature.astype(np.float64, copy=False)
    used = np.isfinite(energy)
    met = temperature[used.any(axis=0)]
    if not len(met):
        raise TooFewIntervalsError(f"none of the {energy.shape[1]} intervals is usable")
    knots = np.linspace(met.min(), met.max(), segments + 1)[1:-1]
    parts = _parts(temperature, knots, drivers)
    same = bool((used == used[:1]).all())
    # One sweep serves all meters with the same gaps; otherwise each has its own slot means.
    means = [_slot_means(parts, row, slots, count) for row in (used[:1] if same else used)]
    # A slot that a meter never met has no mean, and no part in the fit.
    swept = np.stack([parts - np.take(np.nan_to_num(mean), slots, axis=1) for mean in means]).transpose(0, 2, 1)
    level = np.concatenate([_slot_means(row[None], ok, slots, count) for row, ok in zip(energy, used, strict=True)])
    found = solve(swept[0] if same else swept, energy - np.take(level, slots, axis=1))
    seen = np.isfinite(level)
    short = np.flatnonzero(found.freedom <= seen.sum(axis=1))
    if len(short):
        first = int(short[0])
        needed = int(found.n[first] - found.freedom[first] + seen[first].sum())
        raise TooFewIntervalsError(
            f"meter {first}: {found.n[first]} intervals for {needed} slots and coefficients; "
            f"at least {needed + 1} needed"
        )
    shift = np.stack([found.coefficients[m] @ means[0 if same else m] for m in range(len(energy))])
    levels = level - shift
    solution = Solution(
        found.coefficients,
        found.kept,
        found.n,
        found.freedom - seen.sum(axis=1),
        np.take(levels, slots, axis=1) + found.coefficients @ parts,
        found.residuals,
        found.squares,
    )
    return TimeOfWeek(levels, knots, solution)


def _check(
    energy: Floats, slots: Groups, temperature: Floats, drivers: Floats | None, count: int, segments: int
) -> None:
    if not energy.size:
        raise TooFewIntervalsError(f"energy of shape {energy.shape} (meters, times) holds nothing to fit")
    if energy.ndim != 2 or not slots.shape == temperature.shape == energy.shape[1:]:
        raise ValueError(f"slots {slots.shape} and temperature {temperature.shape} for energy of shape {energy.shape}")
    if drivers is not None and (drivers.ndim != 2 or len(drivers) != len(slots)):
        raise ValueError(f"drivers of shape {drivers.shape} for {len(slots)} intervals")
    if int(slots.min()) < 0 or int(slots.max()) >= count or segments < 1:
        raise ValueError(f"slots {slots.min()} to {slots.max()} of {count}, and {segments} segments")
    if not (np.isfinite(temperature).all() and (drivers is None or np.isfinite(drivers).all())):
        raise ValueError("temperature and drivers must be finite; set the energy to NaN where one is missing")


def _slot_means(values: Floats, used: Bools, slots: Groups, count: int) -> Floats:
    """Mean of each row over the used intervals of each slot, shape (rows, count); NaN where there are none."""
    slots, values = (slots, values) if used.all() else (slots[used], values[:, used])
    sums, seen = group_sums(values, slots, count), np.bincount(slots, minlength=count)
    means = np.full(sums.shape, np.nan)
    np.divide(sums, seen, out=means, where=seen > 0)
    return means


def _parts(temperature: Floats, knots: Floats, drivers: Floats | None) -> Floats:
    """Share of the temperature in each segment (its sum is the temperature), then the drivers, (columns, times)."""
    edges = [-np.inf, *knots.tolist(), np.inf]
    begins, temperature = [0.0, *knots.tolist()], temperature.astype(np.float64, copy=False)
    parts = np.stack([np.clip(temperature, *edges[k : k + 2]) - begin for k, begin in enumerate(begins)])
    return parts if drivers is None else np.concatenate((parts, drivers.T))
