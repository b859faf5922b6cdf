"""The running quarter-hour: demand is the energy of a 15-minute interval times four (KEPCO's basic supply terms)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from api.energy import Energy
from api.models import Demand

WINDOW_MS: Final = 15 * 60_000
_HOUR_MS: Final = 3_600_000


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


def project(so_far: Energy, power_w: float, bounds: tuple[int, int], target_kw: float | None) -> Demand:
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

    Notes
    -----
    Projected energy = energy so far + power × time remaining. Where counting began later than the window (the first
    reading came later), the part before it is taken to have run at the average measured since.
    """
    start, end = bounds
    counted_h = max(so_far.until - so_far.since, 0) / _HOUR_MS
    average_w = so_far.energy_wh / counted_h if counted_h > 0 else power_w
    before_h = max(so_far.since - start, 0) / _HOUR_MS
    left_h = max(end - so_far.until, 0) / _HOUR_MS
    projected_wh = average_w * before_h + so_far.energy_wh + power_w * left_h
    return Demand(
        start=start,
        end=end,
        since=so_far.since,
        until=so_far.until,
        energy_wh=so_far.energy_wh,
        average_w=average_w,
        power_w=power_w,
        projected_wh=projected_wh,
        projected_w=projected_wh / (WINDOW_MS / _HOUR_MS),
        target_w=None if target_kw is None else target_kw * 1000,
        source=so_far.source,
    )
