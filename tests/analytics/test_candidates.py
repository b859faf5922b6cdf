"""Selection by time-blocked cross-validation, and the spread over all candidates."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import (
    Candidate,
    Sample,
    Shape,
    TooFewIntervalsError,
    as_project,
    calibrate,
    change_point_candidate,
    estimate_noise,
    levels_candidate,
    linear_candidate,
    place,
    select,
    spread,
    time_of_week_candidate,
)

DAYS = np.arange(240)
BASELINE, REPORTING = DAYS < 160, DAYS >= 180


def meter(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    temperature = rng.uniform(-8, 33, 240)
    parts = rng.normal(100, 20, 240)
    energy = 20 + 0.4 * parts + 1.5 * np.maximum(temperature - 18, 0) + rng.normal(0, 2, 240)
    return np.where(REPORTING, 0.9 * energy, energy), temperature, parts


def candidates(temperature: np.ndarray, parts: np.ndarray) -> dict[str, Candidate]:
    return {
        "mean": levels_candidate(np.zeros(240, dtype=np.int64)),
        "weekday": levels_candidate(DAYS % 7),
        "parts": linear_candidate(np.column_stack((np.ones(240), parts))),
        "3PC + parts": change_point_candidate(temperature, parts[:, None], Shape.COOLING),
        "by slot": time_of_week_candidate(DAYS % 7, temperature, parts[:, None], count=7, segments=3),
    }


def test_the_model_that_predicts_best_what_it_has_not_seen_is_chosen() -> None:
    energy, temperature, parts = meter(1)
    found = select(candidates(temperature, parts), energy, BASELINE)
    assert found.chosen == "3PC + parts"
    assert found.error[3] == pytest.approx(2.0, rel=0.2)
    assert found.error[0] > found.error[2] > found.error[3]


def test_the_error_is_that_of_refits_without_each_stretch() -> None:
    energy, temperature, parts = meter(2)
    energy[[3, 77]] = np.nan
    found = select({"parts": candidates(temperature, parts)["parts"]}, energy, BASELINE, folds=4)
    usable = np.flatnonzero(BASELINE & np.isfinite(energy))
    misses = []
    for held in np.array_split(usable, 4):
        rest = np.setdiff1d(usable, held)
        slope, level = np.polyfit(parts[rest], energy[rest], 1)
        misses.append(level + slope * parts[held] - energy[held])
    assert found.error[0] == pytest.approx(float(np.sqrt(np.mean(np.concatenate(misses) ** 2))))


def test_selection_never_looks_at_the_reporting_period() -> None:
    energy, temperature, parts = meter(3)
    other = np.where(REPORTING, 1e6, energy)
    first, second = (select(candidates(temperature, parts), y, BASELINE) for y in (energy, other))
    assert first.error.tolist() == second.error.tolist()


def test_the_spread_tells_every_candidates_answer() -> None:
    energy, temperature, parts = meter(4)
    named = candidates(temperature, parts)
    found = spread(named, energy, BASELINE, REPORTING)
    assert found.names == tuple(named)
    truth = float(energy[REPORTING].sum()) / 0.9 * 0.1
    assert found.saving[3] == pytest.approx(truth, rel=0.1)
    assert found.lowest == found.saving.min() < found.highest == found.saving.max()
    assert found.adjusted[0] == pytest.approx(60 * energy[BASELINE].mean())


def test_a_candidate_that_cannot_say_is_named_with_its_reason() -> None:
    energy, _, parts = meter(5)
    named = {
        "season": levels_candidate(DAYS // 20),
        "parts": linear_candidate(np.column_stack((np.ones(240), parts))),
    }
    found = select(named, energy, BASELINE)
    assert found.chosen == "parts"
    assert "never had" in found.reasons["season"]
    assert np.isnan(spread(named, energy, BASELINE, REPORTING).saving[0])
    with pytest.raises(TooFewIntervalsError, match="no candidate could be judged: season"):
        select({"season": named["season"]}, energy, BASELINE)
    with pytest.raises(ValueError, match="a candidate and at least two folds"):
        select({}, energy, BASELINE)
    with pytest.raises(TooFewIntervalsError, match="3 usable intervals for 5 folds"):
        select(named, energy, DAYS < 3)


def test_placebos_refit_a_candidate_with_its_knots() -> None:
    energy, temperature, parts = meter(6)
    rows = np.flatnonzero(BASELINE)
    candidate = change_point_candidate(temperature, parts[:, None], Shape.COOLING)
    design = np.column_stack((np.ones(160), parts[rows], np.maximum(temperature[rows] - 18, 0)))
    sample = Sample(design, energy[rows], rows)
    placebos = place(rows, gap=7, length=28, parameters=4)
    noise = estimate_noise([sample])
    searched = calibrate(noise, sample, placebos, as_project(candidate, rows, 240))
    fixed = calibrate(noise, sample, placebos)
    assert searched.false_saving == pytest.approx(fixed.false_saving, abs=40)
    assert not np.array_equal(searched.false_saving, fixed.false_saving)
