"""Outgoing: many small messages sent past paho, which takes each for a work of its own, and acknowledgements."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from telemetry.packets import PUBACK, acknowledgements, publication, receipts, sent_again
from telemetry.paho_hooks import hold_back, pass_over

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_RECEIVE_MAXIMUM: Final = 10
"""Messages an MQTT 5 broker is sent before it has confirmed them: HiveMQ's default, the lowest in wide use. Fewer when
the broker says so."""
_MOST_UNCONFIRMED: Final = 60_000
"""Nearly all message ids: confirmations stand in line behind what the broker delivers meanwhile, and of a backlog that
is tens of thousands."""


class Outgoing:
    """Messages and acknowledgements at QoS 1 on their way through a client's connections, one after the other.

    Thread-safe.

    Parameters
    ----------
    client
        Whose connections and message ids.
    counted
        Whether the broker may tell how many messages it takes at once (MQTT 5). Then they go by way of paho.

    Attributes
    ----------
    unconfirmed
        Packets by id that the broker has not confirmed; whoever hears of a confirmation takes them out.
    at_qos_2
        Ids of messages of the broker's that came at QoS 2 over this connection; whoever hears them puts them in.
    connection
        Number of the connection: how many have ended before it.
    """

    def __init__(self, client: Client, *, counted: bool) -> None:
        self._client = client
        self._counted = counted
        self._lock = threading.RLock()
        self._connected = False
        self.connection = 0
        self.unconfirmed: dict[int, bytes] = {}
        self.at_qos_2: set[int] = set()
        self._number = client._mid_generate  # noqa: SLF001 - ids are the connection's, whoever uses them
        pass_over(client, self.unconfirmed)
        client.max_inflight_messages_set(_RECEIVE_MAXIMUM if counted else 0)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> list[int]:
        """Send messages (topic, payload), unless so many are unconfirmed that the broker evidently confirms none.

        Returns
        -------
        list[int]
            The ids of those that are sent, in their order: all but the last ones.
        """
        mids = []
        of_paho = self._client._out_messages  # noqa: SLF001 - paho bounds them in no way
        if self._counted:
            for topic, payload in messages:
                if len(of_paho) > _MOST_UNCONFIRMED:
                    break
                mids.append(self._client.publish(topic, payload, qos=1).mid)
            return mids
        packets = []
        number, unconfirmed = self._number, self.unconfirmed
        most = _MOST_UNCONFIRMED - len(of_paho)
        for topic, payload in messages:
            if len(unconfirmed) > most:
                break
            mid = number()
            while mid in unconfirmed or mid in of_paho:
                mid = number()
            packet = unconfirmed[mid] = publication(topic, payload, mid)
            packets.append(packet)
            mids.append(mid)
        with self._lock:
            # Before the login, a packet would be the end of the connection; `connected` sends what is unconfirmed then.
            if self._connected:
                self._send(packets)
        return mids

    def acknowledge(self, mids: list[int], connection: int) -> bool:
        """Acknowledge messages of the broker's, unless their connection is gone: then it sends them again."""
        with self._lock:
            if connection != self.connection:
                return False
            if self.at_qos_2:
                theirs = self.at_qos_2.intersection(mids)
                self.at_qos_2.difference_update(theirs)
                self._send([receipts(theirs)] if theirs else [])
                mids = [mid for mid in mids if mid not in theirs]
            self._send([acknowledgements(mids)] if mids else [])
            return True

    def connected(self, granted: Mapping[str, Any]) -> None:
        """Send what no broker has confirmed, over a connection that has logged in and was `granted` these limits."""
        with self._lock:
            self._connected = True
            self._send([sent_again(packet) for packet in self.unconfirmed.copy().values()])
        if self._counted:
            hold_back(self._client, max(1, min(_RECEIVE_MAXIMUM, granted.get("ReceiveMaximum", _RECEIVE_MAXIMUM))))

    def disconnected(self) -> None:
        """Keep what is published from now on until there is a connection again."""
        with self._lock:
            self.connection += 1
            self._connected = False
            self.at_qos_2.clear()

    def _send(self, packets: list[bytes]) -> None:
        if packets:
            # A run of packets may be queued as one; paho looks at no more than the kind of the first.
            self._client._packet_queue(PUBACK, b"".join(packets), 0, 1)  # noqa: SLF001
