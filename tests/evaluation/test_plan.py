"""Plans say what is evaluated; a plan that contradicts itself is refused with its line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from evaluation import Window, load_plan, parse_plan
from telemetry import DocumentError
from tests.evaluation.factory import PLAN


def test_a_plan_is_read_with_its_defaults(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN, encoding="utf-8")
    plan = load_plan(file)
    assert plan.baseline == Window(dt.date(2026, 3, 2), dt.date(2026, 4, 12))
    assert plan.baseline.days == 42
    assert (plan.kind, plan.energy, plan.timezone) == ("power_meter", "energy_import_wh", "Asia/Seoul")
    assert (plan.granularity, plan.confidence, plan.claim.minimum_saving_pct) == ("day", 0.9, 0.0)
    assert [driver.name for driver in plan.drivers] == ["production", "temperature"]


def test_the_digest_is_of_the_meaning_and_not_of_the_spelling() -> None:
    same = "# what we agreed\n" + PLAN.replace("id: press-swap", "id:   'press-swap'")
    assert parse_plan(PLAN).digest == parse_plan(same).digest
    assert parse_plan(PLAN).digest != parse_plan(PLAN + "confidence: 0.8\n").digest


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("first_day: 2026-04-13", "first_day: 2026-04-12", 9, "overlap; no day may belong to two windows"),
        ("first_day: 2026-04-15", "first_day: 2026-04-14", 10, "installation 2026-04-13..2026-04-14 (line 9)"),
        ("2026-04-13, last_day: 2026-04-14", "2026-02-01, last_day: 2026-02-02", 9, "wrong order"),
        ("2026-04-15, last_day: 2026-05-05", "2026-05-05, last_day: 2026-04-15", 10, "swap first_day and last_day"),
        ("first_day: 2026-03-02", "first_day: 2026-04-01", 8, "has 12 days; at least 14 are needed"),
        ("last_day: 2026-05-05", "last_day: 2026-04-19", 10, "has 5 days; at least 7 are needed"),
        ("channel: production_count", "channel: production_cuont", 6, "did you mean production_count"),
        ("aggregate: difference", "aggregate: mean", 6, "mean needs a gauge, and production_count is a counter"),
        ("aggregate: mean", "aggregate: active", 7, "active needs a counter, and temperature_c is a gauge"),
        ("aggregate: mean", "aggregate: sum", 7, "aggregate"),
        ("name: temperature", "name: production", 7, "already used on line 6"),
        ("name: temperature", "name: intercept", 7, "is the model's own word"),
        ("site: works", "site: Works!", 3, "site 'Works!' cannot be used"),
        ("device: press\n", "device: press\nenergy: active_power_w\n", 5, "no energy counter"),
        ("device: press\n", "device: press\nconfidence: 0.995\n", 5, "confidence"),
        ("device: press\n", "device: press\ntimezone: Asia/Gimpo\n", 5, "unknown time zone 'Asia/Gimpo'"),
        ("device: press\n", "device: press\nbaselin: 3\n", 5, "unknown key"),
        ("first_day: 2026-03-02", "first_day: 2 March", 8, "baseline.first_day"),
    ],
)
def test_a_contradiction_is_named_with_its_line(before: str, after: str, line: int, says: str) -> None:
    assert before in PLAN
    with pytest.raises(DocumentError) as caught:
        parse_plan(PLAN.replace(before, after), "plan.yaml")
    assert caught.value.line == line
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"plan.yaml:{line}: ")


def test_the_same_series_twice_is_refused() -> None:
    twice = PLAN.replace(
        "name: temperature, device: outdoor, kind: sensor, channel: temperature_c, aggregate: mean",
        ("name: more, device: counter, kind: plc, channel: production_count, aggregate: difference"),
    )
    with pytest.raises(DocumentError, match="same series and aggregate as driver 'production'"):
        parse_plan(twice)


def test_a_day_that_no_calendar_has_is_refused() -> None:
    with pytest.raises(DocumentError, match="plan:8: baseline\\.first_day: not a date of the calendar"):
        parse_plan(PLAN.replace("first_day: 2026-03-02", "first_day: 2026-02-30"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"nowhere\.yaml: cannot be read: No such file"):
        load_plan(tmp_path / "nowhere.yaml")
