"""The site file: what a technician writes, and every mistake named with its line."""

from pathlib import Path

import pytest

import edge
from edge.links import RtuAddress, TcpAddress
from edge.site import load_site, parse_site, profile_of
from telemetry import DocumentError
from tests.edge.test_profiles import MINIMAL as OWN_PROFILE

SITE = """\
site: {id: gimpo-demo, name: 김포 가상공장, timezone: Asia/Seoul}
gateway: gw-1
broker: {host: 127.0.0.1, port: 1883}
buses:
  - name: panel
    url: tcp://127.0.0.1:5020
    timeout_ms: 400
    devices:
      - {id: main, kind: power_meter, label: 수전반, profile: eastron-sdm630, unit: 1}
      - {id: plc-1, kind: plc, profile: generic-plc, unit: 2, every_ms: 500}
  - name: line
    url: rtu:///dev/ttyUSB0?baud=9600
    devices:
      - {id: ambient, profile: xy-md02, unit: 1}
"""


def parse(text: str) -> edge.Site:
    return parse_site(text, "site.yaml", Path())


def test_a_site_file_is_read_with_everything_filled_in() -> None:
    site = parse(SITE)
    assert (site.site.id, site.site.name, site.gateway) == ("gimpo-demo", "김포 가상공장", "gw-1")
    assert (site.every_ms, site.flush_ms) == (1000, 250)
    assert [bus.address for bus in site.buses] == [TcpAddress("127.0.0.1", 5020), RtuAddress("/dev/ttyUSB0")]
    assert [(d.id, d.kind, d.label, d.unit, d.every_ms) for bus in site.buses for d in bus.devices] == [
        ("main", "power_meter", "수전반", 1, None),
        ("plc-1", "plc", "plc-1", 2, 500),
        ("ambient", "sensor", "ambient", 1, None),
    ]


def test_a_profile_of_ones_own_is_looked_up_beside_the_site_file(tmp_path: Path) -> None:
    (tmp_path / "counter.yaml").write_text(OWN_PROFILE, encoding="utf-8")
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace("generic-plc", "counter.yaml"), encoding="utf-8")
    site = load_site(path)
    assert profile_of(site.buses[0].devices[1]).name == "press-counter"


def test_a_defect_of_ones_own_profile_is_named_in_the_profile(tmp_path: Path) -> None:
    (tmp_path / "counter.yaml").write_text(OWN_PROFILE.replace("uint32", "uint33"), encoding="utf-8")
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace("generic-plc", "counter.yaml"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"counter\.yaml:9: fields\[0\]\.type"):
        load_site(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("gateway: gw-1", "gatway: gw-1", r"site\.yaml:2: gatway: unknown key"),
        ("gateway: gw-1\n", "", r"site\.yaml:1: missing key `gateway`"),
        ("gateway: gw-1", "gateway: GW 1", r"site\.yaml:2: gateway: gateway 'GW 1' cannot be used"),
        ("id: gimpo-demo", "id: gimpo/demo", r"site\.yaml:1: site\.id: site 'gimpo/demo' cannot be used"),
        ("Asia/Seoul", "Asia/Gimpo", r"site\.yaml:1: site\.timezone: unknown time zone 'Asia/Gimpo'"),
        ("port: 1883", "port: many", r"site\.yaml:3: broker\.port: expected `int`, got `str`"),
        ("name: line", "name: panel", r"site\.yaml:11: buses\[1\]\.name: every bus needs a name of its own"),
        ("rtu:///dev", "rtu://dev", r"site\.yaml:12: buses\[1\]\.url: .*three slashes"),
        ("rtu:///dev/ttyUSB0?baud=9600", "tcp://127.0.0.1:5020", r"site\.yaml:12: buses\[1\]\.url: .*bus 'panel' al"),
        ("timeout_ms: 400", "timeout_ms: 0", r"site\.yaml:7: buses\[0\]\.timeout_ms: "),
        ("id: plc-1", "id: main", r"site\.yaml:10: buses\[0\]\.devices\[1\]\.id: device 'main' is on bus 'panel' al"),
        ("id: ambient", "id: main", r"site\.yaml:14: buses\[1\]\.devices\[0\]\.id: device 'main' is on bus 'panel'"),
        ("id: plc-1", "id: -plc", r"site\.yaml:10: buses\[0\]\.devices\[1\]\.id: device '-plc' cannot be used"),
        ("unit: 2", "unit: 1", r"site\.yaml:10: buses\[0\]\.devices\[1\]\.unit: unit 1 is 'main' already"),
        ("xy-md02, unit: 1", "xy-md02, unit: 0", r"site\.yaml:14: .*unit: unit 0 cannot answer here; use 1 to 247"),
        ("unit: 2", "unit: 256", r"site\.yaml:10: buses\[0\]\.devices\[1\]\.unit: "),
        ("generic-plc", "generic-plx", r"site\.yaml:10: .*profile: unknown device profile 'generic-plx'; did you mean"),
        ("generic-plc", "absent.yaml", r"site\.yaml:10: .*profile: profile .*absent\.yaml cannot be read: No such"),
        ("kind: plc", "kind: sensor", r"site\.yaml:10: .*kind: profile generic-plc describes a plc, not a sensor"),
        ("every_ms: 500", "every_ms: 5", r"site\.yaml:10: buses\[0\]\.devices\[1\]\.every_ms: "),
        ("every_ms: 500", "every: 500", r"site\.yaml:10: buses\[0\]\.devices\[1\]\.every: unknown key"),
        ("unit: 2,", "unit: 2, unit: 3,", r"site\.yaml:10: unit: key given twice"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(old: str, new: str, says: str) -> None:
    assert old in SITE
    with pytest.raises(DocumentError, match=says):
        parse(SITE.replace(old, new, 1))


def test_a_bus_without_devices_is_refused() -> None:
    text = SITE[: SITE.index("    devices:\n      - {id: ambient")] + "    devices: []\n"
    with pytest.raises(DocumentError, match=r"site\.yaml:13: buses\[1\]\.devices: "):
        parse(text)


def test_a_file_that_cannot_be_read_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"absent\.yaml: cannot be read: No such file"):
        load_site(tmp_path / "absent.yaml")
    (tmp_path / "site.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(DocumentError, match="not UTF-8 text"):
        load_site(tmp_path / "site.yaml")


def test_the_rooms_public_names_are_all_there() -> None:
    assert [name for name in edge.__all__ if not hasattr(edge, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = edge.absent
