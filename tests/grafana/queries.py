"""What Grafana does with a dashboard before it asks the database: time ranges, macros, variables."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_STEP = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_RELATIVE = re.compile(r"now(?:-(\d+)([smhdw]))?(/d)?")
_SPAN = re.compile(r"(\d+)([smhdw])")
_MOST_POINTS = 1000


@dataclass(frozen=True)
class Asked:
    """One query of a panel or annotation, as it reaches the database."""

    panel: str
    ref: str
    text: str

    @property
    def may_be_empty(self) -> bool:
        """Whether a healthy factory has nothing to answer: no declared gap, and no error of this reason ever."""
        return 'FROM "gap"' in self.text or ('FROM "link"' in self.text and "errors_timeout_count" not in self.text)


def queries(dashboard: Json, now: dt.datetime, variables: Mapping[str, str] | None = None) -> list[Asked]:
    """Every query of a dashboard's panels and annotations, ready for the database.

    Parameters
    ----------
    dashboard
        Classic JSON.
    now
        The time at which somebody looks at it, in the dashboard's time zone.
    variables
        Values by name; those not given take their own default, and the devices of the demo where they have none.
    """
    values = {**_defaults(dashboard), **(variables or {})}
    found = []
    for panel in dashboard["panels"]:
        since, until = _range(dashboard, panel, now)
        for target in panel["targets"]:
            text = _substituted(target["query"], values, since, until, _interval(panel, since, until))
            found.append(Asked(panel["title"], target["refId"], text))
    since, until = _range(dashboard, {}, now)
    for annotation in dashboard["annotations"]["list"]:
        target = annotation["target"]
        found.append(
            Asked(annotation["name"], target["refId"], _substituted(target["query"], values, since, until, "1m"))
        )
    return found


def unanswered(url: str, database: str, dashboard: Json, now: dt.datetime, variables: Mapping[str, str]) -> list[Asked]:
    """Queries of a dashboard that find nothing in a database, of those that a healthy factory answers."""
    found = queries(dashboard, now, variables)
    return [one for one in found if not one.may_be_empty and not points(ask(url, one.text, database))]


def variable_queries(dashboard: Json, variables: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Name and query of every variable that asks the database."""
    values = {**_defaults(dashboard), **(variables or {})}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], _replace(variable["query"], values)


def request(url: str, path: str, body: bytes) -> urllib.request.Request:
    """A POST; a user and password in the URL go where Grafana sends them: into the header of HTTP's basic scheme."""
    parts = urllib.parse.urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    known = {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"} if credentials else {}
    return urllib.request.Request(f"{parts.scheme}://{host}{path}", body, known)


def ask(url: str, query: str, database: str) -> list[Json]:
    """Series that InfluxDB answers with; fails with the database's own error."""
    form = urllib.parse.urlencode({"db": database, "q": query, "epoch": "ms"}).encode()
    try:
        with urllib.request.urlopen(request(url, "/query", form), timeout=30) as answer:
            document = json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{query}\n{error.read().decode()}") from error
    result = document["results"][0]
    assert "error" not in result, f"{query}\n{result['error']}"
    series: list[Json] = result.get("series", [])
    return series


def points(series: list[Json]) -> list[tuple[int, float]]:
    """Time and first value of every row that has one, of all series."""
    return [(row[0], row[1]) for one in series for row in one["values"] if row[1] is not None]


def moment(text: str, now: dt.datetime, *, end: bool) -> dt.datetime:
    """Meaning of a relative time such as ``now-1d/d``; the end of a range is rounded up."""
    match = _RELATIVE.fullmatch(text)
    assert match, f"{text} is no relative time"
    at = now - dt.timedelta(seconds=int(match[1]) * _STEP[match[2]]) if match[1] else now
    if match[3]:
        at = at.replace(hour=0, minute=0, second=0, microsecond=0)
        at += dt.timedelta(days=1, milliseconds=-1) if end else dt.timedelta()
    return at


def _range(dashboard: Json, panel: Json, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    if "timeFrom" in panel:
        return moment(f"now-{panel['timeFrom']}", now, end=False), now
    time = dashboard["time"]
    return moment(time["from"], now, end=False), moment(time["to"], now, end=True)


def _interval(panel: Json, since: dt.datetime, until: dt.datetime) -> str:
    match = _SPAN.fullmatch(panel["interval"])
    assert match, f"{panel['title']}: {panel['interval']} is no interval"
    lowest = int(match[1]) * _STEP[match[2]]
    return f"{max(lowest, int((until - since).total_seconds()) // _MOST_POINTS)}s"


def _defaults(dashboard: Json) -> dict[str, str]:
    values = {"site": "gimpo-demo"}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "textbox":
            values[variable["name"]] = variable["query"]
        elif variable["multi"]:
            values[variable["name"]] = variable["allValue"]
        elif "current" in variable:
            values[variable["name"]] = variable["current"]["value"]
    return values


def _substituted(query: str, values: Mapping[str, str], since: dt.datetime, until: dt.datetime, interval: str) -> str:
    window = f"time >= {_ms(since)}ms and time <= {_ms(until)}ms"
    return _replace(query.replace("$timeFilter", window).replace("$__interval", interval), values)


def _replace(query: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        assert match[1] in values, f"{query}: no variable {match[1]}"
        return values[match[1]]

    return re.sub(r"\$(\w+)", value, query)


def _ms(at: dt.datetime) -> int:
    return int(at.timestamp() * 1000)
