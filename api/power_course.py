"""How power went, in even steps: what a demand window is foretold from, running or past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from api.directory import POWER, silence_ms
from api.models import Device
from storage import Aggregate, Series, Store

Floats = npt.NDArray[np.float64]

BRIDGED_MS: Final = 60_000
"""Time unknown in a quarter-hour that is bridged straight across; more of it, and the course is not known [ms]."""

_STEPS_MS: Final = (10_000, 15_000, 30_000, 60_000)
"""Lengths of a step, each a part of a quarter-hour."""


def step_ms(devices: Sequence[Device]) -> int | None:
    """Length of a step that holds a reading of every one of `devices` [ms]; None where one is read too rarely."""
    slowest = max(device.every_ms for device in devices)
    return next((step for step in _STEPS_MS if step >= slowest), None)


def read_course(store: Store, site: str, devices: Sequence[Device], start: int, steps: int, step: int) -> Floats:
    """Power of all `devices` together, shape (steps,) [W]; NaN where that of one is not known.

    Parameters
    ----------
    start
        Where the first step begins [ms UTC].
    step
        Length of one [ms].

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    series = [Series(site, device.kind, device.device, POWER) for device in devices]
    hold = max(silence_ms(device.every_ms) for device in devices)
    end = start + steps * step
    read = store.windows_many(series, start, end, step, Aggregate.TIME_MEAN, start % step, hold_ms=hold)
    course = np.zeros(steps)
    for times, means in read:
        own = np.full(steps, np.nan)
        own[(times - start) // step] = means
        course += own
    return course


def bridged(course: Floats) -> Floats:
    """The same with unknown steps straight between those around them; as it is where nothing is known."""
    known = ~np.isnan(course)
    if known.all() or not known.any():
        return course
    at = np.arange(len(course))
    filled: Floats = np.interp(at, at[known], course[known])
    return filled


def unknown_ms(course: Floats, step: int) -> int:
    """How much of it is not known [ms]."""
    return int(np.count_nonzero(np.isnan(course))) * step
