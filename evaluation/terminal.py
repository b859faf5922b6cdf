"""An evaluation for the terminal, in Korean or English."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from evaluation.fitted_model import Coefficient, ModelResult
from evaluation.flag_words import marks
from evaluation.reasons import UNITS
from evaluation.result import Evaluation
from evaluation.saving import Placebos
from evaluation.terminal_beside import beside
from evaluation.terminal_findings import candidates, checks, events
from evaluation.terminal_words import GRADES, Language, number, say
from evaluation.terminal_worth import intensities, worth
from evaluation.verdict import Verdict
from evaluation.windows import WindowResult
from evaluation.wording import Text, short

__all__ = ["Language", "render"]

_LEVELS_SHOWN = 12
"""More levels of the calendar than these are told by their reach: `--json` has them all."""
_COLOURS = {Verdict.PROVEN: "green", Verdict.NOT_PROVEN: "yellow", Verdict.NOT_PROVABLE: "red"}


def render(evaluation: Evaluation, language: Language = "ko") -> RenderableType:
    """The evaluation as rich shows it: verdict, reasons, saving, windows, model, drivers."""
    parts: list[RenderableType] = [_head(evaluation, language), _reasons(evaluation, language)]
    if evaluation.saving is not None:
        parts.append(_saving(evaluation, language))
    if evaluation.worth is not None:
        parts.append(worth(evaluation.worth, language))
    if evaluation.intensities:
        parts.append(intensities(evaluation.intensities, language))
    if evaluation.forms is not None or evaluation.bands:
        parts.append(beside(evaluation, language))
    parts.append(_windows(evaluation, language))
    if evaluation.model is not None:
        parts.append(_model(evaluation.model, language))
    if evaluation.candidates:
        parts.append(candidates(evaluation, language))
    if evaluation.drivers:
        parts.append(_drivers(evaluation, language))
    if evaluation.drivers and evaluation.conditions is not None:
        parts.append(Line(f"{say('conditions', language)}: {GRADES[evaluation.conditions].said(language)}"))
    parts.append(checks(evaluation, language))
    if evaluation.events:
        parts.append(events(evaluation, language))
    parts.append(Line(f"{say('digest', language)}: {evaluation.plan_digest}", style="dim"))
    return Group(*parts)


def _grid(columns: int) -> Table:
    """Columns without a head. Folded, for rich's ellipsis takes a letter from Korean that has to wrap."""
    table = Table.grid(padding=(0, 2))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def _head(evaluation: Evaluation, language: Language) -> Panel:
    verdict = evaluation.verdict
    words = f"{verdict.ko} · {verdict.en}" if language == "ko" else f"{verdict.en} · {verdict.ko}"
    line = Line(words, style=f"bold {_COLOURS[verdict]}")
    subject = f"{evaluation.title.said(language)} ({evaluation.site} / {evaluation.device})"
    return Panel(line, title=subject, title_align="left", border_style=_COLOURS[verdict], expand=False)


def _reasons(evaluation: Evaluation, language: Language) -> Table:
    table = _grid(2)
    for reason in evaluation.reasons:
        word = "doubt" if reason.doubt else "why"
        style = "yellow" if reason.doubt else ""
        table.add_row(f"{say(word, language)}:", Line(reason.text.said(language), style=style))
        if reason.cure is not None:
            table.add_row(f"{say('ask' if reason.doubt else 'cure', language)}:", Line(reason.cure.said(language)))
    return table


def _saving(evaluation: Evaluation, language: Language) -> Table:
    saving = evaluation.saving
    assert saving is not None
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(justify="right", overflow="fold")
    table.add_column(overflow="fold")
    table.add_row(say("adjusted", language), number(saving.adjusted_kwh, "kWh"))
    table.add_row(say("actual", language), number(saving.actual_kwh, "kWh"))
    share = f"{number(saving.pct, '%', 1)} {say('of_adjusted', language)}"
    table.add_row(say("saving", language), number(saving.kwh, "kWh"), share)
    table.add_row(
        f"{saving.confidence:.0%} {say('band', language)}",
        f"{number(saving.low)} … {number(saving.high, 'kWh')}",
        f"{number(saving.pct_low, '', 1)} … {number(saving.pct_high, '%', 1)}",
    )
    for change in evaluation.adjustments:
        error = f" ± {number(change.error_kwh)}" if change.error_kwh else ""
        why = Line(f"{change.first_day} – {change.last_day}: {change.reason}")
        table.add_row(say("adjustment", language), f"{number(change.kwh, signed=True)}{error} kWh", why)
    table.add_row(say("claim", language), f"> {number(evaluation.claim_minimum_pct, '%', 1)}")
    if evaluation.detectable is not None:
        found = evaluation.detectable
        note = f"{number(found.pct, '%', 1)} ({say('power', language)} {found.power:.0%})"
        table.add_row(say("detectable", language), number(found.kwh, "kWh"), note)
    if evaluation.placebos is not None and evaluation.placebos.count:
        table.add_row(say("placebos", language), *_placebos(evaluation.placebos, language))
    return table


def _placebos(placebos: Placebos, language: Language) -> tuple[str, str]:
    """Where nothing was saved: the range of what the method found, and what that did to the band."""
    shares = [share for share in placebos.share_pct if share is not None]
    spread = (
        f"{number(min(shares), '', 1, signed=True)} … {number(max(shares), '%', 1, signed=True)}" if shares else "–"
    )
    count, wider = placebos.count, placebos.widening
    note = Text(
        f"아무것도 바꾸지 않은 모의 교체 {count}회에서 나온 값, 신뢰구간 ×{wider:.2f}",
        f"'saved' by {count} replacements that never were; band ×{wider:.2f}",
    )
    return spread, note.said(language)


def _windows(evaluation: Evaluation, language: Language) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for word in ("window", "days", "usable", "coverage", "marks"):
        table.add_column(
            say(word, language), justify="right" if word in {"usable", "coverage"} else "left", overflow="fold"
        )
    windows: tuple[tuple[str, WindowResult], ...] = (
        ("baseline", evaluation.baseline),
        ("installation", evaluation.installation),
        ("reporting", evaluation.reporting),
    )
    for name, window in windows:
        table.add_row(
            say(name, language),
            f"{window.first_day} – {window.last_day}",
            f"{window.usable:,} / {window.intervals:,}",
            f"{window.coverage:.1%}",
            marks(window.flags).said(language),
        )
    return table


def _model(model: ModelResult, language: Language) -> Table:
    table = _grid(2)
    table.add_row(
        f"{say('model', language)}:",
        f"CV(RMSE) {number(model.cv_rmse_pct, '%', 1)} · NMBE {number(model.nmbe_pct, '%', 2)} · "
        f"R² {number(model.r_squared, '', 3)} · ρ {number(model.rho, '', 2)} · n {model.n:,} "
        f"({say('effective', language)} {model.n_effective:,.0f} {UNITS[model.unit].said(language)})",
    )
    if model.knots:
        table.add_row(
            "", f"{model.form} · {say('knots', language)} {', '.join(number(knot, '', 1) for knot in model.knots)}"
        )
    levels = [term for term in model.coefficients if term.part and not term.driver and not term.dropped]
    folded = levels if len(levels) > _LEVELS_SHOWN else []
    for term in model.coefficients:
        if term in folded:
            if term is folded[0]:
                table.add_row("", _levels(folded, language))
            continue
        value = f"{short(term.value)} {term.unit.said(language)}" if term.value is not None else "–"
        if term.dropped:
            value = f"{say('dropped', language)}: {say(term.dropped, language)}"
        name = f"{term.driver} {term.part.said(language)}".strip() if term.part else term.name
        table.add_row("", f"{name}: {value}")
    return table


def _levels(levels: Sequence[Coefficient], language: Language) -> str:
    """Levels that are too many to read, by how many they are and how far they reach."""
    values = [term.value for term in levels if term.value is not None]
    reach = f"{short(min(values))} … {short(max(values))} {levels[0].unit.said(language)}"
    return Text(f"요일·시간대 수준 {len(levels):,}개: {reach}", f"{len(levels):,} levels of the week: {reach}").said(
        language
    )


def _drivers(evaluation: Evaluation, language: Language) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for word in ("driver", "baseline_range", "reporting_range", "outside"):
        table.add_column(say(word, language), justify="right" if word == "outside" else "left", overflow="fold")
    for driver in evaluation.drivers:
        outside = f"{driver.outside:.0%}" if driver.outside is not None else "–"
        table.add_row(
            driver.name,
            f"{number(driver.baseline_low, '', 1)} … {number(driver.baseline_high, driver.unit, 1)}",
            f"{number(driver.reporting_low, '', 1)} … {number(driver.reporting_high, driver.unit, 1)}",
            outside,
        )
    return table
