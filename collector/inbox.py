"""The inbox: what the broker has delivered and the store has not taken yet, bounded in memory."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple


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
    """

    topic: str
    payload: bytes
    received: int
    mid: int
    qos: int
    connection: int
    dup: bool = False


class Inbox:
    """First in, first out, between the connection's thread and the writer's. Never blocks who puts.

    Blocking would hold up the connection's pings, and the broker would end the session.
    """

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, delivery: Delivery) -> bool:
        """Keep a delivery for the writer; False when there is no room for it."""
        with self._changed:
            size = self._bytes + len(delivery.payload)
            if self._waiting and (len(self._waiting) >= self._max_messages or size > self._max_bytes):
                return False
            self._waiting.append(delivery)
            self._bytes = size
            self._changed.notify()
            return True

    def take(self, most: int) -> list[Delivery]:
        """Wait for deliveries and take all, at most `most`; empty when the inbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return []
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(len(delivery.payload) for delivery in taken)
            return taken

    def close(self) -> None:
        """Let the writer go; what waits has not been acknowledged and is delivered again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
