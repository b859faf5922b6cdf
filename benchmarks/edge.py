"""What polling costs: 500 and 50 TCP devices with outbox and MQTT on, and how much of a serial line's time is used.

Devices, broker (a real mosquitto) and a collector that acknowledges are processes of their own; only the agent is
measured. Beside it the same reads by pymodbus's own asyncio client, which does nothing with them.

``python -m benchmarks.edge [--json] [--quick]``
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.edge_stand.site import REGISTERS, UNITS, channels, write_site
from benchmarks.frame import Figure, at_least, at_most, report
from tests.parts import free_port, program, running

_WARMUP_S, _MEASURE_S = 8, 12


def main() -> int:
    """Measure all."""
    parser = argparse.ArgumentParser(description="What polling costs.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a fifth of the time, for a look")
    options = parser.parse_args()
    share = 0.2 if options.quick else 1.0
    with tempfile.TemporaryDirectory() as name, stand(Path(name), 500) as (ports, broker_port):
        many = agent(Path(name), ports, broker_port, share)
        peer = run(["peer", _WARMUP_S * share, _MEASURE_S * share], json.dumps(ports) + "\n")
        few = agent(Path(name), ports[:50], broker_port, share)
    lines = {baud: run(["line", baud, 8 * share]) for baud in (9600, 19200)}
    per_read, peers = many["cpu"] / many["reads_s"], peer["cpu"] / peer["reads_s"]
    figures = [
        msgspec.structs.replace(
            at_most("500 devices: CPU", 100 * many["cpu"], "% of a core", 30),
            peer="pymodbus's client, reads alone", peer_value=100 * peer["cpu"], ratio=peers / per_read,
        ),
        at_most("500 devices: memory", many["resident_mb"], "MB", 80),
        at_most("500 devices: lateness p99", many["lateness_p99_ms"], "ms", 5),
        at_least("500 devices: reads", many["reads_s"], "1/s", 0.98 * 500 * UNITS),
        Figure("500 devices: values", many["values_s"], "1/s"),
        Figure("500 devices: lateness p50", many["lateness_p50_ms"], "ms"),
        at_most("500 devices: read errors", many["errors"], "", 0),
        at_most("50 devices: CPU", 100 * few["cpu"], "% of a core", 5),
        at_most("50 devices: memory", few["resident_mb"], "MB", 60),
        at_most("50 devices: lateness p99", few["lateness_p99_ms"], "ms", 5),
        *(at_least(f"RTU at {baud} baud: share of the bus time", 100 * line["share"], "%", 90)
          for baud, line in lines.items()),
    ]  # fmt: skip
    facts = {
        "devices": f"{UNITS} units each, {len(channels())} values in {REGISTERS} registers per unit, read each second",
        "measured": f"{_MEASURE_S * share:g} s after {_WARMUP_S * share:g} s",
        "pymodbus reads/s": round(peer["reads_s"]),
        "batches left at the end": many["left"],
    }
    return report("edge", figures, as_json=options.json, facts=facts)


def agent(folder: Path, ports: list[int], broker_port: int, share: float) -> dict[str, Any]:
    """Run the agent on some devices, with a data folder of its own."""
    site = write_site(folder, ports, broker_port)
    return run(["agent", site, folder / f"data-{len(ports)}", _WARMUP_S * share, _MEASURE_S * share])


def run(arguments: list[object], told: str = "") -> dict[str, Any]:
    """Run a part to its end; the object it prints last."""
    done = subprocess.run(
        [*part(str(arguments[0])), *map(str, arguments[1:])],
        input=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def part(name: str) -> list[str]:
    """Command of a part."""
    return [sys.executable, "-m", f"benchmarks.edge_stand.{name}"]


@contextlib.contextmanager
def stand(folder: Path, devices: int) -> Iterator[tuple[list[int], int]]:
    """Devices, broker and collector; the devices' ports and the broker's."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n", encoding="utf-8")
    with (
        running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log"),
        talking([*part("collector"), str(port)]),
        talking([*part("devices"), str(devices)]) as ports,
    ):
        yield json.loads(ports), port


@contextlib.contextmanager
def talking(command: list[str]) -> Iterator[str]:
    """A process that says one line when it is ready and ends with its input."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline()
        process.stdin.close()
        process.wait(10)


if __name__ == "__main__":
    raise SystemExit(main())
