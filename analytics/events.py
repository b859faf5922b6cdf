"""Non-routine events: outliers and lasting steps in what a model leaves over. Proposed, never applied.

Whether a step is an extension of the factory, a broken valve or the saving itself, only people know; an adjustment is
an input with a reason. Steps are found by binary segmentation (Scott & Knott, Biometrics 30 (1974) 507) on residuals
whose autocorrelation is taken into account: a slow wander is no step.
"""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass

import numpy as np

from analytics.goodness import lag1_autocorrelation
from analytics.registers import Floats, Times

_TO_SIGMA = 1.4826
"""Median absolute deviation of a normal distribution → its standard deviation."""


class EventKind(enum.Enum):
    """What an event looks like."""

    OUTLIER = "outlier"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Event:
    """A proposal.

    Attributes
    ----------
    kind
        A single interval, or a level that lasts.
    start, end
        Positions of the first interval concerned and of the last.
    size
        Excess of the outlier, or the step's change of level against what came before [energy per interval].
    strength
        Size over its own deviation.
    """

    kind: EventKind
    start: int
    end: int
    size: float
    strength: float


def find_events(
    residuals: Floats, positions: Times, *, outlier: float = 5.0, step: float = 4.0, shortest: int = 7
) -> list[Event]:
    """Propose outliers and steps, in order of time.

    Parameters
    ----------
    residuals
        Actual less expected energy, finite, shape (intervals,).
    positions
        Whole intervals, rising, shape (intervals,).
    outlier
        Robust deviations (median absolute deviation) from the median of the neighbours.
    step
        Deviations of the difference of two means, widened for autocorrelation by √((1+ρ)/(1-ρ)).
    shortest
        Fewest intervals on either side of a step.

    Raises
    ------
    ValueError
        When shapes differ or a residual is not finite.
    """
    if residuals.shape != positions.shape or not np.isfinite(residuals).all():
        raise ValueError(
            f"residuals {residuals.shape} for positions {positions.shape}; finite ones, one each, are needed"
        )
    if not len(residuals):
        return []
    residuals = residuals.astype(np.float64, copy=False)
    level = _running_median(residuals, shortest)
    apart = residuals - level
    scale = _TO_SIGMA * float(np.median(np.abs(apart)))
    found: list[Event] = []
    keep = np.ones(len(residuals), dtype=np.bool_)
    if scale > 0:
        keep = np.abs(apart) <= outlier * scale
        for index in np.flatnonzero(~keep):
            size = float(apart[index])
            found.append(Event(EventKind.OUTLIER, int(positions[index]), int(positions[index]), size, size / scale))
    found += _steps(residuals[keep], positions[keep], step, shortest)
    return sorted(found, key=lambda event: (event.start, event.kind.value))


def _steps(residuals: Floats, positions: Times, threshold: float, shortest: int) -> list[Event]:
    cuts = sorted(_segment(residuals, positions, 0, len(residuals), threshold, shortest))
    edges = [0, *cuts, len(residuals)]
    means = [float(residuals[a:b].mean()) for a, b in itertools.pairwise(edges)]
    events = []
    for index, cut in enumerate(cuts):
        size = means[index + 1] - means[index]
        around = residuals[edges[index] : edges[index + 2]], positions[edges[index] : edges[index + 2]]
        strength = abs(size) / _deviation(*around, cut - edges[index])
        end = int(positions[edges[index + 2] - 1])
        events.append(Event(EventKind.STEP, int(positions[cut]), end, size, float(np.copysign(strength, size))))
    return events


def _segment(residuals: Floats, positions: Times, start: int, end: int, threshold: float, shortest: int) -> list[int]:
    part = residuals[start:end]
    n = len(part)
    if n < 2 * shortest:
        return []
    cuts = np.arange(shortest, n - shortest + 1)
    sums = np.cumsum(part)
    gain = (sums[cuts - 1] - sums[-1] * cuts / n) ** 2 / (cuts * (n - cuts) / n)
    cut = int(cuts[np.argmax(gain)])
    jump = abs(float(part[cut:].mean() - part[:cut].mean()))
    if jump <= threshold * _deviation(part, positions[start:end], cut):
        return []
    middle = start + cut
    return [
        *_segment(residuals, positions, start, middle, threshold, shortest),
        middle,
        *_segment(residuals, positions, middle, end, threshold, shortest),
    ]


def _deviation(part: Floats, positions: Times, cut: int) -> float:
    """Standard error of the difference of the two means, with the autocorrelation left after the step is taken out."""
    rest = part - np.where(np.arange(len(part)) < cut, part[:cut].mean(), part[cut:].mean())
    rho = lag1_autocorrelation(rest, positions)
    rho = 0.0 if np.isnan(rho) else float(np.clip(rho, 0.0, 0.95))
    variance = float(rest @ rest) / max(len(part) - 2, 1) * (1.0 / cut + 1.0 / (len(part) - cut))
    return float(np.sqrt(max(variance * (1 + rho) / (1 - rho), np.finfo(float).tiny)))


def _running_median(values: Floats, half: int) -> Floats:
    """Median of up to `half` neighbours on either side, the value itself left out."""
    padded = np.pad(values, half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).copy()
    windows[:, half] = np.nan
    median: Floats = np.nanmedian(windows, axis=1) if len(values) > 1 else values.copy()
    return median
