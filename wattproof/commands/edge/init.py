"""`wattproof edge init`."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattproof.commands.edge import run as running
from wattproof.commands.edge.questions import ask_devices, ask_where, ask_who
from wattproof.commands.edge.scan import table
from wattproof.commands.edge.terminal import LangOption, chosen, show, tell, watched, working

if TYPE_CHECKING:
    from edge.commissioning import Answers, DraftBus, Found, Lang

Repeated = Annotated[list[str], typer.Option()]


def init(
    file: Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file to write.")] = Path("site.yaml"),
    found: Annotated[
        list[Path], typer.Option("--found", metavar="FILE", help="A saved scan, instead of scanning; repeatable.")
    ] = [],  # noqa: B006 - typer reads the default and never changes it
    tcp: Annotated[list[str], typer.Option("--tcp", metavar="NETWORK", help="A network to scan; repeatable.")] = [],  # noqa: B006 - as above
    port: Annotated[str, typer.Option("--port", metavar="PORTS", help="Ports to scan.")] = "502",
    units: Annotated[str, typer.Option(metavar="UNITS", help="Units behind each port.")] = "1-10",
    serial: Annotated[
        list[str], typer.Option("--serial", metavar="DEVICE", help="A serial line to scan; repeatable.")
    ] = [],  # noqa: B006 - as above
    baud: Annotated[int, typer.Option(min=1200, max=230400, help="Speed of the lines.")] = 9600,
    site_id: Annotated[str, typer.Option(metavar="ID", help="The site's id.")] = "factory",
    site_name: Annotated[str, typer.Option(metavar="NAME", help="The site's name for people.")] = "",
    gateway: Annotated[str, typer.Option(metavar="ID", help="This gateway's id.")] = "gw-1",
    broker_host: Annotated[str, typer.Option(metavar="HOST", help="The MQTT broker.")] = "127.0.0.1",
    broker_port: Annotated[int, typer.Option(help="Its port.", min=1, max=65535)] = 1883,
    broker_user: Annotated[str, typer.Option(metavar="NAME", help="User name at the broker.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: flags and defaults.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite the file if it exists.")] = False,
    start: Annotated[bool, typer.Option("--run", help="Start the agent at the end, without asking.")] = False,
    data_dir: running.DataDir = running.DATA_DIR,
    lang: LangOption = None,
) -> None:
    """Set up this gateway: find devices, write the site file, test every device, start the agent."""
    from edge.commissioning import Answers, load_found, merged, say
    from telemetry import Broker
    from wattproof.errors import BadInputError

    language = chosen(lang)
    if file.exists() and not replace:
        raise BadInputError(say(language, "init_exists", file=str(file)))
    ask = not yes and sys.stdin.isatty()
    if ask and not (found or tcp or serial):
        tcp, serial = ask_where(language)
    if not (found or tcp or serial):
        raise BadInputError(say(language, "init_where"))

    async def look() -> Found:
        saved = [load_found(each) for each in found]
        return merged([*saved, *await _scans(tcp, port, units, serial, baud, language)])

    seen = working(look, language)
    if seen.units:
        show(table(seen, language))
    broker = Broker(host=broker_host, port=broker_port, username=broker_user)
    answers = Answers(site_id, site_name or site_id, gateway, broker=broker)
    buses = drafted(seen, language)
    if ask:
        answers, buses = ask_who(answers, language), ask_devices(buses, language)
    write_site(file, answers, buses, language, replace=replace)
    show(say(language, "init_written", file=str(file)))
    if not test_devices(file, language):
        raise typer.Exit(1)
    if start or (ask and typer.confirm(say(language, "init_run"), default=True)):
        tell(say(language, "init_running"))
        running.run(file, data_dir)
    else:
        show(say(language, "init_next", file=str(file)))


def drafted(seen: Found, lang: Lang) -> list[DraftBus]:
    """The buses and devices of a scan.

    Raises
    ------
    UnavailableError
        When there is nothing that can be put in a site file.
    """
    from edge.commissioning import FoundNothingError, draft, say
    from wattproof.errors import UnavailableError

    try:
        return draft(seen)
    except FoundNothingError as error:
        raise UnavailableError(say(lang, "init_nothing")) from error


def write_site(file: Path, answers: Answers, buses: list[DraftBus], lang: Lang, *, replace: bool) -> None:
    """Write the site file, and beside it the profiles of devices that describe themselves: each whole, or not at all.

    Raises
    ------
    BadInputError
        When a profile's file exists already, or an answer cannot be used.
    """
    import edge
    from edge.commissioning import profile_files, say, site_text
    from telemetry import DocumentError
    from wattproof.errors import BadInputError

    when = dt.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z")
    text, profiles = site_text(answers, buses, lang, when), profile_files(buses, lang)
    folder = file.absolute().parent
    if not replace and (there := [name for name in profiles if (folder / name).exists()]):
        raise BadInputError(say(lang, "init_profile_exists", file=str(folder / there[0])))
    with tempfile.TemporaryDirectory() as draft:  # what cannot be used is told before anything is written
        for name, profile in profiles.items():
            Path(draft, name).write_text(profile, encoding="utf-8")
        try:
            edge.parse_site(text, str(file), Path(draft))
        except DocumentError as error:
            raise BadInputError(str(error)) from error
    for path, content in [*((folder / name, profile) for name, profile in profiles.items()), (file, text)]:
        new = path.with_name(f".{path.name}.new")
        try:
            new.write_text(content, encoding="utf-8")
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


async def _scans(tcp: list[str], ports: str, units: str, serial: list[str], baud: int, lang: Lang) -> list[Found]:
    from edge.commissioning import SERIAL_UNITS, line_settings, scan_serial, scan_tcp, tcp_targets

    parts = []
    for network in tcp:
        with watched(lang) as watch:
            parts.append(await scan_tcp(tcp_targets(network, ports, units), watch))
    for device in serial:
        with watched(lang) as watch:
            settings = line_settings(device, baud, "N", 1, everything=False)
            parts.append(await scan_serial(settings, SERIAL_UNITS, watch))
    return parts


def test_devices(file: Path, lang: Lang) -> bool:
    """Read every device of a site file once and show how that went; whether all of them answered."""
    from rich.table import Table

    import edge
    from edge.commissioning import Phrase, read_site, say

    site = edge.load_site(file)

    async def work() -> dict[str, edge.commissioning.Live | edge.commissioning.Phrase]:
        with watched(lang) as watch:
            return await read_site(site, watch)

    rows = Table(title=say(lang, "test_title"), title_justify="left")
    for key in ("column_device", "column_result", "column_said"):
        rows.add_column(say(lang, key), overflow="fold")
    fine = True
    for device, live in working(work, lang).items():
        if isinstance(live, Phrase):
            rows.add_row(device, say(lang, "test_failed"), live.text(lang))
            fine = False
            continue
        fine = fine and bool(live.good)
        key = "test_ok" if live.good and not live.errors else "test_partly" if live.good else "test_failed"
        said = (
            live.errors[0].text(lang)
            if live.errors
            else say(lang, "test_values", good=len(live.good), all=len(live.values))
        )
        rows.add_row(device, say(lang, key), said)
    show(rows)
    return fine
