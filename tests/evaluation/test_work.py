"""Work that no model knows: no proof rests on its having stayed the same, and a doubt says what it would be worth."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from evaluation import Evaluation, Reason, Verdict, evaluate, parse_plan
from storage import DuckStore
from telemetry import Batch, Table
from tests.evaluation.factory import PER_DAY, PLAN, QUARTER_MS, Machine, midnight_ms

BLIND = PLAN.replace(PLAN[PLAN.index("  - {name: production") : PLAN.index("  - {name: temperature")], "")
"""The same plan without the counter: its models know the day of the week and the temperature."""
BLIND += "candidates: {week: {family: levels, by: [weekday], drivers: [temperature]}}\n"
BOUND = PLAN + "candidates: {week: {family: levels, by: [weekday], drivers: [temperature]}}\n"
"""The counter is a driver of the plan, and its only model does without it."""
WHY = "independent_of_output: runs at one speed day and night\n"


def judged(machine: Machine, tmp_path: Path, text: str = BLIND) -> Evaluation:
    store = machine.stored(tmp_path / "readings.duckdb")
    found = evaluate(parse_plan(text), store)
    store.close()
    return found


def reason(found: Evaluation, code: str) -> Reason:
    return next(one for one in found.reasons if one.code == code)


def codes(found: Evaluation) -> list[str]:
    return [one.code for one in found.reasons]


def test_a_machine_that_made_less_and_saved_nothing_is_not_proven_by_a_model_that_cannot_know(tmp_path: Path) -> None:
    found = judged(Machine(saving=0.0, made_after=0.8), tmp_path)
    assert found.saving is not None
    assert found.saving.low > 0, "without the counter it would be proven"
    assert (found.verdict, codes(found)) == (Verdict.NOT_PROVABLE, ["work_changed"])
    assert found.worth is None
    work = found.work
    assert work is not None
    assert (work.device, work.channel, work.bound, work.follows) == ("counter", "production_count", False, True)
    assert work.low <= 0 <= work.high, "what is really saved"
    assert work.change_low_pct <= -20 <= work.change_high_pct
    assert work.kwh - found.saving.kwh == pytest.approx(work.kwh_per_pct * work.change_pct)
    assert next(check.passed for check in found.checks if check.code == "work") is False
    said = reason(found, "work_changed")
    assert said.cure is not None
    assert "independent_of_output" in said.cure.ko
    assert "사업장의 counter.production_count가 기준기간의 흐름보다" in said.text.ko


def test_a_true_saving_that_survives_stays_proven_and_the_doubt_names_the_better_figure(tmp_path: Path) -> None:
    machine = Machine()
    found = judged(machine, tmp_path)
    assert found.verdict is Verdict.PROVEN
    assert codes(found) == ["proven", "work_in_doubt"]
    assert reason(found, "work_in_doubt").doubt
    assert found.work is not None
    assert found.work.low <= machine.true_kwh <= found.work.high
    assert found.saving is not None
    assert abs(found.work.kwh - machine.true_kwh) < abs(found.saving.kwh - machine.true_kwh)


def test_a_saving_whose_band_the_work_contradicts_is_of_no_use_even_where_something_was_saved(tmp_path: Path) -> None:
    machine = Machine(made_after=0.8)
    found = judged(machine, tmp_path)
    assert (found.verdict, codes(found)) == (Verdict.NOT_PROVABLE, ["work_changed"])
    assert found.work is not None
    assert found.saving is not None
    assert found.work.low <= machine.true_kwh <= found.work.high < found.saving.low
    assert "nothing in common" in found.reasons[0].text.en


def test_a_model_that_knows_the_production_is_left_alone(tmp_path: Path) -> None:
    found = judged(Machine(made_after=0.8), tmp_path, PLAN)
    assert (found.verdict, codes(found), found.work) == (Verdict.PROVEN, ["proven"], None)
    assert next(check.found.en for check in found.checks if check.code == "work") == "among the drivers"


@pytest.mark.parametrize("text", [BLIND, BOUND])
def test_a_machine_of_constant_load_is_not_doubted_whatever_is_made_beside_it(tmp_path: Path, text: str) -> None:
    found = judged(Machine(per_part=0.0, made_after=0.7, noise_kwh=6.0), tmp_path, text)
    assert found.verdict is Verdict.PROVEN
    if text is BOUND:
        assert codes(found) == ["proven", "work_alike"]
        assert "did not follow it" in found.reasons[1].text.en
        assert not any(one.doubt for one in found.reasons)
        return
    # Whether a stranger's counter is this machine's nobody knows: it is as if there were none.
    assert codes(found) == ["proven", "work_unmetered"]


def test_nothing_metered_is_one_doubt_with_what_a_percent_is_worth_and_when_the_proof_falls(tmp_path: Path) -> None:
    found = judged(Machine(without=("counter",)), tmp_path)
    assert (found.verdict, codes(found), found.work) == (Verdict.PROVEN, ["proven", "work_unmetered"], None)
    saving = found.saving
    assert saving is not None
    doubt = reason(found, "work_unmetered")
    assert doubt.doubt
    assert doubt.cure is not None
    assert f"1% of it is {saving.adjusted_kwh / 100:.1f} kWh" in doubt.text.en
    assert f"{100 * saving.low / saving.adjusted_kwh:.1f}% 넘게 덜 일했다면" in doubt.text.ko
    for way in ("drivers" if "drivers" in doubt.cure.en else "driver", "adjustments", "independent_of_output"):
        assert way in doubt.cure.en


def test_the_plan_can_say_why_output_does_not_matter_and_is_doubted_only_where_the_baseline_objects(
    tmp_path: Path,
) -> None:
    quiet = judged(Machine(without=("counter",)), tmp_path, BLIND + WHY)
    assert codes(quiet) == ["proven", "independent_of_output"]
    assert not any(one.doubt for one in quiet.reasons)
    assert "runs at one speed day and night" in quiet.reasons[1].text.ko
    (tmp_path / "readings.duckdb").unlink()
    loud = judged(Machine(saving=0.0, made_after=0.8), tmp_path, BLIND + WHY)
    assert codes(loud) == ["proven", "independence_contradicted"]
    assert loud.reasons[1].doubt


def test_a_counter_of_the_plans_own_that_hardly_varied_before_it_fell_leaves_nothing_to_prove(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "steady.duckdb")
    rng = np.random.default_rng(3)
    days = 66
    made = np.where(np.arange(days) >= 42, 700.0, 1000.0) + rng.normal(0, 1, days).round()
    kwh = np.where(np.arange(days) >= 42, 360.0, 400.0) + rng.normal(0, 5, days)
    quarters = np.arange(days * PER_DAY + 1)
    times = [midnight_ms(0) + int(q) * QUARTER_MS for q in quarters]
    edges = np.arange(days + 1) * PER_DAY
    columns = {
        "energy_import_wh": np.interp(quarters, edges, np.concatenate(([0.0], np.cumsum(1000 * kwh)))).tolist(),
        "production_count": np.interp(quarters, edges, np.concatenate(([0.0], np.cumsum(made)))).tolist(),
    }
    store.write([Batch("works", "gw-1", "e", 1, [Table.of("press", "power_meter", times, columns)])])
    text = BLIND.replace(BLIND[BLIND.index("drivers:") : BLIND.index("baseline:")], "")
    text = text[: text.index("candidates")]
    found = evaluate(parse_plan(text), store)
    assert (found.verdict, codes(found)) == (Verdict.NOT_PROVABLE, ["work_unknown"])
    assert found.work is not None
    assert (found.work.bound, found.work.follows) == (True, False)
    assert re.search(r"production_count가 기준기간의 흐름보다 30\.\d% 적었고", found.reasons[0].text.ko)
    declared = evaluate(parse_plan(text + WHY), store)
    assert (declared.verdict, codes(declared)) == (Verdict.PROVEN, ["proven", "independent_of_output"])
    store.close()


def test_before_the_purchase_the_outlook_says_that_no_model_will_know(tmp_path: Path) -> None:
    found = judged(Machine(days=44), tmp_path)
    assert "outlook" in codes(found)
    assert reason(found, "work_unmetered").doubt
    assert "nothing would be proven" not in reason(found, "work_unmetered").text.en
    (tmp_path / "readings.duckdb").unlink()
    assert "work_unmetered" not in codes(judged(Machine(days=44), tmp_path, PLAN))
