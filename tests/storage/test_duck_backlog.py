"""Readings that come long after their time, while older ones are deleted: roll-ups grow by what the counter grew."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from storage import DuckStore, Series
from storage.aggregation import growth
from storage.store import ROLLUP_MS
from tests.storage.parts import DAY, batch, fresh, points, repeated
from tests.storage.test_conformance_rollups import ENERGY, EVER, MINUTE, START, roll, rows

HOUR = 3_600_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    store = DuckStore(tmp_path_factory.mktemp("backlog") / "readings.duckdb")
    yield store
    store.close()


class Meter:
    """A counter as it is written, and what of it the store took."""

    def __init__(self, store: DuckStore) -> None:
        self.series: Series = replace(ENERGY, device=f"meter-{next(fresh)}")
        self._store = store
        self.taken: dict[int, float] = {}

    def write(self, readings: dict[int, float]) -> None:
        """Write readings; of those the store sets aside none is taken."""
        windows: dict[int, dict[int, float | None]] = {}
        for time, value in readings.items():
            windows.setdefault(time // ROLLUP_MS, {})[time] = value
        batches = [batch(part, self.series, seq=seq) for seq, part in windows.items()]
        refused = {each.batch.seq for each in self._store.write(batches).rejected}
        self.taken |= {time: value for time, value in readings.items() if time // ROLLUP_MS not in refused}

    def grown(self) -> float:
        return float(growth(np.array([self.taken[time] for time in sorted(self.taken)])).sum())

    def rolled(self) -> float:
        return float(np.nansum(rows(self._store, self.series).increase))


@pytest.mark.parametrize("waiting", [False, True])
def test_a_backlog_older_than_what_is_kept_loses_no_step_and_counts_none_twice(store: DuckStore, waiting: bool) -> None:
    meter = Meter(store)
    register = {START + 30_000 + MINUTE * n: 5.0 * n for n in range(12 * 60)}
    backlog = [time for time in register if 2 * HOUR <= time - START < 10 * HOUR]
    meter.write({time: value for time, value in register.items() if time < START + 2 * HOUR})
    roll(store)
    store.forget(START + 10 * DAY, START - DAY)
    meter.write({time: value for time, value in register.items() if time >= START + 10 * HOUR})
    roll(store)
    assert meter.rolled() == meter.grown() == 5.0 * (12 * 60 - 1)
    for first in range(0, len(backlog), 250):
        meter.write({time: register[time] for time in backlog[first : first + 100]})
        roll(store)
        # What comes right before a deletion waits to be rolled.
        meter.write({time: register[time] for time in backlog[first + 100 : first + 250]})
        if waiting:
            store.forget(START + 10 * DAY, START - DAY)
        roll(store)
        assert meter.rolled() == pytest.approx(5.0 * (12 * 60 - 1), rel=1e-12)
        store.forget(START + 10 * DAY, START - DAY)
    assert not points(store, meter.series)


@pytest.mark.parametrize(("minutes", "missing"), [(15, 2), (30, 4)])
def test_a_gap_of_a_meter_that_is_rarely_read_counts_once_though_it_is_rolled_while_it_is_young(
    store: DuckStore, minutes: int, missing: int
) -> None:
    meter = Meter(store)
    for n in [*range(8), *range(8 + missing, 12 + missing)]:
        time = START + 7_000 + MINUTE * minutes * n
        meter.write({time: 100.0 * n})
        roll(store, time - MINUTE)
    roll(store)
    assert meter.rolled() == pytest.approx(meter.grown(), rel=1e-12)


@pytest.mark.parametrize("minutes", [1, 60])
def test_what_a_silent_meter_ran_on_is_in_its_first_quarter_hour_though_its_last_readings_were_deleted(
    store: DuckStore, minutes: int
) -> None:
    meter = Meter(store)
    meter.write({START + MINUTE * n: 5.0 * n for n in range(60)})
    roll(store)
    store.forget(START + 100 * DAY, START - DAY)
    assert not points(store, meter.series)
    back = START + 101 * DAY
    for first in (0, 10, 20):
        meter.write({back + minutes * MINUTE * n: 9000.0 + n for n in range(first, first + 10)})
        # What changes beside it is rolled again every time.
        while store.roll(EVER, 1):
            pass
    assert meter.rolled() == pytest.approx(meter.grown(), rel=1e-12) == 9029.0
    found = rows(store, meter.series)
    assert found.increase[found.start == back].tolist() == [9000.0 - 5 * 59 + 15 / minutes]


def test_a_step_from_what_stays_beside_deleted_readings_belongs_whole_to_what_comes_late(store: DuckStore) -> None:
    meter = Meter(store)
    meter.write({START + 5 * MINUTE * n: 10.0 * n for n in range(24)})
    roll(store)
    store.forget(START + 105 * MINUTE, START - DAY)
    assert min(points(store, meter.series)) == START + 105 * MINUTE
    # At a pace at which the value of the last one there held until the first of them.
    meter.write({START + 136 * MINUTE + 15 * MINUTE * n: 500.0 + n for n in range(6)})
    for _ in range(2):
        roll(store)
        assert meter.rolled() == pytest.approx(meter.grown(), rel=1e-12) == 505.0
        meter.write({START + 137 * MINUTE: 500.5})


def test_history_in_front_of_deleted_readings_is_joined_to_them(store: DuckStore) -> None:
    meter = Meter(store)
    meter.write({START + MINUTE * n: 500.0 + n for n in range(60)})
    roll(store)
    store.forget(START + 100 * DAY, START - 1000 * DAY)
    meter.write({START - 10 * DAY + 6 * HOUR * n: 2.0 * n for n in range(30)})
    # In parts, each a change of its own.
    while store.roll(EVER, 9):
        pass
    assert meter.rolled() == meter.grown() == 559.0
    meter.write({START - 2 * DAY: 250.0})
    roll(store)
    store.forget(START + 100 * DAY, START - 1000 * DAY)
    assert not points(store, meter.series)
    assert meter.rolled() == meter.grown() == 559.0


def test_what_waits_to_be_rolled_keeps_the_readings_beside_it(store: DuckStore) -> None:
    meter = Meter(store)
    register = {START + 30_000 + MINUTE * n: 5.0 * n for n in range(36 * 60)}
    meter.write(register)
    roll(store, START + 24 * HOUR)
    forgotten = store.forget(START + 100 * DAY, START - DAY)
    kept = points(store, meter.series)
    assert forgotten.kept == len(kept)
    assert START + 12 * HOUR <= min(kept) <= START + 15 * HOUR + MINUTE
    roll(store)
    assert meter.rolled() == pytest.approx(5.0 * (36 * 60 - 1), rel=1e-12)
    store.forget(START + 100 * DAY, START - DAY)
    assert not points(store, meter.series)


@settings(repeated, max_examples=5, phases=[Phase.generate])
@given(data=st.data())
def test_in_whatever_order_a_backlog_comes_the_sums_are_what_the_counter_grew(
    store: DuckStore, data: st.DataObject
) -> None:
    meter = Meter(store)
    steps = MINUTE * np.array(data.draw(st.lists(st.sampled_from([1, 7, 15, 60]), min_size=1, max_size=3)))
    start = START + data.draw(st.integers(0, 30 * 60)) * 1000
    grown = data.draw(st.lists(st.integers(0, 40) | st.just(-1), min_size=20, max_size=90))
    register, value = {}, 1000.0
    for n, more in enumerate(grown):
        # A meter that is exchanged begins anew.
        value = value + more if more >= 0 else 3.0
        # And one that is set to another pace goes on at that.
        step = int(steps[n * len(steps) // len(grown)])
        start += step
        register[start + 1000 * (more % 5)] = value
    times = sorted(register)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(times)), max_size=4)))
    blocks = [times[first:last] for first, last in itertools.pairwise([0, *cuts, len(times)])]
    horizon = START - HOUR
    for block in data.draw(st.permutations(blocks)):
        meter.write({time: register[time] for time in block})
        if data.draw(st.booleans()):
            roll(store)
        horizon += 6 * HOUR * data.draw(st.integers(0, 3))
        store.forget(horizon, START - DAY)
        roll(store)
        assert meter.rolled() == pytest.approx(meter.grown(), rel=1e-12)
    store.forget(START + 100 * DAY, START - DAY)
    assert not points(store, meter.series)
    assert meter.rolled() == pytest.approx(meter.grown(), rel=1e-12)
