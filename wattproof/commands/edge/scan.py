"""`wattproof edge scan`."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattproof.commands.edge.terminal import (
    Json,
    LangOption,
    chosen,
    narrow,
    save,
    say_json,
    show,
    tell,
    watched,
    working,
)

if TYPE_CHECKING:
    from rich.console import Group

    from edge.commissioning import Found, FoundUnit, Lang

app = typer.Typer(
    help="Find Modbus devices, name their models, and read a value to compare with the display. Only reads.",
    no_args_is_help=True,
)


class NetworkFraming(StrEnum):
    """How units in a network are asked."""

    AUTO = "auto"
    TCP = "tcp"
    RTU = "rtu"
    ASCII = "ascii"


class SerialFraming(StrEnum):
    """How units on a line are asked."""

    RTU = "rtu"
    ASCII = "ascii"


Save = Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Keep the result for `edge init --found`.")]


@app.command()
def tcp(
    network: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK",
            help="A network such as 192.168.0.0/24, an address, a host name, or a URL such as tls://HOST?ca=FILE.",
        ),
    ],
    port: Annotated[str, typer.Option("--port", metavar="PORTS", help="Ports, e.g. 502,1502.")] = "502",
    units: Annotated[str, typer.Option(metavar="UNITS", help="Unit numbers behind each port.")] = "1-10",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Longest wait for a unit.", min=0.02, max=10)
    ] = 0.5,
    framing: Annotated[
        NetworkFraming,
        typer.Option(help="How units are asked; auto: Modbus TCP, and RTU over TCP where nothing answers to that."),
    ] = NetworkFraming.AUTO,
    everything: Annotated[bool, typer.Option("--all", help="Also networks larger than a /22.")] = False,
    file: Save = None,
    as_json: Json = False,
    lang: LangOption = None,
) -> None:
    """Scan a network for Modbus TCP devices and serial gateways (RTU or ASCII over TCP, TLS by its URL)."""
    from edge.commissioning import say, scan_tcp, tcp_targets

    language = chosen(lang)

    async def work() -> Found:
        targets = tcp_targets(network, port, units, large=everything, framing=framing.value)
        tell(
            say(
                language,
                "will_scan_tcp",
                hosts=len(targets.hosts),
                ports=len(targets.ports),
                units=len(targets.units),
                timeout=timeout,
            )
        )
        with watched(language) as watch:
            return await scan_tcp(targets, watch, timeout_s=timeout)

    report(working(work, language), language, file, as_json=as_json)


@app.command()
def serial(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The serial port, e.g. /dev/ttyUSB0.")],
    baud: Annotated[int, typer.Option(help="Speed of the line.", min=1200, max=230400)] = 9600,
    parity: Annotated[
        str, typer.Option(metavar="N|E|O", help="None, even or odd; left out, N for RTU and E for ASCII.")
    ] = "",
    stopbits: Annotated[int, typer.Option(help="1 or 2.", min=1, max=2)] = 1,
    databits: Annotated[int, typer.Option(help="7 or 8, of ASCII only.", min=7, max=8)] = 7,
    framing: Annotated[SerialFraming, typer.Option(help="How units are asked.")] = SerialFraming.RTU,
    units: Annotated[str, typer.Option(metavar="UNITS", help="Unit numbers to ask for.")] = "1-247",
    wait: Annotated[
        float, typer.Option("--wait", metavar="MS", help="How long a device may think.", min=5, max=2000)
    ] = 36.0,
    everything: Annotated[bool, typer.Option("--all", help="Try all usual speeds and parities.")] = False,
    file: Save = None,
    as_json: Json = False,
    lang: LangOption = None,
) -> None:
    """Scan a serial line (RS-485) for Modbus RTU or ASCII devices."""
    from edge.commissioning import line_settings, line_time, numbers, say, scan_serial
    from wattproof.errors import BadInputError

    language = chosen(lang)
    parity = parity or ("E" if framing is SerialFraming.ASCII else "N")
    if parity not in {"N", "E", "O"}:
        raise BadInputError(say(language, "parity", parity=parity))

    async def work() -> Found:
        asked = numbers(units, 1, 247, "unit")
        settings = line_settings(
            device, baud, parity, stopbits, everything=everything, framing=framing.value, databits=databits
        )
        longest = sum(line_time(each, asked, wait / 1000).sweep_s for each in settings)
        first = line_time(settings[0], asked, wait / 1000)
        facts = {"silent": f"{first.silent_s * 1000:.0f}", "answering": f"{first.answering_s * 1000:.0f}"}
        tell(
            say(
                language,
                "will_scan_serial",
                line=str(settings[0]),
                settings=len(settings),
                units=len(asked),
                seconds=math.ceil(longest),
                wait=f"{wait:.0f}",
                **facts,
            )
        )
        with watched(language) as watch:
            return await scan_serial(settings, asked, watch, turnaround_s=wait / 1000)

    report(working(work, language), language, file, as_json=as_json)


def report(found: Found, lang: Lang, file: Path | None, *, as_json: bool) -> None:
    """Show and keep a scan's result; exit 1 when nothing answered."""
    from edge.commissioning import say

    if file is not None:
        save(file, found)
    if as_json:
        say_json(found)
    else:
        if found.units:
            show(table(found, lang))
        for note in found.notes:
            show(note.text(lang))
        key = "scan_done" if found.units else "scan_nothing"
        show(say(lang, key, units=len(found.units), seconds=f"{found.seconds:.1f}"))
        if file is not None and found.units:
            show(say(lang, "scan_saved", file=str(file)))
    if not found.units:
        raise typer.Exit(1)


def table(found: Found, lang: Lang) -> Group:
    """The units that answered, ranked; on a narrow terminal the reasons for a mere guess stand below."""
    from rich import box
    from rich.console import Group
    from rich.table import Table

    from edge.commissioning import say

    tight = narrow()
    rows = Table(title=say(lang, "scan_title"), title_justify="left", show_lines=True, box=box.HORIZONTALS)
    keys = ("column_where", "column_model", "column_sure", "column_live")
    for key in keys if tight else (*keys, "column_why"):
        rows.add_column(say(lang, key), overflow="fold")
    below = []
    for unit in found.units:
        where, model, sure, live, why = _cells(unit, lang)
        rows.add_row(where, model, sure, live, *(() if tight else (why,)))
        if tight and (unit.best is None or unit.best.sure != "likely"):
            below.append(f"{where.replace(chr(10), ', ')}: {why}")
    return Group(rows, *below)


def _cells(unit: FoundUnit, lang: Lang) -> tuple[str, str, str, str, str]:
    from edge.commissioning import about, label_of, place_in, say, shown
    from edge.links import parse_url

    where = f"{place_in(lang, str(parse_url(unit.url)))}\n{say(lang, 'unit', unit=unit.unit)}"
    best = unit.best
    if best is None:
        why = say(lang, "model_unknown_advice", url=unit.url, unit=unit.unit)
        return where, say(lang, "model_unknown"), "", "", why
    live = f"{label_of(best.live, lang)}\n{shown(best.live, best.values[best.live])}" if best.live else ""
    profiles = " + ".join(each.profile for each in (best, *unit.parts))
    why = "; ".join(about(reason, lang) for reason in best.why)
    return where, f"{best.device}\n{profiles}", say(lang, f"sure_{best.sure}"), live, why
