"""How tests run real programs: free ports, conditions with a deadline, processes ended by their own id."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from telemetry import Broker

_WORKER: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_PORTS: Final = range(16_000 + _WORKER, 32_000, 8)
"""Below what the kernel gives to outgoing connections, and each test worker's own."""
_next_port = itertools.count(os.getpid() * 131)


def free_port() -> int:
    """A TCP port of the loopback interface that is free now, and that nothing takes by chance before it is used."""
    while True:
        port = _PORTS[next(_next_port) % len(_PORTS)]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = 60.0) -> None:
    """Wait for a condition; fail naming `what` when the deadline passes."""
    until = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > until:
            pytest.fail(f"not within {deadline_s} s: {what}")
        time.sleep(0.01)


def listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def program(name: str, *places: str) -> str:
    """Path of a program from Debian's packages; fails, never skips: `make test` installs it."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", *places]))
    if not found:
        pytest.fail(f"{name} is missing; run `make test` (or tests/system-packages.sh)")
    return found


@contextlib.contextmanager
def running(
    command: list[str], port: int, log: Path, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process, listening on `port`; killed at the end, whatever happened."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=env)
    try:
        wait_until(lambda: listening(port) or process.poll() is not None, f"{command[0]} listening on {port}")
        if process.poll() is not None:
            pytest.fail(f"{command[0]} ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(60)


@dataclass(frozen=True)
class Database:
    """A running database server, and the credentials of one that wants some: of 2.x."""

    url: str
    process: subprocess.Popen[bytes]
    token: str = ""
    org: str = ""


@contextlib.contextmanager
def mosquitto(folder: Path, *settings: str) -> Iterator[Broker]:
    """An anonymous mosquitto with its default persistence (off), and further lines in its file."""
    port = free_port()
    config = folder / "mosquitto.conf"
    lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", *settings)
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log"):
        yield Broker(port=port)


INFLUXD: Final = "TESTED_INFLUXD"
"""Names the InfluxDB of the tests in the environment, where it is not Debian's: ``pytest --influxd`` sets it."""


def chosen_influxd() -> str:
    """The InfluxDB that was asked for, or Debian's."""
    return os.environ.get(INFLUXD, "influxd")


@contextlib.contextmanager
def influxd(
    folder: Path,
    port: int,
    rpc: int,
    *,
    http: str = "",
    data: str = "",
    env: dict[str, str] | None = None,
    command: str = "",
) -> Iterator[Database]:
    """An InfluxDB 1.x whose data stay in `folder`, with further lines in its ``[http]`` and ``[data]`` sections."""
    started = influxd_command(folder, port, rpc, http=http, data=data, command=command)
    with running(started, port, folder / "influxd.log", {**os.environ, **(env or {})}) as process:
        yield _answering(Database(f"http://127.0.0.1:{port}", process))


def influxd_command(
    folder: Path, port: int, rpc: int, *, http: str = "", data: str = "", command: str = ""
) -> list[str]:
    """Write the configuration of an InfluxDB 1.x; how it is started."""
    config = folder / "influxdb.conf"
    config.write_text(
        f"""reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
{data}
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
{http}
[monitor]
store-enabled = false
""",
        encoding="utf-8",
    )
    return [program(command or chosen_influxd()), "run", "-config", str(config)]


@contextlib.contextmanager
def influxd_2(folder: Path, port: int, *, command: str = "") -> Iterator[Database]:
    """An InfluxDB 2.x whose data stay in `folder`, set up with an organization, and a token that may do everything."""
    started = influxd_2_command(folder, port, command=command)
    with running(started, port, folder / "influxd.log") as process:
        database = _answering(Database(f"http://127.0.0.1:{port}", process, token="all-of-it", org="factory"))
        first = {"username": "admin", "password": "admin-of-the-tests", "org": database.org, "bucket": "first"}
        body = json.dumps({**first, "token": database.token}).encode()
        with urllib.request.urlopen(f"{database.url}/api/v2/setup", data=body, timeout=60) as answer:
            assert answer.status == 201
        yield database


def influxd_2_command(folder: Path, port: int, *, command: str = "") -> list[str]:
    """How an InfluxDB 2.x is started."""
    return [
        program(command or chosen_influxd()), "run", "--reporting-disabled",
        "--http-bind-address", f"127.0.0.1:{port}", "--bolt-path", f"{folder}/influxd.bolt",
        "--engine-path", f"{folder}/engine", "--sqlite-path", f"{folder}/influxd.sqlite",
    ]  # fmt: skip


def influxd_version(command: str = "") -> str:
    """Version of an InfluxDB, as it tells it itself, such as ``2.7.12``."""
    asked = [program(command or chosen_influxd()), "version"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.search(r"v?(\d+\.\d+(?:\.\d+)?)", told)
    return found[1] if found else told.strip()


def _answering(database: Database) -> Database:
    def ready() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{database.url}/ping", timeout=1) as answer:
            return bool(answer.status == 204)
        return False

    wait_until(ready, "InfluxDB answers /ping")
    return database
