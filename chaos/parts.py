"""Real programs that are killed and started again: gateways, broker, collector, database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from storage import Settings
from tests.parts import free_port, influxd_2, influxd_2_command, influxd_command, influxd_version, program

_STOP_S: Final = 60.0
_ENDED_WELL: Final = (0, -signal.SIGTERM)
"""Exit codes of what was asked to end; the signal itself ends what has only just been started."""
DRAIN_S: Final = 300
"""How long a gateway that ends delivers what it has [s]; it ends as soon as it has delivered all."""


class Part:
    """A program that is kept running by whoever calls `see_to`, as an init system would.

    Parameters
    ----------
    name, command
        What it is called, and how it is started.
    log
        Where its output goes.
    environment
        Further variables of its environment.

    Attributes
    ----------
    killed_at
        When it was killed [s since 1970]; only of kills that met it alive.
    ended_itself, ended_badly
        How often it ended without being asked to, and how often it did not end well although it was: with an error, or
        not in time.
    hung
        How often it had to be killed, because it did not end although it was asked to.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.killed_at: list[float] = []
        self.ended_itself = 0
        self.ended_badly = 0
        self.hung = 0
        self._command = list(command)
        self._log = log
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False

    @property
    def alive(self) -> bool:
        """Whether its process runs (or is frozen)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, if it does not run."""
        self._wanted = True
        if not self.alive:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._environment
                )

    def see_to(self) -> None:
        """Start it again when it ended of its own accord."""
        if self._wanted and not self.alive:
            self.ended_itself += 1
            self.start()

    def kill(self) -> bool:
        """``kill -9``; it stays down until it is started. Returns whether it was alive."""
        self._wanted = False
        if not self.alive or self._process is None:
            return False
        self._process.kill()
        self._process.wait(_STOP_S)
        self.killed_at.append(time.time())
        return True

    def freeze(self) -> bool:
        """Stop it in the middle of what it does; every connection stays open. Returns whether it was alive."""
        return self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def stop(self, within_s: float = _STOP_S) -> bool:
        """Ask it to end; kill it when it does not. Returns whether it was alive."""
        self._wanted = False
        if not self.alive or self._process is None:
            return False
        self.thaw()
        self._send(signal.SIGTERM)
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait(_STOP_S)
            self.hung += 1
        if code not in _ENDED_WELL:
            self.ended_badly += 1
        return True

    def _send(self, number: signal.Signals) -> bool:
        if not self.alive or self._process is None:
            return False
        self._process.send_signal(number)  # sends nothing to a process that has just ended
        return True


def mosquitto(folder: Path, port: int) -> Part:
    """A broker with mosquitto's default persistence, which is none: killed, it forgets every message and session."""
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n", encoding="utf-8")
    return Part("broker", [program("mosquitto"), "-c", str(config)], folder / "mosquitto.log")


def influxd(folder: Path, port: int, command: str) -> tuple[Part, Settings]:
    """An InfluxDB with its defaults in a new folder, and how a store reaches it.

    One of 2.x has been set up, and stopped again. Its disk is never filled: 1.x then loses at its next kill what it
    confirmed since it came back (docs/influxdb.md, "When something is wrong"), and no client can help that.
    """
    folder.mkdir()
    log, settings = folder / "influxd.log", Settings(engine="influx", influx_url=f"http://127.0.0.1:{port}")
    if not influxd_version(command).startswith("2."):
        return Part("database", influxd_command(folder, port, free_port(), command=command), log), settings
    with influxd_2(folder, port, command=command) as database:
        settings = msgspec.structs.replace(settings, influx_token=database.token, influx_org=database.org)
    return Part("database", influxd_2_command(folder, port, command=command), log), settings


def collector(name: str, folder: Path, config: Path, *, worker: int) -> Part:
    """``wattproof collector run``: alone, or as this worker of a group."""
    command = [sys.executable, "-m", "wattproof", "collector", "run"]
    if worker:
        command += ["--workers-group", "chaos", "--worker", str(worker)]
    return Part(name, command, folder / f"{name}.log", {"WATTPROOF_CONFIG": str(config)})


def gateway(name: str, folder: Path, site: Path, data: Path, *, outbox_bytes: int) -> Part:
    """``wattproof edge run`` that also writes a journal."""
    witness = [str(folder / f"{name}.journal"), str(outbox_bytes)]
    command = [sys.executable, "-m", "chaos.agent", *witness, "edge", "run", str(site)]
    return Part(name, [*command, "--data-dir", str(data), "--drain", str(DRAIN_S)], folder / f"{name}.log")
