"""The lane: what an MQTT connection brings, taken from its socket in large pieces and past paho, which keeps the rest.

paho reads a packet with three system calls and takes it through a dozen calls more: as much work as decoding what is in
it. So the socket it is given is this one: it reads all there is, hands over the messages as a list, and leaves other
packets to paho: connecting, pings, subscriptions, the second half of QoS 2. What a broker can make us hold is bounded
here: MQTT allows a packet of 256 MB.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from telemetry.errors import PacketError
from telemetry.packets import PUBLISH, Publish, acknowledgements, split

_READ_BYTES: Final = 1 << 18
_TLS_RECORDS: Final = 16
"""How many reads a TLS connection is given at a time: one brings a record, at most 16 kB."""
_KEPT_BYTES: Final = 1_200_000
"""What is kept of a packet [bytes]: more than any message that is taken, and than any other packet can use."""


class Lane:
    """A connected socket, as paho uses one, that hands messages over instead.

    Parameters
    ----------
    connection
        The socket, plain or TLS.
    properties
        Whether messages have properties (MQTT 5).
    on_messages
        Called by the thread that reads, with what came together.
    unconfirmed
        Packets by id that went past paho, too; the broker's confirmation takes them out.
    on_confirmed
        Called by the thread that reads, with the ids of those that it took out.
    at_qos_2
        Ids of messages that came at QoS 2 are put in here: they are acknowledged in another way.

    Attributes
    ----------
    was_cut
        Whether we ended the connection.
    """

    def __init__(
        self,
        connection: socket.socket,
        *,
        properties: bool,
        on_messages: Callable[[list[Publish]], None],
        unconfirmed: dict[int, bytes],
        on_confirmed: Callable[[list[int]], None],
        at_qos_2: set[int],
    ) -> None:
        self.was_cut = False
        self._socket = connection
        self._properties = properties
        self._on_messages = on_messages
        self._unconfirmed = unconfirmed
        self._on_confirmed = on_confirmed
        self._at_qos_2 = at_qos_2
        self._parts: list[bytes] = []
        self._held = 0
        self._needed = 2
        self._left_out = self._skipping = 0
        self._others = b""
        self._reads = _TLS_RECORDS if isinstance(connection, ssl.SSLSocket) else 1

    def recv(self, size: int) -> bytes:
        """Bytes of the packets for paho; messages that came meanwhile are handed over.

        Raises
        ------
        BlockingIOError
            When there are none now.
        PacketError
            When what comes is no packet of MQTT, or one that nobody needs to be so long.
        OSError
            As the socket does.
        """
        if not self._others:
            if not self._complete and not self._read():
                return b""
            self._sort()
            if not self._others:
                raise BlockingIOError
        taken, self._others = self._others[:size], self._others[size:]
        return taken

    @property
    def _complete(self) -> bool:
        return self._held >= self._needed and not self._skipping

    def _read(self) -> bool:
        """Take what the socket has; False when the broker has closed the connection."""
        before = self._held
        for _ in range(self._reads):
            try:
                part = self._socket.recv(_READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                if self._held == before:
                    raise
                break
            if not part:
                return self._held > before
            self._keep(part)
        return True

    def _keep(self, part: bytes) -> None:
        if self._skipping:
            room = _KEPT_BYTES - self._held
            skipped = min(self._skipping, max(0, len(part) - room))
            self._skipping -= skipped
            part = part[:room] + part[room + skipped :]
        self._parts.append(part)
        self._held += len(part)

    def _sort(self) -> None:
        if not self._complete:
            return
        data = b"".join(self._parts)
        found = split(data, properties=self._properties, left_out=self._left_out)
        messages, confirmed, others, used, self._needed, at_qos_2, broken = found
        self._left_out = 0
        known: list[int] = []
        unknown: list[int] = []
        for mid in confirmed:
            (unknown if self._unconfirmed.pop(mid, None) is None else known).append(mid)
        self._others = acknowledgements(unknown) + others
        rest, self._parts, self._held = data[used:], [], 0
        if self._needed > _KEPT_BYTES and not broken:
            if rest[0] & 0xF0 == PUBLISH:
                self._left_out = self._skipping = self._needed - _KEPT_BYTES
                self._needed = _KEPT_BYTES
            else:
                broken = f"{self._needed} bytes that are no message (first byte 0x{rest[0]:02x})"
        if rest:
            self._keep(rest)
        if known:
            self._on_confirmed(known)
        if at_qos_2:
            self._at_qos_2.update(at_qos_2)
        if messages:
            self._on_messages(messages)
        if broken:
            raise PacketError(f"the broker sent what is no packet of MQTT: {broken}")

    def pending(self) -> int:
        """How many bytes can be had without waiting for the socket to become readable."""
        waiting = len(self._others) + (self._held if self._complete else 0)
        return waiting + (self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0)

    def cut(self) -> None:
        """End the connection from another thread: past the TLS layer, which belongs to the one that reads."""
        self.was_cut = True
        with contextlib.suppress(OSError):  # it has ended already
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the socket's."""
        return getattr(self._socket, name)
