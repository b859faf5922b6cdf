"""What the two stores cost: 100 meters for 30 days, a reading a minute, in DuckDB and beside it in InfluxDB 1.6.7.

Written through `Store.write` as a collector does, an hour of all meters per commit; read through the same interface.
Values are whole watts and watt-hours that move as a factory's do: one channel (power), or with ``--channels 3`` voltage
and energy as well.
The DuckDB file is measured as the product keeps it (rolled up every three hours and laid out by series every night, in
a process of its own), and once more compacted; and as it was written, when no night's upkeep ever came.

``python -m benchmarks.storage [--days 30] [--channels 1] [--json]``
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.frame import Figure, at_most, report
from benchmarks.storage_kept import Kept, measure_kept
from benchmarks.storage_meters import CHANNELS, HOUR, METERS, START, checkpointed, fill, look, series, timed
from benchmarks.storage_rolling import rolling_live
from storage import DuckStore, InfluxStore
from tests.parts import free_port, influxd

LIMITS: Final = {
    "one meter, 30 days by 15 min": 20,
    "100 meters, 30 days by 15 min": 200,
    "latest of 1,000 devices": 20,
}


@dataclass
class Result:
    """What one store showed: readings/s, and how long questions took, the median and the 99th percentile [ms]."""

    rate: float = 0.0
    roll_rate: float = 0.0
    latencies: dict[str, tuple[float, float]] = field(default_factory=dict)
    others: dict[str, tuple[float, float]] = field(default_factory=dict)


def main() -> int:
    """Measure both engines and print them side by side."""
    parser = argparse.ArgumentParser(description="The stores' speed and size.")
    parser.add_argument("--days", type=int, default=30, metavar="DAYS")
    parser.add_argument("--channels", type=int, default=1, choices=range(1, len(CHANNELS) + 1))
    parser.add_argument("--looks", type=int, default=30, metavar="N", help="How often each query is asked.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    days, channels = options.days, CHANNELS[: options.channels]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = measure_kept(folder, days, channels, options.looks)
        duck, written_bytes = measure_duck(folder, days, channels, options.looks)
        live = rolling_live(folder)
        influx, influx_size = measure_influx(folder, days, channels, options.looks)
    readings = days * 1440 * METERS * len(channels)
    figures = [
        beside(Figure("written", duck.rate, "readings/s"), influx.rate, duck.rate / influx.rate),
        *sizes(kept, written_bytes, influx_size, readings),
        Figure("rolled up", duck.roll_rate, "readings/s"),
        *live,
        *nightly(kept, readings),
        *latencies(kept.latencies, influx.latencies),
        Figure("one meter, 30 days by 15 min, processor time", kept.one_meter_processor_ms, "ms"),
        *latencies(duck.latencies, influx.latencies, ", never tidied"),
        *latencies({what: kept.compacted[what] for what in LIMITS}, {}, ", compacted"),
        *latencies(duck.others, {}),
    ]
    facts = {"meters": METERS, "days": days, "channels": len(channels), "readings": readings, "looks": options.looks}
    facts |= {"mean load of the last 15 min": round(os.getloadavg()[2], 1)}
    return report("storage", figures, as_json=options.json, facts=facts)


def sizes(kept: Kept, written: int, influx: int, readings: int) -> list[Figure]:
    """What a reading takes of the file."""
    raw = kept.bytes - kept.rolled_bytes
    return [
        beside(at_most("size as kept", raw / readings, "B/reading", 6), influx / readings, influx / raw),
        Figure("of it free, for what comes next", kept.free_bytes / readings, "B/reading"),
        Figure("quarter-hours beside it", kept.rolled_bytes / readings, "B/reading"),
        beside(
            at_most("size as written, never tidied", written / readings, "B/reading", 6),
            influx / readings, influx / written,
        ),
        Figure("size compacted, with quarter-hours", kept.compacted_bytes / readings, "B/reading"),
    ]  # fmt: skip


def nightly(kept: Kept, readings: int) -> list[Figure]:
    """What the nights of upkeep cost, and what they leave."""
    return [
        Figure("tidied at night", kept.tidied_rows / max(kept.tidied_s, 1e-9), "rows/s"),
        Figure("not yet tidied when asked", kept.latest_rows, "readings"),
        Figure("a minute of all meters written while a piece is tidied, longest", kept.longest_write_ms, "ms"),
        Figure("compacted", readings / kept.compacted_s, "readings/s"),
        Figure("a minute of all meters written while compacted, longest", kept.longest_write_compacting_ms, "ms"),
        Figure("opened again", kept.opened_ms, "ms"),
        Figure("opened again, per million readings", kept.opened_ms / readings * 1e6, "ms"),
        Figure("memory before opening", kept.bare_mb, "MB"),
        Figure("memory with the writing and the upkeep, peak", kept.upkeep_mb, "MB"),
        Figure("memory with the queries, peak", kept.queried_mb, "MB"),
    ]


def latencies(
    seen: dict[str, tuple[float, float]], peers: dict[str, tuple[float, float]], state: str = ""
) -> list[Figure]:
    """How long questions took."""
    figures = []
    for what, spent in seen.items():
        for which, value, peer in zip(("p50", "p99"), spent, peers.get(what, (None, None)), strict=True):
            figure = Figure(f"{what}{state}, {which}", value, "ms")
            if what in LIMITS:
                figure = at_most(figure.name, value, "ms", LIMITS[what])
            figures.append(figure if peer is None else beside(figure, peer, peer / value))
    return figures


def beside(figure: Figure, peer: float, ratio: float) -> Figure:
    """The figure with InfluxDB's."""
    return msgspec.structs.replace(figure, peer="InfluxDB 1.6.7", peer_value=peer, ratio=ratio)


def measure_duck(folder: Path, days: int, channels: tuple[str, ...], looks: int) -> tuple[Result, int]:
    """The embedded engine without upkeep; what it showed, and the size of the file before it was rolled up [bytes]."""
    store = DuckStore(folder / "readings.duckdb")
    result = Result(rate=fill(store, days, channels))
    written = checkpointed(store)
    result.latencies = look(store, days, looks)
    began = time.perf_counter()
    end = START + days * 24 * HOUR
    while store.roll(end):
        pass
    result.roll_rate = days * 1440 * METERS * len(channels) / (time.perf_counter() - began)
    result.others["one meter, 30 days of quarter-hours"] = timed(lambda: store.rollups(series(17), START, end), looks)
    store.close()
    return result, written


def measure_influx(folder: Path, days: int, channels: tuple[str, ...], looks: int) -> tuple[Result, int]:
    """The server: written, its cache flushed to files by time, queried."""
    with influxd(folder, free_port(), free_port()) as server:
        store = InfluxStore(server.url)
        result = Result(rate=fill(store, days, channels))
        result.latencies = look(store, days, looks)
        store.close()
    return result, sum(f.stat().st_size for part in ("data", "wal") for f in (folder / part).rglob("*") if f.is_file())


if __name__ == "__main__":
    raise SystemExit(main())
