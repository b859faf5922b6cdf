"""How well the factory page foretells a quarter-hour of the virtual factory's main meter, read from a store.

Two weeks of readings every 10 s teach, the next two are foretold at minutes 3, 6 and 10; the truth is the factory's.
The peer carries on the last minute's power. Working quarter-hours are those above 30 % of the highest.

``python -m benchmarks.demand [--seed N] [--json]``
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

import simulator
from api.demand import WINDOW_MS, Band, project
from api.energy import Energy
from api.models import Demand, Device
from api.past_demand import DAYS, Past, PastDemand
from api.power_course import read_course
from api.running_demand import foretell, plausible, recent_power
from benchmarks.frame import Figure, report
from storage import DuckStore, Series, Store
from telemetry import Batch

_DAY_MS = 86_400_000
_STEP_MS = 10_000
_MINUTES = (3, 6, 10)
_SITE = "works"
_MAIN = Device(device="main", kind="power_meter", label="", every_ms=_STEP_MS, channels=["active_power_w"])

Floats = npt.NDArray[np.float64]


def fed(factory: simulator.Factory, store: Store, begin: int) -> None:
    """Put the main meter's readings of the past and of what comes into the store."""
    days = factory.history(begin, begin + 2 * DAYS * _DAY_MS + _STEP_MS, _STEP_MS)
    for seq, table in enumerate(table for table in days if table.device == "main"):
        store.write([Batch(_SITE, "gw", "benchmark", seq, [table])])


def learned(store: Store, until: int) -> Past:
    """What the past teaches, as the server learns it: in the background."""
    past_demand = PastDemand(store, lambda: until)
    try:
        while (past := past_demand.get(_SITE, [_MAIN], until, _STEP_MS)) is None:
            time.sleep(0.05)
    finally:
        past_demand.close()
    return past


def foretold(store: Store, past: Past, start: int, minute: int, register: Floats) -> tuple[Demand, Demand]:
    """One quarter-hour at one minute of it: as the tile tells it, and with the last minute carried on."""
    steps, bounds = minute * 60_000 // _STEP_MS, (start, start + WINDOW_MS)
    within = read_course(store, _SITE, [_MAIN], start, steps, _STEP_MS)
    counted = Energy(start, start + minute * 60_000, float(register[steps] - register[0]), "counter")
    counted = plausible(counted, within, _STEP_MS, start)
    band = foretell(within, past, _STEP_MS, start, counted)
    told = project(counted, recent_power(within, _STEP_MS, 0.0), bounds, None, band)
    return told, project(counted, float(within[-6:].mean()), bounds, None, Band("young"))


def figures(seed: int | None) -> list[Figure]:
    """Errors and bands at every minute."""
    built = int(dt.datetime(2026, 1, 5, tzinfo=dt.UTC).timestamp() * 1000)
    factory = simulator.load_factory("gimpo", seed=seed, now_ms=built)
    begin = (factory.begins_ms // _DAY_MS + 8) * _DAY_MS
    until = begin + DAYS * _DAY_MS
    starts = until + np.arange(DAYS * 96, dtype=np.int64) * WINDOW_MS
    truth = factory.interval_energy("main", np.append(starts, starts[-1] + WINDOW_MS)) * 4000
    working = truth > 0.3 * truth.max()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        store = DuckStore(Path(folder) / "readings.duckdb")
        try:
            fed(factory, store, begin)
            past = learned(store, until)
            times, values = store.read(Series(_SITE, "power_meter", "main", "energy_import_wh"), until, until * 2)
            for minute in _MINUTES:
                steps = np.arange(minute * 60_000 // _STEP_MS + 1) * _STEP_MS
                pairs = [
                    foretold(store, past, int(start), minute, np.interp(start + steps, times, values))
                    for start in starts
                ]
                found += _at(minute, pairs, truth, working)
        finally:
            store.close()
    return found


def _at(minute: int, pairs: list[tuple[Demand, Demand]], truth: Floats, working: npt.NDArray[np.bool_]) -> list[Figure]:
    told, peer = (100 * np.abs(np.array([pair[which].projected_w for pair in pairs]) / truth - 1) for which in (0, 1))
    low, high = (np.array([getattr(pair[0], end) for pair in pairs], float) for end in ("low_w", "high_w"))
    held = (low <= truth) & (truth <= high)
    median, naive = float(np.median(told[working])), float(np.median(peer[working]))
    late, peer_late = float(np.quantile(told[working], 0.95)), float(np.quantile(peer[working], 0.95))
    name, by = f"minute {minute}, working quarter-hours", "last minute carried on"
    return [
        Figure(f"{name}: median error", median, "%", peer=by, peer_value=naive, ratio=naive / median),
        Figure(f"{name}: 95th percentile", late, "%", peer=by, peer_value=peer_late, ratio=peer_late / late),
        Figure(f"{name}: 90 % band held", 100 * float(held[working].mean()), "%"),
        Figure(f"{name}: half the band, median", 50 * float(np.median(((high - low) / truth)[working])), "%"),
        Figure(f"minute {minute}, all: 90 % band held", 100 * float(held.mean()), "%"),
    ]


def main() -> int:
    """Measure everything."""
    parser = argparse.ArgumentParser(description="How well the factory page foretells a quarter-hour.")
    parser.add_argument("--seed", type=int, help="of the virtual factory; its file's own when left out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    return report("demand", figures(options.seed), as_json=options.json, facts={"days learned": DAYS})


if __name__ == "__main__":
    raise SystemExit(main())
