"""The collector as a process of its own: ``python -m benchmarks.collector_stand.collecting PORT ENGINE WHERE FOLDER``.

Says ``ready`` when it is connected. A line on standard input begins to measure anew; its end ends the collector, which
says what was measured since. ENGINE ``paho`` is the bare client, with nothing behind it but its own acknowledgement.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from collector import Collector, Quarantine
from storage import DuckStore, InfluxStore, Store, StoreUnavailableError
from telemetry import BATCH, Batch, Broker, new_client, topic


class Measured(msgspec.Struct):
    """What one run says: times [s], processor time [s], memory [MB], delays from the sender's stamp to now [ms]."""

    messages: int = 0
    began: float = 0.0
    ended: float = 0.0
    cpu_s: float = 0.0
    resident_mb: float = 0.0
    delays_ms: list[int] = []
    counters: dict[str, int] = {}
    readings: int = 0
    duplicates: int = 0


class Stopwatch:
    """Measures commits as they are done, acknowledgements included."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew."""
        self.found = Measured(began=time.time(), delays_ms=[])
        self._cpu = time.process_time()

    def done(self, batches: Sequence[Batch]) -> None:
        """Take in a commit."""
        found = self.found
        found.ended = time.time()
        found.cpu_s = time.process_time() - self._cpu
        found.messages += len(batches)
        now = int(found.ended * 1000)
        found.delays_ms += [now - batch.tables[0].times[0] for batch in batches]


def open_engine(engine: str, where: str) -> Store:
    """The store of the run."""
    return DuckStore(where) if engine == "duck" else InfluxStore(where)


def collect(port: int, engine: str, where: str, folder: Path) -> Measured:
    """Collect until the input ends."""
    store = open_engine(engine, where)
    quarantine = Quarantine(folder / "quarantine.sqlite")
    collector = Collector(store, Broker(port=port), quarantine, client_id="collector")
    watch = Stopwatch()
    collector.listeners.append(watch.done)
    collector.start()
    while not collector.connected:
        time.sleep(0.001)
    _listen_to_orders(watch)
    found = watch.found
    found.resident_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found.counters = {
        name: getattr(collector.counters, name) for name in ("messages", "written", "deferred", "retries")
    }
    found.counters["quarantined"] = quarantine.counters.entries
    collector.stop()
    found.readings, found.duplicates = _counted(store), store.duplicates() if engine == "duck" else 0
    store.close()
    return found


def _counted(store: Store) -> int:
    """How many readings there are; an InfluxDB that is still busy with what it took is asked again for two minutes."""
    until = time.monotonic() + 120
    while True:
        try:
            return store.count()
        except StoreUnavailableError:
            if time.monotonic() > until:
                raise


def receive(port: int) -> Measured:
    """Let paho alone receive and acknowledge."""
    watch = Stopwatch()
    client = new_client(Broker(port=port), "collector", manual_ack=True)

    def heard(client: Any, _data: Any, message: Any) -> None:
        client.ack(message.mid, message.qos)
        if not watch.found.messages:
            watch.restart()
        watch.found.messages += 1
        watch.found.ended = time.time()

    ready: list[bool] = []

    def connected(*_: Any) -> None:
        client.subscribe(topic("+", "+", BATCH), 1)

    client.on_connect = connected
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = heard
    client.connect("127.0.0.1", port)
    client.loop_start()
    while not ready:
        time.sleep(0.001)
    _listen_to_orders(watch)
    client.disconnect()
    client.loop_stop()
    return watch.found


def _listen_to_orders(watch: Stopwatch) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        watch.restart()


def main() -> None:
    """Run one."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    port, engine, where, folder = sys.argv[1:5]
    found = receive(int(port)) if engine == "paho" else collect(int(port), engine, where, Path(folder))
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


if __name__ == "__main__":
    main()
