"""The agent: polls a site's devices, keeps every reading in the outbox, and publishes it."""

from __future__ import annotations

import asyncio
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec
import structlog

from edge.flushing import Flusher
from edge.outbox import Outbox
from edge.polling import BusPoller, now_ms
from edge.publisher import Publisher
from edge.site import Site, profile_of
from telemetry import Birth, BirthDevice, Broker, Quality

log = structlog.get_logger()

_FIRST_REPORT_S: Final = 1.0
_REPORT_EVERY_S: Final = 10.0
_NO_ERRORS: Final[dict[Quality, int]] = {reason: 0 for reason in Quality if reason is not Quality.GOOD}
"""Every counter is told from the start: a first error is a rise from 0."""


class Summary(msgspec.Struct, frozen=True):
    """What a gateway's run comes to [readings, unless said otherwise]; the first five are its outbox's own ledger.

    Parameters
    ----------
    site, gateway
        Who.
    read, stored, quarantined, outbox, gaps
        Ever put into the outbox; acknowledged as stored, and as safe but set aside; still waiting; declared as gaps.
        ``read = stored + quarantined + outbox + gaps``.
    undeclared
        Lost, and not even a gap could be committed.
    errors
        Errors of this run by reason, over all devices.
    """

    site: str
    gateway: str
    read: int
    stored: int
    quarantined: int
    outbox: int
    gaps: int
    undeclared: int
    errors: dict[str, int]


async def run_agent(
    site: Site, *, data_dir: Path, stop: asyncio.Event, drain_s: float, broker: Broker | None = None
) -> Summary:
    """Run a gateway until it is told to stop. Devices, buses and brokers that cannot be reached are no reason to end.

    Parameters
    ----------
    site
        What to read; from `load_site`.
    data_dir
        Where the outbox lives (``outbox.sqlite``); made when missing.
    stop
        Ends polling when set.
    drain_s
        How long to wait, after that, for what is read to be acknowledged [s].
    broker
        Where to publish, instead of the broker the site file names.

    Raises
    ------
    OutboxError
        When the outbox cannot be opened.
    OSError, ssl.SSLError
        When a certificate file of the broker's settings is unusable.
    """
    outbox = await asyncio.to_thread(Outbox, data_dir / "outbox.sqlite", site.site.id, site.gateway)
    try:
        publisher = Publisher(outbox, broker or site.broker, birth_of(site, outbox.epoch, now_ms()))
        publisher.start()
        try:
            flusher = Flusher(outbox, publisher.wake)
            pollers = [BusPoller(bus, site.every_ms, flusher) for bus in site.buses]
            await _work(site, pollers, flusher, outbox, stop)
            if not await asyncio.to_thread(publisher.drained, drain_s):
                log.info("outbox_waits", gateway=site.gateway, batches=outbox.counters.batches)
        finally:
            await asyncio.to_thread(publisher.stop)
        return _summary(site, outbox, flusher, pollers)
    finally:
        outbox.close()


def birth_of(site: Site, epoch: str, started: int) -> Birth:
    """What a gateway tells of itself; `started` [ms since 1970-01-01 UTC]."""
    devices = []
    for bus in site.buses:
        for device in bus.devices:
            profile = profile_of(device)
            devices.append(
                BirthDevice(
                    device=device.id,
                    kind=profile.kind,
                    label=device.label or device.id,
                    link=f"{bus.url} unit {device.unit}",
                    profile=profile.name,
                    profile_digest=profile.digest,
                    every_ms=device.every_ms or site.every_ms,
                    channels=profile.channels,
                )
            )
    return Birth(
        site=site.site.id,
        gateway=site.gateway,
        epoch=epoch,
        started=started,
        version=_version(),
        site_name=site.site.name,
        timezone=site.site.timezone,
        devices=devices,
    )


async def _work(site: Site, pollers: list[BusPoller], flusher: Flusher, outbox: Outbox, stop: asyncio.Event) -> None:
    """Poll, report and flush until `stop`; what was read is committed, whatever ends the work."""
    done = asyncio.Event()
    flushing = asyncio.create_task(flusher.run(site.flush_ms / 1000, done))
    working = [asyncio.create_task(poller.run()) for poller in pollers]
    working.append(asyncio.create_task(_report(site, pollers, flusher, outbox)))
    stopping = asyncio.create_task(stop.wait())
    log.info("agent_started", site=site.site.id, gateway=site.gateway, buses=len(pollers))
    try:
        await asyncio.wait([*working, flushing, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*working, stopping):
            task.cancel()
        outcomes = await asyncio.gather(*working, return_exceptions=True)
        done.set()
        await flushing
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _report(site: Site, pollers: list[BusPoller], flusher: Flusher, outbox: Outbox) -> None:
    """What the gateway tells of itself, on the same road as what it reads."""
    await asyncio.sleep(_FIRST_REPORT_S)
    while True:
        at, counters = now_ms(), outbox.counters
        own = {
            "outbox_depth_count": float(counters.batches),
            "outbox_bytes": float(counters.bytes),
            "lateness_ms": max(poller.take_lateness_ms() for poller in pollers),
            "readings_count": float(counters.read),
        }
        flusher.add(site.gateway, "gateway", at, own)
        for poller in pollers:
            for device in poller.devices:
                errors = {**_NO_ERRORS, **device.health.errors}
                values = {reason.error_channel: float(count) for reason, count in errors.items()}
                flusher.add(device.id, "link", at, values)
        await asyncio.sleep(_REPORT_EVERY_S)


def _summary(site: Site, outbox: Outbox, flusher: Flusher, pollers: list[BusPoller]) -> Summary:
    counters = outbox.counters
    errors: Counter[Quality] = Counter()
    for poller in pollers:
        for device in poller.devices:
            errors += device.health.errors
    return Summary(
        site=site.site.id,
        gateway=site.gateway,
        read=counters.read,
        stored=counters.stored,
        quarantined=counters.quarantined,
        outbox=counters.pending,
        gaps=counters.gap,
        undeclared=flusher.undeclared,
        errors={reason.value: count for reason, count in sorted(errors.items())},
    )


def _version() -> str:
    try:
        return metadata.version("wattproof")
    except metadata.PackageNotFoundError:  # run from the source tree
        return "0"
