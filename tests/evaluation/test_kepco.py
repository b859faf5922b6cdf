"""KEPCO's tariffs reckoned a second time by rules written out here, over every date on which something changes."""

from __future__ import annotations

import datetime as dt
import io
import math
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from analytics.billing import Account, Bill, DemandReason, Load, PowerFactors, bill
from evaluation import MonthBill, Tariffs, Text
from evaluation.billing import whole_amounts
from evaluation.billing_terminal import render_bill
from evaluation.tariffs import public_holidays

CONTRACT = "industrial_b/high_a/option_2"
DAY = dt.timedelta(1)
POWER_FACTOR, FUND = dt.date(2025, 2, 1), dt.date(2025, 7, 1)
REFORM, REFORM_A2, DEFERRED = dt.date(2026, 4, 16), dt.date(2026, 6, 1), dt.date(2026, 10, 1)
DISCOUNT_OVER = dt.date(2031, 1, 1)
CHANGES = [POWER_FACTOR, FUND, REFORM, REFORM_A2, DEFERRED, DISCOUNT_OVER]
SEASON = {6: 0, 7: 0, 8: 0, 11: 2, 12: 2, 1: 2, 2: 2}
TABLE = ((116.0, 163.8, 229.0), (116.0, 133.4, 150.9), (123.0, 164.0, 204.6))
"""산업용(을) 고압A 선택Ⅱ from 2026-04-16: light, mid, peak of summer, spring and autumn, winter [원/kWh]."""
TARIFFS = Tariffs()
HOLIDAYS = public_holidays(range(2025, 2033), TARIFFS.working_holidays)


def expected_price(day: dt.date, hour: int, *, deferred: bool) -> float:
    """Price of a kWh [원], hour by hour as the announcement says it."""
    reformed = day >= (DEFERRED if deferred else REFORM)
    season = SEASON.get(day.month, 1)
    if hour >= 22 or hour < 8:
        band = 0
    elif season == 2:
        band = 2 if hour in {9, 10, 11, 16, 17, 18} else 1
    elif reformed:
        band = 2 if 15 <= hour < 21 else 1
    else:
        band = 2 if hour == 11 or 13 <= hour < 18 else 1
    off = day.weekday() == 6 or day in HOLIDAYS
    if off:
        band = 0
    elif day.weekday() == 5:
        band = min(band, 1)
    price = TABLE[season][band]
    if not reformed:
        price += (-5.1, 0.0, 13.2 if season == 1 else 16.9)[band]
    rests = off or day.weekday() == 5
    half = reformed and day < DISCOUNT_OVER and season == 1 and rests and 11 <= hour < 14
    return price * (0.5 if half else 1.0)


def one_bill(load: Load, *, deferred: bool = False, factors: PowerFactors | None = None) -> Bill:
    tariff = TARIFFS.tariff(TARIFFS.contract(CONTRACT), deferred=deferred)
    return bill(tariff, Account(500.0), load, load.first, load.last, factors)


def total(found: Bill, code: str) -> float:
    return math.fsum(line.amount for line in found.lines if line.code == code)


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_every_hour_around_every_change_costs_what_the_announcement_says(change: dt.date, *, deferred: bool) -> None:
    first = change - 10 * DAY
    energy = np.random.default_rng(change.toordinal()).gamma(2.0, 20.0, (20, 96))
    load = Load(first, energy, HOLIDAYS)
    hourly = energy.reshape(20, 24, 4).sum(axis=2)
    expected = math.fsum(
        hourly[day, hour] * expected_price(first + day * DAY, hour, deferred=deferred)
        for day in range(20)
        for hour in range(24)
    )
    assert total(one_bill(load, deferred=deferred), "energy") == pytest.approx(expected, rel=1e-12)


@settings(max_examples=80, deadline=None)
@given(day=st.dates(dt.date(2025, 1, 1), dt.date(2032, 12, 31)), quarter=st.integers(0, 95), deferred=st.booleans())
@example(day=dt.date(2026, 9, 30), quarter=64, deferred=True)
@example(day=dt.date(2030, 10, 6), quarter=46, deferred=False)
def test_a_kilowatt_hour_of_any_quarter_costs_what_the_announcement_says(
    day: dt.date, quarter: int, *, deferred: bool
) -> None:
    energy = np.zeros((1, 96))
    energy[0, quarter] = 1.0
    found = one_bill(Load(day, energy, HOLIDAYS), deferred=deferred)
    assert total(found, "energy") == pytest.approx(expected_price(day, quarter // 4, deferred=deferred), rel=1e-12)


@pytest.mark.parametrize("contract", [str(contract) for contract in TARIFFS.contracts])
def test_every_contract_bills_each_kilowatt_hour_once_across_each_change_of_its_own(contract: str) -> None:
    tariff = TARIFFS.tariff(TARIFFS.contract(contract))
    known = tariff.prices.entries[0].since
    for change in (change for change in CHANGES if change - 2 * DAY >= known):
        load = Load(change - 2 * DAY, np.full((4, 96), 10.0), HOLIDAYS)
        whole = bill(tariff, Account(200.0), load, load.first, load.last)
        parts = [bill(tariff, Account(200.0), load, day, day) for day in load.days]
        assert math.fsum(line.quantity for line in whole.lines if line.code == "energy") == pytest.approx(4 * 960)
        assert total(whole, "energy") == pytest.approx(math.fsum(total(part, "energy") for part in parts))
        if tariff.hours is None:
            assert {line.band for line in whole.lines if line.code == "energy"} == {1}


def test_the_power_factors_neutral_point_moves_with_february_2025() -> None:
    shares = {}
    for first in (dt.date(2025, 1, 1), POWER_FACTOR):
        load = Load(first, np.full((28, 96), 10.0), HOLIDAYS)
        factors = PowerFactors(np.full((28, 48), 96.0), np.full((28, 48), 100.0))
        charge = one_bill(load, factors=factors).power_factor
        assert charge is not None
        shares[first.month] = charge.lagging_share
    # Clipped at 95 % around 90 %; then 96 % itself around 92 %.
    assert shares == {1: pytest.approx(-0.010), 2: pytest.approx(-0.008)}
    across = Load(POWER_FACTOR - 7 * DAY, np.full((28, 96), 10.0), HOLIDAYS)
    factors = PowerFactors(np.full((28, 48), 96.0), np.full((28, 48), 90.0))
    charge = one_bill(across, factors=factors).power_factor
    assert charge is not None
    assert charge.lagging_share == pytest.approx(-0.010 * 7 / 28 - 0.008 * 21 / 28)
    assert charge.leading_share == pytest.approx(0.010)


@pytest.mark.parametrize(
    ("first", "share"),
    [(dt.date(2025, 6, 1), 0.032), (FUND, 0.027), (dt.date(2025, 6, 16), (15 * 0.032 + 15 * 0.027) / 30)],
)
def test_the_fund_takes_the_share_of_its_days(first: dt.date, share: float) -> None:
    found = one_bill(Load(first, np.full((30, 96), 10.0), HOLIDAYS))
    assert found.fund == math.floor(found.charge * share / 10) * 10
    assert found.vat == math.floor(found.charge * 0.1 + 0.5)
    assert found.total == (found.charge + found.vat + found.fund) // 10 * 10


def test_august_2026_reckoned_by_hand() -> None:
    """산업용(을) 고압A 선택Ⅱ, 500 kW agreed: 100 kW always, 300 kW on working days 08-20, 200 kW Saturdays 08-13.

    One quarter hour of 400 kW: Wednesday 5 August, 16:00. August has 20 working days (Monday the 17th stands in for
    Liberation Day), 4 Saturdays beside the 15th, and 7 days off.
    """
    first = dt.date(2026, 8, 1)
    energy = np.full((31, 96), 25.0)
    for day in range(31):
        date = first + day * DAY
        if date.day in {15, 17} or date.weekday() == 6:
            continue
        if date.weekday() == 5:
            energy[day, 32:52] = 50.0
        else:
            energy[day, 32:80] = 75.0
    energy[4, 64] = 100.0
    factors = PowerFactors(np.full((31, 48), 96.0), np.full((31, 48), 100.0))
    found = one_bill(Load(first, energy, HOLIDAYS), factors=factors)
    assert [
        (line.code, line.band.name if line.band is not None else None, line.quantity, line.price)
        for line in found.lines
    ] == [
        ("base", None, 400.0, 8320.0),
        ("power_factor_lagging", None, 1.0, 3_328_000.0),
        ("energy", "LIGHT", 40_800.0, 116.0),  # 20 x 1,000 + 4 x 1,000 + 7 x 2,400
        ("energy", "MID", 51_600.0, 163.8),  # 20 x 2,200 + 4 x 1,900
        ("energy", "PEAK", 32_025.0, 229.0),  # 20 x 1,600 + 25
        ("fuel", None, 124_425.0, 5.0),
        ("climate", None, 124_425.0, 9.0),
    ]
    assert [round(line.amount, 2) for line in found.lines] == [
        3_328_000.00, -26_624.00, 4_732_800.00, 8_452_080.00, 7_333_725.00, 622_125.00, 1_119_825.00,
    ]  # fmt: skip
    assert found.demand.reason is DemandReason.THIS_MONTH
    # A tenth of 25,561,931 is 2,556,193.1; 2.7 % of it are 690,172.1; what is under 10 is dropped there and at last.
    assert (found.charge, found.vat, found.fund, found.total) == (25_561_931, 2_556_193, 690_170, 28_808_290)


@pytest.mark.parametrize("seed", range(30))
def test_what_a_bill_shows_adds_up_to_the_won(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = dt.date(2025, 8, 1) + int(rng.integers(0, 400)) * DAY
    days = int(rng.integers(20, 40))
    energy = rng.gamma(2.0, rng.uniform(2, 60), (days, 96))
    factors = PowerFactors(rng.uniform(60, 100, (days, 48)), rng.uniform(60, 100, (days, 48)))
    found = one_bill(Load(first, energy, HOLIDAYS), deferred=bool(seed % 2), factors=factors)
    amounts = whole_amounts(found.lines)
    assert sum(amounts) == found.charge
    assert all(abs(won - line.amount) < 1 + 1e-6 for won, line in zip(amounts, found.lines, strict=True))
    labels = {code: Text(code, code) for code in ("fuel", "climate", "fund", "vat")}
    dropped = found.charge + found.vat + found.fund - found.total
    output = io.StringIO()
    shown = render_bill(MonthBill(Text("계약", "contract"), found, labels, amounts, dropped), "en")
    Console(file=output, width=140).print(shown)
    rows = [re.split(r" *[│┃] *", line)[1:-1] for line in output.getvalue().splitlines() if line.startswith("│")]
    won = [int(row[-1].replace(",", "").replace("−", "-")) for row in rows]
    below = 4 if dropped else 3
    lines, (charge, *rest, total) = won[: -below - 1], won[-below - 1 :]
    assert sum(lines) == charge == found.charge
    assert charge + sum(rest) == total == found.total
    for row, line in zip(rows, found.lines, strict=False):
        if line.unit:
            quantity, price = (float(text.split()[0].strip("*").replace(",", "")) for text in row[1:3])
            share = float(row[3].rstrip(" %")) / 100 if row[3] else 1.0
            assert quantity * price * share == pytest.approx(line.amount, rel=3e-4, abs=6)
