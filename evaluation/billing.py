"""A month's electricity bill of a metered connection, from stored readings."""

from __future__ import annotations

import calendar
import contextlib
import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from analytics import NotInForceError
from analytics.billing import (
    Account,
    Bill,
    Line,
    Load,
    MonthPeak,
    OptionCost,
    PowerFactors,
    Tariff,
    bill,
    compare_options,
    month_peak,
    power_factors,
)
from analytics.billing.load import QUARTERS
from analytics.billing.power_factor import HALF_HOURS
from evaluation.errors import EvaluationError
from evaluation.quarter_hours import Reading, read_intervals
from evaluation.tariffs import Contract, Tariffs, public_holidays
from evaluation.wording import Text
from storage import Series, Store

_QUARTER_MS = 900_000
_MAX_GAP_MS = _QUARTER_MS
_WH_PER_KWH = 1000.0
_MONTHS_THAT_COUNT = 11
_EXACT = 4
"""Decimals of a won that a sum is exact to, as `analytics.billing` has it."""
_WAYS = ("import", "export")


class Connection(msgspec.Struct, frozen=True):
    """Whose bill.

    Parameters
    ----------
    series
        The counter of energy taken from the grid [Wh].
    contract, contract_kw
        What was agreed.
    deferred
        Whether the customer kept the old hours and prices for as long as it could.
    peaks_kw
        Peaks of earlier months that the store does not hold, by the month's first day [kW].
    modulus_wh
        Where the counter starts again; None when it never does.
    zone
        Of the bill's days.
    demand_metered
        False for a low-voltage connection whose meter knows no demand: it is billed on its contract power.
    months_in_excess
        Months in which demand lay above the contract power before: the first one is only a warning.
    penalised_before
        Whether the power factor was ever notified: the first penalty month is notice only.
    """

    series: Series
    contract: Contract
    contract_kw: float
    deferred: bool = False
    peaks_kw: Mapping[dt.date, float] = {}
    modulus_wh: float | None = None
    zone: str = "Asia/Seoul"
    demand_metered: bool = True
    months_in_excess: int = 0
    penalised_before: bool = True


class MonthBill(msgspec.Struct, frozen=True):
    """A bill with the names of what stands on it, in whole won that add up.

    Parameters
    ----------
    contract, labels
        The contract's name, and those of lines by their code.
    bill
        The bill, its lines unrounded.
    amounts
        Each line of `bill` in whole won; together they are its charge [원].
    dropped
        What the total leaves off below 10 원: charge, VAT and fund less the total [원].
    """

    contract: Text
    bill: Bill
    labels: dict[str, Text]
    amounts: list[int]
    dropped: int


def month_days(month: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of a month."""
    return month.replace(day=1), month.replace(day=calendar.monthrange(month.year, month.month)[1])


def bill_month(tariffs: Tariffs, connection: Connection, store: Store, month: dt.date) -> MonthBill:
    """The bill of a calendar month.

    Earlier peaks are those the store's readings show, or the connection's own word where that is higher.

    Raises
    ------
    EvaluationError
        When the store holds nothing of the month, or a contract above low voltage is said to have no demand meter.
    analytics.NotInForceError
        When no price is known for one of its days.
    storage.StoreError
        When the store cannot be read.
    """
    first, last = month_days(month)
    tariff = _tariff(tariffs, connection, connection.contract)
    load = read_load(tariffs, connection, store, _months_before(first, _MONTHS_THAT_COUNT), last)
    if np.isnan(load.part(first, last).energy).all():
        series = connection.series
        raise EvaluationError(
            f"the store holds no {series.channel} of {series.device} at site {series.site} from {first} to {last}"
        )
    account = _account(tariffs, connection, load, first)
    factors = read_power_factors(connection, store, load.part(first, last))
    codes = ("fuel", "climate", "fund", "vat", *(line.name for line in tariff.adjustments))
    labels = {code: label for code in codes if (label := tariffs.line_label(code)) is not None}
    found = bill(tariff, account, load, first, last, factors)
    return MonthBill(
        contract=tariffs.label(connection.contract),
        bill=found,
        labels=labels,
        amounts=whole_amounts(found.lines),
        dropped=found.charge + found.vat + found.fund - found.total,
    )


def whole_amounts(lines: Sequence[Line]) -> list[int]:
    """Amounts of a bill's lines in whole won that add up to its charge, shape (lines,).

    A kind of line loses what is under 1 원 as a whole. What its lines have of it goes to those that lose most by being
    cut, so none is further than 1 원 from its own amount.
    """
    shown = [math.floor(line.amount) for line in lines]
    for code in dict.fromkeys(line.code for line in lines):
        places = [place for place, line in enumerate(lines) if line.code == code]
        whole = math.trunc(round(math.fsum(lines[place].amount for place in places), _EXACT))
        left = whole - sum(shown[place] for place in places)
        for place in sorted(places, key=lambda each: shown[each] - lines[each].amount)[:left]:
            shown[place] += 1
    return shown


def compare_month(tariffs: Tariffs, connection: Connection, store: Store, month: dt.date) -> list[OptionCost]:
    """The same month under every option of the contract's class and voltage, cheapest first; raises as `bill_month`."""
    first, last = month_days(month)
    load = read_load(tariffs, connection, store, _months_before(first, _MONTHS_THAT_COUNT), last)
    options = {str(option): _tariff(tariffs, connection, option) for option in tariffs.options(connection.contract)}
    account = _account(tariffs, connection, load, first)
    factors = read_power_factors(connection, store, load.part(first, last))
    return compare_options(options, account, load, [(first, last)], [factors])


def _tariff(tariffs: Tariffs, connection: Connection, contract: Contract) -> Tariff:
    if not connection.demand_metered and contract.voltage != "low":
        raise EvaluationError(f"{contract} has its demand metered; only a low-voltage contract can be without")
    return tariffs.tariff(contract, deferred=connection.deferred, metered=connection.demand_metered)


def _account(tariffs: Tariffs, connection: Connection, load: Load, first: dt.date) -> Account:
    peaks = _peaks(tariffs, connection, load, first) if connection.demand_metered else ()
    return Account(connection.contract_kw, peaks, connection.months_in_excess, connection.penalised_before)


def read_load(tariffs: Tariffs, connection: Connection, store: Store, first: dt.date, last: dt.date) -> Load:
    """Quarter hours of the days from `first` to `last`; NaN where the readings do not tell."""
    zone = ZoneInfo(connection.zone)
    days = (last - first).days + 1
    starts = [_ms(first + dt.timedelta(day), zone) for day in range(days)]
    edges = np.array(
        [start + quarter * _QUARTER_MS for start in starts for quarter in range(QUARTERS)]
        + [starts[-1] + QUARTERS * _QUARTER_MS],
        dtype=np.int64,
    )
    modulus = connection.modulus_wh
    reading = Reading("difference", modulus=modulus, max_gap_ms=_MAX_GAP_MS)
    [counted] = read_intervals(store, connection.series, [edges], reading)
    energy = counted.values.reshape(days, QUARTERS) / _WH_PER_KWH
    return Load(first, energy, public_holidays(range(first.year, last.year + 1), tariffs.working_holidays))


def read_power_factors(connection: Connection, store: Store, load: Load) -> PowerFactors | None:
    """Power factors of each half hour of `load` from the meter's reactive counters; None when the store holds none.

    Reactive energy taken from the grid is inductive (lagging), reactive energy given to it capacitive (leading). Where
    only one of the two is counted, the other power factor is unknown and costs nothing.
    """
    active = load.energy.reshape(-1, HALF_HOURS, QUARTERS // HALF_HOURS).sum(axis=2)
    held = store.series(connection.series.site)
    wanted = [replace(connection.series, channel=f"reactive_energy_{way}_varh") for way in _WAYS]
    if not any(series in held for series in wanted):
        return None
    zone = ZoneInfo(connection.zone)
    start, end = _ms(load.first, zone), _ms(load.last + dt.timedelta(1), zone)
    edges = np.arange(start, end + 1, 2 * _QUARTER_MS, dtype=np.int64)
    reading = Reading("difference", modulus=connection.modulus_wh, max_gap_ms=_MAX_GAP_MS)
    lagging, leading = (
        read_intervals(store, series, [edges], reading)[0].values.reshape(active.shape) / _WH_PER_KWH
        if series in held
        else np.full(active.shape, np.nan)
        for series in wanted
    )
    return power_factors(active, lagging, leading)


def _ms(day: dt.date, zone: ZoneInfo) -> int:
    return round(dt.datetime.combine(day, dt.time(), zone).timestamp() * 1000)


def _months_before(first: dt.date, months: int) -> dt.date:
    count = 12 * first.year + first.month - 1 - months
    return dt.date(count // 12, count % 12 + 1, 1)


def _peaks(tariffs: Tariffs, connection: Connection, load: Load, first: dt.date) -> tuple[MonthPeak, ...]:
    """Peaks of the months before `first`, without those whose hours are not known."""
    tariff = _tariff(tariffs, connection, connection.contract)
    peaks = {month: MonthPeak(month, kw) for month, kw in connection.peaks_kw.items()}
    month = load.first
    while month < first:
        end = month_days(month)[1]
        part = load.part(month, end)
        with contextlib.suppress(NotInForceError):
            found = month_peak(tariff, part)
            if found.kw > 0 and (month not in peaks or peaks[month].kw < found.kw):
                peaks[month] = found
        month = end + dt.timedelta(1)
    return tuple(peaks[month] for month in sorted(peaks))
