"""A faulty line to strike."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator

import pytest

from chaos.proxy import Proxy


@pytest.fixture
def line() -> Iterator[Proxy]:
    """A proxy before a server that sends back what it gets."""

    class Echo(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                while data := self.request.recv(4096):
                    self.request.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        proxy = Proxy(server.server_address[1], seed=1)
        yield proxy
        proxy.stop()
        server.shutdown()
