"""How often a nominal 90 % band of avoided energy holds the truth, and how wide it is.

"simulated": thousands of retrofits with a known truth: the old machine's expected energy less the new one's under the
reporting period's drivers, each machine with an autocorrelated noise of its own. Beside the default
(placebo-calibrated) band stand, on the same draws, the exact AR(1) band without placebos, the published formulas and a
block bootstrap; and the oracle: 1.645 deviations of the error itself, which only the one who knows the process can
tell. The odd cases have what the band was not designed on; where their covariance can be written down,
beside them stands how much likelier than AR(1) noise the true one is in the baselines drawn, which is what anybody can
see of it there. A case's target is 87 to 93 % and what chance adds at so many draws; all cases together must be within
87 to 93 %.

"placebo": a real steel plant and a real school where nothing was installed. Every rolling origin is evaluated as if
something had been; where a driver that never varied in the baseline varies afterwards the verdict is *not provable* and
no band is claimed (their share is printed). Windows overlap: beside the number of origins stands how many reporting
periods fit side by side into the days they span, which is the number of independent trials at best.

``--design`` draws instead the cases on which the band's noise model was chosen, none of which is in the table.

``python -m benchmarks.coverage [--draws 300] [--seed 20261122] [--design] [--json]``
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
from benchmarks.coverage_stand.evidence import CLEAR, evidence
from benchmarks.coverage_stand.retrofits import DESIGN, TABLE, Case, draw
from benchmarks.coverage_stand.sites import school, steel
from benchmarks.frame import Figure, at_least, at_most, report, within

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
NOMINAL = 0.9
METHODS = ("default", "exact AR(1)", "1.26", "1.26 with n′", "Sun & Baltazar (CalTRACK daily)", "bootstrap")
SAVINGS = (0.05, 0.10, 0.20)


@dataclass(frozen=True)
class Trial:
    """Error and half widths by method, as fractions of the old machine's energy."""

    error: float
    halves: tuple[float, ...]


def trial(case: Case, saving: float, seed: Sequence[int]) -> Trial:
    """Draw one retrofit and evaluate it."""
    made = draw(case, saving, seed)
    value, halves = evaluate(made.drivers, made.energy, made.at, made.before, made.after, case.per_day)
    return Trial((value - made.truth) / made.scale, tuple(half / made.scale for half in halves))


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
    """All cases of the table; each saving in turn."""
    figures, everything, biases = [], [], []
    for number, case in enumerate(TABLE):
        trials = [trial(case, SAVINGS[index % 3], (seed, number, index)) for index in range(draws)]
        errors = 100.0 * np.array([t.error for t in trials])
        biases.append(abs(float(errors.mean())))
        # What 95 of 100 benchmarks of a true 87-93 % would print.
        sampling = 196.0 * float(np.sqrt(NOMINAL * (1 - NOMINAL) / draws))
        figures.append(
            within(case.name, share_held(trials, 0), "%", round(87.0 - sampling, 1), round(93.0 + sampling, 1))
        )
        figures.append(Figure(f"{case.name}: half width", width(trials), "%",
                              peer="oracle", peer_value=1.645 * float(errors.std())))  # fmt: skip
        nats = evidence(case, draws, seed)
        if len(nats):
            clear = 100.0 * float((nats > CLEAR).mean())
            figures.append(Figure(f"{case.name}: true noise over likeliest AR(1)", float(nats.mean()), "nats",
                                  peer=f"% of draws over {CLEAR:g}", peer_value=clear))  # fmt: skip
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


def design(draws: int, seed: int) -> tuple[list[Figure], list[Trial]]:
    """The cases the noise model was chosen on, without targets."""
    figures, everything = [], []
    for number, case in enumerate(DESIGN):
        trials = [trial(case, SAVINGS[index % 3], (seed, 1000 + number, index)) for index in range(draws)]
        oracle = 164.5 * float(np.std([t.error for t in trials]))
        figures.append(Figure(case.name, share_held(trials, 0), "%"))
        figures.append(Figure(f"{case.name}: half width", width(trials), "%", peer="oracle", peer_value=oracle))
        everything += trials
    figures.append(Figure("all design cases: default band", share_held(everything, 0), "%"))
    return figures, everything


PLACEBO_WINDOWS = ((28, 7, 28), (56, 7, 28), (84, 7, 28), (120, 7, 28), (180, 14, 60))


def placebo(name: str, energy: Floats, drivers: Floats) -> list[Figure]:
    """Evaluate every rolling origin, a week apart, of a site where nothing was installed."""
    figures: list[Figure] = []
    pooled: list[Trial] = []
    refused = tried = 0
    for n, gap, m in PLACEBO_WINDOWS:
        trials, starts = [], []
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
            starts.append(start)
            trials.append(Trial(value / scale, tuple(half / scale for half in halves)))
        periods = (starts[-1] - starts[0] + m) / m if starts else 0.0
        label = f"placebo {name} {n}/{m} d ({len(trials)} origins, {periods:.1f} periods)"
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


def main() -> int:
    """Run both panels."""
    parser = argparse.ArgumentParser(description="How often a nominal 90 % band holds the truth.")
    parser.add_argument("--draws", type=int, default=300, help="of each simulated case")
    parser.add_argument("--seed", type=int, default=20261122, help="of all draws")
    parser.add_argument("--design", action="store_true", help="the cases the band was designed on, instead")
    parser.add_argument("--json", action="store_true", help="one line of JSON on standard output")
    options = parser.parse_args()
    if options.draws < len(SAVINGS):
        parser.error(f"--draws must be at least {len(SAVINGS)}")
    started = time.perf_counter()
    figures, trials = (design if options.design else simulated)(options.draws, options.seed)
    sites: dict[str, Callable[[], tuple[Floats, Floats]]] = {"steel plant": steel, "school": school}
    if options.design:
        sites = {}
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
