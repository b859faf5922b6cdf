"""What a scan will ask, and how long that takes: addresses, unit numbers, line settings. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge.commissioning.errors import ScanRefusedError
from edge.links import RtuAddress

MOST_ADDRESSES: Final = 1024
"""Addresses a scan takes without being told twice: a /22 network."""
LARGEST_NETWORK: Final = 65_536
SERIAL_UNITS: Final = range(1, 248)
QUESTION_BYTES: Final = 8
ANSWER_BYTES: Final = 7
TURNAROUND_S: Final = 0.036
"""How long a unit may think before the first byte of its answer [s]: meters 5-30 ms, a USB adapter up to 16."""
_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<!-)")
_USUAL_BAUDS: Final = (9600, 19200, 38400, 115200, 4800, 57600, 2400)
_USUAL_PARITIES: Final = ("N", "E", "O")


@dataclass(frozen=True, slots=True)
class TcpTargets:
    """Hosts, each of whose ports is tried, and the units asked behind each port that opens."""

    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    units: tuple[int, ...]

    @property
    def endpoints(self) -> list[tuple[str, int]]:
        """Every host and port, in the order they are tried."""
        return [(host, port) for host in self.hosts for port in self.ports]


def tcp_targets(network: str, ports: str = "502", units: str = "1-10", *, large: bool = False) -> TcpTargets:
    """Take apart what a technician writes: ``192.0.2.0/24``, one address, or a host name.

    Parameters
    ----------
    network
        A network in CIDR notation, an address, or a name.
    ports, units
        Numbers and ranges: ``502,1502``, ``1-10,247``.
    large
        Whether more than `MOST_ADDRESSES` addresses are wanted.

    Raises
    ------
    ScanRefusedError
        When it is none of these, or too large.
    """
    hosts = tuple(_hosts(network, large=large))
    return TcpTargets(hosts, numbers(ports, 1, 65535, "port"), numbers(units, 0, 255, "unit"))


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


def line_settings(path: str, baud: int, parity: str, stopbits: int, *, everything: bool) -> list[RtuAddress]:
    """The settings to try on a line: the one asked for, or with `everything` all usual ones, that one first."""
    first = RtuAddress(path, baud, parity, stopbits)
    if not everything:
        return [first]
    others = (RtuAddress(path, rate, one, 1) for one in _USUAL_PARITIES for rate in _USUAL_BAUDS)
    return [first, *(other for other in others if other != first)]


def character_s(address: RtuAddress) -> float:
    """Time one character takes on the line [s]: start bit, eight data bits, parity, stop bits."""
    return (1 + 8 + (address.parity != "N") + address.stopbits) / address.baud


def window_s(address: RtuAddress, turnaround_s: float = TURNAROUND_S) -> float:
    """How long to wait for the first byte of an answer, from handing over the question [s]."""
    return QUESTION_BYTES * character_s(address) + turnaround_s + 2 * character_s(address)


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


def line_time(address: RtuAddress, units: Sequence[int], turnaround_s: float = TURNAROUND_S) -> LineTime:
    """What is physically possible: question, thinking time, answer, and 3.5 characters of silence."""
    silent = window_s(address, turnaround_s)
    wire = (QUESTION_BYTES + ANSWER_BYTES) * character_s(address)
    answering = wire + turnaround_s + address.silence_s
    return LineTime(silent, answering, len(units) * max(silent, answering))


def url_of(address: RtuAddress) -> str:
    """The URL of a line, as a site file has it."""
    return f"rtu://{address.path}?baud={address.baud}&parity={address.parity}&stopbits={address.stopbits}"


def tcp_url(host: str, port: int) -> str:
    """The URL of a Modbus TCP server."""
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
