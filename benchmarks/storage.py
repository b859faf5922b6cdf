"""What the two stores cost: 100 meters for 30 days, a reading a minute, in DuckDB and beside it in InfluxDB 1.6.7.

Written through `Store.write` as a collector does, an hour of all meters per commit; read through the same interface.
Values are whole watts and watt-hours that move as a factory's do: one channel (power), or with ``--channels 3`` voltage
and energy as well. The DuckDB file is measured as it was written, rolled up,
and compacted; and as the product keeps it: rolled up every three hours and tidied every
night, in a process of its own.

``python -m benchmarks.storage [--days 30] [--channels 1] [--json]``
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.frame import Figure, at_most, report
from benchmarks.storage_kept import Kept, measure_kept
from benchmarks.storage_meters import CHANNELS, HOUR, METERS, START, checkpointed, fill, look, series, timed
from storage import DuckStore, InfluxStore
from storage.duck import compaction
from tests.parts import free_port, influxd


@dataclass
class Result:
    """What one store showed: `figures` by name, [ms] unless named otherwise."""

    rate: float = 0.0
    roll_rate: float = 0.0
    latencies: dict[str, tuple[float, float]] = field(default_factory=dict)


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
        duck, sizes = measure_duck(folder, days, channels, options.looks)
        influx, influx_size = measure_influx(folder, days, channels, options.looks)
    readings = days * 1440 * METERS * len(channels)
    figures = [beside(Figure("written", duck.rate, "readings/s"), influx.rate, duck.rate / influx.rate)]
    figures += [
        beside(at_most("size as written", sizes["written"] / readings, "B/reading", 6), influx_size / readings,
               influx_size / sizes["written"]),
        Figure("size with quarter-hours", sizes["rolled"] / readings, "B/reading"),
        at_most("size as kept, with quarter-hours", kept.bytes / readings, "B/reading", 6),
        Figure("size with quarter-hours, compacted", sizes["compacted"] / readings, "B/reading"),
        Figure("rolled up", duck.roll_rate, "readings/s"),
        *nightly(kept, readings),
    ]  # fmt: skip
    duck.latencies |= {f"{what}, as kept": spent for what, spent in kept.latencies.items()}
    limits = {"one meter, 30 days by 15 min": 20, "100 meters, 30 days by 15 min": 200, "latest of 1,000 devices": 20}
    for what, (median, worst) in duck.latencies.items():
        limit = limits.get(what.removesuffix(", as kept"))
        peer = influx.latencies.get(what)
        for which, value, index in (("p50", median, 0), ("p99", worst, 1)):
            figure = Figure(f"{what}, {which}", value, "ms")
            if limit is not None:
                figure = at_most(figure.name, value, "ms", limit)
            figures.append(figure if peer is None else beside(figure, peer[index], peer[index] / value))
    facts = {"meters": METERS, "days": days, "channels": len(channels), "readings": readings, "looks": options.looks}
    return report("storage", figures, as_json=options.json, facts=facts)


def nightly(kept: Kept, readings: int) -> list[Figure]:
    """What the nights of upkeep cost, and what they leave."""
    return [
        Figure("tidied at night", kept.tidied_rows / max(kept.tidied_s, 1e-9), "rows/s"),
        Figure("a minute of all meters written while a piece is tidied, longest", kept.longest_write_ms, "ms"),
        Figure("opened again", kept.opened_ms, "ms"),
        Figure("opened again, per million readings", kept.opened_ms / readings * 1e6, "ms"),
        Figure("memory before opening", kept.bare_mb, "MB"),
        Figure("memory with the writing and the upkeep, peak", kept.upkeep_mb, "MB"),
        Figure("memory with the queries, peak", kept.queried_mb, "MB"),
    ]


def beside(figure: Figure, peer: float, ratio: float) -> Figure:
    """The figure with InfluxDB's."""
    return msgspec.structs.replace(figure, peer="InfluxDB 1.6.7", peer_value=peer, ratio=ratio)


def measure_duck(folder: Path, days: int, channels: tuple[str, ...], looks: int) -> tuple[Result, dict[str, int]]:
    """The embedded engine: as written, rolled, compacted."""
    store = DuckStore(folder / "readings.duckdb")
    result = Result(rate=fill(store, days, channels))
    sizes = {"written": checkpointed(store)}
    result.latencies = look(store, days, looks)
    began = time.perf_counter()
    while store.roll(START + days * 24 * HOUR):
        pass
    result.roll_rate = days * 1440 * METERS * len(channels) / (time.perf_counter() - began)
    sizes["rolled"] = checkpointed(store)
    end = START + days * 24 * HOUR
    result.latencies["one meter, 30 days of quarter-hours"] = timed(
        lambda: store.rollups(series(17), START, end), looks
    )
    compaction.compact(store)
    sizes["compacted"] = checkpointed(store)
    compacted = look(store, days, looks)
    for what in ("one meter, 30 days by 15 min", "100 meters, 30 days by 15 min"):
        result.latencies[f"{what}, compacted"] = compacted[what]
    store.close()
    return result, sizes


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
