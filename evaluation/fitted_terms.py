"""A baseline model that is linear in its terms once its change points are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics import Candidate, LinearModel, Shape, change_point_candidate, fit_change_point
from evaluation.baseline_model import BandRows, finite
from evaluation.fitted_model import Coefficient
from evaluation.metered import Conditions, Floats, Metered
from evaluation.models import ChangePoint
from evaluation.plan import Granularity, Plan
from evaluation.sums import Sums, sums
from evaluation.terms import PER, Term, columns


@dataclass(frozen=True, slots=True)
class FittedTerms:
    """A model that is linear in its terms.

    Attributes
    ----------
    granularity, terms
        The intervals it is fitted on, and its columns.
    fit
        Least squares on the intervals.
    row_terms, linear
        Columns of the rows of the band, and least squares on them: the same, or on sums of days.
    knots
        Change points.
    again
        Fits the model anew to the baseline's usable intervals; None for least squares on the rows.
    unused
        The plan's drivers it does without.
    """

    granularity: Granularity
    terms: tuple[Term, ...]
    fit: LinearModel
    row_terms: tuple[Term, ...]
    linear: LinearModel
    knots: tuple[float, ...] = ()
    again: Candidate | None = None
    unused: tuple[Coefficient, ...] = ()

    @property
    def parameters(self) -> int:
        """Coefficients and change points."""
        return self.fit.parameters + len(self.knots)

    def refit(self, baseline: Metered) -> Candidate | None:
        """Fits and searches anew what is more than least squares on the rows; None where nothing is."""
        if self.again is None:
            return None
        return by_rows(self.again, sums(self.granularity, baseline), baseline.used_energy)

    def rows(self, window: Metered) -> BandRows:
        """Usable intervals, or their sums by day."""
        return band_rows(self.granularity, self.row_terms, window)

    def expected(self, conditions: Conditions) -> Floats:
        """Energy at the conditions."""
        # A dropped term has no effect, so its absence must not make the projection unknown: 0 · NaN is NaN.
        return self.fit.predict(np.where(self.fit.kept, columns(self.terms, conditions), 0.0))

    def unknown(self, conditions: Conditions) -> list[str]:
        """Terms that were constant and no longer are."""
        own, centre = columns(self.terms, conditions), self.fit.centre
        slack = np.finfo(float).eps * 16 * np.abs(centre)
        moved = np.any(np.abs(own - centre) > slack, axis=0).tolist()
        dropped = self.fit.dropped
        return [
            term.name
            for term, is_new in zip(self.terms, moved, strict=True)
            if is_new and dropped.get(term.name) == "constant"
        ]

    def coefficients(self) -> list[Coefficient]:
        """Intercept, then terms; a change point's stands in its slope's name."""
        found = [Coefficient("intercept", finite(self.fit.intercept), PER[self.granularity])]
        for term, value in zip(self.terms, self.fit.coefficients.tolist(), strict=True):
            dropped = self.fit.dropped.get(term.name, "")
            shown = None if dropped else finite(value)
            found.append(Coefficient(term.name, shown, term.unit, dropped, term.driver, term.part))
        return [*found, *self.unused]


def band_rows(granularity: Granularity, terms: Sequence[Term], window: Metered) -> BandRows:
    """Columns and energy of the rows that a band of these terms is made on."""
    gathered = sums(granularity, window)
    own = columns(terms, window.used_conditions)
    return BandRows(gathered.total(own), gathered.total(window.used_energy), gathered)


def by_rows(whole: Candidate, gathered: Sums, energy: Floats) -> Candidate:
    """A candidate of intervals as one of rows: shown a row, it is shown the row's intervals, and sums what it says."""

    def project(rows: Floats) -> Floats:
        shown = gathered.spread(np.isfinite(rows))
        said = whole(np.where(shown, energy, np.nan))
        # Of what it was never shown a placebo says nothing, neither right nor wrong.
        said = np.where(np.isfinite(said), said, energy)
        return gathered.total(said.T).T

    return project


@dataclass(frozen=True, slots=True)
class ChangePointSearch:
    """A change-point form on its columns of the drivers."""

    shape: Shape
    temperature: int
    drivers: tuple[int, ...]

    @classmethod
    def of(cls, plan: Plan, model: ChangePoint) -> ChangePointSearch:
        """As the plan's model names them."""
        names = [driver.name for driver in plan.drivers]
        return cls(Shape(model.form), names.index(model.temperature), tuple(names.index(n) for n in model.drivers))

    def _given(self, conditions: Conditions) -> tuple[Floats, Floats | None]:
        table = conditions.drivers
        return table[:, self.temperature], table[:, self.drivers] if self.drivers else None

    def candidate(self, conditions: Conditions) -> Candidate:
        """Fits and projects over intervals of these conditions."""
        return change_point_candidate(*self._given(conditions), self.shape)

    def knots(self, conditions: Conditions, energy: Floats) -> tuple[float, float]:
        """The change points; NaN where the form has none."""
        found = fit_change_point(energy[None], *self._given(conditions), shape=self.shape).knots[0]
        return float(found[0]), float(found[1])
