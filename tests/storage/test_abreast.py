"""Many series rolled at once are rolled as each by itself, to the last bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from storage import ROLLUP_MS, Series
from storage.abreast import Wanted, rolled_abreast
from storage.rollup import REACH_MS, rolled
from storage.store import Rollups, Times, Values

START = 1_780_000_200_000 // ROLLUP_MS * ROLLUP_MS
HOUR = 3_600_000
DAY = 24 * HOUR
CHANNELS = ["energy_import_wh", "active_power_w", "run_state", "unheard_of"]
PACES = [1_000, 10_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000]


def history(rng: np.random.Generator) -> tuple[Times, Values]:
    """Readings of a day, at paces that change, with gaps; perhaps of long ago and of later, too, or none at all."""
    if rng.random() < 0.05:
        return np.zeros(0, np.int64), np.zeros(0)
    parts, at = [], START + int(rng.integers(0, DAY // 2))
    for _ in range(int(rng.integers(1, 5))):
        pace = int(rng.choice(PACES))
        steps = rng.integers(pace // 2, pace + pace // 2, int(rng.integers(1, 60)))
        parts.append(at + np.cumsum(steps))
        at = int(parts[-1][-1]) + int(rng.choice([0, ROLLUP_MS, REACH_MS, 3 * REACH_MS]))
    times = np.unique(np.concatenate(parts))
    if rng.random() < 0.2:
        times = np.concatenate([[START - 400 * DAY], times])
    if rng.random() < 0.2:
        times = np.concatenate([times, [START + 400 * DAY]])
    return times, np.cumsum(rng.normal(3.0, 4.0, len(times)), dtype=np.float64)


def reader(times: Times, values: Values) -> Callable[[Series, int, int], tuple[Times, Values]]:
    def read_around(_: Series, start: int, end: int) -> tuple[Times, Values]:
        first, last = np.searchsorted(times, (start, end))
        part = slice(max(int(first) - 1, 0), int(last) + 1)
        return times[part], values[part]

    return read_around


def wanted(rng: np.random.Generator) -> list[Wanted]:
    """Series of all kinds whose windows were touched here and there, those without readings too."""
    chosen = []
    for number in range(int(rng.integers(1, 25))):
        times, values = history(rng)
        channel = str(rng.choice(CHANNELS))
        if channel == "run_state":
            values = np.abs(np.round(values)) % 3
        all_windows = np.union1d(START + np.arange(96) * ROLLUP_MS, times // ROLLUP_MS * ROLLUP_MS)
        touched = np.sort(rng.choice(all_windows, int(rng.integers(1, rng.choice([2, 4, 90]))), replace=False))
        chosen.append(Wanted(Series("hall", "meter", f"m{number}", channel), reader(times, values), touched))
    return chosen


def told(windows: Times, rows: Rollups) -> list[bytes]:
    plain = [getattr(rows, each.name) for each in dataclasses.fields(rows) if each.name not in {"series", "states"}]
    states = [part for state, seconds in sorted(rows.states.items()) for part in (np.array([state]), seconds)]
    return [str(rows.series).encode(), *(np.ascontiguousarray(each).tobytes() for each in (windows, *plain, *states))]


@pytest.mark.parametrize("seed", range(60))
def test_many_series_are_rolled_as_each_by_itself(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.abreast._READINGS", (300, 100_000)[seed % 2])  # on several lines, and on one
    chosen = wanted(np.random.default_rng(seed))
    together: dict[int, list[list[bytes]]] = {place: [] for place in range(len(chosen))}
    for place, windows, rows in rolled_abreast(chosen):
        together[place].append(told(windows, rows))
    for place, each in enumerate(chosen):
        alone = [told(windows, rows) for windows, rows in rolled(each.read_around, each.series, each.touched)]
        assert together[place] == alone, each


@pytest.mark.parametrize(
    ("first_hour", "gap", "touched_hour"),
    [
        pytest.param(0, (24, 24), 6, id="within"),
        pytest.param(0, (5, 20), 20, id="its step began there"),
        pytest.param(5, (24, 24), 5, id="nothing before"),
    ],
)
def test_a_series_near_closed_windows_is_rolled_with_the_rows_that_stand_there(
    first_hour: int, gap: tuple[int, int], touched_hour: int
) -> None:
    asked: list[str] = []

    class AskedError(Exception):
        pass

    def rows_around(series: Series, _start: int, _end: int) -> None:
        asked.append(series.device)
        raise AskedError

    def series(device: str, hour: int, hours: list[int]) -> Wanted:
        times = START + np.concatenate([np.arange(each, each + HOUR, 60_000) for each in np.array(hours) * HOUR])
        touched = np.array([START + hour * HOUR])
        read = reader(times, np.arange(len(times), dtype=np.float64))
        return Wanted(Series("hall", "meter", device, "energy_import_wh"), read, touched, rows_around)  # type: ignore[arg-type]

    horizon = START + 6 * HOUR
    whole = list(range(24))
    near = series("near", touched_hour, [hour for hour in range(first_hour, 24) if not gap[0] <= hour < gap[1]])
    with pytest.raises(AskedError):
        list(rolled_abreast([near, series("far", 20, whole)], horizon))
    assert asked == ["near"]
    places = [
        place for place, _, _ in rolled_abreast([series("far", 20, whole), series("farther", 22, whole)], horizon)
    ]
    assert places == [0, 1]
