"""Batches that are larger than the broker takes: seen because the connection ends whenever one is sent.

An MQTT 5 broker may tell its limit when it lets us in; one of 3.1.1 only ends the connection. The next one begins with
what was not confirmed, so that a single such batch would keep everything behind it from leaving, for good. Held back it
waits in the outbox, all else is sent, and now and then it is tried again: somebody may have raised the limit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

import structlog

from telemetry import MAX_BYTES

log = structlog.get_logger()

_SMALL: Final = 16_384
"""No broker in use refuses this much; a connection that ends over it has another reason [bytes]."""
_TIMES: Final = 2
"""Connections in a row that end over something large, until that is taken for the reason."""
_FIRST_WAIT_S: Final = 60.0
_LONGEST_WAIT_S: Final = 1800.0
_PACKET_BYTES: Final = 10
"""What a packet has beside its topic and payload, at most [bytes]."""
_SAYS_SO: Final = "too large"
_OTHERWISE: Final = ("taken over", "shutting down", "keep alive")
"""What an MQTT 5 broker may give as the reason instead."""
_ADVICE: Final = (
    "raise the broker's limit (mosquitto: max_packet_size, EMQX: mqtt.max_packet_size); "
    "until then such batches wait in the outbox, and all else is sent"
)


class Oversize:
    """What size of batches is held back. Thread-safe.

    Parameters
    ----------
    topic
        Under which batches are sent.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._lock = threading.Lock()
        self._granted: int | None = None
        self._limit: int | None = None
        self._culprit = 0
        self._taken = _SMALL
        self._times = 0
        self._wait_s = _FIRST_WAIT_S
        self._until = 0.0
        self._told = False

    def holds(self, size: int) -> bool:
        """Whether a batch of this size [bytes] is not to be sent now."""
        with self._lock:
            beyond_grant = self._granted is not None and size > self._granted
            if beyond_grant:
                self._tell(size)
            return beyond_grant or (self._limit is not None and size >= self._limit)

    def connected(self, granted: Mapping[str, Any]) -> None:
        """Take in what a broker told of its limits when it let us in."""
        with self._lock:
            most = granted.get("MaximumPacketSize")
            fits = None if most is None else most - len(self._topic) - _PACKET_BYTES
            if fits != self._granted:
                self._granted, self._told = fits, False
            self._taken = _SMALL

    def taken(self, size: int) -> None:
        """A batch of this size [bytes] was acknowledged, so this broker takes such."""
        with self._lock:
            self._taken = max(self._taken, size)
            if 0 < self._culprit <= size:
                self._forget()

    def cut_off(self, sizes: Iterable[int], reason: str, now: float) -> bool:
        """The connection has ended, and of batches of these sizes [bytes] the broker had not confirmed any.

        Parameters
        ----------
        sizes
            Of all that were on their way.
        reason
            As the MQTT client tells it.
        now
            Of any clock that nobody sets [s].

        Returns
        -------
        bool
            Whether that may be why.
        """
        with self._lock:
            size, told = max(sizes, default=0), _SAYS_SO in reason.lower()
            if size <= self._taken or any(other in reason.lower() for other in _OTHERWISE):
                self._times = 0
                return False
            self._times += 1
            if self._times >= _TIMES or told or self._limit is not None:
                # Half of it, or others that are hardly smaller would end the next connections one by one.
                self._limit, self._culprit = max(self._taken + 1, size // 2), size
                self._until = now + self._wait_s
                self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
                self._tell(size)
            return True

    def lifted(self, now: float) -> bool:
        """Whether something that was held back is to be tried at `now` [s]."""
        with self._lock:
            if self._limit is None or now < self._until:
                return False
            self._limit *= 2
            self._until = now + self._wait_s
            if self._limit > MAX_BYTES:
                self._limit = None
            return True

    def _forget(self) -> None:
        self._limit, self._culprit = None, 0
        self._times = 0
        self._wait_s = _FIRST_WAIT_S
        self._told = False

    def _tell(self, size: int) -> None:
        if not self._told:
            self._told = True
            log.error("batch_too_large", topic=self._topic, bytes=size, advice=_ADVICE)
