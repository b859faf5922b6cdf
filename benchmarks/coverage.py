"""How often a nominal 90 % band of avoided energy holds the truth, and how wide it is.

"simulated": thousands of retrofits with a known truth: the old machine's expected energy less the new one's under the
reporting period's drivers, each machine with an autocorrelated noise of its own. Beside the default
(placebo-calibrated) band stand, on the same draws, the exact AR(1) band, the published formulas and a block bootstrap.
The last cases have what the band was not designed on: noise of second order, heavy tails, days off that hardly scatter,
a bent driver, a slow wander. A case's target is 87 to 93 % and what chance adds at so many draws; all cases together
must be within 87 to 93 %.

"placebo": a real steel plant and a real school where nothing was installed. Every rolling origin is evaluated as if
something had been; where a driver that never varied in the baseline varies afterwards the verdict is *not provable* and
no band is claimed (their share is printed). Windows overlap, so a site's year holds few independent trials.

``python -m benchmarks.coverage [--draws 300] [--seed 20261122] [--json]``
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analytics import (
    CLASSIC,
    DAILY,
    BandMethod,
    avoided_energy,
    block_bootstrap,
    driver_coverage,
    fit_linear,
    fractional_half_width,
    goodness,
)
from analytics.noise import Sample
from benchmarks.frame import Figure, at_least, at_most, report, within

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
DATA = Path(__file__).parent / "data"
NOMINAL = 0.9
METHODS = ("default", "exact AR(1)", "1.26", "1.26 with n′", "Sun & Baltazar (CalTRACK daily)", "bootstrap")
SAVINGS = (0.05, 0.10, 0.20)


@dataclass(frozen=True)
class Case:
    """A kind of retrofit: days and gap, intervals a day, noise, drivers, and what is unusual."""

    name: str
    before: int
    after: int
    rho: float
    gap: int = 7
    per_day: int = 1
    season: bool = False
    production: bool = True
    odd: str = ""


CASES = (
    Case("365/365 d, ρ .6, season", 365, 365, 0.6, season=True),
    Case("180/90 d, ρ .5, season + production", 180, 90, 0.5, season=True),
    Case("90/90 d, ρ .3, season shift", 90, 90, 0.3, season=True, production=False),
    Case("84/28 d, ρ .8, season + production", 84, 28, 0.8, season=True),
    Case("56/28 d, ρ 0, season + production", 56, 28, 0.0, season=True),
    Case("56/56 d, ρ .5, production", 56, 56, 0.5),
    Case("28/28 d, ρ .7, production", 28, 28, 0.7),
    Case("28/28 d, ρ .3, production", 28, 28, 0.3),
    Case("28/28 d hourly, ρ .8, season + production", 28, 28, 0.8, per_day=24, season=True),
    Case("14/14 d 15-min, ρ .95, production", 14, 14, 0.95, per_day=96),
    Case("odd: 84/28 d, AR(2) noise", 84, 28, 0.5, odd="second order", season=True),
    Case("odd: 84/28 d, Student-3 noise", 84, 28, 0.4, odd="heavy tails"),
    Case("odd: 84/28 d, quiet days off", 84, 28, 0.4, odd="quiet days off"),
    Case("odd: 84/28 d, bent production", 84, 28, 0.4, odd="bent"),
    Case("odd: 84/28 d, slow wander", 84, 28, 0.3, odd="wander"),
)


@dataclass(frozen=True)
class Trial:
    """Error and half widths by method, as fractions of the old machine's energy."""

    error: float
    halves: tuple[float, ...]


def noise(rng: np.random.Generator, count: int, case: Case) -> Floats:
    """Stationary noise of about unit deviation."""
    shocks = rng.standard_t(3, count) / np.sqrt(3.0) if case.odd == "heavy tails" else rng.normal(size=count)
    first, second = (case.rho, 0.0) if case.odd != "second order" else (0.4, 0.35)
    series = np.zeros(count + 200 * (case.odd == "second order"))
    shocks = np.concatenate((rng.normal(size=len(series) - count), shocks))
    scale = np.sqrt(1.0 - case.rho**2) if case.odd != "second order" else 0.74
    before, earlier = shocks[0], 0.0
    for index, shock in enumerate(shocks):
        value = before if index == 0 else first * before + second * earlier + scale * shock
        series[index], before, earlier = value, value, before
    return series[-count:]


def trial(case: Case, saving: float, seed: Sequence[int]) -> Trial:
    """Draw one retrofit and evaluate it."""
    rng = np.random.default_rng(seed)
    n, m, gap = (days * case.per_day for days in (case.before, case.after, case.gap))
    at = np.arange(n + gap + m)
    day = at / case.per_day
    open_ = np.floor(day).astype(np.int64) % 7 < 5
    weather = Case("", 0, 0, 0.7 if case.per_day == 1 else 0.99)
    temperature = 13.0 - 13.0 * np.cos(2.0 * np.pi * (day / 365.0 + rng.random())) + 2.5 * noise(rng, len(at), weather)
    parts = open_ * rng.normal(100.0, 15.0, len(at))
    old = 100.0 + case.season * temperature + case.production * 0.8 * parts
    if case.odd == "bent":
        old = old - 0.0012 * parts**2
    columns = [row for row, used in ((temperature, case.season), (parts, case.production)) if used]
    drivers = np.column_stack(columns)
    before, after = at < n, at >= n + gap
    size = np.where(open_, 8.0, 1.5) if case.odd == "quiet days off" else np.full(len(at), 8.0)
    slow = 4.0 * np.sin(2.0 * np.pi * (day / 90.0 + rng.random())) if case.odd == "wander" else 0.0
    energy = np.where(after, (1.0 - saving) * old, old) + slow
    energy[before] += size[before] * noise(rng, n, case)
    energy[after] += 0.75 * size[after] * noise(rng, m, case)
    truth, scale = saving * float(old[after].sum()), float(old[after].sum())
    value, halves = evaluate(drivers, energy, at, before, after, case.per_day)
    return Trial((value - truth) / scale, tuple(half / scale for half in halves))


def evaluate(
    drivers: Floats, energy: Floats, at: npt.NDArray[np.int64], before: Bools, after: Bools, per_day: int = 1
) -> tuple[float, tuple[float, ...]]:
    """Saving and half widths of `METHODS` [energy]."""
    model = fit_linear(drivers[before], energy[before], [str(index) for index in range(drivers.shape[1])])
    periods = drivers[before], at[before], drivers[after], energy[after], at[after]
    default = avoided_energy(model, *periods, method=BandMethod.PLACEBO)
    exact = avoided_energy(model, *periods)
    fit = goodness(energy[before], model.fitted, at[before], model.parameters)
    adjusted, m = float(default.adjusted.sum()), int(after.sum())
    published = [
        adjusted
        * fractional_half_width(
            fit.cv_rmse,
            n=fit.n,
            n_effective=effective,
            reporting=m,
            parameters=model.parameters,
            confidence=NOMINAL,
            months=m / per_day / 30.4,
            shape=shape,
        )
        for effective, shape in ((fit.n, CLASSIC), (fit.n_effective, CLASSIC), (fit.n_effective, DAILY))
    ]
    sample = Sample(model.design(drivers[before]), energy[before], at[before])
    drawn = block_bootstrap(sample, model.design(drivers[after]), block=max(7, per_day), replicates=400, seed=1)
    halves = [float(band.whole.half_width(NOMINAL)[0]) for band in (default.band, exact.band)]
    return float(default.cumulative[-1]), (*halves, *published, drawn.half_width(NOMINAL))


def share_held(trials: Sequence[Trial], method: int) -> float:
    """Share of trials whose band holds the truth [%]."""
    return 100.0 * float(np.mean([abs(t.error) <= t.halves[method] for t in trials]))


def width(trials: Sequence[Trial], method: int = 0) -> float:
    """Median half width [% of the energy]."""
    return 100.0 * float(np.median([t.halves[method] for t in trials]))


def simulated(draws: int, seed: int) -> tuple[list[Figure], list[Trial]]:
    """All cases; each saving in turn."""
    figures, everything, biases = [], [], []
    for number, case in enumerate(CASES):
        trials = [trial(case, SAVINGS[index % 3], (seed, number, index)) for index in range(draws)]
        errors = 100.0 * np.array([t.error for t in trials])
        biases.append(abs(float(errors.mean())))
        # What 95 of 100 benchmarks of a true 87-93 % would print.
        sampling = 196.0 * float(np.sqrt(NOMINAL * (1 - NOMINAL) / draws))
        figures.append(
            within(case.name, share_held(trials, 0), "%", round(87.0 - sampling, 1), round(93.0 + sampling, 1))
        )
        figures.append(Figure(f"{case.name}: half width (1.645 sd of the error)", width(trials), "%",
                              peer="1.645 sd", peer_value=1.645 * float(errors.std())))  # fmt: skip
        figures += [
            Figure(
                f"{case.name}: {name}",
                share_held(trials, index),
                "%",
                peer="half width",
                peer_value=width(trials, index),
            )
            for index, name in enumerate(METHODS)
            if index
        ]
        everything += trials
    figures.append(within("all simulated retrofits: default band", share_held(everything, 0), "%", 87.0, 93.0))
    figures += [
        Figure(f"all simulated retrofits: {name}", share_held(everything, index), "%")
        for index, name in enumerate(METHODS)
        if index
    ]
    for index, saving in enumerate(SAVINGS):
        mean = 100.0 * float(np.mean([t.error for t in everything[index::3]]))
        figures.append(at_most(f"bias at {saving:.0%} saving", abs(mean), "points", 1.0))
    figures.append(at_most("largest bias of any case", max(biases), "points", 1.0))
    return figures, everything


PLACEBO_WINDOWS = ((28, 7, 28), (56, 7, 28), (84, 7, 28), (120, 7, 28), (180, 14, 60))


def placebo(name: str, energy: Floats, drivers: Floats) -> list[Figure]:
    """Evaluate every rolling origin, a week apart, of a site where nothing was installed."""
    figures: list[Figure] = []
    pooled: list[Trial] = []
    refused = tried = 0
    for n, gap, m in PLACEBO_WINDOWS:
        trials = []
        for start in range(0, len(energy) - n - gap - m + 1, 7):
            tried += 1
            at = np.arange(start, start + n + gap + m)
            usable = np.isfinite(energy[at])
            before, after = usable & (at < start + n), usable & (at >= start + n + gap)
            model = fit_linear(drivers[at][before], energy[at][before], [str(k) for k in range(drivers.shape[1])])
            if any(driver_coverage(model, drivers[at][before], drivers[at][after]).unknown):
                refused += 1
                continue
            value, halves = evaluate(drivers[at], np.nan_to_num(energy[at]), at, before, after)
            scale = value + float(energy[at][after].sum())
            trials.append(Trial(value / scale, tuple(half / scale for half in halves)))
        label = f"placebo {name} {n}/{m} d ({len(trials)} origins)"
        figures.append(Figure(label, share_held(trials, 0), "%", peer="half width", peer_value=width(trials)))
        pooled += trials
    figures.append(at_least(f"placebo {name}, all windows: default band", share_held(pooled, 0), "%", 85.0))
    figures.append(Figure(f"placebo {name}: median half width", width(pooled), "%"))
    false = 100.0 * float(np.median([abs(t.error) for t in pooled]))
    figures.append(Figure(f"placebo {name}: median false saving", false, "%"))
    figures += [
        Figure(
            f"placebo {name}: {method}",
            share_held(pooled, index),
            "%",
            peer="half width",
            peer_value=width(pooled, index),
        )
        for index, method in enumerate(METHODS)
        if index
    ]
    figures.append(
        Figure(f"placebo {name}: origins not provable (driver effect unknown)", 100.0 * refused / tried, "%")
    )
    return figures


def steel() -> tuple[Floats, Floats]:
    """Daily energy of the steel plant; days of the week (2018 began on a Monday)."""
    quarters = np.loadtxt(DATA / "steel-2018-15min.csv", skiprows=1)
    return quarters.reshape(365, 96).sum(axis=1), weekdays(1, 7)


def school() -> tuple[Floats, Floats]:
    """Daily energy of the school; temperature with a change at 65 °F, weekday and operating mode."""
    hours = np.genfromtxt(DATA / "school-2018-hourly.csv", delimiter=",", skip_header=1)
    modes = np.loadtxt(DATA / "school-2018-modes.csv", delimiter=",", skiprows=1)
    energy = hours[:, 0].reshape(365, 24).sum(axis=1)
    temperature = np.nanmean(hours[:, 1].reshape(365, 24), axis=1)
    working = (np.arange(365) % 7 < 5).astype(np.float64)
    return energy, np.column_stack((temperature, np.maximum(temperature - 65.0, 0.0), working, modes))


def weekdays(first: int, last: int) -> Floats:
    """Columns of 2018's days of the week from `first` (0 is Monday) to before `last`."""
    table: Floats = (np.arange(365)[:, None] % 7 == np.arange(first, last)).astype(np.float64)
    return table


def main() -> int:
    """Run both panels."""
    parser = argparse.ArgumentParser(description="How often a nominal 90 % band holds the truth.")
    parser.add_argument("--draws", type=int, default=300, help="of each simulated case")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.draws < len(SAVINGS):
        parser.error(f"--draws must be at least {len(SAVINGS)}")
    started = time.perf_counter()
    figures, trials = simulated(options.draws, options.seed)
    sites: dict[str, Callable[[], tuple[Floats, Floats]]] = {"steel plant": steel, "school": school}
    for name, load in sites.items():
        figures += placebo(name, *load())
    facts = {
        "simulated retrofits": len(trials),
        "seed": options.seed,
        "nominal": "90 %",
        "seconds": round(time.perf_counter() - started, 1),
    }
    return report("coverage", figures, as_json=options.json, facts=facts)


if __name__ == "__main__":
    raise SystemExit(main())
