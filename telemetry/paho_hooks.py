"""Hooks into paho where it has no place for them: the socket it is given, and what a packet makes it raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from telemetry.lane import Lane

if TYPE_CHECKING:
    import socket
    import threading

    from paho.mqtt.client import Client
    from paho.mqtt.enums import MQTTErrorCode


def give_sockets(client: Client, lane: Callable[[socket.socket], Lane]) -> None:
    """Have a client read through a lane, made of every socket it opens."""
    create = client._create_socket  # noqa: SLF001 - paho has no other way to be given a socket
    client._create_socket = lambda: lane(cast("socket.socket", create()))  # type: ignore[method-assign]  # noqa: SLF001


def end_waiting(client: Client, ended: threading.Event) -> None:
    """Have a client's wait before it connects again be over as soon as `ended` is set.

    paho looks only every second whether it shall end, and a thread that still sleeps when the program ends keeps
    what its libraries made from being given back: DuckDB's complains of leaks.
    """

    def wait() -> None:
        with client._reconnect_delay_mutex:  # noqa: SLF001 - paho's own way to wait, but for what ends it
            last, most = client._reconnect_delay, client._reconnect_max_delay  # noqa: SLF001
            delay = client._reconnect_min_delay if last is None else min(2 * last, most)  # noqa: SLF001
            client._reconnect_delay = delay  # noqa: SLF001
        ended.wait(delay)

    client._reconnect_wait = wait  # type: ignore[method-assign]  # noqa: SLF001


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
