"""Complaints: what is wrong with a connection is told once per kind, with what to do about it."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from structlog.typing import FilteringBoundLogger

_MOST_TOLD: Final = 100
"""A broker that finds a new reason each second shall fill neither log nor memory."""
_LONGEST_REASON: Final = 300
"""Characters of a reason that are shown: some errors carry the packet they are about."""


_CREDENTIALS: Final = "check username and password, and that the broker lets this client id in"
_RETAIN: Final = "let the broker keep retained messages (mosquitto: retain_available, EMQX: mqtt.retain_available)"


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

    def unreachable(self, error: BaseException | None) -> None:
        """No connection could be made."""
        self._tell("mqtt_unreachable", str(error) or type(error).__name__, _advice_on(error))

    def refused(self, reason: str) -> None:
        """The broker did not let us in."""
        self._tell("mqtt_refused", reason, _RETAIN if "retain" in reason.lower() else _CREDENTIALS)

    def closed_before_login(self, reason: str) -> None:
        """The connection ended before the broker had said anything."""
        if not any(event == "mqtt_refused" for event, _ in self._told):  # which ends it as well
            self._tell(
                "mqtt_closed_before_login", reason,
                "the broker may ask for a client certificate (tls.certificate, tls.key) or for TLS on this port, "
                "or take no last will, for it keeps no retained messages (mosquitto: retain_available)",
            )  # fmt: skip

    def subscription_refused(self, wanted: str, reason: str) -> None:
        """The broker does not let us hear something."""
        self._tell(
            "mqtt_subscription_refused", f"{wanted}: {reason}",
            "allow this user to read that topic in the broker's access list",
        )  # fmt: skip

    def lost(self, reason: str) -> None:
        """A connection that was logged in has ended."""
        self._tell("mqtt_lost", reason, "it is tried again; check the network if this stays")

    def unreadable(self, error: Exception) -> None:
        """The broker's bytes make no sense."""
        self._tell(
            "mqtt_unreadable", f"{type(error).__name__}: {error}",
            "something on the way alters bytes, or the broker does not keep to MQTT; it connects again",
        )  # fmt: skip

    def settle(self) -> None:
        """All is well: whatever is wrong from now on is news."""
        self._told.clear()

    def _tell(self, event: str, reason: str, advice: str) -> None:
        shown = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
        if (event, shown) not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add((event, shown))
            self._log.error(event, reason=shown, advice=advice)


def _advice_on(error: BaseException | None) -> str:
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
