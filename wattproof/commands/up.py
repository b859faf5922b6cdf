"""`wattproof up`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def up(
    context: typer.Context,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="FILE", help="Also run the edge agent with this site file.")
    ] = None,
) -> None:
    """Run one box for a small factory: MQTT broker, collector, store and pages, until Ctrl-C.

    With collector.endpoint in the configuration it also serves /healthz, /readyz and /metrics.
    """
    from wattproof.config import find_file, load
    from wattproof.one_box import run
    from wattproof.services import greeting

    config = load(find_file(context.obj, os.environ), os.environ)

    def announce(url: str) -> None:
        sys.stderr.write(greeting(url, config.api.language))

    run(config, site, announce)
