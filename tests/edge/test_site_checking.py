"""`check_site`: everything that is wrong at once, each with its line; and cycles that cannot be kept, with the sum."""

from pathlib import Path
from string import Formatter

import pytest

import edge
from edge.bus_time import bus_time
from edge.checking import Problem, check_site
from edge.defect_sentences import DEFECTS
from edge.links import parse_url
from edge.profiles import load_profile
from edge.site import load_site, parse_site, plan_of
from edge.splits import Splits
from telemetry import DocumentError
from tests.edge.test_site import SITE

BROKEN = """\
site: {id: Gimpo, name: 공장, timezone: Asia/Gimpo}
gatway: gw-1
every_ms: quick
rates: {fast_ms: 1000, slow_ms: 500}
buses:
  - name: panel
    url: tcp://127.0.0.1:5020
    timout_ms: 400
    devices:
      - {id: main, profile: eastron-sdm630, unit: 1, colour: red, label: 7}
      - {id: main, profile: generic-plx, unit: 1}
      - nothing
  - name: line
    url: rtu://dev/ttyUSB0
    devices:
      - {id: ambient, profile: xy-md02, kind: plc}
      - {id: press, profile: generic-plc, unit: 3, every_ms: 500, rates: {fast_ms: 100, channels: {voltage_l1_v: slow}}}
  - {name: line, url: "tcp://127.0.0.1:5020", devices: [{id: x, profile: xy-md02, unit: 300}]}
"""


def checked(tmp_path: Path, text: str) -> list[Problem]:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return check_site(path)


def test_every_problem_is_found_at_once_with_its_line(tmp_path: Path) -> None:
    found = checked(tmp_path, BROKEN)
    assert [(problem.line, problem.path) for problem in found] == [
        (1, ""),
        (1, "site.id"),
        (1, "site.timezone"),
        (2, "gatway"),
        (3, "every_ms"),
        (4, "rates.slow_ms"),
        (8, "buses[0].timout_ms"),
        (10, "buses[0].devices[0].colour"),
        (10, "buses[0].devices[0].label"),
        (11, "buses[0].devices[1].id"),
        (11, "buses[0].devices[1].profile"),
        (11, "buses[0].devices[1].unit"),
        (12, "buses[0].devices[2]"),
        (14, "buses[1].url"),
        (16, "buses[1].devices[0]"),
        (16, "buses[1].devices[0].kind"),
        (17, "buses[1].devices[1].rates.channels.voltage_l1_v"),
        (17, "buses[1].devices[1].rates.fast_ms"),
        (18, "buses[2].devices[0].unit"),
        (18, "buses[2].name"),
        (18, "buses[2].url"),
    ]
    sentences = {problem.path: problem.sentence for problem in found}
    assert sentences[""] == "missing key `gateway`"
    assert sentences["buses[1].devices[0]"] == "missing key `unit`"
    assert sentences["gatway"].startswith("unknown key; did you mean gateway? Known here: site, gateway, buses, ")
    assert "did you mean generic-plc?" in sentences["buses[0].devices[1].profile"]
    assert sentences["buses[0].devices[1].unit"] == "unit 1 is 'main' already; two devices would answer at once"
    assert sentences["rates.slow_ms"] == "slow (500 ms) must not be faster than fast (1000 ms)"


PLC_LINE = """\
site: {id: gimpo, name: 김포}
gateway: gw-1
buses:
  - name: plc
    url: tcp://127.0.0.1:5020
    devices:
      - id: press-1
        unit: 1
        profile:
          fields:
            - {channel: production_count, function: 3, address: 10, type: uint32, modulus: 10000}
            - {channel: run_state, function: 3, address: 11, type: uint16, enum: {0: 0, 1: 3}}
            - {channel: alarm_state, function: 3, address: 20, type: uint16, mask: 0x00F0}
            - {channel: cycle_time_s, function: 3, address: 20, type: uint16, mask: 0xFF00}
            - {channel: cycle_time_s, function: 3, address: 20, type: uint16, mask: 0x0030}
            - {channel: temperature_c, functoin: 3, address: 30, type: uint17}
            - {chanel: pressure_pa, function: 3, address: 10, type: uint16}
      - {id: press-2, unit: 2, profile: generic-plc, every_ms: 5}
"""


def test_overlaps_and_unknown_keys_of_a_plcs_map_are_all_told_with_their_lines(tmp_path: Path) -> None:
    found = {(each.line, each.path.rpartition("].")[2]): each.sentence for each in checked(tmp_path, PLC_LINE)}
    assert found[12, "address"] == "register 11 of function 3 is production_count already"
    assert found[15, "channel"] == "cycle_time_s is defined twice"
    assert found[15, "address"] == "register 20 of function 3 is alarm_state already"
    assert found[16, "functoin"].startswith("unknown key; did you mean function? Known here: channel, type, ")
    assert found[16, "type"].startswith("'uint17' is not allowed here; use bit, uint16, int16, uint32")
    assert found[17, "chanel"].startswith("unknown key; did you mean channel?")
    assert found[18, "every_ms"] == "expected `int` >= 10"
    assert {line for line, _ in found} == {12, 15, 16, 17, 18}


@pytest.mark.parametrize("text", [BROKEN, PLC_LINE])
def test_every_problem_is_told_in_korean_too(tmp_path: Path, text: str) -> None:
    for problem in checked(tmp_path, text):
        assert any("가" <= letter <= "힣" for letter in problem.sentence_ko), problem


@pytest.mark.parametrize("key", sorted(DEFECTS))
def test_both_languages_of_a_defect_name_the_same_things(key: str) -> None:
    english, korean = DEFECTS[key]
    assert any("가" <= letter <= "힣" for letter in korean)
    places = {name for _, name, _, _ in Formatter().parse(english) if name}
    both = {name for _, name, _, _ in Formatter().parse(korean) if name}
    assert both == places or (key == "cycle" and both - places == {"reads_n", "devices_n"})


TWICE = """\
site: {id: gimpo, name: 김포}
gateway: gw-1
buses:
  - {name: one, url: "ONE", devices: [{id: a, profile: eastron-sdm120, unit: 1}]}
  - {name: two, url: "TWO", devices: [{id: b, profile: eastron-sdm120, unit: 2}]}
"""


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("rtu:///dev/ttyUSB0?baud=9600", "ascii:///dev/ttyUSB0?baud=9600"),
        ("rtu:///dev/ttyUSB0?baud=9600", "rtu:///dev//ttyUSB0?baud=19200"),
        ("tcp://gateway:502", "tcp://Gateway"),
        ("tcp://gateway:4001", "rtu+tcp://gateway:4001"),
        ("ascii+tcp://10.0.0.7:802", "tls://10.0.0.7"),
    ],
)
def test_one_place_cannot_be_two_buses_however_it_is_spoken_to(tmp_path: Path, one: str, two: str) -> None:
    (problem,) = checked(tmp_path, TWICE.replace("ONE", one).replace("TWO", two))
    assert (problem.line, problem.path) == (5, "buses[1].url")
    assert "is bus 'one' already" in problem.sentence
    assert "이미 버스 'one'" in problem.sentence_ko


@pytest.mark.parametrize(("one", "two"), [("tcp://gateway:502", "tcp://gateway:503"), ("rtu:///dev/a", "rtu:///dev/b")])
def test_two_places_are_two_buses(tmp_path: Path, one: str, two: str) -> None:
    assert checked(tmp_path, TWICE.replace("ONE", one).replace("TWO", two)) == []


SHARED = """\
site: {id: gimpo, name: 김포}
gateway: gw-1
buses:
  - name: plc
    url: tcp://127.0.0.1:5020
    devices:
      - {id: press-1, unit: 1, profile: generic-plc, shares_unit: true}
      - {id: press-2, unit: 1, profile: {extends: generic-plc, address_offset: 100}, shares_unit: true}
"""


def test_two_machines_on_one_plc_share_its_unit_when_both_say_so_and_nothing_overlaps(tmp_path: Path) -> None:
    assert checked(tmp_path, SHARED) == []
    (unsaid,) = checked(tmp_path, SHARED.replace(", shares_unit: true}\n", "}\n", 1))
    assert (unsaid.line, unsaid.path) == (8, "buses[0].devices[1].unit")
    assert unsaid.sentence == "unit 1 is 'press-1' already; two devices would answer at once"
    (overlapping,) = checked(tmp_path, SHARED.replace("address_offset: 100", "address_offset: 3"))
    assert "both read function 3 register 3" in overlapping.sentence


def test_a_sound_file_has_no_problems_and_check_and_load_agree(tmp_path: Path) -> None:
    assert checked(tmp_path, SITE) == []
    assert load_site(tmp_path / "site.yaml").gateway == "gw-1"
    for old, new in (
        ("unit: 2", "unit: 1"),
        ("gateway: gw-1", "gatway: gw-1"),
        ("buses:", "busses:"),
        ("- name", "- a"),
    ):
        problems = checked(tmp_path, SITE.replace(old, new, 1))
        assert problems
        with pytest.raises(DocumentError):
            load_site(tmp_path / "site.yaml")


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "site: [", "a: 1\na: 2", "buses: 7", "site: 1\nbuses: [{}, {devices: 1}]"]
)
def test_any_document_is_answered_with_problems(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text)
    assert check_site(tmp_path / "absent.yaml")[0].sentence == "cannot be read: No such file or directory"


def test_a_defect_of_ones_own_profile_is_told_with_the_profiles_line(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own\n", encoding="utf-8")
    (problem,) = checked(tmp_path, SITE.replace("generic-plc", "own.yaml"))
    assert problem.source.endswith("own.yaml")
    assert "missing key" in problem.sentence


def test_a_serial_read_takes_its_bytes_its_silences_and_the_devices_turnaround() -> None:
    ten_bits = parse_url("rtu:///dev/ttyUSB0?baud=9600")
    cost = bus_time(ten_bits, 3, 10)
    assert (cost.sent, cost.received) == (8, 25)
    assert cost.ms == pytest.approx((33 * 10 + 2 * 35) / 9.6 + 5)
    assert bus_time(parse_url("rtu:///dev/ttyUSB0?baud=9600&parity=E"), 3, 10).ms == pytest.approx(
        (33 * 11 + 2 * 38.5) / 9.6 + 5
    )
    assert bus_time(parse_url("rtu:///dev/ttyUSB0?baud=115200"), 3, 10).ms == pytest.approx(330 / 115.2 + 3.5 + 5)
    assert bus_time(ten_bits, 1, 17).received == 8
    assert bus_time(parse_url("tcp://h"), 4, 10, pause_ms=20)[:2] == (12, 29)
    assert bus_time(parse_url("tcp://h"), 4, 10, pause_ms=20).ms == pytest.approx(21)
    assert bus_time(parse_url("ascii:///dev/ttyUSB0?baud=9600"), 3, 10)[:2] == (17, 51)


SLOW_LINE = """\
site: {id: gimpo, name: 김포}
gateway: gw-1
buses:
  - name: line
    url: rtu:///dev/ttyUSB0?baud=1200
    devices:
      - {id: a, profile: xy-md02, unit: 1, every_ms: 100, rates: {channels: {temperature_c: fast, humidity_pct: fast}}}
"""


def test_a_cycle_that_cannot_be_kept_is_refused_with_the_sum(tmp_path: Path) -> None:
    # 8 + 9 bytes of 10 bits and 7 characters of silence at 1,200 baud are 200 ms, and 5 for the device
    with pytest.raises(DocumentError) as refused:
        parse_site(SLOW_LINE, "site.yaml", Path())
    assert str(refused.value) == (
        "site.yaml:4: buses[0]: this bus cannot keep its cycle: 1 read of 1 device needs 205 ms of bus time in every "
        "100 ms (205 %); the costliest, 2 registers of a, takes 205.0 ms every 100 ms (8 bytes out, 9 in). "
        "Read less often (at least 2.1 times the period), raise the baud rate or use another bus"
    )
    assert [problem.line for problem in checked(tmp_path, SLOW_LINE)] == [4]
    assert checked(tmp_path, SLOW_LINE.replace("every_ms: 100", "every_ms: 210")) == []


def test_the_plan_names_every_read_with_its_rate_bytes_and_bus_time_and_the_load_of_the_bus(tmp_path: Path) -> None:
    text = SLOW_LINE.replace("every_ms: 100", "every_ms: 1000").replace("temperature_c: fast", "temperature_c: slow")
    plan = plan_of(parse_site(text, "site.yaml", Path()))
    assert isinstance(plan, edge.Plan)
    fast, slow = plan.reads()
    assert (fast.device, fast.rate, fast.every_ms, fast.function, fast.address, fast.count) == (
        "a",
        "fast",
        1000,
        4,
        2,
        1,
    )
    assert (fast.sent_bytes, fast.received_bytes, fast.channels) == (8, 7, ["humidity_pct"])
    assert (slow.rate, slow.every_ms, slow.channels) == ("slow", 10_000, ["temperature_c"])
    assert fast.bus_ms == pytest.approx(220 / 1.2 + 5)
    assert plan.buses[0].load == pytest.approx(fast.bus_ms / 1000 + slow.bus_ms / 10_000)


def test_the_plan_knows_what_devices_have_refused(tmp_path: Path) -> None:
    site = parse_site(SITE, "site.yaml", Path())
    meter = site.buses[0].devices[0]
    before = plan_of(site).buses[0].devices[0]
    digest = load_profile(meter.profile).digest
    wall = (before.reads[0].function, before.reads[0].address + 2)
    Splits(tmp_path).add("main", digest, [wall])
    after = plan_of(site, tmp_path).buses[0].devices[0]
    assert after.walls == [wall]
    assert len(after.reads) == len(before.reads) + 1
