"""A programme for the terminal, in Korean or English: every machine in one line, then the sums."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from evaluation.machines import MachineResult
from evaluation.portfolio import PortfolioResult
from evaluation.portfolio_sums import SumResult
from evaluation.portfolio_words import FIGURES, SELECTED, YEAR
from evaluation.terminal_words import Language, number
from evaluation.verdict import Verdict
from evaluation.wording import Text
from evaluation.worth import Figure
from evaluation.worth_words import NEVER

_STYLES = {Verdict.PROVEN: "green", Verdict.NOT_PROVEN: "yellow", Verdict.NOT_PROVABLE: "red", None: "red"}
_NOT_EVALUATED = Text("평가 못 함", "not evaluated")
_WORDS = {
    "verdict": Text("판정", "Verdict"),
    "plan": Text("계획", "Plan"),
    "machine": Text("사업장/설비", "Site/device"),
    "saving": Text("절감량 [kWh]", "Saving [kWh]"),
    "band": Text("신뢰구간", "band"),
    "pct": Text("[%]", "[%]"),
    "pct_band": Text("신뢰구간 [%]", "Band [%]"),
    "outside": Text("합계에 들어가지 않은 기계", "Not in any sum"),
    "why": Text("이유", "Why"),
    "judged": Text("판정한 기계 전체", "All machines judged"),
    "proven_only": Text("그중 입증된 기계만", "Of them the proven alone"),
    "sum": Text("절감량", "Saving"),
    "adjusted": Text("조정 기준사용량", "Adjusted baseline"),
    "of_adjusted": Text("조정 기준사용량 대비", "of the adjusted baseline"),
    "share": Text("사업 전체 기준기간 사용량 가운데", "Share of all baseline energy"),
    "subsidy": Text("절감 1kWh당 보조금", "Subsidy per kWh saved"),
    "subsidy_note": Text("사업 전체 보조금, 수명 동안", "of all subsidies, over the lives"),
    "machines": Text("대", "machines"),
    "shared": Text("공통으로 본 오차", "Taken to err together"),
    "assumed": Text("신고 없이 가정", "assumed"),
}


def render_portfolio(result: PortfolioResult, language: Language = "ko") -> RenderableType:
    """A programme as rich shows it: counts, warnings, machines, sums."""

    def say(word: str) -> str:
        return _WORDS[word].said(language)

    parts: list[RenderableType] = [_head(result, language)]
    judged = [one for one in result.machines if one.saving is not None]
    others = [one for one in result.machines if one.saving is None]
    if judged:
        parts.append(_machines(judged, language))
    if others:
        parts += [Line(f"{say('outside')} ({len(others):,})", style="bold"), _others(others, language)]
    for word, found in (("judged", result.judged), ("proven_only", result.proven_only)):
        # The same sum twice would only ask what the difference is.
        if found is not None and (word == "judged" or result.not_proven):
            parts.append(_sum(result, found, say(word), language))
    if result.judged is not None:
        parts.append(Line(YEAR.said(language), style="dim"))
    if result.proven_only is not None and result.not_proven:
        parts.append(Line(SELECTED.said(language), style="dim"))
    if result.shared:
        parts.append(_shared(result, language))
    parts += [Line(f"! {each.said(language)}", style="yellow") for each in result.warnings]
    return Group(*parts)


def _head(result: PortfolioResult, language: Language) -> Panel:
    line = Line()
    for verdict, count in (
        (Verdict.PROVEN, result.proven),
        (Verdict.NOT_PROVEN, result.not_proven),
        (Verdict.NOT_PROVABLE, result.not_provable),
        (None, result.not_evaluated),
    ):
        line.append(f"{_verdict(verdict, language)} {count:,}   ", style=_STYLES[verdict] if count else "dim")
    line.rstrip()
    return Panel(line, title=result.title.said(language), title_align="left", expand=False)


def _verdict(verdict: Verdict | None, language: Language) -> str:
    if verdict is None:
        return _NOT_EVALUATED.said(language)
    return verdict.ko if language == "ko" else verdict.en


def _machines(machines: Sequence[MachineResult], language: Language) -> Table:
    """One line each, also on a terminal of eighty columns."""
    levels = sorted({one.saving.confidence for one in machines if one.saving is not None})
    table = Table(box=None, padding=(0, 1, 0, 0))
    for word in ("verdict", "plan", "machine", "saving", "band", "pct", "pct_band"):
        left = word in {"verdict", "plan", "machine"}
        level = f"{levels[0]:.0%} " if len(levels) == 1 and word == "band" else ""
        # A line, for rich would take "[kWh]" in a text for a style.
        head = Line(f"{level}{_WORDS[word].said(language)}", no_wrap=True)
        # Rich takes room from columns that may wrap alone: names give way before a number loses a digit.
        table.add_column(head, justify="left" if left else "right", no_wrap=not left)
    for one in machines:
        saving = one.saving
        assert saving is not None
        own = f" ({saving.confidence:.0%})" if len(levels) > 1 else ""
        table.add_row(
            Line(_verdict(one.verdict, language), style=_STYLES[one.verdict], no_wrap=True, overflow="ellipsis"),
            Line(one.plan_id, no_wrap=True, overflow="ellipsis"),
            Line(f"{one.site}/{one.device}", no_wrap=True, overflow="ellipsis"),
            number(saving.kwh),
            f"{number(saving.low)} … {number(saving.high)}{own}",
            number(saving.pct, "", 1),
            f"{number(saving.pct_low, '', 1)} … {number(saving.pct_high, '', 1)}",
        )
    return table


def _others(machines: Sequence[MachineResult], language: Language) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(4):
        # Folded, for rich's ellipsis takes a letter from Korean that has to wrap.
        table.add_column(overflow="fold")
    for one in machines:
        why = next((reason for reason in one.reasons if not reason.doubt), None)
        table.add_row(
            Line(_verdict(one.verdict, language), style=_STYLES[one.verdict]),
            Line(one.plan_id or one.source),
            Line(f"{one.site}/{one.device}" if one.site else ""),
            Line(why.text.said(language) if why else ""),
        )
    return table


def _sum(result: PortfolioResult, found: SumResult, head: str, language: Language) -> Table:
    def say(word: str) -> str:
        return _WORDS[word].said(language)

    of = f"{len(found.plans):,} / {len(result.machines):,} {say('machines')}"
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(f"{head} ({of})", overflow="fold")
    table.add_column("", justify="right", overflow="fold")
    table.add_column("", overflow="fold")
    table.add_column(
        f"{result.confidence:.0%} {'신뢰구간' if language == 'ko' else 'band'}", justify="right", overflow="fold"
    )
    table.add_column("", overflow="fold")
    table.add_row(
        say("sum"), number(found.kwh), "kWh", _ends(found.low, found.high, 0, language), _parts(found, language)
    )
    table.add_row(
        say("of_adjusted"), number(found.pct, "", 1), "%", _ends(found.pct_low, found.pct_high, 1, language), ""
    )
    table.add_row(say("adjusted"), number(found.adjusted_kwh), "kWh", "", "")
    count = result.baseline_unknown
    unknown = Text(f"사용량을 모르는 {count:,}대 제외", f"without {count:,} whose energy is not known")
    table.add_row(
        say("share"), number(found.baseline_share_pct, "", 1), "%", "",
        unknown.said(language) if count else "",
    )  # fmt: skip
    for each in found.figures:
        name, unit, digits = FIGURES[each.code]
        note = f"{each.machines:,} {say('machines')}" if each.machines < len(found.plans) else ""
        table.add_row(name.said(language), *_figure(each.figure, unit.said(language), digits, language), note)
    if found.subsidy_won_per_kwh is not None:
        won = Text("원/kWh", "won/kWh").said(language)
        table.add_row(say("subsidy"), *_figure(found.subsidy_won_per_kwh, won, 1, language), say("subsidy_note"))
    return table


def _parts(found: SumResult, language: Language) -> str:
    return Text(
        f"표준오차: 따로 {number(found.independent_kwh)}, 함께 {number(found.shared_kwh)}",
        f"standard errors: own {number(found.independent_kwh)}, shared {number(found.shared_kwh)}",
    ).said(language)


def _figure(figure: Figure, unit: str, digits: int, language: Language) -> tuple[str, str, str]:
    return _shown(figure.value, digits, language), unit, _ends(figure.low, figure.high, digits, language)


def _ends(low: float | None, high: float | None, digits: int, language: Language) -> str:
    return f"{_shown(low, digits, language)} … {_shown(high, digits, language)}"


def _shown(value: float | None, digits: int, language: Language) -> str:
    return NEVER.said(language) if value is None else number(value, "", digits)


def _shared(result: PortfolioResult, language: Language) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    for index, each in enumerate(result.shared):
        head = f"{_WORDS['shared'].said(language)}:" if index == 0 else ""
        name = f"{each.name.said(language)}{' · ' + _WORDS['assumed'].said(language) if each.assumed else ''}"
        machines = f"{len(each.plans):,} {_WORDS['machines'].said(language)}"
        table.add_row(head, Line(name), machines, number(each.error_kwh, "kWh"))
    return table
