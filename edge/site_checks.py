"""What a site file may not say, beyond the shape of its keys: every problem, each with its line."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.errors import UnknownProfileError
from edge.plans import BusPlan, DevicePlan, device_plan, impossible
from edge.profile_cache import cached_profile
from edge.profiles import Profile, parse_profile
from edge.rates import Rates, with_rates
from edge.site import Bus, Device, Site, devices_of, pace_of, profile_name
from telemetry import Document, DocumentError, InvalidNameError, check_name


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
            yield document.error(f"every bus needs a name of its own, not {bus.name!r} again", f"{path}.name")
        names.add(bus.name)
        usable = True
        for problem in _url(document, bus, places, path):
            usable = False
            yield problem
        plans: list[DevicePlan] = []
        units: dict[int, str] = {}
        for device, place in devices_of(bus, index):
            yield from _identity(document, bus, device, place, devices)
            if usable or _parsed(bus):
                yield from _unit(document, bus, device, place, units)
            try:
                profile = _load(document, profile_name(device, folder), place)
            except UnknownProfileError as error:
                yield document.error(str(error), f"{place}.profile")
                continue
            except DocumentError as error:
                yield error
                continue
            yield from _profile(document, device, profile, place)
            if usable:
                rated = with_rates(profile, device.rates)
                plans.append(device_plan(device.id, device.unit, bus.address, rated, pace_of(site, device)))
        if says := impossible(BusPlan(bus.name, bus.url, plans)) if plans else "":
            yield document.error(says, path)


def _load(document: Document, profile: str | dict[str, Any], place: str) -> Profile:
    return cached_profile(profile) if isinstance(profile, str) else parse_profile(profile, f"{place}.profile", document)


def _name(document: Document, name: str, what: str, path: str) -> Iterator[DocumentError]:
    try:
        check_name(name, what)
    except InvalidNameError as error:
        yield document.error(str(error), path)


def _timezone(document: Document, name: str) -> Iterator[DocumentError]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if zoneinfo.available_timezones():  # a small gateway may have no time zones at all; it does not need them
            yield document.error(f"unknown time zone {name!r}; use an IANA name such as Asia/Seoul", "site.timezone")


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
        yield document.error(str(error), f"{path}.url")
        return
    if place in places:
        yield document.error(f"{place} is bus {places[place]!r} already; put all its devices on one bus", f"{path}.url")
    places.setdefault(place, bus.name)


def _identity(
    document: Document, bus: Bus, device: Device, path: str, known: dict[str, str]
) -> Iterator[DocumentError]:
    """Check an id against all devices of the site (`known`: bus by device id, added to)."""
    yield from _name(document, device.id, "device", f"{path}.id")
    if device.id in known:
        problem = f"device {device.id!r} is on bus {known[device.id]!r} already; ids are unique in a site"
        yield document.error(problem, f"{path}.id")
    known[device.id] = bus.name


def _unit(document: Document, bus: Bus, device: Device, path: str, units: dict[int, str]) -> Iterator[DocumentError]:
    possible = bus.address.units
    if device.unit not in possible:
        problem = f"unit {device.unit} cannot answer here; use {possible[0]} to {possible[-1]}"
        yield document.error(problem, f"{path}.unit")
    if device.unit in units:
        problem = f"unit {device.unit} is {units[device.unit]!r} already; two devices would answer at once"
        yield document.error(problem, f"{path}.unit")
    units.setdefault(device.unit, device.id)


def _profile(document: Document, device: Device, profile: Profile, path: str) -> Iterator[DocumentError]:
    if device.kind not in {None, profile.kind}:
        problem = f"profile {profile.name} describes a {profile.kind}, not a {device.kind}"
        yield document.error(problem, f"{path}.kind")
    yield from _rates(document, device.every_ms, device.rates, profile, f"{path}.")


def _rates(
    document: Document, every_ms: int | None, rates: Rates, profile: Profile | None, path: str
) -> Iterator[DocumentError]:
    if every_ms is not None and rates.fast_ms is not None:
        yield document.error("said twice, here and as every_ms; leave one out", f"{path}rates.fast_ms")
    if rates.fast_ms is not None and rates.slow_ms is not None and rates.slow_ms < rates.fast_ms:
        problem = f"slow ({rates.slow_ms} ms) must not be faster than fast ({rates.fast_ms} ms)"
        yield document.error(problem, f"{path}rates.slow_ms")
    for name in rates.channels:
        if profile is None:
            yield document.error("name channels at the device that has them", f"{path}rates.channels")
            return
        if name not in profile.channels:
            problem = f"profile {profile.name} has no channel {name}; it has {', '.join(profile.channels)}"
            yield document.error(problem, f"{path}rates.channels.{name}")
