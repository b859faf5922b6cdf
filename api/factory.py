"""A site at this moment: what the Factory page shows and the live feed pushes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from zoneinfo import ZoneInfo

from api.demand import midnight, window
from api.directory import EDGE_KINDS, POWER, Directory, silence_ms
from api.energy import Energy, EnergyMeter, add
from api.models import Demand, Device, DeviceNow, Snapshot, Today
from api.past_demand import PastDemand
from api.running_demand import Metered, RunningDemand
from api.settings import Settings
from storage import Latest, Store


class Factory:
    """Looks at one site. Thread-safe; what a look needs of earlier readings is remembered, so that it stays short."""

    def __init__(
        self,
        site: str,
        store: Store,
        directory: Directory,
        settings: Settings,
        clock: Callable[[], int],
        past: PastDemand,
    ) -> None:
        self._site = site
        self._store = store
        self._directory = directory
        self._settings = settings
        self._clock = clock
        self._energy = EnergyMeter(store, clock)
        self._demand = RunningDemand(site, store, past)

    def look(self) -> Snapshot:
        """Read the newest values and say what they mean now.

        Raises
        ------
        StoreError
            When the store cannot be read.
        NotFoundError
            When the site is not known.
        """
        zone = ZoneInfo(self._directory.site(self._site).timezone)
        newest = sorted(self._store.latest(self._site), key=lambda n: n.series.device)
        by_device = {
            device: {n.series.channel: n for n in group if n.series.kind not in EDGE_KINDS}
            for device, group in groupby(newest, key=lambda n: n.series.device)
        }
        now = self._clock()
        devices = self._directory.devices(self._site)
        start_of_day = midnight(now, zone)
        shown = [self._device(device, by_device.get(device.device, {}), now, start_of_day) for device in devices]
        metered = self._directory.metered(devices)
        names = {device.device for device in metered}
        live = [d for d in shown if d.device in names and d.power_w is not None]
        total = sum(d.power_w for d in live if d.power_w is not None) if live else None
        today = self._sum(metered, by_device, start_of_day)
        return Snapshot(
            site=self._site,
            at=now,
            total_w=total,
            total_of=[device.device for device in metered],
            missing=sorted(names - {d.device for d in live}),
            today=None
            if today is None
            else Today(
                start=start_of_day,
                since=today.since,
                until=today.until,
                energy_wh=today.energy_wh,
                source=today.source,
            ),
            demand=self._tell(metered, by_device, window(now, zone), {d.device: d.power_w for d in live}),
            devices=shown,
        )

    def _device(self, device: Device, latest: dict[str, Latest], now: int, start_of_day: int) -> DeviceNow:
        time = max((n.time for n in latest.values()), default=None)
        silent = time is None or now - time > silence_ms(device.every_ms)
        power = latest.get(POWER)
        # A meter may go on answering while its power register does not: then its power is not known either.
        current = power is not None and now - power.time <= silence_ms(device.every_ms)
        energy = self._energy.since(start_of_day, latest, device.every_ms)
        return DeviceNow(
            device=device.device,
            kind=device.kind,
            label=device.label,
            time=time,
            silent=silent,
            power_w=power.value if power is not None and current else None,
            energy_today_wh=None if energy is None else energy.energy_wh,
            values={channel: n.value for channel, n in sorted(latest.items())},
        )

    def _sum(self, metered: list[Device], by_device: dict[str, dict[str, Latest]], boundary: int) -> Energy | None:
        parts = [self._energy.since(boundary, by_device.get(d.device, {}), d.every_ms) for d in metered]
        return add([part for part in parts if part is not None])

    def _tell(
        self,
        metered: list[Device],
        by_device: dict[str, dict[str, Latest]],
        bounds: tuple[int, int],
        powers: dict[str, float | None],
    ) -> Demand | None:
        meters = []
        for device in metered:
            latest = by_device.get(device.device, {})
            counted = self._energy.since(bounds[0], latest, device.every_ms)
            power_at = latest[POWER].time if POWER in latest else 0
            meters.append(Metered(device, powers.get(device.device), power_at, counted))
        return self._demand.tell(meters, bounds, self._settings.demand_target_kw)
