"""Every query of every panel, against a real InfluxDB."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from grafana import FOLDER
from storage import InfluxStore
from tests.grafana import demo_like
from tests.grafana.demo_like import NOW, SEOUL
from tests.grafana.queries import Asked, ask, points, queries, unanswered, variable_queries
from tests.parts import Database

Json = dict[str, Any]
DATABASE = "grafana_panels"
REPLACED = {"replaced": f"'{demo_like.REPLACED:%Y-%m-%d}'"}


def dashboard(name: str) -> Json:
    document: Json = json.loads((FOLDER / "en" / f"{name}.json").read_text(encoding="utf-8"))
    return document


def asked(name: str) -> list[Asked]:
    return queries(dashboard(name), NOW, REPLACED)


def of_panel(name: str, title: str, ref: str = "A") -> str:
    return next(query.text for query in asked(name) if (query.panel, query.ref) == (title, ref))


@pytest.fixture(scope="module")
def url(influxdb: Database) -> str:
    store = InfluxStore(influxdb.url, database=DATABASE, token=influxdb.token, org=influxdb.org)
    assert store.health().ok, "it has made the database"
    store.close()
    # On the paths of 1.x, 2.x takes a token for a password.
    known = influxdb.url.replace("//", f"//{influxdb.org}:{influxdb.token}@") if influxdb.token else influxdb.url
    demo_like.fill(known, DATABASE)
    return known


def newest(url: str, query: str) -> dict[str, float]:
    """Last value of each series, by device."""
    series = ask(url, query, DATABASE)
    return {one.get("tags", {}).get("device", ""): points([one])[-1][1] for one in series}


ALL = [query for name in ("factory", "machine", "edge") for query in asked(name)]


@pytest.mark.parametrize("query", ALL, ids=lambda query: f"{query.panel}-{query.ref}")
def test_the_query_returns_data(url: str, query: Asked) -> None:
    assert points(ask(url, query.text, DATABASE)), query.text


@pytest.mark.parametrize("name", ["factory", "machine", "edge"])
def test_only_gaps_and_errors_may_be_missing_from_a_healthy_factory(url: str, name: str) -> None:
    assert unanswered(url, DATABASE, dashboard(name), NOW, REPLACED) == []
    nowhere = {**REPLACED, "site": "nowhere"}
    silent = unanswered(url, DATABASE, dashboard(name), NOW, nowhere)
    assert silent == [query for query in queries(dashboard(name), NOW, nowhere) if not query.may_be_empty]


@pytest.mark.parametrize("name", ["factory", "machine", "edge"])
def test_a_variable_offers_what_is_in_the_database(url: str, name: str) -> None:
    offered = {
        variable: [value for one in ask(url, query, DATABASE) for _, value in one["values"]]
        for variable, query in variable_queries(dashboard(name))
    }
    meters = ["compressor", "main", "press-1", "press-2"]
    expected = {
        "factory": {"site": [demo_like.SITE], "main": meters, "devices": meters},
        "machine": {"site": [demo_like.SITE], "device": meters, "plc": ["plc-1", "plc-2"]},
        "edge": {"site": [demo_like.SITE], "gateways": ["gw-1"]},
    }
    assert offered == expected[name]


def test_the_default_of_the_replacement_is_a_time_that_influxdb_takes(url: str) -> None:
    for query in queries(dashboard("machine"), NOW):
        ask(url, query.text, DATABASE)


def hours_since(start: int) -> float:
    """Hours from `start` o'clock until now."""
    return (NOW - NOW.replace(hour=start, minute=0)).total_seconds() / 3600


def test_todays_energy_counts_from_midnight_in_korea(url: str) -> None:
    idle, run = demo_like.IDLE_W, demo_like.PARTS_PER_HOUR * demo_like.AFTER_WH
    expected = 8 * idle + hours_since(8) * run
    energies = newest(url, of_panel("factory", "Energy today, by device"))
    # One row per quarter-hour in the morning: the boundary at 8 o'clock is a row wide.
    assert energies["press-2"] == pytest.approx(expected, abs=(run - idle) * 0.25 + 1)


def test_todays_energy_survives_the_registers_rollover(url: str) -> None:
    weeks_wh = sum(demo_like.press_power("press-1", ms) * hours for ms, hours in demo_like.times())
    assert weeks_wh > 2 * demo_like.ROLLOVER_WH, "the register rolled over at least twice"
    query = next(
        q for q in queries(dashboard("machine"), NOW, {**REPLACED, "device": "press-1"}) if q.panel == "Energy per day"
    )
    days = [energy for _, energy in points(ask(url, query.text, DATABASE))]
    full = 12 * 30_000 + 12 * demo_like.IDLE_W
    assert min(days) >= 0
    assert max(days) == pytest.approx(full, rel=0.02)
    # What a rollover may cost is one step of a quarter-hour.
    assert sum(energy < full - 30_000 for energy in days if energy > 24 * demo_like.IDLE_W + 1) == 0


def test_days_begin_at_midnight_in_korea(url: str) -> None:
    times = [ms for ms, _ in points(ask(url, of_panel("machine", "Energy per day"), DATABASE))]
    clocks = {dt.datetime.fromtimestamp(ms / 1000, SEOUL).time() for ms in times}
    assert clocks == {dt.time(0, 0)}
    assert 90 <= len(times) <= 92


def test_today_which_is_not_over_is_left_out_of_the_comparison(url: str) -> None:
    times = [ms for ms, _ in points(ask(url, of_panel("machine", "Energy per day"), DATABASE))]
    last = dt.datetime.fromtimestamp(times[-1] / 1000, SEOUL).date()
    assert last == NOW.date() - dt.timedelta(days=1)


def test_the_demand_is_the_average_power_of_the_quarter_hour(url: str) -> None:
    rows = points(ask(url, of_panel("factory", "15-minute demand (24 hours)"), DATABASE))
    midday = next(w for ms, w in rows if dt.datetime.fromtimestamp(ms / 1000, SEOUL) == NOW.replace(hour=12, minute=0))
    expected = 30_000 + demo_like.PARTS_PER_HOUR * demo_like.AFTER_WH + 22_000 + 4_000
    assert midday == pytest.approx(expected)
    target = points(ask(url, of_panel("factory", "15-minute demand (24 hours)", "B"), DATABASE))
    assert {watts for _, watts in target} == {300_000.0}
    share = newest(url, of_panel("factory", "15-minute demand / target"))
    assert share[""] == pytest.approx(expected / 3000)


def test_energy_per_part_before_and_after_is_what_the_machine_needs(url: str) -> None:
    for when, per_part in (("before", demo_like.BEFORE_WH), ("after", demo_like.AFTER_WH)):
        title = f"Energy per part, {when}"
        energy, parts = (ask(url, of_panel("machine", title, ref), DATABASE) for ref in "AB")
        assert points(energy)[0][0] == points(parts)[0][0], "joined by time, so both stand at the same"
        quotient = points(energy)[0][1] / points(parts)[0][1]
        hours, working = 24 * 7, 12 * 5
        idle = (hours - working) * demo_like.IDLE_W / (working * demo_like.PARTS_PER_HOUR)
        assert quotient * 1000 == pytest.approx(per_part + idle, rel=0.02)


def test_a_day_without_production_has_no_energy_per_part(url: str) -> None:
    days = dict(points(ask(url, of_panel("machine", "Energy per part", "B"), DATABASE)))
    assert min(days.values()) > 0
    weekdays = {dt.datetime.fromtimestamp(ms / 1000, SEOUL).weekday() for ms in days}
    assert weekdays == {0, 1, 2, 3, 4}


def test_the_daily_averages_before_and_after_are_of_whole_days(url: str) -> None:
    before = newest(url, of_panel("machine", "Energy per day, before"))[""]
    after = newest(url, of_panel("machine", "Energy per day, after"))[""]
    idle_day = 24 * demo_like.IDLE_W
    for found, per_part in ((before, demo_like.BEFORE_WH), (after, demo_like.AFTER_WH)):
        day = 12 * demo_like.PARTS_PER_HOUR * per_part + 12 * demo_like.IDLE_W
        assert found == pytest.approx((5 * day + 2 * idle_day) / 7, rel=0.02)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_replacement_within_a_day_is_compared_too_and_its_two_series_stand_at_the_same_time(
    url: str, when: str
) -> None:
    at_noon = {"replaced": f"'{demo_like.REPLACED:%Y-%m-%d} 12:34:56'"}
    found = [query.text for query in queries(dashboard("machine"), NOW, at_noon) if query.panel.endswith(f", {when}")]
    answers = [points(ask(url, text, DATABASE)) for text in found]
    assert [len(rows) for rows in answers] == [1, 1, 1, 1]
    assert len({ms for ((ms, _),) in answers}) == 1


def test_the_annotation_stands_on_the_day_of_the_replacement(url: str) -> None:
    rows = points(ask(url, of_panel("machine", "Replaced", "Anno"), DATABASE))
    assert [dt.datetime.fromtimestamp(ms / 1000, SEOUL).date() for ms, _ in rows] == [demo_like.REPLACED.date()]


def test_errors_are_counted_by_device_and_reason(url: str) -> None:
    of_timeouts = next(q for q in asked("edge") if q.panel == "Errors in this time, by reason" and "timeout" in q.text)
    # One every ten minutes for two hours; the first window only sets the counter's start.
    assert newest(url, of_timeouts.text) == {"main": pytest.approx(12, abs=2), "press-1": pytest.approx(12, abs=2)}


def test_the_rate_of_readings_is_per_second(url: str) -> None:
    rates = points(ask(url, of_panel("edge", "Readings per second"), DATABASE))
    assert sorted(rate for _, rate in rates)[len(rates) // 2] == pytest.approx(40)


def test_the_last_reading_carries_its_own_time(url: str) -> None:
    series = ask(url, of_panel("edge", "Last reading of each device"), DATABASE)
    assert {one["tags"]["device"]: one["values"][0][0] for one in series} == dict.fromkeys(
        ("compressor", "main", "press-1", "press-2"), int(NOW.timestamp() * 1000)
    )


def test_a_declared_gap_is_listed_with_its_reason_and_its_end(url: str) -> None:
    (gap,) = ask(url, of_panel("edge", "Declared gaps, one by one"), DATABASE)
    start = int((NOW - dt.timedelta(hours=1)).timestamp() * 1000)
    assert gap["columns"] == ["time", "device", "channel", "reason", "readings", "end_ms"]
    assert gap["values"] == [[start, "press-1", "active_power_w", "outbox_full", 60, start + 60_000]]
    assert newest(url, of_panel("edge", "Declared gaps")) == {"": 60}
