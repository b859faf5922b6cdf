"""What a saving is worth, and energy per unit of product, on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from evaluation.findings import IntensityResult
from evaluation.terminal_words import Language, number, say
from evaluation.wording import short
from evaluation.worth import Worth
from evaluation.worth_words import NEVER, worth_lines, worth_note


def worth(found: Worth, language: Language) -> RenderableType:
    """Every figure with the band's ends, and what they rest on."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(say("worth", language), overflow="fold")
    table.add_column("", justify="right", overflow="fold")
    table.add_column("", overflow="fold")
    table.add_column(say("band", language), justify="right", overflow="fold")
    for name, figure, unit, digits in worth_lines(found):
        ends = [_shown(end, digits, language) for end in (figure.low, figure.high)]
        value = _shown(figure.value, digits, language)
        table.add_row(name.said(language), value, unit.said(language), " … ".join(ends))
    return Group(table, Line(worth_note(found).said(language), style="dim"))


def intensities(found: list[IntensityResult], language: Language) -> RenderableType:
    """Energy per unit of product, before and after."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(say("intensity", language), overflow="fold")
    for word in ("per_before", "per_adjusted", "per_after", "per_change"):
        table.add_column(say(word, language), justify="right", overflow="fold")
    for one in found:
        unit = f"kWh/{one.unit}" if one.unit not in {"", "1"} else "kWh"
        table.add_row(
            f"{one.driver} ({unit})", *(short(value) for value in (one.before, one.adjusted, one.after)),
            number(one.adjusted_change_pct, "%", 1, signed=True),
        )  # fmt: skip
    return table


def _shown(value: float | None, digits: int, language: Language) -> str:
    return NEVER.said(language) if value is None else number(value, "", digits)
