"""The running quarter-hour: demand is the energy of a 15-minute interval times four (KEPCO's basic supply terms)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from analytics.operations import power_left
from api.energy import Energy
from api.models import Basis, Demand, Outlook

WINDOW_MS: Final = 15 * 60_000
RECENT_MS: Final = 5 * 60_000
"""The last minutes, whose mean power is carried on to the end: on the virtual factory better than one minute's."""
CONFIDENCE: Final = 0.9

_HOUR_MS: Final = 3_600_000
_SECONDS: Final = WINDOW_MS // 1000


@dataclass(frozen=True, slots=True)
class Band:
    """How far below and above the projection the demand may end [W], or why nobody can say."""

    basis: Basis
    windows: int = 0
    below_w: float = 0.0
    above_w: float = 0.0


def window(now: int, zone: ZoneInfo) -> tuple[int, int]:
    """Start and end [ms UTC] of the quarter-hour that holds `now`, on the local clock."""
    offset = datetime.fromtimestamp(now / 1000, zone).utcoffset() or timedelta()
    shift = round(offset.total_seconds() * 1000)
    start = (now + shift) // WINDOW_MS * WINDOW_MS - shift
    return start, start + WINDOW_MS


def midnight(now: int, zone: ZoneInfo) -> int:
    """The last local midnight [ms UTC]."""
    today = datetime.fromtimestamp(now / 1000, zone).date()
    return round(datetime.combine(today, time(), zone).timestamp() * 1000)


def project(
    so_far: Energy, power_w: float, bounds: tuple[int, int], target_kw: float | None, band: Band, unknown_ms: int = 0
) -> Demand:
    """Carry the quarter-hour to its end.

    Parameters
    ----------
    so_far
        Energy counted in the window.
    power_w
        Power to carry on with until the end [W].
    bounds
        Start and end of the window [ms UTC].
    target_kw
        Demand not to be exceeded [kW].
    band
        Of the projection.
    unknown_ms
        Time since counting began of which nothing was counted [ms].

    Notes
    -----
    Projected energy = energy so far + power × time remaining. Where counting began later than the window (the first
    reading came later), or was interrupted, that time is taken to have run at the average measured.
    """
    start, end = bounds
    counted_h = max(so_far.until - so_far.since - unknown_ms, 0) / _HOUR_MS
    average_w = so_far.energy_wh / counted_h if counted_h > 0 else power_w
    elapsed_h = max(so_far.until - start, 0) / _HOUR_MS
    elapsed_wh = so_far.energy_wh + average_w * (elapsed_h - counted_h)
    projected_w = (elapsed_wh + power_w * max(end - so_far.until, 0) / _HOUR_MS) / (WINDOW_MS / _HOUR_MS)
    certain_w = so_far.energy_wh / (WINDOW_MS / _HOUR_MS)
    low = high = None
    if band.basis == "learned":
        # What was drawn is not given back, unless the site feeds in.
        low = min(max(projected_w - band.below_w, certain_w if power_w >= 0 else -np.inf), projected_w)
        high = max(projected_w + band.above_w, projected_w)
    target_w = None if target_kw is None else target_kw * 1000
    elapsed_s = min(max(round((so_far.until - start) / 1000), 0), _SECONDS - 1)
    return Demand(
        start=start,
        end=end,
        since=so_far.since,
        until=so_far.until,
        energy_wh=so_far.energy_wh,
        average_w=average_w,
        power_w=power_w,
        projected_wh=projected_w * (WINDOW_MS / _HOUR_MS),
        projected_w=projected_w,
        low_w=low,
        high_w=high,
        confidence=None if high is None else CONFIDENCE,
        basis=band.basis,
        windows=band.windows,
        target_w=target_w,
        outlook=None if target_w is None else outlook(target_w, certain_w, projected_w, high),
        allowed_w=None if target_w is None else power_left(target_w, np.full(elapsed_s, average_w), _SECONDS),
        source=so_far.source,
    )


def outlook(target_w: float, certain_w: float, projected_w: float, high_w: float | None) -> Outlook:
    """Whether the target [W] will be passed: by what was drawn, by what is expected, or perhaps."""
    if certain_w > target_w:
        return "exceeded"
    if projected_w > target_w:
        return "over"
    return "possible" if high_w is not None and high_w > target_w else "within"
