"""Noises of known kind, all of about unit deviation and mean zero.

Those a machine has of its own are drawn afresh for the old machine and the new one; those of the site run through.
"""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_SETTLED = 400
"""Steps before the first that counts."""
_MEMORY = 2000
"""Steps over which a long memory is summed."""


class Kind(enum.Enum):
    """What drives a machine's noise; ρ is the case's."""

    AR1 = "AR(1)"
    HEAVY = "AR(1) of Student-3 shocks"
    MOVING = "moving average (1, .6, .4, .3)"
    ARMA = "ARMA(1, 1): AR(1) under white scatter"
    WEEKLY = "AR at lag 7"
    PATTERN = "AR(1) with an unmodelled pattern of the week"
    SECOND = "AR(2) (.4, .35)"
    LONG_MEMORY = "ARFIMA(0, .3, 0)"
    MONDAYS = "AR(1), three times as large on one day of the week"


def noise(rng: np.random.Generator, count: int, kind: Kind, rho: float) -> Floats:
    """Draw `count` steps."""
    size = count + (_MEMORY if kind is Kind.LONG_MEMORY else _SETTLED)
    shocks = rng.standard_t(3, size) / np.sqrt(3.0) if kind is Kind.HEAVY else rng.normal(size=size)
    match kind:
        case Kind.LONG_MEMORY:
            series = _moving(shocks, _fractional(0.3))
        case Kind.MOVING:
            series = _moving(shocks, np.array([1.0, 0.6, 0.4, 0.3]))
        case Kind.WEEKLY:
            series = _recursive(shocks, {7: rho}) * np.sqrt(1.0 - rho**2)
        case Kind.SECOND:
            series = 0.74 * _recursive(shocks, {1: 0.4, 2: 0.35})
        case _:
            series = _recursive(shocks, {1: rho}) * np.sqrt(1.0 - rho**2)
    return _over_the_week(rng, series[-count:], kind)


def _over_the_week(rng: np.random.Generator, series: Floats, kind: Kind) -> Floats:
    """Add what some kinds have beside their recursion."""
    week, of_day = rng.normal(size=7), np.arange(len(series)) % 7
    if kind is Kind.ARMA:
        series = np.sqrt(0.4) * series + np.sqrt(0.6) * rng.normal(size=len(series))
    elif kind is Kind.PATTERN:
        series = 0.8 * series + 0.6 * ((week - week.mean()) / week.std())[of_day]
    elif kind is Kind.MONDAYS:
        series = series * np.where(of_day == int(week.argmax()), 3.0, 1.0) / np.sqrt(15 / 7)
    return series


class Level(enum.Enum):
    """What the site adds under both machines, unseen by any driver."""

    NONE = "none"
    SINE = "a sine of 90 days"
    REGIMES = "two levels, each held for 15 days on average"
    WALK = "a random walk"


def level(rng: np.random.Generator, day: Floats, kind: Level) -> Floats:
    """Site's level at each `day`, in units of half a deviation of the old machine's noise."""
    rows = np.zeros(len(day))
    if kind is Level.SINE:
        rows += np.sin(2.0 * np.pi * (day / 90.0 + rng.random()))
    elif kind is Level.REGIMES:
        changes = rng.random(len(day)) < 1.0 / 15.0
        rows += np.where((np.cumsum(changes) + rng.integers(2)) % 2 == 0, 1.0, -1.0)
    elif kind is Level.WALK:
        rows += np.cumsum(0.1 * rng.normal(size=len(day)))
    return rows


def _recursive(shocks: Floats, links: dict[int, float]) -> Floats:
    series = shocks.copy()
    for index in range(max(links), len(series)):
        series[index] += sum(weight * series[index - lag] for lag, weight in links.items())
    return series


def _moving(shocks: Floats, weights: Floats) -> Floats:
    """Moving average of unit deviation."""
    series: Floats = np.convolve(shocks, weights)[: len(shocks)] / np.sqrt(float(weights @ weights))
    return series


def _fractional(order: float) -> Floats:
    """Weights of (1 - L)^-d (Hosking, Biometrika 68 (1981) 165)."""
    step = np.arange(1, _MEMORY)
    return np.concatenate(([1.0], np.cumprod((step - 1 + order) / step)))
