"""How often the evaluation's 90 % band holds the truth.

Two panels. "factory": the virtual factory's replaced press, its twelve weeks drawn anew from every seed and evaluated
by the same functions as stored readings; the truth is the simulator's. "arrays": machines whose noise is known exactly
(day-scale AR(1) of several strengths; a new machine that scatters less than the old one; the same with days off that
hardly scatter at all, which the band's even noise does not know), for places the factory does not reach. Beside it, on
the same draws, CalTRACK's fractional savings uncertainty (methods 4.3.2.4, with ASHRAE Guideline 14's daily polynomial)
and the same band without its placebos.

``python -m benchmarks.evaluation_coverage [--seeds 200] [--json]``
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

import simulator
from analytics import BandMethod, avoided_energy, fit_linear, goodness
from benchmarks.frame import Figure, at_least, at_most, report, within
from evaluation import Driver, Plan, Verdict, Window
from evaluation.calendar import grid
from evaluation.metered import Metered
from evaluation.run import judge_metered

Floats = npt.NDArray[np.float64]
NOMINAL = 0.9
RHOS = (0.0, 0.3, 0.5, 0.7)
NOW_MS = int(dt.datetime(2026, 1, 5, tzinfo=dt.UTC).timestamp() * 1000)
"""Any moment does: the scenario is laid over it by whole weeks."""

PRODUCTION = Driver("production", "plc-2", "plc", "production_count", "difference")
TEMPERATURE = Driver("temperature", "ambient", "sensor", "temperature_c", "mean")
OPERATING = Driver("operating", "plc-2", "plc", "production_count", "active")
PLANS = {
    "production, temperature": [PRODUCTION, TEMPERATURE],
    "and operating day": [PRODUCTION, TEMPERATURE, OPERATING],
}


@dataclass(frozen=True, slots=True)
class Draw:
    """One evaluation: its error and half width [% of the old machine's energy], and whether the band held."""

    error: float
    half: float

    @property
    def held(self) -> bool:
        """Whether the truth lies in the band."""
        return abs(self.error) <= self.half


def factory_draws(seed: int) -> Iterator[tuple[str, Draw, Verdict]]:
    """Evaluate one factory under every plan."""
    factory = simulator.load_factory("gimpo", seed=seed, now_ms=NOW_MS)
    windows = factory.plan_windows()
    truth = factory.truth(windows.reporting.start_ms, windows.reporting.end_ms)
    for name, drivers in PLANS.items():
        plan = Plan(
            id="press-2",
            site="gimpo-demo",
            device="press-2",
            drivers=drivers,
            baseline=_window(windows.baseline),
            installation=_window(windows.installation),
            reporting=_window(windows.reporting),
            confidence=NOMINAL,
        )
        result = judge_metered(
            plan,
            _metered(plan, plan.baseline, factory),
            _metered(plan, plan.installation, factory),
            _metered(plan, plan.reporting, factory),
            [],
        )
        saving = result.saving
        assert saving is not None
        percent = 100.0 / truth.old_expected_kwh
        yield (
            name,
            Draw((saving.kwh - truth.saving_kwh) * percent, (saving.high - saving.low) / 2 * percent),
            result.verdict,
        )


def _window(span: simulator.Span) -> Window:
    return Window(span.start, span.end - dt.timedelta(1))


def _metered(plan: Plan, window: Window, factory: simulator.Factory) -> Metered:
    cells = grid(plan, window)
    energy = factory.interval_energy(plan.device, cells.edges_ms)
    parts = factory.interval_production("plc-2", cells.edges_ms)
    columns = {
        "production": parts,
        "temperature": factory.interval_temperature("ambient", cells.edges_ms),
        "operating": (parts > 0).astype(np.float64),
    }
    table = np.column_stack([columns[driver.name] for driver in plan.drivers])
    count = len(energy)
    everything = np.ones(count, dtype=np.bool_)
    return Metered(cells, energy, table, np.ones(count), np.zeros(count, dtype=np.uint8), everything)


def array_draws(rho: float, seed: int, *, quiet: bool) -> dict[str, Draw]:
    """One replacement made of arrays: 54 + 2 + 28 days, three holidays after the replacement."""
    rng = np.random.default_rng([seed, round(rho * 100)])
    day = np.arange(84)
    weekday = day % 7
    holiday = (day >= 56) & (day < 59)
    open_ = np.where(weekday < 5, True, (weekday == 5) & (rng.random(84) < 0.5)) & ~holiday  # noqa: FBT003 - a column
    parts = np.where(open_, np.where(weekday < 5, rng.normal(1350, 120, 84), rng.normal(600, 60, 84)), 0.0)
    outdoor = 5 - 8 * np.sin(day / 84 * np.pi) + 3 * ar1(rng, 84, 0.7)
    old = 5 + open_ * (30 + 0.8 * (20 - outdoor)) + 0.384 * parts
    new = 0.74 * old
    scatter = 0.032 * 0.312 * parts + 0.5 if quiet else np.full(84, 0.032 * 0.312 * 1200)
    before, after = day < 54, day >= 56
    energy = np.where(after, new + 0.7 * scatter * ar1(rng, 84, rho), old + scatter * ar1(rng, 84, rho))
    drivers = np.column_stack((parts, outdoor, open_.astype(np.float64)))
    model = fit_linear(drivers[before], energy[before], ("parts", "outdoor", "open"))
    given = (model, drivers[before], day[before], drivers[after], energy[after], day[after])
    avoided = avoided_energy(*given, method=BandMethod.PLACEBO)
    plain = avoided_energy(*given, method=BandMethod.AR1)
    percent = 100.0 / float(old[after].sum())
    error = (float(avoided.cumulative[-1]) - float((old - new)[after].sum())) * percent
    fit = goodness(energy[before], model.fitted, day[before], model.parameters)
    guideline = fsu_half(fit.cv_rmse, fit.n, fit.n_effective, 28, model.parameters) * float(avoided.adjusted.sum())
    return {
        "band": Draw(error, float(avoided.band.half_width(NOMINAL)[-1]) * percent),
        "plain": Draw(error, float(plain.band.half_width(NOMINAL)[-1]) * percent),
        "guideline": Draw(error, guideline * percent),
    }


def ar1(rng: np.random.Generator, count: int, rho: float) -> Floats:
    """Stationary AR(1) of unit variance."""
    series = rng.normal(size=count)
    for index in range(1, count):
        series[index] = rho * series[index - 1] + math.sqrt(1 - rho * rho) * series[index]
    return series


def fsu_half(cv: float, points: int, effective: float, reporting: int, parameters: int) -> float:
    """CalTRACK 4.3.2.4 for daily data: half width of the saving's band as a fraction of the adjusted baseline."""
    months = reporting / 30.4
    shape = -0.00024 * months**2 + 0.03535 * months + 1.00286
    t = float(stdtrit(max(effective - parameters, 1.0), (1 + NOMINAL) / 2))
    return t * shape * cv * math.sqrt(points / effective * (1 + 2 / effective) / reporting)


def target(count: int) -> tuple[float, float]:
    """Accepted coverage [%]: 87 to 93, or what 95 % of `count` draws of a true 90 % show, whichever is wider."""
    error = 196.0 * math.sqrt(NOMINAL * (1 - NOMINAL) / count)
    return min(87.0, 90.0 - error), max(93.0, 90.0 + error)


def figures(panel: str, draws: list[Draw]) -> list[Figure]:
    """Coverage, width and bias of one panel."""
    held, low_high = coverage(draws), target(len(draws))
    half = float(np.mean([draw.half for draw in draws]))
    errors = np.array([draw.error for draw in draws])
    return [
        within(f"{panel}: coverage of the 90 % band", held, "%", *(round(end, 1) for end in low_high)),
        Figure(f"{panel}: mean half width", half, "% of old energy"),
        Figure(f"{panel}: bias", float(errors.mean()), "% of old energy"),
        Figure(f"{panel}: 1.645 × sd of the error", 1.645 * float(errors.std()), "% of old energy"),
    ]


def array_figures(rho: float, count: int) -> list[Figure]:
    """The arrays' panel at one ρ."""
    name = f"arrays, ρ = {rho:g}"
    even = [array_draws(rho, seed, quiet=False) for seed in range(count)]
    quiet = [array_draws(rho, seed, quiet=True)["band"] for seed in range(count)]
    off, peer = (abs(coverage([d[kind] for d in even]) - 100 * NOMINAL) for kind in ("band", "guideline"))
    found = figures(name, [draw["band"] for draw in even])
    found.append(
        Figure(
            f"{name}: points off 90 %",
            off,
            "points",
            peer="CalTRACK 4.3.2.4",
            peer_value=peer,
            ratio=peer / off if off > 0 else None,
        )
    )
    found.append(Figure(f"{name}: coverage without placebos", coverage([d["plain"] for d in even]), "%"))
    found.append(at_least(f"{name}, quiet days off: coverage", coverage(quiet), "%", round(target(count)[0], 1)))
    spread = 1.645 * float(np.std([draw.error for draw in quiet]))
    wide = 100 * (float(np.mean([draw.half for draw in quiet])) / spread - 1)
    found.append(Figure(f"{name}, quiet days off: band wider than needed", wide, "%"))
    return found


def coverage(draws: list[Draw]) -> float:
    """Share of draws whose band held the truth [%]."""
    return 100.0 * sum(draw.held for draw in draws) / len(draws)


def main() -> int:
    """Run both panels."""
    parser = argparse.ArgumentParser(description="How often the 90 % band holds the truth.")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error("--seeds must be at least 1")
    started = time.perf_counter()
    found: list[Figure] = []
    factory: dict[str, list[Draw]] = {name: [] for name in PLANS}
    verdicts: dict[str, int] = {}
    for seed in range(options.seeds):
        if seed % 20 == 0 and sys.stderr.isatty():
            sys.stderr.write(f"\rfactory {seed} of {options.seeds}")
        for name, draw, verdict in factory_draws(seed):
            factory[name].append(draw)
            verdicts[verdict.value] = verdicts.get(verdict.value, 0) + 1
    for name, draws in factory.items():
        found += figures(f"factory, {name}", draws)
    for rho in RHOS:
        found += array_figures(rho, 2 * options.seeds)
    bias = max(abs(figure.value) for figure in found if figure.name.startswith("factory") and "bias" in figure.name)
    found.append(at_most("factory: largest bias", bias, "% of old energy", 0.5))
    facts = {
        "seeds": options.seeds,
        "nominal": "90 %",
        "verdicts": ", ".join(f"{name} {count}" for name, count in sorted(verdicts.items())),
        "seconds": round(time.perf_counter() - started, 1),
    }
    return report("evaluation_coverage", found, as_json=options.json, facts=facts)


if __name__ == "__main__":
    raise SystemExit(main())
