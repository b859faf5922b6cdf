"""Avoided energy of a change-point model with its calibrated band."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics import (
    BandMethod,
    Shape,
    TooFewIntervalsError,
    UnknownEffectError,
    avoided_energy,
    candidate_saving,
    change_point_candidate,
    fit_change_point,
    fit_linear,
)
from tests.analytics.test_avoided import ar1

DAYS = np.arange(150)
BEFORE, AFTER = DAYS < 84, DAYS >= 91


def test_it_is_the_linear_evaluation_where_the_model_is_linear() -> None:
    rng = np.random.default_rng(1)
    parts = rng.normal(100, 20, (150, 1))
    energy = 20 + 0.5 * parts[:, 0] + ar1(rng, DAYS, 0.4)
    energy[[5, 100]] = np.nan
    found = candidate_saving(np.column_stack((np.ones(150), parts, np.zeros(150))), energy, BEFORE, AFTER, DAYS)
    before, after = BEFORE & np.isfinite(energy), AFTER & np.isfinite(energy)
    model = fit_linear(parts[before], energy[before], ("parts",))
    same = avoided_energy(
        model,
        parts[before],
        DAYS[before],
        parts[after][:5],
        energy[after][:5],
        DAYS[after][:5],
        method=BandMethod.PLACEBO,
    )
    assert found.cumulative[:5] == pytest.approx(same.cumulative)
    assert found.noise.mean_rho == pytest.approx(same.noise.mean_rho)
    assert found.calibration is not None
    assert found.calibration.supported


def test_the_band_of_a_change_point_model_holds_the_truth() -> None:
    held = 0
    for seed in range(80):
        rng = np.random.default_rng([seed, 5])
        temperature = rng.uniform(-5, 30, 150)
        parts = rng.normal(100, 20, (150, 1))
        old = 40 + 0.5 * parts[:, 0] + 1.5 * np.maximum(temperature - 12, 0)
        energy = np.where(AFTER, 0.85 * old, old) + 3 * ar1(rng, DAYS, 0.4)
        model = fit_change_point(energy[None, BEFORE], temperature[BEFORE], parts[BEFORE], shape=Shape.COOLING)
        found = candidate_saving(model.design(temperature, parts)[0], energy, BEFORE, AFTER, DAYS)
        held += abs(found.cumulative[-1] - 0.15 * old[AFTER].sum()) <= found.band.whole.half_width(0.9)[0]
    deviation = 3.29 * math.sqrt(0.9 * 0.1 * 80)
    assert held >= 0.85 * 80 - deviation


def test_placebos_may_search_their_own_knots() -> None:
    rng = np.random.default_rng(7)
    temperature = rng.uniform(-5, 30, 150)
    energy = 40 + 1.5 * np.maximum(temperature - 12, 0) + rng.normal(0, 2, 150)
    model = fit_change_point(energy[None, BEFORE], temperature[BEFORE], shape=Shape.COOLING)
    design = model.design(temperature)[0]
    refit = change_point_candidate(temperature, None, Shape.COOLING)
    kept, searched = (
        candidate_saving(design, energy, BEFORE, AFTER, DAYS, refit=how).calibration for how in (None, refit)
    )
    assert kept is not None
    assert searched is not None
    assert kept.false_saving.shape == searched.false_saving.shape
    assert not np.array_equal(kept.false_saving, searched.false_saving)


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(TooFewIntervalsError, match="0 reporting intervals"):
        candidate_saving(np.ones((150, 1)), np.ones(150), BEFORE, np.zeros(150, dtype=np.bool_), DAYS)


def test_a_column_that_only_matters_afterwards_leaves_no_number_and_one_made_up_for_does() -> None:
    rng = np.random.default_rng(3)
    parts = rng.normal(100, 20, 150)
    energy = 20 + 0.5 * parts + rng.normal(0, 1, 150)
    constant_then_not = np.where(AFTER, 5.0, 3.0)
    never_then_once = np.where(DAYS == 120, 1.0, 0.0)
    drifts_apart = 2 * parts + np.where(AFTER, 1.0, 0.0)
    design = np.column_stack((np.ones(150), parts, 2 * parts - 1, constant_then_not, never_then_once, drifts_apart))
    with pytest.raises(UnknownEffectError, match="column 3, 4, 5 of the design") as caught:
        candidate_saving(design, energy, BEFORE, AFTER, DAYS)
    assert caught.value.columns == (3, 4, 5)
    made_up = candidate_saving(design[:, :3], energy, BEFORE, AFTER, DAYS)
    assert made_up.cumulative == pytest.approx(candidate_saving(design[:, :2], energy, BEFORE, AFTER, DAYS).cumulative)
    with pytest.raises(TooFewIntervalsError, match="5 baseline intervals"):
        candidate_saving(rng.normal(size=(150, 8)), energy, DAYS < 5, AFTER, DAYS)


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e9])
def test_a_driver_that_hardly_varies_for_its_size_counts_as_it_varies(offset: float) -> None:
    rng = np.random.default_rng(4)
    parts = np.round(64 * rng.normal(100, 20, 150)) / 64
    energy = 20 + 0.5 * parts + rng.normal(0, 1, 150)

    def saving(driver: np.ndarray) -> tuple[float, float]:
        found = candidate_saving(np.column_stack((np.ones(150), driver)), energy, BEFORE, AFTER, DAYS)
        return float(found.cumulative[-1]), float(found.band.whole.half_width(0.9)[0])

    assert saving(parts + offset) == pytest.approx(saving(parts), rel=1e-6)
