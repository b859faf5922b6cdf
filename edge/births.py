"""What a gateway tells of itself when it begins, and again when its site file changes it."""

from __future__ import annotations

import platform

from edge.site import Site, pace_of, profile_of
from telemetry import VERSION, Acceptance, Birth, BirthDevice


def birth_of(site: Site, epoch: str, started: int, acceptance: Acceptance | None = None) -> Birth:
    """What a gateway tells of itself; `started` [ms since 1970-01-01 UTC], `acceptance` the record if there is one."""
    devices = []
    for bus in site.buses:
        for device in bus.devices:
            profile = profile_of(device)
            devices.append(
                BirthDevice(
                    device=device.id,
                    kind=profile.kind,
                    label=device.label or device.id,
                    link=f"{bus.url} unit {device.unit}",
                    profile=profile.name,
                    profile_digest=profile.digest,
                    every_ms=pace_of(site, device).fast_ms,
                    channels=profile.channels,
                )
            )
    return Birth(
        site=site.site.id,
        gateway=site.gateway,
        epoch=epoch,
        started=started,
        version=VERSION,
        site_name=site.site.name,
        timezone=site.site.timezone,
        devices=devices,
        acceptance=acceptance,
        host=platform.node(),
    )
