"""A small works whose meters have a past, looked at in the middle of a quarter-hour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from api.demand import WINDOW_MS
from api.directory import Directory
from api.factory import Factory
from api.models import Demand
from api.past_demand import PastDemand
from api.presence import Presence
from api.settings import Settings
from storage import Store
from telemetry import Batch, Table
from tests.parts import wait_until

START = 1_795_305_600_000 // WINDOW_MS * WINDOW_MS
"""Where the running quarter-hour begins [ms UTC]."""
DAY = 86_400_000
SECOND = 1000
MINUTE = 60_000

Floats = npt.NDArray[np.float64]


def restless(windows: int, level: float = 100_000.0, seed: int = 1) -> Floats:
    """Power of a works that wanders about its level, every 10 s, shape (windows, 90) [W]."""
    rng = np.random.default_rng(seed)
    power: Floats = level * (1 + 0.02 * rng.normal(size=(windows, 90)).cumsum(axis=1) / np.sqrt(90))
    return power


def write(
    store: Store, device: str, times: npt.NDArray[np.int64], power: Floats, register: Floats | None = None
) -> None:
    """Readings of one meter; without a register only power."""
    columns: dict[str, list[float | None]] = {"active_power_w": list(power)}
    if register is not None:
        columns["energy_import_wh"] = list(register)
    store.write(
        [Batch("works", "g", device, int(times[0]), [Table.of(device, "power_meter", times.tolist(), columns)])]
    )


def every(seconds: int, begin: int, end: int) -> npt.NDArray[np.int64]:
    """Times from `begin` to `end`, the end included [ms UTC]."""
    return np.arange(begin, end + 1, seconds * SECOND, dtype=np.int64)


def give_past(store: Store, device: str = "main", windows: int = 192, level: float = 100_000.0) -> Floats:
    """Whole quarter-hours until the last but one before the running one; their power."""
    power = restless(windows, level)
    times = START - (windows + 1) * WINDOW_MS + 10 * SECOND * np.arange(windows * 90)
    write(store, device, times, power.ravel())
    return power


def steady(store: Store, device: str, until: int, power: float = 100_000.0, *, counter: bool = True) -> None:
    """A meter read every second since ten minutes before the window, drawing the same all the time."""
    times = every(1, START - 10 * MINUTE, until)
    register = 5e6 + power * (times - times[0]) / 3_600_000
    write(store, device, times, np.full(len(times), power), register if counter else None)


class Works:
    """One site looked at at a time of one's choice; `close` it at the end."""

    def __init__(self, store: Store, target_kw: float | None = None) -> None:
        self.now = START
        self.past = PastDemand(store, lambda: self.now)
        settings = Settings(demand_target_kw=target_kw)
        directory = Directory(store, Presence(None, lambda: self.now), settings, lambda: self.now)
        self.factory = Factory("works", store, directory, settings, lambda: self.now, self.past)

    def demand(self, at: int) -> Demand:
        """What is told at `at`."""
        self.now = at
        found = self.factory.look().demand
        assert found is not None
        return found

    def learned(self, at: int) -> Demand:
        """The same when the past has been read."""
        wait_until(lambda: self.demand(at).basis != "learning", "the past has been read")
        return self.demand(at)
