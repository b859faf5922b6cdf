"""A small machine with a known saving, written into a real store."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from storage import DuckStore
from telemetry import Batch, Table

ZONE = ZoneInfo("Asia/Seoul")
FIRST = dt.date(2026, 3, 2)
BASELINE, INSTALLATION, REPORTING = range(42), range(42, 44), range(44, 65)
QUARTER_MS = 900_000
PER_DAY = 96

PLAN = """\
id: press-swap
title: {ko: 사출기 교체, en: Press replacement}
site: works
device: press
drivers:
  - {name: production, device: counter, kind: plc, channel: production_count, aggregate: difference}
  - {name: temperature, device: outdoor, kind: sensor, channel: temperature_c, aggregate: mean}
baseline: {first_day: 2026-03-02, last_day: 2026-04-12}
installation: {first_day: 2026-04-13, last_day: 2026-04-14}
reporting: {first_day: 2026-04-15, last_day: 2026-05-05}
"""


def midnight_ms(day: int) -> int:
    """When scenario day `day` begins in Seoul [ms]."""
    moment = dt.datetime.combine(FIRST + dt.timedelta(day), dt.time(), ZONE)
    return round(moment.timestamp() * 1000)


@dataclass
class Machine:
    """What is metered every quarter of an hour: energy 20 kWh/day + 0.5 kWh/part + 1 kWh/day/°C, less `saving`.

    With another `per_part` what 800 parts lack or gain by it is drawn on every day.
    """

    saving: float = 0.2
    noise_kwh: float = 4.0
    warmer_after: float = 0.0
    days: int = 66
    true_kwh: float = 0.0
    lost_days: set[int] = field(default_factory=set)
    reset_on: int | None = None
    set_up_on: int | None = None
    """Day on which someone set the counter `set_up_kwh` higher."""
    set_up_kwh: float = 0.0
    exchange_at: int | None = None
    """Quarter hour in which the meter was exchanged for one that shows 7 MWh; `last_kwh` is what the old one showed."""
    last_kwh: float = 0.0
    humidity: float | None = None
    made_after: float = 1.0
    """Share of the parts that are still made once the machine is replaced."""
    per_part: float = 0.5
    """Energy that a part needs [kWh]."""
    without: tuple[str, ...] = ()
    """Devices that nobody meters."""
    ends_only: bool = False
    """Temperature varies on the baseline's first day only, production on its last."""

    def tables(self) -> list[Table]:
        rng = np.random.default_rng(41)
        day = np.arange(self.days)
        parts = np.where(day % 7 < 5, rng.normal(800, 80, self.days).round(), 0.0)
        outdoor = 15 + 5 * np.sin(day / 5) + np.where(day >= REPORTING[0], self.warmer_after, 0.0)
        if self.ends_only:
            parts, outdoor = np.full(self.days, 800.0), np.full(self.days, 15.0)
            outdoor[BASELINE[0]] += 5
            parts[BASELINE[-1]] += 80
        after = day >= INSTALLATION[0]
        parts = np.where(after, (self.made_after * parts).round(), parts)
        old = 20 + 800 * (0.5 - self.per_part) + self.per_part * parts + 1.0 * outdoor
        self.true_kwh = float((self.saving * old)[REPORTING[0] : REPORTING[-1] + 1].sum())
        kwh = np.where(after, (1 - self.saving) * old, old) + self.noise_kwh * rng.normal(size=self.days)
        quarters = np.arange(self.days * PER_DAY + 1)
        wh = np.interp(quarters, np.arange(self.days + 1) * PER_DAY, np.concatenate(([0.0], np.cumsum(1000 * kwh))))
        if self.reset_on is not None:
            at = self.reset_on * PER_DAY + 40
            wh[at:] -= wh[at]
        if self.set_up_on is not None:
            wh[self.set_up_on * PER_DAY + 40 :] += 1000 * self.set_up_kwh
        if self.exchange_at is not None:
            taken_off = float(wh[self.exchange_at])
            self.last_kwh = taken_off / 1000
            wh[self.exchange_at + 1 :] += 7_000_000 - taken_off
        made = np.interp(quarters, np.arange(self.days + 1) * PER_DAY, np.concatenate(([0.0], np.cumsum(parts))))
        warm = outdoor[np.minimum(quarters // PER_DAY, self.days - 1)]
        keep = [q for q in quarters if math.floor(q / PER_DAY) not in self.lost_days]
        times = [midnight_ms(0) + int(q) * QUARTER_MS for q in keep]
        columns = {
            "press": ("power_meter", "energy_import_wh", wh),
            "counter": ("plc", "production_count", made),
            "outdoor": ("sensor", "temperature_c", warm),
        }
        return [
            Table.of(device, kind, times, {name: [float(values[q]) for q in keep], **self._beside(device, len(keep))})
            for device, (kind, name, values) in columns.items()
            if device not in self.without
        ]

    def _beside(self, device: str, count: int) -> dict[str, list[float | None]]:
        return {"humidity_pct": [self.humidity] * count} if device == "outdoor" and self.humidity is not None else {}

    def stored(self, path: Path, site: str = "works") -> DuckStore:
        """The machine's readings in a DuckDB file."""
        store = DuckStore(path)
        store.write([Batch(site, "gw-1", "e", 1, self.tables())])
        return store
