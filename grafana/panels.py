"""Panels of Grafana's core types, as Classic JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

DATASOURCE: Final = {"type": "influxdb", "uid": "wattproof-influx"}
"""The datasource that ``provisioning/datasources/influxdb.yaml`` provides."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """One query of a panel; `alias` names its series, with Grafana's ``$tag_device`` and the like."""

    text: str
    alias: str = ""
    table: bool = False


@dataclass(frozen=True)
class Thresholds:
    """Colours from a value on, rising; the first colour counts from the bottom."""

    base: str
    steps: tuple[tuple[float, str], ...] = ()

    def json(self) -> Json:
        """Grafana's form."""
        rest = [{"color": color, "value": value} for value, color in self.steps]
        return {"mode": "absolute", "steps": [{"color": self.base, "value": None}, *rest]}


NEUTRAL = Thresholds("blue")
CALM = Thresholds("green")
ANY_IS_BAD = Thresholds("green", ((1, "red"),))


def timeseries(
    title: str,
    unit: str,
    queries: Sequence[Query],
    *,
    about: str = "",
    bars: bool = False,
    stacked: bool = False,
    lowest: float | None = None,
    every: str = "5s",
    last_for: str = "",
    dashed: str = "",
    shared_axis: Sequence[tuple[str, str]] = (),
) -> Json:
    """Curves (or bars) over time; holes in the data stay holes.

    `every` is the shortest window; `last_for` a time of its own (``1d``); `dashed` the series drawn as a target line;
    `shared_axis` series with a unit of their own, on the right.
    """
    custom: Json = {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 70 if bars else 12,
        "lineWidth": 1,
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    dashes = {"fill": "dash", "dash": [10, 6]}
    line = {"drawStyle": "line", "fillOpacity": 0, "lineStyle": dashes, "lineWidth": 2}
    right = {"axisPlacement": "right"}
    overrides = [_override(name, {"unit": other} | _custom(right)) for name, other in shared_axis]
    if dashed:
        overrides.append(_override(dashed, _custom(line) | {"color": {"mode": "fixed", "fixedColor": "red"}}))
    defaults: Json = {"unit": unit, "custom": custom, "color": {"mode": "palette-classic"}}
    if lowest is not None:
        defaults["min"] = lowest
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return _panel("timeseries", title, queries, defaults, options, about, overrides, every, last_for)


def stat(
    title: str,
    unit: str,
    queries: Sequence[Query],
    *,
    about: str = "",
    thresholds: Thresholds = NEUTRAL,
    decimals: int | None = None,
    last_for: str = "",
    every: str = "5s",
    transformations: Sequence[Json] = (),
) -> Json:
    """The newest value, large."""
    defaults: Json = {"unit": unit, "thresholds": thresholds.json(), "color": {"mode": "thresholds"}}
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
    }
    panel = _panel("stat", title, queries, defaults, options, about, (), every, last_for)
    return panel | ({"transformations": list(transformations)} if transformations else {})


def gauge(
    title: str,
    unit: str,
    queries: Sequence[Query],
    *,
    thresholds: Thresholds,
    highest: float,
    about: str = "",
    last_for: str = "",
) -> Json:
    """The newest value on a scale from 0 to `highest`."""
    defaults = {
        "unit": unit,
        "min": 0,
        "max": highest,
        "decimals": 1,
        "thresholds": thresholds.json(),
        "color": {"mode": "thresholds"},
    }
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "orientation": "auto",
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
    }
    return _panel("gauge", title, queries, defaults, options, about, (), "5s", last_for)


def bargauge(
    title: str,
    unit: str,
    queries: Sequence[Query],
    *,
    about: str = "",
    thresholds: Thresholds = NEUTRAL,
    last_for: str = "",
) -> Json:
    """The newest value of each series as a bar."""
    defaults = {"unit": unit, "min": 0, "thresholds": thresholds.json(), "color": {"mode": "thresholds"}}
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "displayMode": "basic",
        "orientation": "horizontal",
        "valueMode": "color",
    }
    return _panel("bargauge", title, queries, defaults, options, about, (), "5s", last_for)


def state_timeline(
    title: str, unit: str, queries: Sequence[Query], *, states: Sequence[Json], about: str = "", every: str = "5s"
) -> Json:
    """Bands of colour over time; `states` are Grafana's value mappings."""
    defaults = {
        "unit": unit,
        "mappings": list(states),
        "color": {"mode": "fixed", "fixedColor": "green"},
        "custom": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False},
    }
    options = {
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "never",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "single"},
    }
    return _panel("state-timeline", title, queries, defaults, options, about, (), every, "")


def table(
    title: str,
    unit: str,
    queries: Sequence[Query],
    *,
    columns: Sequence[tuple[str, str, str]],
    about: str = "",
    last_for: str = "",
) -> Json:
    """Rows as the database gives them; `columns` are (field, shown name, unit or nothing)."""
    overrides = [
        _override(field, {"displayName": shown} | ({"unit": own} if own else {})) for field, shown, own in columns
    ]
    options = {"showHeader": True, "cellHeight": "sm", "sortBy": []}
    custom = {"align": "auto", "filterable": False}
    panel = _panel("table", title, queries, {"unit": unit, "custom": custom}, options, about, overrides, "5s", last_for)
    return panel | {"transformations": [{"id": "merge", "options": {}}]}


def quotient(over: str, under: str, name: str) -> list[Json]:
    """Transformations that join two series by time and show only `over` divided by `under`, as `name`."""
    binary = {"left": over, "operator": "/", "right": under}
    return [
        {"id": "joinByField", "options": {"byField": "Time", "mode": "inner"}},
        {
            "id": "calculateField",
            "options": {"mode": "binary", "binary": binary, "alias": name, "replaceFields": True},
        },
    ]


def mapping(values: Sequence[tuple[float, str, str]]) -> list[Json]:
    """Value mappings: (value, text, colour)."""
    options = {
        f"{value:g}": {"index": index, "text": text, "color": color}
        for index, (value, text, color) in enumerate(values)
    }
    return [{"type": "value", "options": options}]


def at_least(lowest: float, text: str, color: str) -> Json:
    """Value mapping of everything from `lowest` on."""
    return {
        "type": "range",
        "options": {"from": lowest, "to": 1e15, "result": {"index": 9, "text": text, "color": color}},
    }


def _panel(
    kind: str,
    title: str,
    queries: Sequence[Query],
    defaults: Json,
    options: Json,
    about: str,
    overrides: Sequence[Json],
    every: str,
    last_for: str,
) -> Json:
    panel: Json = {
        "type": kind,
        "title": title,
        "datasource": DATASOURCE,
        "targets": [_target(index, query) for index, query in enumerate(queries)],
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
        "interval": every,
    }
    if about:
        panel["description"] = about
    if last_for:
        panel |= {"timeFrom": last_for, "hideTimeOverride": False}
    return panel


def _target(index: int, query: Query) -> Json:
    return {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "query": query.text,
        "rawQuery": True,
        "resultFormat": "table" if query.table else "time_series",
    } | ({"alias": query.alias} if query.alias else {})


def _override(name: str, properties: Json) -> Json:
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties.items()],
    }


def _custom(settings: Json) -> Json:
    return {f"custom.{key}": value for key, value in settings.items()}
