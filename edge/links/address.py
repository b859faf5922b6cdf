"""Where a bus is and how frames travel on it.

A device on its own connection, or a gateway: ``tcp://host:502`` (Modbus TCP), ``rtu+tcp://host:port`` and
``ascii+tcp://host:port`` (serial frames in a TCP connection), ``tls://host:802?ca=…&certificate=…&key=…`` (Modbus/TCP
Security). A serial line: ``rtu:///dev/ttyUSB0?baud=9600&parity=N&stopbits=1``, ``ascii:///dev/ttyUSB0?baud=9600``.
``guard_ms`` may follow each: how long the wire must be silent before a question.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

TCP_PORT: Final = 502
TLS_PORT: Final = 802
"""Registered for Modbus/TCP Security (its protocol specification, 2018, 6)."""
_BAUDS: Final = (1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 230400)
_FAST_SILENCE_S: Final = 0.00175
_LONGEST_GUARD_MS: Final = 1000
_ANY_UNIT: Final = range(256)
_SERIAL_UNITS: Final = range(1, 248)
"""0 is a broadcast, which nobody answers."""


@dataclass(frozen=True, slots=True)
class NetworkAddress:
    """Something that is connected to; `guard_s` [s] is kept between an answer and the next question."""

    host: str
    port: int
    guard_s: float = 0.0

    def __str__(self) -> str:
        """As a technician writes it."""
        return self.place

    @property
    def place(self) -> str:
        """What two buses cannot share."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def units(self) -> range:
        """Unit numbers that can be asked for."""
        return _ANY_UNIT

    @property
    def silence_s(self) -> float:
        """The pause that ends a frame [s]: none where frames carry their length."""
        return 0.0


@dataclass(frozen=True, slots=True)
class TcpAddress(NetworkAddress):
    """A Modbus TCP server: a device, or a gateway with devices behind it."""


@dataclass(frozen=True, slots=True)
class TlsAddress(NetworkAddress):
    """A Modbus TCP server behind TLS.

    Parameters
    ----------
    ca
        Certificates it is trusted by (PEM file); empty means the system's.
    certificate, key
        Who we are (PEM files); empty where the server does not ask.
    name
        The name its certificate must carry; empty means `host`.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""
    name: str = ""

    def __str__(self) -> str:
        """As a technician writes it."""
        return f"{self.place} (TLS)"


@dataclass(frozen=True, slots=True)
class _SerialFramesAddress(NetworkAddress):
    @property
    def units(self) -> range:
        """Unit numbers that can be asked for."""
        return _SERIAL_UNITS

    @property
    def silence_s(self) -> float:
        """The pause after which no second answer is expected [s]; the line's own is the gateway's business."""
        return _FAST_SILENCE_S


@dataclass(frozen=True, slots=True)
class RtuTcpAddress(_SerialFramesAddress):
    """A gateway that passes RTU frames through a TCP connection as they are."""

    def __str__(self) -> str:
        """As a technician writes it."""
        return f"{self.place} (RTU)"


@dataclass(frozen=True, slots=True)
class AsciiTcpAddress(_SerialFramesAddress):
    """A gateway that passes ASCII frames through a TCP connection as they are."""

    def __str__(self) -> str:
        """As a technician writes it."""
        return f"{self.place} (ASCII)"


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A serial line; `guard_s` [s] is kept between an answer and the next question."""

    path: str
    baud: int = 9600
    parity: str = "N"
    stopbits: int = 1
    databits: int = 8
    guard_s: float = 0.0

    def __str__(self) -> str:
        """As a technician writes it."""
        return f"{self.path} at {self.baud} {self.databits}{self.parity}{self.stopbits}"

    @property
    def place(self) -> str:
        """What two buses cannot share."""
        return posixpath.normpath(self.path)

    @property
    def units(self) -> range:
        """Unit numbers that can be asked for."""
        return _SERIAL_UNITS

    @property
    def character_s(self) -> float:
        """Time one character takes [s]."""
        return (1 + self.databits + (self.parity != "N") + self.stopbits) / self.baud

    @property
    def silence_s(self) -> float:
        """The pause that ends a frame [s]: 3.5 characters, 1.75 ms above 19,200 baud (Serial Line Guide 2.5.1.1)."""
        return _FAST_SILENCE_S if self.baud > 19200 else 3.5 * self.character_s


@dataclass(frozen=True, slots=True)
class RtuAddress(SerialAddress):
    """A serial line with RTU frames; always 8 data bits."""


@dataclass(frozen=True, slots=True)
class AsciiAddress(SerialAddress):
    """A serial line with ASCII frames, 7E1 unless said otherwise."""

    parity: str = "E"
    databits: int = 7

    def __str__(self) -> str:
        """As a technician writes it."""
        return f"{self.path} at {self.baud} {self.databits}{self.parity}{self.stopbits} (ASCII)"


Address = TcpAddress | TlsAddress | RtuTcpAddress | AsciiTcpAddress | RtuAddress | AsciiAddress


def parse_url(url: str) -> Address:
    """Take a bus's URL apart.

    Raises
    ------
    ValueError
        When it is none; the text says what would be one.
    """
    scheme = urlsplit(url).scheme
    if scheme in _PARSERS:
        return _PARSERS[scheme](url)
    raise ValueError(
        f"{url!r} must begin with tcp:// (Modbus TCP), tls://, rtu+tcp:// or ascii+tcp:// (a serial gateway), "
        "rtu:/// or ascii:/// (a serial line)"
    )


def _tcp(url: str) -> TcpAddress:
    host, port, options = _network(url, TCP_PORT, ())
    return TcpAddress(host, port, _guard_s(url, options))


def _rtu_tcp(url: str) -> RtuTcpAddress:
    host, port, options = _network(url, None, ())
    return RtuTcpAddress(host, port, _guard_s(url, options))


def _ascii_tcp(url: str) -> AsciiTcpAddress:
    host, port, options = _network(url, None, ())
    return AsciiTcpAddress(host, port, _guard_s(url, options))


def _tls(url: str) -> TlsAddress:
    host, port, options = _network(url, TLS_PORT, ("ca", "certificate", "key", "name"))
    if ("certificate" in options) != ("key" in options):
        raise ValueError(f"{url!r}: certificate and key belong together; give both or neither")
    files = {name: options.get(name, "") for name in ("ca", "certificate", "key", "name")}
    return TlsAddress(host, port, _guard_s(url, options), **files)


def _network(url: str, port: int | None, known: tuple[str, ...]) -> tuple[str, int, dict[str, str]]:
    parts = urlsplit(url)
    try:
        given = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r}: the port must be 1-65535") from error
    port = port if given is None else given
    if not parts.hostname or not port or parts.path not in {"", "/"} or parts.fragment or "@" in parts.netloc:
        or_without = "" if port is None else f"{parts.scheme}://HOST or "
        raise ValueError(f"{url!r} must be {or_without}{parts.scheme}://HOST:PORT")
    return parts.hostname, port, _options(url, (*known, "guard_ms"))


def _rtu(url: str) -> RtuAddress:
    path, options = _serial(url, ("baud", "parity", "stopbits"))
    return RtuAddress(path, *_settings(url, options, parity="N"), guard_s=_guard_s(url, options))


def _ascii(url: str) -> AsciiAddress:
    path, options = _serial(url, ("baud", "parity", "stopbits", "databits"))
    databits = options.get("databits", "7")
    if databits not in {"7", "8"}:
        raise ValueError(f"{url!r}: databits must be 7 or 8")
    line = _settings(url, options, parity="E")
    return AsciiAddress(path, *line, databits=int(databits), guard_s=_guard_s(url, options))


def _serial(url: str, known: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    if parts.netloc or not parts.path.strip("/"):
        example = f"{parts.scheme}:///dev/ttyUSB0?baud=9600"
        raise ValueError(f"{url!r} must be {parts.scheme}:///dev/DEVICE with three slashes, e.g. {example}")
    return unquote(parts.path), _options(url, (*known, "guard_ms"))


def _settings(url: str, options: dict[str, str], parity: str) -> tuple[int, str, int]:
    baud, parity, stopbits = options.get("baud", "9600"), options.get("parity", parity), options.get("stopbits", "1")
    if not baud.isdecimal() or int(baud) not in _BAUDS:
        raise ValueError(f"{url!r}: baud must be one of {', '.join(map(str, _BAUDS))}")
    if parity not in {"N", "E", "O"}:
        raise ValueError(f"{url!r}: parity must be N (none), E (even) or O (odd)")
    if stopbits not in {"1", "2"}:
        raise ValueError(f"{url!r}: stopbits must be 1 or 2")
    return int(baud), parity, int(stopbits)


def _options(url: str, known: tuple[str, ...]) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    options = dict(pairs)
    unknown = set(options) - set(known)
    if unknown:
        raise ValueError(f"{url!r}: unknown {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    if len(options) != len(pairs):
        raise ValueError(f"{url!r}: something is said twice")
    return options


def _guard_s(url: str, options: dict[str, str]) -> float:
    guard = options.get("guard_ms", "0")
    if not guard.isdecimal() or int(guard) > _LONGEST_GUARD_MS:
        raise ValueError(f"{url!r}: guard_ms must be 0 to {_LONGEST_GUARD_MS}")
    return int(guard) / 1000


_PARSERS: Final[dict[str, Callable[[str], Address]]] = {
    "tcp": _tcp,
    "tls": _tls,
    "rtu+tcp": _rtu_tcp,
    "ascii+tcp": _ascii_tcp,
    "rtu": _rtu,
    "ascii": _ascii,
}
