"""What paho is made to do where it has no place for it."""

from __future__ import annotations

import threading

import pytest

from telemetry import Broker, new_client
from telemetry.paho_hooks import end_waiting, pass_over


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


def test_a_client_may_be_stopped_in_the_moment_its_thread_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    client = new_client(Broker(port=1), "ends")
    thread = threading.Thread(target=lambda: None)
    thread.start()
    seen = iter([thread, thread])  # and then it is forgotten
    forgetful = type("Forgetful", (type(client),), {"_thread": property(lambda _: next(seen, None))})
    monkeypatch.setattr(client, "__class__", forgetful)
    client.loop_stop()
    assert client._thread_terminate
