"""Every error in a YAML document names its line and field."""

from __future__ import annotations

import contextlib
import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import DocumentError, InvalidNameError, check_name, decode_yaml, parse_topic, topic


class Device(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    unit: int
    every_ms: int = 1000
    since: dt.date | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.unit <= 247:
            raise ValueError(f"unit {self.unit} is not 1-247")


class Site(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    devices: list[Device] = []


GOOD = "name: 김포\ndevices:\n  - id: main\n    unit: 1\n  - id: press-1\n    unit: 2\n"


def test_a_good_document_becomes_its_type() -> None:
    assert decode_yaml(GOOD, Site, "site.yaml").devices[1] == Device("press-1", 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit: 2", "unit: two", "site.yaml:6: devices[1].unit: expected `int`, got `str`"),
        ("unit: 2", "unitt: 2", "site.yaml:6: devices[1].unitt: unknown key; check its spelling and indentation"),
        ("    unit: 2\n", "", "site.yaml:5: devices[1]: missing key `unit`"),
        ("unit: 2", "unit: 300", "site.yaml:5: devices[1]: unit 300 is not 1-247"),
        ("unit: 2", "unit: 2\n    unit: 3", "site.yaml:7: unit: key given twice, first on line 6"),
        ("unit: 2", "unit: 2\n    since: 2026-02-30", "site.yaml:7: devices[1].since: not a date of the calendar"),
        ("devices:", "devices: [", "site.yaml:3: not valid YAML"),
        ("name: 김포", "name: \x07", "site.yaml: not valid YAML"),
        ("name: 김포", "name: !!bool perhaps", "site.yaml: not valid YAML: 'perhaps'"),
        ("name: 김포", "name: !!int ''", "site.yaml: not valid YAML: string index out of range"),
        ("name: 김포", "name: !!timestamp soon", "site.yaml: not valid YAML"),
        (GOOD, "- 1\n", "site.yaml:1: expected `object`, got `array`"),
        (GOOD, "", "site.yaml: missing key `name`"),
    ],
)
def test_a_bad_document_is_refused_with_line_and_field(old: str, new: str, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        decode_yaml(GOOD.replace(old, new), Site, "site.yaml")
    assert str(refused.value).startswith(said)


@given(st.text(max_size=80))
def test_no_text_makes_the_reader_fail_in_any_other_way(text: str) -> None:
    with contextlib.suppress(DocumentError):
        assert isinstance(decode_yaml(text, Site, "any"), Site)


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a/b", "+", "#", "a b", "가", "a" * 65, "a\n"])
def test_a_name_that_a_topic_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(InvalidNameError, match="cannot be used"):
        check_name(name)


def test_of_a_name_as_long_as_mqtt_allows_only_the_beginning_is_told() -> None:
    with pytest.raises(InvalidNameError) as told:
        parse_topic(topic("site-1", "g" * 60_000, "batch"))
    assert "gggg…'" in str(told.value)
    assert len(str(told.value)) < 300


def test_a_topic_comes_apart_as_it_was_put_together() -> None:
    assert tuple(parse_topic(topic("gimpo", "gw-1", "ack"))) == ("gimpo", "gw-1", "ack")


@pytest.mark.parametrize(
    "text", ["", "wattproof/1/a/b", "wattproof/2/a/b/ack", "wattproof/1/a/b/data", "wattproof/1/A/b/ack"]
)
def test_a_foreign_topic_is_refused(text: str) -> None:
    with pytest.raises(InvalidNameError):
        parse_topic(text)
