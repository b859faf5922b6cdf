"""Imports into a real store: once, twice, stopped, in the order of months, and beside readings that are there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import exchange
from exchange.loading import State, load
from storage import Aggregate, DuckStore, Series, Store, Written
from telemetry import Batch, Table
from tests.exchange.parts import SITE, day, stamps, steel, table, understood

ENERGY = Series(SITE, "power_meter", "main", "energy_import_wh")
NOW = 2_000_000_000_000
ALL = -(2**53), 2**53
DAY = 86_400_000
ONE = "Leading_Current_Power_Factor=-"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    store = DuckStore(tmp_path / "readings.duckdb")
    yield store
    store.close()


def put(store: DuckStore, series: Series, points: dict[int, float]) -> None:
    rows = Table.of(series.device, series.kind, sorted(points), {series.channel: [points[at] for at in sorted(points)]})
    store.write([Batch(series.site, "gw-1", "0123456789abcdef", 1, [rows])])


def energies(store: DuckStore, start: int, end: int, every: int = 900_000) -> list[float]:
    found: list[float] = store.windows(ENERGY, start, end, every, Aggregate.INCREASE)[1].tolist()
    return found


def test_the_steel_files_quarter_hours_and_days_are_in_the_store_as_the_file_has_them(
    store: DuckStore, tmp_path: Path
) -> None:
    found = steel(ONE)
    loaded = load(found, store, SITE, tmp_path / "imports", now=NOW)
    assert (loaded.finished, loaded.readings, loaded.rejected) == (True, 4 * 1248 + 3, {})
    energy = found.series[0].whole()
    first, last = int(energy.starts[0]), int(energy.ends[-1])
    assert energies(store, first, last) == pytest.approx(energy.values.tolist(), rel=1e-9)
    by_day = energy.values.reshape(13, 96).sum(axis=1)
    by_window = store.windows(ENERGY, first, last, DAY, Aggregate.INCREASE, first)[1]
    assert by_window.tolist() == pytest.approx(by_day.tolist(), rel=1e-9)
    rolled = store.rollups(ENERGY, first, last)
    assert rolled.increase.tolist() == pytest.approx(energy.values.tolist(), rel=1e-9)
    assert (rolled.coverage == 1.0).all()
    factor = store.read(Series(SITE, "power_meter", "main", "power_factor"), *ALL)
    assert (int(factor[0][0]), float(factor[1][0])) == (first, 0.7321)


def test_an_import_that_is_repeated_changes_nothing_and_says_so(store: DuckStore, tmp_path: Path) -> None:
    load(steel(ONE), store, SITE, tmp_path / "imports", now=NOW)
    before = store.read(ENERGY, *ALL)
    again = load(steel(ONE), store, SITE, tmp_path / "imports", now=NOW)
    assert (again.stored, again.finished) == (0, True)
    assert "nothing was changed" in exchange.said(again, "f", "en")
    anew = load(steel(ONE), store, SITE, tmp_path / "imports", now=NOW, resume=False)
    assert (anew.stored, anew.rolled) == (anew.readings, 0)
    after = store.read(ENERGY, *ALL)
    assert (before[0].tolist(), before[1].tolist()) == (after[0].tolist(), after[1].tolist())
    assert store.duplicates() == 0


def test_a_stopped_import_goes_on_where_it_was(
    store: DuckStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.loading._AT_ONCE", 500)
    calls = itertools.count()
    some = load(steel(ONE), store, SITE, tmp_path / "imports", now=NOW, stopped=lambda: next(calls) >= 4)
    assert (some.finished, some.stored) == (False, 1249 + 500)
    assert "the same command goes on" in exchange.said(some, "f", "en")
    rest = load(steel(ONE), store, SITE, tmp_path / "imports", now=NOW)
    assert (rest.finished, rest.already, rest.stored) == (True, some.stored, some.readings - some.stored)
    energy = steel(ONE).series[0].whole()
    assert energies(store, int(energy.starts[0]), int(energy.ends[-1])) == pytest.approx(
        energy.values.tolist(), rel=1e-9
    )


class Ended(BaseException):
    """What ends a process: nothing after it runs."""


class Ending:
    """A store whose process ends when a write is committed, before anybody hears of it."""

    def __init__(self, store: DuckStore, last: int) -> None:
        self._store = store
        self._left = last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, batches: Sequence[Batch]) -> Written:
        written = self._store.write(batches)
        self._left -= 1
        if not self._left:
            raise Ended
        return written


@pytest.mark.parametrize("before", ["2026-03-01 18:00", "2026-03-01 12:00"])
def test_an_import_that_ends_between_a_commit_and_its_note_goes_on_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    monkeypatch.setattr("exchange.loading._AT_ONCE", 20)
    found = []
    for last in range(4):
        folder = tmp_path / str(last)
        folder.mkdir()
        store = DuckStore(folder / "readings.duckdb")
        earlier = table("일시,사용량(kWh)", ((at, 2) for at in stamps(24, before)))
        start = exchange.Mapping(device="main", time=exchange.TimeColumns(stamps="start"))
        load(understood(folder, earlier, mapping=start), store, SITE, folder / "imports", now=NOW)
        rows = [(at, nth % 7) for nth, at in enumerate(stamps(60)) if nth not in {30, 31}]
        file = understood(folder, table("일시,사용량(kWh)", rows), mapping=start)
        if last:
            with pytest.raises(Ended):
                load(file, cast("Store", Ending(store, last)), SITE, folder / "imports", now=NOW)
            store.close()
            store = DuckStore(folder / "readings.duckdb")
        assert load(file, store, SITE, folder / "imports", now=NOW).finished
        found.append([each.tolist() for each in store.read(ENERGY, *ALL)])
        store.close()
    assert found[1:] == found[:1] * 3


def test_a_damaged_state_is_as_none(store: DuckStore, tmp_path: Path) -> None:
    load(steel(ONE), store, SITE, tmp_path / "imports", now=NOW)
    state = next((tmp_path / "imports").glob("*.json"))
    state.write_bytes(state.read_bytes()[:20])
    assert load(steel(ONE), store, SITE, tmp_path / "imports", now=NOW).finished
    assert State.__struct_fields__ == ("file", "sha256", "stored_until", "finished", "fronts")


def days(folder: Path, start: str, number: int) -> exchange.Understood:
    rows = ((at, 1 + nth % 5) for nth, at in enumerate(stamps(number * 96, start)))
    return understood(folder, table("일시,사용량(kWh)", rows))


def test_files_that_follow_each_other_make_one_register(store: DuckStore, tmp_path: Path) -> None:
    first, second = days(tmp_path, "2026-01-01", 4), days(tmp_path, "2026-01-05", 3)
    for found in (first, second):
        load(found, store, SITE, tmp_path / "imports", now=NOW)
    times, values = store.read(ENERGY, *ALL)
    assert (len(times), bool((np.diff(values) > 0).all())) == (7 * 96 + 1, True)
    both = np.concatenate([first.series[0].whole().values, second.series[0].whole().values])
    assert energies(store, int(times[0]), int(times[-1])) == pytest.approx(both.tolist(), rel=1e-9)


def test_a_time_that_is_missing_between_two_files_is_not_counted(store: DuckStore, tmp_path: Path) -> None:
    for start in ("2026-01-01", "2026-01-20"):
        load(days(tmp_path, start, 4), store, SITE, tmp_path / "imports", now=NOW)
    times, _ = store.read(ENERGY, *ALL)
    kwh = sum(energies(store, int(times[0]), int(times[-1]), DAY)) / 1000
    assert kwh == pytest.approx(2 * sum(1 + nth % 5 for nth in range(4 * 96)), rel=1e-9)


def test_rows_that_two_files_share_are_counted_once(store: DuckStore, tmp_path: Path) -> None:
    whole = days(tmp_path, "2026-01-01", 6)
    load(whole, store, SITE, tmp_path / "imports", now=NOW)
    head, *rows = (tmp_path / "meter.csv").read_text(encoding="utf-8").splitlines()
    part = understood(tmp_path, "\n".join([head, *rows[4 * 96 :]]))
    load(part, store, SITE, tmp_path / "imports", now=NOW)
    assert store.count() == 577


def test_energy_is_not_laid_among_a_meters_own_readings(store: DuckStore, tmp_path: Path) -> None:
    found = understood(tmp_path, day())
    first = int(found.series[0].whole().starts[0])
    put(store, ENERGY, {first - DAY: 1e9, first + DAY // 2: 5e9})
    with pytest.raises(exchange.ConflictError, match="--device main-import"):
        load(found, store, SITE, tmp_path / "imports", now=NOW)
    assert store.count() == 2


def test_history_before_a_kind_of_device_that_is_known_takes_its_kind(store: DuckStore, tmp_path: Path) -> None:
    put(store, Series(SITE, "plc", "main", "cycle_time_s"), {1: 2.0})
    load(understood(tmp_path, day()), store, SITE, tmp_path / "imports", now=NOW)
    assert {each.kind for each in store.series(SITE)} == {"plc"}


def test_other_values_of_a_gauge_are_replaced_only_when_that_is_said(store: DuckStore, tmp_path: Path) -> None:
    found = understood(tmp_path, day(lambda nth: 20 + nth % 3, "일시,기온"))
    heat = Series(SITE, "power_meter", "main", "temperature_c")
    at = int(found.series[0].whole().stamps[0])
    put(store, heat, {at: -5.0})
    with pytest.raises(exchange.ConflictError, match=r"first -5 where the\s+file has 20"):
        load(found, store, SITE, tmp_path / "imports", now=NOW)
    load(found, store, SITE, tmp_path / "imports", now=NOW, replace=True)
    assert store.read(heat, at, at + 1)[1].tolist() == [20.0]


def test_a_register_is_stored_as_it_is_read_at_its_stamps(store: DuckStore, tmp_path: Path) -> None:
    found = understood(tmp_path, day(lambda nth: 1000 + nth, "일시,적산전력량(kWh)"))
    load(found, store, SITE, tmp_path / "imports", now=NOW)
    times, values = store.read(ENERGY, *ALL)
    assert values[:2].tolist() == [1_000_000.0, 1_001_000.0]
    assert times.tolist() == found.series[0].whole().stamps.tolist()


def test_nothing_is_imported_in_part_without_saying_so(store: DuckStore, tmp_path: Path) -> None:
    bad = understood(tmp_path, day(lambda nth: "?" if nth == 7 else 1 + nth % 3))
    with pytest.raises(exchange.BadCellsError, match=r"line 9, '사용량\(kWh\)': '\?' is no number.*--skip-bad"):
        load(bad, store, SITE, tmp_path / "imports", now=NOW)
    assert store.count() == 0
    load(bad, store, SITE, tmp_path / "imports", now=NOW, skip_bad=True)
    start = int(bad.series[0].whole().starts[0])
    found = energies(store, start, start + DAY)
    assert sum(found) == pytest.approx(bad.series[0].whole().values.sum())
    assert found[7] == 0.0
    double = understood(tmp_path, day() + "2026-03-02 00:15,9\n")
    with pytest.raises(exchange.ConflictError, match=r"2 on line 3, 9 on line 98.*--duplicates first"):
        load(double, store, SITE, tmp_path / "imports", now=NOW)
    with pytest.raises(exchange.OpenQuestionsError, match="--device main"):
        load(understood(tmp_path, day(), mapping=exchange.Mapping()), store, SITE, tmp_path / "imports", now=NOW)
