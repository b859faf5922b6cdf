"""What the collector's tests are made of: a gateway in one line, brokers to kill, a store to trip up."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from collector import Collector, Quarantine
from edge.outbox import Outbox
from edge.publisher import Publisher
from storage import Series, Store, Written
from telemetry import Batch, Birth, Broker, Table
from tests.parts import program, running, wait_until

SITE, GATEWAY = "site-1", "gw-1"
MAIN = Series(SITE, "power_meter", "main", "active_power_w")

_AMQTT = """
import asyncio, sys
from amqtt.broker import Broker

async def serve():
    plugins = {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": sys.argv[2]}}
    if sys.argv[3] == "deaf":
        plugins["amqtt.plugins.topic_checking.TopicAccessControlListPlugin"] = {"acl": {"wattproof": ["elsewhere"]}}
    await Broker({
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{sys.argv[1]}"}},
        "plugins": plugins,
    }).start()
    await asyncio.Event().wait()

asyncio.run(serve())
"""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def readings(start: int, count: int, device: str = "main") -> list[Table]:
    """`count` readings, one a second from `start` [ms]; their values count up."""
    times = [start + 1000 * row for row in range(count)]
    return [Table.of(device, "power_meter", times, {"active_power_w": [float(row) for row in range(count)]})]


@contextlib.contextmanager
def mosquitto_at(port: int, folder: Path, *more: str) -> Iterator[Any]:
    """A mosquitto that keeps nothing when it ends, with `more` settings; yields its process."""
    config = folder / f"mosquitto-{port}.conf"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0", *more]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log") as process:
        yield process


def saving_in(folder: Path) -> list[str]:
    """Settings of a mosquitto that keeps what it knows in a folder, and saves it when `save` says so."""
    return ["user root", "persistence true", f"persistence_location {folder}/", "autosave_interval 0"]


def save(process: Any, folder: Path) -> None:
    """Have a mosquitto save what it knows now: a later kill takes it back to this."""
    kept = folder / "mosquitto.db"
    kept.unlink(missing_ok=True)
    process.send_signal(signal.SIGUSR1)
    wait_until(kept.exists, "it is saved")


@contextlib.contextmanager
def amqtt_at(port: int, folder: Path, *, deaf: bool = False) -> Iterator[Any]:
    """An amqtt in a process of its own, that knows the user of `broker_at`; yields its process.

    A deaf one lets nobody subscribe to anything of ours.
    """
    users = folder / f"amqtt-{port}-users"
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),))
    users.write_text(f"wattproof:{hasher.hash('secret')}\n", encoding="utf-8")
    command = [sys.executable, "-c", _AMQTT, str(port), str(users), "deaf" if deaf else "open"]
    with running(command, port, folder / "amqtt.log") as process:
        yield process


BROKERS: dict[str, Callable[[int, Path], contextlib.AbstractContextManager[Any]]] = {
    "mosquitto": mosquitto_at,
    "amqtt": amqtt_at,
}


def broker_at(port: int) -> Broker:
    return Broker(port=port, username="wattproof", password="secret")


@contextlib.contextmanager
def gateway(
    folder: Path, broker: Broker, *, name: str = GATEWAY, resend_after_s: float = 0.5
) -> Iterator[tuple[Outbox, Publisher]]:
    outbox = Outbox(folder / f"{name}.sqlite", SITE, name)
    publisher = Publisher(
        outbox, broker, Birth(SITE, name, "", 0, "0", SITE, "Asia/Seoul", []), resend_after_s=resend_after_s
    )
    publisher.start()
    try:
        yield outbox, publisher
    finally:
        publisher.stop()
        outbox.close()


@contextlib.contextmanager
def collecting(store: Store, broker: Broker, quarantine: Quarantine, **more: Any) -> Iterator[Collector]:
    collector = Collector(store, broker, quarantine, **{"client_id": "collector-test", **more})
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()


def vanish(client: Collector | Publisher) -> None:
    """End a connection for good and without a word, as a kill of its process would."""
    client._session._ended.set()
    client._session.reconnect()


class Tripwire:
    """A real store whose writes first pass a test's `trip`, which may raise: faults no database makes on demand."""

    def __init__(self, store: Store, trip: Callable[[Sequence[Batch]], None] = lambda _: None) -> None:
        self._store = store
        self.trip = trip

    def write(self, batches: Sequence[Batch]) -> Written:
        self.trip(batches)
        return self._store.write(batches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
