"""What a review is told beyond the readings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from evaluation import Contract


class Replacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a machine's replacement: its price, and at most one thing that tells what it would save.

    Without any of these the machine is held against its own past: what it uses more than it did.

    Parameters
    ----------
    low_pct, high_pct
        Range of the saving that is believed, of the old machine's energy [%], as its maker says it; the middle is the
        best estimate.
    investment_won
        What the new machine costs, installed [원]; None where that is not known yet.
    plan
        Id of an evaluation plan of a replacement like this one: what that saved is expected here.
    like
        Meter of a machine of the site that makes the same as the old one, as the new one would.
    """

    low_pct: Annotated[float, msgspec.Meta(gt=0, lt=100)] | None = None
    high_pct: Annotated[float, msgspec.Meta(gt=0, lt=100)] | None = None
    investment_won: Annotated[float, msgspec.Meta(gt=0)] | None = None
    plan: str = ""
    like: str = ""

    def __post_init__(self) -> None:
        if (self.low_pct is None) != (self.high_pct is None):
            raise ValueError("an expected saving has a low_pct and a high_pct")
        if self.low_pct is not None and self.high_pct is not None and self.low_pct > self.high_pct:
            raise ValueError(f"an expected saving of {self.low_pct:g} to {self.high_pct:g}% falls; begin with the low")
        if (self.low_pct is not None) + bool(self.plan) + bool(self.like) > 1:
            raise ValueError("an expected saving is told by one of low_pct and high_pct, plan, like")


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a meter's machine makes: a counter of a device."""

    device: str
    channel: str = "production_count"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a review is told beyond the readings.

    Parameters
    ----------
    timezone
        Zone of the site's days.
    main_device
        The meter of everything the site draws; a site without it is the sum of its meters.
    won_per_kwh
        What a kWh costs [원/kWh]; None: by `contract`, or no cost is said.
    contract, tariff_file, deferred
        The contract whose energy prices hold where `won_per_kwh` is not given, e.g. of `Tariffs.contract`; a tariff
        file in place of the built-in one; whether its old hours were kept for as long as could be asked.
    shifts
        When shifts begin, local time "HH:MM", rising; the last one ends when the first begins.
    products
        By meter, the counters of what its machine makes. A counter of the meter's own device needs no word.
    replacements
        By meter, what a new machine costs and is expected to save.
    plans
        Folder of the evaluation plans that replacements name.
    life_years, discount_rate_pct
        Of new machines, for their present value.
    demand_target_kw
        Power that no quarter-hour of the site should exceed [kW]; None for no target.
    baseline_days
        How many days before the period anomalies are held against, where there are that many.
    """

    timezone: str = "Asia/Seoul"
    main_device: str = "main"
    won_per_kwh: Annotated[float, msgspec.Meta(gt=0)] | None = None
    contract: Contract | None = None
    tariff_file: str = ""
    deferred: bool = False
    shifts: tuple[str, ...] = ("00:00", "08:00", "16:00")
    products: Mapping[str, tuple[Product, ...]] = {}
    replacements: Mapping[str, Replacement] = {}
    plans: str = ""
    life_years: Annotated[int, msgspec.Meta(ge=1, le=60)] = 10
    discount_rate_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] = 4.5
    demand_target_kw: float | None = None
    baseline_days: Annotated[int, msgspec.Meta(ge=28)] = 56

    @property
    def zone(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.timezone)
