"""How a device is recognised by what it answers."""

import pytest

from edge.profiles import Answers, Question, parse_profile, questions, recognise
from telemetry import DocumentError

METER = """\
name: meter
vendor: Acme
model: M1
kind: power_meter
source: this test
verified: false
address_base: 1
factors:
  - {name: pt, function: 3, address: 5, type: uint16}
fields:
  - {channel: frequency_hz, function: 3, address: 1, type: uint16, scale: 0.01}
  - {channel: voltage_l1_v, function: 3, address: 2, type: uint16, scale: 0.1, multiply: [pt]}
fingerprint:
  - {object: 0, equals: Acme}
  - {object: 1, contains: m1, points: 5}
  - {function: 3, address: 101, equals: 4711, points: 20}
  - {function: 4, address: 201, type: string, registers: 2, contains: "1.2", points: 3}
  - {function: 3, address: 111, low: 1, high: 247, points: 2}
  - {channel: frequency_hz}
  - {channel: voltage_l1_v, low: 80, high: 300, points: 7}
goldens:
  - {what: by hand, registers: [{function: 3, address: 1, words: [6000]}], values: {frequency_hz: 60}}
"""
PROFILE = parse_profile(METER, "meter.yaml")
REGISTERS = {(3, 100): 4711, (4, 200): 0x5631, (4, 201): 0x2E32, (3, 110): 9, (3, 0): 6000, (3, 1): 2300, (3, 4): 1}
OBJECTS = {0: "Acme", 1: "Model M1 rev 2"}


def test_the_questions_are_those_the_checks_need_on_the_wire_and_each_once() -> None:
    assert questions(PROFILE) == [
        Question(43, 0, 1),
        Question(43, 1, 1),
        Question(3, 100, 1),
        Question(4, 200, 2),
        Question(3, 110, 1),
        Question(3, 0, 1),
        Question(3, 1, 1),
        Question(3, 4, 1),
    ]


def test_every_check_that_holds_adds_its_points() -> None:
    assert recognise(PROFILE, Answers(REGISTERS, OBJECTS)) == 40 + 5 + 20 + 3 + 2 + 10 + 7
    assert recognise(PROFILE, Answers(REGISTERS)) == 20 + 3 + 2 + 10 + 7
    assert recognise(PROFILE, Answers({(3, 0): 6000})) == 10
    assert recognise(PROFILE, Answers()) == 0


@pytest.mark.parametrize(
    "registers", [{(3, 100): 4712}, {(4, 200): 0x5631, (4, 201): 0x2E33}, {(3, 110): 0}, {(3, 110): 248}]
)
def test_a_fixed_register_with_another_value_is_another_device(registers: dict[tuple[int, int], int]) -> None:
    assert recognise(PROFILE, Answers({**REGISTERS, **registers}, OBJECTS)) == 0


@pytest.mark.parametrize("objects", [{0: "Other"}, {0: "Acme", 1: "M2"}])
def test_a_device_with_another_name_is_another_device(objects: dict[int, str]) -> None:
    assert recognise(PROFILE, Answers(REGISTERS, objects)) == 0


def test_a_device_that_refuses_a_register_it_must_have_is_another_device() -> None:
    assert recognise(PROFILE, Answers(REGISTERS, OBJECTS, {Question(3, 1, 1)})) == 0
    assert recognise(PROFILE, Answers(REGISTERS, OBJECTS, {Question(3, 4, 1)})) == 0


def test_a_device_without_identification_is_judged_by_its_registers() -> None:
    assert recognise(PROFILE, Answers(REGISTERS, {}, {Question(43, 0, 1), Question(43, 1, 1)})) == 42


def test_a_meter_without_voltage_is_not_ruled_out() -> None:
    assert recognise(PROFILE, Answers({**REGISTERS, (3, 0): 0, (3, 1): 0}, OBJECTS)) == 70


def test_a_profile_cannot_score_above_a_hundred() -> None:
    greedy = parse_profile(METER.replace("equals: Acme}", "equals: Acme, points: 100}"), "meter.yaml")
    assert recognise(greedy, Answers(REGISTERS, OBJECTS)) == 100


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("{object: 0, channel: frequency_hz}", r"meter\.yaml:14: fingerprint\[0\]: say one of `object`"),
        ("{equals: 1}", r"fingerprint\[0\]: say one of `object`"),
        ("{function: 3, equals: 1}", r"fingerprint\[0\]: say one of `object`"),
        ("{address: 3, equals: 1}", r"a register is a function and an address"),
        ("{object: 0}", r"say one of `equals`"),
        ("{object: 0, equals: a, contains: b}", r"say one of `equals`"),
        ("{object: 0, low: 1}", r"a text equals or contains"),
        ("{function: 3, address: 1, contains: a}", r"a number equals"),
        ("{function: 3, address: 1, type: string, equals: a}", r"how many `registers`"),
        ("{function: 3, address: 0, equals: 1}", r"0 counted from 1"),
        ("{channel: current_l1_a}", r"fingerprint\[0\]\.channel: the profile has no channel current_l1_a"),
    ],
)
def test_a_check_that_cannot_be_meant_is_refused_with_its_line(check: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        parse_profile(METER.replace("{object: 0, equals: Acme}", check), "meter.yaml")
