"""One bus, polled: each device at its own pace, on the wall clock's grid, one question at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from edge.blocks import Block, plan_blocks
from edge.device_health import BusHealth, DeviceHealth
from edge.errors import ConnectError, ExceptionReplyError, LinkError
from edge.links import Link
from edge.profiles import Profile
from edge.site import Bus, Device, profile_of
from telemetry import Quality

log = structlog.get_logger()

_LOOK_AGAIN_S: Final = 1.0
_SUSPECT_WAITS_S: Final = 5.0
"""How long a suspect device lets healthy ones go first [s]."""


def now_ms() -> int:
    """Time now [ms since 1970-01-01 UTC]."""
    return time.time_ns() // 1_000_000


class Sink(Protocol):
    """Where good readings go."""

    def add(self, device: str, kind: str, time_ms: int, values: dict[str, float]) -> None:
        """Take the values [each channel's unit] of one device at one time [ms since 1970-01-01 UTC]."""
        ...


class PolledDevice:
    """One device and when it is due [monotonic s]."""

    def __init__(self, device: Device, profile: Profile, every_ms: int) -> None:
        self.id = device.id
        self.unit = device.unit
        self.kind = profile.kind
        self.every_ms = every_ms
        self.blocks: list[Block] = plan_blocks(profile)
        self.health = DeviceHealth(device.id, time.monotonic)
        self.due = 0.0
        self._slot = 0

    def schedule(self, wall_ms: int, monotonic: float) -> None:
        """Move on to the next point of the grid: whole multiples of `every_ms` since 1970, so that nothing drifts.

        The grid follows the wall clock; being due follows the monotonic one, so that a clock set back or forth by hand
        costs at most one period.
        """
        done = self._slot if 0 < self._slot - wall_ms < self.every_ms else 0
        self._slot = (max(wall_ms, done) // self.every_ms + 1) * self.every_ms
        self.due = max(monotonic + (self._slot - wall_ms) / 1000, self.health.retry_at)

    @property
    def rank(self) -> float:
        """Of the devices that are due, the lowest goes first."""
        return self.due + (_SUSPECT_WAITS_S if self.health.suspect else 0.0)


class BusPoller:
    """Polls the devices of one bus until it is cancelled.

    Parameters
    ----------
    bus
        What to read.
    every_ms
        Pace of the devices that do not say otherwise [ms].
    sink
        Where good readings go.
    clock
        Time now [ms since 1970-01-01 UTC].
    """

    def __init__(self, bus: Bus, every_ms: int, sink: Sink, clock: Callable[[], int] = now_ms) -> None:
        self.devices = [PolledDevice(device, profile_of(device), device.every_ms or every_ms) for device in bus.devices]
        self._link = Link(bus.address, bus.timeout_ms / 1000)
        self._health = BusHealth(bus.name, [device.id for device in bus.devices], time.monotonic)
        self._sink = sink
        self._clock = clock
        self._latest_s = 0.0

    async def run(self) -> None:
        """Poll for ever."""
        try:
            while True:
                now = time.monotonic()
                due = [device for device in self.devices if device.due <= now]
                if not due or self._health.retry_at > now:
                    start = max(min(device.due for device in self.devices), self._health.retry_at)
                    await asyncio.sleep(min(start - now, _LOOK_AGAIN_S))
                    continue
                device = min(due, key=lambda candidate: candidate.rank)
                self._note_lateness(device, now)
                await self._poll(device)
                device.schedule(self._clock(), time.monotonic())
        finally:
            self._link.close()

    def take_lateness_ms(self) -> float:
        """How late the latest poll of a healthy device began since this was last asked [ms]."""
        latest, self._latest_s = self._latest_s, 0.0
        return latest * 1000

    def _note_lateness(self, device: PolledDevice, now: float) -> None:
        if device.due and not device.health.suspect:
            self._latest_s = max(self._latest_s, now - device.due)

    async def _poll(self, device: PolledDevice) -> None:
        answered, failure = 0, None
        for block in device.blocks:
            try:
                words = await self._link.read(block.read(device.unit))
            except ConnectError as error:
                self._unreachable(error)
                return
            except LinkError as error:
                failure = error
                device.health.errors[error.quality] += 1
                log.debug("read_failed", device=device.id, reason=error.quality.value, says=str(error))
                self._health.good()
                if isinstance(error, ExceptionReplyError):
                    continue  # it refuses these registers; the others may be fine
                break
            answered += 1
            self._health.good()
            self._keep(device, block, words)
        if failure is None:
            device.health.good()
        else:
            device.health.failed(failure, partly=answered > 0)

    def _keep(self, device: PolledDevice, block: Block, words: tuple[int, ...]) -> None:
        read_at = self._clock()
        values: dict[str, float] = {}
        for channel, outcome in block.decode(words):
            device.health.value(channel, outcome)
            if not isinstance(outcome, Quality):
                values[channel] = outcome
        if values:
            self._sink.add(device.id, device.kind, read_at, values)

    def _unreachable(self, error: ConnectError) -> None:
        """No device behind a broken wire can be read, whichever was asked."""
        for device in self.devices:
            device.health.errors[error.quality] += 1
        self._health.failed(error)
