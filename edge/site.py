"""The site file: which devices a gateway reads, where, and how often."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from edge.errors import UnknownProfileError
from edge.links import Address, RtuAddress, parse_url
from edge.profiles import Profile, is_profile_path, load_profile
from telemetry import Broker, Document, DocumentError, InvalidNameError, check_name, parse_yaml

Milliseconds = Annotated[int, msgspec.Meta(ge=10, le=86_400_000)]


class SiteName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The factory: `id` in topics and the store, `name` for people, `timezone` of its calendar (IANA name)."""

    id: str
    name: str
    timezone: str = "Asia/Seoul"


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device on a bus.

    Parameters
    ----------
    id
        Unique within the site.
    profile
        A built-in profile's name, or the path of a YAML file, relative to the site file.
    unit
        Its Modbus unit number (slave address).
    kind
        Kind of device; when left out, its profile's. They must agree.
    label
        Name for people; when left out, the id.
    every_ms
        Time between two readings [ms]; when left out, the site's.
    """

    id: str
    profile: str
    unit: Annotated[int, msgspec.Meta(ge=0, le=255)]
    kind: Literal["power_meter", "plc", "sensor"] | None = None
    label: str = ""
    every_ms: Milliseconds | None = None


class Bus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TCP connection or a serial line and what hangs on it; one question at a time.

    Parameters
    ----------
    name
        What messages call it; unique.
    url
        ``tcp://host:port`` or ``rtu:///dev/ttyUSB0?baud=9600&parity=N&stopbits=1``.
    devices
        At least one.
    timeout_ms
        How long a device may take to answer [ms].
    """

    name: str
    url: str
    devices: Annotated[list[Device], msgspec.Meta(min_length=1)]
    timeout_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 1000

    @property
    def address(self) -> Address:
        """The URL taken apart."""
        return parse_url(self.url)


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a gateway must know.

    Parameters
    ----------
    site
        The factory it belongs to.
    gateway
        Its own id, unique within the site.
    buses
        At least one.
    broker
        Where it publishes.
    every_ms
        Time between two readings of a device that does not say otherwise [ms].
    flush_ms
        How often readings are committed to the outbox [ms].
    """

    site: SiteName
    gateway: str
    buses: Annotated[list[Bus], msgspec.Meta(min_length=1)]
    broker: Broker = msgspec.field(default_factory=Broker)
    every_ms: Milliseconds = 1000
    flush_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 250


def load_site(path: Path | str) -> Site:
    """Read and check a site file.

    Parameters
    ----------
    path
        The file. Profiles it names by path are looked up beside it.

    Raises
    ------
    DocumentError
        With line and field, when it cannot be read or used.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(str(path), 0, "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(str(path), 0, "", "not UTF-8 text") from error
    return parse_site(text, str(path), path.parent)


def parse_site(text: str, source: str, folder: Path) -> Site:
    """Check a site file's text.

    Parameters
    ----------
    text
        The YAML document.
    source
        What errors call it.
    folder
        Where profiles named by a relative path are looked up.

    Returns
    -------
    Site
        With every device's kind and label filled in, and profile paths made absolute.

    Raises
    ------
    DocumentError
        With line and field: an unknown or missing key, a bad id, a device, unit or bus given twice, an unknown
        profile, a URL that is none.
    """
    document = parse_yaml(text, source)
    try:
        site = msgspec.convert(document.value, Site)
    except msgspec.ValidationError as error:
        raise document.error(str(error)) from error
    _check_name(document, site.site.id, "site", "site.id")
    _check_name(document, site.gateway, "gateway", "gateway")
    _check_timezone(document, site.site.timezone)
    _check_buses(document, site)
    buses = [
        msgspec.structs.replace(
            bus, devices=[_completed(document, device, folder, path) for device, path in _devices(bus, index)]
        )
        for index, bus in enumerate(site.buses)
    ]
    return msgspec.structs.replace(site, buses=buses)


def _devices(bus: Bus, index: int) -> Iterator[tuple[Device, str]]:
    return ((device, f"buses[{index}].devices[{number}]") for number, device in enumerate(bus.devices))


def _check_name(document: Document, name: str, what: str, path: str) -> None:
    try:
        check_name(name, what)
    except InvalidNameError as error:
        raise document.error(str(error), path) from error


def _check_timezone(document: Document, name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        if zoneinfo.available_timezones():  # a small gateway may have no time zones at all; it does not need them
            problem = f"unknown time zone {name!r}; use an IANA name such as Asia/Seoul"
            raise document.error(problem, "site.timezone") from error


def _check_buses(document: Document, site: Site) -> None:
    names: set[str] = set()
    places: dict[str, str] = {}
    devices: dict[str, str] = {}
    for index, bus in enumerate(site.buses):
        path = f"buses[{index}]"
        if not bus.name or bus.name in names:
            raise document.error(f"every bus needs a name of its own, not {bus.name!r} again", f"{path}.name")
        names.add(bus.name)
        try:
            address = bus.address
        except ValueError as error:
            raise document.error(str(error), f"{path}.url") from error
        place = address.path if isinstance(address, RtuAddress) else str(address)
        if place in places:
            problem = f"{place} is bus {places[place]!r} already; put all its devices on one bus"
            raise document.error(problem, f"{path}.url")
        places[place] = bus.name
        _check_devices(document, bus, index, devices)


def _check_devices(document: Document, bus: Bus, index: int, known: dict[str, str]) -> None:
    """Check ids against all devices of the site (`known`: bus by device id, added to) and units against the bus."""
    units: dict[int, str] = {}
    possible = bus.address.units
    for device, path in _devices(bus, index):
        _check_name(document, device.id, "device", f"{path}.id")
        if device.id in known:
            problem = f"device {device.id!r} is on bus {known[device.id]!r} already; ids are unique in a site"
            raise document.error(problem, f"{path}.id")
        known[device.id] = bus.name
        if device.unit not in possible:
            problem = f"unit {device.unit} cannot answer here; use {possible[0]} to {possible[-1]}"
            raise document.error(problem, f"{path}.unit")
        if device.unit in units:
            problem = f"unit {device.unit} is {units[device.unit]!r} already; two devices would answer at once"
            raise document.error(problem, f"{path}.unit")
        units[device.unit] = device.id


def _completed(document: Document, device: Device, folder: Path, path: str) -> Device:
    name = device.profile
    if is_profile_path(name):
        name = str((folder / name).absolute())
    try:
        profile = load_profile(name)
    except UnknownProfileError as error:
        raise document.error(str(error), f"{path}.profile") from error
    if device.kind not in {None, profile.kind}:
        problem = f"profile {profile.name} describes a {profile.kind}, not a {device.kind}"
        raise document.error(problem, f"{path}.kind")
    return msgspec.structs.replace(device, kind=profile.kind, label=device.label or device.id, profile=name)


def profile_of(device: Device) -> Profile:
    """The profile a device of a loaded site names."""
    return load_profile(device.profile)
