"""What a window's value is, on numpy arrays: the one definition that every engine's answer agrees with to 1e-12.

`increase` and `time_mean` look at steps, from one reading to the next, and split a step that crosses a boundary by
time. So what a window says does not depend on how the windows around it lie, and windows add up.

Sources for the choices:

* A step that crosses a boundary is split by time, as `analytics.interval_energy` interpolates a register at an
  interval's edge. (Prometheus' ``increase`` extrapolates to the window's edges instead, and InfluxQL's
  ``NON_NEGATIVE_DIFFERENCE(LAST())`` gives the whole step to one window: neither adds up to the register's difference.)
* A step longer than the hold time is not split: how a gap's energy is spread is unknown. It belongs to the window in
  which its later reading lies, as in VictoriaMetrics' ``increase``, so that nothing is lost in a sum; the coverage
  tells that it was not measured there.
* A fall is a reset and counts from the new value, as in Prometheus' ``increase``, unless it is smaller than an eighth
  of the value, where VictoriaMetrics draws the line (``removeCounterResets``, app/vmselect/promql/rollup.go): a meter
  read 1 Wh low must not add its whole register. Such a fall counts as the fall it is, and the next step makes it good.
* With a modulus, a fall across which the register grew by at most an eighth of it is a rollover.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from storage.store import Aggregate, Times, Values

Indices = npt.NDArray[np.intp]

_SMALL: Final = 1 / 8


@dataclass(frozen=True, slots=True)
class Pieces:
    """Stretches of time cut at window boundaries, in the order of time; every array of shape (pieces,).

    Attributes
    ----------
    source
        Index of the stretch a piece was cut from.
    window
        Start of the window that it lies in [ms].
    length
        [ms], above 0.
    """

    source: Indices
    window: Times
    length: Times


def window_of(times: Times, every_ms: int, offset_ms: int = 0) -> Times:
    """Start of the window that each time lies in [ms], shape (times,)."""
    return times - (times - offset_ms % every_ms) % every_ms


def aggregate(
    times: Times,
    values: Values,
    start: int,
    end: int,
    every_ms: int,
    how: Aggregate,
    offset_ms: int = 0,
    *,
    hold_ms: int,
    modulus: float | None = None,
) -> tuple[Times, Values]:
    """Windows as `Store.windows` returns them, from readings as `Store.read_around` returns them.

    Parameters
    ----------
    times, values
        Strictly rising [ms] and finite, both of shape (readings,): at least every reading of the range, and, for
        INCREASE and TIME_MEAN, the last before it and the first at or after its end.

    Raises
    ------
    ValueError
        When a window has no length, or `hold_ms` or `modulus` is not above 0.
    """
    check(every_ms, hold_ms, modulus)
    if how is Aggregate.INCREASE:
        return increase(times, values, start, end, every_ms, offset_ms, hold_ms=hold_ms, modulus=modulus)
    if how is Aggregate.TIME_MEAN:
        return time_mean(times, values, start, end, every_ms, offset_ms, hold_ms=hold_ms)
    first, last = np.searchsorted(times, (start, max(start, end)))
    return _PLAIN[how](window_of(times[first:last], every_ms, offset_ms), values[first:last])


def check(every_ms: int, hold_ms: int, modulus: float | None = None) -> None:
    """Refuse parameters no window can have.

    Raises
    ------
    ValueError
        Names the parameter and its value.
    """
    if every_ms <= 0:
        raise ValueError(f"every_ms is {every_ms}; a window has a length above 0 ms")
    if hold_ms <= 0:
        raise ValueError(f"hold_ms is {hold_ms}; a value holds for more than 0 ms")
    if modulus is not None and not 0 < modulus < np.inf:
        raise ValueError(f"modulus is {modulus}; a register starts again at a value above 0")


def growth(values: Values, modulus: float | None = None) -> Values:
    """What a register grew in each step, shape (readings - 1,); see the module's text on falls."""
    if len(values) < 2:
        return np.zeros(0)
    delta = np.diff(values)
    if modulus is not None:
        wrapped = (delta < 0) & (delta + modulus <= modulus * _SMALL)
        delta = np.where(wrapped, delta + modulus, delta)
    reset = (delta < 0) & (-delta >= values[:-1] * _SMALL)
    return np.where(reset, np.maximum(values[1:], 0.0), delta)


def increase(
    times: Times,
    values: Values,
    start: int,
    end: int,
    every_ms: int,
    offset_ms: int = 0,
    *,
    hold_ms: int | Times,
    modulus: float | None = None,
    broken: npt.NDArray[np.bool_] | None = None,
    parted: npt.NDArray[np.bool_] | None = None,
) -> tuple[Times, Values]:
    """Growth of a register per window; see `Aggregate.INCREASE` and `aggregate`.

    Parameters
    ----------
    hold_ms
        How long every value holds, or each one, shape (readings,) [ms].
    broken
        Steps in which it grew nothing, shape (readings - 1,).
    parted
        Steps that are none, for they lead from one register to another's first reading, longer than any value holds;
        shape (readings - 1,).
    """
    if len(times) < 2:
        return np.zeros(0, np.int64), np.zeros(0)
    grown, length = growth(values, modulus), np.diff(times)
    if broken is not None:
        grown = np.where(broken, 0.0, grown)
    split = length <= np.broadcast_to(hold_ms, times.shape)[:-1]
    pieces = cut(times[:-1][split], times[1:][split], start, end, every_ms, offset_ms)
    share = pieces.length / length[split][pieces.source]
    whole = ~split & (times[1:] >= start) & (times[1:] < end)
    if parted is not None:
        whole &= ~parted
    windows = np.concatenate([pieces.window, window_of(times[1:][whole], every_ms, offset_ms)])
    parts = np.concatenate([grown[split][pieces.source] * share, grown[whole]])
    order = np.argsort(windows, kind="stable")
    return _sum(windows[order], parts[order])


def time_mean(
    times: Times, values: Values, start: int, end: int, every_ms: int, offset_ms: int = 0, *, hold_ms: int | Times
) -> tuple[Times, Values]:
    """Time-weighted mean per window; see `Aggregate.TIME_MEAN`, `aggregate`, and `increase` for `hold_ms`."""
    pieces = cut(times, held_until(times, hold_ms), start, end, every_ms, offset_ms)
    windows, sums = _sum(pieces.window, values[pieces.source] * pieces.length)
    _, covered = _sum(pieces.window, pieces.length.astype(np.float64))
    return windows, sums / covered


def held_until(times: Times, hold_ms: int | Times) -> Times:
    """Until when each value holds [ms]: the next reading, but `hold_ms` at most, shape (readings,)."""
    until = times + hold_ms
    return np.concatenate((np.minimum(times[1:], until[:-1]), until[-1:]))


def cut(begin: Times, until: Times, start: int, end: int, every_ms: int, offset_ms: int = 0) -> Pieces:
    """Cut stretches ``begin <= time < until``, in the order of time, to a range and at the windows' boundaries."""
    begin, until = np.maximum(begin, start), np.minimum(until, end)
    source = np.flatnonzero(until > begin)
    begin, until = begin[source], until[source]
    first = window_of(begin, every_ms, offset_ms)
    count = (window_of(until - 1, every_ms, offset_ms) - first) // every_ms + 1
    if not len(source):
        return Pieces(source, first, until - begin)
    nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    window = np.repeat(first, count) + nth * every_ms
    length = np.minimum(np.repeat(until, count), window + every_ms) - np.maximum(np.repeat(begin, count), window)
    return Pieces(np.repeat(source, count), window, length)


def _groups(windows: Times) -> tuple[Indices, Indices]:
    """Where each window's run begins, and the number of the run each row is in; windows do not fall."""
    new = np.ones(len(windows), bool)
    new[1:] = windows[1:] != windows[:-1]
    return np.flatnonzero(new), np.cumsum(new) - 1


def _sum(windows: Times, parts: Values) -> tuple[Times, Values]:
    """Sum the parts of each window, from first to last: the same parts always give the same last digit."""
    begins, run = _groups(windows)
    return windows[begins], np.bincount(run, weights=parts, minlength=len(begins)).astype(np.float64)


def _mean(windows: Times, values: Values) -> tuple[Times, Values]:
    begins, sums = _sum(windows, values)
    return begins, sums / _count(windows, values)[1]


def _count(windows: Times, values: Values) -> tuple[Times, Values]:
    begins, _ = _groups(windows)
    return windows[begins], np.diff(np.append(begins, len(values))).astype(np.float64)


def _first(windows: Times, values: Values) -> tuple[Times, Values]:
    begins, _ = _groups(windows)
    return windows[begins], values[begins]


def _last(windows: Times, values: Values) -> tuple[Times, Values]:
    begins, _ = _groups(windows)
    ends = np.append(begins, len(values))[1:] - 1
    return windows[begins], values[ends]


def _least(windows: Times, values: Values) -> tuple[Times, Values]:
    begins, _ = _groups(windows)
    return windows[begins], np.minimum.reduceat(values, begins) if len(begins) else values[:0]


def _most(windows: Times, values: Values) -> tuple[Times, Values]:
    begins, _ = _groups(windows)
    return windows[begins], np.maximum.reduceat(values, begins) if len(begins) else values[:0]


_PLAIN: Final[dict[Aggregate, Callable[[Times, Values], tuple[Times, Values]]]] = {
    Aggregate.MEAN: _mean,
    Aggregate.MIN: _least,
    Aggregate.MAX: _most,
    Aggregate.FIRST: _first,
    Aggregate.LAST: _last,
    Aggregate.COUNT: _count,
}
