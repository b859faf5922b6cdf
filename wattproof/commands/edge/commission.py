"""`wattproof edge commission`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from wattproof.commands.edge.check import usable
from wattproof.commands.edge.run import SiteFile
from wattproof.commands.edge.terminal import Json, LangOption, chosen, say_json, show, tell, watched, working

if TYPE_CHECKING:
    from rich.table import Table

    from edge.commissioning import DeviceAcceptance, Lang, Samples

_COLOURS = {"pass": "green", "warn": "yellow", "fail": "bold red", "not_possible": "dim"}


def commission(
    site: SiteFile,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="N", help="How long every device is watched.", min=1, max=86400)
    ] = 60.0,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", help="Time between two readings.", min=0.1, max=60)
    ] = 1.0,
    as_json: Json = False,
    lang: LangOption = None,
) -> None:
    """Accept the installation: CT direction, phase order, ratios, counters and more, with what to do about it.

    Exit code 1 when a device fails. The record is kept beside the site file and sent with the gateway's birth.
    """
    from edge.clock import kernel_synchronised
    from edge.commissioning import DeviceAcceptance, accept, record_of, record_path, save_record, say, watch_site

    language = chosen(lang)
    plan = usable(site, language)
    count = sum(len(bus.devices) for bus in plan.buses)
    tell(say(language, "will_commission", devices=count, seconds=f"{seconds:.0f}"))

    async def work() -> list[Samples]:
        with watched(language) as watch:
            return await watch_site(plan, seconds, every, watch)

    found = working(work, language)
    synchronised = kernel_synchronised()
    lists = [
        DeviceAcceptance(
            each.device, each.profile.name, each.profile.digest, accept(each, clock_synchronised=synchronised)
        )
        for each in found
    ]
    record = record_of(lists, time.time_ns() // 1_000_000, seconds, language)
    file = record_path(site)
    save_record(file, record)
    failures = sum(each.result == "fail" for each in lists)
    if as_json:
        say_json(record)
    else:
        show(*(acceptance_table(each, language) for each in lists))
        passed = sum(each.result == "pass" for each in lists)
        remarks = len(lists) - passed - failures
        show(say(language, "commission_summary", passed=passed, devices=len(lists), warned=remarks, failed=failures))
        show(say(language, "commission_saved", file=str(file)))
    if failures:
        raise typer.Exit(1)


def acceptance_table(found: DeviceAcceptance, lang: Lang) -> Table:
    """The list of one device."""
    from rich.table import Table

    from edge.commissioning import say

    title = say(lang, "commission_title", device=found.device, profile=found.profile)
    rows = Table(title=title, title_justify="left")
    for key in ("column_check", "column_result", "column_why"):
        rows.add_column(say(lang, key), overflow="fold")
    for check in found.checks:
        colour = _COLOURS[check.result]
        result = f"[{colour}]{say(lang, f'result_{check.result}')}[/{colour}]"
        advice = f"\n→ {check.advice.text(lang)}" if check.advice is not None else ""
        rows.add_row(say(lang, f"check_{check.check}"), result, check.reason.text(lang) + advice)
    return rows
