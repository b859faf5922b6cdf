"""The pollers of a gateway, one per bus: started, and changed without disturbing those whose bus stays as it is."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final

import structlog

from edge.clock import Timekeeper
from edge.lateness import Lateness
from edge.polled_device import PolledDevice
from edge.polling import BusPoller, Sink
from edge.site import Bus, Device, Site, bus_plan, pace_of, profile_of
from edge.splits import Splits

log = structlog.get_logger()

_BUS_PHASE_MS: Final = 2.0
"""Buses begin so far apart [ms]: all at one instant would be late by turns."""
_BUNCH_MS: Final = 5.0
"""What begins within this is begun together [ms]: a gateway that wakes less often works less."""


class Crew:
    """Polls every bus of a site.

    Parameters
    ----------
    sink
        Where good readings go.
    clock
        Stamps them.
    splits
        What devices have refused.
    """

    def __init__(self, sink: Sink, clock: Timekeeper, splits: Splits) -> None:
        self.lateness = Lateness()
        self.failed = asyncio.Event()
        self._sink = sink
        self._clock = clock
        self._splits = splits
        self._buses: dict[str, tuple[Bus, BusPoller, asyncio.Task[None]]] = {}
        self._kept: dict[str, tuple[Device, PolledDevice]] = {}
        self._begun = 0

    @property
    def pollers(self) -> list[BusPoller]:
        """Of the buses polled now."""
        return [poller for _, poller, _ in self._buses.values()]

    @property
    def devices(self) -> list[PolledDevice]:
        """All devices polled now."""
        return [device for poller in self.pollers for device in poller.devices]

    def poll(self, site: Site) -> None:
        """Poll this site from now on; a bus, and a device on it, that is as it was before is not disturbed."""
        wanted = {bus.name: bus for bus in site.buses}
        for name in list(self._buses):
            if name not in wanted or not _same_bus(self._buses[name][0], wanted[name]):
                self._buses.pop(name)[2].cancel()
        for bus in site.buses:
            known = self._buses.get(bus.name)
            if known is None:
                self._begin(site, bus)
            else:
                known[1].devices = self._devices(site, bus, known[1].phase_ms)
                self._buses[bus.name] = (bus, known[1], known[2])
        ids = {device.id for bus in site.buses for device in bus.devices}
        self._kept = {name: kept for name, kept in self._kept.items() if name in ids}

    async def end(self) -> None:
        """Stop polling.

        Raises
        ------
        Exception
            What made a poller fail, if one did.
        """
        tasks = [task for _, _, task in self._buses.values()]
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def _begin(self, site: Site, bus: Bus) -> None:
        phase_ms = _BUS_PHASE_MS * self._begun
        self._begun += 1
        poller = BusPoller(
            bus.name,
            bus.address,
            bus.timeout_ms / 1000,
            self._devices(site, bus, phase_ms),
            self._sink,
            self._clock,
            self.lateness,
            phase_ms,
        )
        task = asyncio.create_task(poller.run(), name=f"poll {bus.name}")
        task.add_done_callback(self._ended)
        self._buses[bus.name] = (bus, poller, task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self.failed.set()

    def _devices(self, site: Site, bus: Bus, phase_ms: float) -> list[PolledDevice]:
        """The devices of a bus, each due when those before it are done; one that is as it was before is kept."""
        devices: list[PolledDevice] = []
        for device, plan in zip(bus.devices, bus_plan(site, bus, self._splits).devices, strict=True):
            profile, pace = profile_of(device), pace_of(site, device)
            begins_ms = math.ceil(phase_ms / _BUNCH_MS) * _BUNCH_MS
            known = self._kept.get(device.id)
            if known and known[0] == device and (known[1].profile, known[1].pace) == (profile, pace):
                polled = known[1]
            else:
                polled = PolledDevice(
                    device.id,
                    device.unit,
                    profile,
                    pace,
                    splits=self._splits,
                    phase_ms=begins_ms,
                    start=time.monotonic() + begins_ms % pace.fast_ms / 1000,
                )
                self._kept[device.id] = (device, polled)
            devices.append(polled)
            phase_ms += sum(read.bus_ms for read in plan.reads if read.every_ms)
        return devices


def _same_bus(old: Bus, new: Bus) -> bool:
    return (old.url, old.timeout_ms) == (new.url, new.timeout_ms)
