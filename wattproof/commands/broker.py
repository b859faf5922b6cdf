"""`wattproof broker`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

app = typer.Typer(help="Run the embedded MQTT broker, or set up mosquitto.", no_args_is_help=True)


@app.command()
def run(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes any free one.", min=0, max=65535)] = 1883,
    data_dir: Annotated[Path, typer.Option(help="Folder for the generated credentials.")] = Path("wattproof-data"),
) -> None:
    """Run the embedded broker; its first line of output says where it listens (JSON)."""
    from wattproof.child import say
    from wattproof.embedded_broker import serve
    from wattproof.stopping import run_until_stopped

    async def work(stop: asyncio.Event) -> None:
        await serve(host, port, data_dir, say, stop)

    run_until_stopped(work)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where authority, certificates and files are kept.")],
    gateway: Annotated[
        list[str], typer.Option("--gateway", metavar="SITE/GATEWAY", help="A gateway that may connect; repeatable.")
    ] = [],  # noqa: B006 - typer reads the default and never changes it
    publisher: Annotated[
        list[str],
        typer.Option(
            "--publisher",
            metavar="NAME=TOPIC",
            help="A meter or program of others, and a topic (with + or #) that it may write and the collector read;"
            " repeatable.",
        ),
    ] = [],  # noqa: B006 - typer reads the default and never changes it
    collectors: Annotated[
        int, typer.Option(min=1, metavar="N", help="Collectors that share the work, each with its certificate.")
    ] = 1,
    host: Annotated[
        list[str], typer.Option("--host", metavar="NAME", help="A name clients reach the broker by; repeatable.")
    ] = [],  # noqa: B006 - as above
    replace: Annotated[
        bool, typer.Option("--replace", help="A new authority and new keys; every client needs its new files.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object: what was created, changed and kept.")
    ] = False,
) -> None:
    """Set up mosquitto: authority, certificates, configuration, and rights that keep gateways apart.

    What exists is kept; run it again with one more --gateway or --publisher to add one.
    """
    from wattproof.errors import BadInputError
    from wattproof.provision import SERVICES, generate

    sites: dict[str, list[str]] = {}
    for pair in gateway:
        site, slash, name = pair.partition("/")
        if not (site and slash and name):
            raise BadInputError(f"--gateway {pair}: write it as SITE/GATEWAY, e.g. gimpo-demo/gw-1")
        sites.setdefault(site, []).append(name)
    publishers: dict[str, list[str]] = {}
    for pair in publisher:
        name, equals, filter_ = pair.partition("=")
        if not (name and equals and filter_):
            raise BadInputError(
                f"--publisher {pair}: write it as NAME=TOPIC, e.g. press-meter=tele/tasmota_5A9AE8/SENSOR"
            )
        publishers.setdefault(name, []).append(filter_)
    services = [*SERVICES, *(f"collector-{number}" for number in range(2, collectors + 1))]
    done = generate(folder, sites, publishers=publishers, hosts=host or None, services=services, replace=replace)
    if as_json:
        sys.stdout.write(msgspec.json.encode(done, enc_hook=str).decode() + "\n")
        return
    for what, paths in (("created", done.created), ("changed", done.changed), ("kept", done.kept)):
        for path in paths:
            sys.stdout.write(f"{what:8} {folder / path}\n")
