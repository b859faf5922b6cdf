"""Files of any length: what is told of them stretch by stretch is what is told of them as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import analytics
import exchange
from exchange.cells import Decimal, is_empty, number
from exchange.contents import numbers_of
from exchange.loading import load
from exchange.ordering import Sought, in_order, spread
from exchange.scratch import Scratch
from exchange.series import register, trace_before
from exchange.walls import Walls
from exchange.zones import to_utc, zone_named
from storage import Aggregate, DuckStore, Series
from telemetry import Batch, Table
from tests.exchange.parts import SITE, some, stamps, table, understood
from tests.exchange.test_series import STEP, amounts, series

QUARTER, DAY = 900_000, 86_400_000
STARTS = exchange.Mapping(device="main", time=exchange.TimeColumns(stamps="start"))
ENERGY = Series(SITE, "power_meter", "main", "energy_import_wh")
NOW = 2_000_000_000_000


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of seven rows, so that a day has fourteen."""
    monkeypatch.setattr("exchange.scratch.BLOCK", 7)
    monkeypatch.setattr("exchange.sources._AT_ONCE", 5)


def facts(found: exchange.Understood) -> tuple[object, ...]:
    """All that is said of a file, and every value."""
    values = [[each.whole().times.tolist(), each.whole().values.tolist()] for each in found.series]
    return exchange.summarise(found), values


def quarters(rows: int, start: str = "2026-03-02 00:00") -> list[list[object]]:
    return [[at, 1 + nth * 7 % 13] for nth, at in enumerate(stamps(rows, start))]


SHUFFLED = [quarters(400)[nth] for nth in np.random.default_rng(5).permutation(400)]
FILES = {
    "as most are": quarters(400),
    "newest first": quarters(400)[::-1],
    "in no order": SHUFFLED,
    "with gaps, repeats and other values": [
        row for nth, row in enumerate(quarters(400)) if nth not in {6, 7, 90, 91, 92}
    ]
    + quarters(400)[13:15]
    + [["2026-03-02 05:00", 99]],
    "with midnights that close their day": [
        [at if not at.endswith("00:00") else f"{previous[:10]} 00:00", 1 + nth % 5]
        for nth, (previous, at) in enumerate(
            zip(stamps(400), stamps(400, "2026-03-02 00:15"), strict=True),
        )
    ],
    "with seconds beside the quarter-hours": [[f"{at}:0{nth % 4}", 1] for nth, at in enumerate(stamps(400))],
    "with cells that are none": [
        ["합계", 7] if nth % 50 == 7 else [at, "?" if nth % 50 == 8 else -1 if nth % 50 == 9 else nth]
        for nth, at in enumerate(stamps(400))
    ],
    "with days of 23 and 25 hours": quarters(96 * 3, "2025-10-25 00:00"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_stretches_is_understood_as_one_that_is_looked_at_whole(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    text = table("일시,사용량(kWh)", FILES[name])
    zone = "Europe/Berlin" if "25 hours" in name else "Asia/Seoul"
    mapping = exchange.Mapping(device="main", time=exchange.TimeColumns(zone=zone))
    whole = facts(understood(tmp_path, text, mapping=mapping))
    request.getfixturevalue("short")
    assert facts(understood(tmp_path, text, mapping=mapping)) == whole


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("by", ["time", "device"])
def test_series_whose_rows_take_turns_are_told_apart_and_each_is_in_order(tmp_path: Path, by: str) -> None:
    rows = [
        (at, f"m-{meter}", "active_power_w", 100 * meter + nth)
        for nth, at in enumerate(stamps(60))
        for meter in (3, 1, 2)
    ]
    rows = sorted(rows, key=lambda row: row[1], reverse=True) if by == "device" else rows[::-1]
    found = understood(tmp_path, table("time,device,channel,value", rows), mapping=exchange.Mapping())
    assert {each.device: each.whole().values.tolist() for each in found.series} == {
        f"m-{meter}": [100.0 * meter + nth for nth in range(60)] for meter in (1, 2, 3)
    }
    assert found.repeats.same == found.repeats.other == 0


@pytest.mark.usefixtures("short")
def test_a_file_in_stretches_is_one_register_in_the_store(tmp_path: Path) -> None:
    rows = [[at, value] for nth, (at, value) in enumerate(quarters(300)) if nth not in {20, 21, 140}]
    for nth in (*range(22, 30), *range(60, 80)):
        rows[nth][1] = 0
    found = understood(tmp_path, table("일시,사용량(kWh)", rows), mapping=STARTS)
    store = DuckStore(tmp_path / "readings.duckdb")
    loaded = load(found, store, SITE, tmp_path / "imports", now=NOW)
    energy = found.series[0].whole()
    whole = register(energy, 0.0, preceded=False)
    times, values = store.read(ENERGY, -(2**53), 2**53)
    assert (times.tolist(), loaded.readings) == (whole[0].tolist(), len(whole[0]))
    assert values.tolist() == pytest.approx(whole[1].tolist())
    kept = store.windows(ENERGY, int(energy.starts[0]), int(energy.ends[-1]), QUARTER, Aggregate.INCREASE)
    there = dict(zip(kept[0].tolist(), kept[1].tolist(), strict=True))
    assert [there[at] for at in energy.starts.tolist()] == pytest.approx(energy.values.tolist())
    again = load(found, store, SITE, tmp_path / "imports", now=NOW, resume=False)
    assert (again.rolled, store.count()) == (0, len(times))
    store.close()


@pytest.mark.parametrize("behind", [0, 7 * QUARTER + 61_000])
def test_a_file_in_stretches_is_laid_in_front_of_a_meter_as_a_whole_one(
    tmp_path: Path, behind: int, request: pytest.FixtureRequest
) -> None:
    rows = [row for nth, row in enumerate(quarters(200)) if nth not in {50, 51, 120}]
    text = table("일시,사용량(kWh)", rows)
    held = []
    for name in ("whole", "stretches"):
        folder = tmp_path / name
        folder.mkdir()
        found = understood(folder, text, mapping=STARTS)
        live = found.series[0].whole()
        store = DuckStore(folder / "readings.duckdb")
        # The meter is read from the 150th interval on, and counts what the file says.
        edges = np.append(live.starts[150:], live.ends[-1])
        counter = 5e6 + np.append(0, np.cumsum(live.values[150:]))
        at = (edges + behind).tolist()
        meter = Table.of("main", "power_meter", at, {ENERGY.channel: counter.tolist()})
        store.write([Batch(SITE, "gw-1", "0123456789abcdef", 1, [meter])])
        loaded = load(found, store, SITE, folder / "imports", now=NOW)
        times, values = store.read(ENERGY, -(2**53), 2**53)
        held.append((times.tolist(), np.round(values, 3).tolist(), loaded.joined))
        store.close()
        if name == "whole":
            request.getfixturevalue("short")
    assert held[0] == held[1]
    assert held[0][2][0].intervals >= 150


@some
@given(amounts, st.integers(1, 39))
@example([0.0, 0.0, None, 0.0, 1.0], 2)
@example([None, 0.0, 0.0, None, 0.0, None, 0.0], 1)
def test_a_register_that_is_made_in_two_parts_is_the_one_made_at_once(rows: list[float | None], cut: int) -> None:
    both = series(rows)
    first, second = (both.where(both.starts < cut * STEP), both.where(both.starts >= cut * STEP))
    if not len(first.values) or not len(second.values):
        return
    end = int(first.ends[-1])
    times, values = register(first, 0.0, preceded=False, trace=trace_before(second, 0.0, end))
    reset = int(second.starts[0]) > end + 1
    more = register(second, float(values[-1]), preceded=reset)
    skip = 0 if reset else 1
    whole = register(both, 0.0, preceded=False)
    assert np.concatenate((times, more[0][skip:])).tolist() == whole[0].tolist()
    assert np.concatenate((values, more[1][skip:])).tolist() == whole[1].tolist()


@some
@given(
    st.lists(st.integers(0, 400), min_size=3, max_size=80), st.booleans(), st.sampled_from([QUARTER, DAY, 8 * QUARTER])
)
@example([1, 2, 3, *range(4, 96), 0, *range(97, 192), 96], False, QUARTER)
def test_stamps_are_told_as_analytics_tells_those_that_fit_in_memory(
    places: list[int], ordered: bool, step: int
) -> None:
    if len(set(places)) == 1:
        return
    walls = np.array(sorted(places) if ordered else places, np.int64) * step
    found = Walls(Scratch())
    for part in np.array_split(walls, 4):
        found.add(part)
    found.settle(intervals=False)
    sequence = walls[::-1] if found.newest_first else walls
    told = found.stamped()
    try:
        whole = analytics.read_stamps(sequence)
    except analytics.AnalyticsError:
        assert told is None
        return
    assert told is not None
    assert (told.step_ms, told.evidence) == (whole.step_ms, whole.evidence)
    late = found.late(0, len(walls), told.step_ms)[1] if told.late else np.zeros(len(walls), np.bool_)
    starts = whole.starts_ms[::-1] if found.newest_first else whole.starts_ms
    shift = told.step_ms if told.at == "end" else 0
    assert (walls + np.where(late, DAY, 0) - shift).tolist() == starts.tolist()


@some
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.booleans()), min_size=1, max_size=120))
def test_rows_are_put_in_order_by_series_and_time_and_those_of_one_time_stay_as_they_were(
    rows: list[tuple[int, int, bool]],
) -> None:
    scratch = Scratch()
    group, time, kept = (np.array(column) for column in zip(*rows, strict=True))
    nth, when = scratch.column(np.int64), scratch.column(np.int64)
    nth.append(np.arange(len(rows)))
    when.append(time)

    def look(start: int, stop: int) -> Sought:
        return Sought(kept[start:stop], group[start:stop], time[start:stop])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exchange.scratch.BLOCK", 5)
        found = spread(len(rows), 4, look)
        made, times = in_order(len(rows), found, look, [nth, when], when)
        there = [at for at in range(len(rows)) if kept[at]]
        there.sort(key=lambda at: (group[at], time[at], at))
        assert made.read(0, len(made)).tolist() == there
        assert times.read(0, len(times)).tolist() == [time[at] for at in there]
        assert found.counts.tolist() == [int(np.count_nonzero(kept & (group == each))) for each in range(4)]


CELLS = ["1", "-1.5", "", " 2 ", "1e3", "1e999", "3.", ".5", "-", "nan", "1_0", "1,234", "+7", "1-2", "٣", "0x1", "--"]


@some
@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=6))
def test_cells_read_together_are_the_numbers_that_each_is_by_itself(cells: list[str]) -> None:
    values, wrong = numbers_of(cells, Decimal.POINT)
    each = [np.nan if is_empty(cell) else number(cell, Decimal.POINT) for cell in cells]
    assert wrong == [nth for nth, value in enumerate(each) if value is None]
    assert np.array_equal(values, np.array([np.nan if value is None else value for value in each]), equal_nan=True)


@some
@given(st.lists(st.integers(1_700_000_000, 1_800_000_000), min_size=1, max_size=30))
def test_a_zones_offset_is_the_same_by_days_and_by_quarter_hours(seconds: list[int]) -> None:
    zone = zone_named("Europe/Berlin")
    # 26 October 2025 and 30 March 2025, when clocks change, and any other time.
    walls = np.array([1_761_440_400 + at % 90_000 for at in seconds] + [1_743_292_800 + at % 90_000 for at in seconds])
    walls = np.concatenate((walls, seconds)) * 1000
    together = to_utc(walls, zone)
    single = [to_utc(walls[nth : nth + 1], zone) for nth in range(len(walls))]
    assert together.times.tolist() == [int(each.times[0]) for each in single]
    assert together.absent.tolist() == [bool(each.absent[0]) for each in single]


def test_what_is_read_finds_no_room_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(OSError, match="make room there, or name another folder with TMPDIR") as raised:
        understood(tmp_path, table("일시,사용량(kWh)", quarters(96)))
    assert raised.value.filename
