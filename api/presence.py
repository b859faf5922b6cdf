"""Who is there, and what collectors tell of it: a listener on retained births, states and alarms."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

import telemetry
from telemetry import Alarm, Alarms, Birth, Broker, State

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

log = structlog.get_logger(__name__)

_ALARMS = telemetry.alarms_topic("")
_PATIENCE_MS: Final = 10_000
"""How long a first connection may take before the broker counts as away [ms]."""
_RETURN_MS: Final = 60_000
"""So long may whoever was there take to say so again once the broker is back [ms]: all try every 30 s at least."""
_GONE_MS: Final = 86_400_000
"""How long a collector that did not come back is told of while another is at work [ms]."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A gateway's state; `since` [ms UTC] is None for a last will found waiting: it does not say when it was sent."""

    online: bool
    since: int | None
    clean: bool


class Presence:
    """Births and states by gateway, kept current while started. Without a broker it stays empty.

    A broker that was started again may know nobody, and has no last will of who went meanwhile. So whoever was there
    before a lost connection and does not say so again, nor the broker for him, is gone. What a birth tells stays. One
    that was killed may know less than is known here: the word of somebody who has gone since is no news.

    Parameters
    ----------
    broker
        Where gateways announce themselves.
    clock
        Present time [ms UTC].

    Attributes
    ----------
    connected
        Whether the broker is there.
    """

    def __init__(self, broker: Broker | None, clock: Callable[[], int]) -> None:
        self._broker = broker
        self._clock = clock
        self._lock = threading.Lock()
        self._births: dict[tuple[str, str], Birth] = {}
        self._states: dict[tuple[str, str], Seen] = {}
        self._alarms: dict[str, tuple[Alarms, int | None]] = {}
        self._client: Client | None = None
        self.connected = False
        self._away_since: int | None = None
        self._ever = False
        self._lost = self._back = 0
        self._unsaid: set[str] = set()
        self._alarms_said: dict[str, int] = {}
        self._said: dict[str, State] = {}
        self._gone: dict[str, int] = {}

    def start(self) -> None:
        """Connect in the background, and keep connecting until stopped."""
        if self._broker is None or self._client is not None:
            return
        client = telemetry.new_client(self._broker, f"wattproof-api-{secrets.token_hex(6)}", clean=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async(self._broker.host, self._broker.port, keepalive=self._broker.keepalive_s)
        self._away_since = self._clock()
        client.loop_start()
        self._client = client

    def stop(self) -> None:
        """Disconnect; what was seen stays readable."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
            self.connected, self._away_since = False, None

    @property
    def lost_since(self) -> int | None:
        """Since when the broker has been away [ms UTC]; None while it is there, or was not waited for long yet."""
        since = self._away_since
        if since is None or self._ever:
            return since
        return since if self._clock() - since > _PATIENCE_MS else None

    def births(self, site: str | None = None) -> list[Birth]:
        """Births, of one site or of all; where two describe one device the later in this list is right."""
        with self._lock:
            self._settle()
            found = [birth for key, birth in self._births.items() if site in (None, key[0])]
            online = {key for key, seen in self._states.items() if seen.online}
        return sorted(found, key=lambda b: ((b.site, b.gateway) in online, b.started))

    def states(self, site: str) -> dict[str, Seen]:
        """State by gateway."""
        with self._lock:
            self._settle()
            return {gateway: seen for (name, gateway), seen in self._states.items() if name == site}

    def alarms(self) -> list[tuple[Alarm, int | None]]:
        """What every collector tells, with the time since when [ms UTC]; None for a last will found waiting."""
        with self._lock:
            self._settle()
            told = list(self._alarms.values())
        return [(alarm, alarm.since or heard) for alarms, heard in told for alarm in alarms.alarms]

    def gone(self) -> dict[str, int]:
        """Collectors that have not come back to a broker that was away, and since when about [ms UTC]."""
        with self._lock:
            self._settle()
            if any(told.at for told, _ in self._alarms.values()):  # another is at work, maybe in its place
                recent = self._clock() - _GONE_MS
                self._gone = {source: since for source, since in self._gone.items() if since > recent}
            return self._gone.copy()

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("presence_refused", broker=self._broker.url if self._broker else "", reason=str(reason))
            return
        with self._lock:
            online = {telemetry.topic(*key, telemetry.STATE) for key, seen in self._states.items() if seen.online}
            self._unsaid = online | self._alarms.keys()
            self._lost, self._back = self._away_since or self._clock(), self._clock()
        self.connected, self._ever, self._away_since = True, True, None
        wanted = [telemetry.topic("+", "+", kind) for kind in (telemetry.BIRTH, telemetry.STATE)]
        client.subscribe([(filter_, 1) for filter_ in (*wanted, telemetry.alarms_topic("+"))])

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, _reason: ReasonCode, _props: Properties | None
    ) -> None:
        if self.connected and self._client is not None:
            self._away_since = self._clock()
        self.connected = False
        with self._lock:
            self._settle()
            self._unsaid.clear()

    def _settle(self) -> None:
        """Take who has not said again that he is there for gone, when he had the time to; call it with the lock."""
        if not self._unsaid or self._clock() - self._back < _RETURN_MS:
            return
        for unsaid in self._unsaid:
            told, heard = self._alarms.pop(unsaid, (None, None))
            if told is None or told.at:
                # Nobody said that he is gone: the same word again is believed.
                self._said.pop(unsaid, None)
                self._alarms_said.pop(unsaid, None)
            if told is None:
                name = telemetry.parse_topic(unsaid)
                self._states[name.site, name.gateway] = Seen(online=False, since=None, clean=False)
            else:
                gone_before = not told.at
                self._gone[unsaid.removeprefix(_ALARMS)] = (gone_before and heard) or self._lost
        self._unsaid.clear()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            if message.topic.startswith(_ALARMS):
                self._keep_alarms(message.topic, bytes(message.payload), retained=message.retain)
                return
            name = telemetry.parse_topic(message.topic)
            key = (name.site, name.gateway)
            if not message.payload:  # a retained message being cleared
                self._forget(key, name.kind)
            elif name.kind == telemetry.BIRTH:
                birth = telemetry.decode(bytes(message.payload), Birth)
                with self._lock:
                    self._births[key] = birth
            elif name.kind == telemetry.STATE:
                self._keep_state(key, telemetry.decode(bytes(message.payload), State), retained=message.retain)
        except telemetry.TelemetryError as error:
            log.warning("presence_message_ignored", topic=message.topic, problem=str(error))

    def _keep_alarms(self, topic: str, payload: bytes, *, retained: bool) -> None:
        told = telemetry.decode(payload, Alarms) if payload else None
        with self._lock:
            self._unsaid.discard(topic)
            known, _ = self._alarms.get(topic, (None, None))
            gone = topic.removeprefix(_ALARMS) in self._gone or (known is not None and not known.at)
            if retained and gone and told is not None and 0 < told.at <= self._alarms_said.get(topic, 0):
                return
            self._gone.pop(topic.removeprefix(_ALARMS), None)
            if told is None:
                self._alarms.pop(topic, None)
            else:
                self._alarms[topic] = (told, None if retained else self._clock())
                if told.at:
                    self._alarms_said[topic] = told.at

    def _forget(self, key: tuple[str, str], kind: str) -> None:
        with self._lock:
            self._unsaid.discard(telemetry.topic(*key, kind))
            (self._births if kind == telemetry.BIRTH else self._states).pop(key, None)

    def _keep_state(self, key: tuple[str, str], state: State, *, retained: bool) -> None:
        since = state.at or (None if retained else self._clock())
        topic = telemetry.topic(*key, telemetry.STATE)
        with self._lock:
            self._unsaid.discard(topic)
            known = self._states.get(key)
            if retained and known is not None and not known.online and state.repeats(self._said.get(topic)):
                return
            self._states[key] = Seen(state.online, since, clean=not state.online and state.at > 0)
            if state.online:
                self._said[topic] = state
