"""Change-point models on temperature (2P-5P), with any further drivers, by exhaustive search of the knots.

Base, drivers and temperature slopes are linear once the knots are fixed. Base and drivers are projected out of all
candidate slopes and all meters together; what is left of each candidate is one or two columns, whose residual sum of
squares is closed form. So every knot, or pair of knots, is tried, and the same input gives the same bits.

Source of the forms: Kissock, Haberl & Claridge, Inverse Modeling Toolkit, ASHRAE Transactions 109 (2003).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from analytics.errors import TooFewIntervalsError
from analytics.least_squares import DEPENDENT, Solution, solve
from analytics.registers import Floats

_Kind = TypeVar("_Kind", np.int64, np.bool_)
Places = npt.NDArray[np.int64]
_POSITIONS, _STRIDE = 257, 8
"""Positions of a knot between the edges, and which of them are tried first: each eighth, then all around the best."""
_EDGE_SHARE = 0.05
"""Share of the intervals that must lie beyond a knot on either side, so that no slope rests on a few days."""


class Shape(enum.Enum):
    """What the temperature does."""

    LINE = "2P"
    HEATING = "3PH"
    COOLING = "3PC"
    BOTH_AT_ONE = "4P"
    BOTH = "5P"


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A fitted model, one knot (or pair) per meter.

    Attributes
    ----------
    shape
        Its form.
    knots
        Heating and cooling change points, shape (meters, 2) [temperature]; NaN where the form has none.
    solution
        Columns: 1, drivers, then the slopes of the form: temperature (2P), heating max(T_h - T, 0), cooling
        max(T - T_c, 0). `freedom` is less one for every knot searched.
    """

    shape: Shape
    knots: Floats
    solution: Solution

    def design(self, temperature: Floats, drivers: Floats | None = None) -> Floats:
        """Columns of every meter, shape (meters, times, parameters)."""
        base = _base(temperature, drivers)
        return np.stack([np.column_stack((base, *_slopes(temperature, self.shape, pair))) for pair in self.knots])

    def predict(self, temperature: Floats, drivers: Floats | None = None) -> Floats:
        """Energy at temperatures (times,) and drivers (times, drivers), shape (meters, times)."""
        energy: Floats = np.einsum("mtp,mp->mt", self.design(temperature, drivers), self.solution.coefficients)
        return energy


def fit_change_point(
    energy: Floats, temperature: Floats, drivers: Floats | None = None, *, shape: Shape = Shape.BOTH
) -> ChangePoint:
    """Fit a change-point model to every meter.

    Parameters
    ----------
    energy
        Shape (meters, times), NaN where unusable; all meters share temperature and drivers.
    temperature
        Finite, shape (times,).
    drivers
        Finite, shape (times, drivers).
    shape
        Form to fit.

    Raises
    ------
    TooFewIntervalsError
        When a meter has not more usable intervals than coefficients and knots, or there is no meter.
    ValueError
        When shapes differ or a driver is not finite.
    """
    if energy.ndim != 2 or temperature.shape != energy.shape[1:]:
        raise ValueError(f"temperature of shape {temperature.shape} for energy of shape {energy.shape}")
    if not energy.size:
        raise TooFewIntervalsError(f"energy of shape {energy.shape} (meters, times) holds nothing to fit")
    base = _base(temperature, drivers)
    if not np.isfinite(base).all() or not np.isfinite(temperature).all():
        raise ValueError("temperature and drivers must be finite; set the energy to NaN where one is missing")
    knots = np.full((len(energy), 2), np.nan)
    if shape is not Shape.LINE:
        for rows, mine in _alike(np.isfinite(energy)):
            if (count := int(rows.sum())) <= base.shape[1] + 2:
                raise TooFewIntervalsError(
                    f"meter {mine[0]}: {count} intervals for a change point and {base.shape[1]} columns"
                )
            knots[mine] = _search(energy[mine][:, rows], temperature[rows], base[rows], shape)
    designs = np.stack([np.column_stack((base, *_slopes(temperature, shape, pair))) for pair in knots])
    found = solve(designs[0] if len(designs) == 1 else designs, energy)
    searched = np.isfinite(knots).sum(axis=1) - (1 if shape is Shape.BOTH_AT_ONE else 0)
    short = np.flatnonzero(found.freedom <= searched)
    if len(short):
        first = int(short[0])
        needed = int(found.n[first] - found.freedom[first] + searched[first])
        raise TooFewIntervalsError(
            f"meter {first}: {found.n[first]} intervals for {needed} coefficients and knots; "
            f"at least {needed + 1} needed"
        )
    solution = Solution(
        found.coefficients,
        found.kept,
        found.n,
        found.freedom - searched,
        found.fitted,
        found.residuals,
        found.squares,
    )
    return ChangePoint(shape, knots, solution)


def _base(temperature: Floats, drivers: Floats | None) -> Floats:
    ones = np.ones((len(temperature), 1))
    return ones if drivers is None else np.column_stack((ones, drivers))


def _slopes(temperature: Floats, shape: Shape, pair: Floats) -> tuple[Floats, ...]:
    if shape is Shape.LINE:
        return (temperature,)
    heating, cooling = np.maximum(pair[0] - temperature, 0.0), np.maximum(temperature - pair[1], 0.0)
    return {Shape.HEATING: (heating,), Shape.COOLING: (cooling,)}.get(shape, (heating, cooling))


def _search(energy: Floats, temperature: Floats, base: Floats, shape: Shape) -> Floats:
    """Best knots of meters without gaps, shape (meters, 2): a coarse grid, then a fine one around the best."""
    share = np.linspace(0.0, 1.0, len(temperature))
    low, high = np.interp([_EDGE_SHARE, 1.0 - _EDGE_SHARE], share, np.sort(temperature))
    basis = _orthonormal(base)
    rest = energy - (energy @ basis) @ basis.T
    # Knots are compared by their position: whether two are one must not hang on a last digit.
    grid = np.linspace(low, high, _POSITIONS)
    every = np.arange(0, _POSITIONS, _STRIDE)
    coarse = _best(_Swept(temperature, basis, rest, grid, every, every), shape)
    knots = np.empty(coarse.shape)
    around = np.arange(-_STRIDE, _STRIDE + 1)
    for pair, mine in _alike(coarse):
        near = np.clip(pair[:, None] + around, 0, _POSITIONS - 1)
        knots[mine] = grid[_best(_Swept(temperature, basis, rest[mine], grid, *near), shape)]
    unused = {Shape.HEATING: 1, Shape.COOLING: 0}.get(shape)
    if unused is not None:
        knots[:, unused] = np.nan
    return knots


def _alike(rows: npt.NDArray[_Kind]) -> Iterator[tuple[npt.NDArray[_Kind], npt.NDArray[np.intp]]]:
    """Each different row with the positions where it stands, in order of first appearance."""
    groups: dict[bytes, list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(row.tobytes(), []).append(index)
    for members in groups.values():
        yield rows[members[0]], np.array(members)


def _orthonormal(base: Floats) -> Floats:
    """Orthonormal columns that span those of `base`, columns that add nothing left out."""
    scaled = base / np.maximum(np.linalg.norm(base, axis=0), np.finfo(float).tiny)
    if base.shape[1] == 1:
        return np.asarray(scaled)
    left, size, _ = np.linalg.svd(scaled, full_matrices=False)
    return left[:, size > DEPENDENT * size[0]]


class _Swept:
    """Candidate slopes with base and drivers projected out, and what each explains of each meter."""

    def __init__(
        self, temperature: Floats, basis: Floats, rest: Floats, grid: Floats, heating: Places, cooling: Places
    ) -> None:
        self.heating_at, self.cooling_at = heating, cooling
        count = len(heating)
        slopes = np.concatenate((grid[heating][:, None] - temperature, temperature - grid[cooling][:, None]))
        np.maximum(slopes, 0.0, out=slopes)
        size = np.einsum("kt,kt->k", slopes, slopes)
        slopes -= (slopes @ basis) @ basis.T
        left = np.einsum("kt,kt->k", slopes, slopes)
        # A slope that base and drivers already explain (or that no interval reaches) explains nothing of its own.
        length = np.where(left > DEPENDENT**2 * np.maximum(size, np.finfo(float).tiny), np.sqrt(left), np.inf)
        explained = (rest @ slopes.T) / length
        self.heating, self.cooling = explained[:, :count], explained[:, count:]
        self.cross = (slopes[:count] @ slopes[count:].T) / length[:count, None] / length[count:]


def _best(swept: _Swept, shape: Shape) -> Places:
    """Positions of the knots that leave the smallest residual sum of squares, shape (meters, 2)."""
    if shape in {Shape.HEATING, Shape.COOLING}:
        best = np.argmax((swept.heating if shape is Shape.HEATING else swept.cooling) ** 2, axis=1)
        return np.column_stack((swept.heating_at[best], swept.cooling_at[best]))
    h, c, cross = swept.heating[:, :, None], swept.cooling[:, None, :], swept.cross
    rising = swept.heating_at[:, None] <= swept.cooling_at[None, :]
    allowed = np.eye(len(cross), dtype=np.bool_) if shape is Shape.BOTH_AT_ONE else rising
    apart = np.maximum(1.0 - cross**2, 1e-8)
    gain = np.where(allowed, (h * h + c * c - 2.0 * cross * h * c) / apart, -1.0)
    best = np.argmax(gain.reshape(len(gain), -1), axis=1)
    heating, cooling = np.unravel_index(best, cross.shape)
    return np.column_stack((swept.heating_at[heating], swept.cooling_at[cooling]))
