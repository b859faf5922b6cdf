"""Retrofits made of arrays: the cases of the table, and those on which the band's noise model was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.coverage_stand.noises import Kind, Level, level, noise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_SCATTER = 8.0
"""Deviation of the old machine's noise, of some 150 to 200 in energy; the new one's is three quarters of it."""


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
    kind: Kind = Kind.AR1
    level: Level = Level.NONE
    bent: bool = False
    quiet_days_off: bool = False
    slow: tuple[float, float] | None = None
    """Share of a slow AR(1) in the noise and its lag-1 autocorrelation."""


TABLE = (
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
    Case("odd: 84/28 d, AR(2) noise", 84, 28, 0.0, kind=Kind.SECOND, season=True),
    Case("odd: 84/28 d, Student-3 noise", 84, 28, 0.4, kind=Kind.HEAVY),
    Case("odd: 84/28 d, quiet days off", 84, 28, 0.4, quiet_days_off=True),
    Case("odd: 84/28 d, bent production", 84, 28, 0.4, bent=True),
    Case("odd: 84/28 d, slow wander", 84, 28, 0.3, level=Level.SINE),
    Case("odd: 84/28 d, long memory (d .3)", 84, 28, 0.0, kind=Kind.LONG_MEMORY),
    Case("odd: 84/28 d, two regimes of level", 84, 28, 0.3, level=Level.REGIMES),
    Case("odd: 84/28 d, level of a random walk", 84, 28, 0.3, level=Level.WALK),
    Case("odd: 84/28 d, one weekday three times as noisy", 84, 28, 0.4, kind=Kind.MONDAYS),
)
"""What the benchmark judges. The band was not designed on the odd ones."""

_NOISES = (
    *((f"AR(1) ρ {rho:g}", Kind.AR1, rho) for rho in (-0.3, 0.0, 0.2, 0.4, 0.6, 0.8, 0.9)),
    ("MA(3)", Kind.MOVING, 0.0),
    *((f"ARMA(1, 1) ρ {rho:g}", Kind.ARMA, rho) for rho in (0.8, 0.9, 0.95)),
    ("lag 7, .5", Kind.WEEKLY, 0.5),
    ("pattern of the week", Kind.PATTERN, 0.3),
)
_WINDOWS = ((28, 28, False, True), (56, 28, False, True), (84, 28, True, True), (120, 30, True, True),
            (180, 60, True, True), (365, 90, True, False))  # fmt: skip
DESIGN = tuple(
    Case(f"{name}, {before}/{after} d", before, after, rho, season=season, production=production, kind=kind)
    for name, kind, rho in _NOISES
    for before, after, season, production in _WINDOWS
)
"""What the forms of noise and their prior were chosen on, by coverage and width; none of it is in the table's draws."""


@dataclass(frozen=True)
class Retrofit:
    """One drawn retrofit.

    Attributes
    ----------
    drivers, energy, at
        Of the whole timeline.
    before, after
        Its baseline and reporting period.
    truth, scale
        Saving and the old machine's energy in the reporting period, both expected.
    """

    drivers: Floats
    energy: Floats
    at: npt.NDArray[np.int64]
    before: Bools
    after: Bools
    truth: float
    scale: float


def draw(case: Case, saving: float, seed: Sequence[int]) -> Retrofit:
    """Draw one retrofit that saves the share `saving`."""
    rng = np.random.default_rng(seed)
    n, m, gap = (days * case.per_day for days in (case.before, case.after, case.gap))
    at = np.arange(n + gap + m)
    day = at / case.per_day
    open_ = np.floor(day).astype(np.int64) % 7 < 5
    weather = noise(rng, len(at), Kind.AR1, 0.7 if case.per_day == 1 else 0.99)
    temperature = 13.0 - 13.0 * np.cos(2.0 * np.pi * (day / 365.0 + rng.random())) + 2.5 * weather
    parts = open_ * rng.normal(100.0, 15.0, len(at))
    old = 100.0 + case.season * temperature + case.production * 0.8 * parts
    if case.bent:
        old = old - 0.0012 * parts**2
    columns = [row for row, used in ((temperature, case.season), (parts, case.production)) if used]
    before, after = at < n, at >= n + gap
    size = np.where(open_, _SCATTER, 1.5) if case.quiet_days_off else np.full(len(at), _SCATTER)
    energy = np.where(after, (1.0 - saving) * old, old) + _SCATTER / 2 * level(rng, day, case.level)
    energy[before] += size[before] * _own(rng, n, case)
    energy[after] += 0.75 * size[after] * _own(rng, m, case)
    scale = float(old[after].sum())
    return Retrofit(np.column_stack(columns), energy, at, before, after, saving * scale, scale)


def _own(rng: np.random.Generator, count: int, case: Case) -> Floats:
    """One machine's noise, of unit deviation."""
    short = noise(rng, count, case.kind, case.rho)
    if case.slow is None:
        return short
    share, rho = case.slow
    mixed: Floats = np.sqrt(1.0 - share) * short + np.sqrt(share) * noise(rng, count, Kind.AR1, rho)
    return mixed
