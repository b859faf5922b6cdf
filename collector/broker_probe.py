"""Trying what no broker tells: how much it keeps for a client that is behind, and whether the largest batch passes."""

from __future__ import annotations

import threading
from typing import Any, Final

import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from telemetry import MAX_BYTES, Broker, new_client, topic

log = structlog.get_logger()

PROBE: Final = "probe"
PROBE_MESSAGES: Final = 1_000
"""What a broker should keep for a collector that is away: of a factory's gateways minutes."""
_MESSAGE_BYTES: Final = 1_000
_ALLOWED: Final = 128
"""Reason codes from here on are refusals (MQTT 5, 2.4)."""
_HEADER_BYTES: Final = 1024
_PATIENCE_S: Final = 5.0
_SILENCE_S: Final = 0.75
_SESSION_S: Final = 30


class Probed(msgspec.Struct, frozen=True):
    """What was found out by trying.

    Attributes
    ----------
    queue
        Of `PROBE_MESSAGES` messages of 1 kB for a client that confirms none, how many were kept; None when not tried.
    largest
        Whether a message of `MAX_BYTES` bytes came through; None when not tried.
    problem
        Why something was not tried.
    """

    queue: int | None = None
    largest: bool | None = None
    problem: str = ""


def probe(broker: Broker, client_id: str) -> Probed:
    """Send oneself messages, confirm none until all are sent, and count what comes; 2 MB in all, on a topic of its own.

    It is done under an identity of its own. Where the broker makes the collector's of it (from the certificate) and
    keeps a session for that, nothing is tried: what waits in it is worth more.
    """
    return _Attempt(msgspec.structs.replace(broker, protocol="5"), f"{client_id}-{PROBE}").made()


class _Attempt:
    def __init__(self, broker: Broker, client_id: str) -> None:
        self._topic = topic(PROBE, client_id, PROBE)
        self._broker = broker
        self._ready, self._sent, self._news = threading.Event(), threading.Event(), threading.Event()
        self._problem = ""
        self._over = self._kept_session = self._refused = False
        self._most: int | None = None
        self._confirmed = 0
        self._received: list[Any] = []
        self._client = client = new_client(broker, client_id, manual_ack=True)
        client.max_inflight_messages_set(100)
        client.on_connect, client.on_connect_fail = self._connected, self._lost
        client.on_disconnect = self._lost
        client.on_subscribe, client.on_publish, client.on_message = self._subscribed, self._taken, self._came

    def made(self) -> Probed:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        properties.ReceiveMaximum = 1
        self._client.connect_async(
            self._broker.host, self._broker.port, self._broker.keepalive_s, clean_start=False, properties=properties
        )
        self._client.loop_start()
        try:
            if not self._ready.wait(_PATIENCE_S):
                return Probed(problem=f"no answer within {_PATIENCE_S:g} s")
            if self._problem:
                return Probed(problem=self._problem)
            queue = self._queue()
            if queue is None:
                return Probed(problem=self._problem)
            if self._most is not None and self._most < MAX_BYTES + _HEADER_BYTES:
                return Probed(
                    queue, problem=f"the largest batch was not tried: packets are bounded to {self._most} bytes"
                )
            return Probed(queue, self._largest())
        finally:
            self._leave()

    def _queue(self) -> int | None:
        for _ in range(PROBE_MESSAGES):
            self._client.publish(self._topic, b"." * _MESSAGE_BYTES, qos=1)
        taken = self._sent.wait(4 * _PATIENCE_S)
        if not taken or self._problem:
            self._problem = self._problem or "the broker did not take what was sent to it"
            return None
        kept = 0
        while kept < PROBE_MESSAGES and self._next():
            kept += 1
        return kept

    def _largest(self) -> bool:
        self._client.publish(self._topic, b"." * MAX_BYTES, qos=1)
        return self._next(_PATIENCE_S)

    def _next(self, patience_s: float = _SILENCE_S) -> bool:
        """Wait for the next message, and confirm it, so that another may come."""
        while not self._received:
            if self._over or self._refused or not self._news.wait(patience_s):
                return False
            self._news.clear()
        message = self._received.pop(0)
        self._client.ack(message.mid, message.qos)
        return True

    def _leave(self) -> None:
        if self._ready.is_set() and not self._over:
            properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
            if not self._kept_session:
                properties.SessionExpiryInterval = 0
            self._over = True
            self._client.disconnect(properties=properties)
        self._client.loop_stop()
        log.debug("broker_probed", confirmed=self._confirmed, problem=self._problem)

    def _connected(self, _client: Any, _data: Any, flags: Any, reason: Any, granted: Any) -> None:
        self._most = getattr(granted, "MaximumPacketSize", None)
        if reason.is_failure:
            self._problem = str(reason)
        elif flags.session_present:
            self._kept_session = True
            self._problem = "the broker keeps a session of this identity, which is left as it is"
        if self._problem:
            self._ready.set()
        else:
            self._client.subscribe(self._topic, qos=1)

    def _subscribed(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if any(reason.value >= _ALLOWED for reason in reasons):
            self._problem = f"it may not read {self._topic}"
        self._ready.set()

    def _taken(self, _client: Any, _data: Any, _mid: int, reason: Any, _properties: Any) -> None:
        self._confirmed += 1
        if reason.value >= _ALLOWED:
            self._refused = True
            self._news.set()
            if self._confirmed <= PROBE_MESSAGES:
                self._problem = f"it may not write {self._topic}: {reason}"
        if self._problem or self._confirmed == PROBE_MESSAGES:
            self._sent.set()

    def _came(self, _client: Any, _data: Any, message: Any) -> None:
        self._received.append(message)
        self._news.set()

    def _lost(self, *_: Any) -> None:
        if not self._ready.is_set():
            self._problem = self._problem or "the broker ends the connection: it speaks no MQTT 5, or is not there"
        self._over = True
        for event in (self._ready, self._sent, self._news):
            event.set()
