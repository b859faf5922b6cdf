"""The embedded broker lets in whom it knows, and each only to its own topics."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from paho.mqtt.client import Client

from telemetry import ACK, BATCH, BIRTH, STATE, Broker, new_client, topic
from tests.parts import wait_until
from wattproof import embedded_broker
from wattproof.child import Child
from wattproof.embedded_broker import Address
from wattproof.one_box import start_broker


@pytest.fixture
def users(tmp_path: Path) -> Iterator[dict[str, Broker]]:
    with contextlib.ExitStack() as closing:
        yield start_broker(closing, tmp_path, "127.0.0.1", 0)


@contextlib.contextmanager
def connected(broker: Broker, name: str) -> Iterator[tuple[Client, list[str]]]:
    """A client of the broker, and the topics it was sent."""
    received: list[str] = []
    results: list[bool] = []
    client = new_client(broker, name)
    client.on_message = lambda _client, _data, message: received.append(message.topic)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: results.append(not reason.is_failure)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        wait_until(lambda: results, f"{name} is answered")
        yield client, received
    finally:
        client.disconnect()
        client.loop_stop()


def subscribed(client: Client, *topics: str) -> None:
    """Subscribe, and wait for the broker's answer: a retained message would else come once for either reason."""
    answered: list[object] = []
    client.on_subscribe = lambda *_: answered.append(1)
    client.subscribe([(name, 1) for name in topics])
    wait_until(lambda: answered, "the broker answers the subscription")


def test_each_user_reads_and_writes_only_its_own_topics(users: dict[str, Broker]) -> None:
    with (
        connected(users["gateway"], "gateway") as (gateway, at_gateway),
        connected(users["collector"], "collector") as (collector, at_collector),
        connected(users["api"], "api") as (api, at_api),
    ):
        subscribed(gateway, topic("s", "g", ACK), topic("s", "g", BATCH))
        subscribed(collector, topic("+", "+", BATCH), topic("+", "+", ACK))
        subscribed(api, topic("+", "+", BIRTH), topic("+", "+", BATCH))
        gateway.publish(topic("s", "g", BIRTH), b"b", 1, retain=True)
        wait_until(lambda: at_api == [topic("s", "g", BIRTH)], "the API sees the birth")
        gateway.publish(topic("s", "g", BATCH), b"b", 1)
        api.publish(topic("s", "g", BATCH), b"not yours", 1)
        wait_until(lambda: at_collector, "the collector sees the batch")
        collector.publish(topic("s", "g", ACK), b"a", 1)
        wait_until(lambda: at_gateway, "the gateway sees the ack")
        # What was refused would have arrived before this last message, on the same connections.
        gateway.publish(topic("s", "g", BIRTH), b"b", 1)
        gateway.publish(topic("s", "g", BATCH), b"b", 1)
        wait_until(lambda: len(at_collector) >= 2 and len(at_api) >= 2, "the last messages")
        assert at_collector == [topic("s", "g", BATCH)] * 2
        assert at_gateway == [topic("s", "g", ACK)]
        assert set(at_api) == {topic("s", "g", BIRTH)}


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "", "password": ""}, {"username": "nobody"}])
def test_strangers_are_refused(users: dict[str, Broker], change: dict[str, str]) -> None:
    stranger = msgspec.structs.replace(users["gateway"], **change)
    results: list[bool] = []
    client = new_client(stranger, "stranger")
    client.on_connect = lambda _client, _data, _flags, reason, _properties: results.append(reason.is_failure)
    client.connect(stranger.host, stranger.port)
    client.loop_start()
    try:
        wait_until(lambda: results, "an answer")
        assert results[0]
    finally:
        client.loop_stop()


def test_a_gateway_that_falls_silent_is_told_as_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_broker, "_GRACE_S", 0)
    with serving(tmp_path) as broker:
        lost = topic("s", "g", STATE)
        silent = new_client(broker("gateway"), "silent", clean=True)
        silent.will_set(lost, b"lost", 1, retain=True)
        with connected(broker("api"), "api") as (api, at_api):
            subscribed(api, lost)
            silent.connect(broker("gateway").host, broker("gateway").port, keepalive=1)  # and never a word again
            wait_until(lambda: at_api == [lost], "the last will is told")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Callable[[str], Broker]]:
    """The broker in a thread of this process; by user, how to reach it."""
    told: queue.SimpleQueue[tuple[Address, asyncio.AbstractEventLoop, asyncio.Event]] = queue.SimpleQueue()

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        await embedded_broker.serve("127.0.0.1", 0, folder, lambda address: told.put((address, loop, stop)), stop)

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    address, loop, stop = told.get(timeout=30)
    users = embedded_broker.credentials(folder)
    try:
        yield lambda user: Broker(address.host, address.port, username=user, password=users[user])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)


def test_credentials_are_kept_and_readable_by_their_owner_only(users: dict[str, Broker], tmp_path: Path) -> None:
    with contextlib.ExitStack() as closing:
        again = start_broker(closing, tmp_path, "127.0.0.1", 0)
    assert again["gateway"].password == users["gateway"].password
    for file in ("broker-users.json", "broker-passwords.txt"):
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600
    assert users["gateway"].password not in (tmp_path / "broker-passwords.txt").read_text()


def test_a_port_in_use_is_one_sentence_and_exit_code_3(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "wattproof", "broker", "run", "--port", port, "--data-dir", str(tmp_path)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 3
    assert ended.stderr.strip() == (
        f"wattproof: MQTT 브로커: 127.0.0.1:{port}에서 받을 수 없습니다 (이미 사용 중인 포트). "
        "그 포트를 쓰는 프로그램을 끝내거나 다른 포트를 쓰십시오."
    )


def test_a_child_ends_with_its_parent_even_when_the_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, sys, time\n"
            "from wattproof.child import Child\n"
            "from wattproof.embedded_broker import Address\n"
            f"child = Child('broker', ['broker', 'run', '--port', '0', '--data-dir', {str(tmp_path)!r}], "
            f"pathlib.Path({str(tmp_path)!r}))\n"
            "print(child.ready(Address).port, child.pid, flush=True)\n"
            "sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    port, pid = map(int, parent.stdout.readline().split())
    parent.kill()
    parent.communicate(timeout=60)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or _zombie(pid), f"child {pid} on port {port} has ended")


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    child = Child("broker", ["broker", "run", "--host", "192.0.2.1", "--data-dir", str(tmp_path)], tmp_path)
    with pytest.raises(Exception, match=r"broker did not become ready: .*cannot listen on 192\.0\.2\.1:1883"):
        child.ready(Address)
    child.stop()
    assert not child.alive


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
