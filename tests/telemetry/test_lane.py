"""Messages taken past paho: whatever pieces the stream comes in, nothing is lost, doubled or out of order."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from telemetry import Publish
from telemetry.errors import PacketError
from telemetry.lane import Lane
from telemetry.packets import acknowledgements, publication, sent_again, split
from tests.telemetry.wire import PINGRESP, SUBACK, packet, publish

messages = st.builds(
    lambda topic, payload, mid, qos, retain, dup: Publish(
        topic, payload, qos * (mid > 0), mid, retain, dup and mid > 0
    ),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.binary(max_size=300),
    st.integers(0, 65_535),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
)
long_messages = st.builds(
    lambda length, mid: Publish("t", bytes(range(250)) * length, int(mid > 0), mid, False, False),
    st.integers(1, 4),
    st.integers(0, 65_535),
)
others = st.sampled_from([PINGRESP, SUBACK, packet(0x62, b"\x00\x07"), packet(0x20, b"\x00\x00")])


class Wire:
    """A lane on one end of a socket pair, read as paho reads."""

    def __init__(self, *, properties: bool = False, unconfirmed: dict[int, bytes] | None = None) -> None:
        self.broker, ours = socket.socketpair()
        ours.setblocking(False)
        self.heard: list[Publish] = []
        self.confirmed: list[int] = []
        self.left = b""
        self.at_qos_2: set[int] = set()
        self.lane = Lane(
            ours,
            properties=properties,
            on_messages=self.heard.extend,
            unconfirmed={} if unconfirmed is None else unconfirmed,
            on_confirmed=self.confirmed.extend,
            at_qos_2=self.at_qos_2,
        )

    def bring(self, piece: bytes) -> None:
        self.broker.sendall(piece)
        self.read()

    def read(self) -> None:
        """Take all there is; a byte at a time, and only while `pending` or the socket promises some."""
        while True:
            try:
                self.left += self.lane.recv(1)
            except BlockingIOError:
                if not self.lane.pending():
                    return

    def close(self) -> None:
        self.broker.close()
        self.lane.close()


@given(st.lists(st.one_of(messages, others), max_size=8), st.data())
def test_pieces_of_any_size_give_the_same_messages(stream: list[Publish | bytes], data: st.DataObject) -> None:
    sent = b"".join(each if isinstance(each, bytes) else publish(each) for each in stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    wire = Wire()
    for first, last in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        wire.bring(sent[first:last])
    wire.close()
    assert wire.heard == [each for each in stream if isinstance(each, Publish)]
    assert wire.at_qos_2 == {each.mid for each in wire.heard if each.qos == 2}
    assert wire.left == b"".join(each for each in stream if isinstance(each, bytes))


def test_a_stream_cut_at_every_byte_gives_the_same_messages() -> None:
    known = [
        Publish("a", b"", 0, 0, False, False),
        Publish("wattproof/1/s/g/batch", b"x" * 200, 1, 65_535, False, True),
        Publish("전력/계량기", b"\x00\xff", 1, 1, True, False),
    ]
    sent = publish(known[0]) + SUBACK + publish(known[1]) + PINGRESP + publish(known[2])
    for cut in range(len(sent) + 1):
        wire = Wire()
        wire.bring(sent[:cut])
        wire.bring(sent[cut:])
        wire.close()
        assert (wire.heard, wire.left) == (known, SUBACK + PINGRESP)


@given(messages)
def test_properties_of_mqtt_5_are_passed_over(message: Publish) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = 7
    properties.UserProperty = [("name", "v" * 200)]
    found = split(publish(message, properties.pack()), properties=True)  # type: ignore[no-untyped-call]
    assert found.messages == [message]
    assert split(publish(message, b"\x00"), properties=True).messages == [message]


def test_a_message_of_a_megabyte_arrives_whole() -> None:
    message = Publish("t", b"0123456789" * 110_000, 1, 5, False, False)
    sent = publish(message) + publish(Publish("t", b"next", 0, 0, False, False))
    wire = Wire()
    for first in range(0, len(sent), 100_000):
        wire.bring(sent[first : first + 100_000])
    wire.close()
    assert [len(each.payload) for each in wire.heard] == [1_100_000, 4]


@given(st.lists(st.one_of(messages, others, long_messages), max_size=6), st.data())
def test_of_a_message_that_is_too_long_the_beginning_is_kept_and_its_neighbours_arrive_whole(
    stream: list[Publish | bytes], data: st.DataObject
) -> None:
    sent = b"".join(each if isinstance(each, bytes) else publish(each) for each in stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    wire = Wire()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("telemetry.lane._KEPT_BYTES", 350)
        for first, last in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            wire.bring(sent[first:last])
            assert wire.lane._held <= 350
    wire.close()
    assert wire.left == b"".join(each for each in stream if isinstance(each, bytes))
    for heard, message in zip(wire.heard, (each for each in stream if isinstance(each, Publish)), strict=True):
        kept = message.payload[: len(message.payload) - heard.left_out]
        assert heard == message._replace(payload=kept, left_out=heard.left_out)
        assert heard.left_out in {0, len(publish(message)) - 350}


@pytest.mark.parametrize(
    "damaged",
    [
        packet(0x32, b""),
        packet(0x32, b"\x00"),
        packet(0x32, b"\x00\x09t\x00\x01"),
        packet(0x32, b"\x00\x01t\x00"),
        packet(0x32, b"\x00\x01t\x00\x00payload"),
        packet(0x30, b"\x00\x00payload"),
        packet(0x36, b"\x00\x01t\x00\x01payload"),
        b"\x30\xff\xff\xff\xff\x01rest",
        b"\x90\xff\xff\xff\xff\x01rest",
        b"\x90\xff\xff\xff\x7f",  # 256 MB of a SUBACK: the first of them end it
    ],
)
def test_what_is_malformed_ends_the_connection_after_what_came_before_it(damaged: bytes) -> None:
    wire = Wire()
    wire.bring(publish(Publish("t", b"before", 1, 3, False, False)))
    with pytest.raises(PacketError, match="no packet of MQTT"):
        wire.bring(damaged)
    wire.close()
    assert [each.payload for each in wire.heard] == [b"before"]
    assert wire.left == b""


@pytest.mark.parametrize(
    "damaged",
    [
        packet(0x36, b"\x00\x01t\x00\x01" + b"x" * 1000),
        packet(0x30, b"\x00\x01t\xd0\x0f" + b"x" * 1000),  # properties that are longer than what is kept of it
    ],
)
def test_what_is_malformed_and_too_long_ends_the_connection_as_well(
    damaged: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.lane._KEPT_BYTES", 350)
    wire = Wire(properties=True)
    with pytest.raises(PacketError, match="malformed PUBLISH"):
        wire.bring(damaged)
    wire.close()
    assert wire.heard == []


def test_other_packets_are_left_to_paho_byte_for_byte_whatever_is_in_them() -> None:
    wire = Wire()
    wire.bring(packet(0xF0, b"?") + publish(Publish("t", b"between", 0, 0, False, False)) + packet(0x90, b""))
    wire.close()
    assert [each.payload for each in wire.heard] == [b"between"]
    assert wire.left == packet(0xF0, b"?") + packet(0x90, b"")


def test_a_connection_that_has_ended_may_be_cut() -> None:
    wire = Wire()
    wire.close()
    wire.lane.cut()
    assert wire.lane.was_cut


@given(st.binary(max_size=60), st.booleans())
def test_no_bytes_make_the_lane_fail_or_invent_a_message(noise: bytes, properties: bool) -> None:
    found = split(noise, properties=properties)
    taken = len(found.others) + 4 * len(found.confirmed) + sum(len(each.payload) for each in found.messages)
    assert taken <= found.used <= len(noise)
    assert found.needed >= 2


def test_a_topic_that_is_not_utf8_is_said_to_be_so() -> None:
    found = split(packet(0x30, b"\x00\x02\xff\xfex"), properties=False)
    assert found.messages == [Publish("(topic is not UTF-8)", b"x", 0, 0, False, False)]


def test_only_confirmations_of_what_went_past_paho_are_kept_from_it() -> None:
    unconfirmed = {7: b"seven", 8: b"eight"}
    wire = Wire(unconfirmed=unconfirmed)
    wire.bring(acknowledgements([7, 9]) + publish(Publish("t", b"x", 0, 0, False, False)) + PINGRESP)
    wire.close()
    assert unconfirmed == {8: b"eight"}
    assert wire.confirmed == [7]
    assert wire.left == acknowledgements([9]) + PINGRESP
    assert [each.payload for each in wire.heard] == [b"x"]


@given(st.text(min_size=1, max_size=30), st.binary(max_size=20_000), st.integers(1, 65_535))
def test_a_publication_is_what_the_standard_says(topic: str, payload: bytes, mid: int) -> None:
    written = publication(topic, payload, mid)
    assert written == publish(Publish(topic, payload, 1, mid, False, False))
    assert sent_again(written) == publish(Publish(topic, payload, 1, mid, False, True))


def test_the_end_of_a_connection_is_heard_after_its_last_message() -> None:
    wire = Wire()
    wire.broker.sendall(publish(Publish("t", b"last", 0, 0, False, False)))
    wire.broker.close()
    with pytest.raises(BlockingIOError):
        wire.lane.recv(1)
    assert [each.payload for each in wire.heard] == [b"last"]
    assert wire.lane.recv(1) == b""
    wire.lane.close()
