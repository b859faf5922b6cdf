"""`wattproof edge run`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import structlog
import typer

if TYPE_CHECKING:
    from edge.agent import Agent
    from telemetry import Acceptance

log = structlog.get_logger()

SiteFile = Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file: gateway, broker, buses, devices.")]
DataDir = Annotated[Path, typer.Option(help="Folder for the outbox.")]
DATA_DIR = Path("wattproof-edge")


class Started(msgspec.Struct, frozen=True):
    """The agent's word to its parent that it is at work, and will end with its summary when it is asked to."""

    pid: int


def run(
    site: SiteFile,
    data_dir: DataDir = DATA_DIR,
    drain: Annotated[
        float, typer.Option("--drain", metavar="SECONDS", help="At the end, wait so long for acknowledgements.")
    ] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="At the end, one JSON object: the ledger.")] = False,
    broker_file: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Poll the devices of a site file until Ctrl-C; every reading stays on disk until the collector has it.

    A changed site file is read again by itself, and on SIGHUP.
    """
    import edge
    from edge.status import keep_status
    from telemetry import Broker
    from wattproof.child import say
    from wattproof.environment import broker_from
    from wattproof.errors import UnavailableError
    from wattproof.stopping import fast_loop, run_until_stopped

    plan = edge.load_site(site)

    given = msgspec.json.decode(broker_file.read_bytes(), type=Broker) if broker_file is not None else None

    def broker_of(named: Broker) -> Broker:
        return given or broker_from(named, os.environ)

    watch = edge.SiteWatch(site)

    async def work(stop: asyncio.Event) -> edge.Summary:
        beside: list[asyncio.Task[None]] = []

        def started(agent: Agent) -> None:
            beside.append(asyncio.create_task(keep_status(agent, data_dir)))

        if not sys.stdin.isatty():  # in a terminal, a hang-up means that it was closed
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, watch.request)
        if broker_file is not None:
            say(Started(os.getpid()))
        try:
            return await edge.run_agent(
                plan,
                data_dir=data_dir,
                stop=stop,
                drain_s=drain,
                broker_of=broker_of,
                reload=watch,
                on_start=started,
                acceptance=lambda: _acceptance(site),
            )
        finally:
            for task in beside:
                task.cancel()

    try:
        summary = run_until_stopped(work, fast_loop)
    except edge.EdgeError as error:
        raise UnavailableError(str(error)) from error
    if as_json:
        say(summary)


def _acceptance(site: Path) -> Acceptance | None:
    """The record of the commissioning, if there is one; a broken one is no reason not to measure."""
    from edge.commissioning import RecordError, load_record, record_path

    try:
        return load_record(record_path(site))
    except RecordError as error:
        log.warning("acceptance_unreadable", says=str(error))
        return None
