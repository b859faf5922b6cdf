"""Each gateway and what hangs on it: from births and states, and from what gateways tell of themselves in the store."""

from __future__ import annotations

from api.directory import EDGE_KINDS, Directory, silence_ms
from api.models import Device, DeviceHealth, Gateway
from api.presence import Presence, Seen
from storage import Latest, Store
from telemetry import Birth

UNKNOWN = ""
"""Gateway of devices that no birth mentions: they are in the store, and who read them is not known."""


def list_gateways(site: str, store: Store, directory: Directory, presence: Presence, now: int) -> list[Gateway]:
    """Gateways of a site with their devices; those that are online first, a nameless one last.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    births = {birth.gateway: birth for birth in presence.births(site)}
    states = presence.states(site)
    told: dict[str, dict[str, Latest]] = {}
    links: dict[str, dict[str, Latest]] = {}
    newest: dict[str, int] = {}
    for latest in store.latest(site):
        series = latest.series
        if series.kind == "gateway":
            told.setdefault(series.device, {})[series.channel] = latest
        elif series.kind == "link":
            links.setdefault(series.device, {})[series.channel] = latest
        if series.kind not in EDGE_KINDS:
            newest[series.device] = max(newest.get(series.device, 0), latest.time)
    devices = directory.devices(site)
    names = sorted(set(births) | set(states) | set(told) | {device.gateway for device in devices})
    found = [
        _gateway(
            name,
            births.get(name),
            states.get(name),
            told.get(name, {}),
            [_health(d, newest.get(d.device), links.get(d.device, {}), now) for d in devices if d.gateway == name],
        )
        for name in names
    ]
    return sorted(found, key=lambda g: (g.gateway == UNKNOWN, g.online is not True, g.gateway))


def _gateway(
    name: str, birth: Birth | None, seen: Seen | None, told: dict[str, Latest], devices: list[DeviceHealth]
) -> Gateway:
    def value(channel: str) -> float | None:
        return told[channel].value if channel in told else None

    reported = max((latest.time for latest in told.values()), default=None)
    since = seen.since if seen else None
    if seen and not seen.online and since is None:
        since = reported  # the last will was written beforehand; the last report is the best witness
    return Gateway(
        gateway=name,
        online=seen.online if seen else None,
        since=since,
        clean=seen.clean if seen else False,
        version=birth.version if birth else "",
        started=birth.started if birth else None,
        reported=reported,
        outbox_batches=value("outbox_depth_count"),
        outbox_bytes=value("outbox_bytes"),
        lateness_ms=value("lateness_ms"),
        readings=value("readings_count"),
        devices=devices,
    )


def _health(device: Device, time: int | None, link: dict[str, Latest], now: int) -> DeviceHealth:
    errors = {
        channel.removeprefix("errors_").removesuffix("_count"): round(latest.value)
        for channel, latest in sorted(link.items())
        if channel.startswith("errors_") and channel.endswith("_count")
    }
    return DeviceHealth(
        device=device.device,
        kind=device.kind,
        label=device.label,
        link=device.link,
        profile=device.profile,
        every_ms=device.every_ms,
        time=time,
        silent=time is None or now - time > silence_ms(device.every_ms),
        errors={reason: count for reason, count in errors.items() if count},
    )
