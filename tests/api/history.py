"""Twelve weeks of a machine that was replaced, the plan that evaluates it, and what its site's reviews are told."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta, timezone

from telemetry import Batch, Table

WORKS = "past-works"
DAYS = 84
REPLACED = 56
STEP = 900_000
SAVED = 0.2
PLAN = """\
id: press-2-2026
title: {ko: "사출기 2호 교체", en: "Replacement of press 2"}
site: past-works
device: press-2
drivers:
  - {name: production, device: plc-2, kind: plc, channel: production_count, aggregate: difference}
baseline: {first_day: 2026-03-02, last_day: 2026-04-26}
installation: {first_day: 2026-04-27, last_day: 2026-04-28}
reporting: {first_day: 2026-04-29, last_day: 2026-05-24}
claim: {minimum_saving_pct: 5}
selection: {rule: first}
candidates:
  production: [production]
  weekdays: {family: levels, by: [weekday]}
  crowded: {family: levels, by: [weekday], drivers: [production]}
adjustments:
  - {first_day: 2026-05-11, last_day: 2026-05-24, kwh_per_day: 2, error_kwh_per_day: 0.5, reason: 금형 온조기 추가}
worth: {investment_won: 40_000_000, subsidy_won: 20_000_000, won_per_kwh: 150, life_years: 10}
"""
REVIEW = """\
won_per_kwh: 150
replacements: {press-2: {low_pct: 15, high_pct: 25, investment_won: 40_000_000}}
"""

_KST = timezone(timedelta(hours=9))


def history() -> list[Batch]:
    """A quarter-hourly counter and its production: 60 kWh a day and 0.2 kWh a part, a fifth less after the change."""
    chance = random.Random(7)
    begin = round(datetime(2026, 3, 2, tzinfo=_KST).astimezone(UTC).timestamp() * 1000)
    energy, parts = 0.0, 0.0
    times, counter, produced = [begin], [energy], [parts]
    for day in range(DAYS):
        working = (day % 7) < 5
        made = chance.gauss(2000, 120) if working else 0.0
        used = (60_000 + 200 * made) * (1 + chance.gauss(0, 0.015)) * (1 - SAVED * (day >= REPLACED))
        for quarter in range(96):
            share = (1 - math.cos(2 * math.pi * (quarter + 0.5) / 96)) / 96
            energy += used * share
            parts += made * share
            times.append(begin + (day * 96 + quarter + 1) * STEP)
            counter.append(energy)
            produced.append(parts)
    tables = [
        Table.of("press-2", "power_meter", times, {"energy_import_wh": list(counter)}),
        Table.of("plc-2", "plc", times, {"production_count": list(produced)}),
    ]
    return [Batch(WORKS, "history", "test", 1, tables)]
