"""The site file: which devices a gateway reads, where, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edge.endpoint import Endpoint
from edge.links import Address, parse_url
from edge.outbox_limits import OutboxLimits
from edge.plans import BusPlan, Plan, device_plan, splits_in
from edge.profile_cache import cached_profile
from edge.profiles import Profile, is_profile_path
from edge.rates import Milliseconds, Pace, Rates, pace, with_rates
from edge.schema_words import explained
from edge.splits import Splits
from telemetry import Broker, DocumentError, parse_yaml


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
        A built-in profile's name, the path of a YAML file, relative to the site file, or a profile written here (see
        `edge.profiles.inline`), which is named after the device unless it names itself.
    unit
        Its Modbus unit number (slave address).
    kind
        Kind of device; when left out, its profile's. They must agree.
    label
        Name for people; when left out, the id.
    every_ms
        Time between two readings of what changes quickly [ms]; when left out, the site's.
    rates
        More exactly how often, and which channels at which rate; when left out, the site's.
    shares_unit
        It is a part of its unit, whose other parts are devices here as well and say the same: an inverter and the
        meter inside it, two machines on one PLC. Their registers must not overlap.
    """

    id: str
    profile: str | dict[str, Any]
    unit: Annotated[int, msgspec.Meta(ge=0, le=255)]
    kind: Literal["power_meter", "plc", "sensor"] | None = None
    label: str = ""
    every_ms: Milliseconds | None = None
    rates: Rates = Rates()
    shares_unit: bool = False


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
    rates
        More exactly how often: what ``fast`` (else `every_ms`) and ``slow`` (else ten times that) mean here.
    outbox
        How much and how long it may keep.
    endpoint
        Where health and figures can be read over HTTP; left out, nowhere.
    """

    site: SiteName
    gateway: str
    buses: Annotated[list[Bus], msgspec.Meta(min_length=1)]
    broker: Broker = msgspec.field(default_factory=Broker)
    every_ms: Milliseconds = 1000
    flush_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 250
    rates: Rates = Rates()
    outbox: OutboxLimits = OutboxLimits()
    endpoint: Endpoint | None = None


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
    return parse_site(read_text(path), str(path), path.parent)


def read_text(path: Path) -> str:
    """The text of a site file.

    Raises
    ------
    DocumentError
        When it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(str(path), 0, "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(str(path), 0, "", "not UTF-8 text") from error


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
        profile, a URL that is none, a cycle that the bus cannot keep.
    """
    from edge.site_checks import problems_of  # noqa: PLC0415 - it checks the structures that are defined here

    document = parse_yaml(text, source)
    try:
        site = msgspec.convert(document.value, Site)
    except msgspec.ValidationError as error:
        raise explained(document, error, Site) from error
    for problem in problems_of(document, site, folder):
        raise problem
    return completed(site, folder)


def completed(site: Site, folder: Path) -> Site:
    """The site with every device's kind and label filled in, and profile paths made absolute; it must be sound."""
    buses = [
        msgspec.structs.replace(bus, devices=[_completed(device, folder) for device in bus.devices])
        for bus in site.buses
    ]
    return msgspec.structs.replace(site, buses=buses)


def _completed(device: Device, folder: Path) -> Device:
    name = profile_name(device, folder)
    kind = cached_profile(name).kind
    return msgspec.structs.replace(device, kind=kind, label=device.label or device.id, profile=name)


def profile_name(device: Device, folder: Path) -> str | dict[str, Any]:
    """The device's profile as `load_profile` takes it; a path becomes absolute, one written here gets a name."""
    if isinstance(device.profile, dict):
        return {"name": device.id, **device.profile}
    return str((folder / device.profile).absolute()) if is_profile_path(device.profile) else device.profile


def devices_of(bus: Bus, index: int) -> Iterator[tuple[Device, str]]:
    """The devices of a bus with their places in the file."""
    return ((device, f"buses[{index}].devices[{number}]") for number, device in enumerate(bus.devices))


def profile_of(device: Device) -> Profile:
    """The profile a device of a loaded site names, with the site file's word on its rates."""
    return with_rates(cached_profile(device.profile), device.rates)


def pace_of(site: Site, device: Device) -> Pace:
    """How often a device of the site is read."""
    return pace(device.every_ms, device.rates, site.every_ms, site.rates)


def bus_plan(site: Site, bus: Bus, splits: Splits | None = None) -> BusPlan:
    """Plan the reads of one bus."""
    address = bus.address
    devices = [
        device_plan(device.id, device.unit, address, profile_of(device), pace_of(site, device), splits)
        for device in bus.devices
    ]
    return BusPlan(bus.name, bus.url, devices)


def plan_of(site: Site, data_dir: Path | None = None) -> Plan:
    """Every read of a gateway, what it costs on the wire, and how busy that makes each bus.

    Parameters
    ----------
    site
        From `load_site`.
    data_dir
        The agent's data folder, to plan as it does after what devices have refused.
    """
    splits = splits_in(data_dir)
    return Plan(site.site.id, site.gateway, [bus_plan(site, bus, splits) for bus in site.buses])
