"""A small factory whose every quarter-hour is known, written into a real store."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from storage import DuckStore
from telemetry import Batch, Table

SITE = "works"
ZONE = ZoneInfo("Asia/Seoul")
START = dt.date(2026, 3, 2)
"""A Monday, and no holiday within eight weeks of it."""
DAYS = 56
FIRST, LAST = START + dt.timedelta(28), START + dt.timedelta(DAYS - 1)
"""The period reviewed: the last four of the eight weeks."""
QUARTER_MS = 900_000
COUNTED = 28 * 96
"""Index of the period's first quarter-hour."""


def midnight_ms(day: dt.date) -> int:
    return round(dt.datetime.combine(day, dt.time(), ZONE).timestamp() * 1000)


def hour() -> np.ndarray:
    """Local hour of each quarter-hour, shape (quarters,)."""
    return np.arange(DAYS * 96) % 96 / 4


def working() -> np.ndarray:
    """Whether a quarter-hour lies in a working day's hours, shape (quarters,)."""
    day = np.arange(DAYS * 96) // 96
    return (day % 7 < 5) & (hour() >= 8) & (hour() < 18)


@dataclass
class Works:
    """What each of its meters draws.

    A press: 40 kW from 8 to 18 h, 8 kW in its break from 12 to 13 h, off otherwise (0.2 kW); its PLC counts a part for
    every 0.4 kWh while it makes any. The hall: 5 kW always and 20 kW more by day. The main meter: both and 3 kW. Days
    differ by a few per cent.
    """

    press_kw: np.ndarray = field(default_factory=lambda: Works.press())  # noqa: PLW0108 - not defined yet
    hall_kw: np.ndarray = field(default_factory=lambda: 5.0 + 20.0 * working() * Works.daily(2))
    main: bool = True
    power_only: bool = False
    lost: tuple[int, int] | None = None
    """Quarter-hours of which the press sent nothing: its readings with an index from .. up to .. are missing."""
    reset_at: int | None = None
    end: int = DAYS * 96
    """Index of the last reading."""
    made_kw: np.ndarray | None = None
    """What the press would draw as it was: parts are counted by this where it now takes more or less for each."""
    only: tuple[str, ...] = ()
    """Devices that are there; all without any."""

    @staticmethod
    def daily(seed: int) -> np.ndarray:
        """A factor of each day about 1, shape (quarters,)."""
        return np.repeat(1.0 + 0.03 * np.random.default_rng(seed).standard_normal(DAYS), 96)

    @staticmethod
    def press() -> np.ndarray:
        making = working() & ~((hour() >= 12) & (hour() < 13))
        return np.where(making, 40.0 * Works.daily(1), np.where(working(), 8.0, 0.2))

    @property
    def main_kw(self) -> np.ndarray:
        return np.asarray(self.press_kw + self.hall_kw + 3.0)

    @property
    def parts(self) -> np.ndarray:
        """Made in each quarter-hour, shape (quarters,)."""
        kw = self.press_kw if self.made_kw is None else self.made_kw
        return np.where(kw > 10.0, kw * 0.25 / 0.4, 0.0)

    def tables(self) -> list[Table]:
        times = [midnight_ms(START) + index * QUARTER_MS for index in range(DAYS * 96 + 1)]

        def table(device: str, kind: str, channel: str, grown: np.ndarray, keep: slice | None = None) -> Table:
            register = np.concatenate(([1_000_000.0], 1_000_000.0 + np.cumsum(grown)))
            if device == "press" and self.reset_at is not None:
                register[self.reset_at :] -= register[self.reset_at]
            kept = [at for at in range(self.end + 1) if keep is None or not keep.start <= at < keep.stop]
            return Table.of(device, kind, [times[at] for at in kept], {channel: register[kept].tolist()})

        lost = None if self.lost is None else slice(*self.lost)
        found = [
            table("press", "power_meter", "energy_import_wh", 250.0 * self.press_kw, lost),
            table("plc", "plc", "production_count", self.parts),
        ]
        if self.power_only:
            found.append(
                Table.of("hall", "power_meter", times[:-1], {"active_power_w": (1000 * self.hall_kw).tolist()})
            )
        else:
            found.append(table("hall", "power_meter", "energy_import_wh", 250.0 * self.hall_kw))
        if self.main:
            found.append(table("main", "power_meter", "energy_import_wh", 250.0 * self.main_kw))
        return [one for one in found if not self.only or one.device in self.only]

    def stored(self, path: Path, *, rolled: bool = False) -> DuckStore:
        """Its readings in a DuckDB file, rolled up or not."""
        store = DuckStore(path)
        store.write([Batch(SITE, "gw-1", "e", 1, self.tables())])
        while rolled and store.roll(midnight_ms(LAST + dt.timedelta(2))):
            pass
        return store
