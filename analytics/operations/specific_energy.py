"""Specific energy (원단위): energy per unit, by product and shift, with how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import AnalyticsError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SpecificEnergy:
    """Energy per unit of cells; all of shape (meters, cells).

    Attributes
    ----------
    energy, units
        Sums over each cell's intervals.
    ratio, standard_error
        Energy per unit and its standard error; NaN where nothing was made, the error also with a single interval.
    intervals
        How many.
    """

    energy: Floats
    units: Floats
    ratio: Floats
    standard_error: Floats
    intervals: Ints


def specific_energy(energy: Floats, units: Floats, cell: Ints, cells: int) -> SpecificEnergy:
    """Energy per unit of each cell, e.g. each product on each shift.

    R = Σe/Σu; its variance is Σ(e - R·u)²/(n - 1) · n/(Σu)² (Cochran, Sampling Techniques, 3rd ed. 1977, eq. 6.13,
    without a finite population).

    Parameters
    ----------
    energy, units
        Per interval, shapes (meters, times) or (times,); an interval where either is NaN does not count.
    cell
        Which cell an interval belongs to, shape (times,), 0 to `cells` - 1; below 0 to none (changeover,
        mixed products).
    cells
        How many there are.

    Raises
    ------
    AnalyticsError
        When shapes do not fit or a cell's number is too large.
    """
    spent, made = np.atleast_2d(energy), np.atleast_2d(units)
    if spent.shape != made.shape or cell.shape != spent.shape[1:]:
        raise AnalyticsError(f"energy {spent.shape}, units {made.shape} and cells {cell.shape} do not fit")
    if len(cell) and int(cell.max()) >= cells:
        raise AnalyticsError(f"cell {int(cell.max())} of {cells}; they count from 0")
    member = (cell[None, :] == np.arange(cells)[:, None]).astype(np.float64)
    good = ~np.isnan(spent) & ~np.isnan(made)
    spent, made = np.where(good, spent, 0.0), np.where(good, made, 0.0)
    energies, unit_sums, counts = (part @ member.T for part in (spent, made, good.astype(np.float64)))
    ratio = np.full(energies.shape, np.nan)
    np.divide(energies, unit_sums, out=ratio, where=unit_sums > 0)
    rest = np.where(good, spent - np.nan_to_num(ratio) @ member * made, 0.0)
    squares = rest**2 @ member.T
    error = np.full(energies.shape, np.nan)
    able = (unit_sums > 0) & (counts > 1)
    error[able] = np.sqrt(squares[able] / (counts[able] - 1) * counts[able]) / unit_sums[able]
    return SpecificEnergy(energies, unit_sums, ratio, error, counts.astype(np.int64))
