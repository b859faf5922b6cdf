"""Least squares for many meters, against NIST's certified values and against itself."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import TooFewIntervalsError, solve, standard_errors
from tests.analytics.nist import PROBLEMS

# Digits that agree at least (log relative error); double precision allows Filip about 8, Wampler 5 about 6.
DIGITS = {
    "Norris": 11.0,
    "Longley": 10.0,
    "Filip": 7.0,
    "Wampler1": 8.5,
    "Wampler2": 11.5,
    "Wampler3": 8.5,
    "Wampler4": 7.0,
    "Wampler5": 5.0,
}


def digits(found: np.ndarray, certified: np.ndarray) -> float:
    scale = np.where(certified == 0, 1.0, np.abs(certified))
    return float(-np.log10(np.maximum(np.abs(found - certified) / scale, 1e-16)).min())


@pytest.mark.parametrize("name", PROBLEMS)
def test_nist_certified_values_are_reproduced(name: str) -> None:
    problem = PROBLEMS[name]
    design = np.column_stack((np.ones(len(problem.y)), problem.x))
    found = solve(design, problem.y[None])
    assert found.kept.all()
    assert digits(found.coefficients[0], problem.coefficients) >= DIGITS[name]
    # The deviations of Wampler 1 and 2 are 0: what rounding leaves is measured against responses of millions.
    assert digits(standard_errors(design, found)[0], problem.deviations) >= min(DIGITS[name], 7.5)
    assert digits(np.sqrt(found.variance), np.array([problem.residual])) >= min(DIGITS[name] + 0.5, 11)


def test_a_fleet_gives_each_meter_what_it_gets_alone_gaps_included() -> None:
    rng = np.random.default_rng(5)
    design = np.column_stack((np.ones(50), rng.normal(size=(50, 3))))
    energy = rng.normal(size=(6, 50))
    energy[2, 5:9] = np.nan
    energy[4, 40:] = np.nan
    fleet = solve(design, energy)
    for meter in range(6):
        rows = np.isfinite(energy[meter])
        alone, *_ = np.linalg.lstsq(design[rows], energy[meter, rows], rcond=None)
        assert fleet.coefficients[meter] == pytest.approx(alone, rel=1e-10)
        assert fleet.n[meter] == rows.sum()
        assert fleet.freedom[meter] == rows.sum() - 4
        assert np.isnan(fleet.residuals[meter, ~rows]).all()
        assert np.isfinite(fleet.fitted[meter]).all()
    each = solve(np.repeat(design[None], 6, axis=0), energy)
    assert each.coefficients == pytest.approx(fleet.coefficients, rel=1e-10)


def test_the_same_input_gives_the_same_bits() -> None:
    rng = np.random.default_rng(6)
    design, energy = rng.normal(size=(80, 4)), rng.normal(size=(3, 80))
    first, second = solve(design, energy), solve(design.copy(), energy.copy())
    assert first.coefficients.tobytes() == second.coefficients.tobytes()


def test_columns_that_add_nothing_are_left_out_and_the_rest_is_as_without_them() -> None:
    rng = np.random.default_rng(7)
    x, z = rng.normal(size=(2, 40))
    design = np.column_stack((np.ones(40), x, np.full(40, 3.0), 2 * x - 1, np.zeros(40), z))
    energy = (5 + 2 * x - z + rng.normal(0, 0.1, 40))[None]
    found = solve(design, energy)
    assert found.kept.tolist() == [[True, True, False, False, False, True]]
    plain = solve(design[:, [0, 1, 5]], energy)
    assert found.coefficients[0, [0, 1, 5]] == pytest.approx(plain.coefficients[0], rel=1e-12)
    assert found.coefficients[0, [2, 3, 4]].tolist() == [0, 0, 0]
    assert found.freedom.tolist() == [37]
    errors = standard_errors(design, found)[0]
    assert np.isnan(errors[[2, 3, 4]]).all()
    assert errors[[0, 1, 5]] == pytest.approx(standard_errors(design[:, [0, 1, 5]], plain)[0])


def test_a_driver_constant_only_where_one_meter_has_data_is_left_out_for_that_meter() -> None:
    running = np.repeat([0.0, 1.0], 10)
    energy = np.tile(10 + 5 * running, (2, 1))
    energy[1, 10:] = np.nan
    found = solve(np.column_stack((np.ones(20), running)), energy)
    assert found.kept.tolist() == [[True, True], [True, False]]
    assert found.coefficients[1] == pytest.approx([10, 0])


def test_too_few_intervals_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(TooFewIntervalsError, match="meter 1: 1 intervals for 1 coefficients; at least 2"):
        solve(np.column_stack((np.ones(3), np.arange(3.0))), np.array([[1.0, 2, 3], [1, np.nan, np.nan]]))
    with pytest.raises(ValueError, match=r"\(meters, times\)"):
        solve(np.ones((3, 1)), np.ones(3))
    with pytest.raises(ValueError, match="set the energy to NaN"):
        solve(np.array([[1.0], [np.nan]]), np.ones((1, 2)))
    with pytest.raises(ValueError, match="2 designs for 3 meters"):
        solve(np.ones((2, 4, 1)), np.ones((3, 4)))
