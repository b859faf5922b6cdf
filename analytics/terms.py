"""Linear models in any drivers and their products, for many meters in one call.

`analytics.regression` is the one-meter model that an evaluation freezes and explains; this is its fleet form, in which
interactions (production × product, load × temperature) are columns like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.errors import TooFewIntervalsError
from analytics.least_squares import Solution, solve
from analytics.registers import Floats


@dataclass(frozen=True, slots=True)
class LinearTerms:
    """A fitted linear model.

    Attributes
    ----------
    names
        Columns: ``1``, the drivers, then ``a×b`` for each interaction; shape (parameters,).
    interactions
        Driver positions multiplied, in order.
    centre
        Subtracted from each driver before anything else, shape (drivers,): products of centred drivers are far less
        collinear with the drivers themselves.
    solution
        Coefficients in centred drivers, and what they rest on.
    """

    names: tuple[str, ...]
    interactions: tuple[tuple[int, int], ...]
    centre: Floats
    solution: Solution

    def design(self, drivers: Floats) -> Floats:
        """Columns at the given drivers, shape (…, times, drivers) → (…, times, parameters)."""
        return _columns(drivers - self.centre, self.interactions)

    def predict(self, drivers: Floats) -> Floats:
        """Energy at the given drivers, shape (times, drivers) or (meters, times, drivers) → (meters, times)."""
        design = self.design(drivers)
        energy: Floats = np.einsum("...tp,mp->mt" if design.ndim == 2 else "mtp,mp->mt", design, self._coefficients)
        return energy

    @property
    def _coefficients(self) -> Floats:
        return self.solution.coefficients

    def dropped(self, meter: int) -> tuple[str, ...]:
        """Columns that add nothing for this meter: constant, or a combination of those before them."""
        return tuple(name for name, kept in zip(self.names, self.solution.kept[meter], strict=True) if not kept)


def fit_terms(
    energy: Floats, drivers: Floats, names: Sequence[str], *, interactions: Sequence[tuple[str, str]] = ()
) -> LinearTerms:
    """Fit energy = b0 + Σ b_i x_i + Σ b_ij x_i x_j.

    Parameters
    ----------
    energy
        Shape (meters, times), NaN where unusable.
    drivers
        Finite; shared, shape (times, drivers), or by meter, (meters, times, drivers).
    names
        Of the drivers.
    interactions
        Pairs of names whose product is a term.

    Raises
    ------
    TooFewIntervalsError
        When a meter has fewer usable intervals than columns that count.
    ValueError
        When shapes differ, a driver is not finite, or an interaction names no driver.
    """
    if drivers.shape[-1] != len(names):
        raise ValueError(f"{drivers.shape[-1]} drivers for {len(names)} names")
    if not drivers.size and not energy.size:
        raise TooFewIntervalsError(f"energy of shape {energy.shape} (meters, times) holds nothing to fit")
    unknown = [name for pair in interactions for name in pair if name not in names]
    if unknown:
        raise ValueError(f"interaction of unknown driver {unknown[0]!r}; there are {', '.join(names)}")
    drivers = drivers.astype(np.float64, copy=False)
    pairs = tuple((names.index(a), names.index(b)) for a, b in interactions)
    centre = drivers.reshape(-1, drivers.shape[-1]).mean(axis=0)
    solution = solve(_columns(drivers - centre, pairs), energy)
    return LinearTerms(("1", *names, *(f"{a}×{b}" for a, b in interactions)), pairs, centre, solution)


def _columns(drivers: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    products = [(drivers[..., a] * drivers[..., b])[..., None] for a, b in pairs]
    return np.concatenate((np.ones((*drivers.shape[:-1], 1)), drivers, *products), axis=-1)
