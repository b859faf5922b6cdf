"""A site's energy review, from what the store holds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from review.errors import ReviewError
from review.expected import Machine
from review.findings import findings
from review.machine import Context, Counters, day_means, review_meter
from review.metered import Meter, chosen, find_meters, last_full_days, read_meter, thermometer
from review.period import Floats, Period, period, rest_days
from review.prices import price_quarters
from review.products import products_of, read_product
from review.quarters import read_quarters
from review.replacing import candidates
from review.result import MeterReview, Missing, Review
from review.settings import Settings
from review.site import site_power, site_total
from review.told import evaluations
from storage import Series, Store

Progress = Callable[[int, int], None]

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MOST_DAYS = 1100
"""Three years of quarter-hours of every meter are as many as a review keeps in memory."""


def review(
    store: Store,
    site: str,
    devices: Sequence[str] = (),
    first: dt.date | None = None,
    last: dt.date | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Review:
    """Review the energy of a site, or of some of its meters.

    Parameters
    ----------
    store
        Where readings are.
    site
        Whose.
    devices
        Meters to review; every one without any. The main meter is read in any case, for shares and the site's peak.
    first, last
        The period's days, both included, in the zone of the settings; by default those of `last_full_days`.
    settings
        What the review is told beyond the readings.
    progress
        Called with meters done and meters in all.

    Raises
    ------
    ReviewError
        When the site, a meter or a counter is not in the store, a setting is none, or nothing was read in the period.
    telemetry.DocumentError, evaluation.EvaluationError
        When a tariff file cannot be read.
    storage.StoreError
        When the store cannot be read.
    """
    told = settings or Settings()
    _check(told)
    meters = find_meters(store, site)
    wanted = chosen(meters, devices, site)
    chosen(meters, [*told.products, *told.replacements], site)
    likes = _likes(meters, wanted, told, site)
    if first is None or last is None:
        newest = last_full_days(store, site, told, devices)
        first, last = first or newest[0], last or newest[1]
    _check_days(first, last)
    whole = period(first - dt.timedelta(told.baseline_days), last, told.zone)
    days = period(first, last, told.zone)
    asked = [series for series in meters if series in wanted or series in likes or _is_main(series, told)]
    read: dict[str, Meter] = {}
    counted: dict[str, Counters] = {}
    for done, series in enumerate(asked):
        if progress is not None:
            progress(done, len(asked))
        read[series.device] = read_meter(store, series, whole)
        made = products_of(store, site, series.device, told)
        counted[series.device] = [(one, read_product(store, one, whole)) for one in made]
    if progress is not None:
        progress(len(asked), len(asked))
    begin = len(whole.starts) - len(days.starts)
    within = {device: meter.part(begin, len(whole.starts)) for device, meter in read.items()}
    own = [within[series.device] for series in wanted]
    if all(meter.energy_kwh is None for meter in own):
        raise ReviewError(_nothing(store, site, wanted, first, last, told))
    main = within.get(told.main_device)
    context = _context(store, site, whole, days, told, site_power(own, main))
    total, missing = site_total(own, main, context, every=len(wanted) == len(meters))
    if context.price.basis == "none":
        missing.append(Missing("cost", context.price.text))
    reviewed = sorted((review_meter(read[one.device], counted[one.device], context) for one in own), key=_largest_first)
    by_day = {device: _by_day(meter, counted[device], whole) for device, meter in read.items()}
    machines = [by_day[series.device] for series in wanted if not _is_main(series, told)]
    evaluated = evaluations(Path(told.plans) if told.plans else None, store)
    ranked = candidates(machines, context.calendar, told, context.price.mean, by_day, evaluated)
    return Review(
        site=site,
        timezone=told.timezone,
        first_day=first,
        last_day=last,
        start=int(days.edges[0]),
        end=int(days.edges[-1]),
        price=context.price,
        total=total,
        meters=reviewed,
        candidates=ranked,
        findings=findings(total, reviewed, told.zone),
        missing=missing,
    )


def _context(store: Store, site: str, whole: Period, days: Period, told: Settings, site_kw: Floats) -> Context:
    price, won_per_kwh = price_quarters(told, days)
    warm = thermometer(store, site)
    temperature = None if warm is None else day_means(read_quarters(store, warm, whole).values, whole.day)
    rest = rest_days(whole.days, told.timezone)
    return Context(told, days, whole, price, won_per_kwh, rest, temperature, site_kw)


def _by_day(meter: Meter, counters: Counters, whole: Period) -> Machine:
    made = [(series.channel, counted.by_day(whole)) for series, counted in counters]
    return Machine(meter.device, meter.by_day(whole), made)


def _likes(meters: Sequence[Series], wanted: Sequence[Series], told: Settings, site: str) -> list[Series]:
    """Meters that replacements of those reviewed name as like the new machine."""
    named = {one.device: told.replacements[one.device].like for one in wanted if one.device in told.replacements}
    for device, like in named.items():
        if like == device:
            raise ReviewError(f"{device} is named as like itself; name the meter of a machine as the new one would be")
        if like == told.main_device:
            raise ReviewError(f"{like} meters the whole site, so it is no machine like {device}")
    return chosen(meters, [like for like in named.values() if like], site) if any(named.values()) else []


def _largest_first(meter: MeterReview) -> tuple[bool, float, str]:
    return not meter.main, -(meter.energy_kwh or 0.0), meter.device


def _is_main(series: Series, told: Settings) -> bool:
    return series.device == told.main_device


def _check(told: Settings) -> None:
    bad = [begin for begin in told.shifts if not _CLOCK.fullmatch(begin)]
    if bad:
        raise ReviewError(f"{bad[0]!r} is no time a shift begins; write e.g. 08:00")
    if not told.shifts or list(told.shifts) != sorted(set(told.shifts)):
        raise ReviewError(f"shifts must begin one after another; they begin at {', '.join(told.shifts) or 'no time'}")


def _check_days(first: dt.date, last: dt.date) -> None:
    if last < first:
        raise ReviewError(f"the last day {last} lies before the first, {first}")
    if (last - first).days >= _MOST_DAYS:
        raise ReviewError(f"{first} to {last} are {(last - first).days + 1} days; {_MOST_DAYS} are the most")


def _nothing(store: Store, site: str, wanted: Sequence[Series], first: dt.date, last: dt.date, told: Settings) -> str:
    times = {one.series: one.time for one in store.latest(site)}
    newest = max((times[series] for series in wanted if series in times), default=None)
    names = ", ".join(series.device for series in wanted)
    until = "never" if newest is None else f"{dt.datetime.fromtimestamp(newest / 1000, told.zone):%Y-%m-%d %H:%M}"
    return f"site {site}: nothing of {names} was read from {first} to {last}; last read {until}"
