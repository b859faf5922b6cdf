"""What arrives damaged is sent again; what is sent wrong is set aside."""

from __future__ import annotations

from pathlib import Path

from collector import Quarantine
from collector.doubts import Doubts
from collector.inbox import Delivery
from storage import Store
from telemetry import BATCH, Batch, Broker, encode, new_client, topic
from tests.collector.parts import GATEWAY, SITE, collecting, gateway, now_ms, readings
from tests.parts import wait_until

TOPIC = topic(SITE, GATEWAY, BATCH)


def delivery(payload: bytes, *, dup: bool = False) -> Delivery:
    return Delivery(TOPIC, payload, 0, 1, 1, 0, dup)


def test_the_same_wrong_bytes_are_meant_when_they_are_sent_a_third_time() -> None:
    doubts = Doubts()
    assert [doubts.sent_so(delivery(b"wrong")) for _ in range(4)] == [False, False, True, True]
    assert not doubts.sent_so(delivery(b"wrong in another way"))


def test_what_the_broker_repeats_of_its_own_accord_proves_nothing() -> None:
    doubts = Doubts()
    assert not doubts.sent_so(delivery(b"wrong"))
    assert not any(doubts.sent_so(delivery(b"wrong", dup=True)) for _ in range(10))


def test_doubts_are_forgotten_before_they_fill_the_memory() -> None:
    doubts = Doubts()
    for number in range(20_000):
        doubts.sent_so(delivery(b"%d" % number))
    assert len(doubts._seen) < 5000


def test_damaged_copies_of_a_batch_are_neither_stored_nor_answered_nor_kept(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    start = now_ms() - 60_000
    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        outbox.put(readings(start, 5))
        line = new_client(mosquitto, "faulty-line")
        line.connect(mosquitto.host, mosquitto.port)
        line.loop_start()
        with collecting(store, mosquitto, quarantine) as collector:
            wait_until(lambda: collector.connected, "the collector listens")
            waiting = encode(Batch(SITE, GATEWAY, outbox.epoch, 2, readings(start + 10_000, 5)))
            for damaged in (waiting.replace(b"4.0", b"9.0"), waiting.replace(b'"seq":2', b'"seq":1')):
                line.publish(TOPIC, damaged, 1)
            wait_until(lambda: collector.counters.damaged == 2, "both have arrived")
            assert publisher.drained(60)
            assert collector.counters.batches >= 1
        line.disconnect()
        line.loop_stop()
        assert (outbox.counters.stored, outbox.counters.quarantined) == (5, 0)
    assert store.count() == 5
    assert quarantine.counters.entries == 0


def test_of_a_message_that_no_memory_should_hold_the_beginning_is_kept_and_the_line_goes_on(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    with collecting(store, mosquitto, quarantine) as collector, gateway(tmp_path, mosquitto) as (outbox, publisher):
        outbox.put(readings(now_ms() - 60_000, 10))
        assert publisher.drained(60)
        head = b'{"site":"%s","gateway":"%s","epoch":"%s","seq":7,"tables":[' % (
            SITE.encode(),
            GATEWAY.encode(),
            b"e" * 16,
        )
        stranger = new_client(mosquitto, "stranger")
        answers: list[bytes] = []
        stranger.on_message = lambda *received: answers.append(received[-1].payload)
        stranger.connect(mosquitto.host, mosquitto.port)
        stranger.subscribe(topic(SITE, GATEWAY, "ack"), 1)
        stranger.loop_start()
        for times in range(1, 4):
            stranger.publish(TOPIC, head + b"0," * 2_000_000 + b"0]}", 1)
            wait_until(lambda times=times: collector.counters.damaged >= min(times, 2), "it was looked at")  # type: ignore[misc]
        wait_until(lambda: b'"quarantined":[[7,7]]' in b"".join(answers), "who sent it three times is told")
        stranger.disconnect()
        stranger.loop_stop()
        outbox.put(readings(now_ms() - 30_000, 10))
        assert publisher.drained(60)
    assert store.count() == 20
    (entry,) = quarantine.list()
    assert entry.reason == "oversized"
    assert entry.detail.startswith(f"{len(head) + 4_000_003} bytes, of which the first")
    assert entry.content.startswith(head)
    assert len(entry.content) < 1_300_000


def test_a_gateway_that_sends_a_wrong_checksum_again_and_again_is_told_that_it_is_in_quarantine(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    with collecting(store, mosquitto, quarantine) as collector, gateway(tmp_path, mosquitto) as (outbox, publisher):
        publisher.stop()  # what it sent by itself would be counted with what is sent below
        outbox.put(readings(now_ms() - 60_000, 10))
        (waiting,) = outbox.after(0)
        wrong = waiting.payload[:-3] + b'!"}'
        stranger = new_client(mosquitto, "stranger")
        answers: list[bytes] = []
        stranger.on_message = lambda *received: answers.append(received[-1].payload)
        stranger.connect(mosquitto.host, mosquitto.port)
        stranger.subscribe(topic(SITE, GATEWAY, "ack"), 1)
        stranger.loop_start()
        wait_until(lambda: collector.connected, "the collector listens")
        for times in range(1, 4):
            stranger.publish(TOPIC, wrong, 1)
            # One commit that meets the same bytes twice counts them once.
            wait_until(lambda times=times: collector.counters.damaged >= min(times, 2), "it was looked at")  # type: ignore[misc]
        wait_until(lambda: b'"quarantined":[[1,1]]' in b"".join(answers), "the gateway is told")
        stranger.disconnect()
        stranger.loop_stop()
    (entry,) = quarantine.list()
    assert (entry.reason, entry.content) == ("damaged", wrong)
