"""What is in flight between outbox and collector, and what goes next."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from edge.outbox import Outbox, Pending

_LONGEST_BACKOFF: Final = 16
"""Resends wait at most this many times ``resend_after_s``."""
_LAG: Final = 4
"""Windows of new batches that may wait before the oldest of them are left to the backlog."""


class _Flight(msgspec.Struct):
    due: float
    tries: int
    live: bool


class Window:
    """Batches sent and not yet acknowledged, at most `size` of them. Not thread-safe.

    With `live_first`, batches put since the connection came up go before the backlog that was waiting then; a quarter
    of the window is kept for them, and a quarter for the backlog, so that neither ever waits for the other to end.
    When new batches are put faster than they leave, the backlog takes over all but the newest. Each of the two goes
    in order. Without `live_first`, everything goes in order.

    Parameters
    ----------
    size
        Most batches in flight.
    resend_after_s
        How long an acknowledgement may take before a batch is sent again [s]; doubled with each try, with jitter.
    live_first
        Prefer what is new.
    """

    def __init__(self, size: int, resend_after_s: float, *, live_first: bool = True) -> None:
        self._size = size
        self._share = max(1, size // 4) if live_first and size > 1 else 0
        self._resend_after_s = resend_after_s
        self._live_first = live_first
        self._flights: dict[int, _Flight] = {}
        self._sent_live = 0
        self._sent_backlog = 0
        self._backlog_to = 0

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, seq: object) -> bool:
        return seq in self._flights

    def connected(self, newest: int) -> None:
        """Begin with a new connection: all that waits is backlog; what is in flight stays so (see `due_now`)."""
        self._sent_backlog = 0
        self._sent_live = self._backlog_to = newest

    def fresh(self, outbox: Outbox) -> list[Pending]:
        """Batches to send now for the first time on this connection, as many as the window has room for."""
        newest = outbox.last_seq
        if not self._live_first:
            self._backlog_to = newest
            return self._backlog(outbox, self._size)
        if newest - self._sent_live > _LAG * self._size:
            self._backlog_to = self._sent_live = newest - self._size
        live_flights = sum(flight.live for flight in self._flights.values())
        backlog = self._backlog(outbox, self._size - self._share - (len(self._flights) - live_flights))
        waiting = bool(backlog) or len(self._flights) > live_flights
        room = min(
            self._size - len(self._flights) - len(backlog),
            (self._size - self._share if waiting else self._size) - live_flights,
        )
        live = outbox.after(self._sent_live, limit=room) if room > 0 else []
        return live + backlog

    def _backlog(self, outbox: Outbox, room: int) -> list[Pending]:
        room = min(room, self._size - len(self._flights))
        if room <= 0 or self._sent_backlog >= self._backlog_to:
            return []
        found = outbox.after(self._sent_backlog, upto=self._backlog_to, limit=room + len(self._flights))
        if not found:
            self._sent_backlog = self._backlog_to
        return [batch for batch in found if batch.seq not in self._flights][:room]

    def sent(self, seq: int, now: float) -> None:
        """Note that a batch has been handed to the connection at `now` [s, monotonic]."""
        flight = self._flights.get(seq)
        if flight is None:
            live = self._live_first and seq > self._backlog_to
            flight = self._flights[seq] = _Flight(0.0, 0, live)
            if live:
                self._sent_live = max(self._sent_live, seq)
            else:
                self._sent_backlog = max(self._sent_backlog, seq)
        wait = self._resend_after_s * min(2**flight.tries, _LONGEST_BACKOFF)
        flight.tries += 1
        flight.due = now + wait * random.uniform(1.0, 1.25)  # noqa: S311 - jitter, no secret

    def due(self, now: float) -> list[int]:
        """Batches whose acknowledgement is overdue, in order."""
        return sorted(seq for seq, flight in self._flights.items() if flight.due <= now)

    def next_due(self) -> float | None:
        """When the next batch will be overdue [s, monotonic]; None with nothing in flight."""
        return min((flight.due for flight in self._flights.values()), default=None)

    def due_now(self, seqs: Iterable[int], now: float) -> None:
        """Make batches overdue: what the last connection had taken may be lost with it."""
        for seq in seqs:
            self._flights[seq].due = now
            self._flights[seq].tries = 0

    def landed(self, spans: Sequence[tuple[int, int]], now: float) -> list[int]:
        """Let acknowledged batches go and return them.

        An acknowledgement also proves the road open, so nothing else waits out a long back-off.
        """
        gone = [seq for seq in self._flights if any(first <= seq <= last for first, last in spans)]
        for seq in gone:
            del self._flights[seq]
        if gone:
            for flight in self._flights.values():
                flight.due = min(flight.due, now + self._resend_after_s)
        return gone

    def forget(self, seq: int) -> None:
        """Let go of a batch that the outbox no longer has."""
        self._flights.pop(seq, None)
