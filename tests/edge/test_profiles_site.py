"""A machine mapped in the site file itself, from the file to the channels."""

import re
from pathlib import Path

import pytest

from edge import parse_site
from edge.blocks import plan_blocks
from edge.profiles import decode
from edge.site import profile_of
from telemetry import DocumentError

SITE = """\
site: {id: plant, name: Plant}
gateway: gw
buses:
  - name: line
    url: tcp://127.0.0.1:5020
    devices:
      - id: press-7
        unit: 3
        profile:
          memory: mitsubishi-melsec
          starts: {D: {device: D300, address: 499}, M: {device: M0, address: 0x2000}}
          fields:
            - {channel: production_count, at: D300, type: uint32, order: CDAB, modulus: 1000000}
            - {channel: cycle_time_s, at: D302, type: uint16, scale: 0.1}
            - {channel: run_state, at: M8, type: bit, enum: {0: 1, 1: 3}}
            - {channel: alarm_state, at: D303, type: uint16}
"""


def test_a_press_is_read_as_its_site_file_maps_it() -> None:
    (device,) = parse_site(SITE, "site.yaml", Path()).buses[0].devices
    profile = profile_of(device)
    assert (device.kind, profile.name) == ("plc", "press-7")
    coils, words = plan_blocks(profile)
    assert (coils.function, coils.address, coils.count) == (1, 0x2008, 1)
    assert (words.function, words.address, words.count) == (3, 499, 4)
    assert coils.decode([1]) == {"run_state": 3.0}
    assert words.decode([0xE240, 1, 325, 0x0101]) == {
        "production_count": 123_456.0,
        "cycle_time_s": 32.5,
        "alarm_state": 257.0,
    }


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("at: D302", "at: Q302", r"site\.yaml:14: buses\[0\]\.devices\[0\]\.profile\.fields\[1\]\.at: 'Q302' is no"),
        ("cycle_time_s", "cycle_time", r"site\.yaml:14: .*fields\[1\]\.channel: unknown channel"),
        ("melsec", "step7", r"site\.yaml:10: .*profile\.memory: unknown PLC memory map"),
        ("type: bit", "type: byte", r"site\.yaml:15: .*profile\.fields\[2\]\.type: "),
        ("memory:", "memories:", r"site\.yaml:10: .*profile\.memories: unknown key"),
    ],
)
def test_a_wrong_mapping_is_named_with_the_line_of_the_site_file(old: str, new: str, says: str) -> None:
    assert old in SITE
    with pytest.raises(DocumentError, match=says):
        parse_site(SITE.replace(old, new), "site.yaml", Path())


@pytest.mark.parametrize("page", ["gateway.md", "gateway.ko.md"])
def test_the_plc_of_the_documentation_can_be_used_as_it_stands(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "id: press-1" in block)
    head = SITE[: SITE.index("      - id: press-7")]
    (bus,) = parse_site(head + example, page, Path()).buses
    profile = profile_of(bus.devices[0])
    words = [0xE240, 0x0001, 9, 325, 0xF801]
    assert decode(profile, {(3, 100 + n): word for n, word in enumerate(words)}) == {
        "production_count": 123_456.0,
        "run_state": 4.0,
        "cycle_time_s": 32.5,
        "alarm_state": 0x801,
    }
    assert profile.fields[0].modulus == 1_000_000
