"""JSON paths, topic patterns and times of others: read as they are written, refused with the reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector.foreign.paths import ABSENT, leaves, look_up, parse_path, path_text
from collector.foreign.patterns import covers, parse_pattern
from collector.foreign.times import read_time
from collector.foreign.translate import read_json

steps = st.lists(st.one_of(st.text(max_size=12), st.integers(0, 999_999)), max_size=6).map(tuple)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(steps)
@example(("switch:0", "apower"))
@example(("a.b", "it's", "\\", "", "$", " x"))
def test_a_path_that_is_written_is_read_as_it_was(path: tuple[str | int, ...]) -> None:
    assert parse_path(path_text(path)) == path


@given(documents)
def test_every_value_of_a_document_is_found_at_its_path(document: Any) -> None:
    for path, value in leaves(document, 1000):
        found = look_up(document, parse_path(path_text(path)))
        assert found is value


@given(documents, steps)
def test_looking_for_anything_anywhere_finds_it_or_says_that_it_is_absent(document: Any, path: Any) -> None:
    found = look_up(document, path)
    if found is ABSENT:
        assert path
    elif not isinstance(found, dict | list):
        assert any(each == path for each, _ in leaves(document, 1000))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("ENERGY.Power", ("ENERGY", "Power")),
        ("$.ENERGY.Power[2]", ("ENERGY", "Power", 2)),
        ("$", ()),
        ("[0].x", (0, "x")),
        ("fields['active.power']", ("fields", "active.power")),
        ("params.em:0.a_act_power", ("params", "em:0", "a_act_power")),
    ],
)
def test_paths_are_written_as_others_write_them(text: str, path: tuple[str | int, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", "a..b", ".a", "a.", "a[x]", "a[-1]", "a['b'", "$a", "a]b", "[1]b"])
def test_what_is_no_path_is_refused_with_a_way_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON path .*(ENERGY\.Power\[0\]|the whole payload)"):
        parse_path(text)


@pytest.mark.parametrize(
    ("pattern", "topic", "parts"),
    [
        ("tele/{device}/SENSOR", "tele/press-1/SENSOR", {"device": "press-1"}),
        ("tele/{device}/SENSOR", "tele/a/b/SENSOR", None),
        ("tele/{device}/SENSOR", "tele//SENSOR", None),
        ("{device}/status/em:{number}", "shelly-1/status/em:0", {"device": "shelly-1", "number": "0"}),
        ("plant/+/{device}/#", "plant/hall/press/x/y", {"device": "press"}),
        ("a.c/{x}", "abc/1", None),
    ],
)
def test_a_pattern_takes_the_topics_it_says(pattern: str, topic: str, parts: dict[str, str] | None) -> None:
    assert parse_pattern(pattern).match(topic) == parts


def test_a_broker_is_asked_for_a_filter_that_takes_what_the_pattern_takes() -> None:
    assert parse_pattern("plant/+/hall-{device}/#").filter == "plant/+/+/#"
    assert covers("tele/+/SENSOR", "tele/a/SENSOR")
    assert covers("tele/#", "tele/+/SENSOR")
    assert not covers("tele/+", "tele/#")
    assert not covers("tele/a/SENSOR", "tele/+/SENSOR")
    assert not covers("tele/+/SENSOR", "tele/+")


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("tele/{device}/{device}", "two parts of one name"),
        ("tele/#/SENSOR", "# at the end"),
        ("tele/a+", r"\+ stands alone"),
        ("tele/{Device}", "a part is"),
        ("tele/{a}#", "no braces"),
        ("wattproof/1/{site}/{gateway}/batch", "gateways send"),
        ("#", "gateways send"),
        ("+/{a}/{b}/{c}/{d}", "gateways send"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_pattern(pattern)


@pytest.mark.parametrize(
    ("value", "form", "zone", "ms"),
    [
        ("2026-01-31T09:00:00+09:00", "iso8601", "", 1_769_817_600_000),
        ("2026-01-31T00:00:00.250Z", "iso8601", "", 1_769_817_600_250),
        ("2026-01-31T09:00:00", "iso8601", "Asia/Seoul", 1_769_817_600_000),
        (1_769_817_600, "epoch_s", "", 1_769_817_600_000),
        (1631186545.04, "epoch_s", "", 1_631_186_545_040),
        ("1769817600250", "epoch_ms", "", 1_769_817_600_250),
        (1_769_817_600_250_999, "epoch_us", "", 1_769_817_600_251),
        (1_769_817_600_250_000_001, "epoch_ns", "", 1_769_817_600_250),
        (1_769_817_600, "epoch", "", 1_769_817_600_000),
        (1_769_817_600.25, "epoch", "", 1_769_817_600_250),
        ("1769817600250", "epoch", "", 1_769_817_600_250),
        (1_769_817_600_250_999, "epoch", "", 1_769_817_600_251),
        (1_769_817_600_250_000_001, "epoch", "", 1_769_817_600_250),
        (946_684_800, "epoch", "", 946_684_800_000),
    ],
)
def test_times_are_read_as_they_are_meant(value: Any, form: Any, zone: str, ms: int) -> None:
    assert read_time(value, form, ZoneInfo(zone) if zone else None, 0) == ms


def test_a_time_that_a_clock_shows_twice_is_the_one_nearer_to_its_arrival() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = read_time("2026-10-25T02:30:00+02:00", "iso8601", None, 0)
    second = read_time("2026-10-25T02:30:00+01:00", "iso8601", None, 0)
    assert second - first == 3_600_000
    assert read_time("2026-10-25T02:30:00", "iso8601", berlin, first + 2000) == first
    assert read_time("2026-10-25T02:30:00", "iso8601", berlin, second + 2000) == second


@pytest.mark.parametrize(
    ("value", "form", "problem"),
    [
        ("2026-01-31T09:00:00", "iso8601", "names no zone"),
        ("31.01.2026", "iso8601", "not ISO 8601"),
        ("2026-01-31", "iso8601", "a day without its time"),
        (20_260_131, "iso8601", "a day without its time"),
        ("2026-W05-6", "iso8601", "a day without its time"),
        ("2026-01-31T09:00:00Z", "epoch_ms", "is iso8601"),
        (1_769_817_600, "epoch_ms", "of this century as epoch_s, and not as epoch_ms; write format: epoch_s"),
        (1_769_817_600_250, "epoch_us", "write format: epoch_ms"),
        (1_769_817_600_250_000, "epoch_ns", "write format: epoch_us"),
        (1_769_817_600, "iso8601", "epoch_s or epoch_ms"),
        (1_769_817_600_250, "epoch_s", "write format: epoch_ms"),
        (17_698_176_000_000, "epoch_s", "is its format another"),
        (True, "epoch_s", "no number"),
        ([1], "epoch_s", "no number"),
        ("1e999999999", "epoch_s", "no number"),
        ("9" * 5000, "epoch_s", "no number"),
        (float("inf"), "epoch_ms", "no number"),
        (0, "epoch", "is the sender's clock set"),
        (86_400, "epoch", "of this century neither in seconds nor"),
        (17_698_176_000, "epoch", "of this century neither"),
        (-1_769_817_600, "epoch", "of this century neither"),
    ],
)
def test_what_is_no_time_is_refused(value: Any, form: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_time(value, form, None, 0)


@given(st.datetimes(), st.sampled_from(["Asia/Seoul", "Europe/Berlin", "UTC"]))
def test_every_moment_of_the_calendar_has_a_time(moment: datetime, zone: str) -> None:
    ms = read_time(moment.isoformat(), "iso8601", ZoneInfo(zone), 0)
    assert abs(ms - moment.replace(tzinfo=UTC).timestamp() * 1000) < 86_400_000


@given(st.binary(max_size=60))
def test_bytes_are_json_or_a_sentence(payload: bytes) -> None:
    try:
        document = read_json(payload)
    except ValueError as error:
        said = str(error)
    else:
        said = repr(document)
    assert said
