"""However arrays lie in memory the answer is the same and they stay as they were; what makes no sense is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics import (
    CLASSIC,
    AnalyticsError,
    Band,
    BandMethod,
    Exchange,
    Ranged,
    Shape,
    TooFewIntervalsError,
    avoided_energy,
    candidate_saving,
    cost_of_conserved_energy,
    cusum,
    detectable_saving,
    find_events,
    fit_change_point,
    fit_levels,
    fit_linear,
    fit_terms,
    fit_time_of_week,
    fractional_half_width,
    interval_energy,
    interval_mean,
    place,
    portfolio,
    shift_edges,
    solve,
)
from analytics.operations import Usual, find_anomalies, usual_scatter

RNG = np.random.default_rng(27)
DAYS = np.arange(160)
BEFORE, AFTER = DAYS < 100, DAYS >= 107
# Multiples of 1/8, which single precision holds exactly.
TEMPERATURE = np.round(8 * RNG.normal(15, 8, 160)) / 8
PARTS = np.round(RNG.uniform(100, 500, 160))
ENERGY = np.round(8 * (50 + 0.25 * PARTS + 2 * np.maximum(TEMPERATURE - 16, 0) + RNG.normal(0, 5, 160))) / 8
FLEET = np.stack((ENERGY, np.where(DAYS % 13 == 4, np.nan, 2 * ENERGY)))
DRIVERS = np.column_stack((PARTS, TEMPERATURE))
DESIGN = np.column_stack((np.ones(160), DRIVERS))
SLOTS = DAYS % 7
READ_MS = np.cumsum(RNG.integers(60_000, 300_000, 160))
EDGES_MS = np.arange(0, READ_MS[-1], 900_000)
ZONE = ZoneInfo("Europe/Berlin")


def linear_saving(drivers: np.ndarray, energy: np.ndarray) -> np.ndarray:
    model = fit_linear(drivers[BEFORE], energy[BEFORE], ("parts", "temperature"))
    found = avoided_energy(
        model, drivers[BEFORE], DAYS[BEFORE], drivers[AFTER], energy[AFTER], DAYS[AFTER], method=BandMethod.PLACEBO
    )
    return np.append(found.cumulative, found.band.whole.half_width(0.9))


def saving(design: np.ndarray, energy: np.ndarray) -> np.ndarray:
    found = candidate_saving(design, energy, BEFORE, AFTER, DAYS)
    return np.append(found.cumulative, found.band.whole.half_width(0.9))


COMPUTED: dict[str, tuple[Callable[..., np.ndarray], tuple[np.ndarray, ...]]] = {
    "register": (lambda t, r, e: interval_energy(t, r, e).values, (READ_MS, np.cumsum(PARTS), EDGES_MS)),
    "gauge": (lambda t, r, e: interval_mean(t, r, e).values, (READ_MS, PARTS, EDGES_MS)),
    "least squares": (lambda x, y: solve(x, y).fitted, (DESIGN, FLEET)),
    "terms": (
        lambda y, x: fit_terms(y, x, ("p", "t"), interactions=[("p", "t")]).predict(x),
        (FLEET, DRIVERS),
    ),
    "change point": (lambda y, t: fit_change_point(y, t).predict(t), (FLEET, TEMPERATURE)),
    "time of week": (lambda y, s, t: fit_time_of_week(y, s, t, count=7).predict(s, t), (FLEET, SLOTS, TEMPERATURE)),
    "linear saving": (linear_saving, (DRIVERS, ENERGY)),
    "saving": (saving, (DESIGN, ENERGY)),
    "cusum": (cusum, (ENERGY, PARTS)),
}


def strided(array: np.ndarray) -> np.ndarray:
    room = np.zeros(tuple(2 * length for length in array.shape), array.dtype)
    view: np.ndarray = room[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def read_only(array: np.ndarray) -> np.ndarray:
    copied = array.copy()
    copied.flags.writeable = False
    return copied


def single(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype == np.float64 else array


@pytest.mark.parametrize("kind", [strided, read_only, single, np.asfortranarray], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", COMPUTED)
def test_the_answer_does_not_hang_on_how_an_array_lies_in_memory(
    name: str, kind: Callable[[np.ndarray], np.ndarray]
) -> None:
    function, arrays = COMPUTED[name]
    found = function(*(kind(array) for array in arrays))
    assert found.dtype == np.float64
    assert found == pytest.approx(function(*arrays), rel=1e-9, abs=1e-9, nan_ok=True)


def test_a_double_driver_in_single_precision_is_still_found_out() -> None:
    third = (PARTS / 3).astype(np.float32)
    found = solve(np.column_stack((np.ones(160, dtype=np.float32), third, 2 * third + 1)), FLEET.astype(np.float32))
    assert found.kept.tolist() == [[True, True, False]] * 2


MISSING = np.where(DAYS == 120, np.nan, TEMPERATURE)
LINEAR = fit_linear(DRIVERS[BEFORE], ENERGY[BEFORE], ("parts", "temperature"))
WORTH = Ranged(10.0, 5.0, 15.0)
USUAL = Usual(np.ones(1), np.zeros(1))
ONE = np.ones(1)
READINGS = np.array([0, 900_000]), np.array([1.0, 2.0]), np.array([0, 900_000])
REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a driver missing in the reporting period": (
        lambda: candidate_saving(np.column_stack((np.ones(160), MISSING)), ENERGY, BEFORE, AFTER, DAYS),
        ValueError, "set the energy to NaN where a driver is missing",
    ),
    "a driver missing in the baseline": (
        lambda: candidate_saving(np.column_stack((np.ones(160), MISSING[::-1])), ENERGY, BEFORE, AFTER, DAYS),
        ValueError, "set the energy to NaN where a driver is missing",
    ),
    "a design of other intervals": (
        lambda: candidate_saving(DESIGN[1:], ENERGY, BEFORE, AFTER, DAYS), ValueError, r"design \(159, 3\)",
    ),
    "days that run backwards": (
        lambda: candidate_saving(DESIGN, ENERGY, BEFORE, AFTER, DAYS[::-1]), ValueError, "positions must rise",
    ),
    "reporting days that stand still": (
        lambda: avoided_energy(LINEAR, DRIVERS[BEFORE], DAYS[BEFORE], DRIVERS[:3], ENERGY[:3], np.full(3, 120)),
        ValueError, "positions must rise",
    ),
    "energy that is not known": (
        lambda: avoided_energy(LINEAR, DRIVERS[BEFORE], DAYS[BEFORE], DRIVERS[:2], ENERGY[:2] * np.nan, DAYS[110:112]),
        ValueError, "leave unusable intervals out",
    ),
    "no reporting interval to detect a saving in": (
        lambda: detectable_saving(LINEAR, DRIVERS[BEFORE], DAYS[BEFORE], 0, confidence=0.9), ValueError, "one or more",
    ),
    "an hour of the week without temperature": (
        lambda: fit_time_of_week(FLEET, SLOTS, MISSING, count=7), ValueError, "must be finite",
    ),
    "an hour of the week without a driver": (
        lambda: fit_time_of_week(FLEET, SLOTS, TEMPERATURE, MISSING[:, None], count=7), ValueError, "must be finite",
    ),
    "an eighth day of the week": (
        lambda: fit_time_of_week(FLEET, SLOTS + 1, TEMPERATURE, count=7), ValueError, "slots 1 to 7 of 7",
    ),
    "temperatures of other hours": (
        lambda: fit_time_of_week(FLEET, SLOTS, TEMPERATURE[1:], count=7), ValueError, r"temperature \(159,\)",
    ),
    "drivers of other hours": (
        lambda: fit_time_of_week(FLEET, SLOTS, TEMPERATURE, DRIVERS[1:], count=7), ValueError, "159, 2",
    ),
    "a group that is none": (lambda: fit_levels(FLEET, SLOTS, count=6), ValueError, "groups 0 to 6 of 6"),
    "levels of no meter": (lambda: fit_levels(FLEET[:0], SLOTS), TooFewIntervalsError, "nothing to fit"),
    "terms of no interval": (
        lambda: fit_terms(FLEET[:, :0], DRIVERS[:0], ("p", "t")), TooFewIntervalsError, "nothing to fit",
    ),
    "a meter of a fleet that was never read": (
        lambda: fit_change_point(np.stack((ENERGY, ENERGY * np.nan)), TEMPERATURE, shape=Shape.COOLING),
        TooFewIntervalsError, "meter 1: 0 intervals",
    ),
    "events among unknown residuals": (lambda: find_events(MISSING, DAYS), ValueError, "finite"),
    "a register that turns at nothing": (lambda: interval_energy(*READINGS, modulus=0.0), ValueError, "modulus is 0"),
    "a machine that draws nothing": (lambda: interval_energy(*READINGS, max_rate=0.0), ValueError, "max_rate is 0"),
    "an exchange without a last reading": (
        lambda: interval_energy(*READINGS, exchanges=[Exchange(5, np.nan, 0.0)]), ValueError, "last reading",
    ),
    "shifts in an hour that the clock skips": (
        lambda: shift_edges(dt.date(2026, 3, 29), dt.date(2026, 3, 29), ZONE, [dt.time(2, 30), dt.time(3, 0)]),
        AnalyticsError, "02:30 has no time on 2026-03-29",
    ),
    "a programme whose errors are not known": (lambda: portfolio(ONE, ONE * np.nan, ONE), ValueError, "0 or more"),
    "a programme without a freedom": (lambda: portfolio(ONE, ONE, 0 * ONE), ValueError, "degrees of freedom"),
    "a published band beyond certainty": (
        lambda: fractional_half_width(
            0.1, n=20, n_effective=9, reporting=9, parameters=2, confidence=1.5, shape=CLASSIC
        ),
        ValueError, "confidence",
    ),
    "a published band of no interval": (
        lambda: fractional_half_width(0.1, n=20, n_effective=9, reporting=0, parameters=2, confidence=0.9),
        TooFewIntervalsError, "no reporting interval",
    ),
    "the lower half of a band's distribution": (
        lambda: Band(ONE, ONE[None], ONE[None]).quantile(0.3), ValueError, "0.5 or more",
    ),
    "an investment of nothing": (lambda: cost_of_conserved_energy(0.0, WORTH, 0.05, 10), AnalyticsError, "positive"),
    "a chart without memory": (
        lambda: find_anomalies(ENERGY, PARTS, USUAL, memory=0.0), AnalyticsError, "makes no chart",
    ),
    "the scatter of a meter never read": (
        lambda: usual_scatter(np.stack((ENERGY, ENERGY * np.nan)), DAYS), TooFewIntervalsError, "meter 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_computed_is_refused_and_said(name: str) -> None:
    function, error, text = REFUSED[name]
    with pytest.raises(error, match=text):
        function()


def test_no_placebo_is_placed_in_a_baseline_without_an_interval() -> None:
    assert place(DAYS[:0], gap=1, length=7, parameters=1).baseline.shape == (0, 0)
