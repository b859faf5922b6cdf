"""What systemd is told, on a real datagram socket: ready, alive while the work moves on, stopping."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from edge.agent import run_agent
from edge.site import Bus, Device, Site, SiteName
from edge.watchdog import Watchdog
from telemetry import Broker
from tests.edge.wires import until
from tests.parts import free_port, wait_until


class Systemd:
    """The other end of the socket."""

    def __init__(self, address: str) -> None:
        self.words: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.settimeout(0.1)
        self._ended = False
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._ended:
            try:
                word = self._socket.recv(1000).decode()
            except TimeoutError:
                continue
            self.words.append(word)


class Timed(Watchdog):
    """Notes when it says what [s, monotonic]: who hears it may be late."""

    def __init__(self, address: str = "", every_s: float = 0.0) -> None:
        super().__init__(address, every_s)
        self.said: list[tuple[float, str]] = []

    def _say(self, words: str) -> None:
        self.said.append((time.monotonic(), words))
        super()._say(words)


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@wattproof-test-{os.getpid()}"


@pytest.fixture
def systemd(address: str) -> Iterator[Systemd]:
    listening = Systemd(address)
    yield listening
    listening.close()


def test_signs_of_life_come_at_half_the_interval_and_end_with_their_reason(systemd: Systemd, address: str) -> None:
    reason = [""]
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": str(os.getpid())}
    watchdog = Timed.from_environment(environment)
    assert isinstance(watchdog, Timed)
    assert watchdog.every_s == 0.1

    async def run() -> None:
        watchdog.ready()
        task = asyncio.create_task(watchdog.run(lambda: reason[0]))
        await until(lambda: systemd.words.count("WATCHDOG=1") >= 4, "four signs of life")
        reason[0] = "no device has been polled for 901 s"
        await until(lambda: any(entry["event"] == "watchdog_withheld" for entry in logs), "they end")
        task.cancel()
        watchdog.stopping()

    with structlog.testing.capture_logs() as logs:
        asyncio.run(run())
    wait_until(lambda: systemd.words[-1:] == ["STOPPING=1"], "the end is told")
    assert systemd.words[0] == "READY=1"
    signs = [at for at, word in watchdog.said if word == "WATCHDOG=1"]
    assert signs[3] - signs[0] >= 0.25
    (told,) = [entry for entry in logs if entry["event"] == "watchdog_withheld"]
    assert told["reason"] == "no device has been polled for 901 s"


def test_a_loop_that_is_stuck_gives_no_sign(systemd: Systemd, address: str) -> None:
    watchdog = Timed(address, 0.02)
    stuck = threading.Event()

    async def run() -> None:
        task = asyncio.create_task(watchdog.run(lambda: ""))
        await until(lambda: systemd.words, "the first sign")
        before = len(watchdog.said)
        stuck.wait(0.5)  # blocks the loop, as a defect would
        assert len(watchdog.said) == before
        task.cancel()

    asyncio.run(run())


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "100000"}, {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "nonsense"}],
)
def test_without_systemd_nothing_is_said_and_nothing_fails(environment: dict[str, str]) -> None:
    watchdog = Watchdog.from_environment(environment)
    watchdog.ready()
    asyncio.run(watchdog.run(lambda: ""))
    watchdog.stopping()


def test_a_watchdog_meant_for_another_process_is_not_fed() -> None:
    environment = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    assert Watchdog.from_environment(environment).every_s == 0.0


def test_the_whole_agent_is_ready_alive_and_says_when_it_stops(
    systemd: Systemd, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    bus = Bus("away", f"tcp://127.0.0.1:{free_port()}", [Device("d", "xy-md02", 1)])
    site = Site(SiteName("site-1", "Site"), "gw-1", [bus], Broker(port=free_port()))

    async def run() -> None:
        stop = asyncio.Event()
        agent = asyncio.create_task(run_agent(site, data_dir=tmp_path, stop=stop, drain_s=0.0))
        await until(lambda: systemd.words.count("WATCHDOG=1") >= 3, "the agent lives")
        stop.set()
        await agent

    asyncio.run(run())
    wait_until(lambda: systemd.words[-1:] == ["STOPPING=1"], "the end is told")
    assert systemd.words[0] == "READY=1"
