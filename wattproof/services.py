"""Store, collector and API in one process: what `wattproof up` and `wattproof demo` share."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import api
import collector
import storage
from telemetry import Batch, Broker
from wattproof.care import caring
from wattproof.errors import BadInputError, UnavailableError
from wattproof.in_korean import Language, in_korean


def open_store(settings: storage.Settings) -> storage.Store:
    """Open the store, or say in one sentence why it cannot be.

    Raises
    ------
    UnavailableError
        It is not reachable, is locked by another process, refuses us or is damaged.
    """
    try:
        return storage.open_store(settings)
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error


def open_quarantine(folder: Path, settings: collector.Settings) -> collector.Quarantine:
    """Open the quarantine of a data folder.

    Raises
    ------
    UnavailableError
        The file cannot be used; the sentence says why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return collector.Quarantine(folder / "quarantine.sqlite", settings.quarantine_max_mb * 1_000_000)
    except collector.QuarantineError as error:
        raise UnavailableError(str(error)) from error


def serve_endpoint(
    settings: collector.Settings, at_work: collector.Collector, store: storage.Store
) -> collector.EndpointServer | None:
    """Take the port on which a collector's health and figures are read, to be started; None where none is asked for.

    Raises
    ------
    UnavailableError
        The address cannot be listened on.
    """
    if settings.endpoint is None:
        return None
    try:
        return collector.EndpointServer(settings.endpoint, collector.pages(at_work, store))
    except collector.EndpointError as error:
        raise UnavailableError(str(error)) from error


def greeting(url: str, language: Language) -> str:
    """Where the pages are, and how the command is ended: its first line."""
    return f"WattProof: {url}  ({'끝내려면 Ctrl-C' if language == 'ko' else 'Ctrl-C ends it'})\n"


class WebServer:
    """The API and its pages, served in a thread of its own."""

    def __init__(self, store: storage.Store, settings: api.Settings, broker: Broker | None) -> None:
        self._socket = listen(settings.host, settings.port)
        self.host, self.port = settings.host, int(self._socket.getsockname()[1])
        self._app = api.create_app(store, settings, broker, in_korean=in_korean)
        self._server = api.new_server(self._app, settings)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="web", daemon=True)

    @property
    def url(self) -> str:
        """Address for a browser."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Start serving; the port is already ours."""
        self._thread.start()

    def on_committed(self, batches: Sequence[Batch]) -> None:
        """Let the live feed of these batches' sites look at once."""
        for site in {batch.site for batch in batches}:
            self._app.state.feed.notify(site)

    def stop(self) -> None:
        """End every connection and the thread."""
        self._server.should_exit = True
        self._thread.join(3)
        self._socket.close()


def listen(host: str, port: int) -> socket.socket:
    """Bind a web server's socket.

    Raises
    ------
    UnavailableError
        The port is in use or may not be bound; the sentence says what to do.
    BadInputError
        The host is no address of this machine.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except socket.gaierror as error:
        listener.close()
        raise BadInputError(
            f"web server: {host!r} is not an address of this machine; use 127.0.0.1 or 0.0.0.0"
        ) from error
    except OSError as error:
        listener.close()
        raise UnavailableError(
            f"web server: cannot listen on {host}:{port}: {error.strerror}; stop what uses the port or choose another"
        ) from error
    return listener


class Services:
    """Store, collector and web server, started and ended together.

    Parameters
    ----------
    data_dir
        Where the quarantine lives.
    store
        An open store; closed at the end.
    settings, broker
        Of the collector, and the broker as the collector may use it.
    web, web_broker
        Of the web server, and the broker as it may use it.
    kept
        For how long what is kept.
    """

    def __init__(
        self,
        data_dir: Path,
        store: storage.Store,
        settings: collector.Settings,
        broker: Broker,
        web: api.Settings,
        web_broker: Broker | None,
        kept: storage.Settings,
    ) -> None:
        self.store = store
        self._care = caring(store, kept, Path(web.plans))
        self._closing = contextlib.ExitStack()
        self._closing.callback(store.close)
        with contextlib.ExitStack() as undo:
            undo.push(self._closing.pop_all())
            self.quarantine = open_quarantine(data_dir, settings)
            undo.callback(self.quarantine.close)
            self.web = WebServer(store, web, web_broker)
            self.collector = collector.Collector(store, broker, self.quarantine, settings=settings)
            self.collector.listeners.append(self.web.on_committed)
            self.endpoint = serve_endpoint(settings, self.collector, store)
            if self.endpoint is not None:
                undo.callback(self.endpoint.stop)
            self._closing = undo.pop_all()

    def __enter__(self) -> Services:
        self._closing.enter_context(self._care)
        self.collector.start()
        self._closing.callback(self.collector.stop)
        if self.endpoint is not None:
            self.endpoint.start()
        self.web.start()
        self._closing.callback(self.web.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
