"""How a running agent fares, written every second to ``status.json`` in its data folder, for `wattproof edge status`.

A file, not a socket: it can be read by anybody who may read the folder, also over ssh, and the agent never waits for
its reader. It is replaced as a whole, so a reader never sees half of it.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from edge.clock import now_ms
from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.agent import Agent

log = structlog.get_logger()

FILE: Final = "status.json"
EVERY_S: Final = 1.0


class StatusError(EdgeError):
    """The status of an agent cannot be read: it never ran there, or the file is none."""


class LastValue(msgspec.Struct, frozen=True):
    """The latest good value of a channel [its unit] and when its register was read [ms since 1970-01-01 UTC]."""

    value: float
    at: int


class DeviceStatus(msgspec.Struct, frozen=True):
    """One device: its latest values by channel, its errors of this run by reason, and how it is just now.

    Parameters
    ----------
    failing
        Whether its last poll failed.
    trouble
        Why its last read failed; empty when it brought what was asked for.
    """

    device: str
    kind: str
    every_ms: int
    values: dict[str, LastValue]
    errors: dict[str, int]
    failing: bool
    trouble: str = ""


class Status(msgspec.Struct, frozen=True):
    """How an agent fares.

    Parameters
    ----------
    at
        When this was written [ms since 1970-01-01 UTC].
    pid, site, gateway
        Whose.
    connected
        Whether batches can leave: logged in at the broker.
    lateness_p99_ms
        How late polls begin, 99 of 100 [ms].
    outbox_batches, outbox_bytes
        What waits in the outbox.
    readings, stored
        Ever put into the outbox, and acknowledged as stored [readings].
    devices
        All of them.
    id_twice
        Whether another client took this gateway's place at the broker of late.
    lost
        Ever lost, and declared as gaps [readings].
    """

    at: int
    pid: int
    site: str
    gateway: str
    connected: bool
    lateness_p99_ms: float
    outbox_batches: int
    outbox_bytes: int
    readings: int
    stored: int
    devices: list[DeviceStatus]
    id_twice: bool = False
    lost: int = 0


def status_of(agent: Agent) -> Status:
    """Look at an agent now."""
    counters = agent.outbox.counters
    values: dict[str, dict[str, LastValue]] = defaultdict(dict)
    for (device, channels), (at, row) in agent.flusher.latest.items():
        known = values[device]
        for channel, value in zip(channels, row, strict=True):
            if value is not None and (channel not in known or known[channel].at < at):
                known[channel] = LastValue(value, at)
    devices = [
        DeviceStatus(
            device=device.id,
            kind=device.kind,
            every_ms=device.pace.fast_ms,
            values={name: values[device.id][name] for name in device.profile.channels if name in values[device.id]},
            errors={reason.value: count for reason, count in sorted(device.health.errors.items())},
            failing=device.health.failing,
            trouble=device.health.trouble.value if device.health.trouble is not None else "",
        )
        for device in agent.crew.devices
    ]
    return Status(
        at=now_ms(),
        pid=os.getpid(),
        site=agent.site.site.id,
        gateway=agent.site.gateway,
        connected=agent.publisher.connected,
        lateness_p99_ms=agent.crew.lateness.quantile_ms(0.99),
        outbox_batches=counters.batches,
        outbox_bytes=counters.bytes,
        readings=counters.read,
        stored=counters.stored,
        devices=devices,
        id_twice=agent.publisher.rival.seen,
        lost=counters.gap,
    )


async def keep_status(agent: Agent, data_dir: Path) -> None:
    """Write the status every second until cancelled; a full disk is no reason to end."""
    complained = False
    while True:
        status = status_of(agent)
        try:
            await asyncio.to_thread(write_status, data_dir, status)
            complained = False
        except OSError as error:
            if not complained:
                complained = True
                log.warning("status_unwritten", reason=error.strerror, path=str(data_dir / FILE))
        await asyncio.sleep(EVERY_S)


def write_status(data_dir: Path, status: Status) -> None:
    """Replace the status file."""
    new = data_dir / f"{FILE}.new"
    new.write_bytes(msgspec.json.encode(status))
    new.replace(data_dir / FILE)


def read_status(data_dir: Path) -> Status:
    """Read what an agent wrote last.

    Raises
    ------
    StatusError
        When no agent has run with this folder, or the file cannot be read.
    """
    path = data_dir / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError as error:
        raise StatusError(f"{path}: no agent has run with this folder; name the agent's own with --data-dir") from error
    except OSError as error:
        raise StatusError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StatusError(f"{path}: not an agent's status ({error}); is the agent another version?") from error
