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
from typing import Final

import msgspec
import numpy as np

import analytics
from exchange.clock_texts import Bools, Times
from exchange.contents import Floats
from exchange.errors import ConflictError
from exchange.series import TRACE, FileSeries
from exchange.zones import local
from storage import Series
from telemetry import CHANNELS

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
    found: FileSeries, series: Series, own: Times, shown: Floats, zone: dt.tzinfo
) -> tuple[Times, Floats, Joined]:
    """Count a file's intervals back from a meter's first reading.

    Parameters
    ----------
    found
        Sorted out, of meaning ``interval``.
    own, shown
        The meter's own readings from the first on, as far as the file goes: times [ms UTC] and values
        [the registry's unit], both of shape (readings,).
    zone
        Of the file.

    Returns
    -------
    tuple
        Times [ms UTC] and values [the registry's unit] of the readings to be stored, both of shape (readings,), and
        how the two fit.

    Raises
    ------
    ConflictError
        When file and meter differ where both tell.
    """
    before, amounts, beyond = _parted(found, own, shown)
    joined = _compared(found.where(beyond), before, series, own, shown, zone)
    times, values = counted_back(before, amounts, int(own[0]), float(shown[0]))
    return times, values, joined


def _parted(found: FileSeries, own: Times, shown: Floats) -> tuple[FileSeries, Floats, Bools]:
    """Intervals before the first reading, their amounts, and which of the file's are left out.

    The interval in which the readings begin keeps what the meter did not see of it, where the two agree on that.
    """
    front = int(own[0])
    before, beyond = found.ends <= front, found.starts >= front
    astride = ~before & ~beyond
    amounts, ends = found.values.copy(), found.ends.copy()
    if astride.any():
        at = int(np.flatnonzero(astride)[0])
        edges = np.array([front, found.ends[at]], np.int64)
        rest = found.values[at] - analytics.interval_energy(own, shown, edges).values[0]
        if rest >= 0:
            before[at], amounts[at], ends[at] = True, rest, front
    return dataclasses.replace(found.where(before), ends=ends[before]), amounts[before], ~before


def counted_back(intervals: FileSeries, amounts: Floats, front: int, stands_at: float) -> tuple[Times, Floats]:
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
            # Twice, a millisecond apart: one low reading between two that agree would be taken for a glitch.
            times.append(np.array([after - 1], np.int64))
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


def _compared(
    beyond: FileSeries, before: FileSeries, series: Series, own: Times, shown: Floats, zone: dt.tzinfo
) -> Joined:
    """What the file and the meter both tell, laid side by side."""
    file_total = meter_total = 0.0
    both = np.zeros(0, np.bool_)
    if len(beyond.starts):
        edges = np.union1d(beyond.starts, beyond.ends)
        live = analytics.interval_energy(own, shown, edges)
        place = np.searchsorted(edges, beyond.starts)
        both = np.isfinite(live.values[place]) & (live.coverage[place] >= 0.9)
        file_total, meter_total = float(beyond.values[both].sum()), float(live.values[place][both].sum())
    front, known = int(own[0]), CHANNELS[series.channel]
    joined = Joined(
        series.device, series.channel, known.display_unit or known.unit, local(front, zone),
        float(shown[0]) * known.display_scale, len(before.starts), len(beyond.starts),
        max(0, front - int(before.ends[-1])) if len(before.ends) else 0,
        int(both.sum()), file_total * known.display_scale, meter_total * known.display_scale,
    )  # fmt: skip
    finest = [np.diff(np.unique(each)) for each in (beyond.values[both], shown)]
    ticks = [float(each.min(initial=np.inf)) if len(each) else 0.0 for each in finest]
    room = _LIKE_PCT / 100 * max(file_total, meter_total) + ticks[0] * joined.compared**0.5 + 2 * ticks[1]
    if abs(file_total - meter_total) > room:
        raise ConflictError(
            f"{series.site}/{series.device}/{series.channel}: from {joined.at} on the store has this meter's own"
            f" readings, and in the {joined.compared} intervals that both tell, the file has {joined.file_total:,.6g}"
            f" {joined.unit} where the meter counted {joined.meter_total:,.6g}: they do not measure the same, or not in"
            f" this unit. Correct the unit, or give the history a device of its own (--device {series.device}-import)"
        )
    return joined
