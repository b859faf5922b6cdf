"""Subscriptions: what a session asks its broker for, whether it has been granted, and asking until it is."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_AGAIN_S: Final = 10.0
"""How often a subscription that was refused is asked for again [s]."""
_ANYWAY: Final = 3
"""After how many times as long any other is: one that was altered on the way is confirmed as well, for another topic,
and nobody would ever know; altered into a ping, it is never answered."""


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
        self._lock = threading.Lock()
        self._connected = self._granted = self._refused = False
        self._asked_again: set[int] = set()

    def connected(self) -> None:
        """Ask for all of them, over a connection that has logged in."""
        with self._lock:
            self._connected = True
        self.ask()

    def disconnected(self) -> None:
        """Ask for nothing and expect no answer until there is a connection again."""
        with self._lock:
            self._connected = self._granted = self._refused = False
            self._asked_again.clear()

    def ask(self) -> None:
        """Ask for all of them, if there is a connection."""
        with self._lock:
            if self._connected:
                self._client.subscribe(self._wanted)

    def ask_again(self) -> None:
        """Ask for the first once more; the others would bring what is retained each time."""
        with self._lock:  # so that the answer finds its number
            if not self._connected:
                return
            _, mid = self._client.subscribe(*self._wanted[0])
            if mid is not None:
                self._asked_again.add(mid)

    def answered(self, mid: int, reasons: Sequence[Any]) -> Answer | None:
        """Understand an answer of the broker; None for one to `ask_again`, which is no news.

        Raises
        ------
        ValueError
            When it answers something else than was asked.
        """
        with self._lock:
            if mid in self._asked_again:
                self._asked_again.discard(mid)
                return None
            refused = [
                (wanted, str(reason))
                for (wanted, _), reason in zip(self._wanted, reasons, strict=True)
                if reason.is_failure
            ]
            self._refused = reasons[0].is_failure
            self._granted = not self._refused
            return Answer(self._granted, refused)

    def keep(self, ended: threading.Event) -> None:
        """Ask again, now and then, for what was refused or may have been misunderstood, until `ended` is set."""
        turns = 0
        while not ended.wait(_AGAIN_S):
            turns += 1
            if self._granted and turns % _ANYWAY == 0:
                self.ask_again()
            elif self._refused or turns % _ANYWAY == 0:
                self.ask()
