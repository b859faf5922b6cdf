"""`wattproof broker`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

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
