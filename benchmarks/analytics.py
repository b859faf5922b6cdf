"""How quick the analytics are, and whether the answers are those of the tools evaluators know.

On four sample meters a daily change-point model (5P) is fitted, projected and given its calibrated band, beside
OpenDSM's daily model and camber's 5P on the same days in the same run. The peers live in an environment of their own in
the system's temporary folder, made on the first run (``--no-peers`` leaves them out). All times, the peers' too, are
processor seconds of one thread, so that a busy machine does not decide the ratio; idle, they are what a clock shows.

``python -m benchmarks.analytics [--repeats 15] [--no-peers] [--json]``
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

import simulator
from analytics import (
    Shape,
    block_bootstrap,
    candidate_saving,
    fit_change_point,
    fit_time_of_week,
)
from analytics.noise import Sample
from analytics.operations import fit_demand_forecast, foretell_demand
from benchmarks.frame import Figure, at_least, at_most, report

Floats = npt.NDArray[np.float64]
DATA = Path(__file__).parent / "data"
PEERS = ("opendsm==1.2.7", "multimethod<2", "camber-toolkit==0.110.0")
BASELINE, REPORTING = ("2015-12-26", "2016-12-24"), ("2017-01-05", "2018-01-04")


def quickest(what: Callable[[], object], repeats: int) -> float:
    """Processor seconds of the quickest of `repeats` runs."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        what()
        taken.append(time.process_time() - started)
    return min(taken)


class Meter:
    """One sample meter's days."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        rows = [row for row in rows if all(row)]
        dates = np.array([row[0] for row in rows])
        self.energy, self.temperature = np.array([row[1:] for row in rows], dtype=np.float64).T
        self.days = dates.astype("datetime64[D]").astype(np.int64)
        self.before, self.after = ((dates >= low) & (dates <= high) for low, high in (BASELINE, REPORTING))

    def adjusted(self, shape: Shape) -> float:
        """Adjusted baseline [energy]."""
        model = fit_change_point(self.energy[None, self.before], self.temperature[self.before], shape=shape)
        return float(model.predict(self.temperature[self.after]).sum())

    def evaluate(self) -> float:
        """Fit, project and band: half width at 90 % [energy]."""
        model = fit_change_point(self.energy[None, self.before], self.temperature[self.before])
        design = model.design(self.temperature)[0]
        found = candidate_saving(design, self.energy, self.before, self.after, self.days)
        return float(found.band.whole.half_width(0.9)[0])


def peers() -> dict[str, Any]:
    """What the peers answer and take, from their own environment."""
    folder = Path(tempfile.gettempdir()) / "wattproof-peers"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEERS], check=True)
        (folder / "complete").touch()
    run = subprocess.run(
        [str(python), str(DATA / "peers.py"), str(DATA)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        env=os.environ | dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    )
    answer: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return answer


def meters(repeats: int, answers: dict[str, Any] | None) -> list[Figure]:
    """Times and answers on the four sample meters."""
    figures = []
    found = {row["meter"]: row for row in answers["meters"]} if answers else {}
    for meter in (Meter(path) for path in sorted(DATA.glob("il-*-daily.csv"))):
        fit = quickest(lambda meter=meter: meter.adjusted(Shape.BOTH), repeats)  # type: ignore[misc]
        whole = quickest(meter.evaluate, repeats)
        figures.append(at_most(f"{meter.name}: 5P fit + predict", 1e3 * fit, "ms", 2.0))
        figures.append(at_most(f"{meter.name}: 5P fit + predict + calibrated band", 1e3 * whole, "ms", 10.0))
        if meter.name in found:
            figures += against(meter, fit, found[meter.name])
    return figures


def against(meter: Meter, seconds: float, peer: dict[str, Any]) -> list[Figure]:
    """Ratios and differences to the peers on one meter."""
    dsm, camber = peer["opendsm_seconds"] / seconds, peer["camber_5P_seconds"] / seconds
    figures = [
        at_least(f"{meter.name}: OpenDSM daily {peer['opendsm_seconds']:.2f} s, times slower", dsm, "×", 500.0),
        at_least(f"{meter.name}: camber 5P {1e3 * peer['camber_5P_seconds']:.0f} ms, times slower", camber, "×", 10.0),
    ]
    for shape in Shape:
        theirs = peer[f"camber_{shape.value}_adjusted"]
        off = 100.0 * abs(meter.adjusted(shape) / theirs - 1.0)
        figures.append(at_most(f"{meter.name}: {shape.value} adjusted baseline off camber's", off, "%", 0.3))
    theirs = peer["opendsm_adjusted"]
    off = 100.0 * abs(meter.adjusted(Shape.BOTH) / theirs - 1.0)
    figures.append(at_most(f"{meter.name}: 5P adjusted baseline off OpenDSM daily's", off, "%", 1.0))
    return figures


def fleets(repeats: int) -> list[Figure]:
    """Long series and many meters, made up; only their sizes matter."""
    rng = np.random.default_rng(20261122)
    hours = np.arange(8760)
    air = 13 - 12 * np.cos(2 * np.pi * hours / 8760) - 4 * np.cos(2 * np.pi * hours / 24) + rng.normal(0, 1, 8760)
    load = (20 + 0.3 * np.maximum(air - 16, 0) + rng.normal(0, 1, 8760))[None]

    def towt() -> Floats:
        return fit_time_of_week(load, hours % 168, air).predict(hours % 168, air)

    days = air.reshape(365, 24).mean(axis=1)
    fleet = 20 + rng.uniform(0.2, 2, (1000, 1)) * np.maximum(days - rng.uniform(12, 20, (1000, 1)), 0)
    fleet += rng.normal(0, 1, fleet.shape)
    quarters = np.arange(35040)
    design = np.column_stack((np.ones(35040), np.repeat(air, 4), quarters % 672 < 480, rng.normal(size=35040)))
    sample = Sample(design, rng.normal(10, 1, 35040), quarters)

    def bootstraps() -> float:
        return block_bootstrap(sample, design[:8640], block=96, replicates=2000).half_width(0.9)

    few = max(3, repeats // 3)
    return [
        at_most("TOWT, 8,760 hours: fit + predict", 1e3 * quickest(towt, repeats), "ms", 5.0),
        at_most("35,040 quarter hours + 2,000 day-block bootstraps", 1e3 * quickest(bootstraps, few), "ms", 100.0),
        at_most(
            "1,000 meters sharing temperature: 5P fit + predict",
            quickest(lambda: fit_change_point(fleet, days).predict(days), few),
            "s",
            0.5,
        ),
    ]


def demand() -> list[Figure]:
    """How far the running window's forecast goes astray at minute 10: the virtual factory's meter every 10 s.

    A week teaches, the next one is foretold. Working windows are those above 30 % of the highest.
    """
    factory = simulator.load_factory("gimpo", now_ms=int(dt.datetime(2026, 1, 5, tzinfo=dt.UTC).timestamp() * 1000))
    edges = factory.begins_ms + np.arange(14 * 8640 + 1, dtype=np.int64) * 10_000
    windows = (factory.interval_energy("main", edges) * 360).reshape(-1, 90)
    past, coming = np.split(windows, 2)
    forecast = fit_demand_forecast(past, recent=30)
    truth = coming.mean(axis=1)
    foretold = [foretell_demand(forecast, window[:60]) for window in coming]
    off = 100.0 * np.abs(np.array([found.value for found in foretold]) / truth - 1.0)
    so_far = 100.0 * np.abs(coming[:, :60].mean(axis=1) / truth - 1.0)
    working = truth > 0.3 * truth.max()
    held = np.mean([found.low <= mean <= found.high for found, mean in zip(foretold, truth, strict=True)])
    return [
        msgspec.structs.replace(
            at_most("15-min demand foretold at minute 10: median error", float(np.median(off)), "%", 3.0),
            peer="mean so far", peer_value=float(np.median(so_far)), ratio=float(np.median(so_far) / np.median(off)),
        ),
        at_most("the same, working windows only", float(np.median(off[working])), "%", 3.0),
        Figure("the same, working windows: 99th percentile (load jumps)", float(np.quantile(off[working], 0.99)), "%"),
        Figure("the same: 90 % band held", 100.0 * float(held), "%"),
    ]  # fmt: skip


def start() -> list[Figure]:
    """Import time and memory of a fresh interpreter, numpy included.

    The memory is the interpreter's own high-water mark: `ru_maxrss` would start from that of the process that made it.
    """
    code = (
        "import time; t = time.process_time(); import analytics; s = time.process_time() - t;"
        "rss = [int(x.split()[1]) / 1024 for x in open('/proc/self/status') if x.startswith('VmHWM')][0];"
        "import scipy; scipy.special.stdtrit; print(s, rss, time.process_time() - t)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        for _ in range(5)
    ]
    return [
        at_most("import analytics", min(float(run[0]) for run in runs), "s", 0.5),
        Figure("the same with what the first band loads", min(float(run[2]) for run in runs), "s"),
        at_most("RSS after import", max(float(run[1]) for run in runs), "MB", 200.0),
    ]


def main() -> int:
    """Measure everything."""
    parser = argparse.ArgumentParser(description="How quick the analytics are, beside their peers.")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    answers = None if options.no_peers else peers()
    figures = [*meters(options.repeats, answers), *fleets(options.repeats), *demand(), *start()]
    facts: dict[str, Any] = {"repeats": options.repeats, "load": os.getloadavg()[0]}
    return report("analytics", figures, as_json=options.json, facts=facts | (answers["versions"] if answers else {}))


if __name__ == "__main__":
    raise SystemExit(main())
