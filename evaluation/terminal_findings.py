"""Candidates, sufficiency and proposals of an evaluation on the terminal."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from evaluation.findings import CandidateResult
from evaluation.reasons import FAMILIES
from evaluation.result import Evaluation
from evaluation.terminal_words import Language, number, say
from evaluation.wording import Text

_EVENTS_SHOWN = 5


def candidates(evaluation: Evaluation, language: Language) -> RenderableType:
    """What the saving would be with each model that the plan names, and which was chosen by which rule."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for word in ("candidates", "family", "held_out", "saving", "difference", "chosen"):
        right = word in {"held_out", "saving", "difference"}
        table.add_column(say(word, language), justify="right" if right else "left", overflow="fold")
    chosen = next((one.saving_kwh for one in evaluation.candidates if one.chosen), None)
    for one in evaluation.candidates:
        apart = None if chosen is None or one.saving_kwh is None else one.saving_kwh - chosen
        table.add_row(
            one.name,
            _kind(one, language),
            number(one.rmse_kwh, "kWh", 1),
            number(one.saving_kwh, "kWh"),
            "–" if apart is None or one.chosen else number(apart, signed=True),
            "●" if one.chosen else "",
        )
    parts: list[RenderableType] = [table]
    parts += [Line(f"  {one.name}: {one.refused.said(language)}") for one in evaluation.candidates if one.refused]
    if len(evaluation.candidates) > 1:
        parts.append(Line(_rule(evaluation, language)))
    return Group(*parts)


def checks(evaluation: Evaluation, language: Language) -> Table:
    """What the data were held against."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for word in ("checks", "found", "asked"):
        table.add_column(say(word, language), overflow="fold")
    marks = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}
    for check in evaluation.checks:
        mark, style = marks[check.passed]
        name = Line(f"{mark} {check.name.said(language)}", style=style)
        table.add_row(name, check.found.said(language), check.limit.said(language))
    return table


def events(evaluation: Evaluation, language: Language) -> Table:
    """The strongest proposals, in order of time."""
    table = Table.grid(padding=(0, 2))
    for _ in range(5):
        table.add_column(overflow="fold")
    strongest = sorted(evaluation.events, key=lambda event: -abs(event.strength))[:_EVENTS_SHOWN]
    zone = zoneinfo.ZoneInfo(evaluation.timezone)
    for index, event in enumerate(sorted(strongest, key=lambda event: event.start_ms)):
        more = f" {len(strongest)} / {len(evaluation.events)}" if len(strongest) < len(evaluation.events) else ""
        start = dt.datetime.fromtimestamp(event.start_ms / 1000, zone)
        end = dt.datetime.fromtimestamp((event.end_ms - 1) / 1000, zone)
        when = f"{start:%Y-%m-%d}" if (start.hour, start.minute) == (0, 0) else f"{start:%Y-%m-%d %H:%M}"
        if event.kind == "step":
            when += f" ~ {end:%Y-%m-%d}"
        head = f"{say('events', language)}{more}:" if index == 0 else ""
        # A day out of line is so many kWh; a level is so many a day.
        row = Text("/주", "/week") if evaluation.granularity == "week" else Text("/일", "/day")
        each = row.said(language) if event.kind == "step" else ""
        size = f"{number(event.kwh, 'kWh', 1, signed=True)}{each}"
        table.add_row(head, say(event.period.value, language), when, say(event.kind, language), size)
    return table


def _kind(one: CandidateResult, language: Language) -> str:
    return f"{FAMILIES[one.family].said(language)} {one.form}".strip()


def _rule(evaluation: Evaluation, language: Language) -> str:
    spread = evaluation.spread
    assert spread is not None
    said = say(f"rule_{spread.rule}", language).format(folds=spread.folds)
    text = f"  {say('chosen', language)}: {said}"
    if spread.lowest_kwh is None or evaluation.saving is None:
        return text
    where = say("beyond_band" if spread.beyond_band else "in_band", language)
    lowest, highest = number(spread.lowest_kwh), number(spread.highest_kwh, "kWh")
    return f"{text} · {say('spread', language)} {lowest} … {highest} ({where})"
