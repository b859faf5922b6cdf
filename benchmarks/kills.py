"""Kills the whole agent in the middle of its work, again and again, and asks what became of every reading.

The agent (``wattproof edge run``) polls a Modbus server that answers each question with the next number and writes
down what it answered, in which connection: a witness that knows nothing of outbox and store. A real mosquitto, the
real collector and a DuckDB file stand behind the agent. After the last kill the agent runs once more and drains. Then

- the outbox's ledger balances, nothing waits, and the store holds as many values as the ledger says are stored;
- no number is stored twice, none that was never answered;
- of each life, the numbers stored are all up to some last one: a hole in the middle would be a committed reading lost.
  What comes after the last one was read and not yet committed when the kill came; its age is told.

``python -m benchmarks.kills [--kills 100] [--seed 1] [--json]``
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.frame import Figure, at_most, report
from collector import Collector, Quarantine
from edge import Outbox
from storage import DuckStore, Series
from telemetry import Broker
from tests.parts import mosquitto

SITE, GATEWAY, DEVICE = "site-1", "gw-1", "line-1"
COUNTED = Series(SITE, "plc", DEVICE, "production_count")
FLUSH_MS = 100
_PROFILE = """
name: witness
vendor: Benchmark
model: Witness
kind: plc
source: the server in this file
verified: false
address_base: 0
fields:
  - {channel: production_count, function: 3, address: 0, type: uint32}
goldens:
  - what: the first answer
    registers: [{function: 3, address: 0, words: [0, 1]}]
    values: {production_count: 1}
"""
_SITE = """
site: {{id: site-1, name: Site}}
gateway: gw-1
every_ms: 20
flush_ms: {flush}
broker: {{port: {broker}}}
buses:
  - name: panel
    url: tcp://127.0.0.1:{port}
    timeout_ms: 5000
    devices:
      - {{id: line-1, profile: ./witness.yaml, unit: 1}}
"""


@dataclass(frozen=True)
class Answer:
    """A number the server gave, in which connection, and when [s, monotonic]."""

    number: int
    connection: int
    at: float


@dataclass
class Witness:
    """What the server answered, in order, and when each life of the agent was ended."""

    answers: list[Answer] = field(default_factory=list)
    connections: int = 0
    killed: dict[int, float] = field(default_factory=dict)

    def serve(self, connection: Any) -> None:
        """Answer one connection's questions for registers 0 and 1 with the next number."""
        self.connections += 1
        mine = self.connections
        while len(head := connection.recv(12, 0x100)) == 12:  # MSG_WAITALL
            number = len(self.answers) + 1
            pdu = struct.pack(">BBI", head[7], 4, number)
            self.answers.append(Answer(number, mine, time.monotonic()))
            connection.sendall(head[:4] + struct.pack(">HB", len(pdu) + 1, head[6]) + pdu)


@dataclass(frozen=True)
class Outcome:
    """What became of the readings [readings]; `tails` are the ages of readings that a kill took before their commit."""

    kills: int
    answered: int
    stored: int
    lost: int
    twice: int
    invented: int
    unaccounted: int
    waiting: int
    tails: list[float]

    @property
    def clean(self) -> bool:
        """Whether nothing that was committed is lost, doubled or unexplained."""
        return not (self.lost or self.twice or self.invented or self.unaccounted or self.waiting)


def main() -> int:
    """Kill, then count."""
    parser = argparse.ArgumentParser(description="Kill the agent in the middle of its work, and count.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder), options.kills, options.seed)
    figures = [
        at_most("committed readings lost", found.lost, "readings", 0),
        at_most("readings stored twice", found.twice, "readings", 0),
        at_most("readings stored that were never answered", found.invented, "readings", 0),
        at_most("readings the ledgers do not agree on", found.unaccounted, "readings", 0),
        at_most("batches left in the outbox", found.waiting, "batches", 0),
        Figure("readings stored", found.stored, "readings"),
        Figure("answered by the server", found.answered, "readings"),
        Figure("read, not committed when killed: oldest", 1000 * max(found.tails, default=0.0), "ms"),
    ]
    facts = {"kills": found.kills, "seed": options.seed, "seconds": round(time.perf_counter() - began)}
    return report("kills", figures, as_json=options.json, facts=facts)


def run(folder: Path, kills: int, seed: int) -> Outcome:
    """Kill the agent `kills` times at moments drawn from `seed`, let it drain, and account for every reading."""
    witness, draw = Witness(), random.Random(seed)
    with (
        answering(witness) as port,
        mosquitto(folder, "max_queued_messages 0") as broker,
        collecting(folder, broker) as store,
    ):
        (folder / "witness.yaml").write_text(_PROFILE, encoding="utf-8")
        text = _SITE.format(flush=FLUSH_MS, broker=broker.port, port=port)
        (folder / "site.yaml").write_text(text, encoding="utf-8")
        for number in range(kills):
            if sys.stderr.isatty():
                sys.stderr.write(f"\rkill {number + 1} of {kills}")
            with agent(folder) as process:
                _until_read(witness, process)
                time.sleep(draw.uniform(0.0, 0.7))
                process.send_signal(signal.SIGKILL)
                witness.killed[witness.connections] = time.monotonic()
        with agent(folder) as process:
            _until_read(witness, process)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        return account(folder, store, witness, kills)


def account(folder: Path, store: DuckStore, witness: Witness, kills: int) -> Outcome:
    """Hold the store against the outbox's ledger and against the witness."""
    outbox = Outbox(folder / "data" / "outbox.sqlite", SITE, GATEWAY)
    counters = outbox.counters
    outbox.close()
    _, values = store.read(COUNTED, 0, 2**62)
    seen = Counter(int(value) for value in values)
    lost, tails = 0, []
    for connection in range(1, witness.connections + 1):
        life = [answer for answer in witness.answers if answer.connection == connection]
        kept = max((index for index, answer in enumerate(life) if seen[answer.number]), default=-1)
        lost += sum(not seen[answer.number] for answer in life[: max(kept, 0)])
        ended = witness.killed.get(connection)
        if ended is None:
            lost += max(0, len(life) - 1 - kept - 1)  # told to stop, it leaves the question under way
        else:
            tails += [ended - answer.at for answer in life[kept + 1 :]]
    return Outcome(
        kills=kills,
        answered=len(witness.answers),
        stored=len(values),
        lost=lost,
        twice=sum(count - 1 for count in seen.values()) + store.duplicates(),
        invented=sum(not 1 <= number <= len(witness.answers) for number in seen),
        unaccounted=abs(counters.read - counters.stored - counters.gap - counters.pending - counters.quarantined)
        + abs(counters.stored - store.count(SITE)),
        waiting=counters.batches,
        tails=tails,
    )


def _until_read(witness: Witness, process: subprocess.Popen[bytes]) -> None:
    before, until = witness.connections, time.monotonic() + 60
    while witness.connections == before or not witness.answers or witness.answers[-1].connection == before:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the agent does not read (exit code {process.poll()}): see agent.log")
        time.sleep(0.005)


@contextlib.contextmanager
def agent(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The agent as a technician starts it."""
    command = [sys.executable, "-m", "wattproof", "edge", "run", str(folder / "site.yaml")]
    command += ["--data-dir", str(folder / "data"), "--drain", "30"]
    with (folder / "agent.log").open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@contextlib.contextmanager
def collecting(folder: Path, broker: Broker) -> Iterator[DuckStore]:
    """The real collector with a store in one file."""
    store, quarantine = DuckStore(folder / "readings.duckdb"), Quarantine(folder / "quarantine.sqlite")
    collector = Collector(store, broker, quarantine)
    collector.start()
    try:
        yield store
    finally:
        collector.stop()
        quarantine.close()
        store.close()


@contextlib.contextmanager
def answering(witness: Witness) -> Iterator[int]:
    """The Modbus server, on a free port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                witness.serve(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join(5)


if __name__ == "__main__":
    raise SystemExit(main())
