"""The models: each finds what it was made from, and says what it cannot know."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analytics import (
    Shape,
    TooFewIntervalsError,
    fit_change_point,
    fit_levels,
    fit_machine,
    fit_mean,
    fit_terms,
    fit_time_of_week,
    solve,
)


def test_the_mean_is_each_meters_own() -> None:
    model = fit_mean(np.array([[1.0, 2, 6], [4, np.nan, 8]]))
    assert model.levels.tolist() == [[3], [6]]
    assert model.predict(np.zeros(2, dtype=np.int64)).tolist() == [[3, 3], [6, 6]]
    assert model.freedom.tolist() == [2, 1]


def test_weekday_and_shift_have_levels_and_what_was_never_seen_is_unknown() -> None:
    weekday, shift = np.arange(42) // 3 % 7, np.arange(42) % 3
    groups = weekday * 3 + shift
    energy = np.asarray(10.0 * weekday + shift, dtype=np.float64)[None].copy()
    energy[0, groups == 20] = np.nan
    model = fit_levels(energy, groups, count=21)
    assert model.levels[0, 4] == 11
    assert np.flatnonzero(model.unseen[0]).tolist() == [20]
    assert model.freedom.tolist() == [40 - 20]
    assert np.isnan(model.predict(np.array([20]))).all()
    with pytest.raises(TooFewIntervalsError, match="meter 0 has no usable interval"):
        fit_mean(np.full((1, 3), np.nan))


def test_interactions_are_found_whatever_the_drivers_offset() -> None:
    rng = np.random.default_rng(1)
    a, b = 1e4 + rng.normal(size=60), 300 + rng.normal(size=60)
    energy = np.stack((2 + a - 3 * b + 0.25 * a * b, 7 + 0 * a))
    model = fit_terms(energy, np.column_stack((a, b)), ("a", "b"), interactions=[("a", "b")])
    assert model.names == ("1", "a", "b", "a×b")
    assert model.solution.coefficients[:, 3] == pytest.approx([0.25, 0], abs=1e-8)
    there = np.array([[1e4 + 2, 299.0]])
    assert model.predict(there)[:, 0] == pytest.approx([2 + 10002 - 897 + 0.25 * 10002 * 299, 7])
    assert model.dropped(0) == ()
    flat = fit_terms(energy, np.column_stack((a, np.ones(60))), ("a", "b"), interactions=[("a", "b")])
    assert flat.dropped(0) == ("b", "a×b")
    with pytest.raises(ValueError, match="unknown driver 'c'; there are a, b"):
        fit_terms(energy, np.column_stack((a, b)), ("a", "b"), interactions=[("a", "c")])


@pytest.mark.parametrize("shape", list(Shape))
def test_the_knot_search_is_at_least_as_good_as_brute_force(shape: Shape) -> None:
    rng = np.random.default_rng(2)
    temperature, parts = rng.uniform(-10, 35, 120), rng.normal(100, 20, 120)
    energy = (
        50 + 0.3 * parts + 2 * np.maximum(8 - temperature, 0) + 3 * np.maximum(temperature - 20, 0)
        + rng.normal(0, 2, 120)
    )[None]  # fmt: skip
    model = fit_change_point(energy, temperature, parts[:, None], shape=shape)
    low, high = np.quantile(temperature, [0.05, 0.95])
    grid = np.linspace(float(low), float(high), 33)
    base = np.column_stack((np.ones(120), parts))

    def left(*columns: np.ndarray) -> float:
        return float(solve(np.column_stack((base, *columns)), energy).squares[0])

    heating = [np.maximum(knot - temperature, 0) for knot in grid]
    cooling = [np.maximum(temperature - knot, 0) for knot in grid]
    tried = {
        Shape.LINE: lambda: [left(temperature)],
        Shape.HEATING: lambda: [left(h) for h in heating],
        Shape.COOLING: lambda: [left(c) for c in cooling],
        Shape.BOTH_AT_ONE: lambda: [left(h, c) for h, c in zip(heating, cooling, strict=True)],
        Shape.BOTH: lambda: [left(heating[i], cooling[j]) for i, j in itertools.product(range(33), repeat=2) if i <= j],
    }[shape]()
    # The fine grid finds at least as much, and what it claims is what is left at its own knots.
    assert min(tried) * 0.9 <= model.solution.squares[0] <= min(tried) * (1 + 1e-9)
    slopes = model.design(temperature, parts[:, None])[0, :, 2:]
    assert model.solution.squares[0] == pytest.approx(left(*slopes.T))


def test_a_change_point_model_finds_the_truth_with_drivers_for_every_meter_and_its_gaps() -> None:
    rng = np.random.default_rng(3)
    temperature, parts = np.linspace(-12, 34, 365), rng.normal(1000, 100, 365)
    knots = np.array([[8.0, 20.0], [12.0, 16.0]])
    clean = np.stack(
        [30 + 0.1 * parts + 2 * np.maximum(h - temperature, 0) + np.maximum(temperature - c, 0) for h, c in knots]
    )
    energy = clean + rng.normal(0, 0.05, clean.shape)
    energy[1, 30:60] = np.nan
    model = fit_change_point(energy, temperature, parts[:, None])
    assert model.knots == pytest.approx(knots, abs=0.5)
    assert model.solution.coefficients[:, 1] == pytest.approx([0.1, 0.1], abs=1e-3)
    assert model.predict(temperature, parts[:, None]) == pytest.approx(clean, abs=0.7)
    assert model.solution.freedom.tolist() == [365 - 4 - 2, 335 - 4 - 2]
    again = fit_change_point(energy[1:], temperature, parts[:, None])
    assert again.solution.coefficients[0] == pytest.approx(model.solution.coefficients[1], rel=1e-9)


def test_where_the_knots_meet_does_not_hang_on_the_last_digit_of_a_temperature() -> None:
    """The two knots are searched on grids of their own; on both, one and the same place must be the same."""
    rng = np.random.default_rng(22)
    days = 13.0 - 12.0 * np.cos(2 * np.pi * np.arange(365) / 365) + rng.normal(0, 1, 365)
    energy = 20.0 + rng.uniform(0.2, 2, (300, 1)) * np.maximum(days - rng.uniform(12, 20, (300, 1)), 0)
    energy += rng.normal(0, 1, energy.shape)
    quiet = fit_change_point(energy, days)
    for _ in range(3):
        noisy = fit_change_point(energy, days * (1 + 1e-13 * rng.normal(size=365)))
        assert noisy.knots == pytest.approx(quiet.knots, rel=1e-9)


def test_a_constant_temperature_leaves_a_model_without_slopes() -> None:
    model = fit_change_point(np.arange(20.0)[None], np.full(20, 15.0))
    assert model.solution.kept[0].tolist() == [True, False, False]
    assert model.predict(np.full(2, 15.0))[0] == pytest.approx([9.5, 9.5])


@pytest.mark.parametrize(
    ("shape", "least"), [(Shape.LINE, 3), (Shape.COOLING, 4), (Shape.BOTH_AT_ONE, 5), (Shape.BOTH, 6)]
)
def test_a_change_point_needs_a_degree_of_freedom_beside_its_knots(shape: Shape, least: int) -> None:
    rng = np.random.default_rng(9)
    temperature, energy = np.linspace(0, 30, least), rng.normal(50, 1, (2, least))
    assert fit_change_point(energy, temperature, shape=shape).solution.freedom.tolist() == [1, 1]
    with pytest.raises(TooFewIntervalsError):
        fit_change_point(energy[:, 1:], temperature[1:], shape=shape)


def test_time_of_week_needs_a_degree_of_freedom_beside_its_slots() -> None:
    rng = np.random.default_rng(10)
    slots, temperature = np.arange(28) % 14, rng.normal(15, 5, 28)
    assert fit_time_of_week(rng.normal(size=(1, 28)), slots, temperature, count=14).solution.freedom[0] == 8
    with pytest.raises(TooFewIntervalsError, match="14 slots and coefficients"):
        fit_time_of_week(rng.normal(size=(1, 14)), slots[:14], temperature[:14], count=14)


def test_no_meter_and_no_interval_are_said_to_be_none() -> None:
    slots = np.zeros(5, dtype=np.int64)
    for energy in (np.zeros((0, 5)), np.zeros((1, 0))):
        times = energy.shape[1]
        for fit in (
            lambda e, n: solve(np.ones((n, 1)), e),
            lambda e, n: fit_change_point(e, np.arange(float(n))),
            lambda e, n: fit_time_of_week(e, slots[:n], np.arange(float(n))),
        ):
            with pytest.raises(TooFewIntervalsError, match="nothing to fit"):
                fit(energy, times)


@pytest.mark.parametrize("count", [168, 672])
def test_time_of_week_is_the_regression_with_a_dummy_per_slot(count: int) -> None:
    rng = np.random.default_rng(4)
    n = 3 * count
    slots, temperature, parts = np.arange(n) % count, rng.normal(12, 8, n), rng.normal(size=n)
    energy = rng.normal(50, 5, (2, n)) + np.abs(temperature - 10) + slots / 10
    energy[1, 17:40] = np.nan
    model = fit_time_of_week(energy, slots, temperature, parts[:, None], count=count, segments=4)
    edges = [-np.inf, *model.knots, np.inf]
    segments = np.column_stack(
        [np.clip(temperature, a, b) - (0 if np.isinf(a) else a) for a, b in itertools.pairwise(edges)]
    )
    dummies = (slots[:, None] == np.arange(count)).astype(float)
    dense = solve(np.column_stack((dummies, segments, parts)), energy)
    assert model.predict(slots, temperature, parts[:, None]) == pytest.approx(dense.fitted, rel=1e-9)
    assert model.solution.freedom.tolist() == dense.freedom.tolist()
    assert model.solution.squares == pytest.approx(dense.squares)


def test_the_knots_of_time_of_week_rest_on_usable_intervals_alone() -> None:
    """What the weather does in the reporting period moves no baseline."""
    rng = np.random.default_rng(11)
    slots, temperature = np.arange(1344) % 168, rng.uniform(0, 20, 1344)
    temperature[1008:] += 15
    energy = (30 + np.maximum(temperature - 12, 0) + rng.normal(size=1344))[None]
    alone = fit_time_of_week(energy[:, :1008], slots[:1008], temperature[:1008])
    energy[:, 1008:] = np.nan
    whole = fit_time_of_week(energy, slots, temperature)
    assert whole.knots == pytest.approx(alone.knots)
    assert whole.predict(slots, temperature) == pytest.approx(alone.predict(slots, temperature))


def test_a_slot_never_seen_is_unknown_not_zero() -> None:
    slots = np.arange(336) % 168
    energy = np.ones((1, 336))
    energy[0, slots == 5] = np.nan
    model = fit_time_of_week(energy, slots, np.linspace(0, 20, 336))
    assert np.flatnonzero(model.unseen[0]).tolist() == [5]
    assert np.isnan(model.predict(np.array([5]), np.array([3.0]))).all()


def test_a_machine_is_taken_apart_into_base_load_units_and_states() -> None:
    rng = np.random.default_rng(5)
    idle = rng.uniform(0, 1, 200)
    run = (1 - idle) * rng.uniform(0.5, 1, 200)
    off = 1 - idle - run
    units = rng.integers(0, 50, (200, 2)).astype(float)
    energy = (0.5 + 4 * idle + 11 * run + units @ [0.2, 0.35])[None]
    model = fit_machine(
        energy,
        units,
        np.column_stack((idle, run, off)),
        products=("a", "b"),
        states=("idle", "run", "off"),
        hours=1.0,
    )
    assert model.base_load[0] == pytest.approx(0.5)
    assert model.per_unit[0] == pytest.approx([0.2, 0.35])
    assert model.state_power[0] == pytest.approx([4, 11, 0])
    assert model.solution.kept[0].tolist() == [True, True, True, True, True, False]
    assert model.implausible(0) == ()
    assert model.predict(np.array([[10.0, 0]]), np.array([[0, 1.0, 0]]), 1.0)[0, 0] == pytest.approx(13.5)
