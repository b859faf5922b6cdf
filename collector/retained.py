"""Retained messages: what a broker keeps comes with every subscription, and must not be taken for news each time."""

from __future__ import annotations

from typing import Final

from telemetry import Publish

_MOST: Final = 10_000


class Retained:
    """Remembers the retained messages that were taken last, by topic.

    Readings that somebody had the broker retain, for no good, would overwrite time and again what has been corrected
    since.
    """

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def known(self, message: Publish) -> bool:
        """Note a retained message; True when it was noted before, and no other of its topic since."""
        digest = hash(message.payload)
        known = self._taken.pop(message.topic, None) == digest
        self._taken[message.topic] = digest
        if len(self._taken) > _MOST:
            del self._taken[next(iter(self._taken))]
        return known and not message.dup

    def forget(self, topic: str) -> None:
        """Take the message of a topic for news again: it was not kept."""
        self._taken.pop(topic, None)
