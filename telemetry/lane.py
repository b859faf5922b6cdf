"""The lane: what an MQTT connection brings, taken from its socket in large pieces and past paho, which keeps the rest.

paho reads a packet with three system calls and takes it through a dozen calls more: as much work as decoding what is in
it. So the socket it is given is this one: it reads all there is, hands over the messages (PUBLISH at QoS 0 and 1) as a
list, and leaves every other packet to paho: connecting, TLS, pings, subscriptions, QoS 2, and whatever is malformed.

Packets: MQTT 3.1.1, sections 2.2 and 3.3; MQTT 5.0, section 3.3 (properties are skipped; no topic alias is ever
granted, so no broker may use one).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_PUBACK_LENGTH: Final = 2
"""Of one that says no more than yes; MQTT 5 knows others, which paho reads."""
_READ_BYTES: Final = 1 << 18
_TLS_RECORDS: Final = 16
"""How many reads a TLS connection is given at a time: one brings a record, at most 16 kB."""
_LONGEST_LENGTH: Final = 4
_KEPT_BYTES: Final = 1_200_000
"""What is kept of a message [bytes of its packet]: more than any that is taken. MQTT allows 256 MB, and whoever may
publish would otherwise decide how much memory we need."""
NOT_UTF8: Final = "(topic is not UTF-8)"
"""Stands for a topic that cannot be read."""


class Publish(NamedTuple):
    """One message as the broker sent it; `mid` is 0 at QoS 0, and `left_out` bytes of its payload were not kept."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    retain: bool
    dup: bool
    left_out: int = 0


class Split(NamedTuple):
    """What the beginning of a stream of packets holds.

    Attributes
    ----------
    messages
        The messages, in order.
    confirmed
        Ids of messages of ours that the broker says it has (PUBACK).
    others
        Complete packets that are neither, for paho.
    used
        How many bytes all of them took.
    needed
        How many bytes from there make the next packet complete, as far as can be told.
    """

    messages: list[Publish]
    confirmed: list[int]
    others: bytes
    used: int
    needed: int


def split(data: bytes, *, properties: bool, left_out: int = 0) -> Split:
    """Take the complete packets at the beginning of `data`, up to the first that must not be overtaken.

    Messages may overtake the broker's word that one of ours has arrived; nothing else.

    Parameters
    ----------
    data
        Bytes of the stream, from the beginning of a packet.
    properties
        Whether messages have properties (MQTT 5).
    left_out
        How many bytes of the first packet, a message, are not there.
    """
    messages: list[Publish] = []
    confirmed: list[int] = []
    others: list[bytes] = []
    at, size, needed = 0, len(data), 2
    while size - at >= 2:
        head, length, body = data[at], data[at + 1], at + 2
        if length & 0x80:
            try:
                length, body = _variable(data, at + 1)
            except IndexError:
                needed = size - at + 1
                break
            except ValueError:
                # No packet can begin so; paho ends the connection over it.
                others.append(data[at:])
                at = size
                break
        end = body + length - left_out
        if end > size:
            needed = end - at
            break
        packet, at = at, end
        if head & 0xF4 == _PUBLISH and (message := _message(data, head, body, end, properties)) is not None:
            messages.append(message._replace(left_out=left_out) if left_out else message)
            left_out = 0
        elif head == _PUBACK and length == _PUBACK_LENGTH:
            confirmed.append(data[body] << 8 | data[body + 1])
        else:
            others.append(data[packet:end])
            break
    return Split(messages, confirmed, b"".join(others), at, needed)


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer and where it ends; IndexError when it is cut off, ValueError when it is none."""
    value = 0
    for count in range(_LONGEST_LENGTH):
        byte = data[at + count]
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, at + count + 1
    raise ValueError(value)


def _message(data: bytes, head: int, body: int, end: int, properties: bool) -> Publish | None:  # noqa: FBT001 - hot
    """The message of a packet; None for one that paho must judge."""
    start = body + 2
    if start >= end:
        return None
    at = start + (data[body] << 8 | data[body + 1])
    qos = head >> 1 & 1
    mid = 0
    if qos:
        if at + 2 > end:
            return None
        mid = data[at] << 8 | data[at + 1]
        at += 2
        if not mid:
            return None
    topic = data[start : at - 2 * qos]
    if properties:
        try:
            length, at = _variable(data, at)
        except (IndexError, ValueError):
            return None
        at += length
    if at > end or not topic:
        return None
    try:
        name = topic.decode()
    except UnicodeDecodeError:
        name = NOT_UTF8
    return Publish(name, data[at:end], qos, mid, bool(head & 1), bool(head & 8))


def acknowledgements(mids: list[int]) -> bytes:
    """The packets that acknowledge messages of QoS 1, one after the other."""
    return b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids])


def publication(topic: str, payload: bytes, mid: int) -> bytes:
    """The packet that publishes a message at QoS 1, without properties."""
    name = topic.encode()
    length = _length(4 + len(name) + len(payload))
    return b"".join((b"\x32", length, len(name).to_bytes(2, "big"), name, mid.to_bytes(2, "big"), payload))


@lru_cache(maxsize=1024)
def _length(value: int) -> bytes:
    """A variable byte integer."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def sent_again(packet: bytes) -> bytes:
    """A publication marked as one that may have arrived before."""
    return bytes([packet[0] | 0x08]) + packet[1:]


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
    """

    def __init__(
        self,
        connection: socket.socket,
        *,
        properties: bool,
        on_messages: Callable[[list[Publish]], None],
        unconfirmed: dict[int, bytes],
        on_confirmed: Callable[[list[int]], None],
    ) -> None:
        self._socket = connection
        self._properties = properties
        self._on_messages = on_messages
        self._unconfirmed = unconfirmed
        self._on_confirmed = on_confirmed
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
        messages, confirmed, others, used, self._needed = split(
            data, properties=self._properties, left_out=self._left_out
        )
        self._left_out = 0
        known: list[int] = []
        unknown: list[int] = []
        for mid in confirmed:
            (unknown if self._unconfirmed.pop(mid, None) is None else known).append(mid)
        self._others = acknowledgements(unknown) + others
        rest, self._parts, self._held = data[used:], [], 0
        if self._needed > _KEPT_BYTES and rest[0] & 0xF4 == _PUBLISH:
            self._left_out = self._skipping = self._needed - _KEPT_BYTES
            self._needed = _KEPT_BYTES
        if rest:
            self._keep(rest)
        if known:
            self._on_confirmed(known)
        if messages:
            self._on_messages(messages)

    def pending(self) -> int:
        """How many bytes can be had without waiting for the socket to become readable."""
        waiting = len(self._others) + (self._held if self._complete else 0)
        return waiting + (self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0)

    def cut(self) -> None:
        """End the connection from another thread: past the TLS layer, which belongs to the one that reads."""
        socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the socket's."""
        return getattr(self._socket, name)
