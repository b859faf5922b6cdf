"""Outgoing: many small messages sent past paho, which takes each for a work of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from telemetry.lane import acknowledgements, publication, sent_again

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_PUBACK: Final = 0x40
_RECEIVE_MAXIMUM: Final = 10
"""Messages an MQTT 5 broker is sent before it has confirmed them: HiveMQ's default, the lowest in wide use."""
_MOST_UNCONFIRMED: Final = 60_000
"""Nearly all message ids: confirmations stand in line behind what the broker delivers meanwhile, and of a backlog that
is tens of thousands."""


class Outgoing:
    """Messages and acknowledgements at QoS 1 on their way through a client's connection.

    Parameters
    ----------
    client
        Whose connection and message ids.
    counted
        Whether the broker may tell how many messages it takes at once (MQTT 5): paho keeps to it.

    Attributes
    ----------
    unconfirmed
        Packets by id that the broker has not confirmed; whoever hears of a confirmation takes them out.
    """

    def __init__(self, client: Client, *, counted: bool) -> None:
        self._client = client
        self._counted = counted
        self._connected = False
        self.unconfirmed: dict[int, bytes] = {}
        client.max_inflight_messages_set(_RECEIVE_MAXIMUM if counted else 0)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> list[int]:
        """Send messages (topic, payload), unless so many are unconfirmed that the broker evidently confirms none.

        Returns
        -------
        list[int]
            The ids of those that are sent, in their order: all but the last ones.
        """
        mids = []
        if self._counted:
            for topic, payload in messages:
                if len(self._client._out_messages) > _MOST_UNCONFIRMED:  # noqa: SLF001 - paho bounds them in no way
                    break
                mids.append(self._client.publish(topic, payload, qos=1).mid)
            return mids
        packets = []
        unconfirmed = self.unconfirmed
        number = self._client._mid_generate  # noqa: SLF001 - ids are the connection's, whoever uses them
        for topic, payload in messages:
            mid = number()
            if len(unconfirmed) > _MOST_UNCONFIRMED:
                break
            if mid in unconfirmed:
                mids.append(self._client.publish(topic, payload, qos=1).mid)
                continue
            packet = unconfirmed[mid] = publication(topic, payload, mid)
            packets.append(packet)
            mids.append(mid)
        # Before the login, a packet would be the end of the connection; `connected` sends what is unconfirmed by then.
        if self._connected:
            self._send(packets)
        return mids

    def acknowledge(self, mids: list[int]) -> None:
        """Acknowledge messages of the broker's."""
        if mids:
            self._send([acknowledgements(mids)])

    def connected(self) -> None:
        """Send what no broker has confirmed, over a connection that has logged in."""
        self._connected = True
        self._send([sent_again(packet) for packet in self.unconfirmed.copy().values()])

    def disconnected(self) -> None:
        """Keep what is published from now on until there is a connection again."""
        self._connected = False

    def _send(self, packets: list[bytes]) -> None:
        if packets:
            # A run of packets may be queued as one; paho looks at no more than the kind of the first.
            self._client._packet_queue(_PUBACK, b"".join(packets), 0, 1)  # noqa: SLF001
