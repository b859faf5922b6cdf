"""The saving in other forms and with other bands, on the terminal."""

from __future__ import annotations

from rich.table import Table

from evaluation.result import Evaluation
from evaluation.terminal_words import Language, number, say
from evaluation.wording import Text
from evaluation.worth import Figure

_HEAD = Text("절감량의 다른 표현 (판정과 무관)", "The same saving otherwise (decides nothing)")
_METHODS = {
    "calibrated": Text("이 평가의 신뢰구간", "this evaluation's band"),
    "ar1": Text("AR(1) 잡음만", "AR(1) noise alone"),
    "hac": Text("HAC (Newey–West)", "HAC (Newey–West)"),
    "bootstrap": Text("블록 부트스트랩", "block bootstrap"),
    "ashrae": Text("ASHRAE 14 / CalTRACK 공표식", "ASHRAE 14 / CalTRACK as published"),
}


def beside(evaluation: Evaluation, language: Language) -> Table:
    """SEnPI, normalised saving, peak demand, and bands that evaluators know."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(_HEAD.said(language), overflow="fold")
    table.add_column("", justify="right", overflow="fold")
    table.add_column(say("band", language), justify="right", overflow="fold")
    forms, peak = evaluation.forms, evaluation.peak
    if forms is not None:
        table.add_row(Text("에너지성과지표 SEnPI", "SEnPI").said(language), *_figure(forms.senpi, "", 3))
        if forms.normalised_kwh is not None and forms.normalised_pct is not None:
            name = Text("기준기간 조건에서의 절감 (정규화)", "Under the baseline's conditions (normalised)")
            table.add_row(name.said(language), *_figure(forms.normalised_kwh, "kWh", 0))
            table.add_row("", *_figure(forms.normalised_pct, "%", 1))
    if peak is not None:
        name = Text("하루 최대수요(15분)의 평균 감소", "Mean daily peak demand (15 min), less by")
        table.add_row(name.said(language), *_figure(peak.fell, "kW", 1))
        name = Text("기간 중 최대수요(15분), 전 → 후", "Highest quarter-hour, before → after")
        table.add_row(
            name.said(language), f"{number(peak.highest_before, '', 1)} → {number(peak.highest_after, 'kW', 1)}", ""
        )
    for band in evaluation.bands:
        method = _METHODS[band.method].said(language)
        table.add_row(f"{band.confidence:.0%} {method}", "", f"{number(band.low)} … {number(band.high, 'kWh')}")
    return table


def _figure(figure: Figure, unit: str, digits: int) -> tuple[str, str]:
    return number(figure.value, unit, digits), f"{number(figure.low, '', digits)} … {number(figure.high, unit, digits)}"
