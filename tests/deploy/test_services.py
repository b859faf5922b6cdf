"""Collector and api as their containers run them: their settings, commands and health checks, on real servers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import Aggregate, InfluxStore, Series
from telemetry import ACK, BATCH, Ack, Batch, Table, decode, encode, topic
from tests.deploy.compose_file import ROOT, compose, example_environment
from tests.deploy.test_broker_rights import SITE, Site, mosquitto
from tests.parts import Database, free_port, wait_until
from wattproof.provision import generate

DATABASE = "compose_services"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder, port = tmp_path / "broker", free_port()
    broker, data = str(folder / "broker"), str(folder / "data")
    generate(folder, {SITE: ["gw-1"]}, port=port, config_path=broker, data_path=data)
    with mosquitto(folder, port) as site:
        yield site


class Service:
    """A service of the compose file, outside a container: the same, but for addresses and paths."""

    def __init__(
        self, name: str, site: Site, influx_url: str, folder: Path, port: int, database: str = DATABASE
    ) -> None:
        self.name = name
        self.definition: dict[str, Any] = compose(example_environment())["services"][name]
        self.log = folder / f"{name}.log"
        data = folder / name
        data.mkdir()
        self._moved = {
            "/run/wattproof/broker": str(site.folder / "clients" / name),
            "/var/lib/wattproof": str(data),
            "http://influxdb:8086": influx_url,
            "127.0.0.1:8000": f"127.0.0.1:{port}",
        }
        addresses = {
            "WATTPROOF_BROKER_HOST": "localhost",
            "WATTPROOF_BROKER_PORT": str(site.port),
            "WATTPROOF_STORE_INFLUX_DATABASE": database,
        }
        if name == "api":
            addresses |= {"WATTPROOF_API_HOST": "127.0.0.1", "WATTPROOF_API_PORT": str(port), "WATTPROOF_API_PLANS": ""}
        own = {key: self._here(value) for key, value in self.definition["environment"].items()}
        self.environment = os.environ | own | addresses | {"PYTHONPATH": str(ROOT)}

    def _here(self, text: str) -> str:
        for there, here in self._moved.items():
            text = text.replace(there, here)
        return text

    def _command(self, words: list[str]) -> list[str]:
        programs = {"wattproof": [sys.executable, "-m", "wattproof"], "python": [sys.executable]}
        return [*programs[words[0]], *(self._here(word) for word in words[1:])]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The service's own command; ended as its container is stopped."""
        command = self._command(["wattproof", *self.definition["command"]])
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd=self.log.parent)
        try:
            yield
            assert process.poll() is None, self.log.read_text()
            process.terminate()
            assert process.wait(60) == 0, self.log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(60)

    def healthy(self) -> bool:
        """What the service's health check says."""
        command = self._command(self.definition["healthcheck"]["test"][1:])
        answer = subprocess.run(command, env=self.environment, capture_output=True, check=False, timeout=60)
        return answer.returncode == 0


def test_what_a_gateway_sends_is_stored_acknowledged_and_served_and_both_services_say_they_are_well(
    site: Site, influxdb: Database, tmp_path: Path
) -> None:
    check_services(site, InfluxStore(influxdb.url, database=DATABASE), influxdb.url, tmp_path, DATABASE)


def check_services(site: Site, store: InfluxStore, influx_url: str, folder: Path, database: str) -> None:
    """Collector and api with the credentials of the compose file; `store` looks at what they did, and is closed."""
    collector = Service("collector", site, influx_url, folder, 0, database)
    api = Service("api", site, influx_url, folder, free_port(), database)
    assert not collector.healthy()
    assert not api.healthy()
    at = time.time_ns() // 1_000_000
    table = Table.of("main", "power_meter", [at], {"active_power_w": [1234.5]})
    batch = Batch(SITE, "gw-1", "epoch", 1, [table])
    with collector.running(), api.running(), site.client(f"{SITE}.gw-1", topic(SITE, "gw-1", ACK)) as gateway:
        wait_until(lambda: "mqtt_ready" in collector.log.read_text(), "the collector has met its broker", deadline_s=60)
        wait_until(collector.healthy, "the collector is healthy", deadline_s=60)
        gateway.sent(topic(SITE, "gw-1", BATCH), encode(batch))
        wait_until(lambda: gateway.received, "the acknowledgement", deadline_s=60)
        assert decode(gateway.received[0][1], Ack).stored == [(1, 1)]
        series = Series(SITE, "power_meter", "main", "active_power_w")
        _, values = store.windows(series, at, at + 1, 1000, Aggregate.LAST)
        store.close()
        assert values.tolist() == [1234.5]
        wait_until(api.healthy, "the api is healthy", deadline_s=60)
