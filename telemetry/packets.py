"""MQTT packets: a stream of them taken apart, and those of QoS 1 and 2 built. Pure, and what a collector does most.

MQTT 3.1.1, sections 2.2, 3.3 and 4.3; MQTT 5.0, section 3.3 (properties are skipped; no topic alias is ever granted, so
no broker may use one).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

PUBLISH: Final = 0x30
PUBACK: Final = 0x40
_PUBACK_LENGTH: Final = 2
"""Of one that says no more than yes; MQTT 5 knows others, which paho reads."""
_LONGEST_LENGTH: Final = 4
_ANY_PUBLISH: Final = 0xF0
_AT_QOS_2: Final = 0x04
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
        A complete packet that is neither, for paho; what is after it is left.
    used
        How many bytes all of them took.
    needed
        How many bytes from there make the next packet complete, as far as can be told.
    at_qos_2
        Ids of those messages that came at QoS 2, which is more than anybody asked for.
    broken
        Why what comes next is no packet of MQTT; empty when it is one, or too little of it is there.
    """

    messages: list[Publish]
    confirmed: list[int]
    others: bytes
    used: int
    needed: int
    at_qos_2: list[int]
    broken: str = ""


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
    at_qos_2: list[int] = []
    others, broken = b"", ""
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
                broken = f"a length of more than {_LONGEST_LENGTH} bytes"
                break
        end = body + length - left_out
        if end > size:
            needed = end - at
            break
        if head & _ANY_PUBLISH == PUBLISH:
            message = _message(data, head, body, end, properties)
            if message is None:
                broken = f"a malformed PUBLISH (first byte 0x{head:02x}, {end - body + left_out} bytes)"
                break
            messages.append(message._replace(left_out=left_out) if left_out else message)
            left_out = 0
            if head & _AT_QOS_2:
                at_qos_2.append(message.mid)
        elif head == PUBACK and length == _PUBACK_LENGTH:
            confirmed.append(data[body] << 8 | data[body + 1])
        else:
            others, at = data[at:end], end
            break
        at = end
    return Split(messages, confirmed, others, at, needed, at_qos_2, broken)


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
    """The message of a packet; None for one that MQTT does not know."""
    start = body + 2
    if start >= end:
        return None
    at = start + (data[body] << 8 | data[body + 1])
    topic = data[start:at]
    qos = head >> 1 & 3
    mid = 0
    if qos:
        if at + 2 > end or qos > 2:
            return None
        mid = data[at] << 8 | data[at + 1]
        at += 2
        if not mid:
            return None
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


def acknowledgements(mids: Iterable[int]) -> bytes:
    """The packets that acknowledge messages of QoS 1 (PUBACK), one after the other."""
    return b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids])


def receipts(mids: Iterable[int]) -> bytes:
    """The packets that acknowledge messages of QoS 2 (PUBREC): the broker forgets them, and tells so."""
    return b"".join([b"\x50\x02" + mid.to_bytes(2, "big") for mid in mids])


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
