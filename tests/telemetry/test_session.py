"""What a session sends past paho arrives, whatever becomes of the connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Literal

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from telemetry import Broker, Publish, Session
from tests.parts import wait_until


class Peer:
    """A session, and what it has heard."""

    def __init__(self, broker: Broker, name: str, subscription: str) -> None:
        self.heard: list[bytes] = []
        self.ready = threading.Event()
        self.session = Session(
            broker, name, subscription=subscription, on_ready=self.ready.set, on_messages=self._on_messages
        )

    def _on_messages(self, messages: Sequence[Publish], _connection: int) -> None:
        self.heard += [message.payload for message in messages]

    @property
    def unconfirmed(self) -> int:
        """How many the broker has not confirmed."""
        return self.session.unconfirmed


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_many_small_messages_arrive_in_order_and_are_forgotten_when_confirmed(
    mosquitto: Broker, protocol: Literal["3.1.1", "5"]
) -> None:
    listener = Peer(mosquitto, "listener", "to/#")
    sender = Peer(Broker(port=mosquitto.port, protocol=protocol), "sender", "nothing")
    sent = [str(number).encode() for number in range(500)]
    for peer in (listener, sender):
        peer.session.start()
        assert peer.ready.wait(20)
    sender.session.publish_all((f"to/{payload.decode()}", payload) for payload in sent)
    wait_until(lambda: len(listener.heard) >= len(sent), "all have arrived")
    assert listener.heard == sent
    wait_until(lambda: not sender.unconfirmed, "all are confirmed")
    for peer in (listener, sender):
        peer.session.stop()


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_broker_that_confirms_nothing_does_not_fill_the_memory(
    protocol: Literal["3.1.1", "5"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.outgoing._MOST_UNCONFIRMED", 20)
    sender = Peer(Broker(port=1, protocol=protocol), "sender", "nothing")
    for _ in range(10):
        sender.session.publish_all([("to/me", b"x")] * 10)
    assert sender.unconfirmed + len(sender.session.client._out_messages) == 21


def test_as_many_acknowledgements_as_a_backlog_takes_wait_for_their_confirmation() -> None:
    # A broker that delivers a hundred thousand batches confirms what they are answered with behind them.
    sender = Peer(Broker(port=1), "sender", "nothing")
    for _ in range(50):
        sender.session.publish_all([("to/me", b"x")] * 1000)
    assert sender.unconfirmed == 50_000


def test_no_two_messages_under_way_have_the_same_id() -> None:
    sender = Peer(Broker(port=1), "sender", "nothing").session
    sender.client._last_mid = 65_533
    of_paho = [sender.publish("to/me", b"x").mid]
    past_it = sender.publish_all([("to/me", b"x")] * 2)
    sender.client._last_mid = 65_533
    past_it += sender.publish_all([("to/me", b"x")])
    of_paho.append(sender.publish("to/me", b"x").mid)
    assert (of_paho, past_it) == ([65_534, 3], [65_535, 1, 2])


def test_what_was_not_confirmed_is_sent_again_on_the_next_connection(mosquitto: Broker) -> None:
    listener, sender = Peer(mosquitto, "listener", "to/#"), Peer(mosquitto, "sender", "nothing")
    listener.session.start()
    assert listener.ready.wait(20)
    sender.session.publish_all([("to/me", b"kept")])
    assert sender.unconfirmed == 1
    sender.session.start()
    wait_until(lambda: b"kept" in listener.heard, "what was sent before there was a connection arrives")
    wait_until(lambda: not sender.unconfirmed, "it is confirmed")
    for peer in (listener, sender):
        peer.session.stop()


@contextlib.contextmanager
def altering_the_first_subscription(broker: Broker) -> Iterator[Broker]:
    """A line to a broker that makes a ping of the first SUBSCRIBE."""
    listener = socket.create_server(("127.0.0.1", 0))
    altered = threading.Event()

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if data[0] == 0x82 and not altered.is_set():
                    altered.set()
                    data = b"\xc0" + data[1:]
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                ours = socket.create_connection(("127.0.0.1", broker.port))
                threading.Thread(target=carry, args=(client, ours), daemon=True).start()
                threading.Thread(target=carry, args=(ours, client), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield Broker(port=listener.getsockname()[1])
    listener.close()
    assert altered.is_set()


def test_a_subscription_that_is_never_answered_is_asked_for_again(
    mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.subscriptions._AGAIN_S", 0.1)
    with altering_the_first_subscription(mosquitto) as line:
        peer = Peer(line, "peer", "to/me")
        peer.session.start()
        assert peer.ready.wait(20)
        peer.session.publish_all([("to/me", b"heard")])
        wait_until(lambda: peer.heard == [b"heard"], "what is sent arrives")
        peer.session.stop()


def test_a_broker_that_refuses_the_subscription_is_asked_by_one_thread_however_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("telemetry.subscriptions._AGAIN_S", 0.01)
    session = Peer(Broker(port=1), "peer", "to/me").session
    subscriptions = session._subscriptions
    refused = ReasonCode(PacketTypes.SUBACK, identifier=0x80)
    asking: list[threading.Thread] = []

    def ask() -> None:
        asking.append(threading.current_thread())
        session._subscribed(session.client, None, 0, [refused], None)

    monkeypatch.setattr(subscriptions, "ask", ask)
    ended = threading.Event()
    keeper = threading.Thread(target=subscriptions.keep, args=(ended,), daemon=True)
    keeper.start()
    subscriptions.connected()
    wait_until(lambda: len(asking) >= 20, "it is asked again and again")
    ended.set()
    keeper.join(20)
    assert set(asking) == {threading.current_thread(), keeper}
    assert asking.count(threading.current_thread()) == 1


def test_what_is_published_while_a_connection_is_made_does_not_come_before_its_login(
    mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener, sender = Peer(mosquitto, "listener", "to/#"), Peer(mosquitto, "sender", "nothing")
    listener.session.start()
    assert listener.ready.wait(20)
    connections: list[object] = []
    create = sender.session.client._create_socket

    def connecting() -> object:
        connections.append(object())
        sender.session.publish_all([("to/me", str(len(connections)).encode())])
        return create()

    monkeypatch.setattr(sender.session.client, "_create_socket", connecting)
    sender.session.start()
    assert sender.ready.wait(20)
    wait_until(lambda: listener.heard == [b"1"], "it arrives, once")
    wait_until(lambda: not sender.unconfirmed, "it is confirmed")
    assert len(connections) == 1
    for peer in (listener, sender):
        peer.session.stop()
