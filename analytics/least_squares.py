"""Least squares for many meters in one call, by Householder QR of scaled columns.

A column that lies in the span of the columns before it is left out with coefficient 0, so that a constant driver or a
double one is reported instead of returning noise. Every meter may miss its own intervals (NaN).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import TooFewIntervalsError
from analytics.registers import Bools, Floats

DEPENDENT = 1e-10
"""Share of a column left after projection on those before it, at or under which it adds nothing: rounding leaves 1e-15,
the hardest certified data of NIST (Filip, a tenth-degree polynomial) 1e-8."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Least-squares fit of every meter.

    Attributes
    ----------
    coefficients, kept
        Shape (meters, parameters); 0 and false for a column left out.
    n, freedom
        Intervals used, and these less the columns kept; shape (meters,).
    fitted, residuals
        Shape (meters, times); residuals are NaN where the energy is.
    squares
        Residual sum of squares, shape (meters,).
    """

    coefficients: Floats
    kept: Bools
    n: npt.NDArray[np.int64]
    freedom: npt.NDArray[np.int64]
    fitted: Floats
    residuals: Floats
    squares: Floats

    @property
    def variance(self) -> Floats:
        """σ² of the residuals, squares / freedom; NaN without a degree of freedom. Shape (meters,)."""
        found = np.full(len(self.squares), np.nan)
        np.divide(self.squares, self.freedom, out=found, where=self.freedom > 0)
        return found


def solve(design: Floats, energy: Floats) -> Solution:
    """Fit energy = design @ coefficients.

    Parameters
    ----------
    design
        Finite; shared by all meters, shape (times, parameters), or one each, (meters, times, parameters).
    energy
        Shape (meters, times); NaN where a meter has no usable value.

    Raises
    ------
    TooFewIntervalsError
        When a meter has not more intervals than columns that count, or there is no meter.
    ValueError
        When shapes differ or the design is not finite.
    """
    _check(design, energy)
    # In single precision rounding would hide what is collinear.
    design, energy = design.astype(np.float64, copy=False), energy.astype(np.float64, copy=False)
    used = np.isfinite(energy)
    shared = design.ndim == 2 and bool((used == used[:1]).all())
    rows = np.broadcast_to(design, (1 if shared else len(energy), *design.shape[-2:]))
    if not used.all():
        rows = np.where((used[:1] if shared else used)[:, :, None], rows, 0.0)
    known = np.where(used, energy, 0.0)
    # Meters with the same design and the same gaps are right-hand sides of one decomposition.
    right = known.T[None] if shared else known[:, :, None]
    found, kept = _decompose(rows, right)
    coefficients = found[0].T if shared else found[:, :, 0]
    kept = np.broadcast_to(kept, coefficients.shape).copy()
    n = used.sum(axis=1)
    short = np.flatnonzero(n <= kept.sum(axis=1))
    if len(short):
        first, needed = int(short[0]), int(kept[short[0]].sum())
        raise TooFewIntervalsError(
            f"meter {first}: {n[first]} intervals for {needed} coefficients; at least {needed + 1} needed"
        )
    fitted: Floats = coefficients @ design.T if design.ndim == 2 else np.einsum("mtp,mp->mt", design, coefficients)
    rest = np.where(used, known - fitted, 0.0)
    return Solution(
        coefficients=coefficients,
        kept=kept,
        n=n,
        freedom=n - kept.sum(axis=1),
        fitted=fitted,
        residuals=np.where(used, rest, np.nan),
        squares=np.einsum("mt,mt->m", rest, rest),
    )


def standard_errors(design: Floats, solution: Solution) -> Floats:
    """Classical standard error of every coefficient, σ√diag((XᵀX)⁻¹), shape (meters, parameters); NaN if left out."""
    meters = len(solution.coefficients)
    columns = np.broadcast_to(design, (meters, *design.shape[-2:]))
    rows = np.where(np.isfinite(solution.residuals)[:, :, None] & solution.kept[:, None, :], columns, 0.0)
    scale = _norms(rows)
    triangle = np.linalg.qr(_with_left_out(rows / scale[:, None, :], solution.kept), mode="r")
    inverse = np.linalg.inv(triangle)
    errors: Floats = np.sqrt(solution.variance[:, None] * (inverse**2).sum(axis=2)) / scale
    return np.where(solution.kept, errors, np.nan)


def _check(design: Floats, energy: Floats) -> None:
    if not energy.size:
        raise TooFewIntervalsError(f"energy of shape {energy.shape} (meters, times) holds nothing to fit")
    if energy.ndim != 2 or design.ndim not in {2, 3} or design.shape[-2] != energy.shape[1]:
        raise ValueError(f"design of shape {design.shape} for energy of shape {energy.shape} (meters, times)")
    if design.ndim == 3 and len(design) != len(energy):
        raise ValueError(f"{len(design)} designs for {len(energy)} meters")
    if not np.isfinite(design).all():
        raise ValueError("the design must be finite; set the energy to NaN where a driver is missing")


def _decompose(rows: Floats, right: Floats) -> tuple[Floats, Bools]:
    """Coefficients (batch, parameters, right-hand sides) and which columns are kept (batch, parameters)."""
    scale = _norms(rows)
    scaled = rows / scale[:, None, :]
    kept = np.sqrt(np.einsum("btp,btp->bp", scaled, scaled)) > 0.5
    while True:
        r, projected = _triangle(scaled, right, kept)
        weak = kept & (np.abs(np.diagonal(r, axis1=1, axis2=2)) <= DEPENDENT)
        if not weak.any():
            break
        # Only the first is certain: what follows it was measured against a direction of rounding.
        kept[weak.any(axis=1), weak.argmax(axis=1)[weak.any(axis=1)]] = False
    found = np.linalg.solve(r, projected)
    return np.where(kept[:, :, None], found / scale[:, :, None], 0.0), kept


def _triangle(scaled: Floats, right: Floats, kept: Bools) -> tuple[Floats, Floats]:
    """R of the columns kept, and Qᵀ of the right-hand sides, without making Q where there is one to be turned."""
    rows, sides = scaled, right
    if not kept.all() or rows.shape[1] <= rows.shape[2]:
        rows = _with_left_out(scaled, kept)
        sides = np.concatenate((right, np.zeros((len(rows), rows.shape[2], right.shape[2]))), axis=1)
    width = rows.shape[2]
    if right.shape[2] > 1:
        q, r = np.linalg.qr(rows)
        return r, q.transpose(0, 2, 1) @ sides
    whole = np.asarray(np.linalg.qr(np.concatenate((rows, sides), axis=2), mode="r"))
    return whole[:, :width, :width], whole[:, :width, width:]


def _norms(rows: Floats) -> Floats:
    norms: Floats = np.sqrt(np.einsum("btp,btp->bp", rows, rows))
    return np.where(norms > 0.0, norms, 1.0)


def _with_left_out(scaled: Floats, kept: Bools) -> Floats:
    """Rows that give each column left out a direction of its own, where the energy is 0: its coefficient is 0."""
    identity = np.eye(scaled.shape[2])[None] * ~kept[:, None, :]
    return np.concatenate((np.where(kept[:, None, :], scaled, 0.0), identity), axis=1)
