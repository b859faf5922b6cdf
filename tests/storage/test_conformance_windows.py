"""What a window is, for every engine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import interval_energy
from storage import Aggregate, Series, Store
from tests.storage.parts import DAY, MAIN, batch, fresh, repeated

PLAIN = [each for each in Aggregate if each not in {Aggregate.INCREASE, Aggregate.TIME_MEAN}]
SEOUL = -9 * 3_600_000
"""A day in Seoul starts nine hours before the day in UTC."""


HOLD = 700
"""Short, so that the examples below hold gaps."""


def expected_windows(
    written: dict[int, float], start: int, end: int, every: int, aggregate: Aggregate, offset: int, hold: int = HOLD
) -> dict[int, float]:
    """The definition, word by word."""
    windows: dict[int, list[float]] = {}
    if aggregate in {Aggregate.INCREASE, Aggregate.TIME_MEAN}:
        return by_steps(written, start, end, every, aggregate, offset, hold)
    for time in sorted(written):
        if start <= time < end:
            windows.setdefault((time - offset) // every * every + offset, []).append(written[time])
    total = dict.fromkeys(windows, 0.0)
    for key, values in windows.items():
        for value in values:
            total[key] += value
    return {
        key: {
            Aggregate.MEAN: total[key] / len(values),
            Aggregate.MIN: min(values),
            Aggregate.MAX: max(values),
            Aggregate.FIRST: values[0],
            Aggregate.LAST: values[-1],
            Aggregate.COUNT: float(len(values)),
        }[aggregate]
        for key, values in windows.items()
    }


def by_steps(
    written: dict[int, float], start: int, end: int, every: int, aggregate: Aggregate, offset: int, hold: int
) -> dict[int, float]:
    """Millisecond by millisecond: what each adds to its window, and how many milliseconds of it are covered."""
    added: dict[int, list[float]] = {}
    times = sorted(written)
    for time, following in zip(times, [*times[1:], None], strict=True):
        value = written[time]
        until = time + hold if following is None else min(following, time + hold)
        part = value
        if aggregate is Aggregate.INCREASE:
            if following is None:
                continue
            after = written[following]
            grown = max(after, 0.0) if after < value and value - after >= value / 8 else after - value
            if following - time > hold:
                if start <= following < end:
                    added.setdefault((following - offset) // every * every + offset, []).append(grown)
                continue
            part = grown / (following - time)
        for now in range(max(time, start), min(until, end)):
            added.setdefault((now - offset) // every * every + offset, []).append(part)
    return {
        key: math.fsum(parts) / (1 if aggregate is Aggregate.INCREASE else len(parts)) for key, parts in added.items()
    }


def same(got: dict[int, float], expected: dict[int, float], written: dict[int, float], aggregate: Aggregate) -> bool:
    """Whether two answers agree: exactly, or to 1e-12 of the values' size where millisecond-wise sums were made."""
    if aggregate not in {Aggregate.INCREASE, Aggregate.TIME_MEAN}:
        return got == expected
    size = max(abs(value) for value in written.values())
    return got.keys() == expected.keys() and all(abs(got[key] - expected[key]) <= 1e-12 * size for key in got)


def windows(
    store: Store, series: Series, start: int, end: int, every: int, aggregate: Aggregate, offset: int, hold: int = HOLD
) -> dict[int, float]:
    times, values = store.windows(series, start, end, every, aggregate, offset, hold_ms=hold)
    assert times.dtype == np.int64
    assert values.dtype == np.float64
    assert np.all(np.diff(times) > 0)
    return dict(zip(times.tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize("aggregate", PLAIN)
def test_a_day_in_seoul_is_a_window_with_an_offset(store: Store, aggregate: Aggregate) -> None:
    midnight = 1_795_273_200_000  # 2026-11-22 00:00 in Seoul
    written = {midnight + hour * 3_600_000: math.sin(hour) * 1e4 for hour in range(-20, 60) if not 10 <= hour < 50}
    store.write([batch(written)])
    got = windows(store, MAIN, midnight - 20 * 3_600_000, midnight + 3 * DAY, DAY, aggregate, SEOUL)
    assert got == expected_windows(written, 0, 2**62, DAY, aggregate, SEOUL)
    assert list(got) == [midnight - DAY, midnight, midnight + 2 * DAY]


@repeated
@given(
    data=st.dictionaries(st.integers(-5000, 5000), st.floats(-1e6, 1e6), min_size=1, max_size=40),
    start=st.integers(-6000, 6000),
    length=st.integers(0, 12_000),
    every=st.integers(1, 4000),
    offset=st.integers(-9000, 9000),
    aggregate=st.sampled_from(Aggregate),
)
def test_windows_are_what_their_definition_says(
    store: Store, data: dict[int, float], start: int, length: int, every: int, offset: int, aggregate: Aggregate
) -> None:
    series = replace(MAIN, device=f"win-{next(fresh)}")
    store.write([batch(data, series)])
    got = windows(store, series, start, start + length, every, aggregate, offset)
    assert same(got, expected_windows(data, start, start + length, every, aggregate, offset), data, aggregate)


@pytest.mark.parametrize("aggregate", list(Aggregate))
def test_many_series_at_once_are_what_each_is_alone(store: Store, aggregate: Aggregate) -> None:
    every = [replace(MAIN, device=f"meter-{n}") for n in range(5)]
    for n, series in enumerate(every[:4]):
        store.write([batch({1000 * t: 1e6 + math.sin(t + n) for t in range(500 * n, 4000, n + 1)}, series)])
    asked = [every[3], every[4], every[0], every[0], every[2]]
    many = store.windows_many(asked, 2000, 3_500_500, 60_000, aggregate, 7, hold_ms=1500)
    for series, (times, values) in zip(asked, many, strict=True):
        alone = store.windows(series, 2000, 3_500_500, 60_000, aggregate, 7, hold_ms=1500)
        assert times.tolist() == alone[0].tolist()
        np.testing.assert_allclose(values, alone[1], rtol=1e-12)
    assert store.windows_many([], 0, 1000, 100, aggregate) == []


def test_the_readings_around_a_range_are_found_however_far(store: Store) -> None:
    written = {1000.0: 1.0, 10 * DAY: 2.0, 10 * DAY + 60_000: 3.0, 10 * DAY + 120_000: 4.0, 40 * DAY: 5.0}
    store.write([batch({int(time): value for time, value in written.items()})])

    def around(start: int, end: int) -> list[float]:
        times, values = store.read_around(MAIN, start, end)
        assert np.all(np.diff(times) > 0)
        return list(values.tolist())

    assert around(10 * DAY + 1, 10 * DAY + 61_000) == [2.0, 3.0, 4.0]
    assert around(10 * DAY, 10 * DAY + 120_000) == [1.0, 2.0, 3.0, 4.0]
    assert around(10 * DAY, 10 * DAY + 120_001) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert around(20 * DAY, 30 * DAY) == [4.0, 5.0]
    assert around(-DAY, 0) == [1.0]
    assert around(50 * DAY, 60 * DAY) == [5.0]
    assert store.read_around(replace(MAIN, device="nobody"), 0, DAY)[0].shape == (0,)


def test_a_register_that_rolls_over_counts_on_and_one_that_is_reset_counts_anew(store: Store) -> None:
    written: dict[int, float | None] = {0: 990.0, 1000: 995.0, 2000: 5.0, 3000: 15.0, 4000: 14.0, 5000: 20.0, 6000: 2.0}
    store.write([batch(dict(written))])

    def steps(modulus: float | None) -> list[float]:
        return list(store.windows(MAIN, 0, 6000, 1000, Aggregate.INCREASE, modulus=modulus)[1].tolist())

    assert steps(None) == [5.0, 5.0, 10.0, -1.0, 6.0, 2.0]
    assert steps(1000.0) == [5.0, 10.0, 10.0, -1.0, 6.0, 2.0]


def test_what_a_register_grew_over_a_long_gap_is_in_the_window_of_the_later_reading(store: Store) -> None:
    store.write([batch({0: 10.0, 60_000: 12.0, 10 * DAY: 112.0, 10 * DAY + 60_000: 113.0})])
    grown = windows(store, MAIN, 0, 11 * DAY, 30_000, Aggregate.INCREASE, 0, hold=120_000)
    assert grown == {0: 1.0, 30_000: 1.0, 10 * DAY: 100.5, 10 * DAY + 30_000: 0.5}
    # A part of the range says the same of the windows in it.
    part = windows(store, MAIN, 10 * DAY, 11 * DAY, 30_000, Aggregate.INCREASE, 0, hold=120_000)
    assert part == {10 * DAY: 100.5, 10 * DAY + 30_000: 0.5}


def test_increases_are_what_the_evaluation_finds_in_the_same_register(store: Store) -> None:
    times = np.cumsum(np.random.default_rng(4).integers(20_000, 70_000, 3000)).astype(np.int64)
    register = (np.cumsum(np.random.default_rng(5).uniform(0, 30, 3000)) + 9.9e8) % 1e9
    store.write([batch(dict(zip(times.tolist(), register.tolist(), strict=True)))])
    edges = np.arange(0, int(times[-1]) + 900_000, 900_000, dtype=np.int64)
    expected = interval_energy(times, register, edges, modulus=1e9).values
    found = windows(store, MAIN, 0, int(edges[-1]), 900_000, Aggregate.INCREASE, 0, hold=3_600_000)
    grown = store.windows(MAIN, 0, int(edges[-1]), 900_000, Aggregate.INCREASE, modulus=1e9)
    known = np.isfinite(expected)
    assert np.count_nonzero(known) > 100
    assert grown[0].tolist() == list(found) == edges[:-1].tolist()
    np.testing.assert_allclose(grown[1][known], expected[known], rtol=1e-9)


@pytest.mark.parametrize("how", list(Aggregate))
def test_a_window_without_a_length_is_refused(store: Store, how: Aggregate) -> None:
    for wrong in ({"every_ms": 0}, {"hold_ms": 0}, {"modulus": 0.0}):
        asked: dict[str, Any] = {"every_ms": 1000, **wrong}
        name = next(iter(wrong))
        with pytest.raises(ValueError, match=f"{name} is 0"):
            store.windows(MAIN, 0, 1000, aggregate=how, **asked)
        with pytest.raises(ValueError, match=f"{name} is 0"):
            store.windows_many([MAIN], 0, 1000, aggregate=how, **asked)
