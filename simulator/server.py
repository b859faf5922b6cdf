"""Serving the factory: every link of its file opened, its devices answering until the task is cancelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import structlog

from simulator.description import Link
from simulator.factory import Factory
from simulator.modbus import Image, RtuLink, TcpLink, Unit

log = structlog.get_logger(__name__)

NowMs = Callable[[], int]
"""A clock: now [ms since 1970-01-01 UTC]."""


def wall_clock() -> int:
    """Now [ms since 1970-01-01 UTC]."""
    return time.time_ns() // 1_000_000


async def serve(factory: Factory, *, now: NowMs = wall_clock, ready: Callable[[dict[str, str]], None]) -> None:
    """Open every link and answer until cancelled; then leave nothing open.

    Parameters
    ----------
    factory
        Whose devices answer.
    now
        The clock its registers are read by.
    ready
        Called once all links are open, with each link's URL by its name: ``tcp://127.0.0.1:41235``,
        ``rtu:///dev/pts/3?baud=9600``.

    Raises
    ------
    LinkError
        When a port or a pseudo-terminal cannot be had; whatever was open is closed again.
    """
    # The weeks behind us are computed before the first question, off the loop, so that no reader waits for them.
    await asyncio.to_thread(lambda: [factory.values(device.id, now()) for device in factory.file.devices])
    async with AsyncExitStack() as stack:
        urls: dict[str, str] = {}
        for link in factory.file.links:
            opened = _link(factory, link, now)
            stack.push_async_callback(opened.close)
            urls[link.name] = await opened.open()
        log.info("factory_serving", site=factory.file.site.id, seed=factory.seed, **urls)
        ready(urls)
        await asyncio.get_running_loop().create_future()


def _link(factory: Factory, link: Link, now: NowMs) -> TcpLink | RtuLink:
    units = {
        device.unit: Unit(factory.profile(device.id), _image(factory, device.id, now))
        for device in factory.file.devices
        if device.link == link.name
    }
    parts = urlsplit(link.url)
    if parts.scheme == "pty":
        return RtuLink(link.name, int(parts.query.partition("=")[2]), units)
    assert parts.hostname is not None
    assert parts.port is not None
    return TcpLink(link.name, parts.hostname, parts.port, units)


def _image(factory: Factory, device: str, now: NowMs) -> Image:
    return lambda: factory.registers(device, now())
