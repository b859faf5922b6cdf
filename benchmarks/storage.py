"""What the two stores cost: 100 meters for 30 days, a reading a minute, in DuckDB and beside it in InfluxDB 1.6.7.

Written through `Store.write` as a collector does, an hour of all meters per commit; read through the same interface.
Values are whole watts and watt-hours that move as a factory's do: one channel (power), or with ``--channels 3`` voltage
and energy as well. The DuckDB file is measured as it was written, rolled up, and compacted.

``python -m benchmarks.storage [--days 30] [--channels 1] [--json]``
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.frame import Figure, at_most, report
from storage import Aggregate, DuckStore, InfluxStore, Series, Store
from storage.duck import maintenance
from telemetry import Batch, Table
from tests.parts import free_port, influxd

SITE, METERS, MINUTE, HOUR, QUARTER = "site-1", 100, 60_000, 3_600_000, 900_000
START = 1_795_273_200_000
CHANNELS = ("active_power_w", "voltage_l1_v", "energy_import_wh")


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
        duck, sizes = measure_duck(folder, days, channels, options.looks)
        influx, influx_size = measure_influx(folder, days, channels, options.looks)
    readings = days * 1440 * METERS * len(channels)
    figures = [beside(Figure("written", duck.rate, "readings/s"), influx.rate, duck.rate / influx.rate)]
    figures += [
        beside(at_most("size as written", sizes["written"] / readings, "B/reading", 6), influx_size / readings,
               influx_size / sizes["written"]),
        Figure("size with quarter-hours", sizes["rolled"] / readings, "B/reading"),
        Figure("size with quarter-hours, compacted", sizes["compacted"] / readings, "B/reading"),
        Figure("rolled up", duck.roll_rate, "readings/s"),
    ]  # fmt: skip
    limits = {"one meter, 30 days by 15 min": 20, "100 meters, 30 days by 15 min": 200, "latest of 1,000 devices": 20}
    for what, (median, worst) in duck.latencies.items():
        limit = limits.get(what)
        peer = influx.latencies.get(what)
        for which, value, index in (("p50", median, 0), ("p99", worst, 1)):
            figure = Figure(f"{what}, {which}", value, "ms")
            if limit is not None:
                figure = at_most(figure.name, value, "ms", limit)
            figures.append(figure if peer is None else beside(figure, peer[index], peer[index] / value))
    facts = {"meters": METERS, "days": days, "channels": len(channels), "readings": readings, "looks": options.looks}
    return report("storage", figures, as_json=options.json, facts=facts)


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
    maintenance.compact(store)
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


def fill(store: Store, days: int, channels: tuple[str, ...]) -> float:
    """Write everything, an hour of all meters per commit; only the writing is timed [readings/s]."""
    rng = np.random.default_rng(1)
    size = rng.uniform(1e3, 2e5, METERS)
    energy = np.zeros(METERS)
    spent, written = 0.0, 0
    for hour in range(days * 24):
        tables = []
        for meter in range(METERS):
            start = START + hour * HOUR + meter * 37
            load = 1 + 0.3 * np.sin(np.arange(60) / 200 + hour / 4)
            power = np.round(size[meter] * load + rng.normal(0, size[meter] / 50, 60))
            volts = np.round(230 + rng.normal(0, 1, 60), 1)
            register = np.round(energy[meter] + np.cumsum(power) / 60)
            energy[meter] = register[-1]
            columns = dict(zip(CHANNELS, (power.tolist(), volts.tolist(), register.tolist()), strict=True))
            kept = {channel: columns[channel] for channel in channels}
            tables.append(Table(f"meter-{meter:03}", "power_meter", list(range(start, start + HOUR, MINUTE)), kept))
        sent = Batch(SITE, "gw-1", "epoch", hour + 1, tables)
        began = time.perf_counter()
        written += store.write([sent]).stored
        spent += time.perf_counter() - began
    return written / spent


def look(store: Store, days: int, looks: int) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile of the queries [ms]."""
    end = START + days * 24 * HOUR
    every = [series(meter) for meter in range(METERS)]
    if not store.latest("city"):
        tables = [Table(f"d-{n}", "power_meter", [START], {"active_power_w": [float(n)]}) for n in range(1000)]
        store.write([Batch("city", "gw-1", "epoch", 1, tables)])
    assert len(store.latest("city")) == 1000
    assert all(len(times) == days * 96 for times, _ in store.windows_many(every, START, end, QUARTER, Aggregate.MEAN))
    meters = iter(np.random.default_rng(2).integers(0, METERS, 10_000).tolist())
    return {
        "one meter, 30 days by 15 min": timed(
            lambda: store.windows(series(next(meters)), START, end, QUARTER, Aggregate.MEAN), looks
        ),
        "100 meters, 30 days by 15 min": timed(
            lambda: store.windows_many(every, START, end, QUARTER, Aggregate.MEAN), max(5, looks // 3)
        ),
        "latest of 1,000 devices": timed(lambda: store.latest("city"), looks),
        "one meter, 30 days of energy by 15 min": timed(
            lambda: store.windows(series(next(meters)), START, end, QUARTER, Aggregate.INCREASE), looks
        ),
    }


def series(meter: int) -> Series:
    """A meter's power."""
    return Series(SITE, "power_meter", f"meter-{meter:03}", CHANNELS[0])


def timed(ask: Callable[[], object], looks: int) -> tuple[float, float]:
    """Median and 99th percentile [ms]."""
    ask()
    spent = []
    for _ in range(looks):
        began = time.perf_counter()
        ask()
        spent.append(1e3 * (time.perf_counter() - began))
    return float(np.median(spent)), float(np.percentile(spent, 99))


def checkpointed(store: DuckStore) -> int:
    """Size of the file with everything in it [bytes]."""
    with store.file.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    return store.file.path.stat().st_size


if __name__ == "__main__":
    raise SystemExit(main())
