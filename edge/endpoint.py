"""The gateway's health and its figures over HTTP, for whoever looks after it: off unless the site file asks for it.

Two pages and nothing else: ``/health`` (200, or 503 with the reasons) and ``/metrics`` in Prometheus' text format. A
few lines on asyncio, in the agent's own loop: a gateway needs no web framework for this. There is no password, so it
listens on the loopback address unless told otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Final

import msgspec
import structlog

from edge.errors import EdgeError
from edge.vitals import Limits, Vitals, complaints, exposition

log = structlog.get_logger()

_MOST_BYTES: Final = 8192
_PATIENCE_S: Final = 5.0
_MOST_CONNECTIONS: Final = 16
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where health and figures can be read.

    Parameters
    ----------
    host, port
        Address to listen on. There is no password: leave it on the loopback address, or in a network of your own.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9108


class EndpointError(EdgeError):
    """The address cannot be listened on."""


@contextlib.asynccontextmanager
async def serving(
    endpoint: Endpoint | None, vitals: Callable[[], Vitals], limits: Limits | None = None
) -> AsyncIterator[int]:
    """Serve while the context lasts; yields the port, 0 when there is nothing to serve.

    Parameters
    ----------
    endpoint
        Where; None for not at all.
    vitals
        Asked at each request.
    limits
        When the gateway counts as unwell.

    Raises
    ------
    EndpointError
        When the address cannot be listened on.
    """
    if endpoint is None:
        yield 0
        return
    pages = _Pages(vitals, limits or Limits())
    try:
        server = await asyncio.start_server(pages.answer, endpoint.host, endpoint.port, limit=_MOST_BYTES)
    except OSError as error:
        raise EndpointError(
            f"endpoint {endpoint.host}:{endpoint.port}: {error.strerror or error}. "
            "Name a free port of this machine under `endpoint` in the site file, or leave it out."
        ) from error
    port = int(server.sockets[0].getsockname()[1])
    log.info("endpoint_ready", url=f"http://{endpoint.host}:{port}/health")
    try:
        yield port
    finally:
        server.close()
        pages.close()
        await server.wait_closed()


class _Pages:
    def __init__(self, vitals: Callable[[], Vitals], limits: Limits) -> None:
        self._vitals = vitals
        self._limits = limits
        self._connections: set[asyncio.StreamWriter] = set()

    def close(self) -> None:
        for writer in self._connections:
            writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and goodbye."""
        if len(self._connections) >= _MOST_CONNECTIONS:
            writer.close()
            return
        self._connections.add(writer)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                writer.write(await self._reply(reader))
                await writer.drain()
        except (OSError, TimeoutError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return _http(400, "text/plain", "not a request\n")
        if method not in {"GET", "HEAD"}:
            return _http(405, "text/plain", "only GET\n", "Allow: GET, HEAD\r\n")
        status, kind, body = self._page(target.partition("?")[0])
        return _http(status, kind, body, with_body=method == "GET")

    def _page(self, path: str) -> tuple[int, str, str]:
        try:
            match path:
                case "/health":
                    found = complaints(self._vitals(), self._limits)
                    word = {"status": "unwell" if found else "ok", "reasons": found}
                    return (503 if found else 200), "application/json", msgspec.json.encode(word).decode() + "\n"
                case "/metrics":
                    return 200, "text/plain; version=0.0.4; charset=utf-8", exposition(self._vitals())
                case _:
                    return 404, "text/plain", "/health or /metrics\n"
        except EdgeError as error:  # the outbox, asked how it is, cannot say
            return 503, "text/plain", f"{error}\n"


def _http(status: int, kind: str, body: str, more: str = "", *, with_body: bool = True) -> bytes:
    data = body.encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
        f"Cache-Control: no-store\r\nConnection: close\r\n{more}\r\n"
    )
    return head.encode("ascii") + (data if with_body else b"")
