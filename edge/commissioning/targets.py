"""What a scan will ask, and how long that takes: addresses, unit numbers, line settings. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from edge.bus_time import bus_time
from edge.commissioning.errors import ScanRefusedError
from edge.links import AsciiAddress, RtuAddress, SerialAddress, parse_url

MOST_ADDRESSES: Final = 1024
"""Addresses a scan takes without being told twice: a /22 network."""
LARGEST_NETWORK: Final = 65_536
SERIAL_UNITS: Final = range(1, 248)
TURNAROUND_S: Final = 0.036
"""How long a unit may think before the first byte of its answer [s]: meters 5-30 ms, a USB adapter up to 16."""
_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<!-)")
_USUAL_BAUDS: Final = (9600, 19200, 38400, 115200, 4800, 57600, 2400)
_USUAL_PARITIES: Final = ("N", "E", "O")
Framing = Literal["auto", "tcp", "rtu", "ascii"]
"""How questions are framed in a TCP connection; ``auto`` is Modbus TCP, then RTU where nothing answers to that."""
LineFraming = Literal["rtu", "ascii"]


@dataclass(frozen=True, slots=True)
class TcpTargets:
    """Hosts, each of whose ports is tried, and the units asked behind each port that opens.

    Parameters
    ----------
    hosts, ports, units
        As the technician wrote them.
    framing
        How questions are framed.
    url
        The one way there is, such as ``tls://…``; then `framing` does not count.
    """

    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    units: tuple[int, ...]
    framing: Framing = "auto"
    url: str = ""

    @property
    def endpoints(self) -> list[tuple[str, int]]:
        """Every host and port, in the order they are tried."""
        return [(host, port) for host in self.hosts for port in self.ports]

    def ways(self, host: str, port: int) -> list[str]:
        """URLs by which units may answer there, the likeliest first."""
        if self.url:
            return [self.url]
        schemes = {"auto": ("tcp", "rtu+tcp"), "tcp": ("tcp",), "rtu": ("rtu+tcp",), "ascii": ("ascii+tcp",)}
        return [network_url(scheme, host, port) for scheme in schemes[self.framing]]


def tcp_targets(
    network: str, ports: str = "502", units: str = "1-10", *, large: bool = False, framing: Framing = "auto"
) -> TcpTargets:
    """Take apart what a technician writes: ``192.0.2.0/24``, one address, a host name, or a bus's URL.

    Parameters
    ----------
    network
        A network in CIDR notation, an address, a name; or one way to one place, such as ``tls://host?ca=FILE``.
    ports, units
        Numbers and ranges: ``502,1502``, ``1-10,247``.
    large
        Whether more than `MOST_ADDRESSES` addresses are wanted.
    framing
        How questions are framed.

    Raises
    ------
    ScanRefusedError
        When it is none of these, or too large.
    """
    asked = numbers(units, 0, 255, "unit")
    if "://" in network:
        try:
            address = parse_url(network)
        except ValueError as error:
            raise ScanRefusedError(str(error)) from error
        if isinstance(address, SerialAddress):
            raise ScanRefusedError(f"{network!r} is a serial line: wattproof edge scan serial {address.path}")
        return TcpTargets((address.host,), (address.port,), _askable(asked, address.units), url=network)
    hosts = tuple(_hosts(network, large=large))
    return TcpTargets(hosts, numbers(ports, 1, 65535, "port"), asked, framing)


def _askable(asked: Iterable[int], possible: range) -> tuple[int, ...]:
    return tuple(unit for unit in asked if unit in possible)


def _hosts(network: str, *, large: bool) -> Iterable[str]:
    try:
        block = ipaddress.ip_network(network, strict=False)
    except ValueError:
        if "/" in network or not _HOST.fullmatch(network) or re.fullmatch(r"[0-9.]+", network):
            raise ScanRefusedError(
                f"{network!r} is no network; write one such as 192.168.0.0/24, an address, or a host name"
            ) from None
        return [network]
    if block.num_addresses > LARGEST_NETWORK:
        raise ScanRefusedError(
            f"{block} has {block.num_addresses:,} addresses; at most {LARGEST_NETWORK:,} (a /16) are scanned at once, "
            "so name the part of it that holds meters"
        )
    if block.num_addresses > MOST_ADDRESSES and not large:
        raise ScanRefusedError(
            f"{block} has {block.num_addresses:,} addresses, more than {MOST_ADDRESSES:,}; "
            "name a smaller part of it (a /24 has 256), or say --all if you mean all of it"
        )
    return (str(address) for address in (block.hosts() if block.num_addresses > 1 else block))


def numbers(text: str, low: int, high: int, what: str) -> tuple[int, ...]:
    """Read ``1-10,247`` as numbers, each once, in the order written.

    Raises
    ------
    ScanRefusedError
        When it is not that, or a number is outside `low` to `high`.
    """
    found: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if match is None:
            raise ScanRefusedError(f"{what} {part.strip()!r}: write numbers and ranges, e.g. 1-10,247")
        first, last = int(match[1]), int(match[2] or match[1])
        if not low <= first <= last <= high:
            raise ScanRefusedError(f"{what} {part.strip()}: must rise, within {low} to {high}")
        found.update(dict.fromkeys(range(first, last + 1)))
    return tuple(found)


def line_settings(
    path: str,
    baud: int,
    parity: str,
    stopbits: int,
    *,
    everything: bool,
    framing: LineFraming = "rtu",
    databits: int = 7,
) -> list[RtuAddress] | list[AsciiAddress]:
    """The settings to try on a line: the one asked for, or with `everything` all usual ones, that one first.

    `databits` is of ASCII only; RTU always has 8.
    """
    if framing == "ascii":
        one = AsciiAddress(path, baud, parity, stopbits, databits)
        shapes = (("E", 1, 7), ("O", 1, 7), ("N", 2, 7), ("N", 1, 8), ("E", 1, 8))
        more = [AsciiAddress(path, rate, *shape) for shape in shapes for rate in _USUAL_BAUDS] if everything else []
        return [one, *(other for other in more if other != one)]
    first = RtuAddress(path, baud, parity, stopbits)
    if not everything:
        return [first]
    others = (RtuAddress(path, rate, one, 1) for one in _USUAL_PARITIES for rate in _USUAL_BAUDS)
    return [first, *(other for other in others if other != first)]


def window_s(address: SerialAddress, turnaround_s: float = TURNAROUND_S) -> float:
    """How long to wait for the first byte of an answer, from handing over the question [s]."""
    return bus_time(_spoken(address), 3, 1).sent * address.character_s + turnaround_s + 2 * address.character_s


def _spoken(address: SerialAddress) -> RtuAddress | AsciiAddress:
    assert isinstance(address, RtuAddress | AsciiAddress)
    return address


@dataclass(frozen=True, slots=True)
class LineTime:
    """What asking every unit of a line once costs at most [s].

    Parameters
    ----------
    silent_s
        One unit that is not there.
    answering_s
        One unit that takes all the time it is given.
    sweep_s
        All units, if each took the dearer of the two.
    """

    silent_s: float
    answering_s: float
    sweep_s: float


def line_time(address: SerialAddress, units: Sequence[int], turnaround_s: float = TURNAROUND_S) -> LineTime:
    """What is physically possible: question, thinking time, answer, and 3.5 characters of silence."""
    silent = window_s(address, turnaround_s)
    bytes_of = bus_time(_spoken(address), 3, 1)
    wire = (bytes_of.sent + bytes_of.received) * address.character_s
    answering = wire + turnaround_s + address.silence_s
    return LineTime(silent, answering, len(units) * max(silent, answering))


def url_of(address: SerialAddress) -> str:
    """The URL of a line, as a site file has it."""
    line = f"{address.path}?baud={address.baud}&parity={address.parity}&stopbits={address.stopbits}"
    return f"ascii://{line}&databits={address.databits}" if isinstance(address, AsciiAddress) else f"rtu://{line}"


def network_url(scheme: str, host: str, port: int) -> str:
    """The URL of a device or gateway in a network."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def place_of(url: str) -> str:
    """Where a URL leads, without how one speaks there."""
    return urlsplit(url).netloc
