"""An evaluation for the terminal, in Korean or English."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Literal

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from analytics import Grade
from evaluation.result import Evaluation, ModelResult, Placebos, Text, Verdict, WindowResult

Language = Literal["ko", "en"]

_COLOURS = {Verdict.PROVEN: "green", Verdict.NOT_PROVEN: "yellow", Verdict.NOT_PROVABLE: "red"}
_WORDS = {
    "actual": Text("실제 사용량", "Actual energy"),
    "adjusted": Text("조정 기준사용량", "Adjusted baseline"),
    "saving": Text("절감량", "Saving"),
    "band": Text("신뢰구간", "band"),
    "claim": Text("요구 수준", "Required"),
    "detectable": Text("검출 가능한 최소 절감", "Minimum detectable saving"),
    "power": Text("확률", "probability"),
    "placebos": Text("모의 교체 시험", "Placebo test"),
    "model": Text("기준 모형", "Baseline model"),
    "window": Text("기간", "Window"),
    "days": Text("날짜 (첫날 – 마지막 날)", "Days (first – last)"),
    "usable": Text("사용 가능", "Usable"),
    "coverage": Text("계측률", "Coverage"),
    "marks": Text("표시", "Marks"),
    "driver": Text("설명변수", "Driver"),
    "baseline_range": Text("기준기간 범위", "Range in baseline"),
    "reporting_range": Text("보고기간 범위", "Range in reporting"),
    "outside": Text("범위 밖", "Outside"),
    "baseline": Text("기준", "Baseline"),
    "installation": Text("설치", "Installation"),
    "reporting": Text("보고", "Reporting"),
    "why": Text("근거", "Why"),
    "cure": Text("해결", "Cure"),
    "dropped": Text("제외", "dropped"),
    "constant": Text("변하지 않음", "constant"),
    "collinear": Text("다른 변수와 겹침", "collinear"),
    "effective": Text("유효 표본", "effective"),
    "adjustment": Text("비일상 조정", "Adjustment"),
    "events": Text("확인할 변화 (반영하지 않음)", "To be looked at (not applied)"),
    "outlier": Text("이상값", "outlier"),
    "step": Text("수준 변화", "step"),
    "conditions": Text("보고기간의 조건", "Reporting conditions"),
    "not_chosen": Text("선택되지 않음", "not chosen"),
    "candidates": Text("후보 모형", "Candidates"),
    "chosen": Text("선택", "chosen"),
    "held_out": Text("교차검증 오차", "error held out"),
    "digest": Text("계획 지문 (SHA-256)", "Plan digest (SHA-256)"),
}


_GRADES = {
    Grade.COVERED: Text("기준기간에서 겪은 범위 안", "within what the baseline saw"),
    Grade.EDGE: Text("기준기간 범위를 조금 벗어남", "a little outside what the baseline saw"),
    Grade.OUTSIDE: Text("기준기간 범위를 크게 벗어남", "far outside what the baseline saw"),
}
_EVENTS_SHOWN = 5


def render(evaluation: Evaluation, language: Language = "ko") -> RenderableType:
    """The evaluation as rich shows it: verdict, reasons, saving, windows, model, drivers."""
    parts: list[RenderableType] = [_head(evaluation, language), _reasons(evaluation, language)]
    if evaluation.saving is not None:
        parts.append(_saving(evaluation, language))
    parts.append(_windows(evaluation, language))
    if evaluation.model is not None:
        parts.append(_model(evaluation.model, language))
    if evaluation.candidates:
        parts.append(_candidates(evaluation, language))
    if evaluation.drivers:
        parts.append(_drivers(evaluation, language))
    if evaluation.drivers and evaluation.conditions is not None:
        parts.append(Line(f"{_say('conditions', language)}: {_GRADES[evaluation.conditions].said(language)}"))
    if evaluation.events:
        parts.append(_events(evaluation, language))
    parts.append(Line(f"{_say('digest', language)}: {evaluation.plan_digest}", style="dim"))
    return Group(*parts)


def _say(word: str, language: Language) -> str:
    return _WORDS[word].said(language)


def _number(value: float | None, unit: str = "", digits: int = 0) -> str:
    if value is None:
        return "–"
    return f"{value:,.{digits}f} {unit}".rstrip()


def _head(evaluation: Evaluation, language: Language) -> Panel:
    verdict = evaluation.verdict
    words = f"{verdict.ko} · {verdict.en}" if language == "ko" else f"{verdict.en} · {verdict.ko}"
    line = Line(words, style=f"bold {_COLOURS[verdict]}")
    subject = f"{evaluation.title.said(language)} ({evaluation.site} / {evaluation.device})"
    return Panel(line, title=subject, title_align="left", border_style=_COLOURS[verdict], expand=False)


def _reasons(evaluation: Evaluation, language: Language) -> Table:
    table = Table.grid(padding=(0, 2))
    for reason in evaluation.reasons:
        table.add_row(f"{_say('why', language)}:", Line(reason.text.said(language)))
        if reason.cure is not None:
            table.add_row(f"{_say('cure', language)}:", Line(reason.cure.said(language)))
    return table


def _saving(evaluation: Evaluation, language: Language) -> Table:
    saving = evaluation.saving
    assert saving is not None
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    table.add_row(_say("adjusted", language), _number(saving.adjusted_kwh, "kWh"))
    table.add_row(_say("actual", language), _number(saving.actual_kwh, "kWh"))
    table.add_row(_say("saving", language), _number(saving.kwh, "kWh"), _number(saving.pct, "%", 1))
    table.add_row(
        f"{saving.confidence:.0%} {_say('band', language)}",
        f"{_number(saving.low)} … {_number(saving.high, 'kWh')}",
        f"{_number(saving.pct_low, '', 1)} … {_number(saving.pct_high, '%', 1)}",
    )
    for change in evaluation.adjustments:
        error = f" ± {_number(change.error_kwh)}" if change.error_kwh else ""
        why = Line(f"{change.first_day} – {change.last_day}: {change.reason}")
        table.add_row(_say("adjustment", language), f"{change.kwh:+,.0f}{error} kWh", why)
    table.add_row(_say("claim", language), f"> {_number(evaluation.claim_minimum_pct, '%', 1)}")
    if evaluation.detectable is not None:
        found = evaluation.detectable
        note = f"{_number(found.pct, '%', 1)} ({_say('power', language)} {found.power:.0%})"
        table.add_row(_say("detectable", language), _number(found.kwh, "kWh"), note)
    if evaluation.placebos is not None and evaluation.placebos.count:
        table.add_row(_say("placebos", language), *_placebos(evaluation.placebos, language))
    return table


def _placebos(placebos: Placebos, language: Language) -> tuple[str, str]:
    """Where nothing was saved: the range of what the method found, and what that did to the band."""
    shares = [share for share in placebos.share_pct if share is not None]
    spread = f"{min(shares):+.1f} … {max(shares):+.1f} %" if shares else "–"
    count, wider = placebos.count, placebos.widening
    note = Text(
        f"아무것도 바꾸지 않은 모의 교체 {count}회에서 나온 값, 신뢰구간 ×{wider:.2f}",
        f"'saved' by {count} replacements that never were; band ×{wider:.2f}",
    )
    return spread, note.said(language)


def _windows(evaluation: Evaluation, language: Language) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for word in ("window", "days", "usable", "coverage", "marks"):
        table.add_column(_say(word, language), justify="right" if word in {"usable", "coverage"} else "left")
    windows: tuple[tuple[str, WindowResult], ...] = (
        ("baseline", evaluation.baseline),
        ("installation", evaluation.installation),
        ("reporting", evaluation.reporting),
    )
    for name, window in windows:
        marks = ", ".join(f"{flag} {count:,}" for flag, count in window.flags.items())
        table.add_row(
            _say(name, language),
            f"{window.first_day} – {window.last_day}",
            f"{window.usable:,} / {window.intervals:,}",
            f"{window.coverage:.1%}",
            marks,
        )
    return table


def _model(model: ModelResult, language: Language) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(
        f"{_say('model', language)}:",
        f"CV(RMSE) {_number(model.cv_rmse_pct, '%', 1)} · NMBE {_number(model.nmbe_pct, '%', 2)} · "
        f"R² {_number(model.r_squared, '', 3)} · ρ {model.rho:.2f} · n {model.n:,} "
        f"({_say('effective', language)} {model.n_effective:,.0f})",
    )
    for term in model.coefficients:
        value = f"{term.value:,.4g} {term.unit.said(language)}" if term.value is not None else "–"
        if term.dropped:
            value = f"{_say('dropped', language)}: {_say(term.dropped, language)}"
        table.add_row("", f"{term.name}: {value}")
    return table


def _events(evaluation: Evaluation, language: Language) -> Table:
    """The strongest proposals, in order of time."""
    table = Table.grid(padding=(0, 2))
    strongest = sorted(evaluation.events, key=lambda event: -abs(event.strength))[:_EVENTS_SHOWN]
    zone = zoneinfo.ZoneInfo(evaluation.timezone)
    for index, event in enumerate(sorted(strongest, key=lambda event: event.start_ms)):
        more = f" {len(strongest)} / {len(evaluation.events)}" if len(strongest) < len(evaluation.events) else ""
        at = dt.datetime.fromtimestamp(event.start_ms / 1000, zone)
        when = f"{at:%Y-%m-%d}" if evaluation.granularity != "hour" else f"{at:%Y-%m-%d %H:%M}"
        size = f"{event.kwh:+,.1f} kWh"
        head = f"{_say('events', language)}{more}:" if index == 0 else ""
        table.add_row(head, _say(event.period.value, language), when, _say(event.kind, language), size)
    return table


def _candidates(evaluation: Evaluation, language: Language) -> Table:
    """What the saving would be with each model that the plan names."""
    table = Table.grid(padding=(0, 2))
    for index, candidate in enumerate(evaluation.candidates):
        head = f"{_say('candidates', language)}:" if index == 0 else ""
        error = f"{_say('held_out', language)} {_number(candidate.rmse_kwh, 'kWh', 1)}"
        saving = f"{_say('saving', language)} {_number(candidate.saving_kwh, 'kWh')}"
        table.add_row(head, candidate.name, error, saving, _say("chosen", language) if candidate.chosen else "")
    return table


def _drivers(evaluation: Evaluation, language: Language) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for word in ("driver", "baseline_range", "reporting_range", "outside"):
        table.add_column(_say(word, language), justify="right" if word == "outside" else "left")
    for driver in evaluation.drivers:
        outside = f"{driver.outside:.0%}" if driver.outside is not None else "–"
        table.add_row(
            driver.name,
            f"{_number(driver.baseline_low, '', 1)} … {_number(driver.baseline_high, driver.unit, 1)}",
            f"{_number(driver.reporting_low, '', 1)} … {_number(driver.reporting_high, driver.unit, 1)}",
            outside,
        )
    return table
