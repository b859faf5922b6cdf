"""Amounts of intervals as a register: every interval's amount comes back, and no gap's energy is invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import analytics
from exchange.series import Stretch, register
from storage.aggregation import increase
from storage.rollup import holds_of
from tests.exchange.parts import some

STEP = 900_000
amounts = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, 3170.0, 4000.0, 12.5, 100_000.0])), min_size=1, max_size=40
)


def series(rows: list[float | None]) -> Stretch:
    """Quarter-hours from 0 on; None where a row is missing."""
    there = np.array([nth for nth, value in enumerate(rows) if value is not None], np.int64)
    values = np.array([value for value in rows if value is not None], np.float64)
    starts = there * STEP
    return Stretch(
        "kWh", "interval", starts, starts, starts + STEP, values, values, there,
    )  # fmt: skip


@some
@given(amounts)
@example([5.0, None, 5000.0, 10.0])
@example([0.0, None, 0.0, None, 0.0, 1.0])
@example([None, 0.0, None, 7.0])
def test_every_interval_has_its_amount_and_every_missing_one_none(rows: list[float | None]) -> None:
    times, values = register(series(rows), 0.0, preceded=False)
    assert (np.diff(times) > 0).all()
    edges = np.arange(len(rows) + 1) * STEP
    # A quarter-hour's gap is one that is bridged by default.
    found = analytics.interval_energy(times, values, edges, max_rate=1e6)
    for row, energy in zip(rows, found.values, strict=True):
        if row is None:
            assert np.isnan(energy)
        else:
            assert energy == pytest.approx(row, rel=1e-9, abs=1e-6)


@some
@given(amounts)
def test_windows_of_the_store_add_up_to_the_files_sum(rows: list[float | None]) -> None:
    times, values = register(series(rows), 0.0, preceded=False)
    windows, energy = increase(times, values, 0, len(rows) * STEP + 1, STEP, hold_ms=holds_of(times))
    found = dict(zip((windows // STEP).tolist(), energy.tolist(), strict=True))
    for nth, row in enumerate(rows):
        assert found.get(nth, 0.0) == pytest.approx(row or 0.0, rel=1e-9, abs=1e-6)


@some
@given(amounts, st.floats(0, 1e9))
def test_a_register_that_goes_on_from_an_earlier_one_begins_where_that_stood(
    rows: list[float | None], base: float
) -> None:
    whole = series(rows)
    if not len(whole.values):
        return
    times, values = register(whole, base, preceded=False)
    assert (times[0], values[0]) == (whole.starts[0], base or values[0])
    assert values[0] == pytest.approx(base, abs=1e-6)


def test_a_register_after_other_readings_begins_with_a_reset_that_is_no_glitch() -> None:
    before_times, before = np.array([-10 * STEP, -9 * STEP]), np.array([100.0, 200.0])
    times, values = register(series([500.0, 10.0]), 0.0, preceded=True)
    assert times.tolist() == [0, 1, STEP, 2 * STEP]
    assert values.tolist() == [0.0, 0.0, 500.0, 510.0]
    both = np.concatenate([before_times, times]), np.concatenate([before, values])
    found = analytics.interval_energy(*both, np.array([-10, -9, 0, 1, 2]) * STEP, max_rate=1e6)
    assert found.values.tolist()[2:] == [500.0, 10.0]
    assert np.isnan(found.values[1])


def test_a_window_of_a_gap_holds_no_reading_and_so_counts_nothing() -> None:
    times, values = register(series([5.0] * 96 + [None] * 192 + [7.0] * 96), 0.0, preceded=False)
    days, energy = increase(times, values, 0, 4 * 96 * STEP, 96 * STEP, hold_ms=holds_of(times))
    assert dict(zip((days // (96 * STEP)).tolist(), energy.tolist(), strict=True)) == {0: 480.0, 3: 672.0}


def test_nothing_has_no_register() -> None:
    times, values = register(series([None]), 0.0, preceded=False)
    assert (len(times), len(values)) == (0, 0)
