"""The virtual factory with a machine that must be cooled: from its registers to a verdict with a change-point model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator
from evaluation import Evaluation, Verdict, evaluate, parse_plan
from storage import DuckStore
from telemetry import Batch

NOW_MS = int(dt.datetime(2026, 1, 5, tzinfo=dt.UTC).timestamp() * 1000)
DEVICES = ("press-2", "plc-2", "ambient")
PLAN = """\
id: cooled
site: gimpo-demo
device: press-2
drivers:
  - {{name: production, device: plc-2, kind: plc, channel: production_count, aggregate: difference}}
  - {{name: operating, device: plc-2, kind: plc, channel: production_count, aggregate: active}}
  - {{name: temperature, device: ambient, kind: sensor, channel: temperature_c, aggregate: mean}}
  - {{name: producing, device: plc-2, kind: plc, channel: run_state, aggregate: hours, states: [3]}}
baseline: {baseline}
installation: {installation}
reporting: {reporting}
candidates:
  linear: [production, operating, temperature]
  cooling: {{family: change_point, form: 3PC, temperature: temperature, drivers: [production, operating]}}
  states: {{family: machine, products: [production], states: [producing]}}
"""


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Evaluation, simulator.Truth]]:
    """Press 2 with a chiller of 2.6 kW/K above 2 °C (2.0 kW/K the new one's), its registers read every hour."""
    folder = tmp_path_factory.mktemp("cooled")
    text = (Path(simulator.__file__).parent / "factories" / "gimpo.yaml").read_text(encoding="utf-8")
    for old, new in (("110\n      chiller_from_c: 15", "2600\n      chiller_from_c: 2"),
                     ("80\n    chiller_from_c: 15", "2000\n    chiller_from_c: 2")):  # fmt: skip
        assert f"chiller_w_per_k: {old}" in text
        text = text.replace(f"chiller_w_per_k: {old}", f"chiller_w_per_k: {new}")
    (folder / "cooled.yaml").write_text(text, encoding="utf-8")
    factory = simulator.load_factory(folder / "cooled.yaml", now_ms=NOW_MS)
    windows = factory.plan_windows()
    history = factory.history(windows.baseline.start_ms, windows.reporting.end_ms + 1, every_ms=3_600_000)
    store = DuckStore(folder / "readings.duckdb")
    store.write([Batch("gimpo-demo", "gw-1", "e", 1, [table for table in history if table.device in DEVICES])])
    plan = parse_plan(
        PLAN.format(
            **{
                name: f"{{first_day: {span.start}, last_day: {span.end - dt.timedelta(1)}}}"
                for name, span in (
                    ("baseline", windows.baseline),
                    ("installation", windows.installation),
                    ("reporting", windows.reporting),
                )
            }
        )
    )
    yield evaluate(plan, store), factory.truth(windows.reporting.start_ms, windows.reporting.end_ms)
    store.close()


def test_the_change_point_model_is_chosen_and_finds_the_true_saving(
    evaluated: tuple[Evaluation, simulator.Truth],
) -> None:
    found, truth = evaluated
    assert found.verdict is Verdict.PROVEN
    assert next(one for one in found.candidates if one.chosen).name == "cooling"
    assert found.saving is not None
    assert found.saving.low <= truth.saving_kwh <= found.saving.high
    assert found.saving.pct == pytest.approx(truth.saving_pct, abs=2.5)
    assert found.model is not None
    # The chiller begins at 2 °C; it runs by day, when it is some degrees warmer than in the mean of the day.
    assert -5.0 < found.model.knots[0] < 2.0
    assert found.counter_check is not None
    assert found.counter_check.ratio is None, "power read every hour integrates to nothing that could be compared"


def test_a_straight_line_on_temperature_would_have_said_something_else(
    evaluated: tuple[Evaluation, simulator.Truth],
) -> None:
    found, truth = evaluated
    answers = {one.name: one.saving_kwh or 0.0 for one in found.candidates}
    assert abs(answers["linear"] - truth.saving_kwh) > 2 * abs(answers["cooling"] - truth.saving_kwh)
    assert found.spread is not None
    assert found.spread.lowest_kwh == min(answers.values())


def test_hours_in_a_run_state_are_read_from_the_plc(evaluated: tuple[Evaluation, simulator.Truth]) -> None:
    found, _ = evaluated
    hours = [value for value in found.intervals.drivers["producing"] if value is not None]
    assert len(hours) == 84
    assert 0.0 == min(hours) < 8.0 < max(hours) <= 24.0
    machine = next(one for one in found.candidates if one.name == "states")
    assert machine.refused is None
    assert machine.rmse_kwh is not None
