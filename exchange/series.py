"""The series of a file: sorted by time, each time once, and intervals turned into a register."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from exchange.cells import BadCell
from exchange.clock_texts import Bools, Times
from exchange.contents import Floats
from exchange.mapping import Meaning
from exchange.words import Words
from telemetry import CHANNELS

Duplicates = Literal["refuse", "first", "last"]

TRACE: Final = 2.0**-30
"""What a register stands at that counted nothing before a gap: its fall to 0 must be seen; a billionth is none."""


@dataclass(frozen=True, slots=True)
class FileSeries:
    """Values of one series in a file; arrays of shape (values,), rising by time once they are sorted out.

    Attributes
    ----------
    device, kind, channel
        Whose, and what.
    header, unit, meaning
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

    device: str
    kind: str
    channel: str
    header: str
    unit: str
    meaning: Meaning
    stamps: Times
    starts: Times
    ends: Times
    values: Floats
    raw: Floats
    lines: npt.NDArray[np.int64]

    def where(self, rows: npt.NDArray[np.intp] | Bools) -> FileSeries:
        """Those values only."""
        return replace(
            self, stamps=self.stamps[rows], starts=self.starts[rows], ends=self.ends[rows], values=self.values[rows],
            raw=self.raw[rows], lines=self.lines[rows],
        )  # fmt: skip

    @property
    def times(self) -> Times:
        """When each value is stored, unless it is of an interval: a mean at its interval's start [ms UTC]."""
        return self.starts if self.meaning == "mean" else self.stamps

    @property
    def of_intervals(self) -> bool:
        """Whether values are amounts or means of intervals."""
        return self.meaning in {"interval", "mean"}

    @property
    def gaps(self) -> tuple[int, int]:
        """Number of gaps between intervals, and what they last in all [ms]."""
        if not self.of_intervals or not len(self.starts):
            return 0, 0
        missing = self.starts[1:] - self.ends[:-1]
        return int(np.count_nonzero(missing > 0)), int(missing[missing > 0].sum())


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


def sort_out(
    raw: FileSeries, duplicates: Duplicates, repeats: Repeats, bad: list[BadCell], *, exported: bool = False
) -> FileSeries:
    """Sort by time, keep one value of each time, and set aside what no channel can hold.

    Of values of one time that differ, the first in the file or the last is kept, as `duplicates` says; the first
    where it says to refuse. They are noted in `repeats` in any case. What a store `exported` may be a counter below 0:
    a meter's history from before its first reading (`exchange.history`).
    """
    channel = CHANNELS[raw.channel]
    low = -channel.high if exported and raw.meaning == "register" else channel.low
    implausible = ~((raw.values >= low) & (raw.values <= channel.high))
    for place in np.flatnonzero(implausible).tolist():
        span = f"{channel.low:g} – {channel.high:g} {channel.unit} ({raw.channel})"
        reason = Words(f"허용 범위 {span}를 벗어남", f"is outside {span}")
        if raw.meaning == "interval" and raw.values[place] < 0:
            reason = Words(
                "0보다 작음: 송전한 전력량은 양수로 energy_export_wh에 넣을 것",
                "is below 0: what is given back to the grid goes into energy_export_wh, as a positive number",
            )
        bad.append(BadCell(int(raw.lines[place]), raw.header, f"{raw.raw[place]:g}", reason))
    # Of millions of rows, every copy counts.
    series = raw.where(~implausible) if implausible.any() else raw
    if (np.diff(series.times) < 0).any():
        series = series.where(np.argsort(series.times, kind="stable"))
    again = np.flatnonzero(np.diff(series.times) == 0) + 1
    if len(again):
        series = _once(series, again, duplicates, repeats)
    if series.meaning == "interval":
        early = np.flatnonzero(series.starts[1:] < series.ends[:-1]) + 1
        for place in early.tolist():
            other = series.lines[place - 1]
            reason = Words(
                f"{other}행의 구간이 끝나기 전에 시작함", f"begins before the interval of line {other} has ended"
            )
            bad.append(BadCell(int(series.lines[place]), series.header, f"{series.raw[place]:g}", reason))
        if len(early):
            keep = np.ones(len(series.starts), np.bool_)
            keep[early] = False
            series = series.where(keep)
    return series


def _once(series: FileSeries, again: npt.NDArray[np.intp], duplicates: Duplicates, repeats: Repeats) -> FileSeries:
    bits = series.values.view(np.int64)
    differ = bits[again] != bits[again - 1]
    repeats.other += int(differ.sum())
    repeats.same += int((~differ).sum())
    for place in again[differ][:20].tolist():
        first, second = ((int(series.lines[at]), float(series.raw[at])) for at in (place - 1, place))
        repeats.clashes.append(Clash(series.header, int(series.times[place]), first, second))
    keep = np.ones(len(series.times), np.bool_)
    keep[again - 1 if duplicates == "last" else again] = False
    return series.where(keep)


def register(series: FileSeries, base: float, *, preceded: bool) -> tuple[Times, Floats]:
    """Amounts of intervals as a counter, read at the intervals' edges.

    It rises from `base`. After a gap it starts again from 0, a reset: so what the gap took stays unknown, and the rise
    of every interval is its amount. The 0 is read twice, a millisecond apart, because a single low reading between two
    that agree would be taken for a glitch (`analytics.interval_energy`).

    Parameters
    ----------
    series
        Sorted out, of meaning ``interval``.
    base
        What the counter stands at when the first interval begins.
    preceded
        Whether there are earlier readings that do not reach the first interval's start: it then begins with a reset.

    Returns
    -------
    tuple
        Times [ms UTC] and the counter's values [the registry's unit], both of shape (readings,).
    """
    if not len(series.starts):
        return series.starts, series.values
    # A millisecond is no gap: the 0 would have no place in it.
    new = np.flatnonzero(series.starts[1:] > series.ends[:-1] + 1) + 1
    times: list[Times] = []
    values: list[Floats] = []
    runs = np.split(np.arange(len(series.starts)), new)
    traces = _traces([bool(series.values[run].any()) for run in runs])
    for nth, (run, trace) in enumerate(zip(runs, traces, strict=True)):
        first = int(series.starts[run[0]])
        if nth or preceded:
            times.append(np.array([first - 1], np.int64))
            values.append(np.array([trace]))
        times += [np.array([first], np.int64), series.ends[run]]
        start = (base or trace) if not nth and not preceded else trace
        values.append(np.cumsum(np.concatenate(([start], series.values[run]))))
    return np.concatenate(times), np.concatenate(values)


def _traces(counted: list[bool]) -> list[float]:
    """What each run's register starts at: 0, or a little more where it would not fall at the next gap."""
    traces = [0.0] * len(counted)
    for run in range(len(counted) - 2, -1, -1):
        if not counted[run]:
            traces[run] = traces[run + 1] + TRACE
    return traces
