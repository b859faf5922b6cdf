"""Models without a continuous driver: the mean, and a level per group (day of the week, shift, both)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import TooFewIntervalsError
from analytics.registers import Bools, Floats

Groups = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Levels:
    """A level per meter and group.

    Attributes
    ----------
    levels
        Mean energy of each group, shape (meters, groups) [energy per interval]; NaN for a group never seen.
    n, freedom
        Intervals used, and these less the groups seen, shape (meters,).
    fitted, residuals
        Shape (meters, times); residuals are NaN where the energy is.
    """

    levels: Floats
    n: npt.NDArray[np.int64]
    freedom: npt.NDArray[np.int64]
    fitted: Floats
    residuals: Floats

    @property
    def unseen(self) -> Bools:
        """Groups without a usable interval, shape (meters, groups): a prediction there is NaN."""
        return np.isnan(self.levels)

    def predict(self, groups: Groups) -> Floats:
        """Energy at the given groups, shape (times,) → (meters, times)."""
        return self.levels[:, groups]


def fit_mean(energy: Floats) -> Levels:
    """Fit the mean of every meter; predict with groups of zeros.

    Parameters
    ----------
    energy
        Shape (meters, times), NaN where unusable.

    Raises
    ------
    TooFewIntervalsError, ValueError
        As `fit_levels`.
    """
    return fit_levels(energy, np.zeros(energy.shape[1], dtype=np.int64))


def fit_levels(energy: Floats, groups: Groups, *, count: int | None = None) -> Levels:
    """Fit a level per group, e.g. ``weekday`` or ``weekday * shifts + shift``.

    Parameters
    ----------
    energy
        Shape (meters, times), NaN where unusable.
    groups
        Group of each interval, whole numbers from 0, shape (times,).
    count
        How many groups there are; by default one more than the largest given.

    Raises
    ------
    TooFewIntervalsError
        When a meter has no usable interval, or there is no meter.
    ValueError
        When shapes differ or a group is none of `count`.
    """
    if energy.ndim != 2 or groups.shape != energy.shape[1:]:
        raise ValueError(f"groups of shape {groups.shape} for energy of shape {energy.shape} (meters, times)")
    used = np.isfinite(energy)
    n = used.sum(axis=1)
    if not len(energy):
        raise TooFewIntervalsError(f"energy of shape {energy.shape} (meters, times) holds nothing to fit")
    if not n.all():
        raise TooFewIntervalsError(f"meter {int(np.argmin(n))} has no usable interval")
    total = int(groups.max()) + 1 if count is None else count
    if int(groups.min()) < 0 or int(groups.max()) >= total:
        raise ValueError(f"groups {groups.min()} to {groups.max()} of {total}; they count from 0")
    sums, seen = group_sums(np.where(used, energy, 0.0), groups, total), group_sums(used, groups, total)
    levels = np.full(sums.shape, np.nan)
    np.divide(sums, seen, out=levels, where=seen > 0)
    fitted = levels[:, groups]
    return Levels(levels, n, n - (seen > 0).sum(axis=1), fitted, np.where(used, energy - fitted, np.nan))


def group_sums(values: Floats | Bools, groups: Groups, count: int) -> Floats:
    """Sum of every row's values by group, shape (rows, times) → (rows, count)."""
    return np.stack([np.bincount(groups, weights=row, minlength=count) for row in values])
