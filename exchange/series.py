"""Values of a series, in the order of time: each time once, and amounts of intervals turned into a register."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from exchange.clock_texts import Bools, Times
from exchange.contents import Floats
from exchange.mapping import Meaning

Duplicates = Literal["refuse", "first", "last"]

TRACE: Final = 2.0**-30
"""What a register stands at that counted nothing before a gap: its fall to 0 must be seen; a billionth is none."""

_MOST_CLASHES: Final = 1000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values of one series in a stretch of its time; arrays of shape (values,), rising by time.

    Attributes
    ----------
    header, meaning
        Of the column they stand in.
    stamps, starts, ends
        When [ms UTC].
    values
        [the registry's unit]
    raw
        [the file's unit]
    lines
        In the file.
    """

    header: str
    meaning: Meaning
    stamps: Times
    starts: Times
    ends: Times
    values: Floats
    raw: Floats
    lines: npt.NDArray[np.int64]

    def where(self, rows: npt.NDArray[np.intp] | Bools | slice) -> Stretch:
        """Those values only."""
        return replace(
            self, stamps=self.stamps[rows], starts=self.starts[rows], ends=self.ends[rows], values=self.values[rows],
            raw=self.raw[rows], lines=self.lines[rows],
        )  # fmt: skip

    @property
    def times(self) -> Times:
        """When each value is stored, unless it is of an interval: a mean at its interval's start [ms UTC]."""
        return self.starts if self.meaning == "mean" else self.stamps


@dataclass(frozen=True, slots=True)
class Clash:
    """Two values of one series and time [ms UTC]: of each its line, and the value [the file's unit]."""

    header: str
    time: int
    first: tuple[int, float]
    second: tuple[int, float]


@dataclass(slots=True)
class Repeats:
    """Values that come more than once.

    Attributes
    ----------
    same
        How many came again with the same value.
    other
        How many came again with another.
    clashes
        The first of these.
    """

    same: int = 0
    other: int = 0
    clashes: list[Clash] = field(default_factory=list)


def once(series: Stretch, duplicates: Duplicates, repeats: Repeats) -> Stretch:
    """Values with each time once.

    Of values of one time that differ, the first in the file or the last is kept, as `duplicates` says; the first
    where it says to refuse. They are noted in `repeats` in any case.
    """
    again = np.flatnonzero(np.diff(series.times) == 0) + 1
    if not len(again):
        return series
    bits = series.values.view(np.int64)
    differ = bits[again] != bits[again - 1]
    repeats.other += int(differ.sum())
    repeats.same += int((~differ).sum())
    for place in again[differ][: min(20, _MOST_CLASHES - len(repeats.clashes))].tolist():
        first, second = ((int(series.lines[at]), float(series.raw[at])) for at in (place - 1, place))
        repeats.clashes.append(Clash(series.header, int(series.times[place]), first, second))
    keep = np.ones(len(series.times), np.bool_)
    keep[again - 1 if duplicates == "last" else again] = False
    return series.where(keep)


def register(series: Stretch, base: float, *, preceded: bool, trace: float = 0.0) -> tuple[Times, Floats]:
    """Amounts of intervals as a counter, read at the intervals' edges.

    It rises from `base`. After a gap it starts again from 0, a reset: so what the gap took stays unknown, and the rise
    of every interval is its amount. The 0 is read twice, a millisecond apart, because a single low reading between two
    that agree would be taken for a glitch (`analytics.interval_energy`); both times within the first interval, for a
    reading before it would make a window of the gap, a day perhaps, one that counted 0.

    Parameters
    ----------
    series
        Sorted out, of meaning ``interval``.
    base
        What the counter stands at when the first interval begins.
    preceded
        Whether there are earlier readings that do not reach the first interval's start: it then begins with a reset.
    trace
        What the last run of intervals starts at where it counts nothing, as of `trace_before` the next stretch.

    Returns
    -------
    tuple
        Times [ms UTC] and the counter's values [the registry's unit], both of shape (readings,).
    """
    if not len(series.starts):
        return series.starts, series.values
    times: list[Times] = []
    values: list[Floats] = []
    runs = _runs(series)
    traces = _traces(series, runs, trace)
    for nth, (run, low) in enumerate(zip(runs, traces, strict=True)):
        first = int(series.starts[run[0]])
        if nth or preceded:
            times.append(np.array([first], np.int64))
            values.append(np.array([low]))
            first += 1
        times += [np.array([first], np.int64), series.ends[run]]
        start = (base or low) if not nth and not preceded else low
        values.append(np.cumsum(np.concatenate(([start], series.values[run]))))
    return np.concatenate(times), np.concatenate(values)


def trace_before(series: Stretch, trace: float, before: int) -> float:
    """What a run of intervals that counts nothing and ends at `before` [ms UTC] starts at, in front of a stretch."""
    first = _traces(series, _runs(series), trace)[0]
    return first if series.starts[0] <= before + 1 else first + TRACE


def _runs(series: Stretch) -> list[npt.NDArray[np.intp]]:
    """Intervals that follow each other without a gap; a millisecond is none: the 0 would have no place in it."""
    new = np.flatnonzero(series.starts[1:] > series.ends[:-1] + 1) + 1
    return np.split(np.arange(len(series.starts)), new)


def _traces(series: Stretch, runs: list[npt.NDArray[np.intp]], trace: float) -> list[float]:
    """What each run's register starts at: 0, or a little more where it would not fall at the next gap."""
    traces = [0.0] * len(runs)
    for nth in range(len(runs) - 1, -1, -1):
        if not series.values[runs[nth]].any():
            traces[nth] = trace if nth == len(runs) - 1 else traces[nth + 1] + TRACE
    return traces
