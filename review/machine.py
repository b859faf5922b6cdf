"""One meter's part of the review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics import AnalyticsError
from evaluation import Text
from review.day_drivers import Days
from review.deviations import Watched, deviations
from review.load import profile_of, shape_of
from review.metered import Meter
from review.per_unit import energy_per_unit
from review.period import QUARTER_MS, Bools, Floats, Ints, Period
from review.quarters import Quarters
from review.result import MeterReview, Missing, Price
from review.sections import Idle
from review.settings import Settings
from review.standby import standby
from storage import Series

Counters = Sequence[tuple[Series, Quarters]]
"""What a meter's machine made, by counter."""
_SATURDAY = 5
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Context:
    """What every meter of a review shares.

    Attributes
    ----------
    settings
        As given.
    days, whole
        The period; and the same with the days before it, that anomalies are held against.
    price, prices
        What was taken, and of each quarter-hour of the period [원/kWh], shape (quarters,); None without any.
    rest
        Days of rest in `whole`, shape (days,).
    temperature
        Of each day in `whole` [°C], shape (days,); None without a thermometer.
    site_kw
        The site's power in the period, NaN where not known, shape (quarters,) [kW].
    """

    settings: Settings
    days: Period
    whole: Period
    price: Price
    prices: Floats | None
    rest: Bools
    temperature: Floats | None
    site_kw: Floats

    @property
    def begin(self) -> int:
        """Index of the period's first quarter-hour in `whole`."""
        return len(self.whole.starts) - len(self.days.starts)

    @property
    def calendar(self) -> Days:
        """What its days are."""
        kind = np.where(self.rest, 2, np.where(self.whole.weekday == _SATURDAY, 1, 0))
        return Days(self.whole.days, self.whole.index(self.days.days[0]), kind, self.temperature)

    @property
    def kind(self) -> Ints:
        """Kinds of the day before the period and of its own, shape (days + 1,)."""
        days = self.calendar
        return days.kind[days.begin - 1 :]

    @property
    def peak(self) -> int | None:
        """The site's highest quarter-hour in the period."""
        return int(np.nanargmax(self.site_kw)) if np.isfinite(self.site_kw).any() else None


def cost_of(meter: Meter, prices: Floats | None) -> float | None:
    """What a meter's energy cost [원]: across a gap, at the gap's mean price; None without prices or energy."""
    if prices is None or meter.energy_kwh is None:
        return None
    known = float(np.nansum(meter.kwh * prices))
    return known + sum(kwh * float(prices[first : last + 1].mean()) for first, last, kwh in meter.bridged)


def review_meter(read: Meter, counters: Counters, context: Context) -> MeterReview:
    """Review a meter that was read over `context.whole`, as its counters of what was made were."""
    meter = read.part(context.begin, len(context.whole.starts))
    made = [(series, counted.part(context.begin, len(context.whole.starts))) for series, counted in counters]
    days, settings = context.days, context.settings
    main = meter.device == settings.main_device
    load = shape_of(meter.kw, days, at_site_peak=context.peak)
    missing = _coarse(meter)
    idle = watched = None
    if load is None:
        missing.append(_NOTHING)
    else:
        idle = standby(meter, [counted for _, counted in made], context.prices)
        watched = _watch(read, counters, context)
        missing += [found for found in (idle, watched.missing) if isinstance(found, Missing)]
    return MeterReview(
        device=meter.device,
        kind=meter.series.kind,
        source=meter.source,
        main=main,
        energy_kwh=meter.energy_kwh,
        bridged_kwh=meter.bridged_kwh,
        share_pct=_share(meter.kw, context.site_kw),
        cost=cost_of(meter, context.prices),
        coverage_pct=100.0 * float(meter.quarters.coverage.mean()),
        longest_gap_h=meter.quarters.longest_gap_h,
        load=load,
        profile=profile_of(meter.kw, meter.by_day(days), days, settings.shifts, context.kind),
        idle=idle if isinstance(idle, Idle) else None,
        specific_energy=energy_per_unit(meter, made, days, settings.shifts) if made else [],
        baseline=None if watched is None else watched.baseline,
        anomalies=[] if watched is None else watched.anomalies,
        missing=missing,
    )


def _share(kw: Floats, site_kw: Floats) -> float | None:
    """Of the site's energy where both are known [%]."""
    both = np.isfinite(kw) & np.isfinite(site_kw)
    whole = float(site_kw[both].sum())
    return 100.0 * float(kw[both].sum()) / whole if whole > 0 else None


def _watch(read: Meter, counters: Counters, context: Context) -> Watched:
    whole = context.whole
    made = [(series.device, counted.by_day(whole)) for series, counted in counters]
    prices = None if context.prices is None else day_means(context.prices, context.days.day)
    try:
        return deviations(read.by_day(whole), made, context.calendar, prices)
    except AnalyticsError as error:
        return Watched(
            None, [], Missing("anomalies", Text(f"평소와 견줄 수 없습니다: {error}", f"Not compared: {error}."))
        )


def day_means(values: Floats, day: Ints, *, least: float = 0.9) -> Floats:
    """Mean of each day of which this share is known at least, else NaN; shape (quarters,) → (days,)."""
    known = np.isfinite(values)
    count, quarters = np.bincount(day, weights=known), np.bincount(day)
    means = np.full(len(quarters), np.nan)
    np.divide(np.bincount(day, weights=np.where(known, values, 0.0)), count, out=means, where=count >= least * quarters)
    return means


def _coarse(meter: Meter) -> list[Missing]:
    step = meter.quarters.step_ms
    if step <= QUARTER_MS:
        return []
    minutes = step // _MINUTE_MS
    return [Missing("demand", Text(
        f"약 {minutes}분마다 계측되었습니다. 최대수요는 15분이 아니라 그 시간의 평균입니다.",
        f"Read about every {minutes} minutes: its peak is the mean of so long, not of a quarter-hour.",
    ))]  # fmt: skip


_NOTHING = Missing(
    "load",
    Text(
        "이 기간의 계측값이 없습니다. 게이트웨이와 계측기 통신을 확인하십시오.",
        "Nothing of the period was read; check its gateway and wiring.",
    ),
)
