"""Complaints: what is wrong with a connection is told once per kind, with what to do about it."""

from __future__ import annotations

import socket
import ssl

from structlog.typing import FilteringBoundLogger


class Complaints:
    """What was told since the connection was last up.

    Parameters
    ----------
    log
        Where it is told.
    """

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._told: set[tuple[str, str]] = set()

    def tell(self, event: str, reason: str, advice: str) -> None:
        """Tell it, unless it was told already."""
        if (event, reason) not in self._told:
            self._told.add((event, reason))
            self._log.error(event, reason=reason, advice=advice)

    def told(self, event: str) -> bool:
        """Whether something of a kind was told."""
        return any(known == event for known, _ in self._told)

    def settle(self) -> None:
        """All is well: whatever is wrong from now on is news."""
        self._told.clear()


def advice_on(error: BaseException | None) -> str:
    """What a technician can do about a connection that does not come up."""
    match error:
        case ssl.SSLCertVerificationError():
            return "the broker's certificate is not from the authority in tls.ca, or was made for another host name"
        case ssl.SSLError():
            return "TLS failed: check that this port speaks TLS, and the client certificate and key"
        case ConnectionRefusedError():
            return "nothing listens there: start the broker, or check host and port"
        case socket.gaierror():
            return "no such host: check its name and the name server"
        case TimeoutError():
            return "no answer: check address, network and firewall"
        case _:
            return "check host, port and network"
