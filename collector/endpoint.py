"""The collector's health, readiness and figures over HTTP: off unless the configuration asks for it.

``/healthz`` (200 while the process works), ``/readyz`` (200, or 503 with the reasons) and ``/metrics`` in Prometheus'
text format. There is no password, so it listens on the loopback address unless told otherwise.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, ClassVar, Final

import msgspec
import structlog

from collector.errors import EndpointError

log = structlog.get_logger()

_PATIENCE_S: Final = 5.0


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where health and figures can be read.

    Parameters
    ----------
    host, port
        Address to listen on. There is no password: leave it on the loopback address, or in a network of your own.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9109


class Page(msgspec.Struct, frozen=True):
    """An answer: its status, kind and text."""

    status: int
    kind: str
    text: str


class EndpointServer:
    """Serves pages by their path, each made when it is asked for, in threads of its own.

    Raises
    ------
    EndpointError
        When the address cannot be listened on.
    """

    def __init__(self, endpoint: Endpoint, pages: dict[str, Callable[[], Page]]) -> None:
        handler = type("Handler", (_Handler,), {"pages": pages})
        try:
            self._server = ThreadingHTTPServer((endpoint.host, endpoint.port), handler)
        except OSError as error:
            raise EndpointError(
                f"collector.endpoint {endpoint.host}:{endpoint.port}: {error.strerror or error}. "
                "Name a free port of this machine, or leave the section out."
            ) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="collector-endpoint", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()
        log.info("endpoint_ready", port=self.port)

    def stop(self) -> None:
        """End it and let go of the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(_PATIENCE_S)
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, Callable[[], Page]]]
    timeout = _PATIENCE_S
    server_version = "wattproof"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        told = page() if page is not None else Page(404, "text/plain", " or ".join(sorted(self.pages)) + "\n")
        body = told.text.encode()
        self.send_response(told.status)
        self.send_header("Content-Type", told.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        log.debug("endpoint_asked", request=format % args)
