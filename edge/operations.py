"""What runs beside the agent's work for those who look after it: the endpoint, and the signs of life for systemd."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import structlog

from edge.endpoint import Endpoint, EndpointError, serving
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.vitals import Vitals
from edge.watchdog import Watchdog
from telemetry import Quality

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 1.0
_POLLS_STOPPED_S: Final = 900.0
"""Longer than the longest pause of a silent device: without any poll for so long, something of ours is stuck [s]."""
_UNSEEN: Final = (0, 0)
_NO_ANSWER: Final = (Quality.TIMEOUT, Quality.CONNECT, Quality.EXCEPTION, Quality.FRAME, Quality.STALE)


class Health(Protocol):
    """A device's errors so far, by reason."""

    errors: Counter[Quality]


class Device(Protocol):
    """A polled device, as far as this needs it; `polls` counts the tries."""

    id: str
    polls: int

    @property
    def health(self) -> Health:
        """How it fares."""
        ...


class VitalSigns:
    """Watches an agent at work.

    Parameters
    ----------
    outbox
        Its outbox.
    publisher
        Its publisher, asked for at each look: a reloaded site file may bring another.
    devices
        Its devices, likewise.
    lateness_s
        What 99 % of its polls began late at most [s].
    longest_period_s
        Longest time between two polls of a healthy device [s].
    clock
        Time now [ms since 1970-01-01 UTC].
    monotonic
        A clock that nobody sets [s].
    """

    def __init__(
        self,
        outbox: Outbox,
        publisher: Callable[[], Publisher],
        devices: Callable[[], Iterable[Device]],
        *,
        lateness_s: Callable[[], float] = lambda: 0.0,
        longest_period_s: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._devices = devices
        self._lateness_s = lateness_s
        self._longest_period_s = longest_period_s
        self._clock = clock
        self._monotonic = monotonic
        self._seen: dict[str, tuple[int, int]] = {}
        self._polled_at = monotonic()
        self._answered_at: float | None = None

    def look(self) -> None:
        """Note which devices were polled since the last look, and whether one answered."""
        now = self._monotonic()
        before, seen = self._seen, {}
        for device in self._devices():
            errors = device.health.errors
            polls, failed = seen[device.id] = device.polls, _unanswered(errors) if errors else 0
            polls_before, failed_before = before.get(device.id, _UNSEEN)
            if polls != polls_before:
                self._polled_at = now
                if failed == failed_before:
                    self._answered_at = now
        self._seen = seen

    def stuck(self) -> str:
        """Why this agent no longer works although its loop turns; empty while it does, or has nothing to poll."""
        still = self._monotonic() - self._polled_at
        if self._seen and still > max(_POLLS_STOPPED_S, 3 * self._longest_period_s()):
            return f"no device has been polled for {still:.0f} s"
        return ""

    def vitals(self) -> Vitals:
        """How the gateway is now.

        Raises
        ------
        OutboxError
            When the outbox cannot say.
        """
        counters, oldest, publisher = self._outbox.counters, self._outbox.oldest, self._publisher()
        answered = self._answered_at
        return Vitals(
            connected=publisher.connected,
            read=counters.read,
            stored=counters.stored,
            quarantined=counters.quarantined,
            gaps=counters.gap,
            depth=counters.batches,
            bytes=counters.bytes,
            oldest_age_s=max(0.0, (self._clock() - oldest) / 1000) if oldest is not None else 0.0,
            published=publisher.published,
            acked=publisher.acked,
            lateness_s=self._lateness_s(),
            poll_age_s=self._monotonic() - answered if answered is not None else None,
            errors={
                (device.id, reason.value): count
                for device in self._devices()
                for reason, count in sorted(device.health.errors.items())
            },
            id_twice=publisher.rival.seen,
            held=publisher.held,
        )


async def attend(signs: VitalSigns, endpoint: Endpoint | None, watchdog: Watchdog | None = None) -> None:
    """Look at the signs, serve them, and tell systemd, until cancelled.

    An address that cannot be listened on is told and gone without: measuring goes on.
    """
    watchdog = watchdog or Watchdog.from_environment()
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(serving(endpoint, signs.vitals))
        except EndpointError as error:
            log.error("endpoint_failed", says=str(error))  # noqa: TRY400 - expected
        watchdog.ready()
        try:
            await asyncio.gather(_look(signs), watchdog.run(signs.stuck))
        finally:
            watchdog.stopping()


async def _look(signs: VitalSigns) -> None:
    while True:
        signs.look()
        await asyncio.sleep(_LOOK_EVERY_S)


def _unanswered(errors: Counter[Quality]) -> int:
    return sum(count for reason, count in errors.items() if reason in _NO_ANSWER)
