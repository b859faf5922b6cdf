"""A plan names models of any family; one that contradicts the plan is refused with what to change."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml

from evaluation import parse_plan
from evaluation.models import ChangePoint, Levels, Linear, Machine, Mean, TimeOfWeek, drivers_of
from evaluation.schema import plan_schema
from telemetry import DocumentError
from tests.evaluation.factory import PLAN

ROOT = Path(__file__).parents[2]
HOURLY = "granularity: hour\n"
STATE = "  - {name: producing, device: plc, kind: plc, channel: run_state, aggregate: hours, states: [3]}\nbaseline:"
WITH_STATE = PLAN.replace("baseline:", STATE, 1)
TOWT = "candidates: {a: {family: time_of_week, temperature: temperature}}\n"


def test_every_family_is_read_and_a_list_of_drivers_is_short_for_a_linear_model() -> None:
    plan = parse_plan(
        WITH_STATE
        + HOURLY
        + """\
shifts: ["06:00", "14:00", "22:00"]
selection: {rule: first, folds: 4}
candidates:
  nothing: []
  short: [production, temperature]
  mean: {family: mean}
  crossed: {family: linear, drivers: [production, temperature], interactions: [[production, temperature]]}
  week: {family: levels, by: [weekday, shift], drivers: [production]}
  cooling: {family: change_point, form: 3PC, temperature: temperature, drivers: [production]}
  hours: {family: time_of_week, temperature: temperature, segments: 4}
  states: {family: machine, products: [production], states: [producing]}
"""
    )
    assert plan.models == {
        "nothing": Mean(),
        "short": Linear(["production", "temperature"]),
        "mean": Mean(),
        "crossed": Linear(["production", "temperature"], [("production", "temperature")]),
        "week": Levels(["weekday", "shift"], ["production"]),
        "cooling": ChangePoint("3PC", "temperature", ["production"]),
        "hours": TimeOfWeek("temperature", segments=4),
        "states": Machine(["production"], ["producing"]),
    }
    assert drivers_of(plan.models["cooling"]) == ["temperature", "production"]
    assert (plan.selection.rule, plan.selection.folds) == ("first", 4)


def test_the_published_schema_is_the_plans_own_and_takes_what_is_documented() -> None:
    published = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(plan_schema())), "python -m evaluation writes it anew"
    for page in ("plans.md", "plans.ko.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
        assert set(parse_plan(text).models) == {"linear", "cooling", "weekdays", "states"}
        jsonschema.validate(json.loads(msgspec.json.encode(yaml.safe_load(text))), published)


def test_a_plan_without_candidates_means_one_linear_model_of_all_its_drivers() -> None:
    assert parse_plan(PLAN).models == {"": Linear(["production", "temperature"])}


def test_the_models_are_part_of_the_plans_digest() -> None:
    text = PLAN + "candidates: {a: {family: change_point, form: 3PC, temperature: temperature}}\n"
    one, other = parse_plan(text), parse_plan(text.replace("3PC", "3PH"))
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PLAN + "candidates: {a: {family: towt}}\n", r"family.*'towt'"),
        (PLAN + "candidates: {a: {family: change_point, form: 6P, temperature: temperature}}\n", r"form.*'6P'"),
        (PLAN + "candidates: {a: {family: change_point, form: 3PC, temperature: wind}}\n", "names wind, which is no"),
        (PLAN + "candidates: {a: {family: change_point, form: 2P, temperature: production}}\n", "plain mean"),
        (
            PLAN
            + "candidates: {a: {family: change_point, form: 2P, temperature: temperature, drivers: [temperature]}}\n",
            "names temperature twice",
        ),
        (
            PLAN
            + "candidates: {a: {family: linear, drivers: [production], interactions: [[production, temperature]]}}\n",
            "interaction production × temperature of what is not among its drivers",
        ),
        (PLAN + TOWT, "needs granularity hour or quarter_hour; this plan's is day"),
        (PLAN + "candidates: {a: {family: levels, by: [hour]}}\n", "tells parts of the day apart"),
        (PLAN + "granularity: week\ncandidates: {a: {family: levels, by: [weekday]}}\n", "intervals are weeks"),
        (PLAN + HOURLY + "candidates: {a: {family: levels, by: [shift]}}\n", "names no two shifts"),
        (PLAN + HOURLY + 'shifts: ["14:00", "06:00"]\n', "shifts must rise"),
        (PLAN + HOURLY + 'shifts: ["6 am"]\n', r'write e.g. \["06:00"'),
        (PLAN + "candidates: {a: {family: machine}}\n", "neither products nor states"),
        (PLAN + "candidates: {a: {family: machine, states: [production]}}\n", "its aggregate is difference"),
        (PLAN + "selection: {rule: best}\n", "selection.rule"),
        (WITH_STATE.replace(", states: [3]", ""), "hours need the states that count"),
        (PLAN.replace("aggregate: mean}", "aggregate: mean, states: [1]}"), "hours need the states that count"),
        (WITH_STATE.replace("channel: run_state", "channel: temperature_c"), "hours needs a state"),
    ],
)
def test_a_model_that_contradicts_the_plan_is_refused_with_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        parse_plan(text)
