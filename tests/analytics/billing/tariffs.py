"""A tariff made for tests: round prices, so that a bill can be reckoned in the head."""

from __future__ import annotations

import datetime as dt

import numpy as np

from analytics.billing import (
    Dated,
    DemandRule,
    Discount,
    Load,
    LoadBand,
    PowerFactorRule,
    Prices,
    Season,
    Tariff,
    Timeline,
)

OLD, NEW = dt.date(2025, 1, 1), dt.date(2026, 4, 16)
PRICES = np.array([[60.0, 110.0, 190.0], [60.0, 80.0, 110.0], [65.0, 110.0, 165.0]])


def hours(peak: slice) -> np.ndarray:
    """Light 22-08, mid by day, peak as given; the same in every season."""
    row = np.full(24, LoadBand.LIGHT, dtype=np.int8)
    row[8:22] = LoadBand.MID
    row[peak] = LoadBand.PEAK
    return np.tile(row, (3, 1))


def tariff(*, discounts: tuple[Discount, ...] = (), metered: bool = True, one_price: bool = False) -> Tariff:
    """Base 8,000 then 9,000 원/kW; peak 11-17 then 15-21; fund 3 %, VAT 10 %, fuel 5 원/kWh known to 2026-03-31."""
    return Tariff(
        name="test",
        prices=Timeline("prices", (Dated(OLD, Prices(8000, PRICES)), Dated(NEW, Prices(9000, PRICES + 10)))),
        hours=None
        if one_price
        else Timeline("hours", (Dated(OLD, hours(slice(11, 17))), Dated(NEW, hours(slice(15, 21))))),
        demand=DemandRule(frozenset({12, 1, 2, 7, 8, 9}), 0.3, metered),
        power_factor=Timeline("power factor", (Dated(OLD, PowerFactorRule(92, 97, 60, 95, 60, 0.002)),)),
        adjustments=(Timeline("fuel", (Dated(OLD, 5.0, dt.date(2026, 3, 31)),)),),
        fund=Timeline("fund", (Dated(OLD, 0.03),)),
        vat=Timeline("VAT", (Dated(OLD, 0.1),)),
        discounts=discounts,
    )


SPRING_NOON = Discount(NEW, dt.date(2030, 12, 31), frozenset({Season.SPRING_FALL}), 11, 14, 0.5)


def flat(first: dt.date, days: int, kw: float = 100.0, holidays: frozenset[dt.date] = frozenset()) -> Load:
    """The same power all the time."""
    return Load(first, np.full((days, 96), kw / 4), holidays)
