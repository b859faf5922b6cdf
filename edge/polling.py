"""One bus, polled: each device at its own pace, on the wall clock's grid, one question at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import structlog

from edge.blocks import Block, Wall, halves
from edge.clock import Timekeeper, now_ms
from edge.device_health import BusHealth
from edge.errors import ConnectError, ExceptionReplyError, LinkError
from edge.lateness import Lateness
from edge.links import Address, Link
from edge.polled_device import PolledDevice
from edge.profiles import Rate

__all__ = ["BusPoller", "Sink", "now_ms"]

log = structlog.get_logger()

_LOOK_AGAIN_S: Final = 1.0
_SUSPECT_SHARE: Final = 30.0
"""Suspect devices get at most 1/30 of a bus that has healthy ones: a dead unit's timeouts are everybody's time."""
_ILLEGAL_FUNCTION: Final = 1
_WRONG_REGISTERS: Final = (2, 3)
_NOBODY_BEHIND_GATEWAY: Final = (10, 11)


class Sink(Protocol):
    """Where good readings go."""

    def add(self, device: str, kind: str, time_ms: int, values: dict[str, float]) -> None:
        """Take the values [each channel's unit] of one device at one time [ms since 1970-01-01 UTC]."""
        ...

    def lose(self, device: str, kind: str, channels: Iterable[str], time_ms: int) -> None:
        """Declare what was read while the clock could not stamp it."""
        ...


class BusPoller:
    """Polls the devices of one bus until it is cancelled.

    Parameters
    ----------
    name, address, timeout_s
        The bus, where it is, and how long a device may take to answer [s].
    devices
        What hangs on it; may be replaced while the bus is polled, between two polls.
    sink
        Where good readings go.
    clock
        Stamps them.
    lateness
        Where it is noted how late polls begin.
    phase_ms
        Where its devices' points of the grid begin within a period [ms].
    """

    def __init__(
        self,
        name: str,
        address: Address,
        timeout_s: float,
        devices: Sequence[PolledDevice],
        sink: Sink,
        clock: Timekeeper | None = None,
        lateness: Lateness | None = None,
        phase_ms: float = 0.0,
    ) -> None:
        self.name = name
        self.phase_ms = phase_ms
        self.devices = list(devices)
        self.lateness = lateness if lateness is not None else Lateness()
        self._link = Link(address, timeout_s)
        self._health = BusHealth(name, time.monotonic)
        self._sink = sink
        self._clock = clock if clock is not None else Timekeeper()
        self._suspects_from = 0.0

    async def run(self) -> None:
        """Poll for ever."""
        try:
            while True:
                now = time.monotonic()
                device = self._next(now)
                if device is None:
                    await asyncio.sleep(min(max(0.0, self._next_start(now) - now), _LOOK_AGAIN_S))
                    continue
                if device.due and not device.health.suspect:
                    self.lateness.record(now - device.due)
                rates = device.rates_due(now)
                reached = await self._poll(device, rates)
                done = time.monotonic()
                if device.health.suspect:
                    self._suspects_from = done + _SUSPECT_SHARE * (done - now)
                device.schedule(rates, self._clock.exact_ms(), done, reached=reached)
        finally:
            self._link.close()

    def _next(self, now: float) -> PolledDevice | None:
        """The device whose turn it is."""
        if self._health.retry_at > now:
            return None
        due = [device for device in self.devices if device.due <= now and self._may_be_asked(device, now)]
        return min(due, key=lambda candidate: candidate.rank, default=None)

    def _may_be_asked(self, device: PolledDevice, now: float) -> bool:
        return not device.health.suspect or now >= self._suspects_from or self._all_suspect()

    def _all_suspect(self) -> bool:
        return all(device.health.suspect for device in self.devices)

    def _next_start(self, now: float) -> float:
        """When it is somebody's turn again [monotonic s]."""
        alone = self._all_suspect()
        starts = [
            max(device.due, self._suspects_from) if device.health.suspect and not alone else device.due
            for device in self.devices
        ]
        return max(min(starts, default=now + _LOOK_AGAIN_S), self._health.retry_at)

    async def _poll(self, device: PolledDevice, rates: tuple[Rate, ...]) -> bool:
        """Read everything that is due; whether that went well.

        One timeout ends the poll: the rest of a silent device is silent as well.
        """
        answered, was_away = 0, device.health.suspect
        failure: LinkError | None = None
        await self._clock.passed(device.stamped)
        for block, read in device.plan(rates):
            try:
                words = await self._link.read(read)
            except ConnectError as error:
                self._unreachable(error)
                return False
            except LinkError as error:
                self._count(device, error)
                if isinstance(error, ExceptionReplyError) and error.code not in _NOBODY_BEHIND_GATEWAY:
                    try:
                        parts = await self._refused(device, block, error)
                    except ConnectError as broken:
                        self._unreachable(broken)
                        return False
                    answered += parts
                    failure = failure if parts else error
                    continue  # it refuses these registers; the others may be fine
                failure = error
                break
            answered += 1
            self._keep(device, block, words)
            if block.pause_ms:
                await asyncio.sleep(block.pause_ms / 1000)
        return self._judge(device, answered, failure, was_away=was_away)

    def _judge(self, device: PolledDevice, answered: int, failure: LinkError | None, *, was_away: bool) -> bool:
        refused = isinstance(failure, ExceptionReplyError) and failure.code in {_ILLEGAL_FUNCTION, *_WRONG_REGISTERS}
        if failure is not None and not (answered and refused):
            device.health.failed(failure, partly=answered > 0)
            return False
        device.health.good()
        if was_away:
            device.came_back()
        return True

    async def _refused(self, device: PolledDevice, block: Block, error: ExceptionReplyError) -> int:
        """A block was refused: read its parts instead, if that is any good; how many of them answered."""
        if error.code not in {_ILLEGAL_FUNCTION, *_WRONG_REGISTERS}:
            return 0  # busy, or broken inside: the same question may be answered next time
        walls: set[Wall] = set()
        answered = 0
        if error.code in _WRONG_REGISTERS:
            answered = await self._in_parts(device, block, walls)
        if answered:
            device.cut(block, walls)
        else:
            device.refuses(block, error)
        return answered

    async def _in_parts(self, device: PolledDevice, block: Block, walls: set[Wall]) -> int:
        """Cut a refused block in two, and again what is still refused; note the cuts that some part answered for."""
        cut = halves(device.profile, block)
        if cut is None:
            return 0
        wall, *parts = cut
        refused: list[tuple[Block, ExceptionReplyError]] = []
        answered = 0
        for part in parts:
            try:
                words = await self._link.read(part.read(device.unit))
            except ExceptionReplyError as error:
                self._count(device, error)
                inner = await self._in_parts(device, part, walls) if error.code in _WRONG_REGISTERS else 0
                answered += inner
                if not inner:
                    refused.append((part, error))
            except ConnectError:
                raise
            except LinkError as error:
                self._count(device, error)
            else:
                answered += 1
                self._keep(device, part, words)
        if answered:
            walls.add(wall)
            for part, refusal in refused:
                device.refuses(part, refusal)
        return answered

    def _count(self, device: PolledDevice, error: LinkError) -> None:
        device.health.errors[error.quality] += 1
        log.debug("read_failed", device=device.id, reason=error.quality.value, says=str(error))
        self._health.good()

    def _keep(self, device: PolledDevice, block: Block, words: Sequence[int]) -> None:
        read_at = self._clock.stamp()
        self._health.good()
        device.answers(block)
        values = device.health.values(block.decode(words, device.factors))
        if not values:
            return
        if read_at is None:
            self._sink.lose(device.id, device.kind, values, self._clock.now_ms())
        else:
            device.stamped = read_at
            self._sink.add(device.id, device.kind, read_at, values)

    def _unreachable(self, error: ConnectError) -> None:
        """No device behind a broken wire can be read, whichever was asked."""
        for device in self.devices:
            device.health.errors[error.quality] += 1
        self._health.failed(error, [device.id for device in self.devices])
