"""A bill: reckoned by hand, and held to what must be true of every bill."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import AnalyticsError, NotInForceError, Ranged
from analytics.billing import (
    Account,
    Dated,
    DemandReason,
    DemandRule,
    Load,
    LoadBand,
    MonthPeak,
    PowerFactors,
    Prices,
    Timeline,
    bill,
    bill_saving,
    billing_demand,
    compare_options,
    load_bands,
    month_peak,
    power_factors,
)
from tests.analytics.billing.tariffs import NEW, OLD, SPRING_NOON, flat, tariff

MONDAY = dt.date(2026, 6, 1)


def test_one_working_day_reckoned_by_hand() -> None:
    # 100 kW on a summer Monday: light 10 h, mid 8 h, peak 6 h at 70, 120, 200 원; base 100 kW x 9,000 for the whole
    # (one-day) month; fuel 5 원/kWh.
    found = bill(tariff(), Account(300.0), flat(MONDAY, 1), MONDAY, MONDAY)
    assert [(line.code, line.quantity, line.price, line.amount) for line in found.lines] == [
        ("base", 100.0, 9000.0, 900_000.0),
        ("energy", 1000.0, 70.0, 70_000.0),
        ("energy", 800.0, 120.0, 96_000.0),
        ("energy", 600.0, 200.0, 120_000.0),
        ("fuel", 2400.0, 5.0, 12_000.0),
    ]
    assert (found.charge, found.vat, found.fund, found.total) == (1_198_000, 119_800, 35_940, 1_353_740)
    assert not found.verified
    assert found.missing == 0


def test_each_kind_of_line_loses_what_is_under_a_won_and_only_vat_is_rounded() -> None:
    # 325 kWh for 24,957.5 원 in a published example (Aju Business Daily, 2016-08-09): 24,957 + 2,496 + 920 → 28,370.
    prices = Prices(1600.0, np.full((3, 3), 23_357.5 / 325))
    example = replace(
        tariff(one_price=True),
        prices=Timeline("prices", (Dated(OLD, prices),)),
        adjustments=(),
        fund=Timeline("fund", (Dated(OLD, 0.037),)),
        demand=DemandRule(frozenset(), 0.0, metered=False),
    )
    load = Load(MONDAY, np.full((1, 96), 325 / 96))
    found = bill(example, Account(1.0), load, MONDAY, MONDAY)
    assert (found.charge, found.vat, found.fund, found.total) == (24_957, 2_496, 920, 28_370)
    two = replace(example, adjustments=(Timeline("fuel", (Dated(OLD, 1.5 / 325),)),))
    assert bill(two, Account(1.0), load, MONDAY, MONDAY).charge == 24_958


@settings(max_examples=60, deadline=None)
@given(kw=st.integers(1, 100_000))
def test_no_rounding_error_takes_off_a_won_or_ten(kw: int) -> None:
    """Whole prices: base 9,000 원/kW on the contract power, no energy; VAT 10 %, fund 2.9 %."""
    plain = replace(tariff(metered=False), adjustments=(), fund=Timeline("fund", (Dated(OLD, 0.029),)))
    found = bill(plain, Account(float(kw)), Load(MONDAY, np.zeros((1, 96))), MONDAY, MONDAY)
    assert (found.charge, found.vat, found.fund) == (9000 * kw, 900 * kw, 261 * kw // 10 * 10)


def test_peak_is_mid_on_saturdays_and_all_is_light_on_sundays_and_holidays() -> None:
    friday = dt.date(2026, 6, 5)
    bands = load_bands(tariff(), flat(friday, 4, holidays=frozenset({dt.date(2026, 6, 8)})))
    counts = [[int((day == band).sum()) for band in LoadBand] for day in bands]
    assert counts == [[10, 8, 6], [10, 14, 0], [24, 0, 0], [24, 0, 0]]


def test_weekend_noon_is_cheaper_in_spring_only_while_the_discount_holds() -> None:
    sunday = dt.date(2026, 4, 19)
    with_discount = bill(tariff(discounts=(SPRING_NOON,)), Account(300.0), flat(sunday, 1), sunday, sunday)
    shares = {line.share: line.quantity for line in with_discount.lines if line.code == "energy"}
    assert shares == {1.0: 2100.0, 0.5: 300.0}
    for day in (dt.date(2026, 4, 12), dt.date(2026, 4, 20), dt.date(2026, 6, 7), dt.date(2031, 4, 20)):
        found = bill(tariff(discounts=(SPRING_NOON,)), Account(300.0), flat(day, 1), day, day)
        assert all(line.share == 1.0 for line in found.lines), day


def test_billing_demand_is_this_months_peak_an_earlier_one_or_the_floor() -> None:
    rule = tariff().demand
    now = MonthPeak(dt.date(2026, 6, 1), 200.0)
    july, spring = MonthPeak(dt.date(2025, 7, 1), 350.0), MonthPeak(dt.date(2026, 4, 1), 900.0)
    year_old = MonthPeak(dt.date(2025, 6, 1), 990.0)
    assert billing_demand(rule, 500.0, now, []).reason is DemandReason.THIS_MONTH
    found = billing_demand(rule, 500.0, now, [july, spring, year_old])
    assert (found.kw, found.reason, found.peak) == (350.0, DemandReason.EARLIER_MONTH, july)
    assert billing_demand(rule, 500.0, MonthPeak(dt.date(2026, 7, 1), 200.0), [july]).kw == 200.0
    assert billing_demand(rule, 1000.0, now, []).kw == 300.0
    assert billing_demand(rule, 1000.0, now, []).reason is DemandReason.FLOOR
    assert billing_demand(tariff(metered=False).demand, 1000.0, now, [july]).kw == 1000.0


def test_a_peak_at_night_or_on_a_holiday_does_not_set_the_demand() -> None:
    load = flat(MONDAY, 7)
    load.energy[0, 0] = 200.0  # Monday 00:00
    load.energy[6, 50] = 300.0  # Sunday 12:30
    load.energy[2, 60] = 40.0  # Wednesday 15:00
    found = month_peak(tariff(), load)
    assert (found.kw, found.at) == (160.0, dt.datetime(2026, 6, 3, 15, 0))  # noqa: DTZ001 - local time


def test_demand_above_the_contract_is_warned_of_once_and_then_costs_more() -> None:
    load = flat(MONDAY, 30, kw=120.0)
    first = bill(tariff(), Account(100.0), load, MONDAY, load.last)
    again = bill(tariff(), Account(100.0, months_in_excess=1), load, MONDAY, load.last)
    excess = [next(line for line in found.lines if line.code == "excess") for found in (first, again)]
    assert [(line.quantity, line.amount) for line in excess] == [(20.0, 0.0), (20.0, 20 * 9000 * 1.5)]


def test_the_power_factor_costs_or_saves_two_thousandths_of_the_base_charge_per_point() -> None:
    load, good, bad = flat(MONDAY, 1), np.full((1, 48), 99.0), np.full((1, 48), 85.0)
    credit = bill(tariff(), Account(300.0), load, MONDAY, MONDAY, PowerFactors(good, good))
    assert [line.amount for line in credit.lines if line.code.startswith("power")] == pytest.approx([-9000.0])
    penalty = bill(tariff(), Account(300.0), load, MONDAY, MONDAY, PowerFactors(bad, bad))
    amounts = {line.code: line.amount for line in penalty.lines if line.code.startswith("power")}
    assert amounts == pytest.approx({"power_factor_lagging": 12_600.0, "power_factor_leading": 18_000.0})
    notice = bill(tariff(), Account(300.0, penalised_before=False), load, MONDAY, MONDAY, PowerFactors(bad, bad))
    assert {line.amount for line in notice.lines if line.code.startswith("power")} == {0.0}


def test_half_hours_without_load_do_not_count_for_the_power_factor() -> None:
    active, lagging = np.full((1, 48), 30.0), np.full((1, 48), 40.0)
    active[0, 20:] = lagging[0, 20:] = 0.0
    found = power_factors(active, lagging, np.zeros((1, 48)))
    assert found.lagging[0, :20] == pytest.approx(60.0)
    assert np.isnan(found.lagging[0, 20:]).all()
    assert found.leading[0, :20] == pytest.approx(100.0)


@pytest.mark.parametrize("wrong", [-0.1, np.inf])
def test_what_was_given_to_the_grid_is_no_load(wrong: float) -> None:
    energy = np.ones((1, 96))
    energy[0, 50] = wrong
    with pytest.raises(AnalyticsError, match="taken from the grid"):
        Load(MONDAY, energy)


def test_what_was_not_metered_is_counted_and_not_invented() -> None:
    load = flat(MONDAY, 2)
    load.energy[1, 10:20] = np.nan
    found = bill(tariff(), Account(300.0), load, MONDAY, load.last)
    assert found.missing == 10
    assert found.kwh == pytest.approx(4800 - 250)


def test_a_day_of_which_nothing_is_known_is_refused_with_the_day() -> None:
    day = dt.date(2024, 5, 1)
    with pytest.raises(NotInForceError, match=r"2024-05-01.*2025-01-01"):
        bill(tariff(), Account(300.0), flat(day, 1), day, day)
    with pytest.raises(AnalyticsError, match="covers 2026-06-01"):
        bill(tariff(), Account(300.0), flat(MONDAY, 1), MONDAY, MONDAY + dt.timedelta(1))


def test_options_are_compared_cheapest_first_and_carry_their_own_peaks() -> None:
    load = flat(dt.date(2026, 7, 1), 62)
    load.energy[0, 60] = 100.0
    months = [(dt.date(2026, 7, 1), dt.date(2026, 7, 31)), (dt.date(2026, 8, 1), dt.date(2026, 8, 31))]
    costs = compare_options({"hours": tariff(), "one price": tariff(one_price=True)}, Account(300.0), load, months)
    assert [cost.total for cost in costs] == sorted(cost.total for cost in costs)
    assert {cost.option for cost in costs} == {"hours", "one price"}
    for cost in costs:
        assert cost.bills[1].demand.reason is DemandReason.EARLIER_MONTH
        assert cost.bills[1].demand.kw == 400.0


def test_the_second_month_of_excess_or_of_a_poor_power_factor_is_no_warning_any_more() -> None:
    load = flat(dt.date(2026, 7, 1), 92, kw=120.0)
    months = [(dt.date(2026, month, 1), dt.date(2026, month, last)) for month, last in ((7, 31), (8, 31), (9, 30))]
    bad = [PowerFactors(np.full((days, 48), 82.0), np.full((days, 48), 100.0)) for days in (31, 31, 30)]
    account = Account(100.0, penalised_before=False)
    [cost] = compare_options({"hours": tariff()}, account, load, months, bad)
    for code, amounts in (
        ("excess", [0.0, 20 * 9000 * 1.5, 20 * 9000 * 1.5]),
        ("power_factor_lagging", [0.0, 120 * 9000 * 0.02, 120 * 9000 * 0.02]),
    ):
        charged = [line.amount for found in cost.bills for line in found.lines if line.code == code]
        assert charged == pytest.approx(amounts)


def test_a_savings_worth_is_the_difference_of_two_bills_at_both_ends_of_its_band() -> None:
    now, before = flat(MONDAY, 30, kw=80.0), flat(MONDAY, 30, kw=100.0)
    saving = Ranged(14_400.0, 7_200.0, 21_600.0)
    worth = bill_saving(tariff(), Account(300.0), now, before, saving, MONDAY, now.last)
    paid = [
        bill(tariff(), Account(300.0), flat(MONDAY, 30, kw=kw), MONDAY, now.last).total for kw in (80, 90, 100, 110)
    ]
    assert (worth.low, worth.value, worth.high) == pytest.approx([total - paid[0] for total in paid[1:]], abs=10)
    with pytest.raises(AnalyticsError, match="no course"):
        bill_saving(tariff(), Account(300.0), before, now, saving, MONDAY, now.last)


days = st.integers(0, 700).map(lambda offset: OLD + dt.timedelta(offset))


@settings(max_examples=60, deadline=None)
@given(first=days, count=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_every_kilowatt_hour_is_billed_once_and_a_bill_over_a_change_is_the_sum_of_its_parts(
    first: dt.date, count: int, seed: int
) -> None:
    load = Load(first, np.random.default_rng(seed).gamma(2.0, 10.0, (count, 96)), frozenset({first}))
    whole = bill(tariff(discounts=(SPRING_NOON,)), Account(100.0), load, first, load.last)
    assert math.fsum(line.quantity for line in whole.lines if line.code == "energy") == pytest.approx(whole.kwh)
    assert math.fsum(line.share for line in whole.lines if line.code == "base") == pytest.approx(1.0)
    energy = 0.0
    for day in load.days:
        part = bill(tariff(discounts=(SPRING_NOON,)), Account(100.0), load, day, day)
        energy += math.fsum(line.amount for line in part.lines if line.code == "energy")
    assert energy == pytest.approx(math.fsum(line.amount for line in whole.lines if line.code == "energy"))


@settings(max_examples=40, deadline=None)
@given(offset=st.integers(-20, 19), quarter=st.integers(0, 95))
def test_a_kilowatt_hour_costs_what_is_in_force_on_its_own_day(offset: int, quarter: int) -> None:
    first = NEW - dt.timedelta(20)
    load = Load(first, np.zeros((40, 96)))
    load.energy[20 + offset, quarter] = 1.0
    day = NEW + dt.timedelta(offset)
    found = [
        line
        for line in bill(tariff(), Account(1.0), load, first, load.last).lines
        if line.quantity and line.code == "energy"
    ]
    assert len(found) == 1
    hour, peak = quarter // 4, range(15, 21) if offset >= 0 else range(11, 17)
    rest = [60.0, 80.0, 110.0] if offset < 0 else [70.0, 90.0, 120.0]
    working = 2 if hour in peak else 1 if 8 <= hour < 22 else 0
    band = 0 if day.weekday() == 6 else min(working, 1) if day.weekday() == 5 else working
    assert found[0].price == rest[band]


def test_a_price_that_changes_within_the_month_says_its_days_and_an_even_base_price_stands_once() -> None:
    first = NEW - dt.timedelta(1)
    load = flat(first, 2)
    found = bill(tariff(), Account(300.0), load, first, load.last)
    assert [(line.price, line.share, line.days) for line in found.lines if line.code == "base"] == [
        (8000.0, 0.5, (first, first)),
        (9000.0, 0.5, (NEW, NEW)),
    ]
    assert {line.days for line in found.lines if line.code == "fuel"} == {None}
    whole = bill(tariff(), Account(300.0), load, NEW, NEW)
    assert [line.days for line in whole.lines] == [None] * len(whole.lines)
