"""History in front of a meter's own readings: energy of intervals, counted back from the first of these.

One counter then runs from the history into the live register. It is below 0 where the meter is younger than its
history, which a counter of differences may be. What no file and no reading tells, between the last interval and the
first reading or between two intervals of the file, is a fall by the least there is: a reset, whose energy is unknown to
`analytics.interval_energy` and nothing to windows and roll-ups. (A history that rises from 0 would fall to the meter's
120 MWh, or jump to them: windows and roll-ups would count these 120 MWh.)
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np

import analytics
from exchange.clock_texts import Times
from exchange.contents import Floats
from exchange.errors import ConflictError
from exchange.file_series import FileSeries
from exchange.series import TRACE, Stretch
from exchange.zones import local
from storage import Series, Store
from telemetry import CHANNELS

Readings = tuple[Times, Floats]
"""Times [ms UTC] and values [the registry's unit], both of shape (readings,)."""

AT_ONCE_MS: Final = 14 * 86_400_000
"""Time for which a store's readings fit in memory: of one reading a second, 19 MB."""

_DAY_MS: Final = 86_400_000
_LIKE_PCT: Final = 5.0
"""Energies of one time that differ by more are of two meters, or of two units."""


class Joined(msgspec.Struct, frozen=True):
    """History in front of a meter's own readings.

    Parameters
    ----------
    device, channel, unit
        Whose counter, and the unit people see it in.
    at
        Time of the first reading that was there, in the file's zone.
    first_reading
        What the counter stood at there [unit].
    intervals, left_out
        Of the file: how many come before, and how many are left out because the meter's own readings cover them.
    unknown_ms
        Time between the last interval and the first reading, whose energy is not known [ms].
    compared, file_total, meter_total
        Intervals that the file and the meter both tell, and their sums [unit].
    """

    device: str
    channel: str
    unit: str
    at: str
    first_reading: float
    intervals: int
    left_out: int
    unknown_ms: int
    compared: int
    file_total: float
    meter_total: float


def lay_in_front(
    found: FileSeries, series: Series, store: Store, front: int, zone: dt.tzinfo
) -> tuple[Callable[[], Iterator[Readings]], Joined]:
    """Count a file's intervals back from a meter's first reading.

    Parameters
    ----------
    found
        Of meaning ``interval``.
    front
        Time of the meter's first reading [ms UTC].
    zone
        Of the file.

    Returns
    -------
    tuple
        The readings to be stored, earliest first, some at a time and as often as they are asked for; and how file and
        meter fit.

    Raises
    ------
    ConflictError
        When file and meter differ where both tell.
    """
    stands_at = float(store.read(series, front, front + 1)[1][0])
    both = _Both()
    ends: list[tuple[int, float]] = []
    after, base = front, stands_at
    for nth in range(len(found.cuts) - 1, -1, -1):
        before, amounts, beyond = _parted(found.stretch(nth), series, store, front)
        both.look(beyond, series, store, front)
        both.count(before, front)
        ends.append((after, base))
        if len(amounts):
            times, values = counted_back(before, amounts, after, base)
            after, base = int(times[0]), float(values[0])
    ends.reverse()

    def readings() -> Iterator[Readings]:
        for nth, (behind, stood_at) in enumerate(ends):
            before, amounts, _ = _parted(found.stretch(nth), series, store, front)
            if len(amounts):
                yield counted_back(before, amounts, behind, stood_at)

    return readings, both.joined(series, front, stands_at, zone)


def slices(found: Stretch) -> Iterator[Stretch]:
    """Intervals a fortnight at a time, beside which the store's readings fit in memory."""
    place = (found.starts - found.starts[:1]) // AT_ONCE_MS
    for part in np.split(np.arange(len(place)), np.flatnonzero(np.diff(place)) + 1):
        if len(part):
            yield found.where(slice(int(part[0]), int(part[-1]) + 1))


def _parted(found: Stretch, series: Series, store: Store, front: int) -> tuple[Stretch, Floats, Stretch]:
    """Intervals before the first reading, their amounts, and those that are left out.

    The interval in which the readings begin keeps what the meter did not see of it, where the two agree on that.
    """
    before, beyond = found.ends <= front, found.starts >= front
    astride = ~before & ~beyond
    amounts, ends = found.values.copy(), found.ends.copy()
    if astride.any():
        at = int(np.flatnonzero(astride)[0])
        edges = np.array([front, found.ends[at]], np.int64)
        own, shown = store.read_around(series, front, int(edges[1]) + 1)
        seen = analytics.interval_energy(own[own >= front], shown[own >= front], edges).values[0]
        rest = found.values[at] - seen
        if rest >= 0:
            before[at], amounts[at], ends[at] = True, rest, front
    return dataclasses.replace(found.where(before), ends=ends[before]), amounts[before], found.where(~before)


def counted_back(intervals: Stretch, amounts: Floats, front: int, stands_at: float) -> tuple[Times, Floats]:
    """Amounts of intervals as a counter that ends where another begins.

    Parameters
    ----------
    intervals
        In the order of time, all of them ended by `front`.
    amounts
        Shape (intervals,) [the registry's unit].
    front, stands_at
        When the other's first reading was [ms UTC], and what it was [the registry's unit].

    Returns
    -------
    tuple
        Times [ms UTC] and the counter's values [the registry's unit], both of shape (readings,), without the other's.
    """
    times: list[Times] = []
    values: list[Floats] = []
    after, base = front, stands_at
    # A millisecond is no gap: the reading before the fall's end would have no place in it.
    new = np.flatnonzero(intervals.starts[1:] > intervals.ends[:-1] + 1) + 1
    for run in reversed(np.split(np.arange(len(amounts)), new)):
        if not len(run):
            continue
        edges = np.append(intervals.starts[run[0]], intervals.ends[run])
        top = base
        if edges[-1] < after - 1:
            # Twice, a millisecond apart: one low reading between two that agree would be taken for a glitch. Within the
            # run that follows (see `register`), but before the meter's own reading, behind which nothing is laid.
            if after < front:
                times[-1][0] += 1
            times.append(np.array([after if after < front else after - 1], np.int64))
            values.append(np.array([base]))
            top = base + max(float(np.spacing(abs(base))), TRACE)
        rise = np.append(np.cumsum(amounts[run][::-1])[::-1], 0.0)
        own = edges < after
        times.append(edges[own])
        values.append((top - rise)[own])
        after, base = int(edges[0]), float(top - rise[0])
    if not times:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(times[::-1]), np.concatenate(values[::-1])


@dataclass(slots=True)
class _Both:
    """What the file and the meter both tell, laid side by side."""

    intervals: int = 0
    left_out: int = 0
    unknown_ms: int | None = None
    compared: int = 0
    file_total: float = 0.0
    meter_total: float = 0.0
    finest: list[float] = field(default_factory=lambda: [np.inf, np.inf])

    def count(self, before: Stretch, front: int) -> None:
        """Count what comes before; the last stretch first."""
        self.intervals += len(before.starts)
        if len(before.starts) and self.unknown_ms is None:
            self.unknown_ms = max(0, front - int(before.ends[-1]))

    def look(self, beyond: Stretch, series: Series, store: Store, front: int) -> None:
        """Compare intervals that the meter's own readings may cover."""
        self.left_out += len(beyond.starts)
        for some in slices(beyond):
            edges = np.union1d(some.starts, some.ends)
            own, shown = store.read_around(series, max(front, int(edges[0]) - _DAY_MS), int(edges[-1]) + _DAY_MS)
            own, shown = own[own >= front], shown[own >= front]
            if not len(own):
                continue
            live = analytics.interval_energy(own, shown, edges)
            place = np.searchsorted(edges, some.starts)
            both = np.isfinite(live.values[place]) & (live.coverage[place] >= 0.9)
            self.compared += int(both.sum())
            self.file_total += float(some.values[both].sum())
            self.meter_total += float(live.values[place][both].sum())
            for nth, each in enumerate((some.values[both], shown)):
                self.finest[nth] = min(self.finest[nth], float(np.diff(np.unique(each)).min(initial=np.inf)))

    def joined(self, series: Series, front: int, stands_at: float, zone: dt.tzinfo) -> Joined:
        """How the two fit; raises ConflictError when they differ."""
        known = CHANNELS[series.channel]
        joined = Joined(
            series.device, series.channel, known.display_unit or known.unit, local(front, zone),
            stands_at * known.display_scale, self.intervals, self.left_out, self.unknown_ms or 0,
            self.compared, self.file_total * known.display_scale, self.meter_total * known.display_scale,
        )  # fmt: skip
        ticks = [each if np.isfinite(each) else 0.0 for each in self.finest]
        room = _LIKE_PCT / 100 * max(self.file_total, self.meter_total) + ticks[0] * self.compared**0.5 + 2 * ticks[1]
        if abs(self.file_total - self.meter_total) > room:
            raise ConflictError(
                f"{series.site}/{series.device}/{series.channel}: from {joined.at} on the store has this meter's own"
                f" readings, and in the {joined.compared} intervals that both tell, the file has"
                f" {joined.file_total:,.6g} {joined.unit} where the meter counted {joined.meter_total:,.6g}: they do"
                " not measure the same, or not in this unit. Correct the unit, or give the history a device of its own"
                f" (--device {series.device}-import)",
                f"{series.site}/{series.device}/{series.channel}: {joined.at}부터 이 계량기의 측정값이 있는데, 양쪽에"
                f" 다 있는 구간 {joined.compared:,}개의 합이 파일에서는 {joined.file_total:,.6g} {joined.unit},"
                f" 계량기에서는 {joined.meter_total:,.6g} {joined.unit}입니다. 같은 것을 잰 값이 아니거나 단위가"
                f" 다릅니다. 단위를 고치거나 과거 자료를 별도의 장치로 가져오십시오 (--device {series.device}-import).",
            )
        return joined
