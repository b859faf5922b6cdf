"""The saving in other forms and with other bands: beside the verdict, and in agreement with it where they should be."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from evaluation import Evaluation, Verdict, evaluate, parse_plan, render
from tests.evaluation.factory import PLAN, REPORTING, Machine


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return judged(Machine(noise_kwh=8.0), tmp_path_factory.mktemp("beside"))


def judged(machine: Machine, folder: Path, text: str = PLAN) -> Evaluation:
    store = machine.stored(folder / "readings.duckdb")
    try:
        return evaluate(parse_plan(text), store)
    finally:
        store.close()


def test_the_band_is_told_at_every_usual_confidence_and_is_the_savings_own_at_the_plans(found: Evaluation) -> None:
    saving = found.saving
    assert saving is not None
    own = [band for band in found.bands if band.method == "calibrated"]
    assert [band.confidence for band in own] == [0.68, 0.8, 0.9, 0.95]
    widths = [band.high - band.low for band in own]
    assert widths == sorted(widths)
    assert (own[2].low, own[2].high) == pytest.approx((saving.low, saving.high))
    others = {band.method: band for band in found.bands if band.method != "calibrated"}
    assert set(others) == {"ar1", "hac", "bootstrap", "ashrae"}
    for band in others.values():
        assert band.confidence == saving.confidence
        assert (band.low + band.high) / 2 == pytest.approx(saving.kwh)
        assert 0.3 < (band.high - band.low) / (saving.high - saving.low) < 3.0
    assert others["ar1"].high <= saving.high


def test_senpi_and_the_normalised_saving_are_the_truth_of_a_fifth(found: Evaluation) -> None:
    assert found.forms is not None
    assert found.saving is not None
    assert found.forms.senpi.value == pytest.approx(1.0 - (found.saving.pct or 0.0) / 100.0)
    senpi, normal = found.forms.senpi, found.forms.normalised_pct
    assert senpi.low is not None
    assert senpi.high is not None
    assert senpi.low <= 0.8 <= senpi.high
    assert normal is not None
    assert normal.low is not None
    assert normal.high is not None
    assert normal.low <= 20.0 <= normal.high
    assert found.saving.pct_low is not None
    assert found.saving.pct_high is not None
    own = found.saving.pct_high - found.saving.pct_low
    assert 0.5 * own < normal.high - normal.low < 2.0 * own, "as sure as the saving itself, more or less"


def test_peak_demand_is_of_quarter_hours_and_fell_with_the_energy(found: Evaluation) -> None:
    peak = found.peak
    assert peak is not None
    assert peak.fell.low is not None
    assert peak.fell.low <= peak.before - peak.after == pytest.approx(peak.fell.value or 0.0)
    # What is metered is drawn evenly over the day: the highest quarter-hour is the highest day's.
    known = [
        kwh
        for kwh, usable in zip(found.intervals.actual_kwh, found.intervals.usable, strict=True)
        if usable and kwh is not None
    ]
    assert peak.highest_before == pytest.approx(max(known[:42]) / 24, rel=1e-6)
    assert peak.highest_after == pytest.approx(max(known[-len(REPORTING) :]) / 24, rel=1e-6)


def test_a_saving_that_is_not_provable_is_told_in_no_other_way_either(tmp_path: Path) -> None:
    lost = judged(Machine(lost_days=set(range(10, 20))), tmp_path)
    assert lost.verdict is Verdict.NOT_PROVABLE
    assert (lost.forms, lost.bands) == (None, [])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", ["판정과 무관", "SEnPI", "정규화", "최대수요", "95% 이 평가의 신뢰구간", "90% ASHRAE 14"]),
        ("en", ["decides nothing", "SEnPI", "normalised", "peak demand", "95% this evaluation", "90% ASHRAE 14"]),
    ],
)
def test_the_terminal_shows_them_below_the_saving(found: Evaluation, language: str, words: list[str]) -> None:
    output = io.StringIO()
    Console(file=output, width=120).print(render(found, "ko" if language == "ko" else "en"))
    for word in words:
        assert word in output.getvalue()
