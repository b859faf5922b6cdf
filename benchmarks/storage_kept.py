"""A DuckDB file as the product keeps it: rolled up and tidied every night, in a process of its own."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

from benchmarks.storage_meters import CHANNELS, HOUR, METERS, MINUTE, START, checkpointed, hours, look
from storage import DuckStore
from telemetry import Batch, Table

_DAY = 24 * HOUR


class Kept(msgspec.Struct):
    """What was seen; peaks of memory are the process' resident set [MB]."""

    bytes: int
    tidied_rows: int
    tidied_s: float
    longest_write_ms: float
    opened_ms: float
    bare_mb: float
    upkeep_mb: float
    queried_mb: float
    latencies: dict[str, tuple[float, float]]


def measure_kept(folder: Path, days: int, channels: tuple[str, ...], looks: int) -> Kept:
    """Measure in a process whose memory nothing else uses."""
    command = [sys.executable, "-m", __name__, str(folder / "kept.duckdb"), str(days), str(len(channels)), str(looks)]
    return msgspec.json.decode(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, type=Kept)


def live_through(path: Path, days: int, channels: tuple[str, ...], looks: int) -> Kept:
    """Write, roll and tidy for some days, ask, and open again."""
    bare = peak_mb()
    store = DuckStore(path)
    rows, spent, longest = 0, 0.0, 0.0
    for hour, sent in enumerate(hours(days, channels), 1):
        store.write([sent])
        now = START + hour * HOUR
        if hour % 3 == 0:
            while store.roll(now - MINUTE):
                pass
        if hour % 24 == 0:
            began = time.perf_counter()
            done, slowest = tidied(store, now)
            if done:
                rows, spent, longest = rows + done, spent + time.perf_counter() - began, max(longest, slowest)
    upkeep = peak_mb()
    size = checkpointed(store)
    latencies = look(store, days, looks)
    queried = peak_mb()
    store.close()
    began = time.perf_counter()
    again = DuckStore(path)
    opened = time.perf_counter() - began
    again.close()
    return Kept(size, rows, spent, longest, 1e3 * opened, bare, upkeep, queried, latencies)


def tidied(store: DuckStore, now: int) -> tuple[int, float]:
    """Tidy what is a day old while a minute of all meters is written again and again; rows, and the longest write [ms].

    What is written then is written a second time by the next hour, bit for bit another value: the file does not grow.
    """
    done, longest = threading.Event(), 0.0

    def write() -> None:
        nonlocal longest
        for value in itertools.count():
            if done.is_set():
                return
            tables = [
                Table(f"meter-{n:03}", "power_meter", [now + 37 * n], {CHANNELS[0]: [float(value)]})
                for n in range(METERS)
            ]
            began = time.perf_counter()
            store.write([Batch("site-1", "gw-1", "epoch", value + 1, tables)])
            longest = max(longest, 1e3 * (time.perf_counter() - began))

    writer = threading.Thread(target=write)
    writer.start()
    rows = 0
    try:
        while some := store.settle(now - _DAY):
            rows += some
    finally:
        done.set()
        writer.join()
    return rows, longest


def peak_mb() -> float:
    """The largest resident set of this process so far [MB]."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


if __name__ == "__main__":
    file, of_days, of_channels, of_looks = sys.argv[1:]
    kept = live_through(Path(file), int(of_days), CHANNELS[: int(of_channels)], int(of_looks))
    print(json.dumps(msgspec.to_builtins(kept)))
