"""Time of week and temperature: fitted to hours or quarter hours, its band made on days (`evaluation.sums`).

A day's sum of levels is that of its weekday (for a day with gaps, in the share of it that is usable); its temperature
parts and drivers are sums too. The noise of those days makes the band, and every placebo refits the whole model.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from analytics import Candidate, LinearModel, fit_linear, fit_time_of_week, time_of_week_candidate
from analytics import TimeOfWeek as Fit
from evaluation.baseline_model import BandRows, finite, unused_drivers
from evaluation.calendar import LocalClock, Times
from evaluation.fitted_model import Coefficient
from evaluation.fitted_terms import by_rows
from evaluation.metered import Conditions, Floats, Metered
from evaluation.models import TimeOfWeek, drivers_of
from evaluation.plan import Granularity, Plan
from evaluation.sums import PER_DAY, sums
from evaluation.terms import PER, driver_terms, driver_unit
from evaluation.wording import Text


@dataclass(frozen=True, slots=True)
class TimeOfWeekSearch:
    """The model on its columns of the drivers."""

    per_day: int
    temperature: int
    drivers: tuple[int, ...]
    segments: int

    @classmethod
    def of(cls, plan: Plan, model: TimeOfWeek) -> TimeOfWeekSearch:
        """As the plan's model names them."""
        names = [driver.name for driver in plan.drivers]
        drivers = tuple(names.index(name) for name in model.drivers)
        return cls(PER_DAY[plan.granularity], names.index(model.temperature), drivers, model.segments)

    @property
    def count(self) -> int:
        """Slots in a week."""
        return 7 * self.per_day

    def slots(self, clock: LocalClock) -> Times:
        """Slot of the week of each interval."""
        return clock.weekday * self.per_day + clock.minute * self.per_day // 1440

    def given(self, conditions: Conditions) -> tuple[Times, Floats, Floats | None]:
        """Slots, temperature and further drivers."""
        table = conditions.drivers
        return (
            self.slots(conditions.clock),
            table[:, self.temperature],
            table[:, self.drivers] if self.drivers else None,
        )

    def candidate(self, conditions: Conditions) -> Candidate:
        """Fits and projects over intervals of these conditions."""
        return time_of_week_candidate(*self.given(conditions), count=self.count, segments=self.segments)


@dataclass(frozen=True, slots=True)
class FittedTimeOfWeek:
    """A fitted model and, for its band, least squares on sums of days."""

    granularity: Granularity
    search: TimeOfWeekSearch
    fit: Fit
    linear: LinearModel
    shown: tuple[Coefficient, ...]

    @property
    def parameters(self) -> int:
        """Levels that were seen, and coefficients."""
        return int(np.count_nonzero(~self.fit.unseen)) + int(self.fit.solution.kept.sum())

    @property
    def knots(self) -> tuple[float, ...]:
        """None is searched: the temperature's segments are of equal width."""
        return ()

    def refit(self, baseline: Metered) -> Candidate | None:
        """Fits the whole model to the days it is shown, and sums what it says of all of them."""
        whole = self.search.candidate(baseline.used_conditions)
        return by_rows(whole, sums(self.granularity, baseline), baseline.used_energy)

    def rows(self, window: Metered) -> BandRows:
        """Usable intervals summed by day."""
        return _day_rows(self.granularity, self.search, self.fit.knots, window)

    def expected(self, conditions: Conditions) -> Floats:
        """Energy at the conditions; NaN in a slot that the baseline never saw."""
        energy: Floats = self.fit.predict(*self.search.given(conditions))[0]
        return energy

    def unknown(self, conditions: Conditions) -> list[str]:
        """Slots of the week that the baseline never saw."""
        met = np.unique(self.search.slots(conditions.clock))
        return [self._slot_name(int(slot)) for slot in met[self.fit.unseen[0][met]]]

    def coefficients(self) -> list[Coefficient]:
        """Mean level, slopes by temperature segment, drivers."""
        return list(self.shown)

    def _slot_name(self, slot: int) -> str:
        day, minute = divmod(slot * 1440 // self.search.per_day, 1440)
        return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[day]} {minute // 60:02}:{minute % 60:02}"


def fit_time_of_week_model(plan: Plan, model: TimeOfWeek, baseline: Metered) -> FittedTimeOfWeek:
    """Fit to the baseline's usable intervals, and its band's model to their days.

    Raises
    ------
    analytics.TooFewIntervalsError
        When there are too few.
    """
    search = TimeOfWeekSearch.of(plan, model)
    conditions, energy = baseline.used_conditions, baseline.used_energy
    slots, temperature, drivers = search.given(conditions)
    found = fit_time_of_week(energy[None], slots, temperature, drivers, count=search.count, segments=search.segments)
    days = _day_rows(plan.granularity, search, found.knots, baseline)
    linear = fit_linear(days.columns, days.energy, [f"c{index}" for index in range(days.columns.shape[1])])
    shown = (*_coefficients(plan, model, found), *unused_drivers(plan, drivers_of(model)))
    return FittedTimeOfWeek(plan.granularity, search, found, linear, shown)


def day_columns(model: TimeOfWeek) -> int:
    """Columns of the band's days beside the constant: weekdays, temperature parts, drivers."""
    return 6 + model.segments + len(model.drivers)


def _day_rows(granularity: Granularity, search: TimeOfWeekSearch, knots: Floats, window: Metered) -> BandRows:
    """Columns of the days: share of each weekday after the first, and sums of temperature parts and drivers."""
    gathered, conditions = sums(granularity, window), window.used_conditions
    _, temperature, drivers = search.given(conditions)
    weekdays = (conditions.clock.weekday[:, None] == np.arange(1, 7)) / search.per_day
    edges = np.concatenate(([-np.inf], knots, [np.inf]))
    low = np.where(np.isfinite(edges[:-1]), edges[:-1], 0.0)
    parts = np.clip(temperature[:, None], edges[:-1], edges[1:]) - low
    table = [weekdays, parts] if drivers is None else [weekdays, parts, drivers]
    return BandRows(gathered.total(np.column_stack(table)), gathered.total(window.used_energy), gathered)


def _coefficients(plan: Plan, model: TimeOfWeek, found: Fit) -> list[Coefficient]:
    """The mean of the levels, then what stands beside them."""
    unit = PER[plan.granularity]
    slope = driver_terms(plan, [model.temperature])[0]
    mark = driver_unit(plan.drivers[[driver.name for driver in plan.drivers].index(model.temperature)])
    knots = [f"{knot:.1f}".replace("-", "−") for knot in found.knots.tolist()]
    inner = [f"{low} ~ {high} {mark}" for low, high in itertools.pairwise(knots)]
    spans = [f"< {knots[0]} {mark}", *inner, f"> {knots[-1]} {mark}"] if knots else [""]
    names = [f"{model.temperature} {span}".strip() for span in spans]
    values = found.solution.coefficients[0].tolist()
    kept = found.solution.kept[0].tolist()
    seen = int(np.count_nonzero(~found.unseen))
    part = Text(f"주간 {seen:,}개 시간대의 평균", f"mean of {seen:,} times of the week")
    shown = [Coefficient("intercept", finite(float(np.nanmean(found.levels))), unit, part=part)]
    for index, name in enumerate(names):
        value, why = (finite(values[index]), "") if kept[index] else (None, "constant")
        span = Text(spans[index], spans[index])
        shown.append(Coefficient(name, value, slope.unit, why, model.temperature, span))
    for index, term in enumerate(driver_terms(plan, model.drivers), start=len(names)):
        value, why = (finite(values[index]), "") if kept[index] else (None, "constant")
        shown.append(Coefficient(term.name, value, term.unit, why, term.driver))
    return shown
