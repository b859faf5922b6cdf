"""What came and found no room: which gateways to ask for it again, once there is some."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from collector.inbox import Delivery
from collector.intake import glance

_MOST: Final = 50_000
"""Outboxes that are remembered: several times a city's gateways, 12 MB. What was declined of another is sent again by
itself, only later."""

Outbox = tuple[str, str, str]
"""Site, gateway, epoch."""


class Declined:
    """One span of numbers per outbox, however much was declined: bounded by the number of outboxes. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[Outbox, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._spans)

    def note(self, deliveries: Sequence[Delivery]) -> None:
        """Remember deliveries that found no room."""
        for delivery in deliveries:
            sender = glance(delivery.topic, delivery.payload)
            if sender is None:
                continue  # whoever sent it sends it again, or not, as it likes
            key, seq = (sender.site, sender.gateway, sender.epoch), sender.seq
            with self._lock:
                if key not in self._spans and len(self._spans) >= _MOST:
                    del self._spans[next(iter(self._spans))]
                first, last = self._spans.get(key, (seq, seq))
                self._spans[key] = (min(first, seq), max(last, seq))

    def take(self, room: int) -> dict[Outbox, tuple[int, int]]:
        """Take the spans, oldest first, that `room` messages have room for; one at least."""
        taken: dict[Outbox, tuple[int, int]] = {}
        with self._lock:
            while self._spans and (room > 0 or not taken):
                key = next(iter(self._spans))
                first, last = taken[key] = self._spans.pop(key)
                room -= last - first + 1
        return taken
