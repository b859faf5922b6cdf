"""How fast a backlog leaves the outbox, and what that costs the readings of this moment.

A real mosquitto, the real outbox and publisher, and a collector reduced to its word: it decodes every batch and
acknowledges what came in together, as the real one does per commit. Beside it the same bytes sent by paho alone, from
memory, with nothing but the broker's PUBACK: what the road itself can carry on this machine.

``python -m benchmarks.outbox [--backlog 30000] [--json]``
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.frame import Figure, at_least, at_most, report
from edge.outbox import Outbox
from edge.publisher import Publisher
from telemetry import ACK, BATCH, Ack, Batch, Birth, Broker, Table, decode, encode, new_client, ranges, topic
from tests.parts import mosquitto

SITE, GATEWAY = "site-1", "gw-1"
LIVE_EVERY_S = 0.25
CHANNELS = [f"current_l{phase}_a" for phase in (1, 2, 3)] + [f"voltage_l{phase}_v" for phase in (1, 2, 3)] + [
    "active_power_w", "reactive_power_var", "power_factor", "frequency_hz", "energy_import_wh", "energy_export_wh",
]  # fmt: skip


class Heard(msgspec.Struct):
    """What the collector's stub has seen: batches, and the delay of each one put while the backlog drained [s]."""

    batches: int
    live_delays: list[float]


def main() -> int:
    """Measure the drain beside live data, then the bare road."""
    parser = argparse.ArgumentParser(description="The outbox's drain rate beside live data.")
    parser.add_argument("--backlog", type=int, default=30_000, metavar="BATCHES")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--collector", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.collector:
        collect(Broker(port=options.collector))
        return 0
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as name,
        mosquitto(Path(name), "max_queued_messages 0", "set_tcp_nodelay true") as broker,
    ):
        rate, heard, cpu = drain(Path(name), broker, options.backlog)
        bare = bare_road(broker, min(options.backlog, 20_000))
    delays = sorted(heard.live_delays)
    figures = [
        msgspec.structs.replace(
            at_least("backlog drained", rate, "messages/s", 5000),
            peer="paho alone, no outbox, no acks", peer_value=bare, ratio=rate / bare,
        ),
        at_most("live data delayed beside it, at most", delays[-1], "s", 2.0),
        Figure("live data delayed beside it, median", delays[len(delays) // 2], "s"),
        Figure("gateway's CPU time per message", 1e6 * cpu / options.backlog, "µs"),
    ]  # fmt: skip
    facts = {
        "backlog": options.backlog,
        "readings per batch": 4 * len(CHANNELS),
        "live batches": len(delays),
        "other load on the machine": round(load, 1),
    }
    return report("outbox", figures, as_json=options.json, facts=facts)


def drain(folder: Path, broker: Broker, backlog: int) -> tuple[float, Heard, float]:
    """Fill an outbox as an outage would, then publish it with live data beside; rate [1/s], heard, CPU time [s]."""
    outbox = Outbox(folder / "outbox.sqlite", SITE, GATEWAY)
    outbox._file.connection.execute("PRAGMA synchronous = OFF")  # noqa: SLF001 - filling it is not what is measured
    for _ in range(backlog):
        outbox.put(tables(0))
    outbox.close()
    outbox = Outbox(folder / "outbox.sqlite", SITE, GATEWAY)
    publisher = Publisher(outbox, broker, Birth(SITE, GATEWAY, "", 0, "0", SITE, "Asia/Seoul", []))
    stop = threading.Event()
    live = threading.Thread(target=keep_reading, args=(outbox, publisher, stop))
    with stub(broker) as collector:
        cpu, began = time.process_time(), time.perf_counter()
        publisher.start()
        live.start()
        while outbox.after(0, upto=backlog):
            time.sleep(0.002)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        stop.set()
        live.join()
        publisher.drained(10.0)
        publisher.stop()
        outbox.close()
        assert collector.stdin is not None
        assert collector.stdout is not None
        collector.stdin.close()
        heard = msgspec.json.decode(collector.stdout.read(), type=Heard)
    return backlog / took, heard, cpu


def keep_reading(outbox: Outbox, publisher: Publisher, stop: threading.Event) -> None:
    """What the agent does meanwhile: a batch every 250 ms."""
    while not stop.wait(LIVE_EVERY_S):
        outbox.put(tables(time.time_ns() // 1_000_000))
        publisher.wake()


def tables(at: int) -> list[Table]:
    """A batch of four meters at time `at` [ms]; 0 in the backlog."""
    columns: dict[str, list[float | None]] = {name: [1234.5 + number] for number, name in enumerate(CHANNELS)}
    return [Table.of(f"meter-{number}", "power_meter", [at], columns) for number in range(4)]


def bare_road(broker: Broker, count: int) -> float:
    """Messages per second that paho alone brings to the broker at QoS 1."""
    payload = encode(Batch(SITE, GATEWAY, "0" * 16, 1, tables(0)))
    done, ready = threading.Semaphore(0), threading.Event()
    client = new_client(broker, "bare", clean=True)
    client.max_inflight_messages_set(0)
    client.on_connect = lambda *_: ready.set()
    client.on_publish = lambda *_: done.release()
    client.connect(broker.host, broker.port)
    client.loop_start()
    ready.wait(10)
    window = 256
    began = time.perf_counter()
    for number in range(count):
        if number >= window:
            done.acquire()
        client.publish("bare", payload, 1)
    for _ in range(min(window, count)):
        done.acquire()
    took = time.perf_counter() - began
    client.disconnect()
    client.loop_stop()
    return count / took


def collect(broker: Broker) -> None:
    """The stub: acknowledge all that came in together, until standard input ends; then say what was heard."""
    inbox: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
    client = new_client(broker, "stub", clean=True)
    client.max_inflight_messages_set(0)
    client.on_connect = lambda client, *_: client.subscribe(topic("+", "+", BATCH), 1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.on_message = lambda _client, _data, message: inbox.put((time.time(), bytes(message.payload)))
    client.connect(broker.host, broker.port)
    client.loop_start()
    ended = threading.Event()
    threading.Thread(target=_until_closed, args=(ended,), daemon=True).start()
    heard = Heard(0, [])
    while not ended.is_set():
        time.sleep(0.005)
        seqs: dict[str, list[int]] = defaultdict(list)
        while not inbox.empty():
            at, payload = inbox.get()
            batch = decode(payload, Batch)
            seqs[batch.epoch].append(batch.seq)
            heard.batches += 1
            if read_at := batch.tables[0].times[0]:
                heard.live_delays.append(at - read_at / 1000)
        for epoch, numbers in seqs.items():
            client.publish(topic(SITE, GATEWAY, ACK), encode(Ack(epoch, ranges(numbers))), 1)
    sys.stdout.write(msgspec.json.encode(heard).decode())


def _until_closed(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


@contextlib.contextmanager
def stub(broker: Broker) -> Iterator[subprocess.Popen[bytes]]:
    """The collector's stub, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.outbox", "--collector", str(broker.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.terminate()


if __name__ == "__main__":
    raise SystemExit(main())
