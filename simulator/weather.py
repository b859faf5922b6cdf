"""Outdoor air temperature by the minute, from hourly values of the scenario's place and period."""

from __future__ import annotations

import csv
import functools
from datetime import date, datetime
from pathlib import Path

import numpy as np

from simulator.calendar import MINUTES_PER_DAY, midnight_ms
from simulator.errors import SimulatorError
from simulator.noise import Floats, Ints

DATA = Path(__file__).parent / "data"
_WRAP_HOURS = 52 * 7 * 24


class Weather:
    """Hourly temperatures [°C] from a scenario's first midnight on."""

    def __init__(self, hourly: Floats) -> None:
        self._hourly = hourly

    def temperature(self, minutes: Ints) -> Floats:
        """Air temperature [°C] at scenario minutes, straight lines between the hours.

        Past the end of the file the year repeats, 52 weeks back, so that weekday and season stay right.
        """
        hours = minutes // 60
        last = len(self._hourly) - 2
        beyond = np.maximum(0, -(-(hours - last) // _WRAP_HOURS))
        hours = hours - beyond * _WRAP_HOURS
        part = (minutes % 60) / 60.0
        result: Floats = self._hourly[hours] * (1.0 - part) + self._hourly[hours + 1] * part
        return result


@functools.lru_cache(maxsize=4)
def load_weather(path: Path, start: date) -> Weather:
    """Read ``time,temp_air_c`` rows, hourly without a gap, beginning at or before `start`.

    Raises
    ------
    SimulatorError
        When the file is missing, has a gap, begins after `start` or covers less than 53 weeks from it.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [(datetime.fromisoformat(row["time"]), float(row["temp_air_c"])) for row in csv.DictReader(lines)]
    except (OSError, KeyError, ValueError) as error:
        raise SimulatorError(f"{path}: not a weather file with the columns time,temp_air_c: {error}") from error
    stamps = np.array([int(time.timestamp()) for time, _ in rows], dtype=np.int64)
    if len(stamps) == 0 or np.any(np.diff(stamps) != 3600):
        raise SimulatorError(f"{path}: rows must be one hour apart, without a gap")
    first = (midnight_ms(start) // 1000 - int(stamps[0])) // 3600
    hourly = np.array([value for _, value in rows[max(first, 0) :]], dtype=np.float64)
    if first < 0 or len(hourly) < _WRAP_HOURS + MINUTES_PER_DAY // 60:
        raise SimulatorError(f"{path}: must cover 53 weeks from {start}; it has {len(rows)} hours from {rows[0][0]}")
    return Weather(hourly)
