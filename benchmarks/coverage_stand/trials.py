"""One retrofit evaluated, and what many of them together say of the bands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics import (
    CLASSIC,
    DAILY,
    BandMethod,
    avoided_energy,
    block_bootstrap,
    fit_linear,
    fractional_half_width,
    given_slow_part,
    goodness,
)
from analytics.noise import Sample
from benchmarks.coverage_stand.retrofits import Case, draw
from benchmarks.frame import Figure

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
NOMINAL = 0.9
METHODS = ("default", "exact AR(1)", "1.26", "1.26 with n′", "Sun & Baltazar (CalTRACK daily)", "bootstrap")


@dataclass(frozen=True)
class Trial:
    """What was claimed, its error, half widths by method and that given a slow part: shares of the old energy."""

    claimed: float
    error: float
    halves: tuple[float, ...]
    given: float

    @property
    def held(self) -> bool:
        """Whether the default band holds the truth."""
        return abs(self.error) <= self.halves[0]

    @property
    def proven(self) -> bool:
        """Whether the default band's lower end lies above zero."""
        return self.claimed > self.halves[0]

    @property
    def doubted(self) -> bool:
        """Whether a slow part would leave nothing of a proven claim."""
        return self.proven and self.claimed <= self.given


def trial(case: Case, saving: float, seed: Sequence[int]) -> Trial:
    """Draw one retrofit and evaluate it."""
    made = draw(case, saving, seed)
    value, halves, given = evaluate(made.drivers, made.energy, made.at, made.before, made.after, case.per_day)
    halves = tuple(half / made.scale for half in halves)
    return Trial(value / made.scale, (value - made.truth) / made.scale, halves, given / made.scale)


def evaluate(
    drivers: Floats, energy: Floats, at: npt.NDArray[np.int64], before: Bools, after: Bools, per_day: int = 1
) -> tuple[float, tuple[float, ...], float]:
    """Saving, half widths of `METHODS`, and the default's given a slow part [energy]."""
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
    blocks = block_bootstrap(sample, model.design(drivers[after]), block=max(7, per_day), replicates=400, seed=1)
    halves = [float(band.whole.half_width(NOMINAL)[0]) for band in (default.band, exact.band)]
    slow = given_slow_part(default.band.whole, default.noise)
    given = halves[0] if slow is None else float(slow.half_width(NOMINAL)[0])
    return float(default.cumulative[-1]), (*halves, *published, blocks.half_width(NOMINAL)), given


def share_held(trials: Sequence[Trial], method: int) -> float:
    """Share of trials whose band holds the truth [%]."""
    return 100.0 * float(np.mean([abs(t.error) <= t.halves[method] for t in trials]))


def width(trials: Sequence[Trial], method: int = 0) -> float:
    """Median half width [% of the energy]."""
    return 100.0 * float(np.median([t.halves[method] for t in trials]))


def percent(flags: Iterable[bool]) -> float:
    """Share that is true [%]; 0 of none."""
    told = list(flags)
    return 100.0 * sum(told) / max(len(told), 1)


def doubts(name: str, trials: Sequence[Trial]) -> list[Figure]:
    """What an evaluator is told of noise too slow for the windows to show."""
    given = 100.0 * float(np.median([t.given for t in trials]))
    others = percent(t.held for t in trials if not t.doubted)
    kept = percent(t.error > max(t.halves[0], t.given) for t in trials)
    return [
        Figure(f"{name}: given a slow part", percent(abs(t.error) <= t.given for t in trials), "%",
               peer="half width", peer_value=given),
        Figure(f"{name}: proven, but doubted", percent(t.doubted for t in trials if t.proven), "%",
               peer="% held of the others", peer_value=others),
        Figure(f"{name}: nothing saved, yet proven", percent(t.error > t.halves[0] for t in trials), "%",
               peer="and not doubted", peer_value=kept),
    ]  # fmt: skip
