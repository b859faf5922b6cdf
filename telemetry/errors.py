"""What can be wrong with telemetry.

TelemetryError
├── UnknownChannelError      a channel name outside the registry
├── InvalidNameError         a site, gateway or device id that no topic may carry
├── CertificateError         certificate files that TLS cannot use
├── PacketError              bytes of a connection that are no packet of MQTT
├── DecodeError              bytes from the wire that are not what their topic promises
│   └── DamagedError         a message whose checksum does not fit: not what was sent
└── DocumentError            a YAML document that is unreadable or breaks its model
"""

from __future__ import annotations


class TelemetryError(ValueError):
    """Anything wrong with a name, a message or a document."""


class UnknownChannelError(TelemetryError):
    """A channel name that the registry does not hold."""


class InvalidNameError(TelemetryError):
    """An id that cannot be a topic level, a tag or a file name."""


class CertificateError(TelemetryError):
    """A certificate file that cannot be read, or a certificate and key that do not fit; the text names the file."""


class PacketError(TelemetryError):
    """Bytes of a connection that are no packet of MQTT; the text says which."""


class DecodeError(TelemetryError):
    """A payload that does not decode; the text says where in it and why."""


class DamagedError(DecodeError):
    """A message whose checksum does not fit its bytes: something on the way altered them."""


class DocumentError(TelemetryError):
    """A YAML document that cannot be used.

    Parameters
    ----------
    source
        Name of the document, as its reader knows it (usually a path).
    line
        Line the problem is on, from 1; 0 when no line can be named.
    path
        The field, as in ``buses[0].devices[2].unit``; empty for the whole document.
    problem
        What is wrong and what would be right.
    """

    def __init__(self, source: str, line: int, path: str, problem: str) -> None:
        self.source = source
        self.line = line
        self.path = path
        self.problem = problem
        where = f"{source}:{line}" if line else source
        super().__init__(f"{where}: {path}: {problem}" if path else f"{where}: {problem}")
