from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.calendar import DAY_MS, WEEK_MS, Clock, local_date, midnight_ms, public_holidays
from simulator.errors import SimulatorError
from simulator.weather import DATA, load_weather

SEOUL = ZoneInfo("Asia/Seoul")
START, LIVE = date(2024, 12, 2), date(2025, 2, 24)


@settings(deadline=None)
@given(st.integers(1_767_193_200, 2_366_809_200).map(lambda at: datetime.fromtimestamp(at, SEOUL)))
def test_now_falls_into_the_first_live_week_at_its_own_weekday_and_hour(now: datetime) -> None:
    now_ms = int(now.timestamp() * 1000)
    clock = Clock.from_now(now_ms, LIVE)
    played = datetime.fromtimestamp(clock.scenario_ms(now_ms) / 1000, SEOUL)
    assert clock.offset_ms % WEEK_MS == 0
    assert 0 <= clock.scenario_ms(now_ms) - midnight_ms(LIVE) < WEEK_MS
    assert (played.weekday(), played.hour, played.minute) == (now.weekday(), now.hour, now.minute)
    assert clock.real_ms(clock.scenario_ms(now_ms)) == now_ms


def test_the_whole_real_week_is_laid_over_the_same_scenario_week() -> None:
    monday = int(datetime(2026, 11, 16, tzinfo=SEOUL).timestamp() * 1000)
    offsets = {Clock.from_now(at, LIVE).offset_ms for at in (monday, monday + 3 * DAY_MS, monday + WEEK_MS - 1)}
    assert len(offsets) == 1
    assert Clock.from_now(monday - 1, LIVE).offset_ms == offsets.pop() - WEEK_MS


@settings(deadline=None)
@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2050, 1, 1)))
def test_local_midnight_is_seouls(day: date) -> None:
    at = midnight_ms(day)
    assert datetime.fromtimestamp(at / 1000, SEOUL) == datetime(day.year, day.month, day.day, tzinfo=SEOUL)
    assert local_date(at) == day
    assert local_date(at - 1) < day


def test_seollal_its_temporary_holiday_and_new_year_are_holidays() -> None:
    days = public_holidays("KR", START, date(2025, 3, 3))
    expected = {(2024, 12, 25), (2025, 1, 1), (2025, 1, 27), (2025, 1, 28), (2025, 1, 29), (2025, 1, 30)}
    assert days == {date(*day) for day in expected} | {date(2025, 3, 1), date(2025, 3, 3)}


def test_the_weather_is_the_files_on_the_hour_and_between_hours_in_between() -> None:
    weather = load_weather(DATA / "gimpo-hourly.csv", START)
    rows = (DATA / "gimpo-hourly.csv").read_text(encoding="utf-8").splitlines()[1:]
    values = [float(row.split(",")[1]) for row in rows]
    assert rows[0].startswith("2024-12-02 00:00:00+09:00")
    assert weather.temperature(np.array([0, 60, 24 * 60])).tolist() == [values[0], values[1], values[24]]
    assert weather.temperature(np.array([30]))[0] == pytest.approx((values[0] + values[1]) / 2)


def test_the_weather_goes_on_for_ever_by_whole_years_of_weeks() -> None:
    weather = load_weather(DATA / "gimpo-hourly.csv", START)
    year = 52 * 7 * 1440
    minutes = np.arange(0, year, 777)
    for years in (1, 2, 30):
        later = minutes + years * year
        kept = later > 53 * 7 * 1440  # the file itself reaches a week past the year
        np.testing.assert_array_equal(
            weather.temperature(later)[kept & (minutes > 7 * 1440)],
            weather.temperature(minutes)[kept & (minutes > 7 * 1440)],
        )
    everywhere = weather.temperature(np.arange(0, 40 * year, 61))
    assert everywhere.min() > -25.0
    assert everywhere.max() < 42.0


def test_a_weather_file_with_a_gap_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gap.csv"
    start = datetime(2024, 12, 2, tzinfo=UTC)
    path.write_text(
        f"time,temp_air_c\n{start.isoformat()},1\n{start.replace(hour=2).isoformat()},2\n", encoding="utf-8"
    )
    with pytest.raises(SimulatorError, match="one hour apart"):
        load_weather(path, START)
    with pytest.raises(SimulatorError, match="time,temp_air_c"):
        load_weather(path.with_name("none.csv"), START)
    with pytest.raises(SimulatorError, match="53 weeks"):
        load_weather(DATA / "gimpo-hourly.csv", date(2025, 1, 6))
