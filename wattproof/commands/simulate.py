"""`wattproof simulate`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer


class Ready(msgspec.Struct, frozen=True):
    """The virtual factory's word that its devices answer: link URL by bus name."""

    links: dict[str, str]


def simulate(
    factory: Annotated[
        str, typer.Argument(metavar="FACTORY", help="A factory's YAML file, or the built-in 'gimpo'.")
    ] = "gimpo",
    seed: Annotated[int | None, typer.Option(help="Another year's weather of chance; by default the file's.")] = None,
    site_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the edge agent's site file for it here.")
    ] = None,
    now_ms: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run a virtual factory on real sockets; its first line of output names its links (JSON). Ctrl-C ends it."""
    import simulator
    from telemetry import Broker
    from wattproof.child import say
    from wattproof.errors import BadInputError, UnavailableError
    from wattproof.stopping import run_until_stopped

    try:
        plant = simulator.load_factory(factory, seed=seed, now_ms=now_ms or time.time_ns() // 1_000_000)
    except simulator.SimulatorError as error:
        raise BadInputError(str(error)) from error

    def ready(links: dict[str, str]) -> None:
        if site_file is not None:
            site_file.write_text(simulator.site_document(plant, links, Broker()), encoding="utf-8")
        say(Ready(links))

    async def work(stop: asyncio.Event) -> None:
        serving = asyncio.create_task(simulator.serve(plant, ready=ready))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        serving.cancel()
        try:
            await serving
        except asyncio.CancelledError:
            return

    try:
        run_until_stopped(work)
    except simulator.SimulatorError as error:
        raise UnavailableError(str(error)) from error
