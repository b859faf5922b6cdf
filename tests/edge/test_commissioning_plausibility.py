"""A value is believed as far as chance would not have put it there, and an unknown register is ranked by that."""

from __future__ import annotations

import random
import string
import struct

import pytest

from edge.commissioning import Region, about, judge, language_of, phrase, rank, say, shown, together
from edge.commissioning.identify import weigh
from edge.commissioning.plausibility import float_bits
from edge.commissioning.sentences import SENTENCES
from edge.profiles import Field, Order, RegisterType, encode_field


def registers(kind: RegisterType, order: Order, *values: float) -> list[int]:
    return [word for value in values for word in encode_field(Field("energy_import_wh", 3, 0, kind, order), value)]


@pytest.mark.parametrize("voltage", [110.0, 220.4, 231.9, 118.0])
def test_a_voltage_near_a_nominal_one_speaks_for_itself(voltage: float) -> None:
    assert judge("voltage_l1_v", voltage).bits > 4


@pytest.mark.parametrize(
    ("channel", "value"),
    [("voltage_l1_v", 37.0), ("voltage_l12_v", 1234.0), ("frequency_hz", 44.0), ("active_power_w", 1e-30)],
)
def test_what_no_meter_would_show_speaks_against(channel: str, value: float) -> None:
    assert judge(channel, value).bits < 0


def test_a_sensor_of_tenths_is_not_taken_for_one_of_hundredths() -> None:
    def bits(temperature: float, humidity: float) -> float:
        return sum(each.bits for each in weigh({"temperature_c": temperature, "humidity_pct": humidity}))

    assert bits(3.0, 50.1) > bits(0.3, 5.01) + 2
    assert about(judge("humidity_pct", 50.1).why, "ko") == "상대습도 50.10 %, 가능한 값"


def test_channels_and_reasons_are_told_to_people_by_their_names() -> None:
    said = phrase("outside", channel="voltage_l1_v", reason="sentinel")
    assert said.text("en") == "Voltage L1: device says none"
    assert said.text("ko") == "상전압 L1: 장치가 값 없음으로 표시"
    assert (
        phrase("values_missing", channels="frequency_hz, no_such_channel").text("ko")
        == "값 없음: 주파수, no_such_channel"
    )


def test_a_zero_says_nothing() -> None:
    assert judge("voltage_l1_v", 0.0).bits == 0


def test_power_that_is_v_times_i_times_pf_speaks_for_all_of_them() -> None:
    fits = {"voltage_l1_v": 230.0, "current_l1_a": 10.0, "power_factor": 0.9, "active_power_w": 2070.0}
    assert sum(found.bits for found in together(fits)) > 0
    assert sum(found.bits for found in together({**fits, "active_power_w": 207.0})) < 0


@pytest.mark.parametrize("order", [Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA])
@pytest.mark.parametrize("kind", [RegisterType.FLOAT32, RegisterType.UINT32])
def test_three_voltages_give_away_their_type_and_order(kind: RegisterType, order: Order) -> None:
    scale = 1 if kind is RegisterType.FLOAT32 else 10
    words = registers(kind, order, 230.3 * scale, 229.4 * scale, 231.8 * scale)
    best = rank(Region(3, 100, words), wanted=100)[0]
    assert (best.address, best.type, best.order, best.quantity) == (100, kind, order, "voltage")
    assert best.value == pytest.approx(230.3, abs=0.05)


def test_a_manual_that_counts_from_one_shows_as_an_offset() -> None:
    words = [0xFFFF, *registers(RegisterType.FLOAT32, Order.ABCD, 230.3, 229.4), 0xFFFF]
    best = rank(Region(4, 99, words), wanted=101)[0]
    assert (best.address, best.offset) == (100, -1)


def test_tenths_of_volts_and_hundredths_of_hertz_are_found_with_their_scale() -> None:
    found = {one.address: one for one in rank(Region(3, 0, [2301, 2296, 2308, 0, 5998]), wanted=0)}
    assert (found[0].quantity, found[0].scale, found[0].type) == ("voltage", 0.1, RegisterType.UINT16)
    assert (found[4].quantity, found[4].scale) == ("frequency", 0.01)


def test_a_register_that_rises_a_little_is_a_counter_and_one_that_jumps_is_not() -> None:
    before = registers(RegisterType.UINT32, Order.ABCD, 273_538_120)
    after = registers(RegisterType.UINT32, Order.ABCD, 273_538_123)
    jumped = registers(RegisterType.UINT32, Order.ABCD, 290_000_000)
    (best, *_) = rank(Region(3, 0, before), Region(3, 0, after), wanted=0)
    assert (best.address, best.type, best.quantity) == (0, RegisterType.UINT32, "counter")
    assert not [one for one in rank(Region(3, 0, before), Region(3, 0, jumped), wanted=0) if one.quantity == "counter"]


def test_noise_never_gets_the_evidence_of_three_real_voltages() -> None:
    real = rank(Region(3, 0, registers(RegisterType.FLOAT32, Order.ABCD, 230.3, 229.4, 231.8)), wanted=0)[0].bits
    chance = random.Random(7)
    for _ in range(100):
        noise = [chance.randrange(0x10000) for _ in range(6)]
        assert all(one.bits < real for one in rank(Region(3, 0, noise), wanted=0) if one.type is RegisterType.FLOAT32)


def test_registers_of_zeros_are_no_candidates() -> None:
    assert rank(Region(3, 0, [0] * 10), wanted=0) == []


def test_every_sentence_has_the_same_places_in_both_languages() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, (english, korean) in SENTENCES.items():
        assert places(english) == places(korean), key
        assert english, key
        assert korean, key


def test_the_terminals_language_is_used() -> None:
    assert language_of("ko_KR.UTF-8") == "ko"
    assert language_of("de_DE") == language_of("") == "en"
    assert say("ko", "sure_likely") == "유력"


@pytest.mark.parametrize(
    ("channel", "value", "text"),
    [
        ("voltage_l1_v", 230.14, "230.1 V"),
        ("active_power_w", 12_345.0, "12.35 kW"),
        ("production_count", 121_776.0, "121,776"),
    ],
)
def test_values_are_shown_as_a_display_shows_them(channel: str, value: float, text: str) -> None:
    assert shown(channel, value) == text


def test_evidence_of_a_float_counts_bit_patterns() -> None:
    first, last = (struct.unpack(">I", struct.pack(">f", end))[0] for end in (198.0, 253.0))
    assert 2 ** -float_bits(198.0, 253.0) * 2**32 == pytest.approx(last - first + 1)
