"""What roll-ups and retention are, for every engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from storage import ROLLUP_MS, Rollups, Series, Store
from tests.storage.parts import DAY, MAIN, SITE, batch, fresh, points, repeated

ENERGY = replace(MAIN, channel="energy_import_wh")
STATE = Series(SITE, "plc", "press-1", "run_state")
START = 1_795_273_200_000
EVER = 2**60
MINUTE = 60_000


def write(store: Store, written: Mapping[int, float], series: Series = MAIN) -> int:
    return len(store.write([batch(dict(written), series)]).rejected)


def roll(store: Store, before: int = EVER) -> int:
    done = 0
    while more := store.roll(before):
        done += more
    return done


def rows(store: Store, series: Series = MAIN, start: int = -EVER, end: int = EVER) -> Rollups:
    found = store.rollups(series, start, end)
    assert found.series == series
    assert found.start.dtype == found.count.dtype == np.int64
    assert np.all(np.diff(found.start) > 0)
    assert np.all(found.start % ROLLUP_MS == 0)
    return found


def as_written(found: Rollups) -> dict[int, tuple[object, ...]]:
    """Rows that can be compared: NaN equals NaN."""
    names = ("count", "first", "last", "low", "high", "mean", "increase", "coverage")
    columns = [getattr(found, name).tolist() for name in names]
    states = [{state: round(s[n], 6) for state, s in found.states.items() if s[n] > 0} for n in range(len(found.start))]
    return {
        start: (*(None if math.isnan(v) else round(v, 9) for v in row), *sorted(spent.items()))
        for start, *row, spent in zip(found.start.tolist(), *columns, states, strict=True)
    }


def minutes(count: int, start: int = START) -> dict[int, float]:
    return {start + MINUTE * n: 1000.0 + 10 * math.sin(n) for n in range(count)}


def test_a_gauge_is_rolled_into_its_quarter_hours(store: Store) -> None:
    write(store, minutes(30))
    assert rows(store).start.tolist() == []
    assert store.touched() == 2
    assert roll(store) == 2
    assert store.touched() == 0
    found = rows(store)
    values = list(minutes(30).values())
    # The last value holds for two and a half of its series' steps, and so into a third window.
    assert found.start.tolist() == [START, START + ROLLUP_MS, START + 2 * ROLLUP_MS]
    assert found.count.tolist() == [15, 15, 0]
    assert found.first.tolist()[:2] == [values[0], values[15]]
    assert found.last.tolist()[:2] == [values[14], values[29]]
    assert found.low.tolist()[:2] == [min(values[:15]), min(values[15:])]
    assert found.high.tolist()[:2] == [max(values[:15]), max(values[15:])]
    np.testing.assert_allclose(found.mean, [sum(values[:15]) / 15, sum(values[15:]) / 15, values[29]], rtol=1e-12)
    np.testing.assert_allclose(found.coverage, [1.0, 1.0, 1.5 / 15], rtol=1e-12)
    assert np.isnan(found.increase).all()
    assert found.states == {}
    assert np.isnan([found.first[2], found.last[2], found.low[2], found.high[2]]).all()


def test_a_range_of_rollups_is_half_open(store: Store) -> None:
    write(store, minutes(60))
    roll(store)
    assert rows(store, start=START + 1, end=START + 3 * ROLLUP_MS).start.tolist() == [
        START + ROLLUP_MS, START + 2 * ROLLUP_MS,
    ]  # fmt: skip
    assert rows(store, replace(MAIN, device="nobody")).start.shape == (0,)


def test_a_counter_is_rolled_into_increases_that_add_up(store: Store) -> None:
    register = {START + MINUTE * n - 7000: 5e6 + 25.0 * n for n in range(100)}
    write(store, register, ENERGY)
    roll(store)
    found = rows(store, ENERGY)
    assert np.isnan(found.mean).all()
    assert np.nansum(found.increase) == pytest.approx(99 * 25.0, rel=1e-12)
    np.testing.assert_allclose(found.increase[1:6], 15 * 25.0, rtol=1e-9)


def test_a_state_is_rolled_into_seconds(store: Store) -> None:
    write(store, {START + 30_000 * n: float(1 if n < 20 else 3) for n in range(30)}, STATE)
    roll(store)
    found = rows(store, STATE)
    assert {state: seconds.tolist() for state, seconds in found.states.items()} == {
        1.0: [600.0, 0.0],
        3.0: [300.0, 45.0],
    }
    assert np.isnan(found.mean).all()
    assert rows(store, STATE, start=START + 1).states.keys() == {3.0}


def test_a_gap_lowers_the_coverage_and_has_no_rows(store: Store) -> None:
    written = {t: v for t, v in minutes(120).items() if not START + 20 * MINUTE <= t < START + 70 * MINUTE}
    write(store, written)
    roll(store)
    found = rows(store, end=START + 120 * MINUTE)
    assert ((found.start - START) // ROLLUP_MS).tolist() == [0, 1, 4, 5, 6, 7]
    np.testing.assert_allclose(found.coverage, [1, 6.5 / 15, 5 / 15, 1, 1, 1], rtol=1e-12)


def test_only_windows_that_have_ended_are_rolled(store: Store) -> None:
    write(store, minutes(40))
    assert roll(store, START + 2 * ROLLUP_MS) == 2
    assert store.touched() == 1
    assert rows(store).start.tolist() == [START, START + ROLLUP_MS, START + 2 * ROLLUP_MS]
    assert roll(store, START + 3 * ROLLUP_MS - 1) == 0
    assert roll(store, START + 3 * ROLLUP_MS) == 1
    assert store.touched() == 0


def test_late_readings_and_corrections_roll_their_windows_again(store: Store) -> None:
    write(store, {t: v for t, v in minutes(90).items() if t != START + 25 * MINUTE})
    roll(store)
    before = as_written(rows(store))
    write(store, {START + 25 * MINUTE: 9000.0})
    assert store.touched() == 1
    roll(store)
    late = as_written(rows(store))
    assert late[START + ROLLUP_MS][0] == 15
    assert late[START + ROLLUP_MS][4] == 9000.0
    assert {key for key in late if late[key] != before[key]} == {START + ROLLUP_MS}
    write(store, {START + 25 * MINUTE: minutes(90)[START + 25 * MINUTE]})
    roll(store)
    assert rows(store).high[1] == max(list(minutes(90).values())[15:30])


def test_days_apart_are_rolled_at_once_each_window_in_one_row(store: Store) -> None:
    register = {START + DAY * day + MINUTE * n: 1000.0 * day + n for day in range(4) for n in range(40)}
    write(store, register, ENERGY)
    roll(store)
    found = rows(store, ENERGY)
    assert int(found.count.sum()) == 160
    # What ran in the gaps is in the first window after each.
    np.testing.assert_allclose(found.increase[found.start % DAY == START % DAY], [15, 976, 976, 976], rtol=1e-12)
    assert np.nansum(found.increase) == 3039


def test_a_step_that_turns_out_to_cross_a_gap_leaves_nothing_in_the_quarter_hours_before(store: Store) -> None:
    # Read once an hour, as it seems; then every minute.
    write(store, {START: 0.0, START + 60 * MINUTE: 240.0}, ENERGY)
    roll(store)
    assert rows(store, ENERGY).increase[:4].tolist() == [60.0] * 4
    write(store, {START + MINUTE * n: 180.0 + n for n in range(61, 70)}, ENERGY)
    write(store, {START - MINUTE * n: 0.0 for n in range(1, 10)}, ENERGY)
    roll(store)
    found = rows(store, ENERGY)
    assert np.nansum(found.increase) == 249.0
    assert np.isnan(found.increase[found.start == START]).all()
    assert found.increase[found.start == START + 60 * MINUTE].tolist() == [249.0]


def test_a_repeated_batch_ends_with_the_same_rollups(store: Store) -> None:
    write(store, minutes(30))
    roll(store)
    before = as_written(rows(store))
    write(store, minutes(30))
    roll(store)
    assert as_written(rows(store)) == before


@settings(repeated, max_examples=4, phases=[Phase.generate])
@given(
    corrections=st.lists(
        st.dictionaries(st.integers(0, 199) | st.integers(450, 599), st.integers(0, 2000), min_size=1, max_size=40),
        min_size=1,
        max_size=3,
    ),
    late=st.tuples(st.integers(200, 300), st.integers(60, 150)),
    channel=st.sampled_from(["active_power_w", "energy_import_wh", "run_state"]),
)
def test_rolling_as_data_come_ends_where_rolling_at_once_does(
    store: Store, corrections: list[dict[int, int]], late: tuple[int, int], channel: str
) -> None:
    piecewise = replace(MAIN, device=f"roll-{next(fresh)}", channel=channel)
    at_once = replace(piecewise, device=f"roll-{next(fresh)}")
    # A reading every minute but for a gap: corrections of any of them, and then a stretch of the gap, late.
    total = {START + MINUTE * n: 7.0 for n in range(600) if not 200 <= n < 450}
    stretch = dict.fromkeys(range(late[0], late[0] + late[1]), 11)
    write(store, total, piecewise)
    for written in [*corrections, stretch]:
        roll(store)
        now = {START + MINUTE * n: float(value) for n, value in written.items()}
        write(store, now, piecewise)
        total |= now
    roll(store)
    write(store, total, at_once)
    roll(store)
    assert as_written(rows(store, piecewise)) == as_written(rows(store, at_once))


@settings(repeated, max_examples=6, phases=[Phase.generate])
@given(data=st.data(), channel=st.sampled_from(["active_power_w", "energy_import_wh", "run_state"]))
def test_where_the_pace_changes_rows_are_the_same_whatever_is_rolled_together(
    store: Store, data: st.DataObject, channel: str
) -> None:
    piecewise = replace(ENERGY, device=f"pace-{next(fresh)}")
    at_once = replace(MAIN, device=f"pace-{next(fresh)}", channel=channel)
    stretches = st.tuples(st.sampled_from([10, 60, 300, 420, 900, 1800, 3600, 7200]), st.integers(1, 30))
    steps = [
        1000 * step for step, count in data.draw(st.lists(stretches, min_size=2, max_size=6)) for _ in range(count)
    ]
    register = {START + sum(steps[:n]): 3.0 * n * n for n in range(len(steps))}
    late = set(data.draw(st.lists(st.sampled_from(sorted(register)), max_size=20)))
    gone = set(data.draw(st.lists(st.sampled_from(sorted(register)), max_size=20))) - late
    register = {time: value for time, value in register.items() if time not in gone}
    for series in (piecewise, replace(piecewise, channel=channel)):
        for time in sorted(register.keys() - late):
            write(store, {time: register[time]}, series)
            if data.draw(st.integers(0, 3)) == 0:
                store.roll(time, data.draw(st.sampled_from([1, 3, 100])))
        for time in sorted(late):
            write(store, {time: register[time]}, series)
            store.roll(EVER, 1)
    roll(store)
    write(store, register, at_once)
    roll(store)
    assert as_written(rows(store, replace(piecewise, channel=channel))) == as_written(rows(store, at_once))
    grown = max(register.values(), default=0.0) - min(register.values(), default=0.0)
    assert np.nansum(rows(store, piecewise).increase) == pytest.approx(grown, rel=1e-12)


def test_retention_deletes_raw_readings_and_keeps_rollups(store: Store) -> None:
    write(store, minutes(3 * 1440))
    roll(store)
    before = as_written(rows(store))
    forgotten = store.forget(START + DAY, START - DAY)
    assert forgotten.readings in {1440, -1}
    assert forgotten.kept == 0
    assert min(points(store)) == START + DAY
    assert len(points(store)) == 2 * 1440
    assert as_written(rows(store)) == before
    assert store.forget(START + DAY, START - DAY).readings in {0, -1}
    assert store.latest(SITE)[0].time == START + MINUTE * (3 * 1440 - 1)


def test_retention_deletes_old_rollups(store: Store) -> None:
    write(store, minutes(1440))
    write(store, {START + 60_000 * n: 1.0 for n in range(1440)}, STATE)
    roll(store)
    store.forget(START + DAY, START + DAY // 2)
    for series in (MAIN, STATE):
        assert int(rows(store, series).start[0]) == START + DAY // 2
    # Also where no reading of the kind is left.
    assert store.count() == 0
    store.forget(START + DAY, START + DAY)
    for series in (MAIN, STATE):
        assert (rows(store, series).start >= START + DAY).all()


def test_a_series_is_listed_as_long_as_there_is_a_quarter_hour_of_it(store: Store) -> None:
    silent = replace(MAIN, device="silent")
    write(store, minutes(60), silent)
    write(store, minutes(60, START + 10 * DAY))
    roll(store)
    store.forget(START + DAY, START - DAY)
    assert points(store, silent) == {}
    assert store.series() == store.series(SITE) == [MAIN, silent]
    assert [each.series for each in store.latest(SITE)] == [MAIN]
    assert store.series("elsewhere") == []
    store.forget(START + DAY, START + DAY)
    assert store.series() == store.series(SITE) == [MAIN]


def test_what_is_not_rolled_is_not_deleted(store: Store) -> None:
    write(store, minutes(1440))
    roll(store, START + DAY // 2)
    # What is beside it may stay, too: its rolling looks at that.
    assert store.forget(START + DAY, START - DAY).kept == len(points(store)) >= 720
    roll(store)
    assert store.forget(START + DAY, START - DAY).kept == 0
    assert points(store) == {}
    assert int(rows(store).count.sum()) == 1440


def test_a_reading_for_a_closed_window_is_rejected_and_leaves_its_rollup(store: Store) -> None:
    write(store, minutes(3 * 1440))
    roll(store)
    store.forget(START + DAY, START - DAY)
    before = as_written(rows(store))
    late = {START + 30_000: 1.0, START + DAY // 2: 1.0, START + 2 * DAY + 30_000: 1001.0}
    outcome = store.write([batch(late)])
    assert outcome.stored == 1
    assert [(each.series, each.readings) for each in outcome.rejected] == [(MAIN, 2)]
    assert "closed" in outcome.rejected[0].reason
    roll(store)
    after = as_written(rows(store))
    assert {key for key in after if after[key] != before[key]} == {START + 2 * DAY}
    # A correction near the horizon is rejected too: its window could not be computed as it was.
    assert write(store, {START + DAY + 30_000: 1.0}) == 1


def test_history_of_a_time_without_rollups_may_come_after_retention(store: Store) -> None:
    write(store, minutes(1440))
    roll(store)
    store.forget(START + DAY, START - 100 * DAY)
    assert write(store, minutes(60, START - 10 * DAY)) == 0
    other = replace(MAIN, device="press-9")
    assert write(store, minutes(60), other) == 0
    roll(store)
    assert int(rows(store, end=START).count.sum()) == 60
    assert int(rows(store, other).count.sum()) == 60
    store.forget(START + DAY, START - 100 * DAY)
    assert points(store, other) == {}
    assert int(rows(store, other).count.sum()) == 60
