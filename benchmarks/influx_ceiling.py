"""What an InfluxDB 1.x alone takes on this machine: requests made beforehand, with no broker and no collector.

Every line is one reading of 30 channels of one meter, as the collector writes it; the meters are known before it is
measured. Processor time per line is what a busy machine spoils least, and it bounds the rate: two cores at 100 µs a
line can take no more than 20,000 lines/s, and on a machine that also runs broker and collector, less. 16,000 lines/s of
30 channels are 480,000 field writes/s; InfluxData's guide means a server of 2-4 cores for fewer than 5,000 writes/s, of
4-6 cores for fewer than 250,000, and calls 750,000 field writes/s what one server may no longer support
(https://docs.influxdata.com/influxdb/v1/guides/hardware_sizing/).

For every request influxd looks up each series of it, field by field, in its maps, log and cache; what comes after that,
for a further reading of the same meter in the same request, costs less than half. ``--readings 6`` puts six of a meter
side by side, as a gateway's batch does that holds six.

``python -m benchmarks.influx_ceiling [--meters 10000] [--lines 60000] [--lines-per-request 5000] [--readings 1]
[--influxd PROGRAM] [--json]``
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.collector_stand.messages import CHANNELS_EACH, batch
from benchmarks.frame import Figure, report
from storage.influx.lines import requests
from storage.influx.writing import LINES_PER_REQUEST
from storage.intake import take
from tests.parts import Database, free_port, influxd, influxd_version

ALONE: Final = "influxd alone, fed with ready-made requests"

_MARKS: Final = 777_777, 7_777_777_777_777
_KINDS_OF_VALUES: Final = 64
_TRIES: Final = 10


class Server(msgspec.Struct, frozen=True):
    """How a server is set up: lines of its section ``[data]``, its environment, and which program it is."""

    name: str
    data: str = ""
    env: dict[str, str] = {}
    command: str = ""

    @contextmanager
    def running(self, folder: Path) -> Iterator[Database]:
        """A server, whose data stay in a new folder."""
        folder.mkdir(parents=True)
        with influxd(folder, free_port(), free_port(), data=self.data, env=self.env, command=self.command) as database:
            yield database


AS_INSTALLED: Final = Server("as installed")
RECOMMENDED: Final = Server(
    "as docs/influxdb.md recommends",
    'index-version = "tsi1"\ncache-snapshot-memory-size = "256m"\ncache-max-memory-size = "2g"',
    {"GOGC": "400"},
)


class Ceiling(msgspec.Struct, frozen=True):
    """What a server took.

    Attributes
    ----------
    rate
        Lines a second.
    cpu_us
        Its processor time per line [µs].
    written_mb
        What it handed to the disk [MB]: log, snapshots and compactions.
    resident_mb
        Its memory at most [MB].
    """

    rate: float
    cpu_us: float
    written_mb: float
    resident_mb: float


def ceiling(
    database: Database,
    meters: int,
    lines: int,
    *,
    connections: int = 2,
    each: int = LINES_PER_REQUEST,
    readings: int = 1,
) -> Ceiling:
    """Feed a new server requests of `each` lines over so many connections; `readings` of a meter stand side by side."""
    _post(
        database.url, "/query?" + urllib.parse.urlencode({"q": "CREATE DATABASE ceiling WITH SHARD DURATION 7d"}), b""
    )
    now = time.time_ns() // 1_000_000
    line = _lines()
    known = [line(meter, now - 1) for meter in range(meters)]
    turn = meters * readings
    sent = [
        line(number % turn // readings, now + number // turn * readings + number % readings) for number in range(lines)
    ]
    _feed(database.url, _requests(known, each), 1)
    bodies = _requests(sent, each)
    began, cpu_s, written = time.monotonic(), _cpu_s(database), _written(database)
    _feed(database.url, bodies, connections)
    took, cpu_s, written = time.monotonic() - began, _cpu_s(database) - cpu_s, _written(database) - written
    return Ceiling(lines / took, 1e6 * cpu_s / lines, written / 1e6, _resident_mb(database))


def _lines() -> Callable[[int, int], str]:
    """Make lines of a meter and a time [ms], with the values of the stand's messages."""
    meter, time_ = _MARKS
    templates = []
    for seed in range(_KINDS_OF_VALUES):
        ((piece,),) = requests(take([batch(meter, 1, 1, time_, seed)]).blocks, [], 1)
        (text,) = piece.lines()
        templates.append(text.replace(str(time_), "%d").replace(f"{meter:06d}", "%06d"))
    return lambda meter, time: templates[meter % _KINDS_OF_VALUES] % (meter, time)


def _requests(lines: list[str], each: int) -> list[bytes]:
    return [gzip.compress("\n".join(lines[n : n + each]).encode(), 0) for n in range(0, len(lines), each)]


def _feed(url: str, bodies: list[bytes], connections: int) -> None:
    def feed(part: list[bytes]) -> None:
        for body in part:
            _post(url, "/write?db=ceiling", body)

    with ThreadPoolExecutor(connections) as pool:
        for fed in [pool.submit(feed, bodies[number::connections]) for number in range(connections)]:
            fed.result()


def _post(url: str, path: str, body: bytes) -> None:
    """Send a request, again when the server did not come to it in time, as a collector would."""
    for _ in range(_TRIES):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)
        connection.request("POST", path, body, {"Content-Encoding": "gzip"} if body else {})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status < 300:
            return
        if answer.status < 500:
            break
    raise SystemExit(f"benchmarks.influx_ceiling: InfluxDB answers {answer.status}: {said.decode()}")


def _cpu_s(database: Database) -> float:
    """Processor time it has used [s], see proc(5)."""
    user, system = Path(f"/proc/{database.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _written(database: Database) -> int:
    return _of(database, "io", "write_bytes")


def _resident_mb(database: Database) -> float:
    return _of(database, "status", "VmHWM") / 1024


def _of(database: Database, file: str, name: str) -> int:
    lines = Path(f"/proc/{database.process.pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def figures(name: str, found: Ceiling) -> list[Figure]:
    """What one server took."""
    cores = os.cpu_count() or 1
    return [
        Figure(f"{name}: lines", found.rate, "lines/s"),
        Figure(f"{name}: values", found.rate * CHANNELS_EACH, "values/s"),
        Figure(f"{name}: influxd's CPU per line", found.cpu_us, "µs"),
        Figure(f"{name}: all {cores} cores could take at most", cores * 1e6 / found.cpu_us, "lines/s"),
        Figure(f"{name}: handed to the disk", found.written_mb, "MB"),
        Figure(f"{name}: influxd's memory", found.resident_mb, "MB"),
    ]


def main() -> int:
    """Measure a server as it is installed, and one as it is recommended, each with one and two connections."""
    parser = argparse.ArgumentParser(description="What an InfluxDB 1.x alone takes: ready-made requests.")
    parser.add_argument("--meters", type=int, default=10_000, help="devices that the lines are of, 30 channels each")
    parser.add_argument("--lines", type=int, default=60_000, help="lines that are timed")
    parser.add_argument("--lines-per-request", type=int, default=LINES_PER_REQUEST, metavar="LINES")
    parser.add_argument("--readings", type=int, default=1, help="readings of a meter side by side in a request")
    parser.add_argument("--influxd", default="", metavar="PROGRAM", help="an InfluxDB 1.x (default: Debian's influxd)")
    parser.add_argument("--connections", type=int, action="append", help="requests under way at once; default 1 and 2")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found: list[Figure] = []
    for setting in (AS_INSTALLED, RECOMMENDED):
        server = msgspec.structs.replace(setting, command=options.influxd)
        for connections in options.connections or (1, 2):
            with tempfile.TemporaryDirectory() as name, server.running(Path(name) / "influxdb") as database:
                took = ceiling(
                    database, options.meters, options.lines, connections=connections,
                    each=options.lines_per_request, readings=options.readings,
                )  # fmt: skip
            found += figures(f"{server.name}, {connections} at once", took)
    facts = {
        "meters": options.meters,
        "lines": options.lines,
        "lines per request": options.lines_per_request,
        "readings of a meter side by side": options.readings,
        "InfluxDB": influxd_version(options.influxd),
        "values per line": CHANNELS_EACH,
        "other load on the machine": round(load, 1),
    }
    return report("influx_ceiling", found, as_json=options.json, facts=facts)


if __name__ == "__main__":
    raise SystemExit(main())
