"""Acknowledgements to gateways: at most one under way per outbox, and nothing that is safe stays untold."""

from __future__ import annotations

import queue
import random
import threading

from collector.acks import Acks, Outbox, Safe
from telemetry import Ack, decode, parse_topic
from tests.parts import wait_until

HERE = Outbox("plant", "gw-1", "0123456789abcdef")
THERE = Outbox("plant", "gw-2", "0123456789abcdef")


class Wire:
    """What is published, and a clock that goes by hand."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Ack]] = []
        self.room = 1_000_000
        self.now = 0.0
        self.acks = Acks(self.publish_all, lambda: self.now)

    def publish_all(self, messages: list[tuple[str, bytes]]) -> list[int]:
        taken = messages[: self.room]
        first = len(self.sent)
        self.sent += [(parse_topic(topic).gateway, decode(payload, Ack)) for topic, payload in taken]
        return list(range(first, first + len(taken)))

    def stored(self, outbox: Outbox, *numbers: int) -> None:
        self.acks.tell([(outbox, Safe(list(numbers), []))])

    def told(self) -> list[tuple[str, list[tuple[int, int]]]]:
        return [(gateway, [(first, last) for first, last in ack.stored]) for gateway, ack in self.sent]


def test_what_is_safe_is_told_at_once_when_nothing_is_under_way() -> None:
    wire = Wire()
    wire.acks.tell([(HERE, Safe([1, 2, 3], [4])), (THERE, Safe([9], []))])
    assert wire.told() == [("gw-1", [(1, 3)]), ("gw-2", [(9, 9)])]
    assert wire.sent[0][1].quarantined == [(4, 4)]


def test_what_becomes_safe_while_one_is_under_way_goes_with_the_next() -> None:
    wire = Wire()
    wire.stored(HERE, 1)
    wire.stored(HERE, 2, 3)
    wire.stored(THERE, 7)
    wire.stored(HERE, 5)
    assert wire.told() == [("gw-1", [(1, 1)]), ("gw-2", [(7, 7)])]
    wire.acks.confirmed([0, 4711])
    assert wire.told()[2:] == [("gw-1", [(2, 3), (5, 5)])]
    wire.acks.confirmed([2, 1])
    wire.stored(HERE, 6)
    assert wire.told()[3:] == [("gw-1", [(6, 6)])]


def test_a_confirmation_that_does_not_come_holds_nothing_up_for_long() -> None:
    wire = Wire()
    wire.stored(HERE, 1)
    wire.stored(HERE, 2)
    wire.now = 1.0
    wire.acks.look()
    assert len(wire.sent) == 1
    wire.now = 2.0
    wire.acks.look()
    assert wire.told()[1:] == [("gw-1", [(2, 2)])]
    wire.stored(HERE, 3)
    wire.acks.confirmed([0])  # it comes after all, and is not taken for that of the second
    assert len(wire.sent) == 2
    wire.acks.confirmed([1])
    assert wire.told()[2:] == [("gw-1", [(3, 3)])]


def test_at_the_end_nothing_waits_for_a_confirmation() -> None:
    wire = Wire()
    wire.acks.tell([(HERE, Safe([1], [])), (THERE, Safe([1], []))])
    wire.stored(HERE, 2)
    wire.acks.finish()
    assert wire.told()[2:] == [("gw-1", [(2, 2)])]
    wire.acks.confirmed([0, 1, 2])
    wire.stored(HERE, 3)
    assert wire.told()[3:] == [("gw-1", [(3, 3)])]


def test_an_acknowledgement_that_is_not_taken_holds_nothing_up() -> None:
    wire = Wire()
    wire.room = 0
    wire.stored(HERE, 1)
    wire.room = 1
    wire.stored(HERE, 2)
    assert wire.told() == [("gw-1", [(2, 2)])]


def test_every_number_is_told_once_whatever_confirmations_overtake() -> None:
    under_way: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    told: dict[str, list[int]] = {f"gw-{number}": [] for number in range(5)}
    unconfirmed: dict[str, int] = dict.fromkeys(told, 0)
    most = 0
    gateways: list[str] = []

    def publish_all(messages: list[tuple[str, bytes]]) -> list[int]:
        nonlocal most
        mids = []
        for topic, payload in messages:
            gateway, ack = parse_topic(topic).gateway, decode(payload, Ack)
            told[gateway] += [number for first, last in ack.stored for number in range(first, last + 1)]
            unconfirmed[gateway] += 1
            most = max(most, unconfirmed[gateway])
            gateways.append(gateway)
            mids.append(len(gateways) - 1)
            under_way.put(mids[-1])  # the broker may be quicker than we are
        return mids

    acks = Acks(publish_all, lambda: 0.0)

    def confirm() -> None:
        while (mid := under_way.get()) is not None:
            unconfirmed[gateways[mid]] -= 1
            acks.confirmed([mid])

    broker = threading.Thread(target=confirm)
    broker.start()
    draw = random.Random(20261122)
    numbers = dict.fromkeys(told, 0)
    for _ in range(3_000):
        gateway = draw.choice(sorted(told))
        numbers[gateway] += 1
        acks.tell([(Outbox("plant", gateway, "0123456789abcdef"), Safe([numbers[gateway]], []))])
    wait_until(lambda: all(len(told[gateway]) == numbers[gateway] for gateway in told), "all is told")
    under_way.put(None)
    broker.join()
    assert told == {gateway: list(range(1, last + 1)) for gateway, last in numbers.items()}
    assert most == 1
