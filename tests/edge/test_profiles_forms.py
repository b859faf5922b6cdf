"""Every form a register takes in the field: orders, digits, bits, states, factors, texts, and addresses as printed."""

import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.profiles import (
    EncodeError,
    Factor,
    Field,
    Limits,
    Order,
    Profile,
    Rate,
    RegisterType,
    decode,
    decode_field,
    decode_identity,
    encode,
    encode_field,
    parse_profile,
)
from edge.profiles.factors import factor_value
from telemetry import DocumentError, Quality

METER = """\
name: meter
vendor: Acme
model: M1
models: [M1, M2]
kind: power_meter
source: this test
verified: false
address_base: 4xxxx
max_registers: 60
pause_ms: 5
quirks:
  - {function: 4, max_registers: 20, pause_ms: 50, one_field_per_read: true}
identity:
  - {name: serial_number, function: 3, address: 40101, registers: 4}
  - {name: firmware, function: 3, address: 40105, type: uint16, scale: 0.01}
  - {name: model, function: 4, address: 30201, registers: 2, order: BADC}
factors:
  - {name: ct1, function: 3, address: 40051, type: uint16, rate: slow}
  - {name: ct2, function: 3, address: 40052, type: uint16, scale: 0.1, rate: slow}
  - {name: exponent, function: 4, address: 30001, type: int16, power_of_ten: true, sentinels: [0x8000]}
  - {name: unit, function: 3, address: 40053, type: uint16, enum: {0: 0.001, 1: 1, 2: 1000}}
fields:
  - {channel: current_l1_a, function: 3, address: 40001, type: uint16, scale: 0.001, multiply: [ct1], divide: [ct2]}
  - {channel: active_power_w, function: 4, address: 30002, type: int32, multiply: [exponent]}
  - {channel: energy_import_wh, function: 3, address: 400003, type: uint64, multiply: [unit], rate: slow}
  - {channel: run_state, function: 1, address: 17, type: bit}
  - {channel: alarm_state, function: 2, address: 10017, type: bit}
goldens:
  - what: by hand
    registers:
      - {function: 3, address: 40001, words: [5000, 0, 0, 0, 0, 1234]}
      - {function: 3, address: 40051, words: [200, 50, 2]}
      - {function: 4, address: 30001, words: [0xFFFE, 0xFFFF, 0xFFFF]}
      - {function: 3, address: 40101, words: [0x4142, 0x3132, 0x2000, 0, 123]}
      - {function: 4, address: 30201, words: [0x324D, 0x0058]}
      - {function: 1, address: 17, words: [1]}
    values: {current_l1_a: 200, active_power_w: -0.01, energy_import_wh: 1234000, run_state: 1}
    identity: {serial_number: AB12, firmware: "1.23", model: M2X}
"""


@pytest.fixture(scope="module")
def meter() -> Profile:
    return parse_profile(METER, "meter.yaml")


def power(kind: RegisterType, order: Order = Order.ABCD, **more: object) -> Field:
    return Field("active_power_w", 3, 0, kind, order, **more)  # type: ignore[arg-type]  # the test says what it means


@pytest.mark.parametrize(
    ("order", "wire"),
    [
        (Order.ABCDEFGH, "0102030405060708"),
        (Order.GHEFCDAB, "0708050603040102"),
        (Order.BADCFEHG, "0201040306050807"),
        (Order.HGFEDCBA, "0807060504030201"),
        (Order.CDABGHEF, "0304010207080506"),
        (Order.EFGHABCD, "0506070801020304"),
        (Order.ABCD, "0102030405060708"),
        (Order.CDAB, "0708050603040102"),
        (Order.BADC, "0201040306050807"),
        (Order.DCBA, "0807060504030201"),
    ],
)
def test_the_orders_of_64_bits_are_what_their_letters_say(order: Order, wire: str) -> None:
    words = struct.unpack(">4H", bytes.fromhex(wire))
    field = Field("energy_import_wh", 3, 0, RegisterType.UINT64, order, scale=1e-6)
    assert decode_field(field, words) == 0x0102030405060708 / 10**6


@given(st.sampled_from(list(Order)), st.floats(-1e9, 1e9))
def test_a_double_survives_in_all_orders_of_64_bits(order: Order, value: float) -> None:
    field = power(RegisterType.FLOAT64, order)
    assert decode_field(field, encode_field(field, value)) == value


@given(st.integers(0, 99_999_999), st.sampled_from([Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA]))
def test_decimal_digits_are_what_a_display_shows(value: int, order: Order) -> None:
    field = power(RegisterType.BCD32, order)
    words = encode_field(field, value)
    assert decode_field(field, words) == value
    if order is Order.ABCD:
        assert f"{words[0]:04x}{words[1]:04x}" == f"{value:08d}"


def test_a_digit_above_nine_is_no_value_and_five_digits_do_not_fit_four() -> None:
    field = power(RegisterType.BCD16)
    assert decode_field(field, [0x1234]) == 1234
    assert decode_field(field, [0x12A4]) is Quality.SENTINEL
    with pytest.raises(EncodeError, match=r"outside bcd16 0\.\.9999"):
        encode_field(field, 10_000)


@given(st.integers(0, 0xFFFF), st.integers(1, 0xFFFF))
def test_a_mask_takes_its_own_bits_and_leaves_the_others(word: int, mask: int) -> None:
    field = Field("alarm_state", 3, 0, RegisterType.UINT16, mask=mask)
    value = decode_field(field, [word])
    assert value == (word & mask) // (mask & -mask)
    assert encode_field(field, value) == [word & mask]


def test_two_bit_fields_share_a_register_when_they_are_written_too() -> None:
    text = METER[: METER.index("identity:")].replace("4xxxx", "0")
    text += """\
fields:
  - {channel: run_state, function: 3, address: 7, type: uint16, mask: 0x000F}
  - {channel: alarm_state, function: 3, address: 7, type: uint16, mask: 0xFF00}
goldens:
  - {what: x, registers: [{function: 3, address: 7, words: [0x1203]}], values: {run_state: 3, alarm_state: 18}}
"""
    profile = parse_profile(text, "bits.yaml")
    assert encode(profile, {"run_state": 3, "alarm_state": 0x12}) == {(3, 7): 0x1203}
    with pytest.raises(EncodeError, match="outside mask 0xf"):
        encode(profile, {"run_state": 16})


def test_a_state_is_what_its_list_says_and_any_other_number_is_out_of_range() -> None:
    field = Field("run_state", 3, 0, RegisterType.UINT16, enum={10: 0.0, 20: 3.0})
    assert [decode_field(field, [word]) for word in (10, 20, 30)] == [0.0, 3.0, Quality.RANGE]
    assert encode_field(field, 3) == [20]
    with pytest.raises(EncodeError, match=r"none of \[0\.0, 3\.0\]"):
        encode_field(field, 2)


def test_ratios_exponents_and_units_from_registers_multiply_and_divide(meter: Profile) -> None:
    words = {(3, 0): 5000, (3, 50): 400, (3, 51): 10, (4, 0): 3, (4, 1): 0, (4, 2): 12}
    assert decode(meter, words) == {"current_l1_a": 2000.0, "active_power_w": 12_000.0}
    assert decode(meter, words | {(3, 50): 0})["current_l1_a"] is Quality.SENTINEL
    assert decode(meter, words | {(4, 0): 0x8000})["active_power_w"] is Quality.SENTINEL
    assert decode(meter, words | {(4, 0): 13})["active_power_w"] is Quality.RANGE
    energy = {(3, 2): 0, (3, 3): 0, (3, 4): 0, (3, 5): 7}
    assert decode(meter, energy) == {}
    assert decode(meter, energy | {(3, 52): 0}) == {"energy_import_wh": 0.007}
    assert decode(meter, energy | {(3, 52): 3}) == {"energy_import_wh": Quality.RANGE}


def test_a_scaled_value_is_rounded_once_whatever_its_factors() -> None:
    exponent = Factor("e", 3, 0, RegisterType.INT16, power_of_ten=True)
    tenth = factor_value(exponent, [0xFFFF])
    assert tenth == Fraction(1, 10)
    assert isinstance(tenth, Fraction)
    assert decode_field(power(RegisterType.INT16), [3], tenth) == 0.3


def test_what_is_encoded_with_factors_decodes_with_them(meter: Profile) -> None:
    values = {"current_l1_a": 12.0, "active_power_w": -40.0, "energy_import_wh": 5000.0}
    assert decode(meter, encode(meter, values)) == values
    written = encode(meter, values, {"ct1": 100, "ct2": 50, "exponent": 1, "unit": 2})
    assert (written[3, 50], written[4, 0], written[3, 52]) == (100, 1, 2)
    assert decode(meter, written) == values
    with pytest.raises(EncodeError, match="ct1, ct2 have no value"):
        encode(meter, values, {"ct1": 0})


def test_reference_numbers_become_wire_addresses_of_their_function(meter: Profile) -> None:
    assert [(field.function, field.address) for field in meter.fields] == [(3, 0), (4, 1), (3, 2), (1, 16), (2, 16)]
    assert [(factor.function, factor.address) for factor in meter.factors] == [(3, 50), (3, 51), (4, 0), (3, 52)]


def test_the_device_is_known_by_its_texts_and_numbers(meter: Profile) -> None:
    words = {(3, 100): 0x4142, (3, 101): 0x3100, (3, 102): 0x5A5A, (3, 103): 0, (3, 104): 200}
    assert decode_identity(meter, words) == {"serial_number": "AB1", "firmware": "2"}
    assert all(item.rate is Rate.ONCE for item in meter.identity)
    assert decode_identity(meter, dict.fromkeys([(3, at) for at in range(100, 104)], 0x2020)) == {}


def test_the_limits_of_a_function_are_the_profiles_unless_it_has_its_own(meter: Profile) -> None:
    assert meter.limits(3) == Limits(60, 8, 5, one_field_per_read=False)
    assert meter.limits(4) == Limits(20, 8, 50, one_field_per_read=True)
    assert meter.limits(1) == Limits(2000, 8, 5, one_field_per_read=False)
    assert meter.covers == ["M1", "M2"]
    assert [field.rate for field in meter.fields[:3]] == [Rate.FAST, Rate.FAST, Rate.SLOW]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("address: 40001", "address: 30001", r"fields\[0\]\.address: 30001 is no reference number of function 3"),
        ("address: 40001", "address: 40000", r"fields\[0\]\.address: 40000 is outside"),
        ("address: 400003", "address: 465535", r"fields\[2\]\.address: 4 registers from 465535 are outside"),
        (
            "address: 17, type: bit}\n  - {ch",
            "address: 1, type: uint16}\n  - {ch",
            r"fields\[3\]\.function: function 1 does not read uint16",
        ),
        ("type: uint16, scale: 0.001", "type: bit, bit: 16", r"fields\[0\]\.bit: "),
        ("type: uint16, scale: 0.001", "type: uint16, bit: 3", r"fields\[0\]\.bit: `bit` belongs to type bit"),
        ("type: uint16, scale: 0.001", "type: int16, mask: 3", r"fields\[0\]\.mask: a mask belongs to a uint"),
        ("type: uint16, scale: 0.001", "type: uint16, order: CDABGHEF", r"fields\[0\]\.order: .*64 bits"),
        ("type: uint16, scale: 0.001", "type: string", r"fields\[0\]\.type: a text is no number"),
        ("multiply: [unit]", "enum: {1: 1}, scale: 2", r"fields\[2\]\.enum: an enum gives values itself"),
        ("multiply: [ct1]", "multiply: [ct9]", r"fields\[0\]\.multiply\[0\]: there is no factor 'ct9'"),
        ("divide: [ct2]", "divide: []", r"factors\[1\]\.name: no field uses ct2"),
        (
            "  - {name: exp",
            "  - {name: ct1, function: 3, address: 40060, type: uint16}\n  - {name: exp",
            r"factors\[2\]\.name: ct1",
        ),
        ("{0: 0.001, 1: 1", "{0: 0, 1: 1", r"factors\[3\]\.enum\.0: factor 0\.0 must be above 0"),
        ("address: 40053, type: uint16, enum", "address: 40053, type: bit, enum", r"factors\[3\]\.function: "),
        ("registers: 4}", "}", r"identity\[0\]\.registers: a string"),
        ("name: firmware", "name: serial_number", r"identity: a name is given twice"),
        ("max_registers: 20,", "max_registers: 1,", r"quirks: int32 needs 2 registers"),
        ("quirks:\n", "quirks:\n  - {function: 4}\n", r"quirks: a function is given twice"),
        ("models: [M1, M2]", "models: [M1, M1]", r"models: a model is given twice"),
        ("pause_ms: 5\n", "pause_ms: 5\nfunctions: [3, 4]\n", r"fields\[3\]: the device does not answer function 1"),
        ("address: 400003", "address: 40001", r"fields\[2\]\.address: register 0 of function 3 is current_l1_a"),
        (
            'firmware: "1.23"',
            'firmware: "1.24"',
            r"goldens\[0\]\.identity\.firmware: the registers say '1\.23', not '1\.24'",
        ),
    ],
)
def test_a_defect_is_named_with_its_line_and_field(old: str, new: str, says: str) -> None:
    assert old in METER
    with pytest.raises(DocumentError, match=r"meter\.yaml:\d+: " + says):
        parse_profile(METER.replace(old, new, 1), "meter.yaml")


FRAMES = """\
name: frames
vendor: Acme
model: M1
kind: power_meter
source: this test
verified: false
address_base: 1
fields:
  - {channel: voltage_l1_v, function: 4, address: 1, type: float32}
  - {channel: run_state, function: 1, address: 20, type: bit}
goldens:
  - what: whole frames, as on the wire
    frames:
      - {wire: rtu, request: "01 04 0000 0002 71CB", reply: "01 04 04 4366 3333 5AFA"}
      - {wire: tcp, request: "0001 0000 0006 01 01 0013 0013", reply: "0001 0000 0006 01 01 03 CD6B05"}
    values: {voltage_l1_v: 230.2, run_state: 1}
"""


def test_whole_frames_are_goldens_and_their_addresses_are_the_wires() -> None:
    profile = parse_profile(FRAMES, "frames.yaml")
    assert [field.address for field in profile.fields] == [0, 19]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("71CB", "71CC", r"frames\.yaml:14: goldens\[0\]\.frames\[0\]: the request's CRC is 71cc, its bytes give 71cb"),
        ("5AFA", "5AF", r"the reply is not hexadecimal"),
        ('"01 04 0000 0002 71CB"', '"0104"', r"the request is too short"),
        ('reply: "0001 0000 0006', 'reply: "0001 0000 0007', r"the reply is no Modbus TCP frame"),
        ("01 01 03 CD6B05", "02 01 03 CD6B05", r"the reply is of unit 2 function 1, the request of 1 and 1"),
        ("0006 01 01 03 CD6B05", "0005 01 01 02 CD6B", r"carries 2 bytes \(it says 2\), the request asks for 3"),
        ("0006 01 01 0013 0013", "0006 01 05 0013 0013", r"function 5 is none of 1 to 4"),
        ("0006 01 01 0013 0013", "0005 01 01 0013 00", r"the request is not one of functions 1 to 4"),
        ("values: {voltage_l1_v: 230.2, run_state: 1}", "values: {}", r"a golden says what its registers mean"),
        ("voltage_l1_v: 230.2", "voltage_l1_v: 230.3", r"the registers mean 230\.\d+, not 230\.3"),
    ],
)
def test_a_broken_frame_is_refused_with_its_line(old: str, new: str, says: str) -> None:
    assert old in FRAMES
    with pytest.raises(DocumentError, match=says):
        parse_profile(FRAMES.replace(old, new, 1), "frames.yaml")
