"""One process tree for a small factory: broker, collector, store, API, and optionally the edge agent."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from telemetry import Broker
from wattproof import heartbeat, services
from wattproof.child import Child
from wattproof.commands.edge import Started
from wattproof.config import Config
from wattproof.embedded_broker import Address, credentials
from wattproof.errors import UnavailableError
from wattproof.stopping import stop_event


def start_broker(closing: contextlib.ExitStack, folder: Path, host: str, port: int) -> dict[str, Broker]:
    """Start the embedded broker as a child; return how each of its users reaches it, by user name."""
    broker = Child(
        "broker", ["broker", "run", "--host", host, "--port", str(port), "--data-dir", str(folder)], folder / "logs"
    )
    closing.callback(broker.stop)
    address = broker.ready(Address)
    return {
        user: Broker(host=address.host, port=address.port, username=user, password=password)
        for user, password in credentials(folder).items()
    }


def run(config: Config, site: Path | None, announce: Callable[[str], None]) -> None:
    """Run until a signal says to end.

    Raises
    ------
    UnavailableError
        A port is in use, the store cannot be opened, or a child did not start.
    """
    folder = config.folder
    with stop_event() as stop, contextlib.ExitStack() as closing:
        users = {"gateway": config.broker, "collector": config.broker, "api": config.broker}
        if config.embedded_broker.enabled:
            users = start_broker(closing, folder, config.embedded_broker.host, config.embedded_broker.port)
        store = services.open_store(config.store_settings)
        box = services.Services(
            folder,
            store,
            config.collector,
            users["collector"],
            config.api_settings,
            users["api"],
            config.store_settings,
        )
        closing.enter_context(box)
        closing.enter_context(
            heartbeat.beating(folder, lambda: box.collector.connected and store.health().ok, config.collector.worker)
        )
        agent = None
        if site is not None:
            agent = start_agent(closing, site, folder, users["gateway"])
        announce(box.web.url)
        while not stop.wait(1.0):
            if agent is not None and not agent.alive:
                raise UnavailableError(f"the edge agent ended; see {folder / 'logs' / 'edge.log'}")


def start_agent(closing: contextlib.ExitStack, site: Path, folder: Path, broker: Broker, drain_s: float = 1.0) -> Child:
    """Start the edge agent as a child that speaks to `broker` instead of the one its site file names."""
    file = folder / "edge-broker.json"
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(broker))
    arguments = ["edge", "run", str(site), "--data-dir", str(folder / "edge"), "--broker-file", str(file)]
    agent = Child("edge", [*arguments, "--drain", str(drain_s), "--json"], folder / "logs")
    closing.callback(agent.stop)
    agent.ready(Started)
    return agent
