"""What a chart shows: the whole range, its peaks, and no more points than a screen has use for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from storage import ROLLUP_MS, Aggregate, DuckStore, Series, Times, Values, draw, from_quarter_hours, width_for
from tests.storage.parts import DAY, MAIN
from tests.storage.test_conformance_rollups import ENERGY, START, roll, write

YEAR = 365 * DAY
FIVE_MIN = 300_000


@pytest.fixture(scope="module")
def data() -> tuple[dict[int, float], dict[int, float]]:
    """Twenty days of power and energy, every five minutes, with a hole and a peak of one reading."""
    rng = np.random.default_rng(7)
    power = {START + FIVE_MIN * n: float(rng.uniform(100, 2000)) for n in range(20 * 288) if not 1000 <= n < 1300}
    power[START + FIVE_MIN * 3001] = 99_999.0
    power[START + FIVE_MIN * 3500] = -1.0
    return power, {START + FIVE_MIN * n: 1e6 + 7.0 * n for n in range(20 * 288)}


@pytest.fixture(scope="module")
def store(
    tmp_path_factory: pytest.TempPathFactory, data: tuple[dict[int, float], dict[int, float]]
) -> Iterator[DuckStore]:
    folder: Path = tmp_path_factory.mktemp("charts")
    store = DuckStore(folder / "readings.duckdb")
    write(store, data[0])
    write(store, data[1], ENERGY)
    # The last two days are not rolled yet.
    roll(store, START + 18 * DAY)
    yield store
    store.close()


@pytest.mark.parametrize("hours", [1, 2, 6])
def test_the_least_and_largest_reading_of_every_window_survive(
    store: DuckStore, data: tuple[dict[int, float], dict[int, float]], hours: int
) -> None:
    every = hours * 3_600_000
    drawn = draw(store, MAIN, START, START + 20 * DAY, every, Aggregate.MEAN)
    assert drawn.low is not None
    assert drawn.high is not None
    windows: dict[int, list[float]] = {}
    for time, value in data[0].items():
        windows.setdefault(time // every * every, []).append(value)
    held = ~np.isnan(drawn.low)
    found = zip(drawn.times[held].tolist(), drawn.low[held].tolist(), drawn.high[held].tolist(), strict=True)
    assert {time: (low, high) for time, low, high in found} == {t: (min(v), max(v)) for t, v in windows.items()}
    assert np.nanmax(drawn.high) == 99_999.0
    assert np.nanmin(drawn.low) == -1.0


@pytest.mark.parametrize("how", [Aggregate.MIN, Aggregate.MAX, Aggregate.FIRST, Aggregate.LAST, Aggregate.COUNT])
def test_quarter_hours_say_what_readings_say(store: DuckStore, how: Aggregate) -> None:
    drawn = draw(store, MAIN, START, START + 20 * DAY, 3_600_000, how)
    times, values = store.windows(MAIN, START, START + 20 * DAY, 3_600_000, how)
    assert drawn.times.tolist() == times.tolist()
    assert drawn.values.tolist() == values.tolist()


def test_means_and_increases_of_quarter_hours_are_those_of_readings(store: DuckStore) -> None:
    every, end = 3_600_000, START + 18 * DAY
    drawn = draw(store, MAIN, START, end, every, Aggregate.MEAN)
    expected = dict(zip(*store.windows(MAIN, START, end, every, Aggregate.TIME_MEAN, hold_ms=750_000), strict=True))
    for time, value in zip(drawn.times.tolist(), drawn.values.tolist(), strict=True):
        assert value == pytest.approx(expected[time], rel=1e-9)
    grown = draw(store, ENERGY, START, START + 20 * DAY, DAY, Aggregate.INCREASE)
    assert grown.values.sum() == pytest.approx(7.0 * (20 * 288 - 1), rel=1e-9)


@pytest.mark.parametrize("rolled_to", [0, 101])
def test_what_a_meter_read_once_an_hour_counts_is_drawn_once(tmp_path: Path, rolled_to: int) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    hour = 3_600_000
    write(store, {START + hour * n: 1000.0 * n for n in range(120)}, ENERGY)
    roll(store, START + rolled_to * hour)
    for end in (100 * hour, 100 * hour + 1, 101 * hour - 1, 102 * hour):
        grown = draw(store, ENERGY, START, START + end, hour, Aggregate.INCREASE)
        assert grown.values.sum() == pytest.approx(1000.0 * end / hour, rel=1e-9)
    store.close()


def test_a_meter_that_was_silent_for_months_is_drawn_by_few_queries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    hour, silent = 3_600_000, 300 * DAY
    write(store, {START + FIVE_MIN * n: 1.0 * n for n in range(24 * 12)}, ENERGY)
    roll(store)
    asked: list[int] = []
    usual = store.read_around

    def watched(series: Series, start: int, end: int) -> tuple[Times, Values]:
        asked.append(start)
        return usual(series, start, end)

    monkeypatch.setattr(store, "read_around", watched)
    grown = draw(store, ENERGY, START, START + silent, hour, Aggregate.INCREASE)
    assert (grown.values.sum(), len(asked)) == (24 * 12 - 1.0, 1)
    write(store, {START + silent + FIVE_MIN * n: 1000.0 + n for n in range(12)}, ENERGY)
    asked.clear()
    grown = draw(store, ENERGY, START, START + silent + hour, hour, Aggregate.INCREASE)
    assert (grown.values.sum(), grown.values[-1], len(asked)) == (1011.0, 1011.0 - (24 * 12 - 1), 2)
    store.close()


def test_days_begin_where_they_are_told_to(store: DuckStore) -> None:
    midnight = START // DAY * DAY - 9 * 3_600_000
    days = draw(store, ENERGY, midnight, midnight + 20 * DAY, DAY, Aggregate.INCREASE, -9 * 3_600_000)
    assert set(((days.times - midnight) % DAY).tolist()) == {0}
    hours = draw(store, ENERGY, midnight, midnight + 20 * DAY, 3_600_000, Aggregate.INCREASE)
    assert len(days.times) > 10
    for time, grown in zip(days.times.tolist(), days.values.tolist(), strict=True):
        assert grown == pytest.approx(hours.values[(hours.times >= time) & (hours.times < time + DAY)].sum())


def test_a_gap_stays_a_gap(store: DuckStore) -> None:
    drawn = draw(store, MAIN, START, START + 20 * DAY, 3_600_000, Aggregate.MEAN)
    hole = (START + 1000 * FIVE_MIN + 3_600_000, START + 1299 * FIVE_MIN - 3_600_000)
    assert not np.any((drawn.times > hole[0]) & (drawn.times < hole[1]))
    nobody = draw(store, replace(MAIN, device="nobody"), START, START + 20 * DAY, 3_600_000, Aggregate.MEAN)
    assert nobody.times.tolist() == []


def test_a_short_chart_is_drawn_from_readings(store: DuckStore) -> None:
    drawn = draw(store, MAIN, START, START + DAY, 900_000, Aggregate.MEAN)
    assert drawn.low is None
    assert drawn.values.tolist() == store.windows(MAIN, START, START + DAY, 900_000, Aggregate.MEAN)[1].tolist()


@pytest.mark.parametrize("span", [3_600_000, DAY, 3 * DAY, 30 * DAY, 90 * DAY, YEAR, 10 * YEAR])
def test_no_chart_has_more_points_than_it_may_and_a_long_one_is_of_quarter_hours(span: int) -> None:
    width = width_for(START, START + span, 5000, 4000)
    assert span // width + 1 <= 4000
    assert from_quarter_hours(START, START + span, width) == (span >= 30 * DAY)


@pytest.mark.parametrize("silent_minutes", [0, 200])
def test_a_chart_that_ends_where_readings_were_deleted_shows_what_it_showed_before(
    tmp_path: Path, silent_minutes: int
) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    read = [n for n in range(4 * 1440) if not 3 * 1440 - silent_minutes <= n < 3 * 1440]
    write(store, {START + 20_000 + 60_000 * n: 1000.0 + n % 37 for n in read})
    write(store, {START + 20_000 + 60_000 * n: 7.0 * n for n in read}, ENERGY)
    roll(store)
    deleted = START + 3 * DAY
    ends = [deleted - DAY // 4, deleted, deleted + ROLLUP_MS, deleted + 2 * ROLLUP_MS, deleted + DAY // 4]
    lines = [(MAIN, Aggregate.MEAN), (MAIN, Aggregate.COUNT), (ENERGY, Aggregate.INCREASE), (ENERGY, Aggregate.LAST)]

    def drawn() -> list[list[list[float]]]:
        every = [draw(store, series, START, end, ROLLUP_MS, how) for series, how in lines for end in ends]
        return [[each.times.tolist(), each.values.tolist()] for each in every]

    before = drawn()
    assert store.forget(deleted, START - DAY).kept == 0
    after = drawn()
    assert [times for times, _ in after] == [times for times, _ in before]
    for (_, found), (_, shown) in zip(after, before, strict=True):
        np.testing.assert_allclose(found, shown, rtol=1e-12)
    store.close()
