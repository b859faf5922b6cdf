"""`wattproof edge check` and `wattproof edge plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattproof.commands.edge.run import SiteFile
from wattproof.commands.edge.terminal import Json, LangOption, chosen, narrow, say_json, show

if TYPE_CHECKING:
    from rich.table import Table

    from edge import BusPlan, Problem, Site
    from edge.commissioning import Lang


def check(site: SiteFile, as_json: Json = False, lang: LangOption = None) -> None:
    """Check a site file without touching any device: every problem at once with its line; exit 2 if there is one."""
    import edge
    from edge.commissioning import say

    problems = edge.check_site(site)
    if as_json:
        say_json(problems)
    language = chosen(lang)
    for problem in () if as_json else problems:
        sys.stdout.write(sentence_of(problem, language) + "\n")
    if problems and not as_json:
        sys.stdout.write(say(language, "check_problems", count=len(problems)) + "\n")
    if problems:
        raise typer.Exit(2)
    if not as_json:
        plan = edge.load_site(site)
        devices = sum(len(bus.devices) for bus in plan.buses)
        show(say(language, "check_fine", file=str(site), buses=len(plan.buses), devices=devices))


def sentence_of(problem: Problem, lang: Lang) -> str:
    """One problem with its place."""
    where = f"{problem.source}:{problem.line}" if problem.line else problem.source
    sentence = problem.sentence_ko if lang == "ko" else problem.sentence
    return ": ".join(part for part in (where, problem.path, sentence) if part)


def usable(site: Path, lang: Lang) -> Site:
    """Load a site file; one that cannot be used is told as `edge check` tells it.

    Raises
    ------
    BadInputError
        When there is anything wrong with it.
    """
    import edge
    from telemetry import DocumentError
    from wattproof.errors import BadInputError

    try:
        return edge.load_site(site)
    except DocumentError as error:
        problems = edge.check_site(site)
        raise BadInputError("\n".join(sentence_of(each, lang) for each in problems) or str(error)) from error


def plan(
    site: SiteFile,
    data_dir: Annotated[
        Path | None, typer.Option(help="The agent's data folder, to plan around what devices have refused.")
    ] = None,
    as_json: Json = False,
    lang: LangOption = None,
) -> None:
    """Print the polling plan: every read of every device, its bus time, and how busy that makes each bus."""
    import edge

    language = chosen(lang)
    whole = edge.plan_of(usable(site, language), data_dir)
    if as_json:
        say_json(whole)
    else:
        show(*(plan_table(bus, language) for bus in whole.buses))


def plan_table(bus: BusPlan, lang: Lang) -> Table:
    """The reads of one bus."""
    from rich.table import Table

    from edge.commissioning import say

    title = say(lang, "plan_title", bus=bus.bus, url=bus.url, load=f"{bus.load * 100:.1f}")
    rows = Table(title=title, title_justify="left")
    for key in ("column_device", "column_every", "column_read", "column_bytes", "column_bus_time", "column_load"):
        rows.add_column(say(lang, key), overflow="fold")
    rows.add_column(say(lang, "column_channels"), overflow="fold")
    tight = narrow()
    for device in bus.devices:
        for read in device.reads:
            rows.add_row(
                f"{device.device} ({read.unit})",
                f"{read.every_ms / 1000:g} s" if read.every_ms else say(lang, "plan_once"),
                f"f{read.function} {read.address}+{read.count}",
                f"{read.sent_bytes}, {read.received_bytes}",
                f"{read.bus_ms:.1f} ms",
                f"{read.load * 100:.2f} %",
                ", ".join(read.channels) if not tight else str(len(read.channels)),
            )
    return rows
