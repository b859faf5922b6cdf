"""A replacement made of arrays, judged by the same functions as stored readings; its truth is known."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation import Driver, Evaluation, Plan, Window
from evaluation.calendar import grid
from evaluation.metered import Metered
from evaluation.models import Model, SelectionRule
from evaluation.plan import Granularity
from evaluation.run import judge_metered

Floats = npt.NDArray[np.float64]
Candidates = dict[str, list[str] | Model]
ANY_RULE = SelectionRule()
FIRST = dt.date(2026, 3, 2)
"""A Monday."""

PARTS = Driver("parts", "plc", "plc", "production_count", "difference")
OUTDOOR = Driver("outdoor", "sensor", "sensor", "temperature_c", "mean")
RUNNING = Driver("running", "plc", "plc", "run_state", "hours", states=[3])


@dataclass(frozen=True, slots=True)
class Replacement:
    """A machine before and after; the new one draws a share `saved` less.

    Attributes
    ----------
    days
        Of baseline, installation and reporting period.
    granularity
        Of what is metered: ``day``, ``hour`` or ``quarter_hour``.
    saved
        Share of the old machine's energy.
    noise, rho
        Relative to the energy and lasting for days: AR(1) by day; a tenth of it besides by interval.
    seed
        Of everything random.
    cooling, cooling_above, heating
        [kWh/day/K], from `cooling_above` up and from 12 °C down [°C].
    per_part, per_hour_run
        [kWh], [kWh/h].
    busy_mornings
        Draws 10 kWh more on every morning, whatever it makes.
    drivers
        What is metered beside the energy.
    """

    days: tuple[int, int, int] = (56, 2, 28)
    granularity: Granularity = "day"
    saved: float = 0.1
    noise: float = 0.02
    rho: float = 0.4
    seed: int = 1
    cooling: float = 6.0
    cooling_above: float = 16.0
    heating: float = 0.0
    per_part: float = 0.3
    per_hour_run: float = 0.0
    busy_mornings: bool = False
    drivers: tuple[Driver, ...] = (PARTS, OUTDOOR)

    @property
    def per_day(self) -> int:
        """Intervals in a day."""
        return {"quarter_hour": 96, "hour": 24, "day": 1}[self.granularity]

    def plan(self, candidates: Candidates, selection: SelectionRule = ANY_RULE, **more: Any) -> Plan:
        """A plan on these windows."""
        ends = list(itertools.accumulate(self.days))
        windows = [
            Window(FIRST + dt.timedelta(end - days), FIRST + dt.timedelta(end - 1))
            for end, days in zip(ends, self.days, strict=True)
        ]
        return Plan(
            id="replacement",
            site="works",
            device="machine",
            drivers=list(self.drivers),
            baseline=windows[0],
            installation=windows[1],
            reporting=windows[2],
            granularity=self.granularity,
            candidates=candidates,
            selection=selection,
            **more,
        )

    def made(self) -> tuple[Floats, Floats, Floats]:
        """Metered energy [kWh], drivers and true saving [kWh] of every interval."""
        rng = np.random.default_rng(self.seed)
        day, slot = np.divmod(np.arange(sum(self.days) * self.per_day), self.per_day)
        hour, length = slot * 24 / self.per_day, 24 / self.per_day
        parts, outdoor = self._parts(rng), self._outdoor(rng, day, hour)
        ran = np.where(parts > 0, length * rng.uniform(0.3, 1.0, len(parts)), 0.0)
        old = 40.0 / self.per_day + self.per_part * parts + self.per_hour_run * ran
        old += self.cooling / self.per_day * np.maximum(outdoor - self.cooling_above, 0)
        old += self.heating / self.per_day * np.maximum(12 - outdoor, 0)
        if self.busy_mornings:
            old += 2.5 * length * ((hour >= 6) & (hour < 10))
        new = np.where(day >= self.days[0], (1 - self.saved) * old, old)
        relative = self.noise * (ar1(rng, sum(self.days), self.rho)[day] + 0.1 * rng.normal(size=len(day)))
        columns = {"parts": parts, "outdoor": outdoor, "running": ran}
        table = np.column_stack([columns[driver.name] for driver in self.drivers])
        return new * (1 + relative), table, old - new

    def judged(
        self, candidates: Candidates, selection: SelectionRule = ANY_RULE, **more: Any
    ) -> tuple[Evaluation, float]:
        """The evaluation, and the true saving of its reporting period [kWh]."""
        plan = self.plan(candidates, selection, **more)
        baseline, installation, reporting = cut(self, plan)
        last = self.days[2] * self.per_day
        return judge_metered(plan, baseline, installation, reporting, []), float(self.made()[2][-last:].sum())

    def _parts(self, rng: np.random.Generator) -> Floats:
        """Made on working days, in the middle of the day."""
        count = sum(self.days)
        daily = np.where(np.arange(count) % 7 < 5, rng.normal(800, 90, count), 0.0)
        share = np.ones(1)
        if self.per_day > 1:
            share = np.clip(np.sin((np.arange(self.per_day) / self.per_day - 0.25) * 2 * np.pi), 0.0, None)
        made: Floats = np.round((daily[:, None] * share / share.sum()).ravel())
        return made

    def _outdoor(self, rng: np.random.Generator, day: Floats, hour: Floats) -> Floats:
        count = sum(self.days)
        mean = 15 + 7 * np.sin(np.arange(count) / 9) + 2 * ar1(rng, count, 0.6)
        swing = 3 * np.sin((hour - 9) / 24 * 2 * np.pi) if self.per_day > 1 else 0.0
        outdoor: Floats = mean[day.astype(np.int64)] + swing
        return outdoor


def cut(machine: Replacement, plan: Plan) -> tuple[Metered, Metered, Metered]:
    """What is metered in the plan's windows."""
    energy, table, _ = machine.made()
    ends = [end * machine.per_day for end in itertools.accumulate(machine.days)]
    spans = [slice(end - days * machine.per_day, end) for end, days in zip(ends, machine.days, strict=True)]
    windows = (plan.baseline, plan.installation, plan.reporting)
    first, second, third = (
        metered(plan, window, energy[at], table[at]) for window, at in zip(windows, spans, strict=True)
    )
    return first, second, third


def metered(plan: Plan, window: Window, energy: Floats, table: Floats) -> Metered:
    """A window all of whose intervals are known."""
    count = len(energy)
    flags = np.zeros(count, dtype=np.uint8)
    return Metered(grid(plan, window), energy, table, np.ones(count), flags, np.ones(count, dtype=np.bool_))


def ar1(rng: np.random.Generator, count: int, rho: float) -> Floats:
    """Stationary AR(1) of unit variance."""
    series = rng.normal(size=count)
    for index in range(1, count):
        series[index] = rho * series[index - 1] + np.sqrt(1 - rho * rho) * series[index]
    return series
