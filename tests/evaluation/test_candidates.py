"""A plan names its models; the choice is by held-out stretches, and every model's saving is reported."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from evaluation import Evaluation, Verdict, evaluate, parse_plan, render
from telemetry import DocumentError
from tests.evaluation.factory import PLAN, Machine

CANDIDATES = """\
candidates:
  temperature only: [temperature]
  production only: [production]
  both: [production, temperature]
  mean: []
"""


def judged(folder: Path, text: str, machine: Machine | None = None) -> Evaluation:
    store = (machine or Machine()).stored(folder / "readings.duckdb")
    try:
        return evaluate(parse_plan(text), store)
    finally:
        store.close()


def test_a_model_that_was_compared_with_no_other_is_said_to_be_alone(tmp_path: Path) -> None:
    store = Machine().stored(tmp_path / "readings.duckdb")
    two = PLAN + "candidates: {all: [production, temperature], some: [production]}\n"
    one, both = (evaluate(parse_plan(text), store) for text in (PLAN, two))
    store.close()
    said = [next(check for check in found.checks if check.code == "models_compared") for found in (one, both)]
    assert [(check.found.en, check.passed) for check in said] == [("1", None), ("2", True)]


def test_the_model_that_predicts_held_out_stretches_best_is_used_and_all_are_reported(tmp_path: Path) -> None:
    found = judged(tmp_path, PLAN + CANDIDATES, Machine(noise_kwh=2.0))
    assert [one.name for one in found.candidates] == ["temperature only", "production only", "both", "mean"]
    errors = [one.rmse_kwh for one in found.candidates]
    assert all(error is not None for error in errors)
    chosen = next(one for one in found.candidates if one.chosen)
    assert chosen.name == "both"
    assert chosen.rmse_kwh == min(error for error in errors if error is not None)
    assert found.saving is not None
    assert chosen.saving_kwh == pytest.approx(found.saving.kwh)
    assert len({round(one.saving_kwh or 0) for one in found.candidates}) == 4
    assert found.verdict is Verdict.PROVEN


def test_an_evaluation_with_one_chosen_model_is_that_of_a_plan_with_that_model_alone(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first = judged(tmp_path, PLAN + "candidates: {production only: [production]}\n")
    alone = "\n".join(line for line in PLAN.splitlines() if "name: temperature" not in line) + "\n"
    second = judged(tmp_path / "a", alone)
    assert first.saving is not None
    assert second.saving is not None
    assert first.saving.kwh == pytest.approx(second.saving.kwh)
    assert first.saving.high == pytest.approx(second.saving.high)
    assert first.model is not None
    assert [(term.name, term.dropped) for term in first.model.coefficients] == [
        ("intercept", ""),
        ("production", ""),
        ("temperature", "not_chosen"),
    ]


def test_before_the_reporting_period_candidates_have_errors_and_no_saving(tmp_path: Path) -> None:
    found = judged(tmp_path, PLAN + CANDIDATES, Machine(days=42))
    assert [one.saving_kwh for one in found.candidates] == [None] * 4
    assert all(one.rmse_kwh is not None for one in found.candidates)


def test_degree_days_are_what_lies_beyond_a_temperature(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    plain = judged(tmp_path, PLAN)
    warm = judged(tmp_path / "a", PLAN.replace("aggregate: mean}", "aggregate: mean, above: 15}"))
    both = [np.array(one.intervals.drivers["temperature"], dtype=np.float64) for one in (plain, warm)]
    assert both[1] == pytest.approx(np.maximum(both[0] - 15, 0))
    cold = judged(tmp_path / "a", PLAN.replace("aggregate: mean}", "aggregate: mean, below: 15}"))
    assert np.array(cold.intervals.drivers["temperature"]) == pytest.approx(np.maximum(15 - both[0], 0))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PLAN + "candidates: {a: [wind]}\n", r"candidates: 'a' names wind, which is no driver"),
        (PLAN.replace("aggregate: difference}", "aggregate: difference, above: 3}"), r"drivers\[0\].*for a mean"),
    ],
)
def test_a_candidate_or_limit_that_makes_no_sense_is_named(text: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        parse_plan(text)


def test_the_terminal_shows_every_candidate(tmp_path: Path) -> None:
    output = io.StringIO()
    Console(file=output, width=120).print(render(judged(tmp_path, PLAN + CANDIDATES), "ko"))
    text = output.getvalue()
    assert "후보 모형" in text
    assert all(name in text for name in ("temperature only", "production only", "both", "mean"))
    assert "기준기간을 5구간으로 나누어" in text
