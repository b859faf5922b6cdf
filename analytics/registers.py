"""Energy of intervals from a cumulative register read at irregular times.

The register's differences survive lost readings; what they cannot tell (the energy between the last reading before a
reset and the reset, or how a gap's energy splits between two intervals) is left unknown, never invented.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.register_steps import Steps, without_glitches

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


class Flag(enum.IntFlag):
    """What happened to the readings of an interval."""

    GAP = 1
    """Readings further apart than the largest bridged distance, or so far that the register may have turned unseen."""
    ROLLOVER = 2
    """The register passed its modulus; its energy is counted."""
    RESET = 4
    """The register fell and started again; the energy of that step is unknown."""
    GLITCH = 8
    """A single reading out of line with both its neighbours; it is left out. With `RESET`: one or the other."""
    JUMP = 16
    """The register rose faster than the machine can draw; the energy of that step is unknown."""
    EXCHANGE = 32
    """The meter was exchanged, as declared; its energy is counted on both registers."""
    SPREAD = 64
    """Part of a gap's energy, spread evenly over the gap's time because that was allowed."""
    OUTLIER = 128
    """Out of line with its like; kept as it is."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A meter exchange as its record sheet declares it.

    Attributes
    ----------
    at_ms
        When [ms].
    last, first
        What the old register showed at the end, and the new one at the beginning [register unit].
    """

    at_ms: int
    last: float
    first: float


@dataclass(frozen=True, slots=True)
class IntervalValues:
    """One value per interval.

    Attributes
    ----------
    values
        Shape (…, intervals) [the input's unit], meters in front where there are several; NaN where it is not known.
    coverage
        Share of the interval's time between readings close enough to each other, 0-1, shape (…, intervals).
    flags
        `Flag` bits, shape (…, intervals).
    """

    values: Floats
    coverage: Floats
    flags: Flags


def interval_energy(
    times_ms: Times,
    register: Floats,
    edges_ms: Times,
    *,
    modulus: float | None = None,
    max_gap_ms: int = 3_600_000,
    max_rate: float | None = None,
    spread_ms: int = 0,
    exchanges: Sequence[Exchange] = (),
) -> IntervalValues:
    """Energy per interval by differences of a cumulative register; of many meters: `analytics.fleet_energy`.

    The register at an edge is interpolated linearly between the readings around it when these are at most
    `max_gap_ms` apart; otherwise both intervals at that edge have no value. A gap inside an interval is bridged by the
    register itself: its energy counts, its time does not count as covered.

    Parameters
    ----------
    times_ms
        Strictly rising [ms], shape (readings,).
    register
        Cumulative register, shape (readings,) [e.g. Wh]; NaN where it was not read.
    edges_ms
        Strictly rising interval boundaries [ms], shape (intervals + 1,).
    modulus
        Value at which the register starts again from 0; ``None`` when it never does. A gap in which it may have done
        so once more than is seen has no known energy.
    max_gap_ms
        Largest distance of two readings to interpolate between [ms].
    max_rate
        Largest believable growth [register unit per hour], e.g. of Wh the most that the machine draws in W; a step may
        hold what was consumed since the register last changed, for a meter need not bring it up to date at every
        reading. Without one: ten times the 95th percentile of the growth seen, or the highest kept up, which tells a
        rollover or a spike from consumption but bounds nothing closely.
    spread_ms
        Longest gap whose energy may be spread evenly over its time [ms]; 0 spreads none. The intervals are flagged and
        the gap's time does not count as covered.
    exchanges
        Declared meter exchanges; readings from `Exchange.at_ms` on are the new meter's.

    Returns
    -------
    IntervalValues
        Never negative; NaN where unknown.

    Raises
    ------
    ValueError
        When shapes differ, times, edges or exchanges do not rise, an exchange's readings are not known, or `modulus` or
        `max_rate` is not positive.
    """
    _check(times_ms, register, edges_ms)
    for what, value in (("modulus", modulus), ("max_rate", max_rate)):
        if value is not None and not 0 < value < np.inf:
            raise ValueError(f"{what} is {value}; it must be positive and finite, or None where there is none")
    read = np.isfinite(register)
    times_ms, register = times_ms[read], register[read].astype(np.float64)
    intervals = len(edges_ms) - 1
    flags = np.zeros(intervals, dtype=np.uint8)
    times_ms, register = _as_one_meter(times_ms, register, exchanges)
    for exchange in exchanges:
        _mark(flags, edges_ms, exchange.at_ms, exchange.at_ms + 1, Flag.EXCHANGE)
    if len(times_ms) < 2:
        return IntervalValues(np.full(intervals, np.nan), np.zeros(intervals), flags | np.uint8(Flag.GAP))

    steps = Steps.learned(times_ms, register, modulus, max_rate)
    keep, doubtful = without_glitches(times_ms, register, steps)
    for time in times_ms[~keep]:
        _mark(flags, edges_ms, int(time), int(time) + 1, Flag.GLITCH)
    times, values = times_ms[keep], register[keep]

    delta, wrapped, plausible = steps.of(times, values)
    unsure = steps.may_have_turned(times, delta) & plausible
    either = doubtful[keep][:-1] | doubtful[keep][1:]
    plausible &= ~unsure & ~either
    for index in np.flatnonzero(wrapped | ~plausible):
        flag = Flag.ROLLOVER if wrapped[index] else (Flag.RESET if delta[index] < 0 else Flag.JUMP)
        if either[index]:
            flag = Flag.RESET | Flag.GLITCH
        elif unsure[index]:
            flag = Flag.GAP
        _mark(flags, edges_ms, int(times[index]), int(times[index + 1]), flag)
    cumulative = np.concatenate(([0.0], np.cumsum(np.where(plausible, delta, 0.0))))
    unknown = np.concatenate(([0], np.cumsum(~plausible)))

    at, close = _locate(times, edges_ms, max_gap_ms)
    _, bridged = _locate(times, edges_ms, max(max_gap_ms, spread_ms))
    left, right = at, np.minimum(at + 1, len(times) - 1)
    span = np.maximum(times[right] - times[left], 1)
    share = (edges_ms - times[left]) / span
    boundary = cumulative[left] + share * (cumulative[right] - cumulative[left])
    # A bad step counts for an interval when any part of it lies between the interval's edges.
    last = np.searchsorted(times, edges_ms[1:], side="left")
    first = np.clip(np.searchsorted(times, edges_ms[:-1], side="right") - 1, 0, None)
    broken = unknown[np.clip(last, 0, len(times) - 1)] - unknown[first] > 0
    energy = np.where(bridged[:-1] & bridged[1:] & ~broken, np.diff(boundary), np.nan)
    coverage = covered_share(times, edges_ms, max_gap_ms)
    flags[(coverage < 1.0 - 1e-9) | ~bridged[:-1] | ~bridged[1:]] |= np.uint8(Flag.GAP)
    spread = bridged & ~close
    flags[~np.isnan(energy) & (spread[:-1] | spread[1:])] |= np.uint8(Flag.SPREAD)
    return IntervalValues(np.maximum(energy, 0.0), coverage, flags)


def _as_one_meter(times: Times, register: Floats, exchanges: Sequence[Exchange]) -> tuple[Times, Floats]:
    """The register as if the first meter had stayed: later ones go on where their predecessor was taken off."""
    moments = [exchange.at_ms for exchange in exchanges]
    if moments != sorted(set(moments)):
        raise ValueError(f"meter exchanges must rise in time; they are at {moments}")
    if not np.isfinite([(exchange.last, exchange.first) for exchange in exchanges]).all():
        raise ValueError("a meter exchange needs the old register's last reading and the new one's first")
    if not moments:
        return times, register
    began = np.cumsum([0.0] + [exchange.last - exchange.first for exchange in exchanges])
    number = np.searchsorted(np.array(moments), times, side="right")
    # A reading taken at that very moment may be of either meter; the record sheet is sure.
    apart = ~np.isin(times, moments)
    all_times = np.concatenate((times[apart], np.array(moments, dtype=np.int64)))
    shown = np.concatenate(
        ((register + began[number])[apart], [exchange.last + began[i] for i, exchange in enumerate(exchanges)])
    )
    order = np.argsort(all_times)
    return all_times[order], shown[order]


def covered_share(times_ms: Times, edges_ms: Times, max_gap_ms: int) -> Floats:
    """Share of each interval's time that lies between readings at most `max_gap_ms` apart, shape (intervals,)."""
    if len(times_ms) < 2:
        return np.zeros(len(edges_ms) - 1)
    steps = np.diff(times_ms)
    covered = np.concatenate(([0.0], np.cumsum(np.where(steps <= max_gap_ms, steps, 0).astype(np.float64))))
    at_edges = np.interp(edges_ms.astype(np.float64), times_ms.astype(np.float64), covered)
    shares: Floats = np.diff(at_edges) / np.diff(edges_ms)
    return shares


def _check(times: Times, register: Floats, edges: Times) -> None:
    if times.shape != register.shape or times.ndim != 1:
        raise ValueError(f"{register.shape} register values for {times.shape} times; one each is needed")
    if len(edges) < 2 or np.any(np.diff(edges) <= 0):
        raise ValueError("edges must rise and be at least two")
    if np.any(np.diff(times) <= 0):
        raise ValueError("times must rise")


def _locate(times: Times, edges: Times, max_gap_ms: int) -> tuple[npt.NDArray[np.intp], Bools]:
    """Reading at or before each edge, and whether the edge lies on a reading or in a bridged step."""
    raw = np.searchsorted(times, edges, side="right") - 1
    at = np.clip(raw, 0, len(times) - 1)
    exact = (raw >= 0) & (times[at] == edges)
    between = (raw >= 0) & (raw < len(times) - 1)
    following = np.minimum(at + 1, len(times) - 1)
    return at, exact | (between & (times[following] - times[at] <= max_gap_ms))


def _mark(flags: Flags, edges: Times, start: int, end: int, flag: Flag) -> None:
    """Set `flag` on every interval that the time from `start` to just before `end` touches."""
    first = max(int(np.searchsorted(edges, start, side="right")) - 1, 0)
    last = min(int(np.searchsorted(edges, end, side="left")), len(flags))
    flags[first:last] |= np.uint8(flag)
