"""What it costs to roll up the quarter-hour that has just ended, of many meters: a city has three million series.

In a file the cost of a series hangs on how many there are, for all of them lie in the rows that are looked through.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.frame import Figure
from storage import ROLLUP_MS, DuckStore, Series
from storage.abreast import Wanted, rolled_abreast
from storage.rollup import rolled
from telemetry import Batch, Table

_METERS: Final = 12_500
_TOGETHER: Final = 500
_CHANNELS: Final = ("active_power_w", "energy_import_wh", "voltage_l1_v", "current_l1_a")
_STEP_MS: Final = 30_000
_START: Final = 1_780_000_200_000 // ROLLUP_MS * ROLLUP_MS
_BEFORE: Final = 2 * ROLLUP_MS
_STEP: Final = 16_000
"""Windows at a time, as many as the upkeep thread comes to take."""


def rolling_live(folder: Path, turns: int = 2) -> list[Figure]:
    """Processor time per series: of all there is to do in a DuckDB file, and of the computation alone [µs]."""
    series = _METERS * len(_CHANNELS)
    store = DuckStore(folder / "live.duckdb")
    _fill(store, _START, _BEFORE)
    while store.roll(2**60, _STEP):
        pass
    whole = []
    for turn in range(turns):
        _fill(store, _START + _BEFORE + turn * ROLLUP_MS, ROLLUP_MS)
        began = time.process_time()
        while store.roll(2**60, _STEP):
            pass
        whole.append(time.process_time() - began)
    store.close()
    wanted = _in_memory()

    def each() -> None:
        for one in wanted:
            list(rolled(one.read_around, one.series, one.touched))

    per_computed, per_series = 1e6 / len(wanted), 1e6 / series
    abreast, alone = _least(lambda: list(rolled_abreast(wanted)), turns), _least(each, turns)
    return [
        Figure("the last quarter-hour rolled up, 50,000 series read every 30 s", min(whole) * per_series, "µs/series"),
        Figure(
            "of that, computed (2,000 series)",
            abreast * per_computed,
            "µs/series",
            peer="each series by itself",
            peer_value=alone * per_computed,
            ratio=alone / abreast,
        ),
    ]


def _fill(store: DuckStore, start: int, width: int) -> None:
    times = list(range(start, start + width, _STEP_MS))
    for at in times:
        # As they come: all meters, every half minute.
        columns = {channel: [float(at // 1000 % 7)] for channel in _CHANNELS}
        for first in range(0, _METERS, _TOGETHER):
            meters = range(first, first + _TOGETHER)
            tables = [Table.of(f"m{meter}", "power_meter", [at], columns) for meter in meters]
            store.write([Batch("hall", "gw", "0123456789abcdef", at // 1000 + first, tables, [])])


def _in_memory() -> list[Wanted]:
    times = np.arange(_START, _START + _BEFORE + ROLLUP_MS, _STEP_MS)
    values = np.arange(len(times), dtype=np.float64)

    def read_around(_: Series, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        first, last = np.searchsorted(times, (start, end))
        part = slice(max(int(first) - 1, 0), int(last) + 1)
        return times[part], values[part]

    touched = np.array([_START + _BEFORE])
    names = [Series("hall", "power_meter", f"m{meter}", name) for meter in range(_TOGETHER) for name in _CHANNELS]
    return [Wanted(series, read_around, touched) for series in names]


def _least(work: Callable[[], object], turns: int) -> float:
    """Processor time of the quickest turn [s]."""
    taken = []
    for _ in range(turns):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)
