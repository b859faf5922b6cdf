"""A linear baseline model: energy = intercept + Σ coefficient × driver, by least squares.

Columns are centred and scaled before they are decomposed, so that a driver's unit cannot decide what is numerically
visible. Columns that carry nothing of their own (constant, or a combination of others) are dropped and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import TooFewIntervalsError
from analytics.registers import Floats

_COLLINEAR = 1e-7
"""Share of a scaled column left after projection on the columns before it, under which it counts as collinear."""


NOT_CHOSEN = "not_chosen"
"""Why a driver is not in a model that was chosen without it."""


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A fitted baseline model.

    Attributes
    ----------
    names
        Drivers, in the order given; shape (drivers,).
    kept
        Whether each driver is in the model, shape (drivers,).
    dropped
        By driver name, why it is not: ``constant``, ``collinear`` or ``not_chosen``.
    intercept, coefficients
        In the units given; coefficients of dropped drivers are 0, shape (drivers,).
    fitted, residuals
        At the baseline intervals, shape (intervals,) [energy].
    centre, scale
        Of each driver, as the design is built from them, shape (drivers,).
    """

    names: tuple[str, ...]
    kept: npt.NDArray[np.bool_]
    dropped: dict[str, str]
    intercept: float
    coefficients: Floats
    fitted: Floats
    residuals: Floats
    centre: Floats
    scale: Floats

    @property
    def parameters(self) -> int:
        """Number of coefficients in the model, intercept included."""
        return 1 + int(self.kept.sum())

    def predict(self, drivers: Floats) -> Floats:
        """Energy at the given drivers, shape (intervals, drivers) → (intervals,)."""
        energy: Floats = self.intercept + drivers @ self.coefficients
        return energy

    @property
    def chosen(self) -> tuple[str, ...]:
        """Drivers it was allowed to use."""
        return tuple(name for name in self.names if self.dropped.get(name) != NOT_CHOSEN)

    def design(self, drivers: Floats) -> Floats:
        """Design matrix with intercept, scaled columns of the kept drivers: (intervals, parameters)."""
        scaled = (drivers - self.centre) / self.scale
        return np.column_stack((np.ones(len(drivers)), scaled[:, self.kept]))


def fit_linear(
    drivers: Floats, energy: Floats, names: Sequence[str], among: Sequence[str] | None = None
) -> LinearModel:
    """Fit a linear model by ordinary least squares (QR with scaling).

    Parameters
    ----------
    drivers
        Finite, shape (intervals, drivers); drivers may be 0.
    energy
        Finite, shape (intervals,).
    names
        Of the drivers.
    among
        Those that may be used; all by default.

    Raises
    ------
    TooFewIntervalsError
        When there are not more intervals than coefficients.
    ValueError
        When shapes differ or a value is not finite.
    """
    _check(drivers, energy, names)
    drivers, energy = drivers.astype(np.float64), energy.astype(np.float64)
    centre = drivers.mean(axis=0) if len(drivers) else np.zeros(drivers.shape[1])
    spread = drivers.std(axis=0) if len(drivers) else np.zeros(drivers.shape[1])
    constant = spread <= np.finfo(float).eps * 16 * np.maximum(np.abs(centre), np.finfo(float).tiny)
    scale = np.where(constant, 1.0, spread)
    scaled = (drivers - centre) / scale
    allowed = np.array([among is None or name in among for name in names], dtype=np.bool_)
    kept, dropped = _independent(scaled, constant, allowed, names)
    if len(energy) <= 1 + int(kept.sum()):
        needed = 2 + int(kept.sum())
        raise TooFewIntervalsError(f"{len(energy)} intervals for {needed - 1} coefficients; at least {needed} needed")

    design = np.column_stack((np.ones(len(energy)), scaled[:, kept]))
    q, r = np.linalg.qr(design)
    solution = np.linalg.solve(r, q.T @ energy)
    coefficients = np.zeros(len(names))
    coefficients[kept] = solution[1:] / scale[kept]
    fitted = design @ solution
    return LinearModel(
        names=tuple(names),
        kept=kept,
        dropped=dropped,
        intercept=float(solution[0] - coefficients @ centre),
        coefficients=coefficients,
        fitted=fitted,
        residuals=energy - fitted,
        centre=centre,
        scale=scale,
    )


def _check(drivers: Floats, energy: Floats, names: Sequence[str]) -> None:
    if drivers.ndim != 2 or drivers.shape != (len(energy), len(names)):
        raise ValueError(f"drivers of shape {drivers.shape} for {len(energy)} intervals and {len(names)} names")
    if not (np.isfinite(drivers).all() and np.isfinite(energy).all()):
        raise ValueError("drivers and energy must be finite; leave unusable intervals out")


def _independent(
    scaled: Floats, constant: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_], names: Sequence[str]
) -> tuple[npt.NDArray[np.bool_], dict[str, str]]:
    """Which columns add something to the intercept and the kept columns before them, and why the others do not."""
    kept = np.zeros(len(names), dtype=np.bool_)
    dropped: dict[str, str] = {}
    basis = np.full((len(scaled), 1), 1.0 / np.sqrt(max(len(scaled), 1)))
    for index, name in enumerate(names):
        if not allowed[index]:
            dropped[name] = NOT_CHOSEN
            continue
        if constant[index]:
            dropped[name] = "constant"
            continue
        column = scaled[:, index]
        # Twice, because once leaves rounding errors of the size that is asked about.
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size <= _COLLINEAR * np.linalg.norm(column):
            dropped[name] = "collinear"
        else:
            kept[index] = True
            basis = np.column_stack((basis, rest / size))
    return kept, dropped
