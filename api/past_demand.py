"""What a site's own past teaches about its quarter-hours: read in the background, kept, renewed now and then."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import structlog

from analytics import AnalyticsError
from analytics.operations import DemandForecast, fit_demand_forecast
from api.demand import RECENT_MS, WINDOW_MS
from api.models import Device
from api.power_course import BRIDGED_MS, Floats, bridged, read_course, unknown_ms
from storage import Store, StoreError

log = structlog.get_logger(__name__)

DAYS: Final = 14
"""How far back is read: working days, days off, and a week that a holiday spoilt."""
ENOUGH: Final = 96
"""Whole quarter-hours without which no band is given: a day of them."""

_ALIKE: Final = 2.0
_AT_REST: Final = 0.1
"""Share of the mean load under which a window is at rest so far."""
_LIKE: Final = 20
"""Past windows like the running one without which no band is given: fewer do not show what one in twenty is like."""
_UNHEARD: Final = 1.5
"""A load so many times the highest demand learned is one that the past knows nothing of."""
_DAY_MS: Final = 86_400_000
_RENEWED_MS: Final = 6 * 3_600_000
_AGAIN_MS: Final = 2 * 60_000
"""When to look again where there was too little, or the store could not be read: a past may be on its way."""
_SITES: Final = 16
"""Sites remembered; one takes 1 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What was learned from.

    Attributes
    ----------
    windows
        Power of quarter-hours measured as a whole, shape (windows, steps) [W].
    step
        Length of a step [ms].
    """

    windows: Floats
    step: int

    @property
    def enough(self) -> bool:
        """Whether there are so many that a band can be told."""
        return len(self.windows) >= ENOUGH and bool((self.windows.mean(axis=1) > 0).any())

    def forecast(self, so_far: Floats) -> DemandForecast | None:
        """What those teach that were like a running one, shape (steps so far,) [W]; None where too few were.

        Alike is a mean so far within a factor of two: all of them together, the quiet nights would lend working hours
        their narrow band (on the virtual factory it held 85 % of them instead of 90 %). At rest, every one is asked,
        because what starts up is no multiple of nothing; the forecast then tells those at rest from the others.
        """
        mean = float(so_far.mean())
        past, highest = self.windows[:, : len(so_far)].mean(axis=1), float(self.windows.mean(axis=1).max())
        like = self.windows
        if mean >= _AT_REST * float(self.windows.mean()):
            like = self.windows[(past >= mean / _ALIKE) & (past <= mean * _ALIKE)]
        if len(like) < _LIKE or mean > _UNHEARD * highest:
            return None
        try:
            forecast = fit_demand_forecast(like, recent=RECENT_MS // self.step)
        except AnalyticsError:
            return None  # none of them had a load
        kind = forecast.resting if mean < forecast.rest else forecast.errors
        known = np.count_nonzero(~np.isnan(kind[min(len(so_far), len(kind) - 1)]))
        return forecast if known >= _LIKE else None


@dataclass(eq=False)
class _Slot:
    of: object
    asked: int
    due: int
    busy: bool = False
    past: Past | None = None


class PastDemand:
    """Learns from each site's past, one site at a time, while whoever asks goes on. Thread-safe.

    Parameters
    ----------
    store
        Where the readings are; it is read a day at a time.
    clock
        Present time [ms UTC].
    """

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._closed = False
        self._pool = ThreadPoolExecutor(1, "past-demand")

    def get(self, site: str, devices: Sequence[Device], until: int, step: int) -> Past | None:
        """What is known by now; None while nothing is. Never waits.

        Parameters
        ----------
        devices
            Those whose power adds up to what the site draws.
        until
            Start of the running quarter-hour [ms UTC]: what came before it is the past.
        step
            Length of a step [ms].
        """
        of, now = (tuple(device.device for device in devices), step, until % WINDOW_MS), self._clock()
        with self._lock:
            slot = self._slots.get(site)
            if slot is None or slot.of != of:
                slot = self._slots[site] = _Slot(of, asked=now, due=now)
            self._slots.move_to_end(site)
            while len(self._slots) > _SITES:
                self._slots.popitem(last=False)
            over = not slot.asked <= now < slot.due  # a clock that was set back must not put it off for years
            if over and not slot.busy and not self._closed:
                slot.busy, slot.asked = True, now
                self._pool.submit(self._renew, slot, site, tuple(devices), until, step)
            return slot.past

    def close(self) -> None:
        """Begin no more, and end what is under way after the day it is at."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _renew(self, slot: _Slot, site: str, devices: tuple[Device, ...], until: int, step: int) -> None:
        past = None
        try:
            past = self._learn(site, devices, until, step)
        except StoreError as error:
            log.warning("past_demand_not_read", site=site, problem=str(error))
        except Exception:
            # Nobody waits for this thread's answer: without a word here a defect would look like a site without a past.
            if not self._closed:  # the store may be gone by now, and that is no defect
                log.exception("past_demand_failed", site=site)
        with self._lock:
            slot.busy = False
            slot.due = self._clock() + (_RENEWED_MS if past is not None and past.enough else _AGAIN_MS)
            slot.past = past or slot.past
        if past is not None:
            log.info("past_demand_learned", site=site, windows=len(past.windows), enough=past.enough)

    def _learn(self, site: str, devices: tuple[Device, ...], until: int, step: int) -> Past | None:
        windows: list[Floats] = []
        for day in range(DAYS, 0, -1):
            if self._closed:
                return None
            course = read_course(self._store, site, devices, until - day * _DAY_MS, _DAY_MS // step, step)
            windows += [
                bridged(window) for window in course.reshape(-1, WINDOW_MS // step)
                if unknown_ms(window, step) <= BRIDGED_MS
            ]  # fmt: skip
        return Past(np.array(windows).reshape(-1, WINDOW_MS // step), step)
