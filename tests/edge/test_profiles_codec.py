"""Registers to values and back, for every type and order."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import EncodeError
from edge.profiles import (
    Field,
    Order,
    RegisterType,
    decode,
    decode_field,
    encode,
    encode_field,
    load_profile,
)
from telemetry import Quality, channel

INTEGERS = {
    RegisterType.UINT16: (0, 2**16 - 1),
    RegisterType.INT16: (-(2**15), 2**15 - 1),
    RegisterType.UINT32: (0, 2**32 - 1),
    RegisterType.INT32: (-(2**31), 2**31 - 1),
    RegisterType.UINT64: (0, 10**9),
    RegisterType.INT64: (-(10**9), 10**9),
}


ANY_SIZE = [Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA]


def field(kind: RegisterType, order: Order = Order.ABCD, scale: float = 1.0, offset: float = 0.0) -> Field:
    return Field("active_power_w", 3, 0, kind, order, scale, offset)


@given(st.data(), st.sampled_from(list(INTEGERS)), st.sampled_from(ANY_SIZE))
def test_an_integer_survives_in_every_order(data: st.DataObject, kind: RegisterType, order: Order) -> None:
    low, high = INTEGERS[kind]
    value = data.draw(st.integers(max(low, -(10**9)), min(high, 10**9)))
    assert decode_field(field(kind, order), encode_field(field(kind, order), value)) == value


@given(st.floats(-1e9, 1e9, width=32), st.sampled_from(ANY_SIZE))
def test_a_single_precision_number_survives_bit_for_bit(value: float, order: Order) -> None:
    described = field(RegisterType.FLOAT32, order)
    assert decode_field(described, encode_field(described, value)) == value


@given(st.floats(-1e9, 1e9), st.sampled_from(ANY_SIZE))
def test_a_double_precision_number_survives_bit_for_bit(value: float, order: Order) -> None:
    described = field(RegisterType.FLOAT64, order)
    assert decode_field(described, encode_field(described, value)) == value


@given(
    st.sampled_from([RegisterType.INT16, RegisterType.INT32, RegisterType.INT64]),
    st.sampled_from([0.001, 0.01, 0.1, 0.5, 1.0, 10.0, 1000.0]),
    st.floats(-100, 100),
    st.floats(-30, 30),
)
def test_a_scaled_value_returns_within_half_the_registers_resolution(
    kind: RegisterType, scale: float, offset: float, value: float
) -> None:
    described = field(kind, Order.ABCD, scale, offset)
    if not abs(value - offset) / scale < 2**15 - 1:
        value = offset
    got = decode_field(described, encode_field(described, value))
    assert isinstance(got, float)
    assert abs(got - value) <= scale / 2 * (1 + 1e-9) + 1e-9


@given(st.integers(-(2**15), 2**15 - 1), st.sampled_from([10, 100, 1000]))
def test_a_decimal_scale_gives_the_nearest_float_to_the_decimal(number: int, denominator: int) -> None:
    described = field(RegisterType.INT16, scale=1 / denominator)
    assert decode_field(described, [number % 2**16]) == float(f"{number}e-{len(str(denominator)) - 1}")


@given(st.lists(st.integers(0, 2**16 - 1), min_size=2, max_size=2), st.sampled_from(ANY_SIZE))
def test_registers_that_decode_to_a_value_encode_to_the_same_registers(words: list[int], order: Order) -> None:
    described = field(RegisterType.FLOAT32, order)
    value = decode_field(described, words)
    if isinstance(value, float) and value:  # the two zeros are one value
        assert encode_field(described, value) == words


def values_of(described: Field) -> st.SearchStrategy[float]:
    """What the field may stand for: one of its states, or any number [the channel's unit]."""
    if described.enum:
        return st.sampled_from(sorted(set(described.enum.values())))
    known = channel(described.channel)
    return st.floats(max(known.low, -3000), min(known.high, 3000))


@pytest.mark.parametrize("name", ["eastron-sdm120", "eastron-sdm630", "generic-plc", "xy-md02"])
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_profiles_encode_is_the_inverse_of_its_decode(name: str, data: st.DataObject) -> None:
    profile = load_profile(name)
    values = {f.channel: data.draw(values_of(f), label=f.channel) for f in profile.fields}
    decoded = decode(profile, encode(profile, values))
    for f in profile.fields:
        got = decoded[f.channel]
        resolution = f.scale / 2 if not f.type.is_float else abs(values[f.channel]) * 2**-23 + 1e-38
        # The register's nearest number may lie just outside the plausible range; then it is said to be so.
        if isinstance(got, Quality):
            low, high = channel(f.channel).low, channel(f.channel).high
            assert got is Quality.RANGE
            assert min(abs(values[f.channel] - low), abs(values[f.channel] - high)) <= resolution
        else:
            assert math.isclose(got, values[f.channel], rel_tol=0, abs_tol=resolution * (1 + 1e-9))
    good = {name: value for name, value in decoded.items() if isinstance(value, float)}
    assert decode(profile, encode(profile, good)) == good


def test_the_orders_are_what_their_letters_say() -> None:
    a, b, c, d = 0x3A, 0x4B, 0x5C, 0x6D
    number = int.from_bytes(bytes([a, b, c, d]), "big")
    sent = {
        Order.ABCD: (a, b, c, d),
        Order.CDAB: (c, d, a, b),
        Order.BADC: (b, a, d, c),
        Order.DCBA: (d, c, b, a),
    }
    for order, wire in sent.items():
        words = list(struct.unpack(">2H", bytes(wire)))
        assert decode_field(field(RegisterType.UINT32, order), words) == float(number)


def test_swapped_words_of_a_64_bit_number_are_all_four_reversed() -> None:
    words = list(struct.unpack(">4H", struct.pack(">d", 1234.5)))
    assert decode_field(field(RegisterType.FLOAT64, Order.CDAB), words[::-1]) == 1234.5


def test_a_sentinel_is_the_bit_pattern_the_manual_prints() -> None:
    described = Field("temperature_c", 4, 0, RegisterType.INT16, scale=0.1, sentinels=[0x8000])
    assert decode_field(described, [0x8000]) is Quality.SENTINEL
    assert decode_field(described, [0x8001]) is Quality.RANGE
    assert decode_field(described, [0xFFFF]) == -0.1


def test_a_bit_is_nought_or_one() -> None:
    described = Field("run_state", 1, 7, RegisterType.BIT)
    assert [decode_field(described, [word]) for word in (0, 1)] == [0.0, 1.0]
    assert [encode_field(described, value) for value in (0, 1)] == [[0], [1]]


def test_a_state_that_the_device_does_not_know_is_neither_read_nor_written() -> None:
    described = Field("run_state", 3, 2, RegisterType.UINT16, enum={0: 0, 7: 3})
    assert decode_field(described, [7]) == 3.0
    assert decode_field(described, [5]) is Quality.RANGE
    assert encode_field(described, 3.0) == [7]
    with pytest.raises(EncodeError, match=r"run_state: 5.0 is none of \[0, 3\]"):
        encode_field(described, 5.0)
