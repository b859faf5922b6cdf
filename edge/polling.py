"""One bus, polled: each device at its own pace, on the wall clock's grid, one question at a time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import structlog

from edge.blocks import Block, Wall, halves
from edge.clock import Timekeeper, now_ms
from edge.device_health import BusHealth
from edge.errors import ConnectError, ExceptionReplyError, LinkError
from edge.lateness import Lateness
from edge.links import Address, Link, Read, words_of
from edge.polled_device import PolledDevice
from edge.profiles import Rate

__all__ = ["BusPoller", "Sink", "now_ms"]

log = structlog.get_logger()

_LOOK_AGAIN_S: Final = 1.0
_TICK_S: Final = 0.001
"""Time is slept away in whole ticks [s]: uvloop rounds to them, and who wakes too early only goes to sleep again."""
_NOTHING_S: Final = 1e-6
"""Points of the grid that are no further apart are the same: so much the clocks differ from read to read [s]."""
_SUSPECT_SHARE: Final = 30.0
"""Suspect devices get at most 1/30 of a bus that has healthy ones: a dead unit's timeouts are everybody's time."""
_SUSPECT_WAITS_S: Final = 5.0
"""How long a suspect device lets healthy ones go first [s]."""
_ILLEGAL_FUNCTION: Final = 1
_WRONG_REGISTERS: Final = (2, 3)
_NOBODY_BEHIND_GATEWAY: Final = (10, 11)


class Sink(Protocol):
    """Where good readings go."""

    def add_row(self, device: str, kind: str, channels: tuple[str, ...], time_ms: int, values: Sequence[float]) -> None:
        """Take the values [each channel's unit] of one read of a device at its time [ms since 1970-01-01 UTC]."""
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
                device, start = self._next(now)
                if device is None:
                    await asyncio.sleep(min(math.ceil((start - now) / _TICK_S) * _TICK_S, _LOOK_AGAIN_S))
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

    def _next(self, now: float) -> tuple[PolledDevice | None, float]:
        """The device whose turn it is, or none; and when it is somebody's turn again then [monotonic s]."""
        if self._health.retry_at > now:
            return None, self._health.retry_at
        chosen, first, start = None, math.inf, now + _LOOK_AGAIN_S
        for device in self.devices:
            due, suspect = device.due, device.health.suspect
            at = max(due, self._suspects_from) if suspect and not self._all_suspect() else due
            if at > now + _NOTHING_S:
                start = min(start, at)
                continue
            rank = due + _SUSPECT_WAITS_S if suspect else due
            if rank < first - _TICK_S:  # who is due at the same time goes in order, each second in the same
                chosen, first = device, rank
        return chosen, start

    def _all_suspect(self) -> bool:
        return all(device.health.suspect for device in self.devices)

    async def _poll(self, device: PolledDevice, rates: tuple[Rate, ...]) -> bool:
        """Read everything that is due; whether that went well.

        One timeout ends the poll: the rest of a silent device is silent as well.
        """
        answered, was_away = 0, device.health.suspect
        failure: LinkError | None = None
        await self._clock.passed(device.stamped)
        for block, read in device.plan(rates):
            try:
                data = await self._link.data(read)
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
            self._keep(device, block, read, data)
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
            read = part.read(device.unit)
            try:
                data = await self._link.data(read)
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
                self._keep(device, part, read, data)
        if answered:
            walls.add(wall)
            for part, refusal in refused:
                device.refuses(part, refusal)
        return answered

    def _count(self, device: PolledDevice, error: LinkError) -> None:
        device.health.count(error.quality)
        log.debug("read_failed", device=device.id, reason=error.quality.value, says=str(error))
        self._health.good()

    def _keep(self, device: PolledDevice, block: Block, read: Read, data: bytes) -> None:
        read_at = self._clock.stamp()
        self._health.good()
        device.answers(block)
        row = None if device.health.refuses else block.row(data, device.factors)
        if row is None:
            found = device.health.values(block.decode(words_of(read, data), device.factors))
            row = tuple(found), list(found.values())
        channels, values = row
        if not channels:
            return
        if read_at is None:
            self._sink.lose(device.id, device.kind, channels, self._clock.now_ms())
        else:
            device.stamped = read_at
            self._sink.add_row(device.id, device.kind, channels, read_at, values)

    def _unreachable(self, error: ConnectError) -> None:
        """No device behind a broken wire can be read, whichever was asked."""
        for device in self.devices:
            device.health.count(error.quality)
        self._health.failed(error, [device.id for device in self.devices])
