"""Which InfluxDB answers, told from what it says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from storage.influx.connection import Connection
from storage.influx.refusals import StatusError

Family = Literal["1.x", "2.x", "3.x", "cloud", "unknown"]

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Edition:
    """A server's version and what follows from it.

    Attributes
    ----------
    family
        Whose ways it has. Cloud names no version; ``unknown`` also stands for servers that only speak the protocol.
    version, build
        In the server's own words; empty when it keeps them to itself.
    write_path
        Where lines are posted.
    """

    family: Family
    version: str
    build: str
    write_path: str

    @property
    def said(self) -> str:
        """Version and build for a person."""
        return " ".join(word for word in (self.version or self.family, self.build) if word)


def find_edition(connection: Connection, parameters: list[tuple[str, str]]) -> Edition:
    """Ask for the version; where there is none, try the newer door.

    Every InfluxDB but Cloud (TSM) names its version in the headers of ``/ping``
    (https://docs.influxdata.com/influxdb/v2/api/ping/, https://docs.influxdata.com/influxdb3/core/api/server-information/);
    a proxy may have taken them away, so 2.x is asked once more at ``/health``.

    Parameters
    ----------
    parameters
        Of a write to ``/api/v2/write``.

    Raises
    ------
    StatusError, StoreUnavailableError
        When the server cannot answer now.
    """
    version, build = _ping(connection)
    found = _VERSION.match(version or _health(connection))
    if found is None:
        path = _probe(connection, parameters)
        cloud = "cloud" in build.lower() or ".influxdata.com" in connection.url
        return Edition("cloud" if cloud else "unknown", version, build, path)
    major, minor = int(found[1]), int(found[2])
    family: Family = "1.x" if major < 2 else "2.x" if major == 2 else "3.x"
    # 2.x and 3.x take a user and password on the paths of 1.x only.
    newer = (major, minor) >= (1, 8) and (connection.has_token or major == 1)
    return Edition(family, version or found.string, build, "/api/v2/write" if newer else "/write")


def _ping(connection: Connection) -> tuple[str, str]:
    try:
        response = connection.call("GET", "/ping")
    except StatusError as error:
        if error.means_later:
            raise
        return "", ""
    response.drain_conn()
    return response.headers.get("X-Influxdb-Version", ""), response.headers.get("X-Influxdb-Build", "")


def _health(connection: Connection) -> str:
    """The version that 2.x gives with its health; a server that is not well (503) still tells it."""
    try:
        said: Any = msgspec.json.decode(connection.call("GET", "/health").data)
    except (StatusError, msgspec.DecodeError):
        return ""
    version = said.get("version") if isinstance(said, dict) else ""
    return version if isinstance(version, str) else ""


def _probe(connection: Connection, parameters: list[tuple[str, str]]) -> str:
    """Ask a server of unknown version: an empty write does nothing, and fails where the path is missing."""
    path = "/api/v2/write"
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        connection.call("POST", path, parameters, headers, b"\n").drain_conn()
    except StatusError as error:
        if error.means_later:
            raise
        if error.status in {404, 405} and not error.said_by_influxdb:
            return "/write"
    return path
