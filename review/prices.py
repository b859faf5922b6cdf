"""What a kWh costs in each quarter-hour."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analytics import NotInForceError
from analytics.billing import Load, Tariff, discount_shares, load_bands
from evaluation import Tariffs, Text
from evaluation.tariffs import public_holidays
from review.period import Floats, Period
from review.result import Price
from review.settings import Settings

_QUARTERS = 96
_NONE = Text(
    "전력 단가를 알려 주지 않아 비용은 계산하지 않았습니다.",
    "No price of a kWh was given, so no cost is said.",
)


def price_quarters(settings: Settings, days: Period) -> tuple[Price, Floats | None]:
    """The prices of quarter-hours [원/kWh], shape (quarters,), and where they are from; None without any.

    A tariff's price is that of energy, by season, hour and day, with what is let off it and the adjustments per kWh
    (fuel, climate). What a kWh does not change by itself is not in it: base charge, power factor, fund, VAT.

    Raises
    ------
    telemetry.DocumentError, evaluation.EvaluationError
        When a tariff file cannot be read, or has no such contract.
    """
    if settings.won_per_kwh is not None:
        won = settings.won_per_kwh
        text = Text(f"1 kWh에 {won:g}원으로 계산했습니다.", f"At {won:g} won per kWh.")
        return Price("given", text, won), np.full(len(days.starts), won)
    if settings.contract is None:
        return Price("none", _NONE, None), None
    tariffs = Tariffs(Path(settings.tariff_file) if settings.tariff_file else None)
    contract = tariffs.contract(str(settings.contract))
    label = tariffs.label(contract)
    holidays = public_holidays(range(days.days[0].year, days.days[-1].year + 1), tariffs.working_holidays)
    load = Load(days.days[0], np.zeros((len(days.days), _QUARTERS)), holidays)
    try:
        hourly, certain = _hourly(tariffs.tariff(contract, deferred=settings.deferred), load)
    except NotInForceError as error:
        text = Text(f"이 기간의 단가를 모릅니다: {label.ko}.", f"The prices of the period are not known: {error}.")
        return Price("none", text, None), None
    won_per_kwh = hourly[days.day, days.hour]
    doubt = (
        Text("", "")
        if certain
        else Text(" 확인된 날짜가 지난 단가가 있습니다.", " Some are past the last day they were known.")
    )
    text = Text(
        f"{label.ko}의 시간대별 전력량 단가와 kWh당 조정액입니다. 기본요금, 기금, 부가세는 뺐습니다.{doubt.ko}",
        f"{label.en}: energy prices by time of use and adjustments per kWh, no base charge, fund or VAT.{doubt.en}",
    )
    return Price("tariff", text, float(won_per_kwh.mean())), won_per_kwh


def _hourly(tariff: Tariff, load: Load) -> tuple[Floats, bool]:
    """Price of each hour, shape (days, 24) [원/kWh], and whether every one is known to be in force."""
    bands, off, seasons = load_bands(tariff, load), discount_shares(tariff, load), load.seasons
    prices = [tariff.prices.at(day) for day in load.days]
    energy = np.stack(
        [found.value.energy[season][band] for found, season, band in zip(prices, seasons, bands, strict=True)]
    )
    certain = all(found.verified(day) for found, day in zip(prices, load.days, strict=True))
    beside = np.zeros(len(load.days))
    for adjustment in tariff.adjustments:
        found = [adjustment.at(day) for day in load.days]
        beside += np.array([one.value for one in found])
        certain &= all(one.verified(day) for one, day in zip(found, load.days, strict=True))
    return energy * (1.0 - off) + beside[:, None], certain
