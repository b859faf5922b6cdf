"""What a broker that is broken, slow, gone or evil can do to a session: little, and it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from structlog.testing import capture_logs

from telemetry import Broker, Publish, Retained, Session
from telemetry.mqtt import connect
from tests.parts import mosquitto, wait_until
from tests.telemetry.brokers import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    SUBSCRIBE,
    Heard,
    Scripted,
    scripted,
    usual,
)  # fmt: skip
from tests.telemetry.wire import PINGRESP, packet, publish

NAME = "troubled"
STATE = "state"


def make(broker: Broker, **wanted: Any) -> Session:
    """A session; whatever is not wanted does nothing."""
    rest = {"subscription": "to/me", "on_ready": lambda: None, "on_messages": lambda *_: None}
    session = Session(broker, NAME, **{**rest, **wanted})
    session.client.reconnect_delay_set(0, 0)
    return session


def events(logs: Sequence[Any]) -> list[str]:
    """What was told of the session; others of before may still be at work."""
    return [entry["event"] for entry in logs if entry.get("client_id") == NAME]


def test_a_broker_that_no_longer_answers_is_told_once_and_not_as_one_that_wants_a_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("paho.mqtt.client.time_func", lambda: clock[0])
    cut_off: list[str] = []
    with capture_logs() as logs, scripted(usual()) as broker:
        session = make(broker.where, on_cut_off=cut_off.append)
        client = session.client
        connect(client, broker.where, 0)
        client.reconnect()
        wait_until(lambda: client.loop(0.01) != 0 or session.ready, "it is up")
        clock[0] += 1000
        wait_until(lambda: client.loop(0.01) != 0 or PINGREQ in broker.kinds(1), "it asks whether anybody is there")
        clock[0] += 1000
        wait_until(lambda: client.loop(0.01) != 0, "it gives up")
    assert PINGREQ in broker.kinds(1)
    assert cut_off == ["Keep alive timeout"]
    assert [each for each in events(logs) if each != "mqtt_ready"] == ["mqtt_lost"]


@pytest.mark.parametrize("host", ["broker..local", "b" * 64])
def test_a_host_whose_name_is_none_is_told_and_tried_again(host: str) -> None:
    tries: list[None] = []
    with capture_logs() as logs:
        session = make(Broker(host=host))
        session.client.on_pre_connect = lambda *_: tries.append(None)
        session.start()
        wait_until(lambda: len(tries) > 2, "it is tried again")
        session.stop()
    assert events(logs) == ["mqtt_unreachable"]
    assert "label" in next(entry for entry in logs if entry["event"] == "mqtt_unreachable")["reason"]


def test_a_connection_that_is_made_anew_on_purpose_is_no_trouble() -> None:
    cut_off: list[str] = []
    with capture_logs() as logs, scripted(usual()) as broker:
        session = make(broker.where, on_cut_off=cut_off.append)
        session.start()
        for number in (1, 2):
            wait_until(lambda number=number: events(logs).count("mqtt_ready") == number, "it is up")  # type: ignore[misc]
            session.reconnect()
        wait_until(lambda: len(broker.connections) > 2, "it comes back once more")
        session.stop()
    assert cut_off == []
    assert set(events(logs)) == {"mqtt_ready"}


def test_the_farewell_comes_after_what_is_said_when_the_session_gets_ready() -> None:
    begun = threading.Event()

    def on_ready() -> None:
        begun.set()
        threading.Event().wait(0.3)  # a machine that is slow, while `stop` is called
        session.publish(STATE, b"online", retain=True)

    def confirming(heard: Heard) -> bytes:
        return b"\x40\x02" + heard.body[7:9] if heard.head & 0xF0 == PUBLISH else usual()(heard)

    with scripted(confirming) as broker:
        session = make(broker.where, on_ready=on_ready)
        session.start()
        assert begun.wait(20)
        session.stop(Retained(STATE, b"offline"), timeout_s=20)
        wait_until(lambda: DISCONNECT in broker.kinds(1), "it leaves")
    said = [each.body[9:] for each in broker.heard if each.head & 0xF0 == PUBLISH]
    assert said == [b"online", b"offline"]


def test_a_session_that_ends_while_it_connects_leaves_no_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, stopped = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        session = make(Broker(port=listener.getsockname()[1]))
        create = session.client._create_socket_connection

        def slow() -> socket.socket:
            begun.set()
            assert stopped.wait(20)
            return create()

        monkeypatch.setattr(session.client, "_create_socket_connection", slow)
        with capture_logs() as logs:
            session.start()
            assert begun.wait(20)
            session.stop(timeout_s=0.05)
            stopped.set()
            connection, _ = listener.accept()
            connection.settimeout(20)
            assert connection.recv(100) == b""
            connection.close()
            wait_until(lambda: session.client._thread is None, "the thread ends")
    assert events(logs) == []


def test_a_farewell_that_waits_behind_what_the_broker_does_not_confirm_leaves_the_last_will() -> None:
    with scripted(usual(five=True), protocol="5") as broker:
        session = make(broker.where, will=Retained(STATE, b"gone"))
        session.start()
        wait_until(lambda: session.ready, "it is up")
        for _ in range(20):
            session.publish("to/all", b"x")
        session.stop(Retained(STATE, b"offline"), timeout_s=0.1)
        wait_until(lambda: DISCONNECT in broker.kinds(1), "it leaves")
    assert not [each for each in broker.heard if each.head & 0xF0 == PUBLISH and b"offline" in each.body]
    assert broker.heard[-1].body == b"\x04"  # "Disconnect with Will Message": MQTT 5.0, section 3.14.2.1


def test_a_broker_that_takes_few_messages_at_once_is_sent_no_more_when_the_connection_is_new() -> None:
    broker: Scripted
    unconfirmed: list[bytes] = []
    most: list[int] = []
    confirmed: set[bytes] = set()

    def counting(heard: Heard) -> bytes:
        if heard.head & 0xF0 != PUBLISH:
            return usual(five=True, connack=b"\x20\x06\x00\x00\x03\x21\x00\x02")(heard)  # Receive Maximum 2
        unconfirmed.append(heard.body[8:10])
        if len(unconfirmed) < 2:
            return b""
        most.append(len(unconfirmed) + (not broker.quiet()))
        confirmed.update(unconfirmed)
        said = b"".join(b"\x40\x02" + mid for mid in unconfirmed)
        unconfirmed.clear()
        return said

    with scripted(counting, protocol="5") as broker:
        session = make(broker.where)
        for _ in range(6):
            session.publish("to/all", b"x")
        session.start()
        wait_until(lambda: len(confirmed) == 6, "all arrive")
        session.stop()
    assert most == [2, 2, 2]


def test_a_message_at_qos_2_is_acknowledged_when_it_is_safe_and_its_end_is_answered() -> None:
    came: list[tuple[Publish, int]] = []
    message = Publish("to/me", b"twice", 2, 7, False, False)

    def releasing(heard: Heard) -> bytes:
        return b"\x62\x02" + heard.body if heard.head == PUBREC else usual()(heard)

    with scripted(releasing) as broker:
        session = make(
            broker.where, manual_ack=True,
            on_messages=lambda messages, connection: came.extend((each, connection) for each in messages),
        )  # fmt: skip
        session.start()
        wait_until(lambda: session.ready, "it is up")
        broker.say(publish(message) + publish(message._replace(qos=1, mid=8)))
        wait_until(lambda: len(came) == 2, "both messages are there")
        assert came[0][0] == message
        assert set(broker.kinds(1)) == {CONNECT, SUBSCRIBE}
        assert session.acknowledge([7, 8], came[0][1])
        wait_until(lambda: PUBCOMP in broker.kinds(1), "its end is answered")
        session.stop()
    answers = [(each.head, each.body) for each in broker.heard if each.head in {PUBACK, PUBREC, PUBCOMP}]
    assert sorted(answers) == [(PUBACK, b"\0\x08"), (PUBREC, b"\0\x07"), (PUBCOMP, b"\0\x07")]


def test_an_answer_that_comes_twice_is_heard_once() -> None:
    ready: list[None] = []
    heard: list[bytes] = []

    def twice(packet_of_ours: Heard) -> bytes:
        return 2 * usual()(packet_of_ours)

    with scripted(twice) as broker:
        session = make(
            broker.where,
            on_ready=lambda: ready.append(None),
            on_messages=lambda messages, _: heard.extend(each.payload for each in messages),
        )
        session.publish_all([("to/all", b"kept")])
        session.start()
        wait_until(lambda: session.ready, "it is up")
        broker.say(publish(Publish("to/me", b"last", 0, 0, False, False)))
        wait_until(lambda: heard == [b"last"], "what came after it arrives")
        session.stop()
    assert len(ready) == 1
    assert [each.head & 0xF0 for each in broker.heard].count(PUBLISH) == 1
    assert broker.kinds(1).count(SUBSCRIBE) == 1


def test_a_packet_that_is_no_message_and_longer_than_any_ends_the_connection_and_is_told_in_a_line() -> None:
    with capture_logs() as logs, scripted(usual()) as broker:
        session = make(broker.where)
        session.start()
        wait_until(lambda: session.ready, "it is up")
        broker.say(PINGRESP + b"\x90\xff\xff\xff\x7f" + packet(0x30, b"\x00\x01tnever"))
        wait_until(lambda: len(broker.connections) == 2 and session.ready, "it is up again")
        session.stop()
    (told,) = [entry for entry in logs if entry["event"] == "mqtt_unreadable"]
    assert "268435460 bytes that are no message (first byte 0x90)" in told["reason"]
    assert PUBREL not in broker.kinds(1)


@pytest.mark.parametrize(("protocol", "event"), [("3.1.1", "mqtt_closed_before_login"), ("5", "mqtt_refused")])
def test_a_broker_that_retains_nothing_is_told_with_its_setting(
    tmp_path: Path, protocol: Literal["3.1.1", "5"], event: str
) -> None:
    with capture_logs() as logs, mosquitto(tmp_path, "retain_available false") as broker:
        session = make(Broker(host=broker.host, port=broker.port, protocol=protocol), will=Retained(STATE, b"{}"))
        session.start()
        wait_until(lambda: event in events(logs), "it is told")
        session.stop()
    (told,) = {entry["advice"] for entry in logs if entry["event"] == event}
    assert "retain_available" in told
