"""What an evaluation asks of a baseline model of any family: what it expects, and the rows its band is made on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from analytics import Candidate, LinearModel
from evaluation.calendar import Times
from evaluation.fitted_model import Coefficient
from evaluation.metered import Conditions, Floats, Metered
from evaluation.plan import Plan
from evaluation.sums import Sums
from evaluation.terms import driver_terms


@dataclass(frozen=True, slots=True)
class BandRows:
    """Usable intervals of a window as the band sees them: each alone, or those of a day summed.

    Attributes
    ----------
    columns, energy
        Shape (rows, columns) and (rows,) [kWh].
    sums
        How they were gathered.
    """

    columns: Floats
    energy: Floats
    sums: Sums

    @property
    def positions(self) -> Times:
        """Distance from a common origin, in rows, shape (rows,)."""
        return self.sums.positions

    def design(self, linear: LinearModel) -> Floats:
        """The columns as `linear` decomposes them, shape (rows, parameters)."""
        return linear.design(self.columns)


class BaselineModel(Protocol):
    """What an evaluation asks of a fitted model of whatever family."""

    @property
    def linear(self) -> LinearModel:
        """What the band is made with: least squares on the rows' columns."""

    @property
    def parameters(self) -> int:
        """Coefficients, change points and levels."""

    @property
    def knots(self) -> tuple[float, ...]:
        """Change points found on the baseline; of a model that searches none, none."""

    def refit(self, baseline: Metered) -> Candidate | None:
        """How placebos refit it on the baseline's rows; None for least squares on their columns."""

    def rows(self, window: Metered) -> BandRows:
        """The window's usable intervals as rows of the band."""

    def expected(self, conditions: Conditions) -> Floats:
        """Energy at the conditions [kWh], shape (intervals,); NaN where they are not known or never were met."""

    def unknown(self, conditions: Conditions) -> list[str]:
        """Terms that never varied in the baseline and do in `conditions`: their effect is not known."""

    def coefficients(self) -> list[Coefficient]:
        """Intercept first, then what it is made of."""


def unused_drivers(plan: Plan, used: list[str]) -> tuple[Coefficient, ...]:
    """The plan's drivers that a model does without, as they stand among its coefficients."""
    names = [driver.name for driver in plan.drivers if driver.name not in used]
    return tuple(
        Coefficient(term.name, None, term.unit, "not_chosen", term.driver) for term in driver_terms(plan, names)
    )


def finite(value: float) -> float | None:
    """The value as JSON can carry it."""
    return float(value) if math.isfinite(value) else None
