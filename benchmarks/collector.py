"""How many messages one collector takes, into DuckDB and into InfluxDB, and what a city's rate costs and delays.

A real mosquitto, a real collector process, 100,000 meters behind 1,000 gateways on one bare socket; every message is
one reading of 30 channels of one meter. The backlog waits at the broker before the collector comes; it is done when the
gateways have heard that every message is stored. Beside DuckDB stands paho alone, the same backlog received and
dropped; beside InfluxDB stands influxd alone, the same lines posted as requests made beforehand: how much it can take
depends on its settings and on how many meters there are (`benchmarks.influx_ceiling`), so it is drained into with a
factory's hundred and a district's two thousand; three million series are more than InfluxData means one server for.

``python -m benchmarks.collector [--meters 100000] [--backlog 100000] [--seconds 15] [--json]``
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from influxdb_client.client.write.point import Point

from benchmarks.collector_stand.collecting import Measured
from benchmarks.collector_stand.messages import CHANNELS_EACH, batch
from benchmarks.frame import Figure, at_least, at_most, report
from benchmarks.influx_ceiling import ALONE, AS_INSTALLED, RECOMMENDED, Server, ceiling
from storage.influx.lines import requests
from storage.intake import take
from telemetry import Batch, Broker, decode, encode
from tests.parts import free_port, program, running

GATEWAYS = 1_000
INFLUX = (AS_INSTALLED, 2_000), (RECOMMENDED, 2_000), (RECOMMENDED, 100)
"""Servers drained into, and how many meters the backlog is of."""
PERIOD_S = 30
"""How often a city's meters are read."""


def main() -> int:
    """Measure the drains, the city and the parts."""
    parser = argparse.ArgumentParser(description="A collector's speed: backlogs drained, and a city's rate held.")
    parser.add_argument("--backlog", type=int, default=100_000, metavar="MESSAGES")
    parser.add_argument("--meters", type=int, default=100_000, help="meters of the city, each read every 30 s")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long the city's rate is held [s]")
    parser.add_argument("--only", choices=["duck", "influx", "city", "parts"], help="one part of it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    figures: list[Figure] = []
    gc.set_threshold(100_000)  # as the collector does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.only in (None, "parts"):
            figures += parts()
        if options.only in (None, "city"):
            figures += city(folder / "city", options.meters, options.seconds)
        if options.only in (None, "duck"):
            bare = drain(folder / "bare", "paho", "-", options.meters, options.backlog)
            found = drain(folder / "duck", "duck", "x.duckdb", options.meters, options.backlog)
            figures += drained("DuckDB", 20_000, found, "paho alone, nothing decoded or stored", bare.rate)
        if options.only in (None, "influx"):
            for number, (server, meters) in enumerate(INFLUX):
                figures += into_influxdb(folder / f"influx-{number}", server, meters, options.backlog)
    facts = {
        "meters, but for InfluxDB": options.meters,
        "gateways": GATEWAYS,
        "values per message": CHANNELS_EACH,
        "backlog": options.backlog,
        "other load on the machine": round(load, 1),
    }
    return report("collector", figures, as_json=options.json, facts=facts)


class Drained(msgspec.Struct, frozen=True):
    """One drain: messages a second until all were acknowledged, and what the process says."""

    rate: float
    measured: Measured


def into_influxdb(folder: Path, server: Server, meters: int, backlog: int) -> list[Figure]:
    """Drain a backlog into InfluxDB; before it, what another such server takes of ready-made requests."""
    with server.running(folder / "alone") as database:
        alone = ceiling(database, meters, backlog)
    with server.running(folder / "database") as database:
        found = drain(folder / "stand", "influx", database.url, meters, backlog)
    engine = f"InfluxDB 1.6.7 {server.name}, {meters:,} meters"
    return [
        *drained(engine, 16_000, found, ALONE, alone.rate),
        Figure(f"{engine}: influxd's CPU per line, alone", alone.cpu_us, "µs"),
    ]


def drained(engine: str, target: float, found: Drained, peer: str, peer_rate: float) -> list[Figure]:
    """Figures of one drain beside what a peer does with the same backlog."""
    rate = at_least(f"{engine}: backlog drained", found.rate, "messages/s", target)
    rate = msgspec.structs.replace(rate, peer=peer, peer_value=peer_rate, ratio=found.rate / peer_rate)
    counters = found.measured.counters
    return [
        rate,
        Figure(f"{engine}: values drained", found.rate * CHANNELS_EACH, "values/s"),
        Figure(f"{engine}: collector's CPU per message", 1e6 * found.measured.cpu_s / found.measured.messages, "µs"),
        Figure(f"{engine}: collector's memory, at most", found.measured.resident_mb, "MB"),
        at_most(f"{engine}: left to be sent again, set aside, or there twice",
                counters["deferred"] + counters["quarantined"] + found.measured.duplicates, "", 0),
    ]  # fmt: skip


def drain(folder: Path, engine: str, where: str, meters: int, backlog: int) -> Drained:
    """Queue a backlog at the broker, then let the collector come."""
    with stand(folder, meters) as (port, gateways):
        with collecting(port, engine, where, folder) as collector:
            if engine != "paho":
                gateways.told(f"burst {meters}")  # the meters become known
                gateways.heard()
                gateways.heard()
            collector.ended()
        gateways.told(f"burst {backlog}")
        gateways.heard()
        with collecting(port, engine, where, folder) as collector:
            if engine == "paho":
                time.sleep(backlog / 4000)
                found = collector.ended()
                return Drained(found.messages / (found.ended - found.began), found)
            acknowledged = float(gateways.heard())
            found = collector.ended()
    stored = backlog + meters
    if found.readings != stored * CHANNELS_EACH:
        raise SystemExit(f"benchmarks.collector: {found.readings} readings stored of {stored * CHANNELS_EACH} sent")
    return Drained(backlog / (acknowledged - found.began), found)


def city(folder: Path, meters: int, seconds: float) -> list[Figure]:
    """Hold a city's rate into DuckDB."""
    with stand(folder, meters) as (port, gateways), collecting(port, "duck", "x.duckdb", folder) as collector:
        gateways.told(f"burst {meters}")
        gateways.heard()
        gateways.heard()
        gateways.told(f"pace {meters // PERIOD_S} 2")
        gateways.heard()
        gateways.heard()
        collector.told("anew")
        gateways.told(f"pace {meters // PERIOD_S} {seconds}")
        gateways.heard()
        gateways.heard()
        found = collector.ended()
    delays = sorted(found.delays_ms)
    share = 100 * found.cpu_s / (found.ended - found.began)
    return [
        Figure("city: messages", found.messages / (found.ended - found.began), "messages/s"),
        at_most("city: collector's CPU", share, "% of a core", 50),
        at_most("city: sent → stored and answered, p99", delays[len(delays) * 99 // 100], "ms", 20),
        Figure("city: sent → stored and answered, p50", delays[len(delays) // 2], "ms"),
        Figure("city: sent → stored and answered, at most", delays[-1], "ms"),
        Figure("city: collector's memory", found.resident_mb, "MB"),
        at_most("city: set aside or there twice", found.counters["quarantined"] + found.duplicates, "", 0),
    ]


def parts() -> list[Figure]:
    """What single steps cost per message."""
    batches = [batch(n, n % 20, 1, 1_790_000_000_000, n % 64) for n in range(2_000)]
    payloads = [encode(each) for each in batches]

    def ours() -> None:
        for group in requests(take(batches).blocks, [], 5_000):
            for piece in group:
                piece.lines()

    def points() -> None:
        for each in batches:
            (table,) = each.tables
            point: Any = Point(table.kind)  # type: ignore[no-untyped-call]
            point.tag("site", each.site).tag("device", table.device).time(table.times[0], "ms")
            for channel, column in table.columns.items():
                point.field(channel, column[0])
            point.to_line_protocol()

    line, peer = best(ours, len(batches)), best(points, len(batches))
    lines = at_least("line protocol, times as fast as Point", peer / line, "×", 4)
    return [
        msgspec.structs.replace(lines, peer="influxdb-client's Point [µs/message]", peer_value=peer, ratio=peer / line),
        Figure("line protocol, from batches", line, "µs/message"),
        Figure("decoding", best(lambda: [decode(each, Batch) for each in payloads], len(batches)), "µs/message"),
        Figure("encoding", best(lambda: [encode(each) for each in batches], len(batches)), "µs/message"),
        Figure("message", sum(map(len, payloads)) / len(payloads), "bytes"),
    ]


def best(work: Callable[[], object], messages: int) -> float:
    """The fastest of several rounds [µs/message]: what else the machine does only ever adds."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1e6 * min(times) / messages


class Part:
    """A process of the stand: it is told lines and says some."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def told(self, line: str) -> None:
        """Tell it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def heard(self) -> str:
        """Wait for a line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"benchmarks.collector: {self._process.args!r} ended")
        return line

    def ended(self) -> Measured:
        """End it; what it has measured."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return msgspec.convert(json.loads(self.heard()), Measured)


@contextlib.contextmanager
def part(name: str, *arguments: object) -> Iterator[Part]:
    """Start a process of the stand; it is ready."""
    command = [sys.executable, "-m", f"benchmarks.collector_stand.{name}", *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        started = Part(process)
        try:
            started.heard()
            yield started
        finally:
            with contextlib.suppress(OSError, ValueError):
                assert process.stdin is not None
                process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def collecting(port: int, engine: str, where: str, folder: Path) -> contextlib.AbstractContextManager[Part]:
    """The collector on one engine."""
    return part("collecting", port, engine, folder / where if engine == "duck" else where, folder)


@contextlib.contextmanager
def stand(folder: Path, meters: int) -> Iterator[tuple[int, Part]]:
    """Broker and gateways; the broker's port."""
    folder.mkdir()
    port = free_port()
    config = folder / "mosquitto.conf"
    # As many in flight as the collector keeps waiting: less would let it starve between two commits.
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 8000\n",
        encoding="utf-8",
    )
    with (
        running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log"),
        part("gateways", port, meters, GATEWAYS) as gateways,
    ):
        yield Broker(port=port).port, gateways


if __name__ == "__main__":
    raise SystemExit(main())
