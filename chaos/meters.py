"""Meters that answer each question with the next number, and write down what they answered."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A number that a unit gave, over which connection, and when [s since 1970]."""

    unit: int
    number: int
    connection: int
    at: float


@dataclass
class Meters:
    """The units behind one port; what they answered, in order."""

    answers: list[Answer] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _given: Counter[int] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, connection: Any) -> None:
        """Answer one connection's questions for registers 0 and 1."""
        with self._lock:
            self.connections += 1
            mine = self.connections
        while len(head := connection.recv(12, 0x100)) == 12:  # MSG_WAITALL
            unit = head[6]
            with self._lock:
                self._given[unit] += 1
                number = self._given[unit]
                self.answers.append(Answer(unit, number, mine, time.time()))
            pdu = struct.pack(">BBI", head[7], 4, number)
            connection.sendall(head[:4] + struct.pack(">HB", len(pdu) + 1, unit) + pdu)


@contextlib.contextmanager
def answering() -> Iterator[Meters]:
    """Meters on a free port."""
    meters = Meters()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                meters.serve(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        meters.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield meters
        finally:
            server.shutdown()
            thread.join(5)
