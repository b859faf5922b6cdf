"""One rolls at a time: who does says so, and the others leave it to it.

Two that rolled a window at once could end with the row of the one that had read less, while the other worked off the
note of what that row lacks. And a city's roll-ups are minutes of work, which every worker would do.

A claim is a point of the measurement ``_rolling``: its tag is who makes it, its only field a number that changes while
it rolls and is 0 when it does not. First it claims, then it looks: of two that begin together, at least one sees the
other, and withdraws. A claim that nobody saw change for minutes is of a process that died; one that stood still for
half as long gives up. So nothing hangs on clocks that agree.

The minutes are not there for the work, which is told of every ten seconds, but for what can hold up a write of rows
after the last look: the request itself (half a minute until it is given up, and the server may go on with it), and a
process or a computer that is suspended. A shorter wait would need no less of these and gain little: nothing but
roll-ups is late meanwhile.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Final

from storage.errors import StoreError, StoreUnavailableError
from storage.influx.influxql import ANY, identifier
from storage.influx.server import Server

CLAIMS: Final = "_rolling"
_DEAD_S: Final = 180.0
_STILL_S: Final = 90.0
_RENEW_S: Final = 10.0


class Claims:
    """The claims of one process, and what it has seen of others'."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._me = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._time = 0
        self._number = 0
        self._renewed = 0.0
        self._seen: dict[str, tuple[int, float]] = {}

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Claim to be the only one that rolls until the end of the block; false when another does."""
        with contextlib.ExitStack() as stack:
            mine = self._lock.acquire(blocking=False)
            if mine:
                stack.callback(self._lock.release)
                mine = not self._others()
            if mine:
                self._claim()
                stack.callback(self._withdraw)
                mine = not self._others()
            yield mine

    def renew(self) -> None:
        """Say that this process still rolls; before anything is written, and now and then.

        Raises
        ------
        StoreUnavailableError
            When it did not for so long that another may have begun.
        """
        still = time.monotonic() - self._renewed
        if still > _STILL_S:
            raise StoreUnavailableError(
                f"rolling up at {self._server.url} stood still for {still:.0f} s; it is left to whoever is next"
            )
        if still > _RENEW_S:
            self._claim()

    def _claim(self) -> None:
        began = time.monotonic()
        self._number += 1
        self._say(self._number)
        self._renewed = began

    def _withdraw(self) -> None:
        # A server that is gone learns from the silence.
        with contextlib.suppress(StoreError):
            self._say(0)

    def _say(self, number: int) -> None:
        self._time = max(time.time_ns() // 1_000_000, self._time + 1)
        refusal = self._server.write([f"{CLAIMS},worker={self._me} number={number}i {self._time}000000"])
        if refusal is not None:
            raise StoreError(f"InfluxDB at {self._server.url} refuses to note who rolls up ({refusal.reason})")

    def _others(self) -> bool:
        """Whether another process rolls."""
        statement = f"SELECT last(number) FROM {identifier(CLAIMS)} GROUP BY worker"  # noqa: S608 - our own words
        numbers = {
            rows.tags["worker"]: int(number)
            for _, rows in self._server.query(statement, ANY.decode)
            for _, number in rows.values
            if isinstance(number, (int, float)) and number and rows.tags["worker"] != self._me
        }
        now = time.monotonic()
        before, self._seen = self._seen, {}
        for worker, number in numbers.items():
            last, since = before.get(worker, (0, now))
            self._seen[worker] = (number, since if last == number else now)
        return any(now - since < _DEAD_S for _, since in self._seen.values())
