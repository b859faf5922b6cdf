"""The MQTT broker that one-box use and the demo bring along: amqtt, with generated credentials and topic rights.

Behind the end-to-end acknowledgement its queue need not be durable. A programme runs mosquitto or a cluster instead.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from telemetry import ACK, BATCH, BIRTH, STATE, alarms_topic, topic
from wattproof.errors import UnavailableError

if TYPE_CHECKING:
    from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler

USERS: Final = ("gateway", "collector", "api")
_ALL: Final = ("+", "+")
_PUBLISH: Final = {
    "gateway": [topic(*_ALL, BATCH), topic(*_ALL, BIRTH), topic(*_ALL, STATE)],
    "collector": [topic(*_ALL, ACK), alarms_topic("+")],
    "api": [],
}
_SUBSCRIBE: Final = {
    "gateway": [topic(*_ALL, ACK)],
    "collector": [topic(*_ALL, BATCH), topic(*_ALL, BIRTH), topic(*_ALL, STATE)],
    "api": [topic(*_ALL, BIRTH), topic(*_ALL, STATE), alarms_topic("+")],
}


_GRACE_S: Final = 10
"""How much longer than its keep-alive a client may be silent [s]: with the usual 20 s, MQTT's one and a half times."""


class Address(msgspec.Struct, frozen=True):
    """Where the broker listens."""

    host: str
    port: int


def credentials(folder: Path) -> dict[str, str]:
    """Passwords by user, generated once and kept in `folder` (readable by its owner only)."""
    file = folder / "broker-users.json"
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    folder.mkdir(parents=True, exist_ok=True)
    users = {user: secrets.token_urlsafe(24) for user in USERS}
    _write_private(file, msgspec.json.encode(users))
    return users


def bind(host: str, port: int) -> socket.socket:
    """Bind the broker's socket before anything is started, so that a port in use is told in one sentence.

    Raises
    ------
    UnavailableError
        The port is in use or may not be bound.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UnavailableError(
            f"MQTT broker: cannot listen on {host}:{port}: {error.strerror}; stop what uses the port or choose another"
        ) from error
    return listener


async def serve(host: str, port: int, folder: Path, ready: Callable[[Address], None], stop: asyncio.Event) -> None:
    """Run the broker until `stop` is set.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes any free one.
    folder
        Where the credentials are kept.
    ready
        Called once with the address, when clients may connect.
    stop
        Ends it.

    Raises
    ------
    UnavailableError
        The port is in use.
    """
    from amqtt.broker import Broker as Amqtt
    from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    probe = bind(host, port)
    port = int(probe.getsockname()[1])
    probe.close()
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192),))
    passwords = folder / "broker-passwords.txt"
    lines = [f"{user}:{hasher.hash(password)}" for user, password in credentials(folder).items()]
    _write_private(passwords, ("\n".join(lines) + "\n").encode())
    config: dict[str, Any] = {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
        "timeout_disconnect_delay": _GRACE_S,
        "plugins": {
            "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(passwords)},
            "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {
                "publish_acl": _PUBLISH,
                "acl": _SUBSCRIBE,
            },
        },
    }
    BrokerProtocolHandler.handle_read_timeout = _end_silent
    broker = Amqtt(config)
    await broker.start()
    try:
        ready(Address(host, port))
        await stop.wait()
    finally:
        await broker.shutdown()


def _end_silent(handler: BrokerProtocolHandler) -> None:
    """End the session of a client that was silent for too long, so that its last will is told (MQTT-3.1.2-24).

    amqtt notices and does nothing: a gateway without power would be online for ever.
    """
    ended = handler._disconnect_waiter  # noqa: SLF001 - amqtt's own handlers of an end set just this
    if ended is not None and not ended.done():
        ended.set_result(None)


def _write_private(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        output.write(content)
