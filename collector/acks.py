"""Acknowledgements to gateways: one under way per outbox, and what becomes safe meanwhile goes with the next."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from telemetry import ACK, Ack, encode, ranges, topic

_PATIENCE_S: Final = 2.0
"""A confirmation that takes longer may have been lost on its way; nothing waits for it any more."""


class Outbox(NamedTuple):
    """Whose batches have numbers of their own."""

    site: str
    gateway: str
    epoch: str


class Safe(NamedTuple):
    """Numbers of batches that are safe."""

    stored: list[int]
    quarantined: list[int]


class Acks:
    """Tells gateways what is safe.

    While the broker has not confirmed the last acknowledgement to an outbox, further ones to it wait and become one.
    Of a backlog, whose confirmations stand in line behind the messages it consists of, that leaves a tenth of them or
    less to make, carry and read; a gateway that is up to date is told at once.

    Thread-safe. `confirmed` never waits for a thread that publishes: the connection calls it, and may hold what that
    thread waits for.

    Parameters
    ----------
    publish_all
        Sends messages (topic, payload); returns the ids of those it takes, which are the first ones.
    clock
        A time that never goes back [s].
    """

    def __init__(
        self,
        publish_all: Callable[[list[tuple[str, bytes]]], list[int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publish_all = publish_all
        self._clock = clock
        self._lock = threading.Lock()
        self._confirmed = deque[int]()
        self._outboxes: dict[int, Outbox] = {}
        self._under_way: dict[Outbox, tuple[int, float]] = {}
        self._waiting: dict[Outbox, Safe] = {}

    def tell(self, safe: Iterable[tuple[Outbox, Safe]]) -> None:
        """Tell outboxes what is safe now, or soon."""
        with self._lock:
            due = []
            for outbox, numbers in safe:
                if outbox in self._under_way:
                    waiting = self._waiting.setdefault(outbox, Safe([], []))
                    waiting.stored.extend(numbers.stored)
                    waiting.quarantined.extend(numbers.quarantined)
                else:
                    due.append((outbox, numbers))
            self._send(due)
        self._take_confirmed()

    def confirmed(self, mids: Iterable[int]) -> None:
        """Hear which messages the broker has; some may be of others."""
        self._confirmed.extend(mids)
        self._take_confirmed()

    def look(self) -> None:
        """Wait no longer for confirmations that do not come; call it now and then."""
        self._give_up(self._clock() - _PATIENCE_S)

    def finish(self) -> None:
        """Wait for no confirmation any more, for the connection is about to end: what waits is told now."""
        self._give_up(self._clock())

    def _give_up(self, late: float) -> None:
        """Wait no longer for confirmations of what was sent until then."""
        with self._lock:
            for outbox in [outbox for outbox, (_, since) in self._under_way.items() if since <= late]:
                mid, _ = self._under_way.pop(outbox)
                self._outboxes.pop(mid, None)
            self._send([(each, self._waiting.pop(each)) for each in [*self._waiting] if each not in self._under_way])
        self._take_confirmed()

    def _take_confirmed(self) -> None:
        # Whoever holds the lock comes here when he has let go of it.
        while self._confirmed and self._lock.acquire(blocking=False):
            try:
                due = []
                while self._confirmed:
                    outbox = self._outboxes.pop(self._confirmed.popleft(), None)
                    if outbox is None:
                        continue
                    del self._under_way[outbox]
                    if outbox in self._waiting:
                        due.append((outbox, self._waiting.pop(outbox)))
                self._send(due)
            finally:
                self._lock.release()

    def _send(self, due: list[tuple[Outbox, Safe]]) -> None:
        if not due:
            return
        mids = self._publish_all(
            [
                (topic(site, gateway, ACK), encode(Ack(epoch, ranges(stored), ranges(quarantined))))
                for (site, gateway, epoch), (stored, quarantined) in due
            ]
        )
        now = self._clock()
        for (outbox, _), mid in zip(due, mids, strict=False):
            self._under_way[outbox] = (mid, now)
            self._outboxes[mid] = outbox
