"""The same load billed differently: another option, or without the saving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.billing.bill import Account, Bill, bill
from analytics.billing.demand import MonthPeak, month_peak
from analytics.billing.load import Load
from analytics.billing.power_factor import PowerFactors
from analytics.billing.tariff import Tariff
from analytics.economics import Ranged
from analytics.errors import AnalyticsError


@dataclass(frozen=True, slots=True)
class OptionCost:
    """What a load would have cost under an option: bills month by month, and their total [원]."""

    option: str
    bills: tuple[Bill, ...]

    @property
    def total(self) -> int:
        """Of all months [원]."""
        return sum(found.total for found in self.bills)


def compare_options(
    options: Mapping[str, Tariff],
    account: Account,
    load: Load,
    months: Iterable[tuple[dt.date, dt.date]],
    power_factors: Sequence[PowerFactors | None] | None = None,
) -> list[OptionCost]:
    """The same load under every option (선택 Ⅰ/Ⅱ/Ⅲ), cheapest first.

    Peaks of the months given count for those after them, beside `account.earlier`, and so does a month in which demand
    lay above the contract power or the power factor was notified.

    Parameters
    ----------
    months
        First and last day of each bill, in their order.
    power_factors
        Of each bill's days, one per bill; they move the base charge, which differs between options.
    """
    periods = list(months)
    factors = power_factors or [None] * len(periods)
    costs = []
    for option, tariff in options.items():
        now, bills = account, []
        for (first, last), factor in zip(periods, factors, strict=True):
            bills.append(bill(tariff, now, load, first, last, factor))
            now = _after(now, bills[-1], month_peak(tariff, load.part(first, last)))
        costs.append(OptionCost(option, tuple(bills)))
    return sorted(costs, key=lambda cost: cost.total)


def _after(account: Account, found: Bill, peak: MonthPeak) -> Account:
    codes = {line.code for line in found.lines}
    charge = found.power_factor
    notified = charge is not None and (charge.lagging_share > 0 or charge.leading_share > 0)
    return Account(
        account.contract_kw,
        (*account.earlier, peak),
        account.months_in_excess + ("excess" in codes),
        account.penalised_before or notified,
    )


def bill_saving(
    tariff: Tariff,
    account: Account,
    load: Load,
    adjusted: Load,
    saving: Ranged,
    first: dt.date,
    last: dt.date,
    power_factors: PowerFactors | None = None,
) -> Ranged:
    """What a saving takes off the bill of the days from `first` to `last` [원], with the saving's band.

    Parameters
    ----------
    load
        Of the whole contract, as metered, the new machine in it.
    adjusted
        The same with the old machine at the same drivers; the saving's course over the day is their difference.
    saving
        Of these days [kWh]; its ends scale that course.
    power_factors
        Of these days, taken to be the same with either machine.

    Raises
    ------
    AnalyticsError
        When the difference of the two loads comes to nothing, so that it has no course.
    """
    now, before = load.part(first, last), adjusted.part(first, last)
    course = before.energy - now.energy
    whole = float(np.nansum(course))
    if not whole > 0:
        raise AnalyticsError("the old machine's load is not above the new one's: there is no course of a saving")
    paid = bill(tariff, account, load, first, last, power_factors).total

    def saved(kwh: float) -> float:
        without = now.with_energy(np.maximum(now.energy + course * (kwh / whole), 0.0))
        return float(bill(tariff, account, without, first, last, power_factors).total - paid)

    return saving.through(saved)
