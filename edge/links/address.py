"""Where a bus is: ``tcp://host:port`` or ``rtu:///dev/ttyUSB0?baud=9600&parity=N&stopbits=1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

TCP_PORT: Final = 502
_BAUDS: Final = (1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 230400)
_FAST_SILENCE_S: Final = 0.00175


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A Modbus TCP server: a device, or a gateway with devices behind it."""

    host: str
    port: int

    def __str__(self) -> str:
        """As a technician writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def units(self) -> range:
        """Unit numbers that can be asked for."""
        return range(256)


@dataclass(frozen=True, slots=True)
class RtuAddress:
    """A serial line; always 8 data bits."""

    path: str
    baud: int = 9600
    parity: str = "N"
    stopbits: int = 1

    def __str__(self) -> str:
        """As a technician writes it."""
        return f"{self.path} at {self.baud} 8{self.parity}{self.stopbits}"

    @property
    def units(self) -> range:
        """Unit numbers that can be asked for; 0 is a broadcast, which nobody answers."""
        return range(1, 248)

    @property
    def silence_s(self) -> float:
        """The pause that ends a frame [s]: 3.5 characters, 1.75 ms above 19,200 baud."""
        if self.baud > 19200:
            return _FAST_SILENCE_S
        bits = 1 + 8 + (self.parity != "N") + self.stopbits
        return 3.5 * bits / self.baud


Address = TcpAddress | RtuAddress


def parse_url(url: str) -> Address:
    """Take a bus's URL apart.

    Raises
    ------
    ValueError
        When it is none; the text says what would be one.
    """
    parts = urlsplit(url)
    if parts.scheme == "tcp":
        return _tcp(url)
    if parts.scheme == "rtu":
        return _rtu(url)
    raise ValueError(f"{url!r} must begin with tcp:// (Modbus TCP) or rtu:/// (a serial line)")


def _tcp(url: str) -> TcpAddress:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r}: the port must be 1-65535") from error
    if not parts.hostname or port == 0 or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"{url!r} must be tcp://HOST or tcp://HOST:PORT")
    return TcpAddress(parts.hostname, TCP_PORT if port is None else port)


def _rtu(url: str) -> RtuAddress:
    parts = urlsplit(url)
    if parts.netloc or not parts.path.strip("/"):
        raise ValueError(f"{url!r} must be rtu:///dev/DEVICE with three slashes, e.g. rtu:///dev/ttyUSB0?baud=9600")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = set(options) - {"baud", "parity", "stopbits"}
    if unknown:
        raise ValueError(f"{url!r}: unknown {', '.join(sorted(unknown))}; known are baud, parity, stopbits")
    baud, parity, stopbits = options.get("baud", "9600"), options.get("parity", "N"), options.get("stopbits", "1")
    if not baud.isdecimal() or int(baud) not in _BAUDS:
        raise ValueError(f"{url!r}: baud must be one of {', '.join(map(str, _BAUDS))}")
    if parity not in {"N", "E", "O"}:
        raise ValueError(f"{url!r}: parity must be N (none), E (even) or O (odd)")
    if stopbits not in {"1", "2"}:
        raise ValueError(f"{url!r}: stopbits must be 1 or 2")
    return RtuAddress(unquote(parts.path), int(baud), parity, int(stopbits))
