"""What paho is made to do where it has no place for it."""

from __future__ import annotations

import threading

from telemetry import Broker, new_client
from telemetry.paho_hooks import end, end_waiting, pass_over


class Watched(threading.Event):
    """An event that is not set, and nobody waits long for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return self.is_set()


def test_a_client_waits_longer_each_time_before_it_connects_again() -> None:
    client, ended = new_client(Broker(), "waits"), Watched()
    end_waiting(client, ended)
    for _ in range(7):
        client._reconnect_wait()
    assert ended.waited == [1, 2, 4, 8, 16, 30, 30]


def test_a_client_that_shall_end_waits_no_more() -> None:
    client, ended = new_client(Broker(), "ends"), threading.Event()
    client.reconnect_delay_set(min_delay=3600, max_delay=3600)
    end_waiting(client, ended)
    waiting = threading.Thread(target=client._reconnect_wait, daemon=True)
    waiting.start()
    ended.set()
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_client_gives_no_id_that_is_taken() -> None:
    client = new_client(Broker(), "counts")
    pass_over(client, {65_535, 1, 2})
    client._last_mid = 65_533
    assert [client.publish("to/all", b"x", qos=1).mid for _ in range(3)] == [65_534, 3, 4]


def test_the_end_of_a_thread_that_ends_by_itself_meanwhile_is_no_error() -> None:
    client = new_client(Broker(port=1), "ends")

    class Ending(threading.Thread):
        """Forgets itself while somebody waits for it, as paho's does."""

        def join(self, timeout: float | None = None) -> None:
            client._thread = None
            super().join(timeout)

    client._thread = Ending(target=lambda: None)
    client._thread.start()
    end(client, 20)
    assert client._thread_terminate
