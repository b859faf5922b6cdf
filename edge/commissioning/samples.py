"""Watching devices for a while: what the acceptance checks judge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.commissioning.failures import failure_of
from edge.commissioning.phrases import Phrase
from edge.commissioning.probe import Live, read_profile
from edge.commissioning.watching import Watch
from edge.errors import ConnectError
from edge.links import Link
from edge.profiles import Field, Profile
from edge.site import Bus, Device, Site, profile_of


@dataclass
class Samples:
    """Readings of one device over some time.

    Parameters
    ----------
    device, profile
        Whose, and by what they were read.
    times
        When each reading was taken [s, one monotonic clock], shape (readings,).
    rows
        The good values of each reading, by channel [the channel's unit].
    reads, failed
        Questions asked, and those without a good answer.
    errors
        Sentences about the failures, each once.
    """

    device: str
    profile: Profile
    times: list[float] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)
    reads: int = 0
    failed: int = 0
    errors: list[Phrase] = field(default_factory=list)

    def mean(self, channel: str) -> float | None:
        """Mean of a channel [its unit]; none when it was never read."""
        values = self.series(channel)
        return sum(value for _, value in values) / len(values) if values else None

    def series(self, channel: str) -> list[tuple[float, float]]:
        """Times [s] and values of a channel [its unit]."""
        return [(at, row[channel]) for at, row in zip(self.times, self.rows, strict=True) if channel in row]

    def field(self, channel: str) -> Field | None:
        """The profile's field for a channel."""
        return next((each for each in self.profile.fields if each.channel == channel), None)

    def add(self, at: float, live: Live) -> None:
        """Take one reading."""
        self.times.append(at)
        self.rows.append(live.good)
        self.reads += live.reads
        self.failed += live.failed
        self.errors += [error for error in live.errors if error not in self.errors]


async def watch_site(site: Site, seconds: float, every_s: float, watch: Watch) -> list[Samples]:
    """Read every device of a site again and again for `seconds` [s]; buses at the same time, each in turn.

    Parameters
    ----------
    site
        What to read.
    seconds
        For how long [s]; every device is read twice at least.
    every_s
        Time between two readings of a device [s], if its bus is quick enough.
    watch
        Told how many seconds are over.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(_tick(seconds, watch))
        tasks = [group.create_task(_watch_bus(bus, until, every_s)) for bus in site.buses]
        parts: Sequence[list[Samples]] = await asyncio.gather(*tasks)
        ticking.cancel()
    return [samples for part in parts for samples in part]


async def _tick(seconds: float, watch: Watch) -> None:
    for second in range(round(seconds)):
        watch.progress("seconds", second, round(seconds))
        await asyncio.sleep(1)


async def _watch_bus(bus: Bus, until: float, every_s: float) -> list[Samples]:
    loop = asyncio.get_running_loop()
    link = Link.from_url(bus.url, bus.timeout_ms / 1000)
    found = {device.id: Samples(device.id, profile_of(device)) for device in bus.devices}
    try:
        rounds = 0
        while rounds < 2 or loop.time() < until:
            began = loop.time()
            for device in bus.devices:
                await _read(link, device, found[device.id])
            rounds += 1
            await asyncio.sleep(max(0.0, min(began + every_s, max(until, began + every_s / 10)) - loop.time()))
    finally:
        link.close()
    return list(found.values())


async def _read(link: Link, device: Device, samples: Samples) -> None:
    loop = asyncio.get_running_loop()
    try:
        live = await read_profile(link, device.unit, samples.profile)
    except ConnectError as error:
        live = Live({}, [failure_of(error)], 1, 1)
    samples.add(loop.time(), live)
