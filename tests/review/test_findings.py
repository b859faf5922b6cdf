"""Prices, days unlike the baseline, several products, and machines that nothing is expected of."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from evaluation import Connection, Tariffs, bill_month
from review import Settings, review
from review.day_drivers import Days
from review.deviations import Watched, deviations
from review.metered import Meter
from review.per_unit import energy_per_unit
from review.period import period
from review.prices import price_quarters
from review.quarters import Quarters
from storage import Series
from tests.review.works import SITE, START, ZONE, Works

DAYS = 84
BEGIN = 56
DATES = [START + dt.timedelta(day) for day in range(DAYS)]
KIND = np.array([2 if day.weekday() == 6 else int(day.weekday() == 5) for day in DATES])


def watched(seed: int, change: np.ndarray | None = None, begin: int = BEGIN, days: int = DAYS) -> Watched:
    """Twelve weeks of 1,000 kWh a working day, 500 on Saturdays, 200 on Sundays, 3 % apart; some days changed."""
    rng = np.random.default_rng(seed)
    kwh = np.array([1000.0, 500.0, 200.0])[KIND] * (1.0 + 0.03 * rng.standard_normal(DAYS))
    kwh *= 1.0 if change is None else change
    part = slice(DAYS - days, DAYS)
    return deviations(kwh[part], [], Days(DATES[part], begin, KIND[part], None), np.full(days - begin, 100.0))


def test_a_last_week_of_ten_per_cent_more_is_found_with_its_size_and_cost() -> None:
    change = np.ones(DAYS)
    change[77:] = 1.1
    for seed in range(5):
        found = watched(seed, change)
        assert found.anomalies
        last = found.anomalies[-1]
        assert DATES[77] <= last.first_day
        assert 0.0 < last.excess_kwh < 800.0
        assert last.excess_pct == pytest.approx(10.0, abs=6.0)
        assert last.cost == pytest.approx(100.0 * last.excess_kwh)


def test_a_working_day_that_stood_still_is_clear_and_alone() -> None:
    change = np.ones(DAYS)
    change[72] = 0.2
    [found] = watched(11, change).anomalies
    assert (found.first_day, found.last_day, found.grade) == (DATES[72], DATES[72], "clear")
    assert found.excess_kwh == pytest.approx(-800.0, abs=100.0)
    assert found.expected_kwh == pytest.approx(found.kwh - found.excess_kwh)


def test_ordinary_weeks_seldom_have_a_day_marked() -> None:
    """One meter in four at most, each over four weeks; it is one in fifteen of such noise on average."""
    assert sum(bool(watched(seed).anomalies) for seed in range(100, 140)) <= 10


def test_a_holiday_that_was_worked_does_not_make_every_sunday_strange() -> None:
    change = np.ones(DAYS)
    change[6] = 5.0
    found = watched(3, change)
    assert found.baseline is not None
    assert found.baseline.days == BEGIN - 1
    assert found.anomalies == []


def test_without_days_before_the_period_is_held_against_itself() -> None:
    change = np.ones(DAYS)
    change[80] = 0.3
    found = watched(7, change, begin=0, days=28)
    assert found.baseline is not None
    assert (found.baseline.before, found.baseline.first_day) == (False, DATES[56])
    assert [one.first_day for one in found.anomalies] == [DATES[80]]


def test_a_meter_that_stood_still_has_nothing_to_be_held_against() -> None:
    found = deviations(np.zeros(DAYS), [], Days(DATES, BEGIN, KIND, None), None)
    assert found.baseline is None
    assert found.missing is not None
    assert "Nothing was used" in found.missing.text.en


def test_a_contracts_prices_are_those_of_its_bill(tmp_path: Path) -> None:
    """The cost is what the bill's lines per kWh add up to."""
    tariffs = Tariffs()
    contract = tariffs.contract("industrial_b/high_a/option_2")
    store = Works(only=("main",)).stored(tmp_path / "readings.duckdb")
    first, last = dt.date(2026, 4, 1), dt.date(2026, 4, 26)
    found = review(store, SITE, (), first, last, Settings(contract=contract, baseline_days=28))
    series = Series(SITE, "power_meter", "main", "energy_import_wh")
    month = bill_month(tariffs, Connection(series, contract, 100.0), store, first)
    store.close()
    lines = [line for line in month.bill.lines if line.unit == "kWh"]
    assert {"energy", "climate"} <= {line.code for line in lines}
    # Readings end with the 26th, so the bill of the month is that of the period.
    assert found.total.cost == pytest.approx(sum(line.amount for line in lines))
    assert found.price.basis == "tariff"
    assert "VAT" in found.price.text.en


def test_prices_before_the_first_known_are_none_and_say_so() -> None:
    tariffs = Tariffs()
    days = period(dt.date(2015, 1, 1), dt.date(2015, 1, 2), ZONE)
    price, quarters = price_quarters(Settings(contract=tariffs.contract("industrial_b/high_a/option_2")), days)
    assert (price.basis, price.mean, quarters) == ("none", None, None)
    assert "not known" in price.text.en


def test_a_turn_in_which_two_products_were_made_belongs_to_neither() -> None:
    """Three days, one shift: 100 kWh for 50 of a, 90 kWh for 30 of b, 120 kWh for both."""
    days = period(START, START + dt.timedelta(2), ZONE)

    def quarters(by_day: list[float]) -> Quarters:
        return Quarters(np.repeat(np.array(by_day) / 96, 96), np.ones(288), [], 900_000)

    meter = Meter(Series(SITE, "power_meter", "press", "energy_import_wh"), "counter", quarters([1e5, 9e4, 1.2e5]))
    counters = [
        (Series(SITE, "plc", "a", "production_count"), quarters([50.0, 0.0, 10.0])),
        (Series(SITE, "plc", "b", "production_count"), quarters([0.0, 30.0, 10.0])),
    ]
    found = energy_per_unit(meter, counters, days, ("00:00",))
    shifts = {one.product: one for one in found if one.shift is not None}
    assert shifts["a"].kwh_per_unit == pytest.approx(2.0)
    assert shifts["b"].kwh_per_unit == pytest.approx(3.0)
    assert (shifts["a"].turns, shifts["a"].standard_error) == (1, None)
    whole = next(one for one in found if one.product == "a" and one.shift is None)
    assert [whole.kwh, whole.kwh_per_unit] == pytest.approx([310.0, 310.0 / 60])
