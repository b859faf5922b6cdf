"""A hundred meters that report every minute: what they send, and the questions that are asked of a store about them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from storage import Aggregate, DuckStore, Series, Store
from telemetry import Batch, Table

SITE, METERS, MINUTE, HOUR, QUARTER = "site-1", 100, 60_000, 3_600_000, 900_000
START = 1_795_273_200_000
CHANNELS = ("active_power_w", "voltage_l1_v", "energy_import_wh")


def fill(store: Store, days: int, channels: tuple[str, ...]) -> float:
    """Write everything, an hour of all meters per commit; only the writing is timed [readings/s]."""
    spent, written = 0.0, 0
    for sent in hours(days, channels):
        began = time.perf_counter()
        written += store.write([sent]).stored
        spent += time.perf_counter() - began
    return written / spent


def hours(days: int, channels: tuple[str, ...]) -> Iterator[Batch]:
    """What the meters send, an hour at a time."""
    rng = np.random.default_rng(1)
    size = rng.uniform(1e3, 2e5, METERS)
    energy = np.zeros(METERS)
    for hour in range(days * 24):
        tables, times = [], stamps(hour).tolist()
        for meter in range(METERS):
            load = 1 + 0.3 * np.sin(np.arange(60) / 200 + hour / 4)
            power = np.round(size[meter] * load + rng.normal(0, size[meter] / 50, 60))
            volts = np.round(230 + rng.normal(0, 1, 60), 1)
            register = np.round(energy[meter] + np.cumsum(power) / 60)
            energy[meter] = register[-1]
            columns = dict(zip(CHANNELS, (power.tolist(), volts.tolist(), register.tolist()), strict=True))
            kept = {channel: columns[channel] for channel in channels}
            tables.append(Table.of(f"meter-{meter:03}", "power_meter", times[meter], kept))
        yield Batch(SITE, "gw-1", "epoch", hour + 1, tables)


def stamps(hour: int) -> npt.NDArray[np.int64]:
    """When every meter is read in an hour, shape (meters, 60) [ms UTC].

    On its grid and a little later each time, as `benchmarks.edge` sees it: 1.1 ms half of the times, 3 ms in 1 %.
    """
    late = np.random.default_rng([7, hour]).lognormal(np.log(1.1), 0.43, (METERS, 60)).astype(np.int64)
    grid: npt.NDArray[np.int64] = START + hour * HOUR + 37 * np.arange(METERS)[:, None] + MINUTE * np.arange(60) + late
    return grid


def look(store: Store, days: int, looks: int) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile of the queries [ms]."""
    end = START + days * 24 * HOUR
    every = [series(meter) for meter in range(METERS)]
    minutes = itertools.count(end, MINUTE)

    def all_changed() -> None:
        now = next(minutes)
        tables = [Table.of(f"d-{n}", "power_meter", [now], {"active_power_w": [float(n)]}) for n in range(1000)]
        store.write([Batch("city", "gw-1", "epoch", 1, tables)])

    all_changed()
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
        "latest of 1,000 devices": timed(lambda: store.latest("city"), looks, all_changed),
        "one meter, 30 days of energy by 15 min": timed(
            lambda: store.windows(series(next(meters)), START, end, QUARTER, Aggregate.INCREASE), looks
        ),
    }


def series(meter: int) -> Series:
    """A meter's power."""
    return Series(SITE, "power_meter", f"meter-{meter:03}", CHANNELS[0])


def timed(ask: Callable[[], object], looks: int, before: Callable[[], object] = lambda: None) -> tuple[float, float]:
    """Median and 99th percentile [ms]; `before` each look comes something that is not timed.

    After half a minute five looks are enough.
    """
    ask()
    spent: list[float] = []
    while len(spent) < looks and (len(spent) < 5 or sum(spent) < 30_000):
        before()
        began = time.perf_counter()
        ask()
        spent.append(1e3 * (time.perf_counter() - began))
    return float(np.median(spent)), float(np.percentile(spent, 99))


def checkpointed(store: DuckStore) -> int:
    """Size of the file with everything in it [bytes]."""
    with store.file.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    return store.file.path.stat().st_size
