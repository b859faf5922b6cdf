"""`wattproof collector run` ends when it is asked to (SIGTERM), whatever its store or its upkeep is doing."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from storage import ROLLUP_MS, DuckStore
from telemetry import Broker, Table
from tests.collector.parts import gateway, now_ms, readings
from tests.parts import free_port, wait_until

PATIENCE_S: Final = 25
"""Below the 30 s after which a request to a database that hangs is given up: nobody may wait for that."""

_EAGER: Final = """
import sys, storage.upkeep, wattproof.heartbeat
from storage import DuckStore, InfluxStore
from wattproof.main import main
def health(store, ask=InfluxStore.health):
    print("asked how it is", file=sys.stderr, flush=True)
    return ask(store)
def roll(store, before, limit, many=DuckStore.roll):
    done = many(store, before, 20)
    if done:
        print("rolled some", file=sys.stderr, flush=True)
    return done
InfluxStore.health, DuckStore.roll = health, roll
storage.upkeep._EVERY_S = wattproof.heartbeat.EVERY_S = 0.05
main()
"""
"""Upkeep and sign of life all the time, instead of once a minute and every 5 s; it tells when the store is asked.

It rolls up in so small steps that a test sees the first long before the last.
"""


@contextlib.contextmanager
def collector(folder: Path, broker: Broker, *, eager: bool = False, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A collector's process, killed at the end."""
    environment = os.environ | {"WATTPROOF_BROKER_PORT": str(broker.port), "WATTPROOF_DATA_DIR": str(folder), **more}
    how = ["-c", _EAGER, "--log-level", "debug"] if eager else ["-m", "wattproof"]
    with (folder / "collector.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *how, "collector", "run"], env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def words(log: Path) -> set[str]:
    """Which of the words that tests wait for are in a log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return {word for word in ("mqtt_ready", "asked how it is", "store_unavailable", "rolled some") if word in text}


def ended(process: subprocess.Popen[bytes]) -> int:
    """Exit code of a process that is asked to end."""
    process.terminate()
    return process.wait(PATIENCE_S)


@pytest.mark.parametrize("hangs", [False, True], ids=["refused", "hanging"])
def test_a_collector_whose_database_is_away_ends_when_it_is_asked_to(
    mosquitto: Broker, tmp_path: Path, *, hangs: bool
) -> None:
    with contextlib.ExitStack() as ends:
        port = free_port()
        if hangs:  # whoever connects is never answered
            listener = ends.enter_context(socket.socket())
            listener.bind(("127.0.0.1", port))
            listener.listen(64)
        more = {"WATTPROOF_STORE_ENGINE": "influx", "WATTPROOF_STORE_INFLUX_URL": f"http://127.0.0.1:{port}"}
        process = ends.enter_context(collector(tmp_path, mosquitto, eager=True, **more))
        outbox, publisher = ends.enter_context(gateway(tmp_path, mosquitto))
        outbox.put(readings(now_ms() - 60_000, 10))
        publisher.wake()
        log = tmp_path / "collector.log"
        said = "asked how it is" if hangs else "store_unavailable"
        wait_until(lambda: {"mqtt_ready", said} <= words(log), "the collector has met its database", deadline_s=60)
        assert ended(process) == 0
        assert outbox.counters.pending == 10


def test_a_collector_that_is_rolling_up_ends_when_it_is_asked_to_and_leaves_the_rest(
    mosquitto: Broker, tmp_path: Path
) -> None:
    with gateway(tmp_path, mosquitto) as (outbox, publisher), collector(tmp_path, mosquitto, eager=True) as process:
        first = now_ms() - 40 * 86_400_000
        windows = [first + ROLLUP_MS * number for number in range(3_000)]
        power: dict[str, list[float | None]] = {
            f"active_power_l{phase}_w": [float(number) for number in range(3_000)] for phase in (1, 2, 3)
        }
        outbox.put([Table.of(f"press-{number}", "power_meter", windows, power) for number in range(3)])
        assert publisher.drained(60)
        wait_until(lambda: "rolled some" in words(tmp_path / "collector.log"), "it has begun to roll up")
        assert ended(process) == 0
    with contextlib.closing(DuckStore(tmp_path / "readings.duckdb")) as store:
        assert store.count() == 27_000
        assert 0 < store.touched() < 27_000, "it was at it, and the next collector goes on"
