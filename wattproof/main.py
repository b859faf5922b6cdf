"""The command line: `wattproof`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from telemetry import TelemetryError
from wattproof import __version__, child, help_page, in_korean, logs, usage
from wattproof.commands import (
    api,
    bill,
    broker,
    collector,
    config,
    db,
    demo,
    edge,
    evaluate,
    export,
    import_,
    portfolio,
    quarantine,
    review,
    simulate,
    up,
)
from wattproof.errors import CommandError

app = typer.Typer(
    name="wattproof",
    help="Measure a factory's energy from the meter's register to a proof an evaluator can check.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
app.command("demo", rich_help_panel="Start here")(demo.demo)
app.command("up", rich_help_panel="Start here")(up.up)
app.command("evaluate", rich_help_panel="Start here")(evaluate.evaluate)
app.command("portfolio", rich_help_panel="Start here")(portfolio.portfolio)
app.command("review", rich_help_panel="Start here")(review.review)
app.command("bill", rich_help_panel="Start here")(bill.bill)
app.command("import", rich_help_panel="Start here")(import_.import_)
app.command("export", rich_help_panel="Start here")(export.export)
app.add_typer(edge.app, name="edge", rich_help_panel="Parts")
app.add_typer(collector.app, name="collector", rich_help_panel="Parts")
app.add_typer(quarantine.app, name="quarantine", rich_help_panel="Parts")
app.add_typer(api.app, name="api", rich_help_panel="Parts")
app.add_typer(broker.app, name="broker", rich_help_panel="Parts")
app.command("simulate", rich_help_panel="Parts")(simulate.simulate)
app.add_typer(db.app, name="db", rich_help_panel="Settings")
app.add_typer(config.app, name="config", rich_help_panel="Settings")

_EXTRAS = {
    "amqtt": "demo", "cryptography": "demo", "duckdb": "server", "fastapi": "server", "holidays": "server",
    "influxdb_client": "server", "jinja2": "server", "numpy": "server", "paho": "edge", "prometheus_client": "server",
    "pwdlib": "demo", "pymodbus": "edge", "scipy": "server", "serial": "edge", "uvicorn": "server",
    "xlsxwriter": "server",
}  # fmt: skip


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback signature
    if wanted:
        sys.stdout.write(f"wattproof {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Configuration; without it, ./wattproof.yaml if there is one."
        ),
    ] = None,
    log_level: Annotated[
        str, typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
    ] = "info",
    as_child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hold what every command shares."""
    if log_level not in {"debug", "info", "warning", "error"}:
        raise typer.BadParameter(f"{log_level!r} is none of debug, info, warning, error", param_hint="--log-level")
    context.obj = config_file
    logs.configure(log_level)
    if as_child:
        child.end_with_parent()


def main() -> None:
    """Run the command line; every expected failure is one sentence and an exit code."""
    command = typer.main.get_command(app)
    help_page.prepare(command, in_korean.language_of_help(sys.argv[1:], os.environ))
    try:
        ended = command(prog_name="wattproof", standalone_mode=False)
    except usage.Misuse as error:
        usage.explain(error, in_korean.language_of(sys.argv[1:], os.environ))
        raise SystemExit(usage.EXIT_CODE) from None
    except typer.Abort:
        _fail("Aborted.", 1)
    except CommandError as error:
        _fail(str(error), error.exit_code)
    except TelemetryError as error:
        _fail(str(error), 2)
    except OSError as error:
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}", 3)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        _fail(f"this command needs parts that are not installed: pip install 'wattproof[{extra}]'", 3)
    raise SystemExit(ended)


def _fail(sentence: str, exit_code: int) -> NoReturn:
    sys.stderr.write(f"wattproof: {in_korean.said(sentence, sys.argv[1:])}\n")
    raise SystemExit(exit_code)
