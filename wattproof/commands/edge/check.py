"""`wattproof edge check`."""

from __future__ import annotations

import sys

from wattproof.commands.edge.run import SiteFile


def check(site: SiteFile) -> None:
    """Check a site file without touching any device; exit 2 with file, line and field if something is wrong."""
    import edge

    plan = edge.load_site(site)
    devices = sum(len(bus.devices) for bus in plan.buses)
    sys.stdout.write(f"{site}: {len(plan.buses)} buses, {devices} devices, nothing wrong\n")
