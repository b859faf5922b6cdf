"""A whole demo run, headless, on DuckDB and on a real InfluxDB: nothing lost, and how long a reading is under way."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.frame import Figure, at_most, report

SECONDS = 30
INFLUX_PORT, INFLUX_RPC_PORT = 28086, 28088


def run(*arguments: str) -> tuple[dict[str, Any], float]:
    """Ledger of a run, and how long it took in all [s]."""
    began = time.monotonic()
    command = [sys.executable, "-m", "wattproof", "demo", "--seconds", str(SECONDS), "--port", "0", "--json"]
    ended = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    ledger: dict[str, Any] = json.loads(ended.stdout)
    return ledger, time.monotonic() - began


@contextlib.contextmanager
def influxdb() -> Iterator[str]:
    """A real InfluxDB 1.x in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "influxdb.conf"
        config.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{INFLUX_RPC_PORT}"\n'
            f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
            f'[http]\nbind-address = "127.0.0.1:{INFLUX_PORT}"\nlog-enabled = false\n'
            "[monitor]\nstore-enabled = false\n",
            encoding="utf-8",
        )
        program = shutil.which("influxd")
        if program is None:
            raise SystemExit("benchmarks.demo: influxd is missing; run `make test` once, or install Debian's influxdb")
        server = subprocess.Popen([program, "run", "-config", str(config)], stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{INFLUX_PORT}"
            deadline = time.monotonic() + 30
            while not _answers(url):
                if time.monotonic() > deadline:
                    raise SystemExit("benchmarks.demo: influxd did not answer within 30 s")
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/ping", timeout=1):
        return True
    return False


def figures(name: str, ledger: dict[str, Any], took_s: float) -> list[Figure]:
    """What the issue of a demo asks of one run."""
    found = ledger["evaluation"]
    inside = found["low"] <= found["true_kwh"] <= found["high"]
    return [
        at_most(f"{name}: readings lost", ledger["lost"], "", 0),
        at_most(f"{name}: duplicates", ledger["duplicates"], "", 0),
        at_most(f"{name}: register → store, p99", ledger["latency_ms"]["p99"], "ms", 1000),
        Figure(f"{name}: register → store, p50", ledger["latency_ms"]["p50"], "ms"),
        Figure(f"{name}: truth inside the 90 % band", float(inside), "", "1", inside),
        Figure(f"{name}: readings stored", ledger["stored"], ""),
        Figure(f"{name}: whole run, {SECONDS} s of it live", took_s, "s"),
    ]


def main() -> int:
    """Run both; print the figures."""
    duck = figures("DuckDB", *run())
    with influxdb() as url:
        influx = figures("InfluxDB 1.x", *run("--store", "influx", "--influx-url", url))
    return report("demo", [*duck, *influx])


if __name__ == "__main__":
    raise SystemExit(main())
