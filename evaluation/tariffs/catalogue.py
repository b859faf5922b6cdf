"""The tariffs of a file, one per contract class, voltage and option."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from analytics import AnalyticsError
from analytics.billing import (
    Dated,
    DemandRule,
    Discount,
    PowerFactorRule,
    Prices,
    Tariff,
    Timeline,
)
from evaluation.errors import EvaluationError
from evaluation.tariffs.document import BANDS, SEASONS, ContractClass, PricesSince, TariffFile, hours
from evaluation.wording import Text
from telemetry import decode_yaml

BUILT_IN: Final = "kepco.yaml"
_VOLTAGES: Final = {
    "low": Text("저압", "low voltage"),
    "high_a": Text("고압A", "high voltage A"),
    "high_b": Text("고압B", "high voltage B"),
    "high_c": Text("고압C", "high voltage C"),
}
_OPTIONS: Final = {
    "single": Text("", ""),
    "option_1": Text("선택Ⅰ", "option I"),
    "option_2": Text("선택Ⅱ", "option II"),
    "option_3": Text("선택Ⅲ", "option III"),
}


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as its bill names it: class, voltage, option, e.g. ``industrial_b/high_a/option_2``."""

    kind: str
    voltage: str
    option: str

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.kind}/{self.voltage}/{self.option}"


class Tariffs:
    """Every tariff of a file.

    Raises
    ------
    DocumentError
        When the file or a table beside it cannot be read, with its line.
    """

    def __init__(self, path: Path | None = None) -> None:
        source = resources.files(__name__.rpartition(".")[0]).joinpath(BUILT_IN) if path is None else path
        self._folder = resources.files(__name__.rpartition(".")[0]) if path is None else path.parent
        self.source = str(path or BUILT_IN)
        self._file = decode_yaml(source.read_text(encoding="utf-8"), TariffFile, self.source)
        names = {since.table for kind in self._file.contracts.values() for since in kind.prices}
        self._tables = {name: self._table(name) for name in sorted(names)}

    @property
    def contracts(self) -> list[Contract]:
        """All there are, sorted."""
        found = {
            contract
            for kind, entry in self._file.contracts.items()
            for since in entry.prices
            for contract in self._tables[since.table]
            if contract.kind == kind
        }
        return sorted(found, key=str)

    @property
    def working_holidays(self) -> frozenset[dt.date]:
        """Holidays that are working days for this tariff."""
        return frozenset(self._file.working_holidays)

    def contract(self, text: str) -> Contract:
        """The contract written as ``class/voltage/option``; raises `EvaluationError` naming those there are."""
        found = {str(contract): contract for contract in self.contracts}
        if text not in found:
            raise EvaluationError(f"{self.source} has no contract {text!r}; it has {', '.join(found)}")
        return found[text]

    def options(self, contract: Contract) -> list[Contract]:
        """The options a contract may choose between: same class and voltage."""
        wanted = (contract.kind, contract.voltage)
        return [other for other in self.contracts if (other.kind, other.voltage) == wanted]

    def label(self, contract: Contract) -> Text:
        """What people call it."""
        kind = self._file.contracts[contract.kind].label
        voltage = _VOLTAGES.get(contract.voltage, Text(contract.voltage, contract.voltage))
        option = _OPTIONS.get(contract.option, Text(contract.option, contract.option))
        return Text(
            f"{kind.ko} {voltage.ko} {option.ko}".rstrip(), ", ".join(filter(None, (kind.en, voltage.en, option.en)))
        )

    def line_label(self, code: str) -> Text | None:
        """What an adjustment, ``fund`` or ``vat`` is called."""
        labels = {adjustment.name: adjustment.label for adjustment in self._file.adjustments}
        return (labels | {"fund": self._file.fund.label, "vat": self._file.vat.label}).get(code)

    def tariff(self, contract: Contract, *, deferred: bool = False, metered: bool = True) -> Tariff:
        """What holds for a contract.

        Parameters
        ----------
        deferred
            The customer asked to keep what could be kept for longer.
        metered
            Whether its demand is metered.

        Raises
        ------
        EvaluationError
            When the file contradicts itself.
        """
        kind, file = self._file.contracts[contract.kind], self._file
        demand = DemandRule(
            frozenset(file.demand.months), file.demand.floor, metered, tuple(file.demand.excess_factors)
        )
        try:
            return Tariff(
                name=self.label(contract).ko,
                prices=self._prices(contract, kind, deferred=deferred),
                hours=self._hours(kind, deferred=deferred),
                demand=demand,
                power_factor=Timeline("power factor", tuple(
                    Dated(rule.since, PowerFactorRule(
                        rule.target, rule.ceiling, rule.floor, rule.leading_target, rule.leading_floor,
                        rule.share_per_point,
                    )) for rule in file.power_factor
                )),
                adjustments=tuple(
                    Timeline(entry.name, tuple(
                        Dated(price.since, price.won_per_kwh, price.verified_until) for price in entry.prices
                    )) for entry in file.adjustments
                ),
                fund=Timeline("fund", tuple(Dated(share.since, share.share) for share in file.fund.shares)),
                vat=Timeline("VAT", tuple(Dated(share.since, share.share) for share in file.vat.shares)),
                discounts=tuple(_discounts(kind, deferred=deferred)),
            )  # fmt: skip
        except AnalyticsError as error:
            raise EvaluationError(f"{self.source}, {contract}: {error}") from error

    def _hours(self, kind: ContractClass, *, deferred: bool) -> Timeline[np.ndarray] | None:
        if not kind.hours:
            return None
        entries = []
        for entry in kind.hours:
            seasons = self._file.hours.get(entry.use)
            if seasons is None or set(seasons) != set(SEASONS):
                raise EvaluationError(f"{self.source}: hours {entry.use!r} need {', '.join(SEASONS)}")
            table = np.stack([seasons[name].row() for name in SEASONS])
            entries.append(Dated(_since(entry.since, entry.deferrable_to, deferred=deferred), table))
        return Timeline("hours", tuple(entries))

    def _prices(self, contract: Contract, kind: ContractClass, *, deferred: bool) -> Timeline[Prices]:
        entries = []
        for entry in kind.prices:
            listed = self._tables[entry.table].get(contract)
            if listed is not None:
                since = _since(entry.since, entry.deferrable_to, deferred=deferred)
                prices = msgspec.convert(listed.base, float), listed.energy + _change(entry)
                entries.append(Dated(since, Prices(*prices), entry.verified_until))
        return Timeline(f"prices of {self.label(contract).en}", tuple(entries))

    def _table(self, name: str) -> dict[Contract, Prices]:
        """Prices by contract."""
        text = self._folder.joinpath(name).read_text(encoding="utf-8")
        found: dict[Contract, Prices] = {}
        for line, row in enumerate(csv.DictReader(text.splitlines()), start=2):
            try:
                contract = Contract(row["contract_class"], row["voltage"], row["option"])
                prices = [float(row[f"{season}_won_per_kwh"]) for season in SEASONS]
                base = float(row["base_won_per_kw"])
                bands = [band for name, band in BANDS.items() if row["band"] in {name, "all"}]
                if not bands:
                    raise ValueError(f"band {row['band']!r}")  # noqa: TRY301 - one sentence for every bad row
            except (KeyError, TypeError, ValueError) as error:
                raise EvaluationError(f"{name}, line {line}: {error} is missing or no price") from error
            known = found.setdefault(contract, Prices(base, np.full((len(SEASONS), len(BANDS)), np.nan)))
            if known.base != base:
                raise EvaluationError(f"{name}, line {line}: {contract} has two base prices")
            known.energy[:, bands] = np.array(prices)[:, None]
        gaps = sorted(str(contract) for contract, prices in found.items() if np.isnan(prices.energy).any())
        if gaps:
            raise EvaluationError(f"{name}: prices are missing for {', '.join(gaps)}")
        return found


def _since(since: dt.date, deferrable_to: dt.date | None, *, deferred: bool) -> dt.date:
    return deferrable_to + dt.timedelta(1) if deferred and deferrable_to is not None else since


def _change(entry: PricesSince) -> np.ndarray:
    change = np.zeros((len(SEASONS), len(BANDS)))
    for band, seasons in entry.change.items():
        for season, won in seasons.items():
            change[SEASONS[season], BANDS[band]] = won
    return change


def _discounts(kind: ContractClass, *, deferred: bool) -> Sequence[Discount]:
    found = []
    for rule in kind.discounts:
        span = hours(rule.hours)
        first = _since(rule.first, rule.deferrable_to, deferred=deferred)
        seasons = frozenset(SEASONS[name] for name in rule.seasons)
        found.append(Discount(first, rule.last, seasons, span[0], span[-1] + 1, rule.share))
    return found
