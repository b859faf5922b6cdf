"""`wattproof api`."""

from __future__ import annotations

import os
import sys

import typer

app = typer.Typer(help="The web server: pages, REST and the live feed.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `api` a group while it has one command."""


@app.command()
def run(context: typer.Context) -> None:
    """Serve pages and REST from the configured store until Ctrl-C."""
    from wattproof import services
    from wattproof.config import find_file, load
    from wattproof.stopping import stop_event

    config = load(find_file(context.obj, os.environ), os.environ)
    store = services.open_store(config.store_settings)
    with stop_event() as stop:
        web = services.WebServer(store, config.api_settings, config.broker)
        web.start()
        sys.stderr.write(services.greeting(web.url, config.api.language))
        stop.wait()
        web.stop()
        store.close()
