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
_DEADLINE_S = 120

Found = dict[str, Any]
"""What a part found."""


def main() -> int:
    """Measure all."""
    parser = argparse.ArgumentParser(description="What polling costs.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a fifth of the time, for a look")
    options = parser.parse_args()
    share = 0.2 if options.quick else 1.0
    times = [_WARMUP_S * share, _MEASURE_S * share]
    with tempfile.TemporaryDirectory() as name, stand(Path(name), 500) as (ports, broker_port):
        many = agent(Path(name), ports, broker_port, times)
        few = agent(Path(name), ports[:50], broker_port, times)
        asleep = run(["sleeper", 50, times[1]])
        peer = run(["peer", *times], json.dumps(ports) + "\n")
    figures = [*of_many(many, peer), *of_few(few, asleep)]
    for baud in (9600, 19200):
        figures += of_line(baud, run(["line", baud, 8 * share]))
    facts = {
        "devices": f"{UNITS} units each, {len(channels())} values in {REGISTERS} registers per unit, read each second",
        "measured": f"{times[1]:g} s after {times[0]:g} s",
    }
    return report("edge", figures, as_json=options.json, facts=facts)


def of_many(many: Found, peer: Found) -> list[Figure]:
    """Figures of 500 devices, and of pymodbus's client beside them."""
    if "failed" in many:
        return [failed("500 devices", many)]
    per_read = many["cpu"] / many["reads_s"]
    a_read = Figure("500 devices: CPU of a read", 1e6 * per_read, "µs")
    if "failed" not in peer:
        beside, peers = f"pymodbus's client, {peer['reads_s']:,.0f} reads/s alone", peer["cpu"] / peer["reads_s"]
        a_read = msgspec.structs.replace(a_read, peer=beside, peer_value=1e6 * peers, ratio=peers / per_read)
    return [
        a_read,
        *([failed("pymodbus's client", peer)] if "failed" in peer else []),
        at_most("500 devices: CPU", 100 * many["cpu"], "% of a core", 30),
        at_most("500 devices: memory", many["resident_mb"], "MB", 80),
        at_most("500 devices: lateness p99", many["lateness_p99_ms"], "ms", 5),
        Figure("500 devices: lateness p50", many["lateness_p50_ms"], "ms"),
        at_least("500 devices: reads", many["reads_s"], "1/s", 0.98 * 500 * UNITS),
        Figure("500 devices: values", many["values_s"], "1/s"),
        at_most("500 devices: read errors", many["errors"], "", 0),
        at_most("500 devices: batches left at the end", many["left"], "", 0),
    ]  # fmt: skip


def of_few(few: Found, asleep: Found) -> list[Figure]:
    """Figures of 50 devices, and how late the machine wakes as many tasks that only sleep."""
    if "failed" in few:
        return [failed("50 devices", few)]
    late = at_most("50 devices: lateness p99", few["lateness_p99_ms"], "ms", 5)
    if "failed" not in asleep:
        bare = max(asleep["lateness_p99_ms"], 0.01)
        ratio = bare / max(few["lateness_p99_ms"], 0.01)
        late = msgspec.structs.replace(late, peer="50 tasks that only sleep", peer_value=bare, ratio=ratio)
    return [
        at_most("50 devices: CPU", 100 * few["cpu"], "% of a core", 5),
        at_most("50 devices: memory", few["resident_mb"], "MB", 60),
        late,
    ]


def of_line(baud: int, line: Found) -> list[Figure]:
    """Figures of a serial line."""
    if "failed" in line:
        return [failed(f"RTU at {baud} baud", line)]
    return [at_least(f"RTU at {baud} baud: share of the bus time", 100 * line["share"], "%", 90)]


def failed(what: str, found: Found) -> Figure:
    """A part that did not run to its end; the others count all the same."""
    return Figure(f"{what}: failed, {found['failed']}", 0.0, "", "runs", met=False)


def agent(folder: Path, ports: list[int], broker_port: int, times: list[float]) -> Found:
    """Run the agent on some devices, with a data folder of its own."""
    site = write_site(folder, ports, broker_port)
    return run(["agent", site, folder / f"data-{len(ports)}", *times])


def run(arguments: list[object], told: str = "") -> Found:
    """Run a part to its end; the object it prints last, or under ``failed`` why there is none."""
    command = [*part(str(arguments[0])), *map(str, arguments[1:])]
    try:
        done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=_DEADLINE_S, check=True)
        found: Found = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"failed": f"not at its end within {_DEADLINE_S} s"}
    except subprocess.CalledProcessError as error:
        return {"failed": (error.stderr.strip().splitlines() or [str(error)])[-1]}
    except (IndexError, ValueError) as error:
        return {"failed": f"it said no figures ({error})"}
    sys.stderr.write(f"{arguments[0]}: {json.dumps(found)}\n")
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
