"""A session with the broker that is kept up: it connects, connects again, says once what is wrong, and ends cleanly."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog

from telemetry.certificates import Certificates
from telemetry.complaints import Complaints
from telemetry.lane import Lane
from telemetry.mqtt import Broker, connect, disconnect, new_client
from telemetry.outgoing import Outgoing
from telemetry.packets import Publish
from telemetry.paho_hooks import end, end_waiting, give_sockets, going, survive, withdraw
from telemetry.subscriptions import Subscriptions

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo

log = structlog.get_logger()

_SESSION_EXPIRY_S: Final = 7 * 86400


class Retained(NamedTuple):
    """A message the broker keeps for whoever subscribes later."""

    topic: str
    payload: bytes


class Session:
    """One client's lasting session: clean session off, subscribed at QoS 1 unless told otherwise.

    Trouble is logged once per kind, with what to do about it, until the session is up again; it never raises and
    never gives up. Callbacks run on paho's thread and must return quickly; they may call every method but `stop`.

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
        A connection that was logged in has ended, and not by `stop` or `reconnect`: the reason, as paho tells it.
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
    CertificateError
        When a certificate file cannot be read, or holds no usable certificate or key.
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
        self._complaints = Complaints(self._log)
        self._speaking = threading.RLock()
        self._lane: Lane | None = None
        self._logged_in = self._ready = self._stopping = False
        self._ended = threading.Event()
        self._certificates = Certificates(broker.tls) if broker.tls is not None else None
        self.client = new_client(broker, client_id, certificates=self._certificates)
        self._outgoing = Outgoing(self.client, counted=broker.protocol == "5")
        self._subscriptions = Subscriptions(self.client, subscription, also, at_most_once)
        self._prepare(self.client, will)

    @property
    def ready(self) -> bool:
        """Whether the session is up and its subscription confirmed."""
        return self._ready

    @property
    def connection(self) -> int:
        """Number of the connection; while there is none, of the next one."""
        return self._outgoing.connection

    def start(self) -> None:
        """Begin to connect, in the background."""
        connect(self.client, self._broker, self._expiry_s)
        self.client.loop_start()
        threading.Thread(target=self._subscriptions.keep, args=(self._ended,), daemon=True).start()
        if self._certificates is not None:
            follow = self._certificates.follow
            threading.Thread(target=follow, args=(self._ended, self._look_at_certificates), daemon=True).start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> MQTTMessageInfo:
        """Hand a message to the connection at QoS 1."""
        return self.client.publish(topic, payload, qos=1, retain=retain)

    @property
    def going(self) -> list[int]:
        """Sizes of the messages that `publish` was given and the broker has not confirmed [bytes]."""
        return going(self.client)

    def withdraw(self, unwanted: Callable[[int], bool]) -> None:
        """Send none of them any more whose size [bytes] is unwanted; call it while there is no connection."""
        withdraw(self.client, unwanted)

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
        """Acknowledge messages by their ids, unless their connection is gone: then the broker delivers them again."""
        return self._outgoing.acknowledge(mids, connection)

    def reconnect(self) -> None:
        """Connect anew: the broker then sends again what was not acknowledged."""
        lane = self._lane
        if lane is not None:
            lane.cut()  # paho's thread sees the end and connects again

    def stop(self, farewell: Retained | None = None, timeout_s: float = 1.0) -> None:
        """Say farewell, disconnect, and end the thread; within about twice `timeout_s` [s]."""
        # What `on_ready` is saying comes first: a farewell before it would not be the last word.
        held = self._speaking.acquire(timeout=timeout_s)
        self._stopping = True
        was_ready, self._ready = self._ready, False
        if held:
            self._speaking.release()
        heard = farewell is None or not was_ready or self._say(farewell, timeout_s)
        self._ended.set()
        disconnect(self.client, self._broker, keep_will=not heard)
        end(self.client, timeout_s)

    def _say(self, farewell: Retained, timeout_s: float) -> bool:
        """Publish a last message; whether the broker has it in time."""
        info = self.publish(farewell.topic, farewell.payload, retain=True)
        try:
            info.wait_for_publish(timeout_s)
            heard = info.is_published()
        except (RuntimeError, ValueError):
            heard = False
        if not heard:
            self._log.warning("mqtt_farewell_lost", topic=farewell.topic)
        return heard

    def _prepare(self, client: Client, will: Retained | None) -> None:
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_pre_connect = self._before_connect
        client.on_connect = self._connected
        client.on_connect_fail = self._connect_failed
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_publish = lambda _client, _data, mid, _reason, _properties: self._confirmed([mid])
        survive(client, self._complaints.unreadable)
        give_sockets(client, self._connecting, self._ended)
        end_waiting(client, self._ended)

    def _before_connect(self, _client: Client, _data: Any) -> None:
        if self._certificates is not None:
            self._certificates.renew()

    def _look_at_certificates(self) -> None:
        lane = self._lane  # first: a later connection has taken in what is found changed now
        if lane is not None and self._certificates is not None and self._certificates.changed():
            self._log.info("mqtt_reconnects", reason="the certificate files have changed")
            lane.cut()

    def _connecting(self, connection: socket.socket) -> Lane:
        self._lane = Lane(
            connection,
            properties=self._broker.protocol == "5",
            on_messages=self._arrived,
            unconfirmed=self._outgoing.unconfirmed,
            on_confirmed=self._confirmed,
            at_qos_2=self._outgoing.at_qos_2,
        )
        return self._lane

    def _connect_failed(self, _client: Client, _data: Any) -> None:
        if not self._stopping:
            # paho calls this while it handles the error, and keeps it to itself.
            self._complaints.unreachable(sys.exc_info()[1])

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if self._stopping:
            client.disconnect()
        elif reason.is_failure:
            self._complaints.refused(str(reason))
        elif not self._logged_in:  # who is let in twice would send all that is unconfirmed each time
            self._logged_in = True
            self.granted = properties.json() if properties is not None else {}
            self._outgoing.connected(self.granted)
            self._subscriptions.connected()

    def _subscribed(self, _client: Client, _data: Any, mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        answer = self._subscriptions.answered(mid, reasons)
        if answer is None:
            return
        for wanted, reason in answer.refused:
            self._complaints.subscription_refused(wanted, reason)
        with self._speaking:
            if not answer.granted or self._ready or self._stopping:
                return
            self._complaints.settle()
            self._ready = True
            self._log.info("mqtt_ready", subscription=self._subscriptions.first)
            self._guarded(self._on_ready)

    def _arrived(self, messages: list[Publish]) -> None:
        """Take messages past paho; see `Lane`."""
        # They are as good a sign of life as the answer to a ping, which may have to wait behind thousands of them.
        self.client._ping_t = 0.0  # noqa: SLF001
        connection = self._outgoing.connection
        self._guarded(lambda: self._on_messages(messages, connection))
        if not self._manual_ack:
            self.acknowledge([message.mid for message in messages if message.qos], connection)

    def _confirmed(self, mids: list[int]) -> None:
        self._guarded(lambda: self._on_confirmed(mids))

    def _disconnected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return  # paho tells twice that a broker no longer answers
        was_in, self._logged_in, self._ready = self._logged_in, False, False
        self._outgoing.disconnected()
        self._subscriptions.disconnected()
        if self._stopping or lane.was_cut:
            return
        if was_in:
            self._guarded(lambda: self._on_cut_off(str(reason)))
            self._complaints.lost(str(reason))
        else:
            self._complaints.closed_before_login(str(reason))

    def _guarded(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:  # whatever escapes would end paho's thread, and with it the session
            self._log.exception("mqtt_callback_failed")
