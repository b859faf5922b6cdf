"""The shape of a load, and when it is drawn."""

from __future__ import annotations

import numpy as np

from analytics.operations import base_load, load_duration, peak_days
from review.period import QUARTER_H, Bools, Floats, Ints, Period
from review.sections import DayKind, Load, LoadDuration, PeakDay, Profile, ShiftDays, ShiftUse

_MOST_PEAK_DAYS = 10
_KINDS: tuple[DayKind, ...] = ("working", "saturday", "rest_day")
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


def profile_of(kw: Floats, day_kwh: Floats, days: Period, shifts: tuple[str, ...], kind: Ints) -> Profile | None:
    """When a load, shape (quarters,) [kW], is drawn; None where nothing is known.

    Parameters
    ----------
    day_kwh
        Energy of days known whole, else NaN, shape (days,).
    kind
        As of `Days`, of the day before the period and of its own, shape (days + 1,).
    """
    if not np.isfinite(kw).any():
        return None
    cell = days.weekday[days.day] * 24 + days.hour
    return Profile(
        week_kw=[_said(row) for row in _means(kw, cell, 168).reshape(7, 24)],
        hour_kw=_said(_means(kw, days.hour, 24)),
        weekday_kwh=_said(_means(day_kwh, days.weekday, 7)),
        shifts=_shifts(kw, days, shifts, kind),
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


def _shifts(kw: Floats, days: Period, shifts: tuple[str, ...], kind: Ints) -> list[ShiftUse]:
    shift, known = shift_of(days, shifts), np.isfinite(kw)
    turn = turn_of(days, shifts)
    # Turns are numbered from those of the day before the period.
    begun = kind[turn // len(shifts)]
    total = float(kw[known].sum()) * QUARTER_H
    found = []
    for index, begin in enumerate(shifts):
        mine = known & (shift == index)
        hours, kwh, mean_kw = _used(kw, mine)
        found.append(
            ShiftUse(
                begin=begin,
                end=shifts[(index + 1) % len(shifts)],
                hours=hours,
                kwh=kwh,
                share_pct=100.0 * kwh / total if total > 0 else None,
                mean_kw=mean_kw,
                days=[_on(kw, mine & (begun == one), turn, day) for one, day in enumerate(_KINDS)
                      if (mine & (begun == one)).any()],
            )
        )  # fmt: skip
    return found


def _used(kw: Floats, mine: Bools) -> tuple[float, float, float | None]:
    """Time [h], energy [kWh] and mean power of some quarter-hours."""
    hours, kwh = float(mine.sum()) * QUARTER_H, float(kw[mine].sum()) * QUARTER_H
    return hours, kwh, kwh / hours if hours else None


def _on(kw: Floats, mine: Bools, turn: Ints, day: DayKind) -> ShiftDays:
    hours, kwh, _ = _used(kw, mine)
    return ShiftDays(day, len(np.unique(turn[mine])), hours, kwh, kwh / hours)


def _means(values: Floats, cell: Ints, cells: int) -> Floats:
    """Mean of the known values of each cell, shape (cells,); NaN where there is none."""
    known = np.isfinite(values)
    count = np.bincount(cell[known], minlength=cells)
    means = np.full(cells, np.nan)
    np.divide(np.bincount(cell[known], weights=values[known], minlength=cells), count, out=means, where=count > 0)
    return means


def _said(values: Floats) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]
