from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.operations import fit_demand_forecast, foretell_demand
from api.demand import WINDOW_MS, Band, outlook, project
from api.energy import Energy
from api.past_demand import ENOUGH, Past
from api.running_demand import foretell
from api.texts import Speaker
from storage import DuckStore, StoreUnavailableError
from tests.api.demand_parts import DAY, MINUTE, SECOND, START, Works, every, give_past, restless, steady, write
from tests.parts import wait_until

END = START + WINDOW_MS
SIMPLE = Band("young")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    opened = DuckStore(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def works(store: DuckStore) -> Iterator[Works]:
    opened = Works(store, target_kw=110.0)
    yield opened
    opened.past.close()


def test_the_projection_adds_what_the_present_power_will_use() -> None:
    so_far = Energy(START, START + 5 * MINUTE, 10_000, "counter")
    demand = project(so_far, 60_000, (START, END), 150, SIMPLE)
    assert demand.average_w == pytest.approx(120_000)
    assert demand.projected_wh == pytest.approx(10_000 + 60_000 * 10 / 60)
    assert demand.projected_w == pytest.approx(80_000)
    assert demand.target_w == 150_000
    assert (demand.low_w, demand.high_w, demand.confidence) == (None, None, None)


def test_a_window_seen_from_its_middle_takes_its_beginning_at_the_average() -> None:
    half = Energy(START + WINDOW_MS // 2, END, 12_500, "counter")
    assert project(half, 0, (START, END), None, SIMPLE).projected_w == pytest.approx(100_000)


def test_what_may_still_be_drawn_brings_the_window_exactly_to_its_target() -> None:
    so_far = Energy(START, START + 10 * MINUTE, 20_000, "counter")
    demand = project(so_far, 130_000, (START, END), 100, SIMPLE)
    assert demand.allowed_w == pytest.approx(60_000)
    assert demand.outlook == "over"
    again = project(so_far, demand.allowed_w or 0.0, (START, END), 100, SIMPLE)
    assert again.projected_w == pytest.approx(100_000)
    spent = project(Energy(START, START + 10 * MINUTE, 26_000, "counter"), 0, (START, END), 100, SIMPLE)
    assert (spent.outlook, (spent.allowed_w or 0) < 0) == ("exceeded", True)


def test_the_band_never_promises_back_what_was_drawn() -> None:
    so_far = Energy(START, START + 14 * MINUTE, 25_000, "counter")
    demand = project(so_far, 3_000, (START, END), None, Band("learned", 100, below_w=50_000, above_w=20_000))
    assert demand.low_w == pytest.approx(100_000)
    assert demand.high_w == pytest.approx(demand.projected_w + 20_000)
    assert (demand.outlook, demand.allowed_w) == (None, None)


@pytest.mark.parametrize(
    ("certain", "projected", "high", "said"),
    [
        (101, 105, 106, "exceeded"),
        (60, 101, 105, "over"),
        (60, 99, 101, "possible"),
        (60, 99, 100, "within"),
        (60, 99, None, "within"),
    ],
)
def test_the_outlook_says_what_is_certain_expected_and_possible(
    certain: float, projected: float, high: float | None, said: str
) -> None:
    assert outlook(100, certain, projected, high) == said


def test_a_learned_band_is_that_of_the_sites_own_past(store: DuckStore, works: Works) -> None:
    power = give_past(store)
    steady(store, "main", START + 10 * MINUTE)
    assert works.demand(START + 10 * MINUTE).basis == "learning", "nobody waits for the past to be read"
    demand = works.learned(START + 10 * MINUTE)
    assert (demand.basis, demand.windows, demand.confidence) == ("learned", 192, 0.9)
    expected = foretell_demand(fit_demand_forecast(power, recent=30), np.full(60, 100_000.0), confidence=0.9)
    assert demand.projected_w == pytest.approx(expected.value)
    assert demand.low_w == pytest.approx(expected.low)
    assert demand.high_w == pytest.approx(expected.high)
    assert demand.outlook == "within"


def test_bands_told_hold_as_often_as_they_say_on_windows_that_were_not_learned() -> None:
    past, held = Past(restless(400), 10_000), 0
    for window in restless(200, seed=2):
        so_far = Energy(START, START + 10 * MINUTE, window[:60].sum() / 360, "counter")
        band = foretell(window[:60], past, 10_000, START, so_far)
        demand = project(so_far, window[30:60].mean(), (START, END), None, band)
        assert demand.low_w is not None
        assert demand.high_w is not None
        held += demand.low_w <= window.mean() <= demand.high_w
    assert 165 <= held <= 195  # 180 expected of 200, three standard deviations either way


def test_a_site_without_enough_past_says_how_much_there_is(store: DuckStore, works: Works) -> None:
    give_past(store, windows=ENOUGH - 1)
    steady(store, "main", START + 10 * MINUTE)
    demand = works.learned(START + 10 * MINUTE)
    assert (demand.basis, demand.high_w) == ("young", None)
    assert demand.windows == ENOUGH - 1
    for language in ("ko", "en"):
        assert f"{ENOUGH}" in Speaker(language)("demand.basis.young", n=3)


def test_a_load_that_the_past_never_saw_gets_no_band(store: DuckStore, works: Works) -> None:
    give_past(store, level=40_000.0)
    steady(store, "main", START + 10 * MINUTE)
    assert works.learned(START + 10 * MINUTE).basis == "unlike"


def test_quiet_nights_do_not_lend_working_hours_their_narrow_band() -> None:
    nights, days = 20_000 + 0.05 * (restless(300) - 100_000), restless(100, seed=3)
    so_far = Energy(START, START + 10 * MINUTE, 100_000 / 6, "counter")
    mixed, alone = (
        foretell(np.full(60, 100_000.0), Past(windows, 10_000), 10_000, START, so_far)
        for windows in (np.vstack((nights, days)), days)
    )
    assert mixed.basis == "learned"
    assert (mixed.below_w, mixed.above_w) == pytest.approx((alone.below_w, alone.above_w))


def test_a_factory_at_rest_is_told_what_may_start_up() -> None:
    days = np.vstack((restless(100), np.zeros((100, 90))))
    days[100:130, 60:] = 90_000.0
    at_rest = Energy(START, START + 9 * MINUTE, 0.0, "counter")
    band = foretell(np.zeros(54), Past(days, 10_000), 10_000, START, at_rest)
    assert (band.basis, band.below_w) == ("learned", 0.0)
    assert band.above_w == pytest.approx(30_000)
    assert foretell(np.zeros(54), Past(days[:115], 10_000), 10_000, START, at_rest).basis == "unlike"


def test_quarter_hours_with_gaps_are_not_learned_from(store: DuckStore, works: Works) -> None:
    power = restless(192).ravel()
    times = START - 193 * WINDOW_MS + 10 * SECOND * np.arange(len(power))
    kept = np.ones(len(times), bool)
    kept[90 * 10 + 5 : 90 * 10 + 35] = False  # five minutes of one
    kept[90 * 20 + 5 : 90 * 20 + 9] = False  # forty seconds of another are bridged
    write(store, "main", times[kept], power[kept])
    steady(store, "main", START + 10 * MINUTE)
    assert works.learned(START + 10 * MINUTE).windows == 191


def test_the_last_minutes_are_carried_on(store: DuckStore, works: Works) -> None:
    times = every(1, START - MINUTE, START + 10 * MINUTE)
    power = np.where(times < START + 5 * MINUTE, 50_000.0, 110_000.0)
    register = ((power.cumsum() - power) / 3600).astype(np.float64)
    write(store, "main", times, power, register)
    demand = works.demand(START + 10 * MINUTE)
    assert demand.power_w == pytest.approx(110_000)
    assert demand.projected_w == pytest.approx(90_000)
    assert demand.allowed_w == pytest.approx(3 * 110_000 - 50_000 - 110_000)


def test_just_past_the_boundary_the_minutes_before_it_are_carried_on(store: DuckStore, works: Works) -> None:
    give_past(store)
    steady(store, "main", START - SECOND, 80_000.0)
    demand = works.demand(START + 500)
    assert (demand.start, demand.since, demand.until, demand.energy_wh) == (START, START, START, 0.0)
    assert (demand.basis, demand.outlook) == ("beginning", "within")
    assert demand.projected_w == pytest.approx(80_000)
    assert demand.allowed_w == pytest.approx(110_000)


@pytest.mark.parametrize(("lost", "basis"), [((60, 120), "learned"), ((420, 530), "gaps")])
def test_a_counter_bridges_a_gap_but_not_in_the_last_minutes(
    store: DuckStore, works: Works, lost: tuple[int, int], basis: str
) -> None:
    give_past(store)
    times = every(1, START - MINUTE, START + 10 * MINUTE)
    seen = (times < START + lost[0] * SECOND) | (times > START + lost[1] * SECOND)
    register = (100_000.0 * (times - times[0]) / 3_600_000).astype(np.float64)
    write(store, "main", times[seen], np.full(seen.sum(), 100_000.0), register[seen])
    demand = works.learned(START + 10 * MINUTE)
    assert demand.basis == basis
    assert demand.projected_w == pytest.approx(100_000), "what was drawn in the gap was counted"


def test_a_gap_that_only_power_would_tell_of_is_taken_at_the_average(store: DuckStore, works: Works) -> None:
    give_past(store)
    times = every(1, START - MINUTE, START + 10 * MINUTE)
    seen = (times < START + 2 * MINUTE) | (times >= START + 5 * MINUTE)
    write(store, "main", times[seen], np.full(seen.sum(), 100_000.0))
    demand = works.learned(START + 10 * MINUTE)
    assert (demand.source, demand.basis) == ("power", "gaps")
    assert demand.projected_w == pytest.approx(100_000, rel=0.02)


def test_a_window_that_is_measured_from_its_middle_has_no_band(store: DuckStore, works: Works) -> None:
    give_past(store)
    times = every(1, START + 5 * MINUTE, START + 10 * MINUTE)
    write(store, "main", times, np.full(len(times), 90_000.0), 25.0 * np.arange(len(times), dtype=np.float64))
    demand = works.learned(START + 10 * MINUTE)
    assert (demand.since, demand.basis) == (START + 5 * MINUTE, "gaps")
    assert demand.projected_w == pytest.approx(90_000)


@pytest.mark.parametrize("after", [9_000_000.0, 0.0])
def test_a_meter_that_was_exchanged_is_not_a_peak(store: DuckStore, works: Works, after: float) -> None:
    give_past(store)
    times = every(1, START - MINUTE, START + 10 * MINUTE)
    drawn = 100_000.0 * (times - times[0]) / 3_600_000
    register = np.where(times < START + 4 * MINUTE, 500_000.0 + drawn, after + drawn)
    write(store, "main", times, np.full(len(times), 100_000.0), register)
    demand = works.learned(START + 10 * MINUTE)
    # Of a register that fell, at most the minute of the exchange is not counted.
    assert 93_000 < demand.projected_w < 101_000
    assert (demand.basis, demand.outlook) == ("learned", "within")


def test_a_register_that_stands_still_does_not_hide_what_is_drawn(store: DuckStore, works: Works) -> None:
    times = every(1, START - MINUTE, START + 10 * MINUTE)
    write(store, "main", times, np.full(len(times), 120_000.0), np.full(len(times), 7_000.0))
    demand = works.demand(START + 10 * MINUTE)
    assert (demand.source, demand.outlook) == ("power", "over")
    assert demand.projected_w == pytest.approx(120_000)


def test_meters_without_a_main_one_are_added_up(store: DuckStore, works: Works) -> None:
    power = give_past(store, "press", level=70_000.0) + give_past(store, "oven", level=30_000.0)
    steady(store, "press", START + 10 * MINUTE, 70_000.0)
    steady(store, "oven", START + 10 * MINUTE - 3 * SECOND, 30_000.0)
    demand = works.learned(START + 10 * MINUTE)
    assert (demand.basis, demand.source) == ("learned", "counter")
    assert demand.projected_w == pytest.approx(100_000)
    expected = foretell_demand(fit_demand_forecast(power, recent=30), np.full(59, 100_000.0))
    assert demand.high_w == pytest.approx(expected.high)


def test_a_silent_meter_of_the_sum_leaves_no_band_and_its_energy_in(store: DuckStore, works: Works) -> None:
    steady(store, "press", START + 10 * MINUTE, 70_000.0)
    steady(store, "oven", START + 5 * MINUTE, 30_000.0)
    demand = works.demand(START + 10 * MINUTE)
    assert (demand.basis, demand.high_w) == ("missing", None)
    assert demand.energy_wh == pytest.approx(70_000 / 6 + 30_000 / 12)
    assert demand.projected_w == pytest.approx(70_000 + 30_000 / 3)


def test_the_past_is_read_anew_only_now_and_then_and_a_store_that_fails_takes_nothing_away(
    store: DuckStore, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_past(store)
    steady(store, "main", START + 10 * MINUTE)
    works.learned(START + 10 * MINUTE)
    reads, read = [], threading.Event()

    def failing(*args: Any) -> None:
        reads.append(args)
        read.set()
        raise StoreUnavailableError("gone")

    monkeypatch.setattr("api.past_demand.read_course", failing)
    devices = works.factory._directory.devices("works")
    assert works.past.get("works", devices, START, 10_000) is not None
    assert not reads, "what was learned a moment ago is used"
    works.now += DAY
    assert works.past.get("works", devices, START + DAY, 10_000) is not None
    assert read.wait(60)
    wait_until(lambda: not works.past._slots["works"].busy, "the attempt is over")
    past = works.past.get("works", devices, START + DAY, 10_000)
    assert past is not None
    assert len(past.windows) == 192
    assert len(reads) == 1, "and it is not asked again at once"
