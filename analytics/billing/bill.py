"""An electricity bill, line by line: what was used, at what price, and why."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.billing.demand import BillingDemand, MonthPeak, billing_demand, highest_demand, month_peak
from analytics.billing.load import Load, discount_shares, load_bands
from analytics.billing.power_factor import PowerFactorCharge, PowerFactors, power_factor_charge
from analytics.billing.tariff import LoadBand, Season, Tariff, Timeline
from analytics.errors import AnalyticsError

_QUARTERS_PER_HOUR = 4
_EXACT = 4
"""Decimals of a won that a sum is exact to: beyond, a 9 is a rounding error and must not take off a won."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes
    ----------
    code
        What it is: ``base``, ``excess``, ``power_factor_lagging``, ``power_factor_leading``, ``energy``, or the name of
        an adjustment.
    quantity, unit, price, amount
        `amount` = `quantity` · `price` · `share` [원]; `unit` is that of the quantity.
    share
        Of the price that is charged: of a month, after a discount, or of the base charge; 0 for a mere notice.
    season, band
        Of energy.
    verified
        False where the price is only supposed to hold still.
    days
        First and last day of its price, where that changes within the bill; None where it is all of them.
    """

    code: str
    quantity: float
    unit: str
    price: float
    share: float = 1.0
    season: Season | None = None
    band: LoadBand | None = None
    verified: bool = True
    days: tuple[dt.date, dt.date] | None = None

    @property
    def amount(self) -> float:
        """What it comes to [원]."""
        return self.quantity * self.price * self.share


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill.

    Attributes
    ----------
    first, last
        Its days.
    lines
        What the electricity charge is made of.
    charge, vat, fund, total
        Electricity charge, each kind of line without what is under 1 원; VAT to the nearest won; fund and total without
        what is under 10 원 [원].
    demand, highest
        Billing demand, and the highest demand of all hours [kW].
    power_factor
        None without power factors.
    kwh
        Energy.
    missing
        Quarter hours that are not known: the bill is that of the others.
    """

    first: dt.date
    last: dt.date
    lines: tuple[Line, ...]
    charge: int
    vat: int
    fund: int
    total: int
    demand: BillingDemand
    highest: MonthPeak
    power_factor: PowerFactorCharge | None
    kwh: float
    missing: int

    @property
    def verified(self) -> bool:
        """Whether every price is known to be in force."""
        return all(line.verified for line in self.lines)


@dataclass(frozen=True, slots=True)
class Account:
    """What a bill depends on beside the load.

    Attributes
    ----------
    contract_kw
        Contract power (계약전력).
    earlier
        Peaks of the months before, from `month_peak`.
    months_in_excess
        Months in which demand lay above the contract power before: the first one is only a warning.
    penalised_before
        Whether the power factor was ever notified: the first penalty month is notice only.
    """

    contract_kw: float
    earlier: tuple[MonthPeak, ...] = ()
    months_in_excess: int = 0
    penalised_before: bool = True

    def __post_init__(self) -> None:
        if not self.contract_kw > 0:
            raise AnalyticsError(f"a contract power of {self.contract_kw:g} kW is none; it must be positive")


def bill(
    tariff: Tariff,
    account: Account,
    load: Load,
    first: dt.date,
    last: dt.date,
    power_factors: PowerFactors | None = None,
) -> Bill:
    """The bill of the days from `first` to `last`, each with what was in force on it.

    Where a base price, a rule of the power factor, the fund's share or VAT changes within the days, each holds for its
    share of them.

    Parameters
    ----------
    power_factors
        Of the same days; None leaves the base charge as it is.

    Raises
    ------
    NotInForceError
        When no price or rule is known for one of the days.
    AnalyticsError
        When the load does not cover the days.
    """
    load = load.part(first, last)
    demand = billing_demand(tariff.demand, account.contract_kw, month_peak(tariff, load), account.earlier)
    highest = highest_demand(load)
    charge = None
    lines = [*_base(tariff, account, load, demand, highest)]
    if power_factors is not None:
        if len(power_factors.lagging) != len(load.energy):
            raise AnalyticsError(f"power factors of {len(power_factors.lagging)} days for {len(load.energy)} days")
        charge = _power_factor_charge(tariff, load, power_factors)
        base = math.fsum(line.amount for line in lines if line.code == "base")
        lines += _power_factor(base, charge, account)
    lines += _energy(tariff, load)
    lines += _adjustments(tariff, load)
    amount = sum(_whole(math.fsum(line.amount for line in lines if line.code == code)) for code in _codes(lines))
    vat = _half_up(amount * _share(tariff.vat, load))
    fund = _tens(amount * _share(tariff.fund, load))
    return Bill(
        first=first,
        last=last,
        lines=tuple(lines),
        charge=amount,
        vat=vat,
        fund=fund,
        total=_tens(amount + vat + fund),
        demand=demand,
        highest=highest,
        power_factor=charge,
        kwh=float(np.nansum(load.energy)),
        missing=int(np.isnan(load.energy).sum()),
    )


def _base(tariff: Tariff, account: Account, load: Load, demand: BillingDemand, highest: MonthPeak) -> Iterator[Line]:
    rule, days = tariff.demand, len(load.energy)
    excess = max(highest.kw - account.contract_kw, 0.0) if rule.metered else 0.0
    factor = rule.excess_factors[min(account.months_in_excess, len(rule.excess_factors) - 1)]
    spans = list(tariff.prices.spans(load.first, load.last))
    if len({prices.value.base for _, _, prices in spans}) == 1:
        spans = [(load.first, load.last, spans[-1][2])]
    for start, end, prices in spans:
        share = ((end - start).days + 1) / days
        base, verified, part = prices.value.base, prices.verified(end), _part(start, end, load)
        yield Line("base", demand.kw, "kW", base, share, verified=verified, days=part)
        if excess > 0:
            yield Line("excess", excess, "kW", base, factor * share, verified=verified, days=part)


def _share(timeline: Timeline[float], load: Load) -> float:
    """A share in force, or where it changes the mean over the days."""
    spans = [((end - start).days + 1, found.value) for start, end, found in timeline.spans(load.first, load.last)]
    if len(spans) == 1:
        return spans[0][1]
    return math.fsum(days * share for days, share in spans) / len(load.energy)


def _power_factor_charge(tariff: Tariff, load: Load, factors: PowerFactors) -> PowerFactorCharge:
    """By the rule in force; where it changes, each part's shares by its days, and the means of them all."""
    charges = []
    for start, end, rule in tariff.power_factor.spans(load.first, load.last):
        days = slice((start - load.first).days, (end - load.first).days + 1)
        part = PowerFactors(factors.lagging[days], factors.leading[days])
        charges.append(((days.stop - days.start) / len(load.energy), power_factor_charge(rule.value, part)))
    if len(charges) == 1:
        return charges[0][1]
    return PowerFactorCharge(
        float(np.average([found.lagging for _, found in charges], weights=[share for share, _ in charges])),
        float(np.average([found.leading for _, found in charges], weights=[share for share, _ in charges])),
        math.fsum(share * found.lagging_share for share, found in charges),
        math.fsum(share * found.leading_share for share, found in charges),
    )


def _part(start: dt.date, end: dt.date, load: Load) -> tuple[dt.date, dt.date] | None:
    return None if (start, end) == (load.first, load.last) else (start, end)


def _power_factor(base: float, charge: PowerFactorCharge, account: Account) -> Iterator[Line]:
    for code, share in (
        ("power_factor_lagging", charge.lagging_share),
        ("power_factor_leading", charge.leading_share),
    ):
        notice = share > 0 and not account.penalised_before
        if share:
            yield Line(code, 1.0, "", base, 0.0 if notice else share)


def _energy(tariff: Tariff, load: Load) -> Iterator[Line]:
    """One line per price: by the days it was in force, season, band and discount."""
    for start, end, prices in tariff.prices.spans(load.first, load.last):
        part = load.part(start, end)
        hourly = np.nan_to_num(part.energy).reshape(-1, 24, _QUARTERS_PER_HOUR).sum(axis=2)
        bands, off = load_bands(tariff, part), discount_shares(tariff, part)
        seasons = np.broadcast_to(part.seasons[:, None], bands.shape)
        keys = np.stack([seasons.ravel(), bands.ravel(), np.round(off.ravel() * 1e6)], axis=1)
        kinds, place = np.unique(keys, axis=0, return_inverse=True)
        sums = np.bincount(place.ravel(), weights=hourly.ravel(), minlength=len(kinds))
        for (season, band, let_off), kwh in zip(kinds.tolist(), sums.tolist(), strict=True):
            price = float(prices.value.energy[int(season), int(band)])
            yield Line(
                "energy", kwh, "kWh", price, 1.0 - let_off / 1e6, Season(int(season)), LoadBand(int(band)),
                prices.verified(end), _part(start, end, load),
            )  # fmt: skip


def _adjustments(tariff: Tariff, load: Load) -> Iterator[Line]:
    for adjustment in tariff.adjustments:
        for start, end, price in adjustment.spans(load.first, load.last):
            kwh = float(np.nansum(load.part(start, end).energy))
            days = _part(start, end, load)
            yield Line(adjustment.name, kwh, "kWh", price.value, verified=price.verified(end), days=days)


def _codes(lines: list[Line]) -> list[str]:
    return list(dict.fromkeys(line.code for line in lines))


def _whole(won: float) -> int:
    return math.trunc(round(won, _EXACT))


def _half_up(won: float) -> int:
    return math.floor(round(won, _EXACT) + 0.5)


def _tens(won: float) -> int:
    return math.floor(round(won, _EXACT) / 10.0) * 10
