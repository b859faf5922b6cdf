"""Subscriptions: what a session asks its broker for, and whether it has been granted."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from paho.mqtt.client import Client


class Answer(NamedTuple):
    """What a broker said: whether the first subscription is granted, and which are not (filter, reason)."""

    granted: bool
    refused: list[tuple[str, str]]


class Subscriptions:
    """Topic filters of one client.

    Parameters
    ----------
    client
        Whose.
    first
        The one that matters.
    also
        Further ones.
    at_most_once
        Those of them that are subscribed to at QoS 0; the others at QoS 1.
    """

    def __init__(self, client: Client, first: str, also: Sequence[str], at_most_once: Collection[str]) -> None:
        self._client = client
        self.first = first
        self._wanted = [(each, 0 if each in at_most_once else 1) for each in (first, *also)]
        self._asked_again: set[int] = set()
        self._asking = threading.Lock()

    def ask(self) -> None:
        """Ask for all of them."""
        self._client.subscribe(self._wanted)

    def ask_again(self) -> None:
        """Ask for the first once more; the others would bring what is retained each time."""
        with self._asking:  # so that the answer finds its number
            _, mid = self._client.subscribe(*self._wanted[0])
            if mid is not None:
                self._asked_again.add(mid)

    def answered(self, mid: int, reasons: Sequence[Any]) -> Answer | None:
        """Understand an answer of the broker; None for one to `ask_again`, which is no news."""
        with self._asking:
            if mid in self._asked_again:
                self._asked_again.discard(mid)
                return None
        refused = [
            (wanted, str(reason))
            for (wanted, _), reason in zip(self._wanted, reasons, strict=True)
            if reason.is_failure
        ]
        return Answer(not reasons[0].is_failure, refused)

    def forget(self) -> None:
        """Expect no answer any more: the connection has ended."""
        self._asked_again.clear()
