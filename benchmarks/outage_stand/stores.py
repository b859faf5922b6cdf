"""Stores that go away and come back, and a collector that writes to one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from chaos.disk import small_disk
from telemetry import Broker
from tests.parts import free_port, influxd

_DISK_MB: Final = 256
_END_S: Final = 60.0


class Store(NamedTuple):
    """A store by the settings that name it, and how it goes away and comes back."""

    settings: dict[str, str]
    leave: Callable[[], None]
    come_back: Callable[[], None]


@contextlib.contextmanager
def influx(folder: Path) -> Iterator[Store]:
    """An InfluxDB 1.x that is killed, and started again on its files."""
    port, rpc = free_port(), free_port()
    with contextlib.ExitStack() as ends:
        server = ends.enter_context(influxd(folder, port, rpc))

        def leave() -> None:
            server.process.kill()
            server.process.wait(10)

        def come_back() -> None:
            ends.enter_context(influxd(folder, port, rpc))

        settings = {"engine": "influx", "influx_url": server.url, "influx_database": "outage"}
        yield Store(settings, leave, come_back)


@contextlib.contextmanager
def duck(folder: Path) -> Iterator[Store]:
    """A DuckDB file on a small disk of its own (a tmpfs, which root may mount) that is full, and emptied again.

    Raises
    ------
    PermissionError
        When no such disk can be had.
    """
    with small_disk(folder / "disk", _DISK_MB) as disk:
        if not disk.real:
            raise PermissionError("a disk that can be filled needs the right to mount one (root)")
        settings = {"engine": "duck", "path": str(disk.folder / "readings.duckdb")}
        yield Store(settings, disk.fill, disk.clear)


class Collector:
    """`wattproof collector run` as a process of its own."""

    def __init__(self, folder: Path, broker: Broker, settings: dict[str, str]) -> None:
        self._log = folder / "collector.log"
        environment = {f"WATTPROOF_STORE_{name.upper()}": value for name, value in settings.items()}
        environment |= {"WATTPROOF_BROKER_PORT": str(broker.port), "WATTPROOF_DATA_DIR": str(folder / "data")}
        command = [sys.executable, "-m", "wattproof", "--log-level", "debug", "collector", "run"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)

    def said(self, event: str) -> int:
        """How often it has logged an event."""
        return self._log.read_text(encoding="utf-8", errors="replace").count(event)

    def end(self) -> float:
        """Ask it to end (SIGTERM), as an init system would; returns after how long it has [s]."""
        began = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        return time.monotonic() - began
