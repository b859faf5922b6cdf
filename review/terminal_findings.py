"""Energy per unit, unusual days, machines to replace and what cannot be said, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text as Line

from evaluation import Text
from review.result import Candidate, Figure, MeterReview, Review
from review.sections import Baseline
from review.terminal_words import Language, number, say, table_of, titled
from review.words import number as plain
from review.words import percent

_YEAR = Text("년", "yr")
_GRADES = {"clear": "bold red", "likely": "yellow"}


def per_unit(meters: Sequence[MeterReview], language: Language) -> RenderableType:
    """Energy per unit of every product, over the period and by shift."""
    words = ("meter", "product", "shift", "made", "ratio", "turns")
    table = table_of(*(say(word, language) for word in words), left=3)
    for meter in meters:
        for one in meter.specific_energy:
            error = "" if one.standard_error is None else f" ± {one.standard_error:.2g}"
            ratio = "–" if one.kwh_per_unit is None else f"{one.kwh_per_unit:.4g}{error}"
            unit = "" if one.unit == "1" else one.unit
            shift = one.shift or say("whole", language)
            table.add_row(meter.device, one.product, shift, number(one.made, unit), ratio, str(one.turns))
    return titled(say("per_unit", language), table)


def unusual(meters: Sequence[MeterReview], language: Language) -> RenderableType:
    """Days unlike what was expected, and what they were held against."""
    watched = [meter for meter in meters if meter.baseline is not None]
    parts: list[RenderableType] = []
    if any(meter.anomalies for meter in watched):
        words = ("meter", "days", "used", "expected", "excess", "strength")
        table = table_of(*(say(word, language) for word in words), left=2)
        for meter in watched:
            for found in meter.anomalies:
                one = found.first_day == found.last_day
                days = f"{found.first_day}" if one else f"{found.first_day} ~ {found.last_day:%m-%d}"
                pct = "" if found.excess_pct is None else f" ({percent(found.excess_pct, 0, signed=True)})"
                strength = Line(f"{say(found.grade, language)} {found.strength:.1f}σ", style=_GRADES[found.grade])
                excess = f"{plain(found.excess_kwh, signed=True)}{pct}"
                table.add_row(meter.device, days, number(found.kwh), number(found.expected_kwh), excess, strength)
        parts.append(table)
    else:
        parts.append(Line(say("none_unusual", language)))
    against = [_against(meter.device, meter.baseline, language) for meter in watched if meter.baseline is not None]
    parts.extend(Line(told, style="dim") for told in against)
    return titled(say("unusual", language), *parts)


def _against(device: str, baseline: Baseline, language: Language) -> str:
    days = f"{baseline.days}{'일' if language == 'ko' else ' d'}"
    where = f"{baseline.first_day} ~ {baseline.last_day} ({days})"
    within = "" if baseline.before else f", {say('within', language)}"
    scatter = f"{say('scatter', language)} {number(baseline.sigma_kwh, 'kWh')} ({baseline.sigma_pct:.1f}%)"
    return f"{device}: {say('against', language)} {where}{within}, {scatter}"


def candidates(found: Sequence[Candidate], language: Language) -> RenderableType:
    """Machines in their order; what is undecided says why."""
    decided = [one for one in found if one.undecided is None]
    parts: list[RenderableType] = []
    if decided:
        words = ("rank", "machine", "yearly", "saving", "gain", "payback", "value")
        table = table_of(*(say(word, language) for word in words), left=2)
        for one in decided:
            worth = one.present_value
            style = "" if worth is None or worth.low is None or worth.low >= 0 else "yellow"
            table.add_row(
                str(one.rank),
                one.device,
                _span(one.yearly_kwh, 1e-3, language),
                _span(one.saving_kwh, 1e-3, language),
                _span(one.gain, 1e-4, language, 0),
                "–" if one.payback_years is None else _span(one.payback_years, 1.0, language),
                Line("–" if worth is None else _span(worth, 1e-4, language, 0), style=style),
            )
        parts.append(table)
        parts += [_how(one, language) for one in decided]
    for one in found:
        if one.undecided is not None:
            used = (
                ""
                if one.yearly_kwh is None
                else f" ({_span(one.yearly_kwh, 1e-3, language, between=', ')} MWh/{_YEAR.said(language)})"
            )
            line = Line(f"{say('undecided', language)}  ", style="yellow")
            parts.append(line.append(f"{one.device}{used}: {one.undecided.said(language)}", style="default"))
    return titled(say("candidates", language), *parts)


def _how(one: Candidate, language: Language) -> Line:
    """What a candidate's saving rests on and takes for granted."""
    line = Line(f"{one.rank}. {one.device}  ")
    for told in (one.found, one.assumes):
        if told is not None:
            line.append(f"{told.said(language)} ", style="" if told is one.found else "dim")
    return line


def _span(figure: Figure | None, scale: float, language: Language, digits: int = 1, between: str = "\n") -> str:
    """Best estimate and its band, one below the other and closely written in a table."""
    if figure is None:
        return "–"
    value, low, high = (
        say("never", language) if end is None else number(end * scale, digits=digits)
        for end in (figure.value, figure.low, figure.high)
    )
    to = "~" if between == "\n" else " ~ "
    return f"{value}{between}{low}{to}{high}"


def missing(review: Review, language: Language) -> RenderableType:
    """What cannot be said and why, and what the costs stand on."""
    lines = [Line(f"{say('price', language)}: {review.price.text.said(language)}", style="dim")]
    told = [(say("site", language), one) for one in review.missing if one.code != "cost"]
    told += [(meter.device, one) for meter in review.meters for one in meter.missing]
    if told:
        lines.append(Line(say("missing", language), style="bold"))
    lines += [Line(f"{where} · {one.text.said(language)}") for where, one in told]
    return Group(*lines)
