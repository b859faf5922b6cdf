"""A session with the broker that is kept up: it connects, connects again, says once what is wrong, and ends cleanly."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog

from telemetry.certificates import Certificates
from telemetry.complaints import Complaints, advice_on
from telemetry.lane import NOT_UTF8, Lane, Publish
from telemetry.mqtt import Broker, connect, new_client
from telemetry.outgoing import Outgoing
from telemetry.paho_hooks import end_waiting, give_sockets, survive
from telemetry.subscriptions import Subscriptions

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo

log = structlog.get_logger()

_SESSION_EXPIRY_S: Final = 7 * 86400
_SUBSCRIBE_AGAIN_S: Final = 10.0
"""How often a subscription that was refused is asked for again."""
_SUBSCRIBE_ANYWAY: Final = 3
"""After how many times as long any other is: one that was altered on the way is confirmed as well, for another topic,
and nobody would ever know; altered into a ping, it is never answered."""
_LOOK_AT_FILES_S: Final = 10.0
"""How often the certificate files are looked at; new ones are also taken in at every connect."""


class Retained(NamedTuple):
    """A message the broker keeps for whoever subscribes later."""

    topic: str
    payload: bytes


class Session:
    """One client's lasting session: clean session off, subscribed at QoS 1 unless told otherwise.

    Trouble is logged once per kind, with what to do about it, until the session is up again; it never raises and
    never gives up. Callbacks run on paho's thread and must return quickly.

    Parameters
    ----------
    broker, client_id
        Where, and under which stable identity.
    subscription
        Topic filter without which the session is not ready.
    also
        Further topic filters; a broker that refuses one of these is told of, and the session goes on without it.
    at_most_once
        Those of them that are subscribed to at QoS 0: what the broker neither keeps for later nor sends again.
    on_ready
        The broker has confirmed the subscription: from here on nothing that is sent to us is missed.
    on_messages
        Messages that came together, and the number of the connection they came over (see `acknowledge`).
    on_confirmed
        The broker has messages that were published, by the ids that `publish_all` returned.
    on_cut_off
        A connection that was logged in has ended, and not by us: the reason, as paho tells it.
    will
        Published by the broker when the connection breaks.
    manual_ack
        Messages are acknowledged with `acknowledge` instead of on arrival.
    expiry_s
        How long an MQTT 5 broker keeps what waits for us while we are away [s]; MQTT 3.1.1 has no such limit.

    Attributes
    ----------
    granted
        What an MQTT 5 broker said of its limits when it last let us in, by the property's name.

    Raises
    ------
    OSError, ssl.SSLError
        When a certificate file is unusable.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        subscription: str,
        also: Sequence[str] = (),
        at_most_once: Collection[str] = (),
        on_ready: Callable[[], None],
        on_messages: Callable[[Sequence[Publish], int], None],
        on_confirmed: Callable[[list[int]], None] = lambda _: None,
        on_cut_off: Callable[[str], None] = lambda _: None,
        will: Retained | None = None,
        manual_ack: bool = False,
        expiry_s: int = _SESSION_EXPIRY_S,
    ) -> None:
        self._broker = broker
        self._expiry_s = expiry_s
        self.granted: dict[str, Any] = {}
        self._on_ready = on_ready
        self._on_messages = on_messages
        self._on_confirmed = on_confirmed
        self._on_cut_off = on_cut_off
        self._manual_ack = manual_ack
        self._log = log.bind(broker=broker.url, client_id=client_id)
        self._lock = threading.Lock()
        self._connection = 0
        self._logged_in = False
        self._refused = False
        self._ready = False
        self._stopping = False
        self._ended = threading.Event()
        self._complaints = Complaints(self._log)
        self._certificates = Certificates(broker.tls) if broker.tls is not None else None
        self.client = new_client(broker, client_id, manual_ack=manual_ack, certificates=self._certificates)
        self._outgoing = Outgoing(self.client, counted=broker.protocol == "5")
        self._subscriptions = Subscriptions(self.client, subscription, also, at_most_once)
        self._prepare(self.client, will)

    @property
    def ready(self) -> bool:
        """Whether the session is up and its subscription confirmed."""
        return self._ready

    def start(self) -> None:
        """Begin to connect, in the background."""
        connect(self.client, self._broker, self._expiry_s)
        self.client.loop_start()
        threading.Thread(target=self._keep_subscribed, daemon=True).start()
        if self._certificates is not None:
            threading.Thread(target=self._follow_files, args=(self._certificates,), daemon=True).start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> MQTTMessageInfo:
        """Hand a message to the connection at QoS 1."""
        return self.client.publish(topic, payload, qos=1, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> list[int]:
        """Hand many small messages (topic, payload) to the connection at QoS 1; returns the ids of those it takes.

        They are sent again when the connection was lost before the broker had confirmed them. When it confirms none,
        and 60,000 are under way, further ones are dropped: whoever waits for such a message must be able to ask again.
        """
        return self._outgoing.publish_all(messages)

    @property
    def unconfirmed(self) -> int:
        """How many of them the broker has not confirmed yet."""
        return len(self._outgoing.unconfirmed)

    def acknowledge(self, mids: list[int], connection: int) -> bool:
        """Acknowledge QoS 1 messages, unless their connection is gone: then the broker delivers them again."""
        with self._lock:
            if connection != self._connection:
                return False
            self._outgoing.acknowledge(mids)
            return True

    def reconnect(self) -> None:
        """Connect anew: the broker then sends again what was not acknowledged."""
        connection = self.client.socket()
        if isinstance(connection, Lane):
            connection.cut()  # paho's thread sees the end and connects again

    def stop(self, farewell: Retained | None = None, timeout_s: float = 1.0) -> None:
        """Say farewell, disconnect, and end the thread; within about twice `timeout_s` [s]."""
        self._stopping = True
        self._ended.set()
        if farewell is not None and self._ready:
            info = self.publish(farewell.topic, farewell.payload, retain=True)
            try:
                info.wait_for_publish(timeout_s)
            except (RuntimeError, ValueError):
                self._log.warning("mqtt_farewell_lost", topic=farewell.topic)
        self._ready = False
        self.client.disconnect()
        # loop_stop joins without a limit; a thread that hangs in a connect must not hold the program.
        closing = threading.Thread(target=self.client.loop_stop, daemon=True)
        closing.start()
        closing.join(timeout_s)

    def _prepare(self, client: Client, will: Retained | None) -> None:
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_pre_connect = self._before_connect
        client.on_connect = self._connected
        client.on_connect_fail = self._connect_failed
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = lambda _client, _data, mid, _reason, _properties: self._confirmed([mid])
        survive(client, self._unreadable)
        give_sockets(client, self._lane)
        end_waiting(client, self._ended)

    def _unreadable(self, error: Exception) -> None:
        self._complaints.tell(
            "mqtt_unreadable", repr(error),
            "something on the way alters bytes, or the broker does not keep to MQTT; it connects again",
        )  # fmt: skip

    def _lane(self, connection: socket.socket) -> Lane:
        return Lane(
            connection,
            properties=self._broker.protocol == "5",
            on_messages=self._arrived,
            unconfirmed=self._outgoing.unconfirmed,
            on_confirmed=self._confirmed,
        )

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if self._stopping:
            client.disconnect()
        elif reason.is_failure:
            self._complaints.tell(
                "mqtt_refused", str(reason),
                "check username and password, and that the broker lets this client id in",
            )  # fmt: skip
        else:
            self._logged_in = True
            self._outgoing.connected()
            self.granted = properties.json() if properties is not None else {}
            self._subscribe()

    def _before_connect(self, _client: Client, _data: Any) -> None:
        if self._certificates is not None:
            self._certificates.renew()

    def _follow_files(self, certificates: Certificates) -> None:
        """Connect anew when the certificate files are renewed; `_before_connect` then takes them in."""
        while not self._ended.wait(_LOOK_AT_FILES_S):
            if isinstance(self.client.socket(), Lane) and certificates.changed():
                self._log.info("mqtt_reconnects", reason="the certificate files have changed")
                self.reconnect()

    def _subscribe(self) -> None:
        if self._logged_in and not self._stopping:
            self._subscriptions.ask()

    def _keep_subscribed(self) -> None:
        turns = 0
        while not self._ended.wait(_SUBSCRIBE_AGAIN_S):
            turns += 1
            if turns % _SUBSCRIBE_ANYWAY and not self._refused:
                continue
            if self._ready:
                self._subscriptions.ask_again()
            else:
                self._subscribe()

    def _subscribed(self, _client: Client, _data: Any, mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        answer = self._subscriptions.answered(mid, reasons)
        if answer is None:
            return
        for wanted, reason in answer.refused:
            self._complaints.tell(
                "mqtt_subscription_refused", f"{wanted}: {reason}",
                "allow this user to read that topic in the broker's access list",
            )  # fmt: skip
        self._refused = not answer.granted
        if self._refused:
            return
        self._complaints.settle()
        self._ready = True
        self._log.info("mqtt_ready", subscription=self._subscriptions.first)
        self._guarded(self._on_ready)

    def _arrived(self, messages: list[Publish]) -> None:
        """Take messages past paho; see `Lane`."""
        # They are as good a sign of life as the answer to a ping, which may have to wait behind thousands of them.
        self.client._ping_t = 0.0  # noqa: SLF001
        connection = self._connection
        self._guarded(lambda: self._on_messages(messages, connection))
        if not self._manual_ack:
            self.acknowledge([message.mid for message in messages if message.qos], connection)

    def _confirmed(self, mids: list[int]) -> None:
        self._guarded(lambda: self._on_confirmed(mids))

    def _received(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        """Take a message that came by way of paho: one of QoS 2, which only a broker with a will of its own sends."""
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = NOT_UTF8
        found = Publish(topic, bytes(message.payload), message.qos, message.mid, message.retain, message.dup)
        self._guarded(lambda: self._on_messages([found], self._connection))

    def _connect_failed(self, _client: Client, _data: Any) -> None:
        error = sys.exc_info()[1]  # paho calls this while it handles the error, and keeps it to itself
        self._complaints.tell("mqtt_unreachable", str(error) or type(error).__name__, advice_on(error))

    def _disconnected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._lock:
            self._connection += 1
        was_in, self._logged_in, self._ready, self._refused = self._logged_in, False, False, False
        self._outgoing.disconnected()
        self._subscriptions.forget()
        if self._stopping:
            return
        if was_in:
            self._guarded(lambda: self._on_cut_off(str(reason)))
            self._complaints.tell("mqtt_lost", str(reason), "it is tried again; check the network if this stays")
        elif not self._complaints.told("mqtt_refused"):
            self._complaints.tell(
                "mqtt_closed_before_login", str(reason),
                "the broker may ask for a client certificate (tls.certificate, tls.key) or for TLS on this port",
            )  # fmt: skip

    def _guarded(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:  # whatever escapes would end paho's thread, and with it the session
            self._log.exception("mqtt_callback_failed")
