"""Packets of MQTT, written as the standard has them and by other hands than those that are tested."""

from __future__ import annotations

import struct

from telemetry import Publish

PINGRESP = b"\xd0\x00"
SUBACK = b"\x90\x03\x00\x01\x01"


def packet(head: int, body: bytes) -> bytes:
    """Any packet."""
    length = len(body)
    digits = bytearray()
    while length > 127:
        digits.append(length % 128 + 128)
        length //= 128
    return bytes([head, *digits, length]) + body


def publish(message: Publish, properties: bytes = b"") -> bytes:
    """The packet of a message, written as the standard has it."""
    head = 0x30 | message.dup << 3 | message.qos << 1 | message.retain
    topic = message.topic.encode()
    mid = struct.pack(">H", message.mid) if message.qos else b""
    return packet(head, struct.pack(">H", len(topic)) + topic + mid + properties + message.payload)
