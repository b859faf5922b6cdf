"""Device profiles: the library, the checks on a profile's file, and what each golden says."""

import hashlib
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from edge.profiles import (
    EncodeError,
    UnknownProfileError,
    builtin_profiles,
    decode,
    encode,
    load_profile,
    parse_profile,
)
from telemetry import DocumentError, Quality

MINIMAL = """\
name: press-counter
vendor: any
model: any
kind: plc
source: this test
verified: false
address_base: 0
fields:
  - {channel: production_count, function: 3, address: 0, type: uint32}
  - {channel: cycle_time_s, function: 3, address: 2, type: uint16, scale: 0.1}
goldens:
  - what: by hand
    registers: [{function: 3, address: 0, words: [1, 2, 325]}]
    values: {production_count: 65538, cycle_time_s: 32.5}
"""


def test_the_library_holds_the_profiles_the_factory_uses() -> None:
    assert {"eastron-sdm120", "eastron-sdm630", "generic-plc", "xy-md02"} <= set(builtin_profiles())


def test_the_digest_is_the_sha_256_of_the_profiles_text() -> None:
    for name in builtin_profiles():
        text = (resources.files("edge.profiles") / "library" / f"{name}.yaml").read_bytes()
        assert load_profile(name).digest == hashlib.sha256(text).hexdigest()


def test_the_three_phase_meter_delivers_energy_in_watt_hours() -> None:
    profile = load_profile("eastron-sdm630")
    registers = {(4, 0x48): 0x449A, (4, 0x49): 0x5000}
    assert decode(profile, registers) == {"energy_import_wh": 1_234_500.0}


def test_tenths_come_out_as_the_decimal_they_are() -> None:
    profile = load_profile("xy-md02")
    assert decode(profile, {(4, 1): 3, (4, 2): 546}) == {"temperature_c": 0.3, "humidity_pct": 54.6}


def test_a_channel_without_all_its_registers_is_left_out() -> None:
    profile = load_profile("generic-plc")
    assert decode(profile, {(3, 0): 1, (3, 2): 3}) == {"run_state": 3.0}


def test_registers_of_another_function_are_another_devices_business() -> None:
    assert decode(load_profile("generic-plc"), {(4, 2): 3}) == {}


def test_what_cannot_be_is_out_of_range_and_what_is_not_a_number_is_no_value() -> None:
    profile = load_profile("eastron-sdm630")
    for words, quality in (
        ((0x7FC0, 0x0000), Quality.SENTINEL),  # NaN
        ((0x7F80, 0x0000), Quality.SENTINEL),  # infinity
        ((0x4296, 0x0000), Quality.RANGE),  # 75 Hz
    ):
        assert decode(profile, {(4, 0x46): words[0], (4, 0x47): words[1]}) == {"frequency_hz": quality}


def test_a_counter_starts_again_from_zero_beyond_its_modulus() -> None:
    profile = load_profile("generic-plc")
    assert decode(profile, encode(profile, {"production_count": 2.0**32 + 5})) == {"production_count": 5.0}


def test_a_sentinel_is_encoded_where_the_device_has_one() -> None:
    plc, meter, sensor = load_profile("generic-plc"), load_profile("eastron-sdm120"), load_profile("xy-md02")
    assert encode(plc, {"cycle_time_s": Quality.SENTINEL}) == {(3, 3): 0xFFFF}
    assert decode(meter, encode(meter, {"voltage_l1_v": Quality.SENTINEL})) == {"voltage_l1_v": Quality.SENTINEL}
    with pytest.raises(EncodeError, match="cannot say that there is no value"):
        encode(sensor, {"temperature_c": Quality.SENTINEL})


@pytest.mark.parametrize(
    ("profile", "channel", "value", "says"),
    [
        ("xy-md02", "temperature_c", 4000.0, "outside int16 -32768..32767"),
        ("xy-md02", "humidity_pct", -0.1, "outside uint16 0..65535"),
        ("generic-plc", "cycle_time_s", 6553.5, "the device's mark for no value"),
        ("eastron-sdm120", "voltage_l1_v", 1e39, "does not fit float32"),
        ("eastron-sdm120", "voltage_l1_v", float("nan"), "not a value"),
        ("eastron-sdm120", "temperature_c", 20.0, "eastron-sdm120 has no channel temperature_c"),
    ],
)
def test_a_value_that_a_register_cannot_hold_is_refused(profile: str, channel: str, value: float, says: str) -> None:
    with pytest.raises(EncodeError, match=says):
        encode(load_profile(profile), {channel: value})


def test_addresses_counted_from_one_are_moved_to_the_wire() -> None:
    text = MINIMAL.replace("address_base: 0", "address_base: 1").replace("address: 2", "address: 3")
    profile = parse_profile(text.replace("address: 0", "address: 1"), "from-one.yaml")
    assert [field.address for field in profile.fields] == [0, 2]
    assert profile.address_base == 0


def test_a_technicians_own_profile_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "counter.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert load_profile(str(path)) == load_profile(path)
    assert load_profile(path).name == "press-counter"


def test_an_unknown_profile_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(UnknownProfileError, match=r"'eastron-sdm63'; did you mean eastron-sdm630"):
        load_profile("eastron-sdm63")
    with pytest.raises(UnknownProfileError, match=r"docs/devices\.md lists the \d+ built in"):
        load_profile("zzz")


def test_a_file_that_cannot_be_read_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(UnknownProfileError, match=r"absent\.yaml cannot be read: No such file"):
        load_profile(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnknownProfileError, match=r"binary\.yaml cannot be read: not UTF-8"):
        load_profile(tmp_path / "binary.yaml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("type: uint32", "type: uint33", r"p\.yaml:9: fields\[0\]\.type: .*uint33"),
        ("function: 3, address: 0, type", "function: 6, address: 0, type", r"p\.yaml:9: fields\[0\]\.function: "),
        ("function: 3, address: 0, type", "function: 1, address: 0, type", r"p\.yaml:9: .*1 and 2 read bits"),
        ("channel: cycle_time_s", "channel: cycle_time", r"p\.yaml:10: .*did you mean cycle_time_s"),
        ("channel: cycle_time_s", "channel: production_count", r"p\.yaml:10: .*defined twice"),
        ("address: 0, type: uint32", "address: 65535, type: uint32", r"p\.yaml:9: fields\[0\]\.address: .*outside"),
        ("address_base: 0", "address_base: 1", r"p\.yaml:9: fields\[0\]\.address: 0 counted from 1"),
        ("scale: 0.1", "scale: 0", r"p\.yaml:10: fields\[1\]\.scale: "),
        ("scale: 0.1", "offset: .inf", r"p\.yaml:10: fields\[1\]\.offset: "),
        ("scale: 0.1", "scale: 0.1, modulus: 100", r"p\.yaml:10: fields\[1\]\.modulus: cycle_time_s is no counter"),
        ("type: uint32}", "type: uint32, modulus: -1}", r"p\.yaml:9: fields\[0\]\.modulus: "),
        ("scale: 0.1", "sentinels: [65536]", r"p\.yaml:10: fields\[1\]\.sentinels\[0\]: 65536 is no bit pattern"),
        ("scale: 0.1", "scala: 0.1", r"p\.yaml:10: fields\[1\]\.scala: unknown key"),
        ("cycle_time_s: 32.5", "cycle_time_s: 3.25", r"p\.yaml:14: goldens\[0\].*mean 32\.5, not 3\.25"),
        ("words: [1, 2, 325]", "words: [1, 2]", r"p\.yaml:14: goldens\[0\].*mean nothing, not 32\.5"),
        ("name: press-counter", "name: Press Counter", r"p\.yaml:1: name: profile name 'Press Counter'"),
        ("model: any\n", "model: any\nmax_registers: 126\n", r"p\.yaml:4: max_registers: "),
        ("source: this test\n", "", r"p\.yaml:1: missing key `source`"),
    ],
)
def test_a_defect_in_a_profiles_file_is_named_with_its_line_and_field(old: str, new: str, says: str) -> None:
    assert old in MINIMAL
    with pytest.raises(DocumentError, match=says):
        parse_profile(MINIMAL.replace(old, new, 1), "p.yaml")


def test_a_profile_without_a_golden_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"goldens"):
        parse_profile(MINIMAL[: MINIMAL.index("goldens:")] + "goldens: []\n", "p.yaml")


def test_profiles_load_without_the_packages_of_a_gateway() -> None:
    probe = "import sys, edge.profiles; print([m for m in ('paho', 'pymodbus', 'serial') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
