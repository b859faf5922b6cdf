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
        energy: Floats = self.levels[:, slots] + self.solution.coefficients @ _parts(temperature, self.knots, drivers).T
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
    """
    if not energy.size:
        raise TooFewIntervalsError(f"energy of shape {energy.shape} (meters, times) holds nothing to fit")
    used = np.isfinite(energy)
    met = temperature[used.any(axis=0)]
    if not len(met):
        raise TooFewIntervalsError(f"none of the {energy.shape[1]} intervals is usable")
    knots = np.linspace(met.min(), met.max(), segments + 1)[1:-1]
    parts = _parts(temperature, knots, drivers)
    same = bool((used == used[:1]).all())
    # One sweep serves all meters with the same gaps; otherwise each has its own slot means.
    means = [_slot_means(parts.T, row, slots, count) for row in (used[:1] if same else used)]
    swept = np.stack([parts - mean.T[slots] for mean in means])
    level = np.concatenate([_slot_means(row[None], ok, slots, count) for row, ok in zip(energy, used, strict=True)])
    rest = np.where(used, energy - level[:, slots], np.nan)
    swept = np.where(np.isfinite(swept), swept, 0.0)
    found = solve(swept[0] if same else swept, rest)
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
        levels[:, slots] + found.coefficients @ parts.T,
        found.residuals,
        found.squares,
    )
    return TimeOfWeek(levels, knots, solution)


def _slot_means(values: Floats, used: Bools, slots: Groups, count: int) -> Floats:
    """Mean of each row over the used intervals of each slot, shape (rows, count); NaN where there are none."""
    sums = group_sums(np.where(used, values, 0.0), slots, count)
    seen = group_sums(used[None], slots, count)
    means = np.full(sums.shape, np.nan)
    np.divide(sums, seen, out=means, where=seen > 0)
    return means


def _parts(temperature: Floats, knots: Floats, drivers: Floats | None) -> Floats:
    """Share of the temperature in each segment (its sum is the temperature itself), then the drivers."""
    edges = np.concatenate(([-np.inf], knots, [np.inf]))
    low = np.where(np.isfinite(edges[:-1]), edges[:-1], 0.0)
    parts = np.clip(temperature[:, None], edges[:-1], edges[1:]) - low
    return parts if drivers is None else np.column_stack((parts, drivers))
