"""What a window is, for every engine."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import Aggregate, Series, Store
from tests.storage.parts import DAY, MAIN, batch, fresh, repeated

SEOUL = -9 * 3_600_000
"""A day in Seoul starts nine hours before the day in UTC."""


def expected_windows(
    written: dict[int, float], start: int, end: int, every: int, aggregate: Aggregate, offset: int
) -> dict[int, float]:
    """The definition, word by word."""
    windows: dict[int, list[float]] = {}
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


def windows(
    store: Store, series: Series, start: int, end: int, every: int, aggregate: Aggregate, offset: int
) -> dict[int, float]:
    times, values = store.windows(series, start, end, every, aggregate, offset)
    assert times.dtype == np.int64
    assert values.dtype == np.float64
    assert np.all(np.diff(times) > 0)
    return dict(zip(times.tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize("aggregate", list(Aggregate))
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
    assert got == expected_windows(data, start, start + length, every, aggregate, offset)


def test_a_window_without_a_length_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="every_ms is 0"):
        store.windows(MAIN, 0, 1000, 0, Aggregate.MEAN)
