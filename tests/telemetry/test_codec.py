"""What goes over the wire comes back the same, and nothing else is accepted."""

from __future__ import annotations

import binascii
import contextlib
import json
import struct
from itertools import pairwise
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import (
    MAX_BYTES,
    Acceptance,
    AcceptanceCheck,
    AcceptedDevice,
    Ack,
    Batch,
    Birth,
    BirthDevice,
    DamagedError,
    DecodeError,
    Gap,
    State,
    Table,
    decode,
    encode,
    json_schema,
    ranges,
    with_checksum,
)
from telemetry.codec import Message

ROOT = Path(__file__).parent.parent.parent
NAMES = st.sampled_from(["main", "press-1", "plc_2"])
CHANNELS = st.sampled_from(["active_power_w", "energy_import_wh", "temperature_c"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    times = sorted(draw(st.sets(st.integers(0, 2**53), max_size=6)))
    values = st.none() | st.floats(allow_nan=False, allow_infinity=False)
    names = draw(st.sets(CHANNELS, min_size=1))
    columns = {name: draw(st.lists(values, min_size=len(times), max_size=len(times))) for name in sorted(names)}
    return Table.of(draw(NAMES), "power_meter", times, columns)


def sealed_again(payload: bytes) -> bytes:
    """An altered message with the checksum its sender would have given it."""
    return with_checksum(payload[: payload.rindex(b',"crc"')] + b"}")


def bits(value: float | None) -> bytes:
    return b"" if value is None else struct.pack(">d", value)


@given(st.lists(tables(), max_size=3), st.integers(1, 2**53))
def test_a_batch_survives_the_wire_bit_for_bit(found: list[Table], seq: int) -> None:
    batch = Batch(
        "gimpo", "gw-1", "a1", seq, found, [Gap("main", "power_meter", "active_power_w", 1, 2, "outbox_full", 2)]
    )
    again = decode(encode(batch), Batch)
    assert (again.seq, again.gaps, again.readings) == (batch.seq, batch.gaps, batch.readings)
    for sent, received in zip(batch.tables, again.tables, strict=True):
        assert received.times == sent.times
        assert {n: [*map(bits, c)] for n, c in received.columns.items()} == {
            n: [*map(bits, c)] for n, c in sent.columns.items()
        }
    assert encode(again) == encode(batch)


def test_the_state_of_the_clock_travels_with_the_readings_and_bytes_without_it_stay_what_they_were() -> None:
    bare = Table.of("main", "power_meter", [1], {"active_power_w": [1.5]})
    stamped = Table.of("main", "power_meter", [1], {"active_power_w": [1.5]}, clock="stepped")
    old = b'{"device":"main","kind":"power_meter","times":[1],"channels":"active_power_w","values":[1.5]}'
    payload = encode(Batch("g", "w", "e", 1, [bare]))
    assert old in payload
    assert decode(payload, Batch).tables[0].clock == ""
    assert decode(encode(Batch("g", "w", "e", 1, [stamped])), Batch).tables == [stamped]
    with pytest.raises(DecodeError, match="Invalid enum value 'guessed'"):
        decode(sealed_again(payload.replace(b'"times"', b'"clock":"guessed","times"')), Batch)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_the_decoder_fail_in_any_other_way(payload: bytes) -> None:
    with contextlib.suppress(DecodeError):
        assert isinstance(decode(payload, Batch), Batch)


@pytest.mark.parametrize("name", ["", "active power", "a "])
def test_a_table_takes_no_name_that_would_read_as_another(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a channel"):
        Table.of("main", "power_meter", [1], {name: [1.0]})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_cannot_be_sent(value: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        encode(Batch("gimpo", "gw-1", "a1", 1, [Table.of("main", "power_meter", [1], {"active_power_w": [value]})]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b.pop("seq"), "missing required field `seq`"),
        (lambda b: b.update(seq="1"), r"Expected `int`, got `str` - at `\$.seq`"),
        (lambda b: b.update(colour="red"), "unknown field `colour`"),
        (lambda b: b["tables"][0].update(times=[2, 1]), "Times do not rise"),
        (lambda b: b["tables"][0].update(times=[1, 1]), "Times do not rise"),
        (
            lambda b: b["tables"][0].update(times=[1]),
            r"2 values for 1 channels at 1 times - at `\$.tables\[0\].values`",
        ),
        (
            lambda b: b["tables"][0].update(channels="voltage_l1_v  current_l1_a"),
            r"with one space between two - at `\$.tab",
        ),
        (lambda b: b["tables"][0].update(channels="voltage_l1_v voltage_l1_v"), "not names, each once"),
        (lambda b: b["tables"][0].update(channels=" voltage_l1_v"), "not names, each once"),
        (lambda b: b["tables"][0].update(channels="x" * 4001), "length <= 4000 - at"),
        (lambda b: b["tables"][0].update(channels=""), "2 values for 0 channels at 2 times"),
        (lambda b: b["tables"][0].update(values=["230", 1]), "Expected `float | null`, got `str`"),
    ],
)
def test_a_batch_that_breaks_its_schema_is_refused_with_the_place(change, said: str) -> None:  # type: ignore[no-untyped-def]
    plain = json.loads(
        encode(Batch("g", "w", "e", 1, [Table.of("main", "power_meter", [1, 2], {"active_power_w": [1.0, 2.0]})]))
    )
    del plain["crc"]
    change(plain)
    with pytest.raises(DecodeError, match=said):
        decode(with_checksum(json.dumps(plain).encode()), Batch)


@given(st.data())
def test_no_altered_byte_of_a_batch_or_an_acknowledgement_is_believed(data: st.DataObject) -> None:
    message = data.draw(st.sampled_from([MESSAGES["batch"], MESSAGES["ack"]]))
    payload = encode(message)
    at = data.draw(st.integers(0, len(payload) - 1))
    flipped = data.draw(st.binary(min_size=1, max_size=4).filter(any))  # a burst of 32 bits at most: CRC-32 finds all
    altered = bytes(
        byte ^ (flipped[index - at] if at <= index < at + len(flipped) else 0) for index, byte in enumerate(payload)
    )
    if altered != payload:
        with pytest.raises(DamagedError, match="checksum"):
            decode(altered, type(message))  # type: ignore[type-var]
    with pytest.raises(DamagedError):
        decode(payload[:at], type(message))  # type: ignore[type-var]


def test_the_checksum_is_the_crc_32_that_every_language_has_of_the_bytes_before_it() -> None:
    assert encode(Ack("a1", [(1, 3)])) == b'{"epoch":"a1","stored":[[1,3]],"crc":"%08x"}' % binascii.crc32(
        b'{"epoch":"a1","stored":[[1,3]]'
    )


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    text = encode(Batch("g", "w", "e", 1, [Table.of("main", "power_meter", [1], {"active_power_w": [1.0]})])).decode()
    with pytest.raises(DecodeError) as refused:
        decode(sealed_again(text.replace("[1.0]", f"[{number}]").encode()), Batch)
    assert not isinstance(refused.value, DamagedError)


def test_an_oversized_message_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(DecodeError, match="at most"):
        decode(b" " * (MAX_BYTES + 1), Batch)


MESSAGES: dict[str, Message] = {
    "batch": Batch(
        "gimpo", "gw-1", "a1", 7, [Table.of("main", "power_meter", [1, 2], {"active_power_w": [1.5, None]})]
    ),
    "birth": Birth(
        "gimpo", "gw-1", "a1", 1, "0.1.0", "김포", "Asia/Seoul",
        [BirthDevice("main", "power_meter", "수전", "tcp://127.0.0.1:502", "sdm630", "00", 1000, ["frequency_hz"])],
    ),
    "state": State(online=True, at=1),
    "ack": Ack("a1", [(1, 3)], [(4, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_published_json_schema_describes_what_is_sent(kind: str) -> None:
    published = json.loads((ROOT / "docs" / "wire.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(published)
    validator.validate({kind: json.loads(encode(MESSAGES[kind]))})
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({kind: {"site": 1}})


def test_the_published_json_schema_is_the_codes_own() -> None:
    assert json.loads((ROOT / "docs" / "wire.schema.json").read_text(encoding="utf-8")) == json_schema()


def test_a_birth_carries_its_acceptance_and_without_one_is_the_bytes_it_always_was() -> None:
    plain = MESSAGES["birth"]
    assert isinstance(plain, Birth)
    assert b"acceptance" not in encode(plain)
    assert decode(encode(plain), Birth).acceptance is None
    check = AcceptanceCheck("ct_direction", "fail", "L2 is negative", "Turn the CT of L2")
    accepted = msgspec.structs.replace(
        plain, acceptance=Acceptance(7, 60.0, [AcceptedDevice("main", "p", "00", [check])])
    )
    assert decode(encode(accepted), Birth) == accepted
    published = json.loads((ROOT / "docs" / "wire.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(published).validate({"birth": json.loads(encode(accepted))})


@given(st.lists(st.integers(1, 60)))
def test_ranges_hold_every_sequence_number_once(sequences: list[int]) -> None:
    folded = ranges(sequences)
    assert Ack("e", stored=folded).sequences() == sorted(set(sequences))
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(folded))


def test_columns_of_different_lengths_make_no_table() -> None:
    with pytest.raises(ValueError, match=r"main\.active_power_w: 3 values at 2 times"):
        Table.of("main", "power_meter", [1, 2], {"active_power_w": [1.0, 2.0, 3.0], "frequency_hz": [60.0]})
