"""The exact restricted likelihood of AR(1) noise over real time, gaps counted, for many ρ at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.registers import Floats, Times


@dataclass(frozen=True, slots=True)
class Contrasts:
    """A sample ready to be whitened.

    Attributes
    ----------
    columns
        Orthonormal design, whose conditioning does not enter, and last the residual in units of `span`, shape
        (intervals, parameters + 1).
    positions
        Whole intervals, strictly rising, shape (intervals,).
    span
        Largest energy by amount [energy].
    """

    columns: Floats
    positions: Times
    span: float

    @property
    def freedom(self) -> int:
        """Intervals less coefficients."""
        return int(self.columns.shape[0] - self.columns.shape[1] + 1)


def contrasts(design: Floats, energy: Floats, positions: Times) -> Contrasts:
    """Make a full-rank `design` (intervals, parameters) orthonormal and take it out of `energy` (intervals,).

    Raises
    ------
    ValueError
        When positions do not rise.
    """
    if np.any(np.diff(positions) <= 0):
        raise ValueError("positions must rise")
    basis = np.linalg.qr(design)[0]
    span = float(np.abs(energy).max()) or 1.0
    return Contrasts(np.column_stack((basis, (energy - basis @ (basis.T @ energy)) / span)), positions, span)


def restricted(sample: Contrasts, rho: Floats) -> tuple[Floats, Floats]:
    """Log restricted likelihood, up to a constant, and σ² [energy²] at every ρ, both of shape (rhos,).

    Whitening an AR(1) links each interval to the one before it only, so the cross products of the whitened columns are
    those of the columns themselves, weighted by ρ to the power of each distance that occurs.
    """
    columns, steps = sample.columns, np.diff(sample.positions)
    first = np.outer(columns[0], columns[0])
    cross = np.repeat(first[None], len(rho), axis=0)
    rest = np.zeros(len(rho))
    for step, before, after, both in _by_distance(columns, steps):
        link = rho**step
        left = 1.0 - link**2
        quadratic = after - link[:, None, None] * both + (link**2)[:, None, None] * before
        cross += quadratic / left[:, None, None]
        rest += np.log(left) / 2 * np.count_nonzero(steps == step)
    half, squares = profile(cross)
    squares *= sample.span**2
    log: Floats = -rest - half - sample.freedom / 2 * np.log(squares)
    return log, squares / sample.freedom


def _by_distance(columns: Floats, steps: Times) -> Iterator[tuple[int, Floats, Floats, Floats]]:
    """Each distance that occurs, with the cross products of the rows before, after and across it."""
    for step in np.unique(steps):
        pairs = np.flatnonzero(steps == step)
        before, after = columns[pairs], columns[pairs + 1]
        across = after.T @ before
        yield int(step), before.T @ before, after.T @ after, across + across.T


def profile(cross: Floats) -> tuple[Floats, Floats]:
    """Half of log |XᵀX| and the squares that X leaves of y, from cross products of [X | y], shape (many, k, k)."""
    bordered = cross.copy()
    # The last row of the factor is y projected on X, whatever stands in the corner, so long as there is a root of it.
    bordered[:, -1, -1] = 2.0 * cross[:, -1, -1] + 1.0
    triangle = np.linalg.cholesky(bordered)
    squares = np.maximum(cross[:, -1, -1] - (triangle[:, -1, :-1] ** 2).sum(axis=1), np.finfo(float).eps ** 2)
    return np.log(np.diagonal(triangle, axis1=1, axis2=2)[:, :-1]).sum(axis=1), squares
