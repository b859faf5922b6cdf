"""`wattproof config`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import msgspec
import typer
import yaml

app = typer.Typer(help="Show and check the configuration.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `config` a group while it has one command."""


@app.command()
def show(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    variables: Annotated[bool, typer.Option("--variables", help="List the environment variables instead.")] = False,
) -> None:
    """Show the configuration in force (file, then environment), secrets masked; exit 2 if it cannot be used."""
    from wattproof.config import environment_names, find_file, load, shown

    if variables:
        names = sorted(environment_names())
        sys.stdout.write((msgspec.json.encode(names).decode() if as_json else "\n".join(names)) + "\n")
        return
    plain = shown(load(find_file(context.obj, os.environ), os.environ))
    text = msgspec.json.encode(plain).decode() + "\n" if as_json else yaml.safe_dump(plain, sort_keys=False)
    sys.stdout.write(text)
