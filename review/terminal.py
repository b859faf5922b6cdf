"""A review for the terminal, in Korean or English: what to look at first, then the tables behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from review.result import MeterReview, Review, SiteTotal
from review.sections import DayKind, Load, Profile
from review.terminal_findings import candidates, missing, per_unit, unusual
from review.terminal_words import Language, number, say, table_of, thousand_won, titled, weekday, won

__all__ = ["Language", "render"]

_BLOCKS = " ▁▂▃▄▅▆▇█"
_DURATION_AT = (0, 1, 5, 10, 25, 50, 75, 90, 95, 100)
_SHOWN_PEAK_DAYS = 5
_KINDS: tuple[DayKind, ...] = ("working", "saturday", "rest_day")
_POORLY_COVERED_PCT = 98.0


def render(review: Review, language: Language = "ko") -> RenderableType:
    """The review as rich shows it, within 80 columns."""
    parts: list[RenderableType] = [_head(review, language), _first(review, language), _meters(review, language)]
    if any(meter.idle is not None for meter in review.meters):
        parts.append(_standby(review.meters, language))
    parts += _when(review.total, ZoneInfo(review.timezone), language)
    if any(meter.specific_energy for meter in review.meters):
        parts.append(per_unit(review.meters, language))
    if any(meter.baseline is not None for meter in review.meters):
        parts.append(unusual(review.meters, language))
    if review.candidates:
        parts.append(candidates(review.candidates, language))
    parts.append(missing(review, language))
    return Group(*(item for part in parts for item in (part, Line(""))))


def _head(review: Review, language: Language) -> Panel:
    total, load = review.total, review.total.load
    grid = Table.grid(padding=(0, 3))
    of = say("site", language) if len(total.of) == 1 else f"{say('sum_of', language)} {', '.join(total.of)}"
    low = "yellow" if total.coverage_pct < _POORLY_COVERED_PCT else ""
    grid.add_row(
        f"{say('energy', language)} [bold]{number(total.energy_kwh, 'kWh')}[/]",
        f"{say('cost', language)} [bold]{won(total.cost, language)}[/]",
        Line(f"{say('coverage', language)} {total.coverage_pct:.1f}%", style=low),
    )
    if load is not None:
        grid.add_row(
            f"{say('peak', language)} {number(load.peak_kw, 'kW', 1)}",
            f"{say('base', language)} {number(load.base_kw, 'kW', 1)}",
            f"{say('load_factor', language)} {load.load_factor_pct:.0f}%",
        )
    days = (review.last_day - review.first_day).days + 1
    span = f"{review.first_day} ~ {review.last_day} ({days}{'일' if language == 'ko' else ' d'})"
    title = f"{say('title', language)} · {review.site} · {of} · {span}"
    return Panel(grid, title=Line(title), title_align="left", expand=False)


def _first(review: Review, language: Language) -> Group:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(overflow="fold")
    for place, finding in enumerate(review.findings, start=1):
        style = "yellow" if finding.code == "coverage" else ""
        table.add_row(f"{place}.", Line(finding.text.said(language), style=style))
    return titled(say("first", language), table)


def _meters(review: Review, language: Language) -> Group:
    priced = review.price.basis != "none"
    heads = [say("meter", language), "kWh", f"{say('share', language)}\n%"]
    heads += [say("thousand_won", language)] if priced else []
    heads += [f"{say(word, language)}\nkW" for word in ("base", "mean", "peak")]
    heads += [f"{say(word, language)}\n%" for word in ("load_factor", "coverage")]
    table = table_of(*heads)
    for meter in review.meters:
        style = "yellow" if meter.coverage_pct < _POORLY_COVERED_PCT else ""
        table.add_row(
            meter.device,
            number(meter.energy_kwh),
            number(meter.share_pct, digits=1),
            *([thousand_won(meter.cost)] if priced else []),
            *_powers(meter.load),
            Line(f"{meter.coverage_pct:.1f}", style=style),
        )
    total = review.total
    if total.rest_kwh is not None:
        blank = [""] if priced else []
        table.add_row(
            Line(f"({say('rest', language)})", style="dim"),
            number(total.rest_kwh),
            number(total.rest_pct, digits=1),
            *blank,
        )
    return titled(say("meters", language), table)


def _powers(load: Load | None) -> list[str]:
    if load is None:
        return ["–"] * 4
    powers = (load.base_kw, load.mean_kw, load.peak_kw)
    return [*(number(kw, digits=1) for kw in powers), f"{load.load_factor_pct:.0f}"]


def _standby(meters: Sequence[MeterReview], language: Language) -> Group:
    priced = any(meter.idle is not None and meter.idle.cost is not None for meter in meters)
    heads = [
        say("meter", language),
        say("told_by", language),
        say("hours", language),
        "kWh",
        f"{say('share', language)}%",
    ]
    heads += [say("cost", language)] if priced else []
    heads += [say(word, language) for word in ("idle_kw", "producing_kw", "off")]
    table = table_of(*heads, left=2)
    for meter in meters:
        idle = meter.idle
        if idle is not None:
            table.add_row(
                meter.device,
                say(idle.basis, language),
                number(idle.hours, digits=1),
                number(idle.kwh),
                number(idle.share_pct, digits=1),
                *([thousand_won(idle.cost)] if priced else []),
                number(idle.idle_kw, digits=1),
                number(idle.producing_kw, digits=1),
                number(idle.off_hours, digits=1),
            )
    return titled(say("standby", language), table)


def _when(total: SiteTotal, zone: ZoneInfo, language: Language) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if total.profile is not None:
        parts += [_week(total.profile, language), _shifts(total.profile, language)]
    if total.load is not None:
        parts += [_duration(total.load, language), _peaks(total.load, zone, language)]
    return parts


def _week(profile: Profile, language: Language) -> Group:
    """A row of blocks for each day of the week, from nothing to the highest mean."""
    highest = max((kw for day in profile.week_kw for kw in day if kw is not None), default=0.0)
    table = table_of("", "0     6     12    18    ", say("day_kwh", language), left=2)
    for index, day in enumerate(profile.week_kw):
        cells = "".join(_block(kw, highest) for kw in day)
        table.add_row(weekday(index, language), Line(cells, style="cyan"), number(profile.weekday_kwh[index]))
    return titled(say("when", language), table)


def _block(kw: float | None, highest: float) -> str:
    if kw is None:
        return "?"
    if kw <= 0 or highest <= 0:
        return _BLOCKS[0]
    return _BLOCKS[max(1, round(kw / highest * (len(_BLOCKS) - 1)))]


def _shifts(profile: Profile, language: Language) -> Group:
    kinds = [kind for kind in _KINDS if any(one.day == kind for shift in profile.shifts for one in shift.days)]
    heads = [f"{say('mean', language)}\nkW", *(f"{say(kind, language)}\nkW" for kind in kinds)]
    table = table_of(say("shift", language), "kWh", f"{say('share', language)}\n%", *heads)
    for shift in profile.shifts:
        on = {one.day: one.mean_kw for one in shift.days}
        table.add_row(
            f"{shift.begin} ~ {shift.end}",
            number(shift.kwh),
            number(shift.share_pct, digits=1),
            number(shift.mean_kw, digits=1),
            *(number(on.get(kind), digits=1) for kind in kinds),
        )
    return titled(say("shifts", language), table)


def _duration(load: Load, language: Language) -> Group:
    told = dict(zip(load.duration.share_pct, load.duration.kw, strict=True))
    shown = [share for share in _DURATION_AT if share in told]
    table = table_of(*(f"{share}%" for share in shown), left=0)
    table.add_row(*(number(told[share], digits=1) for share in shown))
    return titled(f"{say('duration', language)} [kW]", table)


def _peaks(load: Load, zone: ZoneInfo, language: Language) -> Group:
    table = table_of(say("days", language), say("from", language), "kW", left=2)
    for peak in load.peak_days[:_SHOWN_PEAK_DAYS]:
        at = dt.datetime.fromtimestamp(peak.at / 1000, zone)
        table.add_row(f"{peak.day} ({weekday(peak.day.weekday(), language)})", f"{at:%H:%M}", number(peak.kw, digits=1))
    return titled(say("peak_days", language), table)
