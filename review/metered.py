"""A site's meters and what they metered, quarter-hour by quarter-hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from review.errors import ReviewError
from review.period import QUARTER_H, Floats, Period
from review.quarters import Quarters, read_quarters
from review.result import Source
from review.settings import Settings
from storage import Series, Store

_ENERGY, _POWER = "energy_import_wh", "active_power_w"
_GATEWAYS_OWN = frozenset({"gateway", "link"})
_PER_KILO = 1000.0
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Meter:
    """What one meter metered.

    Attributes
    ----------
    series, source
        What it was read from.
    quarters
        As it was read [Wh of a counter, W of a gauge].
    """

    series: Series
    source: Source
    quarters: Quarters

    @property
    def device(self) -> str:
        """Its name."""
        return self.series.device

    @property
    def kwh(self) -> Floats:
        """Energy of each quarter-hour, NaN where not known, shape (quarters,)."""
        if self.source == "counter":
            return self.quarters.values / _PER_KILO
        # A mean stands for what it covers: nothing is filled.
        return self.quarters.values * QUARTER_H * self.quarters.coverage / _PER_KILO

    @property
    def kw(self) -> Floats:
        """Mean power of each quarter-hour, NaN where not known, shape (quarters,)."""
        return self.quarters.values / (_PER_KILO * (QUARTER_H if self.source == "counter" else 1.0))

    @property
    def bridged(self) -> list[tuple[int, int, float]]:
        """Gaps across which a counter tells the energy: first and last quarter-hour, and how much [kWh]."""
        return [(first, last, grown / _PER_KILO) for first, last, grown in self.quarters.runs]

    @property
    def bridged_kwh(self) -> float:
        """Energy across gaps."""
        return sum(kwh for _, _, kwh in self.bridged)

    @property
    def energy_kwh(self) -> float | None:
        """Everything known; None where nothing is."""
        if not self.quarters.known.any() and not self.quarters.runs:
            return None
        return float(np.nansum(self.kwh)) + self.bridged_kwh

    def by_day(self, days: Period) -> Floats:
        """Energy of each day known whole, else NaN, shape (days,) [kWh]."""
        if self.source == "counter":
            return self.quarters.by_day(days) / _PER_KILO
        return days.sums(self.kwh)

    def part(self, begin: int, end: int) -> Meter:
        """Its quarter-hours from index `begin` up to `end`."""
        return Meter(self.series, self.source, self.quarters.part(begin, end))


def find_meters(store: Store, site: str) -> list[Series]:
    """One series for each device of a site that meters energy or power: its counter where it has one.

    Raises
    ------
    ReviewError
        When the store has no such site, or the site no meter.
    storage.StoreError
        When the store cannot be read.
    """
    held = store.series(site)
    if not held:
        sites = ", ".join(sorted({series.site for series in store.series()})) or "none"
        raise ReviewError(f"no site {site!r} in the store; there are: {sites}")
    found: dict[str, Series] = {}
    for channel in (_ENERGY, _POWER):
        for series in held:
            if series.channel == channel and series.kind not in _GATEWAYS_OWN:
                found.setdefault(series.device, series)
    if not found:
        channels = ", ".join(sorted({series.channel for series in held}))
        raise ReviewError(f"site {site} has no meter with {_ENERGY} or {_POWER}; its channels are {channels}")
    return [found[device] for device in sorted(found)]


def chosen(meters: Sequence[Series], devices: Sequence[str], site: str) -> list[Series]:
    """Those of the meters that were asked for, all of them without a word.

    Raises
    ------
    ReviewError
        When the site has no meter of a name.
    """
    names = [series.device for series in meters]
    unknown = [device for device in devices if device not in names]
    if unknown:
        raise ReviewError(f"site {site} has no meter {unknown[0]!r}; its meters are {', '.join(names)}")
    return [series for series in meters if not devices or series.device in devices]


def read_meter(store: Store, series: Series, days: Period) -> Meter:
    """Read one meter."""
    source: Source = "counter" if series.channel == _ENERGY else "power"
    return Meter(series, source, read_quarters(store, series, days))


def thermometer(store: Store, site: str) -> Series | None:
    """The site's only temperature; None where there is none, or several."""
    found = [series for series in store.series(site) if series.channel == "temperature_c"]
    return found[0] if len(found) == 1 else None


def last_full_days(
    store: Store, site: str, settings: Settings, devices: Sequence[str] = (), count: int = 28
) -> tuple[dt.date, dt.date]:
    """First and last of the newest whole days that the meters were read on, at most `count`.

    Raises
    ------
    ReviewError
        When there is no such day.
    storage.StoreError
        When the store cannot be read.
    """
    meters = chosen(find_meters(store, site), devices, site)
    latest = {one.series: one.time for one in store.latest(site)}
    newest = max((latest[series] for series in meters if series in latest), default=None)
    if newest is None:
        raise ReviewError(f"the meters of site {site} were never read")
    zone = settings.zone
    last = dt.datetime.fromtimestamp(newest / 1000, zone).date() - dt.timedelta(1)
    begin = round(dt.datetime.combine(last - dt.timedelta(count - 1), dt.time(), zone).timestamp() * 1000)
    begins = [at for series in meters if (at := _first_read(store, series, begin, newest + 1)) is not None]
    first = dt.datetime.fromtimestamp(min(begins, default=newest) / 1000, zone)
    first_day = first.date() if (first.hour, first.minute) < (0, 15) else first.date() + dt.timedelta(1)
    if first_day > last:
        until = dt.datetime.fromtimestamp(newest / 1000, zone)
        raise ReviewError(
            f"site {site} was not read for one whole day yet: {first:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}"
        )
    return first_day, last


def _first_read(store: Store, series: Series, start: int, end: int) -> int | None:
    """About when a series was first read in the range [ms UTC]."""
    rows = store.rollups(series, start, end)
    if len(rows.start):
        return int(rows.start[0])
    times, _ = store.read(series, start, min(end, start + _DAY_MS))
    if not len(times):
        times, _ = store.read(series, start, end)
    return int(times[0]) if len(times) else None
