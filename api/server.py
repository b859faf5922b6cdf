"""A uvicorn server that can stop while browsers are watching."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from api.live import Feed
from api.settings import Settings


class Server(uvicorn.Server):
    """Ends the live streams first: uvicorn waits for open answers, and a stream never ends by itself."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop within a second or two, whoever is connected."""
        await self._feed.close()
        await super().shutdown(sockets)


def new_server(app: FastAPI, settings: Settings) -> Server:
    """Build the server of an app made by `create_app`; run it with ``await server.serve()`` or ``server.run()``.

    Set ``server.should_exit = True`` (from any thread) to stop it. The access log is off: a page that watches makes
    one request, and what goes wrong is logged as an event.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        ws="none",
    )
    return Server(config, app.state.feed)
