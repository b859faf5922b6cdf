"""`wattproof edge`: the gateway agent, and the technician's commands."""

from __future__ import annotations

import typer

from wattproof.commands.edge import check, commission, init, probe, run, scan, status
from wattproof.commands.edge.run import Started

__all__ = ["Started", "app"]

app = typer.Typer(help="The gateway agent: read devices over Modbus, publish over MQTT.", no_args_is_help=True)
app.add_typer(scan.app, name="scan")
app.command("probe")(probe.probe)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("plan")(check.plan)
app.command("commission")(commission.commission)
app.command("run")(run.run)
app.command("status")(status.status)
