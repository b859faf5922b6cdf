"""A site's running quarter-hour: what its meters counted, how its power went, what its past says of the rest."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analytics.operations import foretell_demand
from api.demand import CONFIDENCE, RECENT_MS, WINDOW_MS, Band, project
from api.energy import Energy
from api.models import Demand, Device
from api.past_demand import Past, PastDemand
from api.power_course import BRIDGED_MS, Floats, bridged, read_course, step_ms, unknown_ms
from storage import Store

_HOUR_MS: Final = 3_600_000
_FAR: Final = 2.0
_TICK: Final = 0.1
"""Share of a quarter-hour's energy that a register may count late, because it counts in whole units."""


@dataclass(frozen=True, slots=True)
class Metered:
    """One of the meters that a site's power is added up from.

    Attributes
    ----------
    power_w
        What it draws [W]; None when it is silent.
    power_at
        When that was read [ms UTC].
    counted
        Energy of the window so far; None when nothing was read since it began.
    """

    device: Device
    power_w: float | None
    power_at: int
    counted: Energy | None


class RunningDemand:
    """Tells where a site's quarter-hour will end. Thread-safe; reads the store again when a step has passed."""

    def __init__(self, site: str, store: Store, past: PastDemand) -> None:
        self._site = site
        self._store = store
        self._past = past
        self._lock = threading.Lock()
        self._course: tuple[tuple[object, ...], Floats] | None = None
        self._band: tuple[tuple[object, ...], Band] | None = None

    def tell(self, meters: Sequence[Metered], bounds: tuple[int, int], target_kw: float | None) -> Demand | None:
        """The demand expected of the window; None when no power is known.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        live = [meter for meter in meters if meter.power_w is not None]
        if not live:
            return None
        devices, now_w = [meter.device for meter in live], sum(meter.power_w or 0.0 for meter in live)
        step = step_ms(devices)
        if step is None:
            counted = _carried(meters, bounds[0])
            return project(counted, now_w, bounds, target_kw, Band("slow"))
        read = min(meter.power_at for meter in live)
        course = self._read(devices, bounds[0], max(read - bounds[0], 0) // step, step)
        before, within = course[: RECENT_MS // step], course[RECENT_MS // step :]
        counted = plausible(_carried(meters, bounds[0]), within, step, bounds[0])
        missed = 0  # a counter goes on counting in a gap; what only power tells of is not known there
        if counted.source == "power":
            missed = max(unknown_ms(within, step) - (counted.since - bounds[0]), 0)
        power_w = recent_power(within if len(within) else before, step, now_w)
        if len(live) < len(meters):
            band = Band("missing")
        else:
            band = self._banded(within, self._past.get(self._site, devices, bounds[0], step), step, bounds[0], counted)
        return project(counted, power_w, bounds, target_kw, band, missed)

    def _read(self, devices: list[Device], start: int, steps: int, step: int) -> Floats:
        """Power since five minutes before the window, a step at a time."""
        key = (start, steps, step, *(device.device for device in devices))
        with self._lock:
            if self._course is not None and self._course[0] == key:
                return self._course[1]
        course = read_course(self._store, self._site, devices, start - RECENT_MS, RECENT_MS // step + steps, step)
        with self._lock:
            self._course = (key, course)
        return course

    def _banded(self, within: Floats, past: Past | None, step: int, start: int, counted: Energy) -> Band:
        """As `foretell`, once for every step: what the past says is worth some 20 ms."""
        key = (start, within.tobytes(), past, counted.since, counted.source)
        with self._lock:
            if self._band is not None and self._band[0] == key:
                return self._band[1]
        band = foretell(within, past, step, start, counted)
        with self._lock:
            self._band = (key, band)
        return band


def foretell(within: Floats, past: Past | None, step: int, start: int, counted: Energy) -> Band:
    """What the past says of a window that began at `start` [ms UTC] and went like this, shape (steps so far,) [W]."""
    if not len(within):
        return Band("beginning")
    recent = within[-(RECENT_MS // step) :]
    # A counter knows the energy of a gap, but not what ran in its last minutes.
    known = counted.source == "counter" and 5 * np.count_nonzero(np.isnan(recent)) <= len(recent)
    if (
        counted.since - start > BRIDGED_MS
        or np.isnan(within).all()
        or (unknown_ms(within, step) > BRIDGED_MS and not known)
    ):
        return Band("gaps")
    if past is None:
        return Band("learning")
    count = len(past.windows)
    if not past.enough:
        return Band("young", count)
    so_far = bridged(within)
    forecast = past.forecast(so_far)
    if forecast is None:
        return Band("unlike", count)
    found = foretell_demand(forecast, so_far, confidence=CONFIDENCE)
    return Band("learned", count, found.value - found.low, found.high - found.value)


def plausible(counted: Energy, within: Floats, step: int, start: int) -> Energy:
    """The counted energy; that of the power measured, where the counter cannot have counted this.

    A mean lies between the lowest and the highest. A register that is far outside was exchanged, or stands still; one
    that is far behind the power is not read any more.
    """
    known = within[~np.isnan(within)]
    if counted.source != "counter" or not len(known):
        return counted
    hours, highest = (counted.until - counted.since) / _HOUR_MS, max(float(known.max()), 0.0)
    slack = _TICK * highest * WINDOW_MS / _HOUR_MS
    behind = start + len(within) * step - counted.until > BRIDGED_MS
    most, least = _FAR * highest * hours + slack, float(known.min()) / _FAR * hours - slack
    if least <= counted.energy_wh <= most and not behind:
        return counted
    # Until the end of the last whole step; what follows it is carried on with.
    energy = float(known.sum()) * step / _HOUR_MS
    return Energy(start, start + len(within) * step, energy, "power")


def _carried(meters: Sequence[Metered], start: int) -> Energy:
    """Energies as one, each carried on to the newest reading by the power its meter shows: they are read in turn."""
    counted = [(meter, meter.counted or Energy(start, start, 0.0, "counter")) for meter in meters]
    heard = [(meter, energy) for meter, energy in counted if meter.power_w is not None]
    until = max(energy.until for _, energy in heard)
    late = sum((meter.power_w or 0.0) * (until - energy.until) for meter, energy in heard) / _HOUR_MS
    whole = Energy(
        max(energy.since for _, energy in heard),
        until,
        sum(energy.energy_wh for _, energy in counted) + late,
        "counter" if all(energy.source == "counter" for _, energy in heard) else "power",
    )
    return replace(whole, since=min(whole.since, until))


def recent_power(course: Floats, step: int, now_w: float) -> float:
    """Mean of the last minutes of a course [W]; `now_w` where nothing of them is known."""
    recent = course[-(RECENT_MS // step) :]
    known = recent[~np.isnan(recent)]
    return float(known.mean()) if len(known) else now_w
