"""A machine's energy from what it did: base load + energy per unit made + power in each run state.

E = b · hours + Σ e_product · units + Σ P_state · hours in the state. The hours of all states add up to the interval, so
one of them must be left out: the coefficients of the others are then what they draw above it, and b is its power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.least_squares import Solution, solve
from analytics.registers import Floats


@dataclass(frozen=True, slots=True)
class MachineModel:
    """Fitted powers and energies per unit.

    Attributes
    ----------
    products, states
        Names, as given.
    solution
        Columns: hours, products, states.
    """

    products: tuple[str, ...]
    states: tuple[str, ...]
    solution: Solution

    @property
    def base_load(self) -> Floats:
        """Power in the state that is left out [energy/h], shape (meters,)."""
        return self.solution.coefficients[:, 0]

    @property
    def per_unit(self) -> Floats:
        """Energy of one more unit, shape (meters, products)."""
        return self.solution.coefficients[:, 1 : 1 + len(self.products)]

    @property
    def state_power(self) -> Floats:
        """Power above the base load, shape (meters, states) [energy/h]; 0 for a state that is left out."""
        return self.solution.coefficients[:, 1 + len(self.products) :]

    def implausible(self, meter: int) -> tuple[str, ...]:
        """Products and states whose coefficient is negative, which no machine has: the data do not tell them apart."""
        names = ("base load", *self.products, *self.states)
        values = self.solution.coefficients[meter]
        values = np.concatenate((values[: 1 + len(self.products)], values[0] + self.state_power[meter]))
        return tuple(name for name, value in zip(names, values, strict=True) if value < 0)

    def predict(self, units: Floats, state_hours: Floats, hours: Floats | float) -> Floats:
        """Energy, shape (meters, times), of intervals described as in `fit_machine`."""
        design = _columns(units, state_hours, hours)
        energy: Floats = np.einsum(
            "tp,mp->mt" if design.ndim == 2 else "mtp,mp->mt", design, self.solution.coefficients
        )
        return energy


def fit_machine(
    energy: Floats,
    units: Floats,
    state_hours: Floats,
    *,
    products: Sequence[str],
    states: Sequence[str],
    hours: Floats | float,
) -> MachineModel:
    """Fit a machine's energy by what it made and the states it was in.

    Parameters
    ----------
    energy
        Shape (meters, times), NaN where unusable.
    units
        Made per interval, shape (times, products) or (meters, times, products).
    state_hours
        Hours in each state, shape (times, states) or (meters, times, states), as `units`.
    products, states
        Names.
    hours
        Length of each interval [h], shape (times,) or a number.

    Raises
    ------
    TooFewIntervalsError
        When a meter has fewer usable intervals than coefficients.
    ValueError
        When shapes differ.
    """
    if units.shape[-1] != len(products) or state_hours.shape[-1] != len(states):
        raise ValueError(
            f"{units.shape[-1]} products and {state_hours.shape[-1]} states for {len(products)} and {len(states)} names"
        )
    return MachineModel(tuple(products), tuple(states), solve(_columns(units, state_hours, hours), energy))


def _columns(units: Floats, state_hours: Floats, hours: Floats | float) -> Floats:
    length = np.broadcast_to(np.asarray(hours, dtype=np.float64)[..., None], (*units.shape[:-1], 1))
    return np.concatenate((length, units, state_hours), axis=-1)
