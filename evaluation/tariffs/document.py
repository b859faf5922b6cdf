"""A tariff file, as it is written: YAML with a CSV of prices beside it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from analytics.billing import LoadBand, Season
from evaluation.wording import Text

SeasonName = Literal["summer", "spring_fall", "winter"]
BandName = Literal["light", "mid", "peak"]

SEASONS: Final[dict[SeasonName, Season]] = {
    "summer": Season.SUMMER,
    "spring_fall": Season.SPRING_FALL,
    "winter": Season.WINTER,
}
BANDS: Final[dict[BandName, LoadBand]] = {"light": LoadBand.LIGHT, "mid": LoadBand.MID, "peak": LoadBand.PEAK}
_SPAN: Final = re.compile(r"^\s*(\d{1,2})\s*-\s*(\d{1,2})\s*$")

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Percent = Annotated[float, msgspec.Meta(gt=0, le=100)]


def hours(text: str) -> list[int]:
    """The hours of ``08-11, 12-13``, each by its start; raises ValueError when they are none."""
    found: list[int] = []
    for part in text.split(","):
        match = _SPAN.match(part)
        start, end = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 0 <= start < end <= 24:
            raise ValueError(f"{part.strip()!r} are no hours; write e.g. 08-11, 12-13")
        found.extend(range(start, end))
    return found


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mid and peak hours of a season; the others are light."""

    mid: str
    peak: str

    def __post_init__(self) -> None:
        self.row()

    def row(self) -> np.ndarray:
        """Band of each hour, shape (24,)."""
        row = np.full(24, LoadBand.LIGHT, dtype=np.int8)
        row[hours(self.mid)] = LoadBand.MID
        row[hours(self.peak)] = LoadBand.PEAK
        return row


class HoursSince(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which hours hold from a day on; who asked for it may keep the old ones to the end of `deferrable_to`."""

    since: dt.date
    use: str
    deferrable_to: dt.date | None = None


class PricesSince(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price table and what to add to it [원/kWh]."""

    since: dt.date
    table: str
    change: dict[BandName, dict[SeasonName, float]] = {}
    deferrable_to: dt.date | None = None
    verified_until: dt.date | None = None


class DiscountRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of the energy price let off on Saturdays, Sundays and holidays."""

    first: dt.date
    last: dt.date
    seasons: list[SeasonName]
    hours: str
    share: Share
    deferrable_to: dt.date | None = None

    def __post_init__(self) -> None:
        hours(self.hours)


class ContractClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contract class (계약종별); without hours, one price all day."""

    label: Text
    prices: list[PricesSince]
    hours: list[HoursSince] = []
    discounts: list[DiscountRule] = []


class Demand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As `analytics.billing.DemandRule`."""

    months: list[Annotated[int, msgspec.Meta(ge=1, le=12)]]
    floor: Share
    excess_factors: Annotated[list[Annotated[float, msgspec.Meta(ge=0)]], msgspec.Meta(min_length=1)]


class PowerFactorSince(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As `analytics.billing.PowerFactorRule` [%]."""

    since: dt.date
    target: Percent
    ceiling: Percent
    floor: Percent
    leading_target: Percent
    leading_floor: Percent
    share_per_point: Share


class PricePerKwh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price per kWh from a day on."""

    since: dt.date
    won_per_kwh: float
    verified_until: dt.date | None = None


class Adjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price per kWh beside the energy price."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z_]*$")]
    label: Text
    prices: Annotated[list[PricePerKwh], msgspec.Meta(min_length=1)]


class ShareSince(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A share of the electricity charge from a day on."""

    since: dt.date
    share: Share


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A levy on the electricity charge."""

    label: Text
    shares: Annotated[list[ShareSince], msgspec.Meta(min_length=1)]


class TariffFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    name: str
    hours: dict[str, dict[SeasonName, Hours]]
    contracts: dict[str, ContractClass]
    demand: Demand
    power_factor: list[PowerFactorSince]
    adjustments: list[Adjustment]
    fund: Shares
    vat: Shares
    working_holidays: list[dt.date] = []
