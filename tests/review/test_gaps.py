"""What was not metered stays a gap: nothing is filled, and what a counter tells across it is told as a whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from review import MeterReview, Review, ReviewError, Settings, last_full_days, review
from review.period import period
from review.quarters import read_quarters
from storage import DuckStore, Series
from telemetry import Batch, Table
from tests.review.works import COUNTED, FIRST, LAST, SITE, START, ZONE, Works, midnight_ms

TOLD = Settings(won_per_kwh=100.0, baseline_days=28)
WEEK = FIRST + dt.timedelta(6)
IN_WEEK = slice(COUNTED, COUNTED + 7 * 96)


def of(found: Review, device: str) -> MeterReview:
    return next(meter for meter in found.meters if meter.device == device)


def week_of(works: Works, path: Path) -> Review:
    store = works.stored(path)
    try:
        return review(store, SITE, (), FIRST, WEEK, TOLD)
    finally:
        store.close()


def test_energy_across_a_gap_is_counted_whole_and_is_no_power(tmp_path: Path) -> None:
    # From 10:00 to 14:00 of the first day nothing was read: the register is known at 09:45 and at 14:00.
    lost = (COUNTED + 40, COUNTED + 56)
    works = Works(lost=lost, end=COUNTED + 7 * 96)
    found = week_of(works, tmp_path / "readings.duckdb")
    press = of(found, "press")
    assert press.energy_kwh == pytest.approx(works.press_kw[IN_WEEK].sum() / 4)
    assert press.bridged_kwh == pytest.approx(works.press_kw[lost[0] - 1 : lost[1]].sum() / 4)
    assert press.longest_gap_h == 4.25
    assert press.coverage_pct == pytest.approx(100 * (1 - 17 / (7 * 96)))
    assert press.cost == pytest.approx(100.0 * works.press_kw[IN_WEEK].sum() / 4)
    assert press.load is not None
    known = np.delete(works.press_kw[IN_WEEK], np.arange(39, 56))
    assert press.load.mean_kw == pytest.approx(known.mean())
    assert press.load.peak_kw == pytest.approx(known.max())
    assert press.idle is not None
    assert press.idle.hours == pytest.approx(4.0)
    assert "coverage" in {finding.code for finding in found.findings}
    # The site's own meter saw everything; shares are of what both saw.
    both = np.ones(7 * 96, dtype=bool)
    both[39:56] = False
    assert press.share_pct == pytest.approx(
        100 * works.press_kw[IN_WEEK][both].sum() / works.main_kw[IN_WEEK][both].sum()
    )
    assert found.total.rest_kwh == pytest.approx(3.0 * (7 * 96 - 17) / 4)


def test_what_ran_between_a_reset_and_the_reading_before_it_is_not_known(tmp_path: Path) -> None:
    works = Works(reset_at=COUNTED + 45, end=COUNTED + 7 * 96)
    press = of(week_of(works, tmp_path / "readings.duckdb"), "press")
    lost = works.press_kw[COUNTED + 44] / 4
    assert press.energy_kwh == pytest.approx(works.press_kw[IN_WEEK].sum() / 4 - lost)
    assert (press.bridged_kwh, press.longest_gap_h) == (0.0, 0.25)


def test_a_meter_without_a_counter_is_reviewed_by_its_power(tmp_path: Path) -> None:
    works = Works(power_only=True, only=("hall",))
    hall = of(week_of(works, tmp_path / "readings.duckdb"), "hall")
    assert hall.source == "power"
    assert hall.energy_kwh == pytest.approx(works.hall_kw[IN_WEEK].sum() / 4)
    assert hall.load is not None
    assert hall.load.peak_kw == pytest.approx(works.hall_kw[IN_WEEK].max())


def test_a_site_without_a_main_meter_is_the_sum_of_its_meters_where_all_are_known(tmp_path: Path) -> None:
    works = Works(main=False, lost=(COUNTED + 40, COUNTED + 56), end=COUNTED + 7 * 96)
    found = week_of(works, tmp_path / "readings.duckdb")
    total = found.total
    assert total.of == ["hall", "press"]
    assert total.energy_kwh == pytest.approx((works.press_kw + works.hall_kw)[IN_WEEK].sum() / 4)
    assert total.coverage_pct == pytest.approx(100 * (1 - 17 / (7 * 96)))
    assert total.load is not None
    assert total.load.mean_kw == pytest.approx(
        np.delete((works.press_kw + works.hall_kw)[IN_WEEK], range(39, 56)).mean()
    )
    assert (total.rest_kwh, total.rest_pct) == (None, None)


def test_meters_that_count_more_than_the_main_one_leave_no_rest_but_a_question(tmp_path: Path) -> None:
    store = Works(main=False, end=COUNTED + 7 * 96).stored(tmp_path / "readings.duckdb")
    times = [midnight_ms(FIRST) + index * 900_000 for index in range(7 * 96 + 1)]
    less = Table.of("main", "power_meter", times, {"energy_import_wh": [250.0 * index for index in range(len(times))]})
    store.write([Batch(SITE, "gw-1", "e", 2, [less])])
    found = review(store, SITE, (), FIRST, WEEK, TOLD)
    store.close()
    assert found.total.rest_kwh is None
    assert [one.code for one in found.missing] == ["rest"]
    assert "more than the main one" in found.missing[0].text.en


def test_a_week_has_too_few_days_for_anomalies_and_candidates_and_says_so(tmp_path: Path) -> None:
    store = Works(end=7 * 96).stored(tmp_path / "readings.duckdb")
    found = review(store, SITE, ["press"], START, START + dt.timedelta(6), Settings())
    store.close()
    [press] = found.meters
    assert press.baseline is None
    assert [one.code for one in press.missing] == ["anomalies"]
    assert "7 within it; 21 are the least" in press.missing[0].text.en
    assert press.cost is None
    assert [one.code for one in found.missing] == ["cost"]
    [candidate] = found.candidates
    assert (candidate.rank, candidate.yearly_kwh) == (None, None)
    assert candidate.undecided is not None
    assert "Whole weeks metered: 1" in candidate.undecided.en


def test_roll_ups_say_what_the_readings_said_also_when_they_are_alone(tmp_path: Path) -> None:
    first, last = START + dt.timedelta(1), START + dt.timedelta(3)
    store = Works(lost=(136, 152), end=4 * 96, only=("press",)).stored(tmp_path / "readings.duckdb")
    before = review(store, SITE, (), first, last, TOLD)
    while store.roll(midnight_ms(LAST)):
        pass
    rolled = review(store, SITE, (), first, last, TOLD)
    store.forget(midnight_ms(last + dt.timedelta(2)), 0)
    gone = review(store, SITE, (), first, last, TOLD)
    series = Series(SITE, "power_meter", "press", "energy_import_wh")
    assert not len(store.read(series, 0, midnight_ms(LAST))[0])
    store.close()
    read, told = before.meters[0], rolled.meters[0]
    assert (told.energy_kwh, told.bridged_kwh, told.longest_gap_h) == pytest.approx((
        read.energy_kwh, read.bridged_kwh, read.longest_gap_h,
    ))  # fmt: skip
    assert told.load == read.load
    left = gone.meters[0]
    assert (left.energy_kwh, left.bridged_kwh, left.longest_gap_h) == pytest.approx((
        read.energy_kwh, read.bridged_kwh, read.longest_gap_h,
    ))  # fmt: skip
    assert left.load is not None
    assert read.load is not None
    assert left.load.peak_days == read.load.peak_days


def test_days_on_which_clocks_change_have_their_23_and_25_hours() -> None:
    spring = period(dt.date(2026, 3, 28), dt.date(2026, 3, 30), ZoneInfo("Europe/Berlin"))
    autumn = period(dt.date(2026, 10, 25), dt.date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    assert np.bincount(spring.day).tolist() == [96, 92, 96]
    assert len(autumn.starts) == 100
    assert np.count_nonzero(autumn.hour == 2) == 8


def test_a_spike_of_the_register_is_no_peak(tmp_path: Path) -> None:
    """Three rolled days, 1 kW throughout, and one reading 5 MWh too high."""
    times = [midnight_ms(START) + index * 300_000 for index in range(3 * 288 + 1)]
    register = np.arange(len(times)) * (1000.0 / 12.0)
    register[400] += 5_000_000.0
    store = DuckStore(tmp_path / "readings.duckdb")
    table = Table.of("press", "power_meter", times, {"energy_import_wh": register.tolist()})
    store.write([Batch(SITE, "gw-1", "e", 1, [table])])
    while store.roll(midnight_ms(LAST)):
        pass
    days = period(START, START + dt.timedelta(2), ZONE)
    found = read_quarters(store, Series(SITE, "power_meter", "press", "energy_import_wh"), days)
    store.close()
    assert float(np.nanmax(found.values)) == pytest.approx(250.0)
    assert found.known.all()


def test_a_store_that_was_read_for_part_of_a_day_only_has_no_whole_day(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    times = [midnight_ms(START) + 3_600_000 * index for index in range(10, 30)]
    table = Table.of("press", "power_meter", times, {"energy_import_wh": [float(time) for time in range(len(times))]})
    store.write([Batch(SITE, "gw-1", "e", 1, [table])])
    with pytest.raises(ReviewError, match="not read for one whole day yet: 2026-03-02 10:00 to 2026-03-03 05:00"):
        last_full_days(store, SITE, TOLD)
    store.close()
