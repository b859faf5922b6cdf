"""Hooks into paho where it has no place for them: its sockets, its waits, its ids, and what would end its thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, cast

from telemetry.lane import Lane

if TYPE_CHECKING:
    import socket

    from paho.mqtt.client import Client
    from paho.mqtt.enums import MQTTErrorCode


def give_sockets(client: Client, lane: Callable[[socket.socket], Lane], ended: threading.Event) -> None:
    """Have a client read through a lane, made of every socket it opens; it opens none once `ended` is set."""
    create = client._create_socket  # noqa: SLF001 - paho has no other way to be given a socket

    def opened() -> Lane:
        if not ended.is_set():
            connection = cast("socket.socket", create())
            if not ended.is_set():
                return lane(connection)
            connection.close()
        raise ConnectionAbortedError("the session has ended")

    client._create_socket = opened  # type: ignore[method-assign]  # noqa: SLF001


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

    A packet that was altered on the way may make paho raise; `unreadable` is then told what. And not every connection
    that cannot be made fails with an OSError: a host's name that is none, or a certificate that no longer fits its key,
    fails as one, too.
    """
    turn_of_paho = client._loop  # noqa: SLF001 - paho has no other place to catch what a packet makes it raise
    connect_of_paho = client.reconnect

    def turn(timeout: float = 1.0) -> MQTTErrorCode:
        try:
            return turn_of_paho(timeout)
        except Exception as error:
            unreadable(error)
            from paho.mqtt.enums import MQTTErrorCode  # noqa: PLC0415 - as in telemetry.mqtt

            return client._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)  # noqa: SLF001

    def connect() -> MQTTErrorCode:
        try:
            return connect_of_paho()
        except OSError:
            raise
        except Exception as error:
            raise ConnectionError(str(error) or type(error).__name__) from error

    client._loop = turn  # type: ignore[method-assign]  # noqa: SLF001
    client.reconnect = connect  # type: ignore[method-assign]


def hold_back(client: Client, most: int) -> None:
    """Have a client that is being let in send `most` messages before the broker confirms one, old ones included.

    paho knows such a limit, but not the broker's own (MQTT 5.0, section 3.3.4), and forgets it on every new connection:
    there it sends all it has, and a broker that counts ends the connection, again and again.
    """
    from paho.mqtt.enums import MessageState  # noqa: PLC0415 - as above

    client._max_inflight_messages = most  # noqa: SLF001 - the way that is public is closed while connected
    with client._out_message_mutex:  # noqa: SLF001
        for nth, message in enumerate(client._out_messages.values()):  # noqa: SLF001
            if nth >= most and message.state == MessageState.MQTT_MS_PUBLISH:
                message.state = MessageState.MQTT_MS_QUEUED


def going(client: Client) -> list[int]:
    """Sizes of the messages that a client was given and the broker has not confirmed [bytes]."""
    with client._out_message_mutex:  # noqa: SLF001 - there is no other way to see them
        return [len(message.payload) for message in client._out_messages.values()]  # noqa: SLF001


def withdraw(client: Client, unwanted: Callable[[int], bool]) -> None:
    """Have a client, while it has no connection, forget those of them whose size [bytes] is unwanted."""
    with client._out_message_mutex:  # noqa: SLF001
        of_paho = client._out_messages  # noqa: SLF001
        for mid in [mid for mid, message in of_paho.items() if unwanted(len(message.payload))]:
            del of_paho[mid]


def pass_over(client: Client, taken: Container[int]) -> None:
    """Have a client give none of its messages an id that is `taken`; some must be left, of 65,535."""
    number = client._mid_generate  # noqa: SLF001 - there is no other way to tell it

    def free() -> int:
        mid = number()
        while mid in taken:
            mid = number()
        return mid

    client._mid_generate = free  # type: ignore[method-assign]  # noqa: SLF001


def end(client: Client, timeout_s: float | None = None) -> None:
    """End a client's thread, and what it leaves open; waits at most `timeout_s` [s], for it may hang in a connect.

    paho's own way (`loop_stop`) fails when the thread ends by itself in that moment, as it does after a `disconnect`,
    and leaves a connection open that nobody reads when the thread is told to end while it logs in.
    """
    thread = client._thread  # noqa: SLF001 - looked up once: paho forgets it when it ends
    client._thread_terminate = True  # noqa: SLF001
    if thread is not None and thread is not threading.current_thread():
        thread.join(timeout_s)
    if thread is None or not thread.is_alive():
        client._sock_close()  # noqa: SLF001


def end_well(client: Client) -> None:
    """Have a client's own `loop_stop` end it as `end` does."""

    def stop() -> MQTTErrorCode:
        from paho.mqtt.enums import MQTTErrorCode  # noqa: PLC0415 - as in telemetry.mqtt

        end(client)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    client.loop_stop = stop  # type: ignore[method-assign]
