"""From stored readings to one of three words, with reasons."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from analytics import Grade
from evaluation import Evaluation, EvaluationError, Period, Plan, Verdict, evaluate, parse_plan
from storage import DuckStore
from tests.evaluation.factory import PLAN, Machine, midnight_ms


def judged(tmp_path: Path, machine: Machine, text: str = PLAN) -> Evaluation:
    store = machine.stored(tmp_path / "readings.duckdb")
    try:
        return evaluate(parse_plan(text), store)
    finally:
        store.close()


def codes(evaluation: Evaluation) -> list[str]:
    return [reason.code for reason in evaluation.reasons]


def test_a_real_saving_is_proven_and_the_band_holds_it(tmp_path: Path) -> None:
    machine = Machine()
    found = judged(tmp_path, machine)
    assert found.verdict is Verdict.PROVEN
    assert codes(found) == ["proven"]
    assert found.saving is not None
    assert found.saving.low <= machine.true_kwh <= found.saving.high
    assert found.saving.pct == pytest.approx(20, abs=1)
    assert found.saving.kwh == pytest.approx(found.saving.adjusted_kwh - found.saving.actual_kwh)
    assert found.model is not None
    assert [term.name for term in found.model.coefficients] == ["intercept", "production", "temperature"]
    assert [term.unit.en for term in found.model.coefficients] == ["kWh/day", "kWh per unit", "kWh/day per °C"]
    assert [term.unit.ko for term in found.model.coefficients] == ["kWh/일", "kWh/개", "kWh/일 (°C당)"]
    assert found.model.coefficients[1].value == pytest.approx(0.5, abs=0.01)
    assert found.model.coefficients[2].value == pytest.approx(1.0, abs=0.6)
    assert found.model.n == 42
    assert found.cumulative is not None
    assert found.cumulative.kwh[-1] == pytest.approx(found.saving.kwh)
    assert found.cumulative.low[-1] == pytest.approx(found.saving.low)
    assert found.cumulative.end_ms[-1] == midnight_ms(65)


def test_what_a_sensor_that_drifted_is_worth_stands_beside_its_range(tmp_path: Path) -> None:
    line = (
        "  - {name: cold, device: outdoor, kind: sensor, channel: temperature_c, aggregate: mean, below: 16}\nbaseline:"
    )
    found = judged(tmp_path, Machine(), PLAN.replace("baseline:", line, 1))
    assert found.model is not None
    slopes = {term.name: term.value or 0.0 for term in found.model.coefficients}
    production, temperature, cold = found.drivers
    assert production.kwh_per_unit is None
    assert temperature.kwh_per_unit == pytest.approx(21 * slopes["temperature"])
    below = sum(degrees is not None and degrees > 0 for degrees in found.intervals.drivers["cold"][44:])
    assert 0 < below < 21
    assert cold.kwh_per_unit == pytest.approx(-below * slopes["cold"])


def test_every_interval_of_the_three_windows_is_reported_on_the_local_calendar(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine())
    intervals = found.intervals
    assert intervals.start_ms == [midnight_ms(day) for day in range(65)]
    assert intervals.period == [Period.BASELINE] * 42 + [Period.INSTALLATION] * 2 + [Period.REPORTING] * 21
    assert intervals.usable == [True] * 42 + [False] * 2 + [True] * 21
    saved = [b - a for a, b in zip(intervals.actual_kwh[44:], intervals.adjusted_kwh[44:], strict=True) if a and b]
    assert found.saving is not None
    assert math.fsum(saved) == pytest.approx(found.saving.kwh)


def test_the_band_is_checked_on_replacements_that_never_were(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine())
    assert found.placebos is not None
    assert found.placebos.count == len(found.placebos.share_pct) > 3
    assert 1 <= found.placebos.effective <= found.placebos.count
    assert found.placebos.widening >= 1
    assert all(share is not None and abs(share) < 10 for share in found.placebos.share_pct)
    assert "placebo" in found.method.en


def test_a_baseline_that_holds_no_placebo_proves_nothing(tmp_path: Path) -> None:
    # Each driver varies on one day at an end of the baseline: no shorter part of it knows both.
    found = judged(tmp_path, Machine(ends_only=True))
    assert found.placebos is not None
    assert found.placebos.count == 0
    assert found.verdict is Verdict.NOT_PROVABLE
    assert "no_placebo" in codes(found)


def test_no_saving_is_not_proven(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(saving=0.0))
    assert found.verdict is Verdict.NOT_PROVEN
    assert codes(found) == ["not_proven"]
    assert found.saving is not None
    assert found.saving.low < 0 < found.saving.high


def test_a_saving_under_the_claimed_one_is_not_proven(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(), PLAN + "claim: {minimum_saving_pct: 25}\n")
    assert found.verdict is Verdict.NOT_PROVEN
    assert "25%" in found.reasons[0].text.en


def test_a_saving_that_is_certainly_less_than_required_is_not_to_be_cured_by_waiting(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(noise_kwh=1.0), PLAN + "claim: {minimum_saving_pct: 25}\n")
    assert codes(found) == ["below_claim"]
    assert found.reasons[0].cure is not None
    assert "longer window will not change it" in found.reasons[0].cure.en


def test_more_energy_than_before_is_said_to_be_more(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(saving=-0.1))
    assert found.verdict is Verdict.NOT_PROVEN
    assert codes(found) == ["increased"]
    assert "늘었습니다" in found.reasons[0].text.ko
    assert found.saving is not None
    assert found.saving.high < 0
    assert found.worth is not None
    assert found.worth.avoided_tco2eq.high is not None
    assert found.worth.avoided_tco2eq.high < 0


def test_a_season_that_the_baseline_never_saw_proves_nothing_however_large_the_saving(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(saving=0.3, warmer_after=30.0))
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["driver_range"]
    assert found.conditions is Grade.OUTSIDE
    temperature = found.drivers[1]
    assert temperature.far_outside == 1.0
    # Without any effect of the temperature out there the saving would still be one.
    assert found.saving is not None
    assert temperature.extrapolated_kwh is not None
    assert found.saving.low > temperature.extrapolated_kwh
    assert "10.0 ~ 20.0 → " in found.reasons[0].text.ko


def test_a_band_too_wide_for_the_expected_saving_is_not_provable(tmp_path: Path) -> None:
    text = PLAN + "claim: {expected_saving_pct: 1.0}\n"
    found = judged(tmp_path, Machine(saving=0.0, noise_kwh=40.0), text)
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["not_detectable"]
    assert found.detectable is not None
    assert found.detectable.pct is not None
    assert found.detectable.pct > 1


def test_days_lost_in_the_reporting_window_make_it_not_provable_and_are_counted(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(lost_days={50, 51, 52, 53}))
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["reporting_coverage"]
    # Four days without readings, and the day before whose last boundary cannot be told.
    assert found.reporting.usable == 21 - 5
    assert found.reasons[0].cure is not None
    assert "3 more usable days" in found.reasons[0].cure.en
    assert "3일 더" in found.reasons[0].cure.ko
    unknown = [i for i, value in enumerate(found.intervals.actual_kwh) if value is None]
    assert unknown == [49, 50, 51, 52, 53]
    assert found.saving is not None


def test_a_few_lost_days_leave_the_verdict_to_the_others(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(lost_days={10, 50}), PLAN + "quality: {minimum_usable: 0.85}\n")
    assert found.verdict is Verdict.PROVEN
    assert (found.baseline.usable, found.reporting.usable) == (40, 19)
    assert found.baseline.flags == {"gap": 2}


def test_a_meter_reset_costs_its_day_and_is_flagged(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(reset_on=20))
    assert found.intervals.actual_kwh[20] is None
    assert found.intervals.flags[20] == "reset"
    assert found.baseline.usable == 41
    assert found.verdict is Verdict.PROVEN


def test_weather_the_baseline_never_saw_may_not_carry_the_proof(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(saving=0.04, warmer_after=30.0, noise_kwh=0.5))
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["driver_range"]
    temperature = found.drivers[1]
    assert temperature.outside == 1.0
    assert temperature.extrapolated_kwh is not None
    assert temperature.extrapolated_kwh > 0


def test_a_model_that_does_not_follow_the_energy_is_named(tmp_path: Path) -> None:
    without = PLAN.replace(PLAN[PLAN.index("drivers:") : PLAN.index("baseline:")], "")
    found = judged(tmp_path, Machine(), without)
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["model_too_loose"]
    assert found.model is not None
    assert found.model.cv_rmse_pct is not None
    assert found.model.cv_rmse_pct > 30


def test_numbers_without_any_error_were_not_metered(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(noise_kwh=0.0))
    assert found.verdict is Verdict.NOT_PROVABLE
    assert "too_exact" in codes(found)
    assert found.worth is None


def test_an_operating_day_term_is_one_on_days_that_produced(tmp_path: Path) -> None:
    line = "  - {name: operating, device: counter, kind: plc, channel: production_count, aggregate: active}\nbaseline:"
    found = judged(tmp_path, Machine(), PLAN.replace("baseline:", line, 1))
    assert found.intervals.drivers["operating"][:7] == [1, 1, 1, 1, 1, 0, 0]
    assert found.verdict is Verdict.PROVEN


@pytest.mark.parametrize(("granularity", "count"), [("hour", 65 * 24), ("week", 6 + 0 + 3)])
def test_other_granularities_cut_the_same_windows(tmp_path: Path, granularity: str, count: int) -> None:
    found = judged(tmp_path, Machine(), PLAN + f"granularity: {granularity}\n")
    assert len(found.intervals.start_ms) == count
    known = [value for value in found.intervals.actual_kwh if value is not None]
    assert len(known) == count
    if granularity == "week":
        assert codes(found) == ["baseline_too_short"]
        assert found.saving is None
        assert found.model is None


def test_an_empty_store_is_not_provable_and_says_what_is_missing(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "empty.duckdb")
    found = evaluate(parse_plan(PLAN), store)
    store.close()
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found)[:3] == ["no_readings"] * 3
    assert "press.energy_import_wh" in found.reasons[0].text.en
    assert {"baseline_coverage", "reporting_coverage", "baseline_too_short"} <= set(codes(found))
    assert found.saving is None


def test_before_the_replacement_the_detectable_saving_is_known_already(tmp_path: Path) -> None:
    found = judged(tmp_path, Machine(days=42))
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["reporting_coverage", "outlook"]
    assert found.saving is None
    assert found.model is not None
    assert found.detectable is not None
    assert found.detectable.pct is not None
    assert 0 < found.detectable.pct < 5
    assert f"{found.detectable.pct:.1f}%" in found.reasons[1].text.ko


@pytest.mark.parametrize(
    ("expected_pct", "code", "cure"),
    [(20, "outlook", "window of 21 days will do"), (0.01, "outlook_short", "longer reporting window will not do")],
)
def test_before_the_replacement_it_is_said_whether_the_baseline_will_do(
    tmp_path: Path, expected_pct: float, code: str, cure: str
) -> None:
    text = PLAN + f"claim: {{expected_saving_pct: {expected_pct}}}\n"
    found = judged(tmp_path, Machine(days=42), text)
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found) == ["reporting_coverage", code]
    assert found.reasons[1].cure is not None
    assert cure in found.reasons[1].cure.en


def test_an_unknown_site_or_device_is_an_error_that_lists_what_there_is(tmp_path: Path) -> None:
    store = Machine().stored(tmp_path / "readings.duckdb")
    with pytest.raises(EvaluationError, match="no site 'elsewhere' in the store; there are works"):
        evaluate(parse_plan(PLAN.replace("site: works", "site: elsewhere")), store)
    with pytest.raises(
        EvaluationError, match=r"no power_meter 'press-9'; there are counter \(plc\), outdoor \(sensor\)"
    ):
        evaluate(parse_plan(PLAN.replace("device: press\n", "device: press-9\n")), store)
    with pytest.raises(EvaluationError, match="no plc 'outdoor'"):
        evaluate(parse_plan(PLAN.replace("device: counter", "device: outdoor")), store)
    store.close()


def test_a_known_device_without_the_channel_is_not_provable(tmp_path: Path) -> None:
    text = PLAN.replace("device: press\n", "device: press\nenergy: energy_export_wh\n")
    found = judged(tmp_path, Machine(), text)
    assert found.verdict is Verdict.NOT_PROVABLE
    assert codes(found)[0] == "no_readings"


def numbers(tree: Any) -> list[float]:
    if isinstance(tree, dict):
        return [n for value in tree.values() for n in numbers(value)]
    if isinstance(tree, list):
        return [n for value in tree for n in numbers(value)]
    return [tree] if isinstance(tree, float) else []


@pytest.mark.parametrize(
    "machine", [Machine(), Machine(lost_days=set(range(30))), Machine(days=42), Machine(noise_kwh=0)]
)
def test_json_never_carries_a_nan_and_reads_back_the_same(tmp_path: Path, machine: Machine) -> None:
    found = judged(tmp_path, machine)
    assert np.isfinite(numbers(msgspec.to_builtins(found))).all()
    assert msgspec.json.decode(msgspec.json.encode(found), type=Evaluation) == found


def test_every_confidence_of_a_plan_gives_a_wider_band_the_higher_it_is(tmp_path: Path) -> None:
    store = Machine().stored(tmp_path / "readings.duckdb")
    widths = []
    for confidence in (0.5, 0.8, 0.9, 0.99):
        plan: Plan = msgspec.structs.replace(parse_plan(PLAN), confidence=confidence)
        saving = evaluate(plan, store).saving
        assert saving is not None
        widths.append(saving.high - saving.low)
    store.close()
    assert widths == sorted(widths)
    assert widths[0] < widths[-1] / 3
