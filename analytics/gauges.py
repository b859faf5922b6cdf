"""Means of intervals from a gauge read at irregular times, and how long a state held."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analytics.registers import Bools, Flag, Floats, IntervalValues, Times, covered_share


def interval_mean(times_ms: Times, values: Floats, edges_ms: Times, *, max_gap_ms: int = 3_600_000) -> IntervalValues:
    """Time-weighted mean per interval of a gauge taken as linear between readings.

    Time between readings more than `max_gap_ms` apart counts neither for the mean nor for the coverage.

    Parameters
    ----------
    times_ms
        Strictly rising [ms], shape (readings,).
    values
        Shape (readings,); NaN where it was not read.
    edges_ms
        Strictly rising interval boundaries [ms], shape (intervals + 1,).
    max_gap_ms
        Largest distance of two readings to interpolate between [ms].

    Returns
    -------
    IntervalValues
        NaN for an interval without any covered time.

    Raises
    ------
    ValueError
        When shapes differ or times or edges do not rise.
    """
    _check(times_ms, values, edges_ms)
    read = np.isfinite(values)
    times_ms, values = times_ms[read], values[read].astype(np.float64)
    intervals = len(edges_ms) - 1
    coverage, flags = _covered(times_ms, edges_ms, max_gap_ms)
    if len(times_ms) < 2:
        return IntervalValues(np.full(intervals, np.nan), coverage, flags)

    steps = np.diff(times_ms).astype(np.float64)
    bridged = steps <= max_gap_ms
    areas = np.where(bridged, steps * (values[:-1] + values[1:]) / 2.0, 0.0)
    integral = np.concatenate(([0.0], np.cumsum(areas)))
    edges = np.clip(edges_ms, times_ms[0], times_ms[-1])
    at = np.clip(np.searchsorted(times_ms, edges, side="right") - 1, 0, len(steps) - 1)
    into = (edges - times_ms[at]).astype(np.float64)
    slope = (values[at + 1] - values[at]) / steps[at]
    partial = np.where(bridged[at], into * values[at] + slope * into * into / 2.0, 0.0)
    covered_ms = coverage * np.diff(edges_ms)
    means = np.full(intervals, np.nan)
    np.divide(np.diff(integral[at] + partial), covered_ms, out=means, where=covered_ms > 0)
    return IntervalValues(means, coverage, flags)


def interval_share(times_ms: Times, held: Bools, edges_ms: Times, *, max_gap_ms: int = 3_600_000) -> IntervalValues:
    """Share of each interval in which a state held; a state lasts until it is read again.

    Time between readings more than `max_gap_ms` apart counts neither for the share nor for the coverage.

    Parameters
    ----------
    times_ms
        Strictly rising [ms], shape (readings,).
    held
        Whether the state was read, shape (readings,).
    edges_ms
        Strictly rising interval boundaries [ms], shape (intervals + 1,).
    max_gap_ms
        Largest distance of two readings between which the first one's state lasts [ms].

    Returns
    -------
    IntervalValues
        Of the covered time, 0-1; NaN for an interval without any.

    Raises
    ------
    ValueError
        As `interval_mean`.
    """
    _check(times_ms, held, edges_ms)
    coverage, flags = _covered(times_ms, edges_ms, max_gap_ms)
    shares = np.full(len(edges_ms) - 1, np.nan)
    if len(times_ms) >= 2:
        steps = np.diff(times_ms).astype(np.float64)
        counted = np.where((steps <= max_gap_ms) & held[:-1], steps, 0.0)
        # Linear between readings, because the state does not change there.
        held_until = np.interp(edges_ms, times_ms, np.concatenate(([0.0], np.cumsum(counted))))
        covered_ms = coverage * np.diff(edges_ms)
        np.divide(np.diff(held_until), covered_ms, out=shares, where=covered_ms > 0)
    return IntervalValues(np.clip(shares, 0.0, 1.0), coverage, flags)


def _check(times_ms: Times, values: Floats | Bools, edges_ms: Times) -> None:
    if times_ms.shape != values.shape or times_ms.ndim != 1:
        raise ValueError(f"{values.shape} values for {times_ms.shape} times; one each is needed")
    if np.any(np.diff(times_ms) <= 0) or len(edges_ms) < 2 or np.any(np.diff(edges_ms) <= 0):
        raise ValueError("times and edges must rise, and there must be two edges or more")


def _covered(times_ms: Times, edges_ms: Times, max_gap_ms: int) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Share of each interval that readings cover, and `Flag.GAP` where it is not whole."""
    coverage = covered_share(times_ms, edges_ms, max_gap_ms)
    return coverage, np.where(coverage < 1.0 - 1e-9, np.uint8(Flag.GAP), np.uint8(0)).astype(np.uint8)
