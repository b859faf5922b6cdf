"""From a model that a plan names to one that is fitted, and to what cross-validation and placebos refit."""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics import Candidate, fit_linear, levels_candidate, linear_candidate, time_of_week_candidate
from evaluation.baseline_model import BaselineModel, unused_drivers
from evaluation.fitted_terms import ChangePointSearch, FittedTerms, band_rows
from evaluation.metered import Conditions, Metered
from evaluation.models import ChangePoint, Levels, Linear, Model, TimeOfWeek, drivers_of
from evaluation.plan import Plan
from evaluation.sums import PER_DAY
from evaluation.terms import Term, columns, driver_terms, groups, level_terms, product_term, slope_terms, weekday_terms
from evaluation.time_of_week import TimeOfWeekSearch, day_columns, fit_time_of_week_model

MINIMUM_FREEDOM: Final = 10
"""Student's 95 % quantile is 1.81 there and 1.64 at infinity; below, a band is mostly ignorance of its own width."""


def needed(model: Model) -> int:
    """Usable baseline rows (`evaluation.sums`) without which the model is not fitted.

    One for every coefficient that rows can tell, change point and group, and `MINIMUM_FREEDOM` beyond them. Groups that
    never occur in the baseline are counted too: a model that knows only half the week is no model of the week.
    """
    if isinstance(model, TimeOfWeek):
        return 1 + day_columns(model) + MINIMUM_FREEDOM
    count = len(drivers_of(model))
    if isinstance(model, Linear):
        count += len(model.interactions)
    if isinstance(model, ChangePoint):
        count += {"2P": 0, "3PH": 1, "3PC": 1, "4P": 2, "5P": 3}[model.form]
    # What tells parts of a day apart tells no day from another.
    if isinstance(model, Levels) and "weekday" in model.by:
        count += 6
    return 1 + count + MINIMUM_FREEDOM


def fit(plan: Plan, model: Model, baseline: Metered) -> BaselineModel:
    """Fit a model to the baseline's usable intervals.

    Raises
    ------
    analytics.TooFewIntervalsError
        When there are too few.
    """
    if isinstance(model, TimeOfWeek):
        return fit_time_of_week_model(plan, model, baseline)
    knots = (np.nan, np.nan)
    if isinstance(model, ChangePoint):
        knots = ChangePointSearch.of(plan, model).knots(baseline.used_conditions, baseline.used_energy)
    terms = _terms(plan, model, baseline, knots)
    names = [term.name for term in terms]
    linear = on_intervals = fit_linear(columns(terms, baseline.used_conditions), baseline.used_energy, names)
    row_terms = terms
    if plan.granularity in PER_DAY:
        row_terms = _of_days(plan, model, terms)
        rows = band_rows(plan.granularity, row_terms, baseline)
        linear = fit_linear(rows.columns, rows.energy, [term.name for term in row_terms])
    again = None
    # What is more than least squares on the rows is fitted anew for every placebo.
    if plan.granularity in PER_DAY or isinstance(model, ChangePoint):
        again = candidate(plan, model, baseline.used_conditions, baseline)
    searched = sorted({knot for knot in knots if np.isfinite(knot)})
    unused = unused_drivers(plan, drivers_of(model))
    return FittedTerms(
        plan.granularity, tuple(terms), on_intervals, tuple(row_terms), linear, tuple(searched), again, unused
    )


def candidate(plan: Plan, model: Model, conditions: Conditions, baseline: Metered) -> Candidate:
    """The model bound to intervals of these conditions, refitted to whatever energy it is shown."""
    if isinstance(model, TimeOfWeek):
        return TimeOfWeekSearch.of(plan, model).candidate(conditions)
    if isinstance(model, ChangePoint):
        return ChangePointSearch.of(plan, model).candidate(conditions)
    if isinstance(model, Levels):
        return _levels(plan, model, conditions)
    terms = _terms(plan, model, baseline, (np.nan, np.nan))
    return linear_candidate(np.column_stack((np.ones(len(conditions.drivers)), columns(terms, conditions))))


def projection(plan: Plan, model: Model, fitted: BaselineModel, conditions: Conditions, baseline: Metered) -> Candidate:
    """As `candidate`, but linear in the energy it is shown: change points stay where they were found."""
    if isinstance(fitted, FittedTerms) and fitted.knots:
        return linear_candidate(np.column_stack((np.ones(len(conditions.drivers)), columns(fitted.terms, conditions))))
    return candidate(plan, model, conditions, baseline)


def _of_days(plan: Plan, model: Model, terms: list[Term]) -> list[Term]:
    """Terms whose sums tell days apart: of levels by the hour or shift only the days of the week do."""
    if not isinstance(model, Levels):
        return terms
    found = driver_terms(plan, model.drivers)
    return [*found, *weekday_terms(plan)] if "weekday" in model.by else found


def _levels(plan: Plan, model: Levels, conditions: Conditions) -> Candidate:
    """Levels with drivers are swept out like those of the week; a group that was never shown stays unknown."""
    of = groups(plan, model.by, conditions.clock)
    if not model.drivers:
        return levels_candidate(of)
    first, *rest = columns(driver_terms(plan, model.drivers), conditions).T
    further = np.column_stack(rest) if rest else None
    return time_of_week_candidate(
        of, first, further, count=len(level_terms(plan, model, conditions.clock)) + 1, segments=1
    )


def _terms(plan: Plan, model: Model, baseline: Metered, knots: tuple[float, float]) -> list[Term]:
    if isinstance(model, ChangePoint):
        slopes = slope_terms(plan, model.temperature, model.form, knots)
        return [*driver_terms(plan, model.drivers), *slopes]
    found = driver_terms(plan, drivers_of(model))
    if isinstance(model, Linear):
        found += [product_term(plan, *pair) for pair in model.interactions]
    if isinstance(model, Levels):
        found += level_terms(plan, model, baseline.used_conditions.clock)
    return found
