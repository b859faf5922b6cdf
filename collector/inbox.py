"""The inbox: what the broker has delivered and the store has not taken yet, bounded in memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

_INTERVAL_S: Final = 0.010
_MOST_BYTES: Final = 2_500_000
"""What is taken at once [bytes], one message at least; decoded and on its way to the store it takes ten times that."""
_PATIENCE_S: Final = 3.0
"""A writer that has not taken anything for so long has stopped."""


class Delivery(NamedTuple):
    """One MQTT message as it came.

    Attributes
    ----------
    topic, payload
        What came.
    received
        When [ms since 1970-01-01 UTC].
    mid, qos, connection
        What is needed to acknowledge it to the broker: its id, which is valid on its connection only.
    dup
        The broker sends it again of its own accord.
    foreign
        It comes from no gateway, but by a mapping, over a session of its own.
    left_out
        How much of the payload was not kept, because it is longer than any that is taken [bytes].
    """

    topic: str
    payload: bytes
    received: int
    mid: int
    qos: int
    connection: int
    dup: bool = False
    foreign: bool = False
    left_out: int = 0


class Inbox:
    """First in, first out, between the connection's thread and the writer's.

    A full inbox lets who puts wait while the writer keeps taking: TCP then slows the broker down. It never lets it wait
    for a writer that has stopped, for that would hold up the connection's pings, and the broker would end the session.
    """

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self.most = max_messages
        self._max_bytes = max_bytes
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._closed = False
        self._taken_at = time.monotonic()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        """For how many messages there is room, about: those that wait now are the measure of their size."""
        free = 1 - self._bytes / self._max_bytes
        return max(0, min(self.most - len(self._waiting), int(free * self.most)))

    @property
    def closed(self) -> bool:
        """Whether the writer is to end."""
        return self._closed

    @property
    def bytes(self) -> int:
        """What waits [bytes]."""
        return self._bytes

    def put(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Keep deliveries for the writer; returns those for which there is no room."""
        with self._changed:
            for index, delivery in enumerate(deliveries):
                while not self._room(delivery):
                    patience = self._taken_at + _PATIENCE_S - time.monotonic()
                    if self._closed or patience <= 0:
                        return deliveries[index:]
                    self._changed.wait(patience)
                self._waiting.append(delivery)
                self._bytes += len(delivery.payload)
                if len(self._waiting) == 1:
                    self._changed.notify()
            return []

    def _room(self, delivery: Delivery) -> bool:
        if not self._waiting:
            return True
        return len(self._waiting) < self.most and self._bytes + len(delivery.payload) <= self._max_bytes

    def take(self, most: int) -> list[Delivery]:
        """Wait for deliveries and take all, at most `most` and 2.5 MB; empty when the inbox is closed.

        What comes after a silence is given at once; then at intervals of 10 ms at least, so that under load a commit,
        which costs the same for one message as for thirty, is of many.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
        pause = self._taken_at + _INTERVAL_S - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        with self._changed:
            if self._closed:
                return []
            self._taken_at = time.monotonic()
            taken: list[Delivery] = []
            size = 0
            while self._waiting and len(taken) < most and size < _MOST_BYTES:
                taken.append(self._waiting.popleft())
                size += len(taken[-1].payload)
            self._bytes -= size
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Let the writer go; what waits has not been acknowledged and is delivered again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
