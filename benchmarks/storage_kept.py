"""A DuckDB file as the product keeps it: rolled up, and tidied every night, in a process of its own; then compacted."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from benchmarks.storage_meters import (
    CHANNELS,
    HOUR,
    METERS,
    MINUTE,
    QUARTER,
    START,
    checkpointed,
    hours,
    look,
    series,
    stamps,
)
from storage import Aggregate, DuckStore
from storage.duck import compaction
from telemetry import Batch, Table

_DAY = 24 * HOUR


class Kept(msgspec.Struct):
    """What was seen; peaks of memory are the process' resident set [MB].

    `bytes` is of the whole file: `rolled_bytes` of it hold quarter-hours, `free_bytes` are used by what comes next.
    `latest_rows` are those that no night has laid out by series yet.
    """

    bytes: int
    rolled_bytes: int
    free_bytes: int
    latest_rows: int
    compacted_bytes: int
    tidied_rows: int
    tidied_s: float
    longest_write_ms: float
    compacted_s: float
    longest_write_compacting_ms: float
    opened_ms: float
    bare_mb: float
    upkeep_mb: float
    queried_mb: float
    one_meter_processor_ms: float
    latencies: dict[str, tuple[float, float]]
    compacted: dict[str, tuple[float, float]]


def measure_kept(folder: Path, days: int, channels: tuple[str, ...], looks: int) -> Kept:
    """Measure in a process whose memory nothing else uses."""
    command = [sys.executable, "-m", __name__, str(folder / "kept.duckdb"), str(days), str(len(channels)), str(looks)]
    return msgspec.json.decode(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, type=Kept)


def live_through(path: Path, days: int, channels: tuple[str, ...], looks: int) -> Kept:
    """Write, roll and tidy for some days, ask, open again, and compact."""
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
            with writing(store, hour) as written:
                done = tidied(store, now)
            if done:
                rows, spent, longest = rows + done, spent + time.perf_counter() - began, max(longest, *written)
    upkeep = peak_mb()
    size, rolled, free = parts(store)
    latencies = look(store, days, looks)
    queried = peak_mb()
    processor = processor_ms(
        lambda: store.windows(series(17), START, START + days * 24 * HOUR, QUARTER, Aggregate.MEAN), looks
    )
    store.close()
    began = time.perf_counter()
    store = DuckStore(path)
    opened = time.perf_counter() - began
    began = time.perf_counter()
    with writing(store, days * 24) as written:
        compaction.compact(store)
        compacted_s = time.perf_counter() - began
    compacted_size = checkpointed(store)
    compacted = look(store, days, looks)
    store.close()
    return Kept(
        size, rolled, free, days * 1440 * METERS * len(channels) - rows, compacted_size,
        rows, spent, longest, compacted_s, max(written), 1e3 * opened,
        bare, upkeep, queried, processor, latencies, compacted,
    )  # fmt: skip


def processor_ms(ask: Callable[[], object], looks: int) -> float:
    """What a question costs all cores together, the median: the same however busy the machine is."""
    spent = []
    for _ in range(looks):
        began = time.process_time()
        ask()
        spent.append(1e3 * (time.process_time() - began))
    return statistics.median(spent)


def tidied(store: DuckStore, now: int) -> int:
    """Tidy what is a day old; the number of rows."""
    rows = 0
    while some := store.settle(now - _DAY):
        rows += some
    return rows


@contextlib.contextmanager
def writing(store: DuckStore, hour: int) -> Iterator[list[float]]:
    """Write the first minute of an hour of all meters again and again; how long each write took [ms].

    What is written then is written a second time by the next hour, bit for bit another value: the file does not grow.
    """
    done, spent, times = threading.Event(), [0.0], stamps(hour)[:, 0].tolist()

    def write() -> None:
        for value in itertools.count():
            if done.is_set():
                return
            tables = [
                Table.of(f"meter-{n:03}", "power_meter", [when], {CHANNELS[0]: [float(value)]})
                for n, when in enumerate(times)
            ]
            began = time.perf_counter()
            store.write([Batch("site-1", "gw-1", "epoch", value + 1, tables)])
            spent.append(1e3 * (time.perf_counter() - began))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield spent
    finally:
        done.set()
        writer.join()


def parts(store: DuckStore) -> tuple[int, int, int]:
    """Size of the file, of its quarter-hours, and of its free blocks [bytes]."""
    size = checkpointed(store)
    with store.file.cursor() as cursor:
        found = cursor.execute("SELECT block_size, free_blocks FROM pragma_database_size()").fetchall()
        [(block, free)] = found
        blocks = sum(
            cursor.execute(f"SELECT count(DISTINCT block_id) FROM pragma_storage_info('{table}')").fetchall()[0][0]
            for table in ("rollups", "state_rollups")
        )
    return size, blocks * block, free * block


def peak_mb() -> float:
    """The largest resident set of this process so far [MB]."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


if __name__ == "__main__":
    file, of_days, of_channels, of_looks = sys.argv[1:]
    kept = live_through(Path(file), int(of_days), CHANNELS[: int(of_channels)], int(of_looks))
    print(json.dumps(msgspec.to_builtins(kept)))
