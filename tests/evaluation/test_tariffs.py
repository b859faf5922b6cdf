"""KEPCO's tariffs as dated data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from analytics import NotInForceError
from analytics.billing import LoadBand, Season
from evaluation import EvaluationError, Tariffs
from evaluation.tariffs import public_holidays
from telemetry import DocumentError

CONTRACT = "industrial_b/high_a/option_2"


@pytest.fixture(scope="module")
def tariffs() -> Tariffs:
    return Tariffs()


def test_prices_are_those_of_the_table_and_of_2025_less_the_reform(tariffs: Tariffs) -> None:
    prices = tariffs.tariff(tariffs.contract(CONTRACT)).prices
    now = prices.at(dt.date(2026, 6, 1)).value
    assert now.base == 8320
    assert now.energy.tolist() == [[116.0, 163.8, 229.0], [116.0, 133.4, 150.9], [123.0, 164.0, 204.6]]
    before = prices.at(dt.date(2026, 4, 15)).value
    assert before.energy == pytest.approx(now.energy + np.array([[-5.1, 0, 16.9], [-5.1, 0, 13.2], [-5.1, 0, 16.9]]))


@pytest.mark.parametrize(
    ("contract", "last_old"),
    [(CONTRACT, dt.date(2026, 4, 15)), ("industrial_a2/high_a/option_1", dt.date(2026, 5, 31)),
     ("general_b/high_a/option_2", dt.date(2026, 5, 31))],
)  # fmt: skip
def test_the_new_hours_begin_on_the_contracts_own_day(tariffs: Tariffs, contract: str, last_old: dt.date) -> None:
    hours = tariffs.tariff(tariffs.contract(contract)).hours
    assert hours is not None
    old, new = (hours.at(day).value for day in (last_old, last_old + dt.timedelta(1)))
    summer = Season.SUMMER
    assert [hour for hour in range(24) if old[summer, hour] == LoadBand.PEAK] == [11, 13, 14, 15, 16, 17]
    assert [hour for hour in range(24) if new[summer, hour] == LoadBand.PEAK] == [15, 16, 17, 18, 19, 20]
    assert (old[Season.WINTER] == new[Season.WINTER]).all()
    assert [hour for hour in range(24) if new[summer, hour] == LoadBand.LIGHT] == [*range(8), 22, 23]


def test_who_deferred_keeps_hours_prices_and_no_discount_to_the_end_of_september(tariffs: Tariffs) -> None:
    kept = tariffs.tariff(tariffs.contract(CONTRACT), deferred=True)
    assert kept.hours is not None
    for day, is_old in ((dt.date(2026, 9, 30), True), (dt.date(2026, 10, 1), False)):
        assert (int(kept.hours.at(day).value[Season.SUMMER, 18]) == LoadBand.MID) is is_old
        assert round(float(kept.prices.at(day).value.energy[0, 2]), 1) == (245.9 if is_old else 229.0)
    assert kept.discounts[0].first == dt.date(2026, 10, 1)


def test_a_contract_of_one_price_has_no_hours_and_no_prices_before_they_are_known(tariffs: Tariffs) -> None:
    tariff = tariffs.tariff(tariffs.contract("industrial_a1/low/single"))
    assert tariff.hours is None
    assert tariff.prices.at(dt.date(2026, 6, 1)).value.energy.tolist() == [[116.2] * 3, [94.4] * 3, [114.5] * 3]
    with pytest.raises(NotInForceError, match="2026-05-31"):
        tariff.prices.at(dt.date(2026, 5, 31))


def test_every_contract_of_the_table_has_a_tariff_and_a_name_in_both_languages(tariffs: Tariffs) -> None:
    assert len(tariffs.contracts) == 33
    for contract in tariffs.contracts:
        assert tariffs.tariff(contract).name
        label = tariffs.label(contract)
        assert any("가" <= letter <= "힣" for letter in label.ko)
        assert label.en.isascii()
    assert tariffs.label(tariffs.contract(CONTRACT)).ko == "산업용(을) 고압A 선택Ⅱ"
    assert [option.option for option in tariffs.options(tariffs.contract(CONTRACT))] == [
        "option_1",
        "option_2",
        "option_3",
    ]


def test_a_contract_that_is_not_there_is_answered_with_those_that_are(tariffs: Tariffs) -> None:
    with pytest.raises(EvaluationError, match=r"no contract 'industrial_c'.*industrial_b/high_a/option_2"):
        tariffs.contract("industrial_c")


def test_temporary_holidays_are_working_days_and_the_others_are_not(tariffs: Tariffs) -> None:
    found = public_holidays([2025], tariffs.working_holidays)
    assert dt.date(2025, 1, 27) not in found
    assert dt.date(2025, 6, 3) not in found
    assert {dt.date(2025, 1, 28), dt.date(2025, 1, 29), dt.date(2025, 5, 5), dt.date(2025, 10, 6)} <= found


def test_a_tariff_file_of_ones_own_is_read_and_its_mistakes_are_named(tmp_path: Path) -> None:
    built_in = Path(__file__).parents[2] / "evaluation" / "tariffs"
    for name in ("kepco.yaml", "kepco-2026-06-01.csv"):
        (tmp_path / name).write_text((built_in / name).read_text(encoding="utf-8"), encoding="utf-8")
    own = tmp_path / "kepco.yaml"
    text = own.read_text(encoding="utf-8")
    own.write_text(text.replace("won_per_kwh: 5,", "won_per_kwh: 7,"), encoding="utf-8")
    fuel = Tariffs(own).tariff(Tariffs(own).contract(CONTRACT)).adjustments[0]
    assert fuel.at(dt.date(2026, 1, 1)).value == 7
    own.write_text(text.replace("share: 0.027", "share: 27"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"kepco.yaml:\d+: fund.shares.*share"):
        Tariffs(own)
    own.write_text(text.replace('peak: "15-21"', 'peak: "15-99"'), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"kepco.yaml:\d+: .*15-99"):
        Tariffs(own)
