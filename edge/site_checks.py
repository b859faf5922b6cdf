"""What a site file may not say, beyond the shape of its keys: every problem, each with its line."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.defects import defect, each
from edge.errors import UnknownProfileError
from edge.plans import BusPlan, DevicePlan, device_plan, impossible
from edge.profile_cache import cached_profile
from edge.profiles import Profile, parse_profile
from edge.rates import Rates, with_rates
from edge.site import Bus, Device, Site, devices_of, pace_of, profile_name
from telemetry import Document, DocumentError, InvalidNameError, check_name


@dataclass(frozen=True)
class Tenant:
    """A device that has a unit number, and what its registers mean, if that is known."""

    device: Device
    profile: Profile | None

    @property
    def registers(self) -> set[tuple[int, int]]:
        """Function and wire address of every register that means a channel; factors may serve several devices."""
        fields = self.profile.fields if self.profile is not None else []
        return {(field.function, at) for field in fields for at in range(field.address, field.end)}


def problems_of(document: Document, site: Site, folder: Path) -> Iterator[DocumentError]:
    """Everything that is wrong with a site, in the order of the file.

    Parameters
    ----------
    document
        Where lines are looked up.
    site
        What it says.
    folder
        Where profiles named by a relative path are looked up.
    """
    yield from _name(document, site.site.id, "site", "site.id")
    yield from _timezone(document, site.site.timezone)
    yield from _name(document, site.gateway, "gateway", "gateway")
    yield from _rates(document, None, site.rates, None, "")
    names: set[str] = set()
    places: dict[str, str] = {}
    devices: dict[str, str] = {}
    for index, bus in enumerate(site.buses):
        path = f"buses[{index}]"
        if not bus.name or bus.name in names:
            yield defect(document, f"{path}.name", "bus_name", name=bus.name)
        names.add(bus.name)
        usable = True
        for problem in _url(document, bus, places, path):
            usable = False
            yield problem
        plans: list[DevicePlan] = []
        units: dict[int, list[Tenant]] = {}
        for device, place in devices_of(bus, index):
            yield from _identity(document, bus, device, place, devices)
            if usable or _parsed(bus):
                yield from _possible(document, bus, device, place)
            profile: Profile | None = None
            try:
                profile = _load(document, profile_name(device, folder), place)
            except UnknownProfileError as error:
                yield defect(document, f"{place}.profile", "profile_unknown", says=str(error))
            except DocumentError as error:
                yield from each(error)
            yield from _unit(document, Tenant(device, profile), place, units)
            if profile is None:
                continue
            yield from _profile(document, device, profile, place)
            if usable:
                rated = with_rates(profile, device.rates)
                plans.append(device_plan(device.id, device.unit, bus.address, rated, pace_of(site, device)))
        if facts := impossible(BusPlan(bus.name, bus.url, plans)) if plans else {}:
            yield defect(document, path, "cycle", **facts)


def _load(document: Document, profile: str | dict[str, Any], place: str) -> Profile:
    return cached_profile(profile) if isinstance(profile, str) else parse_profile(profile, f"{place}.profile", document)


def _name(document: Document, name: str, what: str, path: str) -> Iterator[DocumentError]:
    try:
        check_name(name, what)
    except InvalidNameError as error:
        yield defect(document, path, "name", says=str(error))


def _timezone(document: Document, name: str) -> Iterator[DocumentError]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if zoneinfo.available_timezones():  # a small gateway may have no time zones at all; it does not need them
            yield defect(document, "site.timezone", "timezone", name=name)


def _parsed(bus: Bus) -> bool:
    try:
        _ = bus.address
    except ValueError:
        return False
    return True


def _url(document: Document, bus: Bus, places: dict[str, str], path: str) -> Iterator[DocumentError]:
    try:
        place = bus.address.place
    except ValueError as error:
        yield defect(document, f"{path}.url", "url", says=str(error))
        return
    if place in places:
        yield defect(document, f"{path}.url", "place_twice", place=place, bus=places[place])
    places.setdefault(place, bus.name)


def _identity(
    document: Document, bus: Bus, device: Device, path: str, known: dict[str, str]
) -> Iterator[DocumentError]:
    """Check an id against all devices of the site (`known`: bus by device id, added to)."""
    yield from _name(document, device.id, "device", f"{path}.id")
    if device.id in known:
        yield defect(document, f"{path}.id", "device_twice", id=device.id, bus=known[device.id])
    known[device.id] = bus.name


def _possible(document: Document, bus: Bus, device: Device, path: str) -> Iterator[DocumentError]:
    possible = bus.address.units
    if device.unit not in possible:
        facts = {"unit": device.unit, "first": possible[0], "last": possible[-1]}
        yield defect(document, f"{path}.unit", "unit_impossible", **facts)


def _unit(document: Document, tenant: Tenant, path: str, units: dict[int, list[Tenant]]) -> Iterator[DocumentError]:
    """Check a unit number against the others of its bus (`units`, added to): only parts of one device may share it."""
    device = tenant.device
    others = units.setdefault(device.unit, [])
    for other in others:
        if not (device.shares_unit and other.device.shares_unit):
            yield defect(document, f"{path}.unit", "unit_twice", unit=device.unit, id=other.device.id)
            break
        if both := other.registers & tenant.registers:
            function, register = min(both)
            yield defect(
                document,
                f"{path}.unit",
                "unit_shared",
                unit=device.unit,
                id=other.device.id,
                function=function,
                register=register,
            )
            break
    others.append(tenant)


def _profile(document: Document, device: Device, profile: Profile, path: str) -> Iterator[DocumentError]:
    if device.kind not in {None, profile.kind}:
        facts = {"profile": profile.name, "kind": profile.kind, "said": str(device.kind)}
        yield defect(document, f"{path}.kind", "kind", **facts)
    yield from _rates(document, device.every_ms, device.rates, profile, f"{path}.")


def _rates(
    document: Document, every_ms: int | None, rates: Rates, profile: Profile | None, path: str
) -> Iterator[DocumentError]:
    if every_ms is not None and rates.fast_ms is not None:
        yield defect(document, f"{path}rates.fast_ms", "rate_twice")
    if rates.fast_ms is not None and rates.slow_ms is not None and rates.slow_ms < rates.fast_ms:
        yield defect(document, f"{path}rates.slow_ms", "slow_faster", slow=rates.slow_ms, fast=rates.fast_ms)
    for name in rates.channels:
        if profile is None:
            yield defect(document, f"{path}rates.channels", "rate_channel_place")
            return
        if name not in profile.channels:
            facts = {"profile": profile.name, "channel": name, "known": ", ".join(profile.channels)}
            yield defect(document, f"{path}rates.channels.{name}", "rate_channel", **facts)
