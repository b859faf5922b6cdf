"""What a store is: every engine passes the very same tests."""

from __future__ import annotations

import math
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import ROLLUP_MS, Aggregate, Latest, Series, Store, StoreError, Written, lay_out
from storage.limits import MAX_TIME, MIN_TIME
from storage.store import Values
from telemetry import Batch, Gap, Table
from tests.storage.parts import DAY, MAIN, POWER, SITE, batch, fresh, points, repeated, table

EXTREMES = [
    0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308,
    -1.7976931348623157e308, 0.1, 1 / 3, 1e16, 1e15 + 0.5, 2**53 - 1, 2**53, 123456789.123456789, 1e-7, 1e21, 4.35,
]  # fmt: skip


def bits(values: Values | list[float]) -> list[bytes]:
    return [struct.pack("<d", value) for value in values]


def test_a_new_store_is_empty_and_healthy(store: Store) -> None:
    assert store.health().ok, store.health().detail
    assert points(store) == {}
    assert store.series() == []
    assert store.latest(SITE) == []
    assert store.gaps(SITE, 0, 10**15) == []
    assert store.count() == 0
    assert store.count(SITE) == 0
    assert store.duplicates() == 0
    times, values = store.windows(MAIN, 0, DAY, 60_000, Aggregate.MEAN)
    assert times.shape == values.shape == (0,)


def test_nothing_to_write_is_written(store: Store) -> None:
    assert store.write([]) == Written(0, 0)
    assert store.write([Batch(SITE, "gw-1", "e", 1, [Table.of("main", "power_meter", [], {POWER: []})])]) == Written(
        0, 0
    )
    assert store.series() == []


def test_extreme_values_come_back_bit_for_bit(store: Store) -> None:
    times = list(range(1_700_000_000_000, 1_700_000_000_000 + len(EXTREMES)))
    assert store.write([batch(dict(zip(times, EXTREMES, strict=True)))]) == Written(len(EXTREMES), 0)
    got_times, got = store.read(MAIN, times[0], times[-1] + 1)
    assert got_times.tolist() == times
    assert bits(got) == bits(EXTREMES)
    assert bits([store.latest(SITE)[0].value]) == bits(EXTREMES[-1:])


@repeated
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53), min_size=1))
def test_any_value_comes_back_bit_for_bit(store: Store, values: list[float]) -> None:
    series = replace(MAIN, device=f"any-{next(fresh)}")
    store.write([batch({1_700_000_000_000 + 1000 * i: value for i, value in enumerate(values)}, series)])
    assert bits(store.read(series, 0, 2**62)[1]) == bits([float(value) for value in values])


def test_times_to_the_ends_of_the_centuries_come_back_and_are_rolled_up(store: Store) -> None:
    far = {MIN_TIME: 1.0, -1: 2.0, 0: 3.0, MAX_TIME: 4.0}
    assert store.write([batch(far)]).stored == 4
    assert points(store) == far
    assert points(store, start=-1, end=0) == {-1: 2.0}
    assert store.roll(2**62) == 4
    assert store.touched() == 0
    assert int(store.rollups(MAIN, -(2**62), 2**62).count.sum()) == 4
    # Readings of centuries ago are found without looking at every day since.
    assert store.forget(ROLLUP_MS, -(2**62)).readings == 3
    assert points(store) == {MAX_TIME: 4.0}


def test_what_was_prepared_is_written_only_when_it_is_its_turn(store: Store) -> None:
    devices = [replace(MAIN, device=f"press-{number:03}") for number in range(600)]
    earlier, later = (
        lay_out([batch({1000: value, 2000: value + number}, each) for number, each in enumerate(devices)])
        for value in (1.0, 5.0)
    )
    assert earlier is not None
    assert later is not None
    for each in (later, earlier):
        store.prepare(each)
    assert store.series() == []
    assert store.write(earlier) == store.write(later) == store.write(later) == Written(1200, 0)
    for number in (0, 1, 599):
        assert points(store, devices[number]) == {1000: 5.0, 2000: 5.0 + number}
    assert store.count() == 1200
    assert store.duplicates() == 0


def test_the_last_write_of_a_time_wins(store: Store) -> None:
    store.write([batch({1000: 1.0, 2000: 2.0, 3000: 3.0})])
    assert store.write([batch({2000: 20.0})]) == Written(1, 0)
    assert points(store) == {1000: 1.0, 2000: 20.0, 3000: 3.0}
    assert store.duplicates() == 0


@pytest.mark.parametrize(("first", "second"), [(0.0, -0.0), (-0.0, 0.0), (1.0, math.nextafter(1.0, 2.0))])
def test_the_last_write_wins_even_by_one_bit(store: Store, first: float, second: float) -> None:
    store.write([batch({1000: first})])
    store.write([batch({1000: second})])
    assert bits([points(store)[1000]]) == bits([second])


def test_within_one_write_the_later_batch_wins(store: Store) -> None:
    outcome = store.write([batch({1000: 1.0, 2000: 2.0}), batch({2000: 20.0, 3000: 30.0}, seq=2)])
    assert outcome == Written(4, 0)
    assert points(store) == {1000: 1.0, 2000: 20.0, 3000: 30.0}
    assert store.count() == 3


def test_a_repeated_batch_changes_nothing(store: Store) -> None:
    gap = Gap("main", "power_meter", POWER, 4000, 5000, "outbox_full", 2)
    sent = batch({1000: 1.0, 2000: 2.0}, gaps=[gap])
    assert store.write([sent]) == store.write([sent]) == store.write([sent, sent][:1]) == Written(2, 1)
    assert points(store) == {1000: 1.0, 2000: 2.0}
    assert store.gaps(SITE, 0, 10_000) == [gap]
    assert store.count() == 2
    assert store.duplicates() == 0


def test_a_batch_half_old_half_new_is_stored_whole(store: Store) -> None:
    store.write([batch(dict.fromkeys(range(1000, 6000, 1000), 1.0))])
    store.write([batch(dict.fromkeys(range(0, 9000, 500), 2.0))])
    assert points(store) == dict.fromkeys(range(0, 9000, 500), 2.0)
    assert store.duplicates() == 0


@repeated
@given(st.lists(st.dictionaries(st.integers(0, 30), st.integers(-9, 9), min_size=1), min_size=1, max_size=6))
def test_any_sequence_of_writes_leaves_the_last_value_of_every_time(store: Store, writes: list[dict[int, int]]) -> None:
    series = replace(MAIN, device=f"seq-{next(fresh)}")
    expected: dict[int, float] = {}
    for seq, written in enumerate(writes, 1):
        store.write([batch({1000 * t: float(v) for t, v in written.items()}, series, seq=seq)])
        expected |= {1000 * t: float(v) for t, v in written.items()}
        newest = max(expected)
        assert Latest(series, newest, expected[newest]) in store.latest(SITE)
    assert points(store, series) == expected


def test_the_past_may_arrive_after_the_present(store: Store) -> None:
    store.write([batch({10_000: 10.0})])
    store.write([batch({5000: 5.0, 6000: 6.0}, seq=2)])
    assert list(points(store)) == [5000, 6000, 10_000]
    assert store.latest(SITE) == [Latest(MAIN, 10_000, 10.0)]


def test_holes_are_not_stored(store: Store) -> None:
    columns: dict[str, list[float | None]] = {
        POWER: [1.0, None, 3.0], "voltage_l1_v": [None, None, None], "frequency_hz": [None, 60.0, None],
    }  # fmt: skip
    outcome = store.write([Batch(SITE, "gw-1", "e", 1, [Table.of("main", "power_meter", [1000, 2000, 3000], columns)])])
    assert outcome == Written(3, 0)
    frequency = replace(MAIN, channel="frequency_hz")
    assert points(store) == {1000: 1.0, 3000: 3.0}
    assert points(store, frequency) == {2000: 60.0}
    assert store.series() == [MAIN, frequency]
    assert store.latest(SITE) == [Latest(MAIN, 3000, 3.0), Latest(frequency, 2000, 60.0)]


def test_a_hole_does_not_erase_what_is_there(store: Store) -> None:
    store.write([batch({1000: 1.0})])
    store.write([batch({1000: None, 2000: 2.0}, seq=2)])
    assert points(store) == {1000: 1.0, 2000: 2.0}


def test_many_devices_keep_apart(store: Store) -> None:
    every = [
        Series(site, kind, device, channel)
        for site in ("gimpo-demo", "gimpo-2")
        for kind, channel in (("power_meter", POWER), ("power_meter", "energy_import_wh"), ("plc", "run_state"))
        for device in ("main", "press-1", "press_1")
    ]
    values = {series: float(number) for number, series in enumerate(every)}
    store.write([batch({1000 + n: values[s]}, s, seq=n + 1) for n, s in enumerate(every)])
    for number, series in enumerate(every):
        assert points(store, series) == {1000 + number: values[series]}
    assert store.series() == sorted(every, key=lambda s: (s.site, s.kind, s.device, s.channel))
    assert store.series("gimpo-2") == [s for s in store.series() if s.site == "gimpo-2"]
    assert {(x.series, x.value) for x in store.latest("gimpo-2")} == {(s, values[s]) for s in store.series("gimpo-2")}
    assert store.count() == 18
    assert store.count("gimpo-2") == 9
    assert store.count("elsewhere") == 0


def test_a_factory_may_have_hundreds_of_series(store: Store) -> None:
    devices = [replace(MAIN, device=f"meter-{n:03}") for n in range(300)]
    for first in range(0, 300, 100):
        tables = [table(series, {1000: float(n)}) for n, series in enumerate(devices[first : first + 100], first)]
        store.write([Batch(SITE, "gw-1", "e", 1, tables)])
    assert store.latest(SITE) == [Latest(series, 1000, float(n)) for n, series in enumerate(devices)]
    store.write([batch({1000: 7.0}, series, seq=2) for series in devices])
    assert {latest.value for latest in store.latest(SITE)} == {7.0}
    assert store.count() == 300


def test_several_tables_of_one_device_in_one_batch_are_one_device(store: Store) -> None:
    voltage = replace(MAIN, channel="voltage_l1_v")
    tables = [table(MAIN, {1000: 1.0}), table(voltage, {1000: 230.0}), table(MAIN, {2000: 2.0})]
    assert store.write([Batch(SITE, "gw-1", "e", 1, tables)]).stored == 3
    assert points(store) == {1000: 1.0, 2000: 2.0}
    assert points(store, voltage) == {1000: 230.0}


def test_a_range_is_half_open_and_rises(store: Store) -> None:
    store.write([batch({t: float(t) for t in (5000, 1000, 3000)}), batch({t: float(t) for t in (4000, 2000)}, seq=2)])
    assert list(points(store, start=2000, end=4000)) == [2000, 3000]
    assert list(points(store, start=1999, end=4001)) == [2000, 3000, 4000]
    assert points(store, start=3000, end=3000) == {}
    assert points(store, start=4000, end=2000) == {}
    assert list(points(store)) == [1000, 2000, 3000, 4000, 5000]


def test_a_write_larger_than_one_request_is_stored_whole(store: Store) -> None:
    count = 12_345
    times = list(range(1_700_000_000_000, 1_700_000_000_000 + 1000 * count, 1000))
    columns: dict[str, list[float | None]] = {
        POWER: [float(n) for n in range(count)], "voltage_l1_v": [230.5 if n % 7 else None for n in range(count)],
    }  # fmt: skip
    holes = len(range(0, count, 7))
    outcome = store.write([Batch(SITE, "gw-1", "e", 1, [Table.of("main", "power_meter", times, columns)])])
    assert outcome == Written(2 * count - holes, 0)
    got_times, got = store.read(MAIN, 0, 2**62)
    assert got_times.tolist() == times
    assert got.tolist() == columns[POWER]
    assert store.count(SITE) == 2 * count - holes


def test_readers_see_whole_rising_series_while_it_is_written(store: Store) -> None:
    start, step, rounds = 1_700_000_000_000, 1000, 60
    done = threading.Event()
    confirmed = [0]

    def reader() -> int:
        seen, finished = 0, False
        while not finished:
            finished, promised = done.is_set(), confirmed[0]
            assert all(latest.value >= promised - 1 for latest in store.latest(SITE))
            times, values = store.read(MAIN, 0, 2**62)
            assert times.tolist() == list(range(start, start + step * len(times), step))
            assert values.tolist() == [float(n) for n in range(len(times))]
            assert len(times) >= max(seen, promised)
            seen = len(times)
            assert len(store.windows(MAIN, start, start + DAY, 10 * step, Aggregate.COUNT)[0]) >= seen // 10
        return seen

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(reader) for _ in range(3)]
        try:
            for n in range(rounds):
                points_now = {start + step * i: float(i) for i in range(10 * n, 10 * n + 10)}
                store.write([batch(points_now, seq=n + 1)])
                confirmed[0] = 10 * (n + 1)
        finally:
            done.set()
        assert [each.result() for each in readers] == [10 * rounds] * 3


def test_writers_at_once_lose_nothing(store: Store) -> None:
    def writer(number: int) -> None:
        series = replace(MAIN, device=f"press-{number}")
        for seq in range(20):
            assert store.write([batch({1000 * seq + i: float(i) for i in range(5)}, series, seq=seq + 1)]).stored == 5

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(writer, number) for number in range(4)]:
            each.result()
    assert store.count(SITE) == 400
    assert store.duplicates() == 0
    assert len(store.series()) == 4


def test_a_closed_store_says_so(store: Store) -> None:
    store.write([batch({1000: 1.0})])
    store.close()
    store.close()
    for use in (lambda: store.write([batch({1000: 1.0})]), store.count, store.series, lambda: store.latest(SITE)):
        with pytest.raises(StoreError, match="is closed"):
            use()
    health = store.health()
    assert not health.ok
    assert "is closed" in health.detail
