from __future__ import annotations

import json
import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana import DASHBOARDS, FOLDER, LANGUAGES, documents
from tests.grafana.demo_like import NOW
from tests.grafana.queries import moment

Json = dict[str, Any]
NAMES = ["edge", "factory", "machine"]
PROVISIONING = FOLDER.parent / "provisioning"

# Panels that come with Grafana, and ids of its units (packages/grafana-data, valueFormats).
CORE_PANELS = {"timeseries", "stat", "gauge", "table", "bargauge", "state-timeline"}
UNITS = {
    "watt", "watth", "volt", "amp", "hertz", "celsius", "percent", "ms", "s", "decbytes", "short", "cps", "none",
    "dateTimeFromNow", "dateTimeAsIso",
}  # fmt: skip
HANGUL = re.compile("[가-힣]")


def dashboard(language: str, name: str) -> Json:
    document: Json = json.loads((FOLDER / language / f"{name}.json").read_text(encoding="utf-8"))
    return document


def every() -> list[Json]:
    return [dashboard(language, name) for language in LANGUAGES for name in NAMES]


def identity(document: Json) -> str:
    return str(document["uid"])


def texts(value: object, keys: frozenset[str]) -> list[str]:
    """Every text under one of `keys`, at any depth, in document order."""
    if isinstance(value, dict):
        own = [item for key, item in value.items() if key in keys and isinstance(item, str)]
        return own + [text for item in value.values() for text in texts(item, keys)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item, keys)]
    return []


def without_words(value: object) -> object:
    """The document without what people read: equal in both languages."""
    words = {"title", "description", "label", "alias", "uid", "displayName", "text", "unit", "tags", "name"}
    if isinstance(value, dict):
        return {key: without_words(item) for key, item in value.items() if key not in words}
    if isinstance(value, list):
        return [without_words(item) for item in value]
    return "text" if isinstance(value, str) and HANGUL.search(value) else value


def test_the_committed_files_are_what_the_source_generates() -> None:
    committed = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.json")}
    assert committed == documents(), "run `python -m grafana` and commit what it writes"
    assert len(committed) == len(LANGUAGES) * len(DASHBOARDS)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_panels_and_ask_the_same_queries(name: str) -> None:
    korean, english = dashboard("ko", name), dashboard("en", name)
    panels = [
        [(p["id"], p["type"], p["gridPos"], p["interval"], [t["query"] for t in p["targets"]]) for p in d["panels"]]
        for d in (korean, english)
    ]
    assert panels[0] == panels[1]
    for part in ("templating", "time", "refresh", "timezone", "schemaVersion"):
        assert without_words(korean[part]) == without_words(english[part])


@pytest.mark.parametrize("name", NAMES)
def test_each_language_says_everything_in_its_own_words(name: str) -> None:
    keys = frozenset({"title", "description", "label"})
    korean, english = texts(dashboard("ko", name), keys), texts(dashboard("en", name), keys)
    assert len(korean) == len(english)
    assert all(text.strip() for text in (*korean, *english))
    assert [text for text in english if HANGUL.search(text)] == []
    assert [text for text in korean if not HANGUL.search(text)] == []


@pytest.mark.parametrize("document", every(), ids=identity)
def test_series_are_named_in_the_dashboards_language(document: Json) -> None:
    names = texts(document, frozenset({"alias", "displayName", "text"}))
    if document["tags"][1] == "en":
        assert [name for name in names if HANGUL.search(name)] == []


@pytest.mark.parametrize("document", every(), ids=identity)
def test_every_panel_is_a_core_panel_with_a_title_and_a_known_unit(document: Json) -> None:
    for panel in document["panels"]:
        assert panel["type"] in CORE_PANELS
        assert panel["title"].strip()
        units = texts(panel["fieldConfig"]["defaults"], frozenset({"unit"}))
        assert len(units) == 1, panel["title"]
        overridden = [
            item["value"]
            for override in panel["fieldConfig"]["overrides"]
            for item in override["properties"]
            if item["id"] == "unit"
        ]
        for unit in (*units, *overridden):
            assert unit in UNITS or re.fullmatch(r"suffix: kWh/\S+", unit), f"{panel['title']}: {unit}"


@pytest.mark.parametrize("document", every(), ids=identity)
def test_panel_titles_and_ids_are_unique(document: Json) -> None:
    for key in ("id", "title"):
        values = [panel[key] for panel in document["panels"]]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("document", every(), ids=identity)
def test_panels_lie_on_the_grid_and_none_overlaps(document: Json) -> None:
    places = [panel["gridPos"] for panel in document["panels"]]
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
        assert place["h"] >= 3
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        stacked = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or stacked, f"{one} overlaps {other}"


@pytest.mark.parametrize("document", every(), ids=identity)
def test_a_series_that_another_setting_names_exists(document: Json) -> None:
    for panel in document["panels"]:
        names = {target.get("alias") for target in panel["targets"]}
        if panel["type"] != "table":
            assert {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]} <= names
        for step in panel.get("transformations", []):
            if step["id"] == "calculateField":
                assert {step["options"]["binary"]["left"], step["options"]["binary"]["right"]} <= names


@pytest.mark.parametrize("document", every(), ids=identity)
def test_thresholds_rise_from_a_base(document: Json) -> None:
    for panel in document["panels"]:
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {"steps": [{"value": None}]})["steps"]
        assert steps[0]["value"] is None
        values = [step["value"] for step in steps[1:]]
        assert all(low < high for low, high in pairwise(values))


@pytest.mark.parametrize("document", every(), ids=identity)
def test_the_frame_is_sane(document: Json) -> None:
    assert document["schemaVersion"] == 41
    assert document["timezone"] == "Asia/Seoul"
    assert document["refresh"] in document["timepicker"]["refresh_intervals"]
    since, until = document["time"]["from"], document["time"]["to"]
    assert moment(since, NOW, end=False) < moment(until, NOW, end=True)


def test_uids_are_unique_and_short_enough_for_grafana() -> None:
    uids = [document["uid"] for document in every()]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", uid) for uid in uids)


@pytest.mark.parametrize("document", every(), ids=identity)
def test_no_dashboard_points_outside(document: Json) -> None:
    assert not re.search(r"https?:|//|grafana\.com", json.dumps(document))


@pytest.mark.parametrize("document", every(), ids=identity)
def test_everything_asks_the_provisioned_datasource(document: Json) -> None:
    provided = yaml.safe_load((PROVISIONING / "datasources" / "influxdb.yaml").read_text())["datasources"]
    assert [source["uid"] for source in provided] == ["wattproof-influx"]
    asked = [panel["datasource"] for panel in document["panels"]]
    asked += [target["datasource"] for panel in document["panels"] for target in panel["targets"]]
    asked += [variable["datasource"] for variable in document["templating"]["list"] if variable["type"] == "query"]
    asked += [annotation["datasource"] for annotation in document["annotations"]["list"]]
    assert {(source["type"], source["uid"]) for source in asked} == {(provided[0]["type"], provided[0]["uid"])}


@pytest.mark.parametrize("document", every(), ids=identity)
def test_a_single_value_never_stands_where_grafana_would_take_it_for_a_regular_expression(document: Json) -> None:
    """Grafana escapes a variable that stands between two slashes, division signs or not."""
    several = {variable["name"] for variable in document["templating"]["list"] if variable.get("multi")}
    single = {variable["name"] for variable in document["templating"]["list"]} - several
    for query in texts(document, frozenset({"query"})):
        for name in single:
            assert not re.search(rf"/\^?.*\${name}\b.*\$?/", query), query
        for name in several:
            assert f"${name}" not in query.replace(f"/^${name}$/", ""), query


def test_the_datasource_takes_its_address_and_credentials_from_the_environment() -> None:
    text = (PROVISIONING / "datasources" / "influxdb.yaml").read_text()
    source = yaml.safe_load(text)["datasources"][0]
    assert source["url"] == "${INFLUXDB_URL}"
    assert source["jsonData"]["dbName"] == "${INFLUXDB_DATABASE}"
    assert source["jsonData"]["version"] == "InfluxQL"
    assert source["user"] == "${INFLUXDB_USERNAME}"
    assert source["secureJsonData"] == {"password": "${INFLUXDB_PASSWORD}"}


def test_each_language_is_provided_as_a_folder() -> None:
    providers = yaml.safe_load((PROVISIONING / "dashboards" / "wattproof.yaml").read_text())["providers"]
    assert [Path(provider["options"]["path"]).name for provider in providers] == list(LANGUAGES)
