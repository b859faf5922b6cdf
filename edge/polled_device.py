"""One device as its bus sees it: what is due when, in which reads, and which of them it refuses."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import Final, NamedTuple

import structlog

from edge.blocks import Block, Wall, shared_blocks
from edge.device_health import DeviceHealth, pause_s
from edge.errors import ExceptionReplyError
from edge.links import Read
from edge.profiles import Profile, Rate
from edge.rates import Pace
from edge.splits import Splits
from telemetry import Quality

log = structlog.get_logger()

_TOGETHER_S: Final = 0.005
"""What is due within this of one another is read together [s]."""


class Planned(NamedTuple):
    """A block and the question that fetches it."""

    block: Block
    read: Read


class _Track:
    """One rate of one device: its next point of the grid [ms since 1970-01-01 UTC] and when that is [monotonic s]."""

    __slots__ = ("due", "every_ms", "phase_ms", "slot")

    def __init__(self, every_ms: int | None, phase_ms: float, start: float) -> None:
        self.every_ms = every_ms
        self.phase_ms = 0.0 if every_ms is None else phase_ms % every_ms
        self.slot = 0.0
        self.due = start

    def schedule(self, wall_ms: float, monotonic: float) -> None:
        """Move on to the next point of the grid: whole multiples of `every_ms` since 1970, and the phase.

        The grid follows the wall clock, so that nothing drifts; being due follows the monotonic one, so that a clock
        set back or forth by hand costs at most one period.
        """
        every = self.every_ms
        if every is None:
            self.due = math.inf
            return
        done = self.slot if 0 < self.slot - wall_ms < every else 0.0
        self.slot = ((max(wall_ms, done) - self.phase_ms) // every + 1) * every + self.phase_ms
        self.due = monotonic + (self.slot - wall_ms) / 1000


class PolledDevice:
    """One device and when it is due [monotonic s].

    Parameters
    ----------
    device, unit
        Its id and Modbus unit.
    profile
        What its registers mean.
    pace
        How often each rate is read.
    splits
        What it refused before.
    phase_ms
        Where its points of the grid lie within a period [ms], so that not all devices are due at once.
    start
        First due [monotonic s]; 0 is at once.
    """

    def __init__(
        self,
        device: str,
        unit: int,
        profile: Profile,
        pace: Pace,
        *,
        splits: Splits | None = None,
        phase_ms: float = 0.0,
        start: float = 0.0,
    ) -> None:
        self.id = device
        self.unit = unit
        self.kind = profile.kind
        self.profile = profile
        self.pace = pace
        self.health = DeviceHealth(device, time.monotonic)
        self.factors: dict[str, Fraction | Quality] = {}
        self.polls = 0
        self.stamped = 0
        """Time of its newest reading [ms since 1970-01-01 UTC]."""
        self.due = start
        self._splits = splits if splits is not None else Splits()
        self._tracks = {
            rate: _Track(pace.every_ms(rate), phase_ms, start)
            for rate in Rate
            if any(member.rate is rate for member in profile.members)
        }
        self._plans: dict[tuple[Rate, ...], list[Planned]] = {}
        self._refused: dict[tuple[int, int, int], tuple[int, float]] = {}

    def rates_due(self, monotonic: float) -> tuple[Rate, ...]:
        """What is to be read now; the rates that are due together share their reads."""
        soon = monotonic + _TOGETHER_S
        return tuple([rate for rate, track in self._tracks.items() if track.due <= soon])

    def plan(self, rates: tuple[Rate, ...]) -> list[Planned]:
        """The reads for these rates, without those it refused a moment ago."""
        plan = self._plans.get(rates)
        if plan is None:
            walls = self._splits.walls(self.id, self.profile.digest)
            plan = [Planned(block, block.read(self.unit)) for block in shared_blocks(self.profile, rates, walls)]
            self._plans[rates] = plan
        if not self._refused:
            return plan
        now = time.monotonic()
        return [planned for planned in plan if self._refused.get(_key(planned.block), (0, 0.0))[1] <= now]

    def schedule(self, rates: tuple[Rate, ...], wall_ms: float, monotonic: float, *, reached: bool = True) -> None:
        """What was read (or tried) at these rates is due again at its next point of the grid.

        What is read once and was not reached is tried again with the rest.
        """
        self.polls += 1
        for rate in rates:
            self._tracks[rate].schedule(wall_ms, monotonic)
        once = self._tracks.get(Rate.ONCE)
        if once is not None and not reached and Rate.ONCE in rates:
            others = [track.due for track in self._tracks.values() if track is not once]
            once.due = min(others, default=monotonic + self.pace.fast_ms / 1000)
        self.due = max(min([track.due for track in self._tracks.values()]), self.health.retry_at)

    def came_back(self) -> None:
        """It was away: what is read once is read again, for it may be another device now."""
        once = self._tracks.get(Rate.ONCE)
        if once is not None:
            once.due = 0.0

    def cut(self, block: Block, walls: set[Wall]) -> None:
        """Remember where a block that it refused must be cut."""
        self._splits.add(self.id, self.profile.digest, walls)
        self._plans.clear()
        places = ", ".join(f"{address:#06x}" for _, address in sorted(walls))
        says = (
            f"{self.id}: refuses {block.count} registers from {block.address:#06x} (function {block.function}) in one "
            f"read; from now on it is read in parts, cut before {places}"
        )
        log.warning("block_split", device=self.id, function=block.function, address=block.address, says=says)

    def refuses(self, block: Block, error: ExceptionReplyError) -> None:
        """It refuses a block however it is cut: leave it alone for a while, longer each time."""
        failures = self._refused.get(_key(block), (0, 0.0))[0] + 1
        self._refused[_key(block)] = (failures, time.monotonic() + pause_s(failures))
        if failures == 1:
            says = f"{self.id}: {error}, so there is no {', '.join(block.channels)}. {error.advice}"
            log.warning("registers_refused", device=self.id, channels=list(block.channels), says=says)

    def answers(self, block: Block) -> None:
        """It answered a block; if it had refused it, it does so no more."""
        if self._refused and self._refused.pop(_key(block), None) is not None:
            log.info("registers_answered", device=self.id, channels=list(block.channels))

    @property
    def refused(self) -> list[tuple[int, int, int]]:
        """Function, address and count of what it refuses."""
        return sorted(self._refused)


def _key(block: Block) -> tuple[int, int, int]:
    return block.function, block.address, block.count
