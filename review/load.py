"""The shape of a load, and when it is drawn."""

from __future__ import annotations

import numpy as np

from analytics.operations import base_load, load_duration, peak_days
from review.period import QUARTER_H, Floats, Ints, Period
from review.sections import Load, LoadDuration, PeakDay, Profile, ShiftUse

_MOST_PEAK_DAYS = 10
_SHARES = np.linspace(0.0, 1.0, 101)


def shape_of(
    kw: Floats, days: Period, *, at_site_peak: int | None = None, target_kw: float | None = None
) -> Load | None:
    """Base load, peaks, load factor and duration of a load, shape (quarters,) [kW]; None where nothing is known.

    Parameters
    ----------
    at_site_peak
        Index of the site's highest quarter-hour.
    target_kw
        What no quarter-hour should exceed.
    """
    known = np.isfinite(kw)
    if not known.any():
        return None
    mean, base = float(kw[known].mean()), float(base_load(kw)[0])
    peaks = _peak_days(kw, days)
    together = None if at_site_peak is None or not known[at_site_peak] else float(kw[at_site_peak])
    curve = load_duration(kw)
    return Load(
        mean_kw=mean,
        base_kw=base,
        base_share_pct=100.0 * base / mean if mean > 0 else 0.0,
        peak_kw=peaks[0].kw,
        peak_at=peaks[0].at,
        load_factor_pct=100.0 * mean / peaks[0].kw if peaks[0].kw > 0 else 0.0,
        peak_days=peaks,
        duration=LoadDuration(
            share_pct=[round(100.0 * share, 9) for share in _SHARES.tolist()],
            kw=[curve.at(share) for share in _SHARES.tolist()],
        ),
        at_site_peak_kw=together,
        over_target=None if target_kw is None else int(np.count_nonzero(kw[known] > target_kw)),
    )


def _peak_days(kw: Floats, days: Period) -> list[PeakDay]:
    # Days may have 92 to 100 quarter-hours where clocks are changed.
    first = np.searchsorted(days.day, np.arange(len(days.days)))
    table = np.full((len(days.days), int(np.bincount(days.day).max())), np.nan)
    table[days.day, np.arange(len(kw)) - first[days.day]] = kw
    return [
        PeakDay(days.days[found.day], int(days.starts[first[found.day] + found.interval]), found.demand)
        for found in peak_days(table, _MOST_PEAK_DAYS)
    ]


def profile_of(kw: Floats, day_kwh: Floats, days: Period, shifts: tuple[str, ...]) -> Profile | None:
    """When a load, shape (quarters,) [kW], is drawn; None where nothing is known.

    Parameters
    ----------
    day_kwh
        Energy of days known whole, else NaN, shape (days,).
    """
    if not np.isfinite(kw).any():
        return None
    cell = days.weekday[days.day] * 24 + days.hour
    return Profile(
        week_kw=[_said(row) for row in _means(kw, cell, 168).reshape(7, 24)],
        hour_kw=_said(_means(kw, days.hour, 24)),
        weekday_kwh=_said(_means(day_kwh, days.weekday, 7)),
        shifts=_shifts(kw, days, shifts),
    )


def shift_of(days: Period, shifts: tuple[str, ...]) -> Ints:
    """Which shift each quarter-hour lies in, shape (quarters,): before the first begins, it is the last of them."""
    begins = np.array([minute_of(begin) for begin in shifts])
    found: Ints = (np.searchsorted(begins, days.minute, side="right") - 1) % len(begins)
    return found.astype(np.int64)


def turn_of(days: Period, shifts: tuple[str, ...]) -> Ints:
    """Number of the turn (one shift of one day) of each quarter-hour, shape (quarters,); a night's stays one turn."""
    before = days.minute < minute_of(shifts[0])
    turn: Ints = (days.day + 1 - before) * len(shifts) + shift_of(days, shifts)
    return turn


def minute_of(begin: str) -> int:
    """Minute of the day of "HH:MM"."""
    hour, minute = begin.split(":")
    return 60 * int(hour) + int(minute)


def shift_label(shifts: tuple[str, ...], index: int) -> str:
    """A shift as people write it, e.g. ``08:00–16:00``."""
    return f"{shifts[index]}–{shifts[(index + 1) % len(shifts)]}"


def _shifts(kw: Floats, days: Period, shifts: tuple[str, ...]) -> list[ShiftUse]:
    shift, known = shift_of(days, shifts), np.isfinite(kw)
    quarters = np.bincount(shift[known], minlength=len(shifts))
    kwh = np.bincount(shift[known], weights=kw[known], minlength=len(shifts)) * QUARTER_H
    total = float(kwh.sum())
    return [
        ShiftUse(
            begin=begin,
            end=shifts[(index + 1) % len(shifts)],
            hours=float(quarters[index]) * QUARTER_H,
            kwh=float(kwh[index]),
            share_pct=100.0 * float(kwh[index]) / total if total > 0 else None,
            mean_kw=float(kwh[index]) / (float(quarters[index]) * QUARTER_H) if quarters[index] else None,
        )
        for index, begin in enumerate(shifts)
    ]


def _means(values: Floats, cell: Ints, cells: int) -> Floats:
    """Mean of the known values of each cell, shape (cells,); NaN where there is none."""
    known = np.isfinite(values)
    count = np.bincount(cell[known], minlength=cells)
    means = np.full(cells, np.nan)
    np.divide(np.bincount(cell[known], weights=values[known], minlength=cells), count, out=means, where=count > 0)
    return means


def _said(values: Floats) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]
