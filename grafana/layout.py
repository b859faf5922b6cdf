"""A dashboard around its panels: places, variables, annotations, time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from grafana.influxql import SITE, tag_values
from grafana.panels import DATASOURCE, Json
from grafana.words import Words

SCHEMA_VERSION = 41
COLUMNS = 24


@dataclass(frozen=True)
class Row:
    """Panels side by side: each with its width, of 24 columns; `height` in Grafana's units of about 30 pixels."""

    height: int
    panels: Sequence[tuple[int, Json]]


@dataclass(frozen=True)
class Dashboard:
    """What one dashboard is made of; `name` is its file and, with the language, its uid."""

    name: str
    title: str
    about: str
    since: str
    until: str
    refresh: str
    variables: Sequence[Json]
    rows: Sequence[Row]
    annotations: Sequence[Json] = field(default_factory=list)

    def json(self, words: Words) -> Json:
        """Classic JSON."""
        return {
            "uid": f"wattproof-{self.name}-{words.language}",
            "title": self.title,
            "description": self.about,
            "tags": ["wattproof", words.language],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "timezone": "Asia/Seoul",
            "weekStart": "monday",
            "time": {"from": self.since, "to": self.until},
            "timepicker": {"refresh_intervals": ["5s", "10s", "30s", "1m", "5m", "15m", "1h"]},
            "refresh": self.refresh,
            "links": [_others(words)],
            "templating": {"list": list(self.variables)},
            "annotations": {"list": list(self.annotations)},
            "panels": _placed(self.rows),
        }


def _placed(rows: Sequence[Row]) -> list[Json]:
    placed: list[Json] = []
    y = 0
    for row in rows:
        x = 0
        for width, panel in row.panels:
            placed.append({"id": len(placed) + 1, "gridPos": {"x": x, "y": y, "w": width, "h": row.height}} | panel)
            x += width
        if x > COLUMNS:
            raise ValueError(f"{[panel['title'] for _, panel in row.panels]}: {x} columns wide, of {COLUMNS}")
        y += row.height
    return placed


def _others(words: Words) -> Json:
    return {
        "type": "dashboards",
        "title": words("대시보드", "Dashboards"),
        "tags": ["wattproof", words.language],
        "asDropdown": True,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": False,
        "icon": "external link",
    }


def site_variable(words: Words) -> Json:
    """Which factory."""
    return tag_variable("site", words("사업장", "Site"), tag_values("site", "power_meter"))


def device_variable(name: str, label: str, kind: str, *, several: bool = False, default: str = "") -> Json:
    """Which device of a kind; with `several`, any number of them."""
    return tag_variable(name, label, tag_values("device", kind, SITE), several=several, default=default)


def tag_variable(name: str, label: str, query: str, *, several: bool = False, default: str = "") -> Json:
    """A variable that takes its values from the database."""
    variable: Json = {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "query": query,
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "hide": 0,
        "multi": several,
        "includeAll": several,
    }
    if several:
        variable |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    elif default:
        variable |= {"current": {"text": default, "value": default}}
    return variable


def text_variable(name: str, label: str, value: str, about: str) -> Json:
    """A variable that people type."""
    return {
        "type": "textbox",
        "name": name,
        "label": label,
        "description": about,
        "query": value,
        "current": {"text": value, "value": value},
        "hide": 0,
    }


def annotation(name: str, query: str, color: str) -> Json:
    """A vertical line where the query has a row."""
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": color,
        "target": {
            "refId": "Anno",
            "query": query,
            "queryType": "tags",
            "fromAnnotations": True,
            "textColumn": "",
            "tagsColumn": "",
            "timeEndColumn": "",
            "titleColumn": "",
            "name": name,
        },
    }
