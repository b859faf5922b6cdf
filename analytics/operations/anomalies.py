"""Anomalies against the live baseline: what a model does not explain, now or creeping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.errors import AnalyticsError, TooFewIntervalsError
from analytics.goodness import lag1_autocorrelation

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_TO_SIGMA: Final = 1.4826
"""Median absolute deviation of a normal distribution → its standard deviation."""
_ROUNDING: Final = 1e-9
_SATURATED: Final = 1.1
"""Times its limit, the chart stands at most: with the usual memory of a fifth, the first ordinary interval after a
stretch far out of line brings it back within."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A stretch of intervals whose energy is not what the baseline expects.

    Attributes
    ----------
    meter, start, end
        Which meter, and the first and last interval.
    excess
        Energy above (below: negative) the expected over the stretch.
    strength
        Largest deviation, of the chart or of an interval, over its own standard deviation.
    """

    meter: int
    start: int
    end: int
    excess: float
    strength: float


@dataclass(frozen=True, slots=True)
class Usual:
    """How far the baseline's own residuals scatter [energy], and their lag-1 autocorrelation; shapes (meters,)."""

    sigma: Floats
    rho: Floats


def usual_scatter(residuals: Floats, positions: npt.NDArray[np.int64]) -> Usual:
    """Robust scatter of a baseline's residuals, shape (meters, times), at `positions`, shape (times,).

    Raises
    ------
    TooFewIntervalsError
        When nothing is known of a meter.
    """
    rows = np.atleast_2d(residuals)
    if (unknown := np.flatnonzero(np.isnan(rows).all(axis=1))).size:
        raise TooFewIntervalsError(f"meter {unknown[0]} has no residual that is known")
    centred = rows - np.nanmedian(rows, axis=1, keepdims=True)
    sigma = _TO_SIGMA * np.nanmedian(np.abs(centred), axis=1)
    rho = []
    for row in rows:
        known = ~np.isnan(row)
        rho.append(lag1_autocorrelation(row[known], positions[known]))
    return Usual(sigma, np.nan_to_num(np.array(rho)))


def find_anomalies(
    actual: Floats,
    expected: Floats,
    usual: Usual,
    *,
    memory: float = 0.2,
    limit: float = 3.0,
    sudden: float = 5.0,
    bridge: int = 0,
) -> list[Anomaly]:
    """Watch the residuals with an EWMA chart, which sees a creeping change, and a limit for a single interval.

    z ← (1 - λ)z + λ·residual leaves ±`limit` of its own standard deviation, σ√(λ/(2-λ)), widened by
    √((1 + ρ(1-λ))/(1 - ρ(1-λ))) where residuals follow one another (Roberts, Technometrics 1 (1959) 239; the factor is
    the variance of an EWMA of AR(1) noise). Intervals that are not known leave z where it is. A residual enters z
    at no more than what brings z from 0 to its limit (Huber's ψ), and z stands at no more than a tenth beyond it, so
    that intervals out of line, which are found by themselves, do not drag the ordinary ones after them along.

    Parameters
    ----------
    actual, expected
        Shape (meters, times) or (times,) [energy].
    usual
        Of the baseline.
    memory
        λ, 0-1; the smaller, the longer the chart remembers.
    limit, sudden
        In standard deviations: of the chart, and of a single residual.
    bridge
        Ordinary intervals between two stretches to the same side that make no end of them (a weekend on which nothing
        runs says nothing of a machine).

    Returns
    -------
    list[Anomaly]
        By meter, then time. Proposals: what they are, people say.

    Raises
    ------
    AnalyticsError
        When shapes do not fit, a meter's scatter is not positive, or the chart has no memory between 0 and 1.
    """
    residuals = np.atleast_2d(actual) - np.atleast_2d(expected)
    if len(usual.sigma) != len(residuals):
        raise AnalyticsError(f"{len(residuals)} meters, but the usual scatter of {len(usual.sigma)}")
    if not (usual.sigma > 0).all():
        raise AnalyticsError("a baseline whose residuals do not scatter gives no measure of what is unusual")
    if not 0.0 < memory <= 1.0:
        raise AnalyticsError(f"a memory of {memory:g} makes no chart; it must lie above 0, and be at most 1")
    carried = usual.rho * (1.0 - memory)
    deviation = usual.sigma * np.sqrt(memory / (2.0 - memory) * (1.0 + carried) / (1.0 - carried))
    most = limit * deviation / memory
    chart = np.zeros_like(residuals)
    level = np.zeros(len(residuals))
    for at in range(residuals.shape[1]):
        now = residuals[:, at]
        shown = np.clip(now, -most, most)
        level = np.where(np.isnan(now), level, (1.0 - memory) * level + memory * shown)
        level = np.clip(level, -_SATURATED * limit * deviation, _SATURATED * limit * deviation)
        chart[:, at] = level
    score = chart / deviation[:, None]
    alone = np.nan_to_num(residuals) / usual.sigma[:, None]
    beyond = np.abs(score) > limit * (1.0 + _ROUNDING)
    side = np.where(np.abs(alone) > sudden, np.sign(alone), np.where(beyond, np.sign(score), 0.0))
    strength = np.maximum(np.where(beyond, np.abs(score), 0.0), np.abs(alone))
    found = []
    for meter, row in enumerate(side):
        for start, end in _stretches(row, bridge):
            part = slice(start, end + 1)
            excess = float(np.nansum(residuals[meter, part]))
            found.append(Anomaly(meter, start, end, excess, float(strength[meter, part].max())))
    return found


def _stretches(side: Floats, bridge: int) -> list[tuple[int, int]]:
    """First and last interval of each stretch to one side (-1 or 1; 0 is ordinary), bridges among them."""
    runs = sorted((start, end, way) for way in (-1.0, 1.0) for start, end in _runs(side == way))
    joined: list[tuple[int, int, float]] = []
    for start, end, way in runs:
        if joined and joined[-1][2] == way and start - joined[-1][1] - 1 <= bridge:
            joined[-1] = joined[-1][0], end, way
        else:
            joined.append((start, end, way))
    return [(start, end) for start, end, _ in joined]


def _runs(row: Bools) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])).astype(np.int8)))
    return [(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]
