"""A second gateway under this one's id, as the first of the two can see it: the broker lets only one of them stay.

Both log in under the same client id, so each login ends the other's connection, and each comes back a moment later. An
MQTT 5 broker says so ("Session taken over"); one of 3.1.1 only closes the connection, so there it takes several
connections in a row that end within seconds of their beginning. The collector sees the same from its side: births and
batches whose epochs take turns.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger()

_SHORT_S: Final = 20.0
_SHORT_ONES: Final = 4
_WITHIN_S: Final = 300.0
_KEPT_S: Final = 600.0
_TAKEN_OVER: Final = "taken over"


class Rival:
    """Watches how the connections of one gateway end. Thread-safe as far as its one caller's thread goes.

    Parameters
    ----------
    client_id
        Under which it logs in.
    clock
        A clock that nobody sets [s].
    """

    def __init__(self, client_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client_id = client_id
        self._clock = clock
        self._since: float | None = None
        self._short: deque[float] = deque(maxlen=_SHORT_ONES)
        self._seen_at: float | None = None

    @property
    def seen(self) -> bool:
        """Whether another client took this one's place at the broker in the last ten minutes."""
        return self._seen_at is not None and self._clock() - self._seen_at < _KEPT_S

    def logged_in(self) -> None:
        """A connection is up."""
        self._since = self._clock()

    def cut_off(self, reason: str) -> None:
        """A connection has ended, and we did not end it; `reason` as the MQTT client tells it."""
        now, since = self._clock(), self._since
        self._since = None
        told = _TAKEN_OVER in reason.lower()
        if since is not None and now - since < _SHORT_S:
            self._short.append(now)
        again = len(self._short) == _SHORT_ONES and now - self._short[0] < _WITHIN_S
        if not told and not again:
            return
        if not self.seen:
            log.error(
                "gateway_id_twice", client_id=self._client_id, reason=reason,
                advice="another client logs in under this id; give each gateway an id of its own in its site file",
            )  # fmt: skip
        self._seen_at = now
