"""Intervals on a local calendar: quarter hours, hours, days, shifts, weeks, batches; and finer values made coarser."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence

import numpy as np

from analytics.errors import AnalyticsError
from analytics.registers import Flags, Floats, IntervalValues, Times

_QUARTER_MS, _HOUR_MS = 900_000, 3_600_000


class Step(enum.Enum):
    """Length of an interval."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


def calendar_edges(first: dt.date, last: dt.date, zone: dt.tzinfo, step: Step) -> Times:
    """Boundaries of the days from `first` to `last`, both included [ms since 1970-01-01 UTC].

    Days and weeks follow the local clock, so a day on which it is put forward has 23 hours; quarter hours and hours are
    of equal length throughout (so hours begin at half past where a clock is put forward by half an hour, as on Lord
    Howe Island). Weeks are seven days from `first` on; a last one that is not whole is left out.

    Raises
    ------
    AnalyticsError
        When `last` lies before `first`.
    """
    if last < first:
        raise AnalyticsError(f"the last day {last} lies before the first, {first}")
    days = (last - first).days + 1
    if step in {Step.QUARTER, Step.HOUR}:
        every = _QUARTER_MS if step is Step.QUARTER else _HOUR_MS
        start, end = _local_ms(first, dt.time(), zone), _local_ms(last + dt.timedelta(1), dt.time(), zone)
        return np.arange(start, end + 1, every, dtype=np.int64)
    width = 1 if step is Step.DAY else 7
    starts = range(0, days // width * width + 1, width)
    return np.array([_local_ms(first + dt.timedelta(day), dt.time(), zone) for day in starts], dtype=np.int64)


def shift_edges(first: dt.date, last: dt.date, zone: dt.tzinfo, begins: Sequence[dt.time]) -> tuple[Times, Times]:
    """Boundaries of the shifts that begin on the days from `first` to `last`, and the number of each shift.

    Parameters
    ----------
    begins
        When each shift begins, local time, rising, e.g. 06:00, 14:00, 22:00; the last one of a day ends when the first
        of the next begins.

    Returns
    -------
    tuple
        Boundaries [ms since 1970-01-01 UTC], shape (shifts + 1,), and the index into `begins`, shape (shifts,).

    Raises
    ------
    AnalyticsError
        When no shift is given, they do not rise (nor do shifts that begin within an hour that the clock skips), or
        `last` lies before `first`.
    """
    if last < first:
        raise AnalyticsError(f"the last day {last} lies before the first, {first}")
    if not begins or list(begins) != sorted(set(begins)):
        raise AnalyticsError(f"shifts must begin one after another; they are {[f'{begin:%H:%M}' for begin in begins]}")
    days = [first + dt.timedelta(day) for day in range((last - first).days + 1)]
    starts = [_local_ms(day, begin, zone) for day in days for begin in begins]
    edges = np.array([*starts, _local_ms(last + dt.timedelta(1), begins[0], zone)], dtype=np.int64)
    if (short := np.flatnonzero(np.diff(edges) <= 0)).size:
        day, shift = divmod(int(short[0]), len(begins))
        raise AnalyticsError(f"the shift that begins at {begins[shift]:%H:%M} has no time on {days[day]} in {zone}")
    return edges, np.tile(np.arange(len(begins), dtype=np.int64), len(days))


def batch_edges(times_ms: Times, batch: Times) -> tuple[Times, Times]:
    """Boundaries of batches from what a machine says it makes: a new batch begins where the number changes.

    Parameters
    ----------
    times_ms, batch
        When it was read, rising, and the batch's number then, shape (readings,).

    Returns
    -------
    tuple
        Boundaries [ms], shape (batches + 1,), the last one at the last reading, and each batch's number.

    Raises
    ------
    AnalyticsError
        With fewer than two readings.
    """
    if len(times_ms) < 2:
        raise AnalyticsError("batches need two readings of the batch's number")
    starts = np.flatnonzero(np.concatenate(([True], np.diff(batch) != 0)))
    starts = starts[starts < len(times_ms) - 1]
    return np.concatenate((times_ms[starts], times_ms[-1:])), batch[starts]


def resample(fine: IntervalValues, edges_ms: Times, coarse_ms: Times, *, mean: bool = False) -> IntervalValues:
    """Make intervals coarser; `values`, `coverage` and `flags` may have meters in front, shape (…, intervals).

    Parameters
    ----------
    fine, edges_ms
        Values and their boundaries, shape (intervals + 1,).
    coarse_ms
        Boundaries wanted, each one of `edges_ms`.
    mean
        Average what is known, by its covered time; else add up, and a sum of which a part is unknown is unknown.

    Returns
    -------
    IntervalValues
        Coverage is the share of time covered; flags are those of any part.

    Raises
    ------
    AnalyticsError
        When a boundary is none of the finer ones, or they do not rise.
    """
    if len(coarse_ms) < 2 or np.any(np.diff(coarse_ms) <= 0) or not np.isin(coarse_ms, edges_ms).all():
        raise AnalyticsError("coarser intervals must begin and end where finer ones do, one after another")
    place = np.searchsorted(edges_ms, coarse_ms)
    starts, end = place[:-1], int(place[-1])
    length = np.diff(edges_ms).astype(np.float64)[:end]
    covered = fine.coverage[..., :end] * length

    def total(values: Floats) -> Floats:
        added: Floats = np.add.reduceat(values, starts, axis=-1)
        return added

    values = fine.values[..., :end]
    if mean:
        weight = np.where(np.isnan(values), 0.0, covered)
        known = total(weight)
        found = np.full(known.shape, np.nan)
        np.divide(total(np.nan_to_num(values) * weight), known, out=found, where=known > 0)
    else:
        found = total(values)
    flags: Flags = np.bitwise_or.reduceat(fine.flags[..., :end], starts, axis=-1)
    return IntervalValues(found, total(covered) / total(length), flags)


def stack(parts: Sequence[IntervalValues]) -> IntervalValues:
    """Several meters' intervals of the same boundaries as one, shape (meters, intervals)."""
    return IntervalValues(
        np.stack([part.values for part in parts]),
        np.stack([part.coverage for part in parts]),
        np.stack([part.flags for part in parts]),
    )


def _local_ms(day: dt.date, at: dt.time, zone: dt.tzinfo) -> int:
    return round(dt.datetime.combine(day, at, zone).timestamp() * 1000)
