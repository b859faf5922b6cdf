"""A packet that was altered on the way ends a connection, never the session."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

import telemetry.subscriptions
from telemetry import Broker, Session
from tests.parts import wait_until

CONNACK = bytes([0x20, 2, 0, 0])


@contextlib.contextmanager
def broker(first: bytes, asked: list[bytes] | None = None) -> Iterator[Broker]:
    """Answers the first SUBSCRIBE with `first`, where MM is the number it had, and every later one as it should."""
    answers = iter([first])

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                connection: socket.socket = self.request
                while head := connection.recv(2, socket.MSG_WAITALL):
                    body = connection.recv(head[1], socket.MSG_WAITALL)
                    if head[0] == 0x10:
                        connection.sendall(CONNACK)
                    elif head[0] == 0x82:
                        if asked is not None:
                            asked.append(body[2:])
                        connection.sendall(next(answers, b"\x90\x03MM\x01").replace(b"MM", body[:2]))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Broker(port=int(server.server_address[1]), keepalive_s=2)
        server.shutdown()


@pytest.mark.parametrize(
    "packet",
    [
        b"\x90\x02MM",  # a SUBACK that grants nothing
        b"\x90\x00",
        b"\x90\x04MM\x01\x01",  # and one that grants more than was asked for
        b"\x90\x03MM\x03",  # a reason that does not exist
        b"\x20\x00",
        b"\x40\x01\x00",
        b"\x30\x02\x00\x09",  # a topic longer than its packet
        b"\x32\x03\x00\x01a",  # QoS 1 without a number
        b"\xb0\x00",
        b"\x30\xff\xff\xff\xff\x01",  # a length that MQTT does not know
        b"\xf0\x00",
    ],
)
def test_after_a_broken_packet_the_session_comes_back(packet: bytes) -> None:
    with broker(packet) as where:
        ready = threading.Event()
        session = Session(where, "client", subscription="a", on_ready=ready.set, on_messages=lambda *_: None)
        session.client.reconnect_delay_set(0, 0)
        session.start()
        wait_until(ready.is_set, "the session is up", deadline_s=40)
        assert session.ready
        session.stop()


def test_a_subscription_that_was_altered_on_the_way_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry.subscriptions, "_AGAIN_S", 0.05)
    asked: list[bytes] = []
    ready: list[None] = []
    with broker(b"\x90\x04MM\x01\x01", asked) as where:
        session = Session(
            where,
            "client",
            subscription="a",
            also=["retained"],
            on_ready=lambda: ready.append(None),
            on_messages=lambda *_: None,
        )
        session.start()
        wait_until(lambda: len(asked) > 3, "it has been asked for three times more")
        session.stop()
    assert asked[0] == b"\x00\x01a\x01\x00\x08retained\x01"
    assert set(asked[1:]) == {b"\x00\x01a\x01"}
    assert len(ready) == 1
