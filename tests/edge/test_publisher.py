"""The publisher against a real mosquitto: nothing leaves the outbox without the collector's word."""

from __future__ import annotations

import contextlib
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest
import structlog
from paho.mqtt.client import Client, MQTTMessageInfo

from edge.errors import OutboxError
from edge.outbox import Outbox
from edge.publisher import Publisher
from telemetry import Ack, Batch, Birth, Broker, Publish, Session, State, Table, decode, encode, new_client
from tests.parts import free_port, program, running, wait_until

BIRTH = Birth("site-1", "gw-1", "", 1, "0", "Site", "Asia/Seoul", [])


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1")
    yield opened
    opened.close()


@contextlib.contextmanager
def publishing(outbox: Outbox, broker: Broker, window: int = 8, resend_after_s: float = 0.3) -> Iterator[Publisher]:
    publisher = Publisher(outbox, broker, BIRTH, window=window, resend_after_s=resend_after_s, clock=lambda: 42)
    publisher.start()
    try:
        yield publisher
    finally:
        publisher.stop()


class Listener:
    """Another client on the broker: sees everything, acknowledges what its rule says."""

    def __init__(self, broker: Broker, rule: Callable[[int], bool] = lambda _: True) -> None:
        self.rule = rule
        self.batches: list[Batch] = []
        self.payloads: list[bytes] = []
        self.said: list[tuple[str, bytes]] = []
        self.subscribed = threading.Event()
        self.client: Client = new_client(broker, "listener")
        self.client.on_connect = lambda client, *_: client.subscribe("wattproof/1/#", 1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = lambda _client, _data, message: self.hear(message.topic, bytes(message.payload))
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self.subscribed.wait(60)

    def hear(self, topic: str, payload: bytes) -> None:
        if not topic.endswith("/batch"):
            self.said.append((topic.rsplit("/", 1)[1], payload))
            return
        batch = decode(payload, Batch)
        self.payloads.append(payload)
        self.batches.append(batch)
        if self.rule(batch.seq):
            self.ack(batch.epoch, batch.seq)

    def ack(self, epoch: str, seq: int) -> None:
        self.client.publish("wattproof/1/site-1/gw-1/ack", encode(Ack(epoch, [(seq, seq)])), 1)

    def states(self) -> list[State]:
        return [decode(payload, State) for kind, payload in self.said if kind == "state"]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextlib.contextmanager
def listening_to(broker: Broker, rule: Callable[[int], bool] = lambda _: True) -> Iterator[Listener]:
    listener = Listener(broker, rule)
    try:
        yield listener
    finally:
        listener.close()


def put(outbox: Outbox, batches: int) -> None:
    for _ in range(batches):
        outbox.put([Table.of("main", "power_meter", [outbox.last_seq], {"active_power_w": [1.5]})])


def test_batches_leave_the_outbox_when_they_are_acknowledged_and_not_before(outbox: Outbox, mosquitto: Broker) -> None:
    put(outbox, 3)
    with listening_to(mosquitto, lambda seq: seq != 2) as listener, publishing(outbox, mosquitto) as publisher:
        wait_until(lambda: outbox.counters.batches == 1, "two of three are acknowledged")
        assert not publisher.drained(0.05)
        assert [pending.seq for pending in outbox.after(0, limit=9)] == [2]
        listener.rule = lambda _: True
        assert publisher.drained(60)
        assert outbox.counters.stored == 3


def test_what_is_sent_again_is_the_same_bytes(outbox: Outbox, mosquitto: Broker) -> None:
    put(outbox, 1)
    payload = outbox.payload(1)
    with listening_to(mosquitto, lambda _: False) as listener, publishing(outbox, mosquitto):
        wait_until(lambda: len(listener.payloads) >= 3, "the batch is sent three times")
        assert set(listener.payloads) == {payload}


def test_no_more_than_the_window_is_in_flight(outbox: Outbox, mosquitto: Broker) -> None:
    put(outbox, 20)
    with listening_to(mosquitto, lambda _: False) as listener, publishing(outbox, mosquitto, window=4) as publisher:
        wait_until(lambda: len(listener.batches) >= 8, "the window is sent and sent again")
        assert {batch.seq for batch in listener.batches} == {1, 2, 3}  # a place stays free for what is new
        put(outbox, 5)
        publisher.wake()
        wait_until(lambda: any(batch.seq == 21 for batch in listener.batches), "a new batch takes its place")
        assert {batch.seq for batch in listener.batches} == {1, 2, 3, 21}


def test_birth_and_state_are_retained_and_a_clean_stop_says_offline(outbox: Outbox, mosquitto: Broker) -> None:
    with publishing(outbox, mosquitto) as publisher:
        wait_until(lambda: publisher.connected, "the publisher is connected")
        with listening_to(mosquitto) as listener:
            wait_until(lambda: len(listener.said) >= 2, "birth and state are delivered to whoever comes later")
            births = [decode(payload, Birth) for kind, payload in listener.said if kind == "birth"]
            assert births == [msgspec.structs.replace(BIRTH, epoch=outbox.epoch)]
            assert listener.states() == [State(online=True, at=42, epoch=outbox.epoch)]
    with listening_to(mosquitto) as listener:
        wait_until(
            lambda: listener.states()[-1:] == [State(online=False, at=42, epoch=outbox.epoch)],
            "the gateway said goodbye",
        )


def test_no_batch_is_sent_before_birth_and_state_and_none_again_for_them(
    outbox: Outbox, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(outbox, 3)
    monkeypatch.setattr("edge.publisher._IDLE_S", 0.01)
    turns, sent = list[float](), list[str]()
    turn, publish = Publisher._turn, Session.publish

    def counted(self: Publisher) -> float:
        turns.append(turn(self))
        return turns[-1]

    def after_two_turns(self: Session, topic: str, payload: bytes, *, retain: bool = False) -> MQTTMessageInfo:
        kind = topic.rsplit("/", 1)[1]
        if kind == "birth":
            before = len(turns)
            wait_until(lambda: len(turns) >= before + 2, "the publisher has looked at the outbox")
        sent.append(kind)
        return publish(self, topic, payload, retain=retain)

    monkeypatch.setattr(Publisher, "_turn", counted)
    monkeypatch.setattr(Session, "publish", after_two_turns)
    with listening_to(mosquitto), publishing(outbox, mosquitto, resend_after_s=60.0) as publisher:
        assert publisher.drained(60)
        assert sent == ["birth", "state", "batch", "batch", "batch"]
        assert publisher.published == 3


def test_a_gateway_that_dies_is_offline_by_its_last_will(tmp_path: Path, mosquitto: Broker) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1")
    publisher = Publisher(outbox, mosquitto, BIRTH)
    publisher.start()
    wait_until(lambda: publisher.connected, "the publisher is connected")
    with listening_to(mosquitto) as listener:
        connection = cast("socket.socket", publisher._session.client.socket())
        publisher._session._stopping = True  # nobody is left to connect again
        connection.shutdown(socket.SHUT_RDWR)
        wait_until(
            lambda: State(online=False, at=0, epoch=outbox.epoch) in listener.states(), "the last will is published"
        )
    publisher.stop()
    outbox.close()


def test_acknowledgements_of_another_epoch_or_beyond_the_last_batch_change_nothing(
    outbox: Outbox, mosquitto: Broker
) -> None:
    put(outbox, 2)
    with listening_to(mosquitto, lambda _: False) as listener, publishing(outbox, mosquitto):
        wait_until(lambda: len(listener.batches) >= 2, "both are sent")
        with structlog.testing.capture_logs() as logs:
            listener.ack("another", 1)
            listener.client.publish("wattproof/1/site-1/gw-1/ack", encode(Ack(outbox.epoch, [(1, 10**15)])), 1)
            listener.client.publish("wattproof/1/site-1/gw-1/ack", b"{nonsense", 1)
            listener.ack(outbox.epoch, 2)
            wait_until(lambda: outbox.counters.batches == 1, "the one good acknowledgement is heeded")
            told = {"ack_of_another_outbox", "ack_out_of_range", "ack_unreadable"}
            wait_until(lambda: told <= {entry["event"] for entry in logs}, "the others are told")
        assert [pending.seq for pending in outbox.after(0, limit=9)] == [1]


def test_what_a_broker_sends_that_nobody_asked_for_is_no_acknowledgement(outbox: Outbox) -> None:
    put(outbox, 1)
    publisher = Publisher(outbox, Broker(port=free_port()), BIRTH)
    with structlog.testing.capture_logs() as logs:  # amqtt sends a new session what is retained for others
        publisher._on_acks([Publish("wattproof/1/alarms/collector", b'{"alarms":[]}', 0, 0, True, False)], 1)
        publisher._on_acks(
            [Publish("wattproof/1/site-1/gw-2/ack", encode(Ack(outbox.epoch, [(1, 1)])), 1, 1, False, False)], 1
        )
    assert publisher._acks.empty()
    assert logs == []


def test_an_acknowledgement_that_came_while_the_gateway_was_away_is_heard(outbox: Outbox, mosquitto: Broker) -> None:
    put(outbox, 1)
    with listening_to(mosquitto, lambda _: False) as listener:
        with publishing(outbox, mosquitto):
            wait_until(lambda: len(listener.batches) >= 1, "the batch is sent")
        listener.ack(outbox.epoch, 1)
        assert outbox.counters.batches == 1
        with publishing(outbox, mosquitto, resend_after_s=60.0) as publisher:
            assert publisher.drained(60)


def test_a_broker_that_is_killed_and_forgets_everything_loses_nothing(
    outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    broker = Broker(port=port)
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    command = [program("mosquitto"), "-c", str(config)]
    log = tmp_path / "mosquitto.log"
    put(outbox, 5)
    with publishing(outbox, broker, resend_after_s=60.0) as publisher:
        with running(command, port, log) as process:
            with listening_to(broker, lambda _: False) as listener:
                wait_until(lambda: len({batch.seq for batch in listener.batches}) == 5, "five batches are sent")
            process.kill()
            process.wait(60)
        wait_until(lambda: not publisher.connected, "the publisher notices")
        put(outbox, 5)
        somebody_listens = threading.Event()
        client = publisher._session.client
        connect = client._create_socket_connection
        monkeypatch.setattr(
            client, "_create_socket_connection", lambda: connect() if somebody_listens.wait(60) else None
        )
        with running(command, port, log), listening_to(broker):
            somebody_listens.set()
            assert publisher.drained(60)
    assert outbox.counters.stored == 10


def test_an_unreachable_broker_is_told_once_with_what_to_do(outbox: Outbox) -> None:
    put(outbox, 1)
    port = free_port()
    with structlog.testing.capture_logs() as logs, publishing(outbox, Broker(port=port)):
        wait_until(lambda: [entry for entry in logs if entry["event"] == "mqtt_unreachable"], "the trouble is told")
        told = [entry for entry in logs if entry["event"] == "mqtt_unreachable"]
    assert told[0]["broker"] == f"mqtt://127.0.0.1:{port}"
    assert told[0]["advice"] == "nothing listens there: start the broker, or check host and port"
    assert outbox.counters.batches == 1


def test_refused_credentials_are_told_and_tried_again_until_they_are_accepted(outbox: Outbox, tmp_path: Path) -> None:
    port = free_port()
    users, config = tmp_path / "users", tmp_path / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {users}\nuser root\n", encoding="utf-8"
    )
    users.write_text("", encoding="utf-8")
    put(outbox, 1)
    broker = Broker(port=port, username="gw-1", password="right")
    log = tmp_path / "mosquitto.log"
    with structlog.testing.capture_logs() as logs, publishing(outbox, broker) as publisher:
        with running([program("mosquitto"), "-c", str(config)], port, log):
            wait_until(lambda: [entry for entry in logs if entry["event"] == "mqtt_refused"], "the refusal is told")
        assert "check username and password" in next(e for e in logs if e["event"] == "mqtt_refused")["advice"]
        password_file(users, "gw-1", "right")
        with running([program("mosquitto"), "-c", str(config)], port, log), listening_to(broker):
            assert publisher.drained(60)


def password_file(path: Path, user: str, password: str) -> None:
    subprocess.run([program("mosquitto_passwd"), "-b", "-c", str(path), user, password], check=True)


def test_a_stop_ends_every_thread_even_while_the_broker_is_away(outbox: Outbox, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    publisher = Publisher(outbox, Broker(port=free_port()), BIRTH)
    publisher.start()
    wait_until(lambda: len(threading.enumerate()) > len(before), "threads run")
    publisher.stop()
    wait_until(lambda: set(threading.enumerate()) <= before, "all threads have ended")


def test_a_damaged_outbox_that_was_replaced_goes_on_under_its_new_epoch(outbox: Outbox, mosquitto: Broker) -> None:
    heard: queue.SimpleQueue[int] = queue.SimpleQueue()

    def note(seq: int) -> bool:
        heard.put(seq)
        return True

    put(outbox, 30)
    once = 60.0  # nothing is sent again because its acknowledgement is late
    with listening_to(mosquitto, note) as listener, publishing(outbox, mosquitto, resend_after_s=once) as publisher:
        assert publisher.drained(60)
        old = outbox.epoch
        outbox._file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        outbox._file.connection.execute("PRAGMA cache_size = 0")
        outbox._file.connection.execute("PRAGMA shrink_memory")
        outbox.path.write_bytes(b"\xff" * outbox.path.stat().st_size)
        put(outbox, 2)
        publisher.wake()
        assert publisher.drained(60)
        assert outbox.epoch != old
        assert [batch.seq for batch in listener.batches if batch.epoch == outbox.epoch] == [31, 32]
        births = [decode(payload, Birth).epoch for kind, payload in listener.said if kind == "birth"]
        assert births == [old, outbox.epoch]


def test_a_batch_dropped_while_in_flight_is_not_sent_again(tmp_path: Path, mosquitto: Broker) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1", max_bytes=10)
    put(outbox, 1)
    with listening_to(mosquitto, lambda _: False) as listener, publishing(outbox, mosquitto) as publisher:
        wait_until(lambda: listener.batches, "the first batch is sent")
        put(outbox, 1)
        publisher.wake()
        wait_until(lambda: [batch.seq for batch in listener.batches].count(2) >= 3, "only the second goes on")
        wait_until(lambda: list(publisher._carried) == [2], "the first is let go of")
        listener.rule = lambda _: True
        assert publisher.drained(60)
    outbox.close()


def test_an_outbox_that_fails_is_told_once_and_sending_goes_on_when_it_works_again(
    outbox: Outbox, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = threading.Event()
    failing.set()
    tries = []
    after = outbox.after

    def unsteady(*arguments: int, **more: int) -> object:
        if failing.is_set():
            tries.append(1)
            raise OutboxError("outbox x: disk I/O error. Check the disk")
        return after(*arguments, **more)

    monkeypatch.setattr(outbox, "after", unsteady)
    put(outbox, 3)
    with (
        structlog.testing.capture_logs() as logs,
        listening_to(mosquitto),
        publishing(outbox, mosquitto) as publisher,
    ):
        wait_until(lambda: len(tries) >= 2, "the publisher tries again")
        failing.clear()
        assert publisher.drained(60)
    assert [entry["reason"] for entry in logs if entry["event"] == "outbox_failed"] == [
        "outbox x: disk I/O error. Check the disk"
    ]
