"""Billing demand (요금적용전력): one quarter of an hour may be paid for a year."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analytics.billing.load import Load, load_bands
from analytics.billing.tariff import DemandRule, LoadBand, Tariff

_QUARTERS_PER_HOUR = 4


@dataclass(frozen=True, slots=True)
class MonthPeak:
    """Highest demand of a month that counts for billing [kW]; `at` is the start of its quarter hour, local time."""

    month: dt.date
    kw: float
    at: dt.datetime | None = None


class DemandReason(enum.Enum):
    """Why billing demand is what it is."""

    THIS_MONTH = "this_month"
    EARLIER_MONTH = "earlier_month"
    FLOOR = "floor"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class BillingDemand:
    """Billing demand [kW], and why; `peak` is the quarter hour that makes it, if one does."""

    kw: float
    reason: DemandReason
    peak: MonthPeak | None = None


def month_peak(tariff: Tariff, load: Load) -> MonthPeak:
    """Highest demand in mid and peak hours; where hours have no bands, in all of them.

    Quarter hours that are not known do not count; without any the demand is 0 kW.
    """
    counts = np.repeat(load_bands(tariff, load) > LoadBand.LIGHT, _QUARTERS_PER_HOUR, axis=1)
    return _highest(load, counts)


def highest_demand(load: Load) -> MonthPeak:
    """Highest demand of all hours: what is held against the contract power."""
    return _highest(load, np.ones(load.energy.shape, dtype=np.bool_))


def _highest(load: Load, counts: np.ndarray) -> MonthPeak:
    demand = np.where(counts & ~np.isnan(load.energy), load.energy * _QUARTERS_PER_HOUR, -np.inf)
    place = int(np.argmax(demand))
    highest = float(demand.flat[place])
    month = load.last.replace(day=1)
    if not np.isfinite(highest) or highest <= 0:
        return MonthPeak(month, 0.0)
    day, quarter = divmod(place, load.energy.shape[1])
    at = dt.datetime.combine(load.days[day], dt.time()) + dt.timedelta(minutes=15 * quarter)
    return MonthPeak(month, highest, at)


def billing_demand(
    rule: DemandRule, contract_kw: float, this_month: MonthPeak, earlier: Iterable[MonthPeak]
) -> BillingDemand:
    """The highest of this month's demand and of that in the counting months of the twelve that end with it.

    Parameters
    ----------
    rule, contract_kw
        Of the contract [kW].
    this_month
        From `month_peak`.
    earlier
        Of months before; those that do not count, or are a year old, are passed over.
    """
    if not rule.metered:
        return BillingDemand(contract_kw, DemandReason.CONTRACT)
    best = BillingDemand(this_month.kw, DemandReason.THIS_MONTH, this_month)
    for peak in earlier:
        age = 12 * (this_month.month.year - peak.month.year) + this_month.month.month - peak.month.month
        if 1 <= age <= 11 and peak.month.month in rule.months and peak.kw > best.kw:
            best = BillingDemand(peak.kw, DemandReason.EARLIER_MONTH, peak)
    floor = rule.floor * contract_kw
    return BillingDemand(floor, DemandReason.FLOOR) if best.kw < floor else best
