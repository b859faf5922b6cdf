"""A fleet in one call is what its meters are alone."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import (
    AvoidedEnergy,
    Exchange,
    NoSaving,
    WhyNot,
    candidate_saving,
    fit_change_point,
    fleet_energy,
    fleet_mean,
    fleet_saving,
    interval_energy,
    interval_mean,
)

MINUTE = 60_000
TIMES = np.arange(0, 24 * 60 * MINUTE + 1, 10 * MINUTE, dtype=np.int64)
EDGES = TIMES[::6]


def registers(meters: int = 4) -> np.ndarray:
    rng = np.random.default_rng(20261122)
    shown = np.cumsum(rng.gamma(2.0, 5.0, (meters, len(TIMES))), axis=1)
    shown[rng.random(shown.shape) < 0.05] = np.nan
    return shown


def test_energy_and_means_of_a_fleet_are_those_of_each_meter() -> None:
    shown = registers()
    shown[1] %= 500.0
    swap = [Exchange(int(TIMES[70]) + 1, float(np.nanmax(shown[2, :71])), 0.0)]
    shown[2, 71:] -= swap[0].last
    moduli = [None, 500.0, None, None]
    found = fleet_energy(TIMES, shown, EDGES, moduli=moduli, exchanges=[(), (), swap, ()])
    means = fleet_mean(TIMES, shown, EDGES)
    assert found.values.shape == means.values.shape == (4, 24)
    assert found.values[1].sum() > 500
    for index, row in enumerate(shown):
        read = np.isfinite(row)
        alone = interval_energy(
            TIMES[read], row[read], EDGES, modulus=moduli[index], exchanges=swap if index == 2 else ()
        )
        for name in ("values", "coverage", "flags"):
            assert np.array_equal(getattr(found, name)[index], getattr(alone, name), equal_nan=True)
        mean = interval_mean(TIMES[read], row[read], EDGES)
        assert np.array_equal(means.values[index], mean.values, equal_nan=True)


def test_shapes_that_are_no_fleet_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(meters, times\) is needed"):
        fleet_energy(TIMES, registers()[0], EDGES)
    with pytest.raises(ValueError, match=r"\(meters, times\) is needed"):
        fleet_mean(TIMES[:-1], registers(), EDGES)


def test_a_fleets_savings_are_those_of_each_meter_and_one_that_cannot_be_told_says_why() -> None:
    rng = np.random.default_rng(20261122)
    days = np.arange(120)
    air = 13 - 12 * np.cos(2 * np.pi * days / 365) + rng.normal(0, 2, 120)
    energy = 50 + np.array([[1.0], [2.0], [0.5]]) * np.maximum(15 - air, 0) + rng.normal(0, 2, (3, 120))
    before, after = days < 84, days >= 90
    energy[:, 90:] *= 0.8
    energy[2, :84] = np.nan
    masked = np.where(before, energy, np.nan)[:2]
    design = fit_change_point(masked, air).design(air)
    found = fleet_saving(np.concatenate((design, design[:1])), energy, before, after, days)
    for index in range(2):
        alone, one = candidate_saving(design[index], energy[index], before, after, days), found[index]
        assert isinstance(one, AvoidedEnergy)
        assert np.array_equal(one.cumulative, alone.cumulative)
        assert np.array_equal(one.band.scale, alone.band.scale)
    assert isinstance(found[2], NoSaving)
    assert found[2].why is WhyNot.TOO_FEW_INTERVALS
    assert "0 baseline intervals" in found[2].text


def test_a_fleet_has_no_number_for_a_meter_whose_saving_nothing_is_known_of() -> None:
    rng = np.random.default_rng(5)
    days = np.arange(120)
    before, after = days < 84, days >= 90
    energy = 50 + rng.normal(0, 2, (1, 120))
    runs = np.column_stack((np.ones(120), np.where(after, 1.0, 0.0)))
    [unknown] = fleet_saving(runs, energy, before, after, days)
    assert unknown == NoSaving(WhyNot.UNKNOWN_EFFECT, unknown.text if isinstance(unknown, NoSaving) else "", (1,))
    # Each column varies on one day at an end of the baseline: no shorter part of it knows both.
    ends = np.column_stack((np.ones(120), days == 0, days == 83)).astype(np.float64)
    [unchecked] = fleet_saving(ends, energy, before, after, days)
    assert isinstance(unchecked, NoSaving)
    assert unchecked.why is WhyNot.NOT_SUPPORTED
