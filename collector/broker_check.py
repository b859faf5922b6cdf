"""Asking a broker for its limits before the work begins, over MQTT 5, the one version that tells them."""

from __future__ import annotations

import threading
from typing import Any, Final

import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from telemetry import Broker, new_client

log = structlog.get_logger()

_PATIENCE_S: Final = 5.0
_REPORTS_S: Final = 1.5
_REPORTS: Final = ("$SYS/broker/version", "$SYS/broker/publish/messages/dropped")


class Told(msgspec.Struct, frozen=True):
    """What a broker told of itself.

    Attributes
    ----------
    granted
        Properties of its CONNACK by name; None when it speaks no MQTT 5 or cannot be reached.
    reports
        What it publishes of itself under ``$SYS``, where we may read it.
    problem
        Why there is nothing to tell.
    """

    granted: dict[str, Any] | None
    reports: dict[str, str] = {}
    problem: str = ""


def ask(broker: Broker, client_id: str, expiry_s: int, *, with_reports: bool = False) -> Told:
    """Connect once as `client_id` and hear what the broker grants.

    A session that was there stays as it is, with what waits in it; where there was none, none is left behind. Do it
    before that client's own session begins: a broker lets each identity in once at a time.
    """
    client = new_client(msgspec.structs.replace(broker, protocol="5"), client_id, manual_ack=True)
    answered, told = threading.Event(), dict[str, Any]()
    reports: dict[str, str] = {}

    def connected(_client: Any, _data: Any, flags: Any, reason: Any, properties: Any) -> None:
        told["kept"] = flags.session_present
        if reason.is_failure:
            told["problem"] = str(reason)
        else:
            told["granted"] = properties.json() if properties is not None else {}
        answered.set()

    def failed(*_: Any) -> None:
        told.setdefault("problem", "the broker ends the connection: it speaks no MQTT 5, or is not there")
        answered.set()

    def report(_client: Any, _data: Any, message: Any) -> None:
        if message.topic in _REPORTS:
            reports[message.topic] = bytes(message.payload[:200]).decode("utf-8", "replace")

    client.on_connect, client.on_connect_fail, client.on_disconnect = connected, failed, failed
    client.on_message = report
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = expiry_s
    properties.ReceiveMaximum = 1  # of what waits for this client at most one is sent, and it is not acknowledged
    client.connect_async(broker.host, broker.port, broker.keepalive_s, clean_start=False, properties=properties)
    client.loop_start()
    try:
        if not answered.wait(_PATIENCE_S):
            return Told(None, problem=f"no answer within {_PATIENCE_S:g} s")
        if with_reports and "granted" in told:
            client.subscribe([(topic, 0) for topic in _REPORTS])
            threading.Event().wait(_REPORTS_S)
            client.unsubscribe(list(_REPORTS))
    finally:
        leave = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
        if not told.get("kept") and expiry_s:
            leave.SessionExpiryInterval = 0
        client.disconnect(properties=leave)
        client.loop_stop()
    log.debug("broker_asked", granted=told.get("granted"), problem=told.get("problem", ""))
    return Told(told.get("granted"), reports, told.get("problem", "") if "granted" not in told else "")
