"""Energy between a boundary (midnight, a quarter-hour) and now, from a counter where there is one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from api.directory import ENERGY, POWER
from api.models import Source
from storage import Aggregate, Latest, Series, Store

MINUTE = 60_000
_HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy [Wh] from `since` to `until` [ms UTC]; `since` is later than the boundary when data begin later."""

    since: int
    until: int
    energy_wh: float
    source: Source


@dataclass(frozen=True, slots=True)
class _Start:
    time: int
    value: float
    firm: bool
    """Readings on both sides of the boundary: it will not change any more."""


class EnergyMeter:
    """Computes energies and remembers counter values at boundaries, so that a look costs no long read. Thread-safe."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._starts: dict[tuple[Series, int], tuple[_Start | None, int]] = {}
        self._slow: dict[tuple[Series, int], tuple[Energy | None, int]] = {}

    def since(self, boundary: int, latest: dict[str, Latest], every_ms: int) -> Energy | None:
        """Energy of one device from `boundary` to its newest reading; None when nothing was read since.

        Parameters
        ----------
        boundary
            Where to begin [ms UTC].
        latest
            Newest value of each of the device's channels.
        every_ms
            Time between two readings [ms].
        """
        counter, power = latest.get(ENERGY), latest.get(POWER)
        if counter is not None:
            if counter.time < boundary:
                return None
            start = self._start(counter.series, boundary, every_ms)
            if start is None:
                return None
            step = counter.value - start.value
            if step >= 0:
                return Energy(start.time, counter.time, step, "counter")
            return self._remembered(counter.series, boundary, lambda: self._over_reset(counter, start))
        if power is not None and power.time >= boundary:
            return self._remembered(power.series, boundary, lambda: self._integral(power, boundary, every_ms))
        return None

    def _start(self, series: Series, boundary: int, every_ms: int) -> _Start | None:
        key, now = (series, boundary), self._clock()
        with self._lock:
            found = self._starts.get(key)
        if found is not None and now < found[1]:
            return found[0]
        start = self._read_start(series, boundary, every_ms, now)
        keep = _HOUR * 26 if start is not None and start.firm else MINUTE
        with self._lock:
            self._starts[key] = (start, now + keep)
            for old in [k for k, (_, until) in self._starts.items() if until < now]:
                del self._starts[old]
        return start

    def _read_start(self, series: Series, boundary: int, every_ms: int, now: int) -> _Start | None:
        reach = max(MINUTE, 3 * every_ms)
        times, values = self._store.read(series, boundary - reach, boundary + reach)
        after = int(np.searchsorted(times, boundary))
        if after < len(times) and times[after] == boundary:
            return _Start(boundary, float(values[after]), firm=True)
        if 0 < after < len(times):
            value = float(np.interp(boundary, times[after - 1 : after + 1], values[after - 1 : after + 1]))
            return _Start(boundary, value, firm=True)
        if after < len(times):
            return _Start(int(times[after]), float(values[after]), firm=False)
        windows, _ = self._store.windows(series, boundary, now + 1, MINUTE, Aggregate.FIRST)
        if not len(windows):
            return None
        times, values = self._store.read(series, max(int(windows[0]), boundary), int(windows[0]) + MINUTE)
        return _Start(int(times[0]), float(values[0]), firm=False) if len(times) else None

    def _over_reset(self, counter: Latest, start: _Start) -> Energy:
        """Sum of the rising steps; what ran between the last reading before a reset and the reset itself is unknown."""
        _, values = self._store.windows(counter.series, start.time, counter.time + 1, MINUTE, Aggregate.LAST)
        steps = np.diff(np.concatenate([[start.value], values]))
        return Energy(start.time, counter.time, float(steps[steps > 0].sum()), "counter")

    def _integral(self, power: Latest, boundary: int, every_ms: int) -> Energy | None:
        """∫P dt over windows that hold a reading; a gap counts nothing."""
        width = max(10_000, 2 * every_ms)
        times, values = self._store.windows(power.series, boundary, power.time + 1, width, Aggregate.MEAN)
        if not len(times):
            return None
        begin = np.maximum(times, boundary)
        end = np.minimum(times + width, power.time)
        hours = np.maximum(end - begin, 0) / _HOUR
        return Energy(int(begin[0]), power.time, float((values * hours).sum()), "power")

    def _remembered(self, series: Series, boundary: int, compute: Callable[[], Energy | None]) -> Energy | None:
        key, now = (series, boundary), self._clock()
        with self._lock:
            found = self._slow.get(key)
        if found is not None and now < found[1]:
            return found[0]
        energy = compute()
        with self._lock:
            self._slow = {k: v for k, v in self._slow.items() if v[1] >= now}
            self._slow[key] = (energy, now + 5000)
        return energy


def add(parts: list[Energy]) -> Energy | None:
    """Energies of several devices as one: since the latest start, until the earliest end, integrals marked as such."""
    if not parts:
        return None
    source: Source = "counter" if all(part.source == "counter" for part in parts) else "power"
    return Energy(max(p.since for p in parts), min(p.until for p in parts), sum(p.energy_wh for p in parts), source)
