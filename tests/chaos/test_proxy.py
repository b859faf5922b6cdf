"""The faulty line does what it says, and is an honest line when it is told to be."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from chaos.proxy import Proxy
from tests.chaos.parts import connected, echoed
from tests.parts import wait_until


def ended(connection: socket.socket) -> bool:
    try:
        return echoed(connection, b"is anybody there?") == b""
    except ConnectionError:
        return True


def test_without_a_fault_every_byte_arrives(line: Proxy) -> None:
    data = bytes(range(256)) * 4000
    with connected(line) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        received = b""
        while len(received) < len(data):
            received += connection.recv(65_536)
        sender.join()
        assert received == data


def test_a_cut_resets_what_is_open_and_refuses_what_is_new_until_it_ends(line: Proxy) -> None:
    with connected(line) as open_before:
        assert echoed(open_before, b"alive") == b"alive"
        line.begin("cut")
        assert ended(open_before)
    with connected(line) as new:
        assert ended(new)
    line.end("cut")
    with connected(line) as after:
        assert echoed(after, b"alive") == b"alive"


def test_a_half_open_connection_says_nothing_for_ever_and_a_new_one_works(line: Proxy) -> None:
    with connected(line) as forgotten:
        assert echoed(forgotten, b"alive") == b"alive"
        line.begin("half_open")
        line.end("half_open")
        forgotten.sendall(b"is anybody there?")
        with connected(line) as new:
            assert echoed(new, b"alive") == b"alive"
        forgotten.settimeout(0.2)
        with pytest.raises(TimeoutError):
            forgotten.recv(10)
    assert line.connections == 1  # its other side has not been told


def test_a_corrupting_line_alters_bytes_and_loses_none(line: Proxy) -> None:
    with connected(line) as connection:
        line.begin("corrupt")
        received = [echoed(connection, bytes(1000)) for _ in range(20)]
        assert {len(each) for each in received} == {1000}
        assert 1 <= sum(map(bool, b"".join(received))) <= line.altered
        line.end("corrupt")
        assert echoed(connection, bytes(1000)) == bytes(1000)


def test_a_corruption_that_nothing_passed_strikes_what_comes_next(line: Proxy) -> None:
    line.begin("corrupt")
    line.end("corrupt")
    with connected(line) as connection:
        received = [echoed(connection, bytes(100)) for _ in range(20)]
    assert sum(any(each) for each in received) == 1


@pytest.mark.parametrize("fault", ["delay", "throttle"])
def test_a_slow_line_brings_everything_late(line: Proxy, fault: str) -> None:
    with connected(line) as connection:
        line.begin(fault)  # type: ignore[arg-type]
        began = time.monotonic()
        assert echoed(connection, b"x" * 1000) == b"x" * 1000
        assert time.monotonic() - began >= 0.25  # what the fault adds, at least
        line.end(fault)  # type: ignore[arg-type]


def test_nobody_behind_the_line_is_a_reset(line: Proxy) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        line.target = probe.getsockname()[1]  # bound, and nobody listens
        with connected(line) as connection, contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""


def test_a_proxy_that_is_stopped_ends_its_connections_and_its_thread(line: Proxy) -> None:
    other = Proxy(line.target, seed=2)
    with connected(other) as connection:
        assert echoed(connection, b"alive") == b"alive"
        other.begin("half_open")
        other.stop()
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
    wait_until(lambda: not other._thread.is_alive(), "its thread has ended")
