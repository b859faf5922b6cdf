"""Two real sites, a year of days each, where nothing was installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_DATA = Path(__file__).parent.parent / "data"


def steel() -> tuple[Floats, Floats]:
    """Daily energy of the steel plant; days of the week (2018 began on a Monday)."""
    quarters = np.loadtxt(_DATA / "steel-2018-15min.csv", skiprows=1)
    return quarters.reshape(365, 96).sum(axis=1), weekdays(1, 7)


def school() -> tuple[Floats, Floats]:
    """Daily energy of the school; temperature with a change at 65 °F, weekday and operating mode."""
    hours = np.genfromtxt(_DATA / "school-2018-hourly.csv", delimiter=",", skip_header=1)
    modes = np.loadtxt(_DATA / "school-2018-modes.csv", delimiter=",", skiprows=1)
    energy = hours[:, 0].reshape(365, 24).sum(axis=1)
    temperature = np.nanmean(hours[:, 1].reshape(365, 24), axis=1)
    working = (np.arange(365) % 7 < 5).astype(np.float64)
    return energy, np.column_stack((temperature, np.maximum(temperature - 65.0, 0.0), working, modes))


def weekdays(first: int, last: int) -> Floats:
    """Columns of 2018's days of the week from `first` (0 is Monday) to before `last`."""
    table: Floats = (np.arange(365)[:, None] % 7 == np.arange(first, last)).astype(np.float64)
    return table
