"""A session with the broker that is kept up: it connects, connects again, says once what is wrong, and ends cleanly."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import structlog

from telemetry.certificates import Certificates
from telemetry.lane import NOT_UTF8, Lane, Publish, acknowledgements, publication, sent_again
from telemetry.mqtt import Broker, new_client

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
    from paho.mqtt.enums import MQTTErrorCode

log = structlog.get_logger()

_SESSION_EXPIRY_S: Final = 7 * 86400
_SUBSCRIBE_AGAIN_S: Final = 10.0
_SUBSCRIBE_ANYWAY_S: Final = 30.0
"""How often a confirmed subscription is asked for again. One that was altered on the way is confirmed as well, for
another topic, and nobody would ever know."""
_LOOK_AT_FILES_S: Final = 10.0
"""How often the certificate files are looked at; new ones are also taken in at every connect."""
_RECEIVE_MAXIMUM: Final = 10
"""Messages an MQTT 5 broker is sent before it has confirmed them: HiveMQ's default, the lowest in wide use."""
_PUBACK: Final = 0x40
_MOST_UNCONFIRMED: Final = 30_000
"""Half of all message ids."""


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
        on_cut_off: Callable[[str], None] = lambda _: None,
        will: Retained | None = None,
        manual_ack: bool = False,
        expiry_s: int = _SESSION_EXPIRY_S,
    ) -> None:
        self._broker = broker
        self._subscription = subscription
        self._also = also
        self._at_most_once = frozenset(at_most_once)
        self._expiry_s = expiry_s
        self.granted: dict[str, Any] = {}
        self._on_ready = on_ready
        self._on_messages = on_messages
        self._on_cut_off = on_cut_off
        self._manual_ack = manual_ack
        self._unconfirmed: dict[int, bytes] = {}
        self._log = log.bind(broker=broker.url, client_id=client_id)
        self._lock = threading.Lock()
        self._connection = 0
        self._logged_in = False
        self._ready = False
        self._stopping = False
        self._ended = threading.Event()
        self._complaints: set[tuple[str, str]] = set()
        self._asked_again: set[int] = set()
        self._asking = threading.Lock()
        self._certificates = Certificates(broker.tls) if broker.tls is not None else None
        client = new_client(broker, client_id, manual_ack=manual_ack, certificates=self._certificates)
        self.client = self._prepared(client, will)

    @property
    def ready(self) -> bool:
        """Whether the session is up and its subscription confirmed."""
        return self._ready

    def start(self) -> None:
        """Begin to connect, in the background."""
        if self._broker.protocol == "5":
            from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 - as in telemetry.mqtt
            from paho.mqtt.properties import Properties  # noqa: PLC0415

            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = self._expiry_s
            self.client.connect_async(
                self._broker.host, self._broker.port, self._broker.keepalive_s, clean_start=False, properties=properties
            )
        else:
            self.client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self.client.loop_start()
        threading.Thread(target=self._keep_subscribed, daemon=True).start()
        if self._certificates is not None:
            threading.Thread(target=self._follow_files, args=(self._certificates,), daemon=True).start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> MQTTMessageInfo:
        """Hand a message to the connection at QoS 1."""
        return self.client.publish(topic, payload, qos=1, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Hand many small messages to the connection at QoS 1, past paho, which takes each for a work of its own.

        They are sent again when the connection was lost before the broker had confirmed them.
        """
        if self._broker.protocol == "5":
            # Such a broker may have told how many it takes at once; paho keeps to it.
            for topic, payload in messages:
                self.publish(topic, payload)
            return
        packets = []
        unconfirmed = self._unconfirmed
        number = self.client._mid_generate  # noqa: SLF001 - ids are the connection's, whoever uses them
        for topic, payload in messages:
            mid = number()
            if len(unconfirmed) > _MOST_UNCONFIRMED or mid in unconfirmed:
                self.publish(topic, payload)
                continue
            packet = unconfirmed[mid] = publication(topic, payload, mid)
            packets.append(packet)
        self._send(packets)

    def _send(self, packets: list[bytes]) -> None:
        if packets:
            # A run of packets may be queued as one; paho looks at no more than the kind of the first.
            self.client._packet_queue(_PUBACK, b"".join(packets), 0, 1)  # noqa: SLF001

    def acknowledge(self, mids: list[int], connection: int) -> bool:
        """Acknowledge QoS 1 messages, unless their connection is gone: then the broker delivers them again."""
        with self._lock:
            if connection != self._connection:
                return False
            self._send([acknowledgements(mids)] if mids else [])
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

    def _prepared(self, client: Client, will: Retained | None) -> Client:
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.max_inflight_messages_set(_RECEIVE_MAXIMUM if self._broker.protocol == "5" else 0)
        client.on_pre_connect = self._before_connect
        client.on_connect = self._connected
        client.on_connect_fail = self._connect_failed
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        self._turn_of_paho = client._loop  # noqa: SLF001 - paho has no other place to catch what a packet makes it raise
        client._loop = self._turn  # type: ignore[method-assign]  # noqa: SLF001
        self._create_socket = client._create_socket  # noqa: SLF001 - paho has no other way to be given a socket
        client._create_socket = self._opened  # type: ignore[method-assign]  # noqa: SLF001
        return client

    def _turn(self, timeout: float = 1.0) -> MQTTErrorCode:
        """One turn of paho's loop. A packet that was altered on the way may make it raise, which would end its thread.

        The connection is given up instead, and paho makes a new one.
        """
        try:
            return self._turn_of_paho(timeout)
        except Exception as error:
            self._complain(
                "mqtt_unreadable", repr(error),
                "something on the way alters bytes, or the broker does not keep to MQTT; it connects again",
            )  # fmt: skip
            from paho.mqtt.enums import MQTTErrorCode  # noqa: PLC0415 - as in telemetry.mqtt

            return self.client._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)  # noqa: SLF001

    def _opened(self) -> Lane:
        connection = cast("socket.socket", self._create_socket())
        return Lane(
            connection,
            properties=self._broker.protocol == "5",
            on_messages=self._arrived,
            unconfirmed=self._unconfirmed,
        )

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if self._stopping:
            client.disconnect()
        elif reason.is_failure:
            self._complain(
                "mqtt_refused", str(reason),
                "check username and password, and that the broker lets this client id in",
            )  # fmt: skip
        else:
            self._logged_in = True
            self._send([sent_again(packet) for packet in self._unconfirmed.copy().values()])
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
            self.client.subscribe([(wanted, self._qos(wanted)) for wanted in (self._subscription, *self._also)])

    def _qos(self, wanted: str) -> int:
        return 0 if wanted in self._at_most_once else 1

    def _keep_subscribed(self) -> None:
        """Ask for the first subscription again and again; the others would bring what is retained each time."""
        while not self._ended.wait(_SUBSCRIBE_ANYWAY_S):
            if self._ready:
                with self._asking:  # so that the answer finds its number
                    _, mid = self.client.subscribe(self._subscription, self._qos(self._subscription))
                    if mid is not None:
                        self._asked_again.add(mid)

    def _subscribed(self, _client: Client, _data: Any, mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        with self._asking:
            if mid in self._asked_again:
                self._asked_again.discard(mid)
                return
        for wanted, reason in zip((self._subscription, *self._also), reasons, strict=True):
            if reason.is_failure:
                self._complain(
                    "mqtt_subscription_refused", f"{wanted}: {reason}",
                    "allow this user to read that topic in the broker's access list",
                )  # fmt: skip
        if reasons[0].is_failure:
            again = threading.Timer(_SUBSCRIBE_AGAIN_S, self._subscribe)
            again.daemon = True
            again.start()
            return
        self._complaints.clear()
        self._ready = True
        self._log.info("mqtt_ready", subscription=self._subscription)
        self._guarded(self._on_ready)

    def _arrived(self, messages: list[Publish]) -> None:
        """Take messages past paho; see `Lane`."""
        # They are as good a sign of life as the answer to a ping, which may have to wait behind thousands of them.
        self.client._ping_t = 0.0  # noqa: SLF001
        connection = self._connection
        self._guarded(lambda: self._on_messages(messages, connection))
        if not self._manual_ack:
            self.acknowledge([message.mid for message in messages if message.qos], connection)

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
        self._complain("mqtt_unreachable", str(error) or type(error).__name__, _advice(error))

    def _disconnected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._lock:
            self._connection += 1
        was_in, self._logged_in, self._ready = self._logged_in, False, False
        self._asked_again.clear()
        if self._stopping:
            return
        if was_in:
            self._guarded(lambda: self._on_cut_off(str(reason)))
            self._complain("mqtt_lost", str(reason), "it is tried again; check the network if this stays")
        elif not any(event == "mqtt_refused" for event, _ in self._complaints):
            self._complain(
                "mqtt_closed_before_login", str(reason),
                "the broker may ask for a client certificate (tls.certificate, tls.key) or for TLS on this port",
            )  # fmt: skip

    def _complain(self, event: str, reason: str, advice: str) -> None:
        if (event, reason) not in self._complaints:
            self._complaints.add((event, reason))
            self._log.error(event, reason=reason, advice=advice)

    def _guarded(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:  # whatever escapes would end paho's thread, and with it the session
            self._log.exception("mqtt_callback_failed")


def _advice(error: BaseException | None) -> str:
    """What a technician can do about a connection that does not come up."""
    match error:
        case ssl.SSLCertVerificationError():
            return "the broker's certificate is not from the authority in tls.ca, or was made for another host name"
        case ssl.SSLError():
            return "TLS failed: check that this port speaks TLS, and the client certificate and key"
        case ConnectionRefusedError():
            return "nothing listens there: start the broker, or check host and port"
        case socket.gaierror():
            return "no such host: check its name and the name server"
        case TimeoutError():
            return "no answer: check address, network and firewall"
        case _:
            return "check host, port and network"
