"""Brokers of our own, for what no real one does when it is asked to."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from telemetry import Broker

CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 0x10, 0x30, 0x40, 0x50, 0x62, 0x70
SUBSCRIBE, PINGREQ, DISCONNECT = 0x82, 0xC0, 0xE0


@dataclass
class Heard:
    """One packet, and over which connection it came, from 1."""

    connection: int
    head: int
    body: bytes


@dataclass
class Scripted:
    """What a scripted broker has heard, and what it says besides answering."""

    where: Broker
    heard: list[Heard] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)

    def kinds(self, connection: int) -> list[int]:
        """First bytes of what came over a connection."""
        return [each.head for each in self.heard if each.connection == connection]

    def say(self, data: bytes) -> None:
        """Send bytes over the latest connection."""
        self.connections[-1].sendall(data)

    def quiet(self) -> bool:
        """Whether nothing more has come over the latest connection a moment later."""
        return not select.select([self.connections[-1]], [], [], 0.05)[0]


def usual(five: bool = False, connack: bytes = b"") -> Callable[[Heard], bytes]:
    """Answers of a broker that grants everything, confirms nothing, and says `connack` if told to."""

    def answer(packet: Heard) -> bytes:
        if packet.head == CONNECT:
            return connack or (b"\x20\x03\x00\x00\x00" if five else b"\x20\x02\x00\x00")
        if packet.head == SUBSCRIBE:
            return b"\x90\x04" + packet.body[:2] + b"\x00\x01" if five else b"\x90\x03" + packet.body[:2] + b"\x01"
        return b""

    return answer


@contextlib.contextmanager
def scripted(
    answer: Callable[[Heard], bytes | None], *, protocol: Literal["3.1.1", "5"] = "3.1.1", keepalive_s: int = 20
) -> Iterator[Scripted]:
    """A broker that answers each packet as told; None ends the connection."""
    lock = threading.Lock()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connection: socket.socket = self.request
            with lock:
                broker.connections.append(connection)
                number = len(broker.connections)
            with contextlib.suppress(OSError, IndexError):
                while True:
                    head, length, shift = connection.recv(1)[0], 0, 0
                    while (digit := connection.recv(1)[0]) > 127:
                        length, shift = length | (digit & 127) << shift, shift + 7
                    length |= digit << shift
                    body = connection.recv(length, socket.MSG_WAITALL) if length else b""
                    packet = Heard(number, head, body)
                    broker.heard.append(packet)
                    said = answer(packet)
                    if said is None:
                        return
                    connection.sendall(said)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        port = int(server.server_address[1])
        broker = Scripted(Broker(port=port, protocol=protocol, keepalive_s=keepalive_s))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield broker
        finally:
            server.shutdown()
