"""`wattproof collector`."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="MQTT in, store out, acknowledgement back.", no_args_is_help=True)


@app.command()
def run(context: typer.Context) -> None:
    """Store what gateways send, and acknowledge it once the store has committed; until Ctrl-C."""
    import collector
    from wattproof import heartbeat, services
    from wattproof.config import find_file, load
    from wattproof.stopping import stop_event

    config = load(find_file(context.obj, os.environ), os.environ)
    store = services.open_store(config.store_settings)
    with stop_event() as stop, closing(services.open_quarantine(config.folder)) as shelf:
        worker = collector.Collector(store, config.broker, shelf, settings=config.collector)
        worker.start()
        while not stop.wait(heartbeat.EVERY_S):
            heartbeat.beat(config.folder, ok=worker.connected and store.health().ok)
        worker.stop()
        store.close()


@app.command()
def health(context: typer.Context) -> None:
    """Say whether the collector of this data folder is at work; exit 0 if it is, 1 if not (for health checks)."""
    from wattproof import heartbeat
    from wattproof.config import find_file, load

    config = load(find_file(context.obj, os.environ), os.environ)
    ok, sentence = heartbeat.check(config.folder)
    sys.stdout.write(sentence + "\n")
    raise typer.Exit(0 if ok else 1)


@app.command()
def quarantine(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.", min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """List messages and readings that were set aside, each with its reason."""
    from wattproof import services
    from wattproof.config import find_file, load

    config = load(find_file(context.obj, os.environ), os.environ)
    with closing(services.open_quarantine(config.folder)) as shelf:
        entries = shelf.list(limit)
    if as_json:
        sys.stdout.write(msgspec.json.encode(entries).decode() + "\n")
        return
    table = Table(title=f"Quarantine: {len(entries)} entries" if entries else "Quarantine: empty", title_justify="left")
    for column in ("received", "topic", "reason", "readings", "detail"):
        table.add_column(column, overflow="fold")
    zone = ZoneInfo(config.api.timezone)
    for entry in entries:
        received = datetime.fromtimestamp(entry.received / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(received, entry.topic, entry.reason, str(entry.readings), entry.detail)
    Console().print(table)
