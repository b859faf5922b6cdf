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
from typing import Any, Final

import msgspec

from telemetry import ACK, BATCH, BIRTH, STATE, alarms_topic, topic
from wattproof.errors import UnavailableError

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
        "plugins": {
            "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(passwords)},
            "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {
                "publish_acl": _PUBLISH,
                "acl": _SUBSCRIBE,
            },
        },
    }
    broker = Amqtt(config)
    await broker.start()
    try:
        ready(Address(host, port))
        await stop.wait()
    finally:
        await broker.shutdown()


def _write_private(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        output.write(content)
