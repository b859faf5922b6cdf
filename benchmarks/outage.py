"""An hour's worth of a site's batches during a database outage: what a collector holds in memory, and how it recovers.

A real mosquitto, a real InfluxDB that is killed, `wattproof collector run` as a process, and gateways with the real
outbox and publisher. The database is away while the batches of an hour are put as fast as the disk takes them; then it
comes back, and the gateways go on measuring at the live rate while their backlog drains.

``python -m benchmarks.outage [--gateways 4] [--rate 1] [--json]``
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.frame import Figure, at_least, at_most, report
from edge.outbox import Outbox
from edge.publisher import Publisher
from storage import InfluxStore, Series
from telemetry import Birth, Broker, Table
from tests.parts import free_port, influxd, program, running, wait_until

SITE: Final = "site-1"
HOUR_S: Final = 3600
CHANNELS: Final = {"active_power_w": 3e4, "reactive_power_var": 4e3, "power_factor": 0.9, "frequency_hz": 60.0} | {
    f"{what}_l{phase}_{unit}": value
    for phase in (1, 2, 3)
    for what, unit, value in (("current", "a", 45.0), ("voltage", "v", 220.0))
}
"""Of each of three meters: 30 values in a batch."""
MEMORY_MB: Final = 100.0
SPEED_UP: Final = 5.0
STALE_S: Final = 2.0


def main() -> int:
    """Run the outage and print its figures."""
    parser = argparse.ArgumentParser(description="A collector through an hour's outage of its database.")
    parser.add_argument("--gateways", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1.0, help="Batches a second of each gateway.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        return _run(Path(name), options.gateways, options.rate, as_json=options.json)


def _run(folder: Path, gateways: int, rate: float, *, as_json: bool) -> int:
    port, rpc, mqtt = free_port(), free_port(), free_port()
    backlog = round(HOUR_S * rate)
    with contextlib.ExitStack() as ends:
        broker = ends.enter_context(_mosquitto(folder, mqtt))
        database = ends.enter_context(contextlib.ExitStack())
        server = database.enter_context(influxd(folder, port, rpc))
        collector = ends.enter_context(_collector(folder, broker, server.url))
        sites = [ends.enter_context(_gateway(folder, broker, f"gw-{number}")) for number in range(gateways)]
        _put(sites, 5, int(time.time() * 1000) - 7_200_000)
        wait_until(lambda: all(publisher.drained(1) for _, publisher in sites), "all is at work", 60)
        before = _rss_mb(collector)
        most = [before]
        watching = threading.Event()
        watcher = threading.Thread(target=_watch, args=(collector, most, watching), daemon=True)
        watcher.start()
        server.process.kill()
        server.process.wait(10)
        _put(sites, backlog, int(time.time() * 1000) - HOUR_S * 1000)
        during = max(most)
        back = ends.enter_context(influxd(folder, port, rpc))
        drained_s, again_s, stale_s = _recover(sites, back.url, rate)
        watching.set()
        watcher.join()
        lost = sum(outbox.counters.read - outbox.counters.stored for outbox, _ in sites)
    speed_up = backlog / drained_s / rate
    figures = [
        at_most("memory through the outage (RSS)", during, "MB", MEMORY_MB),
        at_most("memory through the recovery (RSS)", max(most), "MB", MEMORY_MB),
        at_least("backlog drained, times the live rate", speed_up, "x", SPEED_UP),
        Figure("live readings again, after the database's return", again_s, "s"),
        at_most("oldest live reading while the backlog drained", stale_s, "s", STALE_S),
        at_most("readings lost", lost, "readings", 0),
    ]
    facts = {
        "gateways": gateways, "batches_per_s": gateways * rate, "backlog_batches": backlog * gateways,
        "memory_before_mb": round(before, 1), "drained_s": round(drained_s, 1),
    }  # fmt: skip
    return report("outage", figures, facts=facts, as_json=as_json)


def _put(sites: list[tuple[Outbox, Publisher]], batches: int, start: int) -> None:
    def fill(outbox: Outbox) -> None:
        for number in range(batches):
            outbox.put(_tables(start + number * 1000 * HOUR_S // max(batches, 1)))

    threads = [threading.Thread(target=fill, args=(outbox,)) for outbox, _ in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _tables(at: int, devices: tuple[str, ...] = ("main", "press-1", "press-2")) -> list[Table]:
    return [
        Table.of(device, "power_meter", [at], {name: [value + at % 60 / 1000] for name, value in CHANNELS.items()})
        for device in devices
    ]


def _recover(sites: list[tuple[Outbox, Publisher]], url: str, rate: float) -> tuple[float, float, float]:
    """Go on measuring until the backlog is gone.

    Returns how long that took, after what time the first reading of now was stored, and how old the newest stored one
    ever was from then on, beyond the time between two [s].
    """
    store = InfluxStore(url, database="outage")
    live = Series(SITE, "power_meter", "live-0", "active_power_w")
    begun = time.monotonic()
    newest, again, stale = 0.0, 0.0, 0.0
    while True:
        at = time.time()
        for number, (outbox, publisher) in enumerate(sites):
            outbox.put(_tables(int(at * 1000), (f"live-{number}",)))
            publisher.wake()
        until = time.monotonic() + 1 / rate
        while time.monotonic() < until:
            times, _ = store.read(live, int((time.time() - 60) * 1000), int((time.time() + 1) * 1000))
            newest = max(newest, float(times[-1]) / 1000 if len(times) else 0.0)
            if newest and not again:
                again = time.monotonic() - begun
            if again:
                stale = max(stale, time.time() - newest - 1 / rate)
            time.sleep(0.05)
        waiting = max(outbox.counters.batches for outbox, _ in sites)
        if waiting <= rate * 4 and again:
            store.close()
            for _, publisher in sites:
                publisher.drained(30)
            return time.monotonic() - begun, again, stale


def _watch(process: subprocess.Popen[bytes], most: list[float], done: threading.Event) -> None:
    while not done.wait(0.2):
        most.append(_rss_mb(process))


def _rss_mb(process: subprocess.Popen[bytes]) -> float:
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


@contextlib.contextmanager
def _mosquitto(folder: Path, port: int) -> Iterator[Broker]:
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 200\nmax_queued_messages 20000\n",
        encoding="utf-8",
    )
    with running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log"):
        yield Broker(port=port)


@contextlib.contextmanager
def _collector(folder: Path, broker: Broker, url: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "WATTPROOF_BROKER_PORT": str(broker.port), "WATTPROOF_STORE_ENGINE": "influx",
        "WATTPROOF_STORE_INFLUX_URL": url,
        "WATTPROOF_STORE_INFLUX_DATABASE": "outage", "WATTPROOF_DATA_DIR": str(folder / "data"),
    }  # fmt: skip
    with (folder / "collector.log").open("wb") as log:
        command = [sys.executable, "-m", "wattproof", "collector", "run"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@contextlib.contextmanager
def _gateway(folder: Path, broker: Broker, name: str) -> Iterator[tuple[Outbox, Publisher]]:
    outbox = Outbox(folder / f"{name}.sqlite", SITE, name)
    publisher = Publisher(outbox, broker, Birth(SITE, name, "", 0, "0", SITE, "Asia/Seoul", []))
    publisher.start()
    try:
        yield outbox, publisher
    finally:
        publisher.stop()
        outbox.close()


if __name__ == "__main__":
    sys.exit(main())
