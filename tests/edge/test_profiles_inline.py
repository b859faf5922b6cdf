"""Profiles that a technician writes in the site file: a machine's registers, mapped to channels."""

from pathlib import Path
from typing import Any

import pytest

from edge.profiles import UnknownProfileError, decode, load_memory, load_profile, parse_profile, plc_memories
from edge.profiles.plc_memory import Start, parse_memory, place_of
from telemetry import DocumentError, Quality, parse_yaml

PRESS: dict[str, Any] = {
    "memory": "ls-xgt",
    "starts": {"D": {"device": "D0"}, "M": {"device": "M0000"}},
    "fields": [
        {"channel": "production_count", "at": "D100", "type": "uint32", "order": "CDAB", "modulus": 1_000_000},
        {"channel": "run_state", "at": "D102", "type": "uint16", "mask": 0x00F0, "enum": {0: 0, 1: 3, 2: 1}},
        {"channel": "cycle_time_s", "at": "D103", "type": "bcd16", "scale": 0.1, "sentinels": [0xFFFF]},
        {"channel": "alarm_state", "at": "D104", "type": "uint16", "mask": 0x0FFF},
    ],
}


def changed(index: int, **keys: object) -> dict[str, Any]:
    fields = [dict(field) for field in PRESS["fields"]]
    fields[index] |= keys
    return PRESS | {"fields": fields}


def test_a_press_is_mapped_by_the_names_of_its_plcs_program() -> None:
    profile = parse_profile(PRESS, "site.yaml")
    assert profile.kind == "plc"
    assert {field.function for field in profile.fields} == {3}
    words = [0xE240, 0x0001, 0x0010, 0x0325, 0xF801]
    assert decode(profile, {(3, 100 + n): word for n, word in enumerate(words)}) == {
        "production_count": 123_456.0,
        "run_state": 3.0,
        "cycle_time_s": 32.5,
        "alarm_state": 0x801,
    }


def test_a_state_nobody_described_is_no_state_and_a_digit_above_nine_no_number() -> None:
    profile = parse_profile(PRESS, "site.yaml")
    got = decode(profile, {(3, 102): 0x0070, (3, 103): 0x0A00})
    assert got == {"run_state": Quality.RANGE, "cycle_time_s": Quality.SENTINEL}


def test_run_state_by_a_single_bit_of_a_register_or_by_a_coil() -> None:
    by_bit = {"channel": "run_state", "function": 3, "address": 7, "type": "bit", "bit": 9, "enum": {0: 1, 1: 3}}
    profile = parse_profile({"fields": [by_bit]}, "site.yaml")
    assert decode(profile, {(3, 7): 0x0200}) == {"run_state": 3.0}
    assert decode(profile, {(3, 7): 0xFDFF}) == {"run_state": 1.0}
    coil = PRESS | {"fields": [{"channel": "run_state", "at": "M0001A", "type": "bit", "enum": {0: 1, 1: 3}}]}
    assert decode(parse_profile(coil, "site.yaml"), {(1, 26): 1}) == {"run_state": 3.0}


def test_the_read_areas_of_an_ls_plc_are_other_functions() -> None:
    (field,) = parse_profile(
        PRESS | {"fields": [{"channel": "run_state", "at": "D5", "function": 4, "type": "uint16"}]}, "site.yaml"
    ).fields
    assert (field.function, field.address) == (4, 5)


def test_a_library_profile_is_taken_over_at_another_address_with_a_channel_of_its_own() -> None:
    own = {"channel": "cycle_time_s", "function": 3, "address": 9, "type": "uint16"}
    profile = parse_profile({"extends": "generic-plc", "address_offset": 200, "fields": [own]}, "site.yaml")
    assert {field.channel: field.address for field in profile.fields} == {
        "cycle_time_s": 9,
        "production_count": 200,
        "run_state": 202,
    }
    assert profile.kind == "plc"
    assert "generic-plc" in profile.source


def test_a_meter_behind_a_gateway_that_moves_its_registers_keeps_its_factors() -> None:
    profile = parse_profile({"extends": "eastron-sdm120", "address_offset": 1000}, "site.yaml")
    assert profile.kind == "power_meter"
    assert profile.max_gap == load_profile("eastron-sdm120").max_gap
    assert min(field.address for field in profile.fields) == 1000


def test_an_inline_profile_has_a_digest_that_changes_with_it() -> None:
    assert parse_profile(PRESS, "a").digest == parse_profile(dict(PRESS), "b").digest
    assert parse_profile(changed(0, modulus=2), "a").digest != parse_profile(PRESS, "a").digest


def test_a_file_of_the_same_form_is_a_profile_too(tmp_path: Path) -> None:
    path = tmp_path / "press-7.yaml"
    path.write_text("extends: generic-plc\naddress_offset: 10\n", encoding="utf-8")
    assert load_profile(path).name == "press-7"
    path.write_text("extends: generic-plc\naddress_offset: -10\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"press-7\.yaml:2: address_offset: -10 moves generic-plc outside"):
        load_profile(path)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"fields": []}, "fields: a profile needs fields"),
        ({"extends": "nothing"}, "extends: unknown device profile"),
        (PRESS | {"memory": "step7"}, "memory: unknown PLC memory map 'step7'; built in are ls-xgt"),
        (PRESS | {"starts": {}}, r"fields\[0\]\.at: where D begins is set in the PLC: copy it, as starts: \{D"),
        (PRESS | {"address_base": 1}, "address_base: with `memory`"),
        (changed(0, at="Q1"), r"fields\[0\]\.at: 'Q1' is no memory of LS Electric ls-xgt: D, M"),
        (changed(0, address=3), r"fields\[0\]\.at: `at` needs"),
        (changed(0, order=None), r"fields\[0\]: say its order: CDAB"),
        (changed(0, function=1), r"fields\[0\]\.function: D100 is not read by function 1"),
        (changed(0, channel="parts"), r"fields\[0\]\.channel: unknown channel 'parts'"),
        (changed(1, mask=0x1FFFF), r"fields\[1\]\.mask: 0x1ffff has more bits"),
        (changed(3, at="D103"), r"fields\[3\]\.address: register 103 of function 3 is cycle_time_s already"),
        (PRESS | {"colour": 1}, "colour: unknown key"),
        (PRESS | {"name": "A B"}, "name: profile name 'A B'"),
        (
            {"fields": [{"channel": "run_state", "type": "uint16"}]},
            r"fields\[0\]: a field needs a function and an addr",
        ),
    ],
)
def test_a_defect_of_an_inline_profile_names_its_field(value: dict[str, Any], says: str) -> None:
    with pytest.raises(DocumentError, match="site.yaml: " + says):
        parse_profile(value, "site.yaml")


def test_a_defect_of_an_inline_profile_has_the_line_of_the_site_file() -> None:
    text = """\
devices:
  - profile:
      fields:
        - {channel: run_state, function: 3, address: 1, type: uint16}
        - channel: cycle_time_s
          function: 3
          address: 1
          type: uint16
  - profile:
      fields:
        - {channel: run_state, function: 3, address: 1, type: uint17}
"""
    document = parse_yaml(text, "site.yaml")
    first, second = (device["profile"] for device in document.value["devices"])
    with pytest.raises(DocumentError, match=r"site\.yaml:7: devices\[0\]\.profile\.fields\[1\]\.address: register 1"):
        parse_profile(first, "devices[0].profile", document)
    with pytest.raises(DocumentError, match=r"site\.yaml:11: devices\[1\]\.profile\.fields\[0\]\.type: .*uint17"):
        parse_profile(second, "devices[1].profile", document)


@pytest.mark.parametrize("name", plc_memories())
def test_a_memory_map_names_its_source_and_its_examples_hold(name: str) -> None:
    memory = load_memory(name)
    assert memory.name == name
    assert "http" in memory.source
    assert memory.examples


def test_octal_names_are_octal_and_an_area_ends() -> None:
    memory = load_memory("mitsubishi-fx3u")
    assert place_of(memory, "Y10", {}) == (1, 0x3308)
    for wrong in ("Y8", "Y400", "M7680", "D0"):
        with pytest.raises(ValueError, match=r"Mitsubishi|outside|begins"):
            place_of(memory, wrong, {})
    with pytest.raises(ValueError, match="outside"):
        place_of(memory, "D0", {"D": Start("D1")})


def test_a_memory_map_whose_example_does_not_hold_is_refused_with_its_line() -> None:
    text = """\
name: x
vendor: x
models: [x]
source: x
verified: false
areas: [{prefix: D, function: 3, numbering: decimal, address: 0}]
examples:
  - {what: x, at: D7, function: 3, address: 8}
"""
    with pytest.raises(DocumentError, match=r"x\.yaml:8: examples\[0\]: D7 is 7 of function 3, not 8 of 3"):
        parse_memory(text, "x.yaml")
    with pytest.raises(DocumentError, match=r"x\.yaml:6: areas\[0\]\.function"):
        parse_memory(text.replace("function: 3, n", "function: 5, n"), "x.yaml")
    with pytest.raises(DocumentError, match=r"x\.yaml:8: examples\[0\]: 'E7' is no memory"):
        parse_memory(text.replace("at: D7", "at: E7"), "x.yaml")
    with pytest.raises(UnknownProfileError, match="unknown PLC memory map"):
        load_memory("x")
