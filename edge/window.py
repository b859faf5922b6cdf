"""What is in flight between outbox and collector, and what goes next."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from edge.outbox import Outbox, Pending

_LONGEST_BACKOFF: Final = 4
"""Resends wait at most this many times ``resend_after_s``: so late a collector may be heard of that the broker never
knew, and so had nothing kept for it."""
_LAG: Final = 4
"""Windows of new batches that may wait before the oldest of them are left to the backlog."""
_PAGE: Final = 128
_PAGE_BYTES: Final = 2_000_000
_FLIGHT_BYTES: Final = 4_000_000
"""Most of the backlog that is in memory ahead of its turn, and in flight [bytes]; one batch always may."""
_MOST_BYTES: Final = 8_000_000
"""Most of both, new batches and backlog, that is in flight [bytes]: what the road does not take, memory must hold."""
_FIRST_PACE: Final = 32
_QUICK_S: Final = 0.25
_SLOW_S: Final = 0.5
"""The backlog takes more of the window while it is acknowledged within the one, less when not within the other [s]."""
_SILENT_S: Final = 3.0
"""When nothing has been acknowledged for so long, the store is away: whatever is sent now only queues up before it."""


class _Flight(msgspec.Struct):
    due: float
    tries: int
    live: bool
    sent: float
    size: int
    wanted: bool = False


class Window:
    """Batches sent and not yet acknowledged, at most `size` of them. Not thread-safe.

    With `live_first`, batches put since the connection came up go before the backlog that was waiting then; a quarter
    of the window is kept for them, and a quarter for the backlog, so that neither ever waits for the other to end.
    When new batches are put faster than they leave, the backlog takes over all but the newest. Each of the two goes
    in order. Without `live_first`, everything goes in order.

    What is in flight of the backlog stands before the next new batch on the line. So the backlog's share follows the
    line: it grows with quick acknowledgements and is halved by slow ones.

    While nothing is acknowledged at all (the broker takes batches, but the store behind it is away), what is sent
    would stand in line before everything that is new when the store returns. So only a few new batches more are sent
    then, and of what is overdue one at a time: it asks whether the road is open. The oldest begins, then they take
    turns, for one of them may be what is never answered. Once something is acknowledged, all but the newest of what
    waits is backlog.

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
        self._few = max(1, size // 16)
        self._resend_after_s = resend_after_s
        self._live_first = live_first
        self._flights: dict[int, _Flight] = {}
        self._held: set[int] = set()
        self._bytes = 0
        self._live_flights = 0
        self._sent_live = 0
        self._backlog_to = 0
        self._ahead: deque[Pending] = deque()
        self._read_to = 0
        self._pace = float(min(size, _FIRST_PACE))
        self._slowed = 0.0
        self._heard = 0.0
        self._asked = 0
        self._anew = False

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, seq: object) -> bool:
        return seq in self._flights

    def connected(self, newest: int) -> None:
        """Begin with a new connection: all that waits is backlog; what is in flight stays so (see `due_now`)."""
        self._ahead.clear()
        self._read_to = 0
        self._sent_live = self._backlog_to = newest

    def fresh(self, outbox: Outbox, now: float) -> list[Pending]:
        """Batches to send at `now` for the first time on this connection, as many as the window has room for."""
        newest = outbox.last_seq
        if not self._live_first:
            self._backlog_to = newest
            return self._backlog(outbox, self._size - len(self._flights))
        self._leave_behind(newest)
        old = len(self._flights) - self._live_flights
        if self._silent(now):
            backlog, live_most = [], self._few
        else:
            backlog = self._backlog(outbox, min(self._size - self._share, int(self._pace)) - old)
            live_most = self._size - self._share if backlog or old else self._size
        room = min(self._size - len(self._flights) - len(backlog), live_most - self._live_flights)
        left = _MOST_BYTES - self._bytes - sum(len(batch.payload) for batch in backlog)
        if room <= 0 or newest <= self._sent_live or (left <= 0 and self._live_flights):
            return backlog
        try:
            return outbox.after(self._sent_live, limit=room, most_bytes=max(1, left)) + backlog
        except BaseException:
            self._ahead.extendleft(reversed(backlog))
            raise

    def _leave_behind(self, newest: int) -> None:
        """Make backlog of what waits, but for the newest, after a silence or when it has become too much."""
        keep = self._few if self._anew else self._size
        if newest - self._sent_live > (keep if self._anew else _LAG * self._size):
            self._backlog_to = self._sent_live = newest - keep
        self._anew = False

    def _silent(self, now: float) -> bool:
        return self._live_first and bool(self._flights) and now - self._heard > _SILENT_S

    def _backlog(self, outbox: Outbox, room: int) -> list[Pending]:
        room = min(room, self._size - len(self._flights))
        found: list[Pending] = []
        size = self._bytes
        while len(found) < room and (size < _FLIGHT_BYTES or not (found or self._flights)) and self._filled(outbox):
            batch = self._ahead.popleft()
            if batch.seq not in self._flights and batch.seq not in self._held:
                found.append(batch)
                size += len(batch.payload)
        return found

    def _filled(self, outbox: Outbox) -> bool:
        """Read ahead in the backlog when nothing is left of what was read; False when nothing waits there."""
        if not self._ahead and self._read_to < self._backlog_to:
            self._ahead.extend(outbox.after(self._read_to, upto=self._backlog_to, limit=_PAGE, most_bytes=_PAGE_BYTES))
            self._read_to = self._ahead[-1].seq if self._ahead else self._backlog_to
        return bool(self._ahead)

    def sent(self, seq: int, now: float, size: int = 0) -> None:
        """Note that a batch of `size` [bytes] has been handed to the connection at `now` [s, monotonic]."""
        if not self._flights:
            self._heard = now
        flight = self._flights.get(seq)
        if flight is None:
            live = self._live_first and seq > self._backlog_to
            flight = self._flights[seq] = _Flight(0.0, 0, live, now, size)
            self._bytes += size
            if live:
                self._live_flights += 1
                self._sent_live = max(self._sent_live, seq)
        wait = self._resend_after_s * min(2**flight.tries, _LONGEST_BACKOFF)
        if flight.tries and self._silent(now):
            self._asked = seq
        flight.tries += 1
        flight.wanted = False
        flight.due = now + wait * random.uniform(1.0, 1.25)  # noqa: S311 - jitter, no secret

    def hold(self, seq: int) -> None:
        """Leave a batch out of all that is sent, until `release`."""
        self.forget(seq)
        self._held.add(seq)
        if self._live_first and seq > self._backlog_to:
            self._sent_live = max(self._sent_live, seq)

    def release(self) -> None:
        """Make backlog of what was left out."""
        if self._held:
            self._backlog_to = max(self._backlog_to, *self._held)
            self._held.clear()
            self._ahead.clear()
            self._read_to = 0

    @property
    def held(self) -> int:
        """Batches that are left out."""
        return len(self._held)

    def due(self, now: float) -> list[int]:
        """Batches whose acknowledgement is overdue, in order; in a silence only one, and what was asked for."""
        return sorted(seq for seq in self._awaited(now) if self._flights[seq].due <= now)

    def next_due(self, now: float) -> float | None:
        """When the next batch will be overdue [s, monotonic]; None with nothing in flight."""
        return min((self._flights[seq].due for seq in self._awaited(now)), default=None)

    def _awaited(self, now: float) -> Iterable[int]:
        if not self._silent(now):
            return self._flights
        asks = self._asking(now)
        return [seq for seq, flight in self._flights.items() if seq == asks or flight.wanted]

    def _asking(self, now: float) -> int:
        """Whose turn it is to ask whether the road is open."""
        asked = self._flights.get(self._asked)
        if asked is not None and asked.due > now:
            return self._asked
        return min((seq for seq in self._flights if seq > self._asked), default=min(self._flights))

    def due_now(self, seqs: Iterable[int], now: float) -> None:
        """Make batches overdue: what the last connection had taken may be lost with it."""
        for seq in seqs:
            self._flights[seq].due = now
            self._flights[seq].tries = 0
            self._flights[seq].wanted = True

    def declined(self, spans: Sequence[tuple[int, int]], now: float) -> None:
        """Make batches overdue that the collector had no room for, and now has."""
        self.due_now([seq for seq in self._flights if any(first <= seq <= last for first, last in spans)], now)

    def landed(self, spans: Sequence[tuple[int, int]], now: float) -> list[int]:
        """Let acknowledged batches go and return them.

        An acknowledgement also proves the road open, so nothing else waits out a long back-off.
        """
        gone = [seq for seq in self._flights if any(first <= seq <= last for first, last in spans)]
        self._held = {seq for seq in self._held if not any(first <= seq <= last for first, last in spans)}
        ended = bool(gone) and self._silent(now)
        for seq in gone:
            flight = self._flights[seq]
            self.forget(seq)
            if not flight.live and flight.tries == 1:
                self._keep_pace(flight.sent, now)
        if gone:
            self._heard = now
            self._asked = 0
            for flight in self._flights.values():
                flight.due = min(flight.due, now + self._resend_after_s)
        if ended:
            self._break_silence(now)
        return gone

    def _break_silence(self, now: float) -> None:
        """Give what is in flight, unless it was lost, time to be acknowledged too; leave its places to what is new."""
        for flight in self._flights.values():
            flight.live = False
            if not flight.wanted:
                flight.due = now + self._resend_after_s * random.uniform(0.25, 0.3)  # noqa: S311 - jitter, no secret
        self._live_flights = 0
        self._anew = True

    def _keep_pace(self, sent: float, now: float) -> None:
        if now - sent < _QUICK_S:
            self._pace = min(self._pace + 1, float(self._size))
        elif now - sent > _SLOW_S and sent >= self._slowed:
            self._pace = max(self._pace / 2, float(max(1, self._share // 4)))
            self._slowed = now

    def forget(self, seq: int) -> None:
        """Let go of a batch that the outbox no longer has."""
        flight = self._flights.pop(seq, None)
        if flight is not None:
            self._bytes -= flight.size
            self._live_flights -= flight.live
