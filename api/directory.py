"""Sites, their devices and gateways, from what gateways say of themselves and what the store holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from zoneinfo import ZoneInfo

from api.errors import NotFoundError
from api.models import Device, Site
from api.presence import Presence
from api.settings import Settings
from storage import Series, Store
from telemetry import BirthDevice, Kind, channel
from telemetry.errors import UnknownChannelError

EDGE_KINDS = frozenset({"gateway", "link"})
"""Kinds that tell of the gateway's own work, not of the factory's."""

POWER = "active_power_w"
ENERGY = "energy_import_wh"
DEFAULT_EVERY_MS = 1000


class Directory:
    """The one place that knows names. Thread-safe; the store's list of series is remembered for a few seconds."""

    def __init__(self, store: Store, presence: Presence, settings: Settings, clock: Callable[[], int]) -> None:
        self._store = store
        self._presence = presence
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._series: list[Series] = []
        self._read_at: int | None = None

    def sites(self) -> list[Site]:
        """Every site that has announced itself or has data, by id; simulated ones last."""
        names = {series.site for series in self.all_series()}
        births = {birth.site: birth for birth in self._presence.births()}
        found = []
        for site in sorted(names | set(births)):
            birth = births.get(site)
            found.append(
                Site(
                    site=site,
                    name=(birth.site_name if birth else "") or site,
                    timezone=_known_zone(birth.timezone if birth else "", self._settings.timezone),
                    virtual=site in self._settings.virtual_sites,
                )
            )
        return sorted(found, key=lambda s: (s.virtual, s.site))

    def site(self, site: str) -> Site:
        """Look up one site.

        Raises
        ------
        NotFoundError
            When it has neither announced itself nor any data.
        """
        found = next((s for s in self.sites() if s.site == site), None)
        if found is None:
            raise NotFoundError(f"there is no site {site!r}; /api/sites lists those that there are")
        return found

    def devices(self, site: str) -> list[Device]:
        """Measured assets of a site: the main meter first, then by kind and in their gateway's order."""
        stored: dict[tuple[str, str], list[str]] = {}
        for series in self.all_series():
            if series.site == site and series.kind not in EDGE_KINDS:
                stored.setdefault((series.device, series.kind), []).append(series.channel)
        found: dict[str, Device] = {}
        for birth in self._presence.births(site):
            for described in birth.devices:
                if described.kind not in EDGE_KINDS:
                    seen = stored.get((described.device, described.kind), [])
                    found[described.device] = _described(described, birth.gateway, seen)
        for (device, kind), channels in stored.items():
            if device not in found:
                found[device] = Device(
                    device=device, kind=kind, label=device, every_ms=DEFAULT_EVERY_MS, channels=sorted(channels)
                )
        main = self._settings.main_device
        kinds = {"power_meter": 0, "plc": 1, "sensor": 2}
        return sorted(found.values(), key=lambda d: (d.device != main, kinds.get(d.kind, 3)))

    def device(self, site: str, device: str) -> Device:
        """Look up one device.

        Raises
        ------
        NotFoundError
            When the site has no such device.
        """
        found = next((d for d in self.devices(site) if d.device == device), None)
        if found is None:
            raise NotFoundError(
                f"site {site!r} has no device {device!r}; /api/sites/{site}/devices lists those that it has"
            )
        return found

    def metered(self, devices: list[Device]) -> list[Device]:
        """The devices whose power adds up to all that the site draws: its main meter, else every power meter."""
        meters = [d for d in devices if d.kind == "power_meter" and (POWER in d.channels or ENERGY in d.channels)]
        main = [d for d in meters if d.device == self._settings.main_device]
        return main or meters

    def all_series(self) -> list[Series]:
        """Every series of the store, at most a few seconds old."""
        now = self._clock()
        with self._lock:
            if self._read_at is None or not 0 <= now - self._read_at < 5000:
                self._series = self._store.series()
                self._read_at = now
            return self._series


def silence_ms(every_ms: int) -> int:
    """After how long without a reading a device counts as silent [ms]."""
    return max(5 * every_ms, 10_000)


def unit_of(name: str) -> str:
    """Unit of a channel's stored values; empty for a channel that only the store knows."""
    try:
        return channel(name).unit
    except UnknownChannelError:
        return ""


def is_counter(name: str) -> bool:
    """Whether a channel is a counter."""
    try:
        return channel(name).kind is Kind.COUNTER
    except UnknownChannelError:
        return False


def _described(described: BirthDevice, gateway: str, stored: list[str]) -> Device:
    return Device(
        device=described.device,
        kind=described.kind,
        label=described.label or described.device,
        gateway=gateway,
        link=described.link,
        profile=described.profile,
        every_ms=described.every_ms,
        channels=sorted({*described.channels, *stored}),
    )


def _known_zone(name: str, default: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return default
    return name
