"""Every family of models from a plan to a verdict, on machines whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.families import CASES, SIX
from benchmarks.families_stand.replacements import OUTDOOR, PARTS, Candidates, Replacement, cut, metered
from evaluation import Evaluation, Quality, Verdict
from evaluation.findings import Family
from evaluation.models import ChangePoint, Levels, Machine, SelectionRule, TimeOfWeek
from evaluation.run import judge_metered

FIRST = SelectionRule("first")


def codes(evaluation: Evaluation) -> list[str]:
    return [reason.code for reason in evaluation.reasons]


@pytest.mark.parametrize("name", list(CASES))
def test_a_model_of_the_machines_form_finds_the_saving_and_its_band_holds_it(name: str) -> None:
    machine, candidates = CASES[name]
    found, truth = replace(machine, noise=0.01).judged(candidates)
    assert found.verdict is Verdict.PROVEN
    assert found.saving is not None
    assert found.saving.low <= truth <= found.saving.high
    assert found.saving.kwh == pytest.approx(truth, abs=0.01 * found.saving.adjusted_kwh)
    assert found.cumulative is not None
    assert found.cumulative.kwh[-1] == pytest.approx(found.saving.kwh)


def test_six_candidates_of_mixed_families_are_all_answered_and_the_machines_own_form_is_chosen() -> None:
    found, truth = Replacement(noise=0.01).judged(SIX)
    assert [one.name for one in found.candidates] == list(SIX)
    assert {one.family for one in found.candidates} == {Family.MEAN, Family.LINEAR, Family.LEVELS, Family.CHANGE_POINT}
    assert next(one for one in found.candidates if one.chosen).form in {"3PC", "5P"}
    answers = [one.saving_kwh for one in found.candidates if one.saving_kwh is not None]
    assert len(answers) == 6
    assert found.spread is not None
    assert (found.spread.lowest_kwh, found.spread.highest_kwh) == (min(answers), max(answers))
    assert found.saving is not None
    assert found.spread.beyond_band
    assert max(answers) > found.saving.high or min(answers) < found.saving.low
    doubt = next(reason for reason in found.reasons if reason.code == "candidates_disagree")
    assert doubt.doubt
    assert "mean" in doubt.text.en
    assert "3PC" in found.method.en or "5P" in found.method.en
    assert abs(found.saving.kwh - truth) < abs((found.candidates[0].saving_kwh or 0.0) - truth)


def test_candidates_within_the_band_are_reported_without_a_doubt() -> None:
    close: Candidates = {"a": ["parts", "outdoor"], "b": ChangePoint("2P", "outdoor", ["parts"])}
    found, _ = Replacement(cooling=0.0).judged(close)
    assert codes(found) == ["proven", "candidates_agree"]
    assert not any(reason.doubt for reason in found.reasons)
    assert found.spread is not None
    assert not found.spread.beyond_band


def test_the_first_model_named_is_used_where_the_plan_says_so() -> None:
    found, _ = Replacement().judged(SIX, FIRST)
    assert next(one for one in found.candidates if one.chosen).name == "mean"
    assert all(one.rmse_kwh is not None for one in found.candidates)
    assert "first named" in found.method.en


def test_a_family_that_asks_for_more_data_is_refused_alone_and_says_what_it_needs() -> None:
    machine = Replacement(days=(16, 1, 14), granularity="hour", cooling=0.0)
    found, _ = machine.judged({"weeks": TimeOfWeek("outdoor", ["parts"]), "plain": ["parts"]}, FIRST)
    refused = found.candidates[0]
    assert refused.refused is not None
    assert "needs 24 usable days of baseline; there are 16" in refused.refused.en
    assert "24일 이상이 필요한데 쓸 수 있는 것은 16일" in refused.refused.ko
    assert (refused.chosen, refused.rmse_kwh, refused.saving_kwh) == (False, None, None)
    assert found.candidates[1].chosen


def test_where_every_family_asks_for_more_the_claim_is_not_provable() -> None:
    machine = Replacement(days=(16, 1, 14), granularity="hour")
    found, _ = machine.judged({"weeks": TimeOfWeek("outdoor", ["parts"])})
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["baseline_too_short"]
    assert "24 are needed" in found.reasons[0].text.en
    assert found.model is None


def test_days_of_the_week_that_the_baseline_never_saw_make_it_not_provable() -> None:
    machine = Replacement(days=(20, 1, 14), cooling=0.0)
    plan = machine.plan({"a": Levels(["weekday"])}, quality=Quality(minimum_usable=0.5))
    before, between, after = cut(machine, plan)
    without = replace(before, usable=before.grid.clock.weekday != 6)
    found = judge_metered(plan, without, between, after, [])
    assert found.verdict is Verdict.NOT_PROVABLE
    reason = next(reason for reason in found.reasons if reason.code == "driver_unknown")
    assert "Sun" in reason.text.en
    assert next(check for check in found.checks if check.code == "unknown_effect").passed is False


def test_hours_are_judged_on_days_as_the_noise_of_a_machine_lasts_for_days() -> None:
    hourly = Replacement(granularity="hour", cooling=0.0, rho=0.7)
    daily = replace(hourly, granularity="day")
    first, second = hourly.plan({"a": ["parts"]}), daily.plan({"a": ["parts"]})
    windows = cut(hourly, first)
    summed = [
        metered(second, window, one.energy.reshape(-1, 24).sum(axis=1), one.drivers.reshape(-1, 24, 2).sum(axis=1))
        for window, one in zip((second.baseline, second.installation, second.reporting), windows, strict=True)
    ]
    found = [judge_metered(first, *windows, []), judge_metered(second, summed[0], summed[1], summed[2], [])]
    halves = [one.saving.high - one.saving.low for one in found if one.saving]
    assert [one.model.unit for one in found if one.model] == ["day", "day"]
    assert halves[0] == pytest.approx(halves[1], rel=0.1)


def test_change_points_are_searched_on_the_baseline_and_told() -> None:
    found, _ = Replacement(noise=0.002).judged({"a": ChangePoint("3PC", "outdoor", ["parts"])})
    assert found.model is not None
    assert (found.model.family, found.model.form) == (Family.CHANGE_POINT, "3PC")
    assert found.model.knots == [pytest.approx(16.0, abs=1.0)]
    slope = found.model.coefficients[-1]
    assert slope.driver == "outdoor"
    assert slope.part is not None
    assert slope.part.en.startswith("> ")
    assert slope.value == pytest.approx(6.0, abs=0.6)


def test_time_of_week_tells_its_levels_slopes_and_drivers() -> None:
    machine, candidates = CASES["TOWT, hours"]
    found, _ = machine.judged(candidates)
    assert found.model is not None
    assert found.model.coefficients[0].part is not None
    assert "168 times of the week" in found.model.coefficients[0].part.en
    assert [term.driver for term in found.model.coefficients[1:]] == ["outdoor"] * 6 + ["parts"]
    assert len(found.intervals.start_ms) == 86 * 24


def test_a_machine_model_that_no_machine_can_be_is_doubted() -> None:
    """Energy falls with production here: the per-unit energy comes out negative."""
    machine = Replacement(per_part=-0.03, cooling=0.0)
    found, _ = machine.judged({"a": Machine(["parts"])})
    assert "implausible" in codes(found)


def test_drivers_the_model_does_without_do_not_grade_the_conditions() -> None:
    machine = Replacement(cooling=0.0, drivers=(PARTS, OUTDOOR))
    found, _ = machine.judged({"parts alone": ["parts"]})
    assert [driver.extrapolated_kwh for driver in found.drivers if driver.name == "outdoor"] == [0.0]
    assert [term.dropped for term in found.model.coefficients] == ["", "", "not_chosen"] if found.model else False


def test_numbers_repeat_to_the_bit() -> None:
    machine, candidates = CASES["chosen of six"]
    first, second = (machine.judged(candidates)[0] for _ in range(2))
    assert first == second
    assert np.isfinite(first.saving.kwh if first.saving else np.nan)


def test_hours_that_are_missing_here_and_there_leave_the_band_of_a_levels_model_as_it_is() -> None:
    """Days with gaps must not make the groups of hours look like terms that tell days apart."""
    machine = Replacement(granularity="hour", cooling=0.0, busy_mornings=True)
    plan = machine.plan({"a": Levels(["weekday", "hour"], ["parts"])})
    before, between, after = cut(machine, plan)
    usable = before.usable.copy()
    usable[[40, 333, 334, 801]] = False
    whole = judge_metered(plan, before, between, after, [])
    gaps = judge_metered(plan, replace(before, usable=usable), between, after, [])
    assert whole.saving is not None
    assert gaps.saving is not None
    assert gaps.placebos is not None
    assert gaps.placebos.count > 2
    assert gaps.saving.kwh == pytest.approx(whole.saving.kwh, rel=0.05)
    assert gaps.saving.high - gaps.saving.low == pytest.approx(whole.saving.high - whole.saving.low, rel=0.2)
