"""Hooks into paho where it has no place for them: the socket it is given, and what a packet makes it raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from telemetry.lane import Lane

if TYPE_CHECKING:
    import socket

    from paho.mqtt.client import Client
    from paho.mqtt.enums import MQTTErrorCode


def give_sockets(client: Client, lane: Callable[[socket.socket], Lane]) -> None:
    """Have a client read through a lane, made of every socket it opens."""
    create = client._create_socket  # noqa: SLF001 - paho has no other way to be given a socket
    client._create_socket = lambda: lane(cast("socket.socket", create()))  # type: ignore[method-assign]  # noqa: SLF001


def survive(client: Client, unreadable: Callable[[Exception], None]) -> None:
    """Have a client give its connection up, and make a new one, over what would end its thread.

    A packet that was altered on the way may make paho raise; `unreadable` is then told what.
    """
    turn_of_paho = client._loop  # noqa: SLF001 - paho has no other place to catch what a packet makes it raise

    def turn(timeout: float = 1.0) -> MQTTErrorCode:
        try:
            return turn_of_paho(timeout)
        except Exception as error:
            unreadable(error)
            from paho.mqtt.enums import MQTTErrorCode  # noqa: PLC0415 - as in telemetry.mqtt

            return client._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)  # noqa: SLF001

    client._loop = turn  # type: ignore[method-assign]  # noqa: SLF001
