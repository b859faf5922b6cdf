"""Mapping files: the library holds, a user's mistakes are told with their line, messages become what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.foreign import Foreign, Map, Mappings, builtin_mappings, load_mapping, load_mappings, try_message
from collector.foreign.loader import mapping_examples, parse_mapping
from collector.foreign.schema import mapping_schema
from telemetry import DocumentError, decode_yaml

ROOT = Path(__file__).parent.parent.parent
NOW = 1_793_350_000_000


def here(name: str) -> Map:
    return Map(name, site="gimpo-1", timezone="Asia/Seoul")


def mappings(text: str, **told: Any) -> Mappings:
    return Mappings(parse_mapping(text, "meters.yaml", Map("meters.yaml", **told)))


METER = """
mapping: meters
site: gimpo-1
timezone: Asia/Seoul
devices: {Zaehler-1: main}
rules:
  - topic: plant/{device}/json
    time: {path: t}
    channels:
      active_power_w: {path: p, unit: kW}
      energy_import_wh: {path: e, unit: kWh}
      run_state: {path: run, words: {"on": 1, "off": 0, "true": 1}}
      voltage_l1_v: {value: 230, unit: V}
"""


@pytest.mark.parametrize("name", builtin_mappings())
def test_each_mapping_of_the_library_holds_its_examples_and_cites_its_source(name: str) -> None:
    routes = load_mapping(here(name))
    assert routes
    examples = mapping_examples(name)
    assert examples
    for example in examples:
        trial = try_message(Mappings(routes), example.topic, example.payload.encode(), NOW)
        assert trial.mapping == name
        assert not trial.refused
        assert trial.stored == sum(len(values) for values in example.readings.values())
    text = (ROOT / "collector/foreign/library" / f"{name}.yaml").read_text(encoding="utf-8")
    assert "  - https://" in text


def test_the_published_schema_is_the_models() -> None:
    published = json.loads((ROOT / "docs" / "mapping.schema.json").read_text(encoding="utf-8"))
    assert published == mapping_schema()


def test_a_message_becomes_readings_in_our_units_names_and_time() -> None:
    payload = b'{"t": "2026-10-30T17:00:00", "p": 1.1, "e": 0.0291, "run": true}'
    trial = try_message(mappings(METER), "plant/Zaehler-1/json", payload, NOW)
    (reading,) = trial.readings
    assert (trial.site, trial.gateway, reading.device, reading.named) == ("gimpo-1", "meters", "main", "Zaehler-1")
    assert reading.time == 1_793_347_200_000
    assert {value.channel: (value.said, value.said_unit, value.value) for value in reading.values} == {
        "active_power_w": ("1.1", "kW", 1100.0),
        "energy_import_wh": ("0.0291", "kWh", 29.1),
        "run_state": ("true", "1", 1.0),
        "voltage_l1_v": ("230.0", "V", 230.0),
    }
    assert (trial.stored, trial.refused) == (4, [])


@pytest.mark.parametrize(
    ("said", "value"),
    [("3,2", 3200.0), (" -0,0291 ", -29.1), ("1,234", 1234.0), ("12", 12_000.0), (3.2, 3200.0),
     ("3.2", None), ("1.234,5", None), ("1,2,3", None), (",", None)],
)  # fmt: skip
def test_numbers_with_a_decimal_comma_are_taken_where_the_mapping_says_so(said: object, value: float | None) -> None:
    comma = mappings(METER.replace("unit: kW}", "unit: kW, decimal: comma}"))
    payload = msgspec.json.encode({"t": "2026-10-30T17:00:00", "p": said})
    trial = try_message(comma, "plant/a/json", payload, NOW)
    assert trial.readings[0].values[0].value == value
    assert [refusal.reason for refusal in trial.refused] == ([] if value is not None else ["wrong_type"])


@pytest.mark.parametrize(
    ("said", "value"),
    [("[0.1, 0.2]", 300.0), ("[1.5, -1.5]", 0.0), ("[7, 0.5]", 7500.0), ("[1e308, 1e308]", None),
     ("[Infinity, -Infinity]", None), ("[NaN, 1]", None)],
)  # fmt: skip
def test_a_sum_is_that_of_the_decimals_that_were_written(said: str, value: float | None) -> None:
    two = mappings(METER.replace("{path: e, unit: kWh}", "{sum: ['e[0]', 'e[1]'], unit: kWh}"))
    trial = try_message(two, "plant/a/json", f'{{"t": "2026-10-30T17:00:00", "e": {said}}}'.encode(), NOW)
    assert trial.readings[0].values[0].value == value


@pytest.mark.parametrize(
    ("behind_ms", "live", "apart_h"),
    [(9 * 3_600_000 + 5_000, True, 9.0), (-5.5 * 3_600_000 + 59_000, True, -5.5), (2_000, True, 0), (-700, True, 0),
     (9 * 3_600_000 + 61_000, True, 0), (48 * 3_600_000, True, 0), (9 * 3_600_000, False, 0)],
)  # fmt: skip
def test_a_time_whole_half_hours_from_its_arrival_is_told(behind_ms: float, live: bool, apart_h: float) -> None:
    payload, at = b'{"t": "2026-10-30T17:00:00", "p": 1.1}', 1_793_347_200_000
    trial = try_message(mappings(METER), "plant/a/json", payload, at + round(behind_ms), live=live)
    assert trial.readings[0].apart_ms == apart_h * 3_600_000


def test_a_topic_that_no_rule_takes_is_told_with_those_that_rules_take() -> None:
    assert try_message(mappings(METER), "plant/a", b"1", NOW).taken == ["plant/{device}/json"]


def test_a_device_that_is_not_listed_is_its_name_in_lower_case() -> None:
    trial = try_message(mappings(METER), "plant/Press-2/json", b'{"t": "2026-10-30T17:00:00Z", "p": 1}', NOW)
    assert [reading.device for reading in trial.readings] == ["press-2"]
    assert trial.readings[0].missing == ["energy_import_wh", "run_state"]


@pytest.mark.parametrize("payload", [b'{"t": "2026-10-30T17:00:00Z"}', b'{"p": null, "e": null}', b"{}", b"[]", b"7"])
def test_a_message_without_any_mapped_value_is_nothing_even_where_the_mapping_has_constants(payload: bytes) -> None:
    trial = try_message(mappings(METER), "plant/main/json", payload, NOW)
    assert (trial.stored, trial.readings, trial.refused) == (0, [], [])


@pytest.mark.parametrize(
    ("payload", "stored", "refused"),
    [
        (b"not json", 0, [("", "malformed")]),
        (b'{"t": "yesterday", "p": 1}', 0, [("", "malformed")]),
        (b'{"p": 1}', 0, [("", "malformed")]),
        (b'{"t": "2026-10-30T17:00:00", "p": NaN, "e": 5}', 2, [("power_meter/m/active_power_w", "not_finite")]),
        (b'{"t": "2026-10-30T17:00:00", "p": 1e999, "e": 5}', 2, [("power_meter/m/active_power_w", "not_finite")]),
        (b'{"t": "2026-10-30T17:00:00", "p": "1", "e": 5}', 2, [("power_meter/m/active_power_w", "wrong_type")]),
        (b'{"t": "2026-10-30T17:00:00", "p": [1], "e": 5}', 2, [("power_meter/m/active_power_w", "wrong_type")]),
        (b'{"t": "2026-10-30T17:00:00", "p": true, "e": 5}', 2, [("power_meter/m/active_power_w", "wrong_type")]),
        (b'{"t": "2026-10-30T17:00:00", "run": "x", "e": 5}', 2, [("power_meter/m/run_state", "wrong_type")]),
        (b'{"t": "2026-10-30T17:00:00", "p": 1, "e": -5}', 2, [("power_meter/m/energy_import_wh", "out_of_range")]),
        (
            b'{"t": "2026-10-30T17:00:00", "p": 1' + b"0" * 400 + b"}",
            0,
            [("power_meter/m/active_power_w", "not_finite")],
        ),
        (b" " * 1_000_001, 0, [("", "oversized")]),
        (b"[" * 100_000, 0, [("", "malformed")]),
        (b'{"t": "2026-10-30T17:00:00", "p": 1, "e": "\\ud800"}', 0, [("", "malformed")]),  # half a character
    ],
)
def test_poison_is_set_aside_by_itself_and_the_rest_is_kept(
    payload: bytes, stored: int, refused: list[tuple[str, str]]
) -> None:
    trial = try_message(mappings(METER), "plant/m/json", payload, NOW)
    assert [(each.part, each.reason) for each in trial.refused][: len(refused)] == refused
    assert trial.stored == stored + (payload.count(b"0" * 400))


def test_times_that_cannot_be_are_set_aside_with_every_channel() -> None:
    trial = try_message(mappings(METER), "plant/m/json", b'{"t": "2026-11-30T17:00:00", "p": 1}', NOW)
    assert {(each.part, each.reason) for each in trial.refused} == {
        ("power_meter/m/active_power_w", "future"),
        ("power_meter/m/voltage_l1_v", "future"),
    }
    trial = try_message(mappings(METER), "plant/m/json", b'{"t": "1970-01-01T09:00:07", "p": 1}', NOW)
    assert {each.reason for each in trial.refused} == {"past"}


def test_a_device_whose_name_cannot_be_an_id_is_set_aside_until_it_is_listed() -> None:
    payload = b'{"t": "2026-10-30T17:00:00", "p": 1}'
    trial = try_message(mappings(METER), "plant/프레스 2호/json", payload, NOW)
    assert {each.reason for each in trial.refused} == {"invalid_name"}
    trial = try_message(mappings(METER, devices={"프레스 2호": "press-2"}), "plant/프레스 2호/json", payload, NOW)
    assert (trial.stored, trial.readings[0].device) == (2, "press-2")


def test_a_list_of_metrics_becomes_a_row_per_time_and_what_is_said_twice_is_not_guessed() -> None:
    found = mappings(
        """
mapping: list
site: s
rules:
  - topic: list
    each: metrics
    where: {name: modbus}
    device: "{.tags.name}-{.tags.slot}"
    time: {path: at, format: epoch_s}
    channels: {active_power_w: {path: "f['p.total']", unit: W}, power_factor: {path: f.pf}}
"""
    )

    def metric(slot: int, at: int, **fields: float) -> dict[str, Any]:
        return {"name": "modbus", "tags": {"name": "m", "slot": slot}, "at": at, "f": fields}

    metrics = [
        metric(1, 1_793_000_002, **{"p.total": 5}),
        metric(1, 1_793_000_001, **{"p.total": 4}),
        metric(1, 1_793_000_001, pf=0.9),
        metric(2, 1_793_000_001, **{"p.total": 7}),
        metric(2, 1_793_000_001, **{"p.total": 8}),
        {"name": "cpu", "tags": {}, "at": 1, "f": {"p.total": 1}},
        {"name": "modbus", "tags": {}, "at": 1_793_000_001, "f": {"p.total": 1}},
        {"name": "modbus", "tags": {"name": "m", "slot": 1}, "f": {"p.total": 1}},
        "rubbish",
    ]
    intake = found.take_apart("list", json.dumps({"metrics": metrics}).encode(), NOW, NOW)
    assert intake.batch is not None
    (table,) = intake.batch.tables
    assert (table.device, table.times) == ("m-1", [1_793_000_001_000, 1_793_000_002_000])
    assert table.columns == {"active_power_w": [4.0, 5.0], "power_factor": [0.9, None]}
    assert {(each.part, each.reason, each.readings) for each in intake.refusals} == {
        ("", "malformed", 0),
        ("power_meter/m-2/active_power_w", "duplicate_table", 2),
    }


def test_a_meter_of_three_phases_and_one_of_a_single_phase_share_a_topic() -> None:
    found = load_mappings([here("tasmota")])
    one = b'{"Time": "2026-10-30T17:00:00", "ENERGY": {"Total": 2, "Power": 5, "Voltage": 230}}'
    three = b'{"Time": "2026-10-30T17:00:00", "ENERGY": {"Total": 2, "Power": [5, 6, 7.5], "Voltage": [230, 231, 232]}}'
    single, triple = (try_message(found, "tele/m/SENSOR", payload, NOW) for payload in (one, three))
    assert {v.channel: v.value for r in single.readings for v in r.values} == {
        "active_power_w": 5, "voltage_l1_v": 230, "energy_import_wh": 2000,
    }  # fmt: skip
    assert {v.channel: v.value for r in triple.readings for v in r.values} == {
        "active_power_w": 18.5, "active_power_l1_w": 5, "active_power_l2_w": 6, "active_power_l3_w": 7.5,
        "voltage_l1_v": 230, "voltage_l2_v": 231, "voltage_l3_v": 232, "energy_import_wh": 2000,
    }  # fmt: skip
    assert not single.refused + triple.refused


def test_a_phase_that_has_no_name_is_taken_by_no_rule() -> None:
    found = load_mappings([Map("shelly-gen1", site="s")])
    assert try_message(found, "shellies/em/emeter/2/voltage", b"231.5", NOW).stored == 1
    assert try_message(found, "shellies/em/emeter/3/voltage", b"231.5", NOW).mapping == ""


def test_numbers_that_no_rule_reads_are_told_with_what_they_may_be() -> None:
    payload = json.dumps(
        {
            "Time": "2026-10-30T17:00:00",
            "ENERGY": {"Power": 3, "Today": 1, "Frequenz_Freq": 60},
            "PM": {"a_voltage": 230, "c_act_power": 5, "Current": [1.5, 2], "note": "x", "on": True},
        }
    ).encode()
    trial = try_message(load_mappings([here("tasmota")]), "tele/m/SENSOR", payload, NOW)
    assert {hint.path: hint.channel for hint in trial.unmapped} == {
        "ENERGY.Today": "",
        "ENERGY.Frequenz_Freq": "frequency_hz",
        "PM.a_voltage": "voltage_l1_v",
        "PM.c_act_power": "active_power_l3_w",
        "PM.Current[0]": "current_l1_a",
        "PM.Current[1]": "current_l2_a",
    }


@pytest.mark.parametrize(
    ("change", "line", "problem"),
    [
        (("unit: kW}", "unit: kWh}"), 10, "unit 'kWh' is none of W, kW, MW, GW, mW"),
        (("unit: kW}", "}"), 10, "say in which unit the sender writes it"),
        (("active_power_w:", "active_powr_w:"), 10, "did you mean active_power_w"),
        (("path: p,", "path: p..x,"), 10, "JSON path 'p..x' cannot be read"),
        (("path: p,", "path: p, value: 3,"), 10, "give one of path, sum and value"),
        (("path: p,", "paht: p,"), 9, "unknown key"),
        (("active_power_w:", "active_power_{phase}_w:"), 10, r"\{phase\} is no part of topic"),
        (("active_power_w:", "active_power_{device}_w:"), 10, "say under names: what {device} may be"),
        (("site: gimpo-1", "site: Gimpo 1"), 3, "site 'Gimpo 1' cannot be used"),
        (("site: gimpo-1", "site: '{plant}'"), 3, r"\{plant\} is no part"),
        (("site: gimpo-1", ""), 0, "say which site"),
        (("Asia/Seoul", "Asia/Soul"), 4, "no time zone 'Asia/Soul'"),
        (("main}", "Main}"), 5, "device 'Main' cannot be used"),
        (("plant/{device}/json", "plant/{thing}/json"), 7, r"\{device\} is no part of topic .*\{.device\}"),
        (("time: {path: t}", "time: {path: t, format: unix}"), 8, "unix"),
        (('{"on": 1,', "{on: 1,"), 12, "write the words in quotes"),
        (("time: {path: t}", "names: {hall: {a: b}}"), 8, "'hall' is no part of topic"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(
    change: tuple[str, str], line: int, problem: str
) -> None:
    with pytest.raises(DocumentError, match=problem.replace("{device} may", r"\{device\} may")) as caught:
        mappings(METER.replace(*change))
    assert caught.value.line == line or not line
    assert str(caught.value).startswith("meters.yaml")


def test_an_example_that_does_not_hold_is_a_mistake_of_its_file() -> None:
    wrong = (
        METER
        + """
examples:
  - topic: plant/main/json
    payload: '{"t": "2026-10-30T17:00:00", "p": 1}'
    readings: {main: {active_power_w: 1}}
"""
    )
    with pytest.raises(DocumentError, match=r'meters\.yaml:18: .*it becomes .*"active_power_w":1000.0'):
        mappings(wrong)
    elsewhere = wrong.replace("topic: plant/main/json", "topic: plant/main")
    with pytest.raises(DocumentError, match="no rule takes topic 'plant/main'"):
        mappings(elsewhere)


def test_rules_of_one_topic_must_agree_on_whether_it_tells_its_time() -> None:
    more = "  - topic: plant/{device}/json\n    channels: {power_factor: {path: pf}}\n"
    with pytest.raises(DocumentError, match="must tell the time, or none"):
        mappings(METER + more)


def test_a_mapping_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="did you mean tasmota"):
        load_mappings(["tasmotta"])
    with pytest.raises(DocumentError, match=r"cannot be read: No such file"):
        load_mappings([str(tmp_path / "none.yaml")])


def test_of_two_mappings_that_take_a_topic_the_first_counts_and_its_filter_is_asked_for_once() -> None:
    wide = METER.replace("plant/{device}/json", "plant/{device}/#").replace("mapping: meters", "mapping: wide")
    both = Mappings([*mappings(METER).routes, *mappings(wide).routes])
    taken, other = both.route("plant/a/json"), both.route("plant/a/b")
    assert taken is not None
    assert other is not None
    assert (taken.route.mapping, other.route.mapping) == ("meters", "wide")
    assert [each.filter for each in both.filters] == ["plant/+/#"]


METERS = mappings(METER)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["t", "p", "e", "run"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["t", "p", "e", "run"]), json_values, max_size=4) | json_values)
def test_no_message_of_any_shape_makes_it_fail_and_nothing_is_both_stored_and_refused(message: Any) -> None:
    intake = METERS.take_apart("plant/m/json", json.dumps(message).encode(), NOW, NOW)
    stored = {
        f"{table.kind}/{table.device}/{name}"
        for table in (intake.batch.tables if intake.batch else [])
        for name in table.columns
    }
    assert not stored & {refusal.part for refusal in intake.refusals}
    assert msgspec.json.encode(intake.batch) if intake.batch else True


@pytest.mark.parametrize("name", ["intake.md", "intake.ko.md"])
def test_the_mapping_and_the_configuration_of_the_guide_are_good_ones(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    configured, mapping = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(parse_mapping(mapping, name, Map(name))) == 2
    section = decode_yaml(configured, dict[str, dict[str, Foreign]], name)["collector"]["foreign"]
    assert [each.map if isinstance(each, Map) else each for each in section.maps[:2]] == ["tasmota", "node-red"]
    assert load_mappings(section.maps[:2]).filters
