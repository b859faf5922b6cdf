"""How a device fares: its errors by reason, when it turned bad, and when to try it again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Final, cast

import structlog

from edge.errors import LinkError
from telemetry import Quality

log = structlog.get_logger()

TRIES: Final = 3
"""Failed polls in a row after which a device is said to be bad, and asked less often; at once if it never answered."""
_FIRST_PAUSE_S: Final = 1.0
_DEVICE_PAUSE_S: Final = 300.0
_WIRE_PAUSE_S: Final = 60.0
"""A refused connection costs nobody anything, so a bus is tried more often than a silent device."""


def pause_s(failures: int, longest_s: float = _DEVICE_PAUSE_S) -> float:
    """How long to leave something alone that failed so often in a row [s]: doubling, ±20 % so that many spread out."""
    exact = min(longest_s, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 30))
    return exact * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, keeps no secret


class DeviceHealth:
    """One device's errors.

    Parameters
    ----------
    device
        Its id, for messages.
    clock
        Monotonic time [s].

    Attributes
    ----------
    errors
        Errors since start, by reason.
    retry_at
        Not to be asked before [s, the same clock].
    suspect
        Whether it failed so often that it must not make healthy devices wait.
    trouble
        Why its last read failed; None once a poll brought what it asked for.
    """

    def __init__(self, device: str, clock: Callable[[], float]) -> None:
        self.device = device
        self.errors: Counter[Quality] = Counter()
        self.retry_at = 0.0
        self.suspect = False
        self.trouble: Quality | None = None
        self._clock = clock
        self._failures = 0
        self._answered = False
        self._bad_since: float | None = None
        self._refused: dict[str, Quality] = {}

    @property
    def failing(self) -> bool:
        """Whether its last poll failed."""
        return self._failures > 0

    @property
    def refuses(self) -> bool:
        """Whether there was no value in some of its registers when they were read last."""
        return bool(self._refused)

    @property
    def _patience(self) -> int:
        return TRIES if self._answered else 1

    def count(self, reason: Quality) -> None:
        """A read failed."""
        self.errors[reason] += 1
        self.trouble = reason

    def failed(self, error: LinkError, *, partly: bool) -> None:
        """A poll failed; `partly` if some of its registers were read all the same."""
        self._failures += 1
        self._answered |= partly
        self.suspect = self._failures >= self._patience
        if not self.suspect:
            return
        if not partly:
            self.retry_at = self._clock() + pause_s(self._failures - self._patience + 1)
        if self._bad_since is None:
            self._bad_since = self._clock()
            tries = "1 try" if self._failures == 1 else f"{self._failures} tries"
            says = f"{self.device}: {error} ({tries}). {error.advice}"
            log.warning("device_bad", device=self.device, reason=error.quality.value, says=says)

    def good(self) -> None:
        """A poll brought everything it asked for."""
        self._failures = 0
        self._answered = True
        self.suspect = False
        self.trouble = None
        self.retry_at = 0.0
        if self._bad_since is not None:
            lasted = self._clock() - self._bad_since
            self._bad_since = None
            says = f"{self.device}: answers again after {lasted:.0f} s"
            log.info("device_recovered", device=self.device, says=says)

    def values(self, outcomes: dict[str, float | Quality]) -> dict[str, float]:
        """Registers were read: keep what is a value; count, and say once, what is none and why."""
        if not self._refused and Quality not in set(map(type, outcomes.values())):
            return cast("dict[str, float]", outcomes)
        bad = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Quality)}
        for name, reason in bad.items():
            self.errors[reason] += 1
            if self._refused.get(name) is not reason:
                self._refused[name] = reason
                log.warning("channel_bad", device=self.device, channel=name, reason=reason.value)
        good = {name: outcome for name, outcome in outcomes.items() if not isinstance(outcome, Quality)}
        for name in good:
            if self._refused.pop(name, None) is not None:
                log.info("channel_recovered", device=self.device, channel=name)
        return good


class BusHealth:
    """Whether a bus can be reached at all."""

    def __init__(self, bus: str, clock: Callable[[], float]) -> None:
        self._bus = bus
        self._clock = clock
        self._failures = 0
        self.retry_at = 0.0

    def failed(self, error: LinkError, devices: list[str]) -> None:
        """It could not be opened, or broke, and `devices` cannot be read. The first time it is tried again at once."""
        self._failures += 1
        if self._failures > 1:
            self.retry_at = self._clock() + pause_s(self._failures - 1, _WIRE_PAUSE_S)
        if self._failures == 1:
            says = f"{self._bus}: {error}, so nothing is read from {', '.join(devices)}. {error.advice}"
            log.warning("bus_unreachable", bus=self._bus, devices=devices, says=says)

    def good(self) -> None:
        """Something was sent and answered, or at least could have been."""
        self.retry_at = 0.0
        if self._failures:
            self._failures = 0
            log.info("bus_recovered", bus=self._bus, says=f"{self._bus}: connected again")
