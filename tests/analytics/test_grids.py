"""Intervals on the local calendar, and finer values made coarser."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics import AnalyticsError, Flag, IntervalValues, interval_energy
from analytics.grids import Step, batch_edges, calendar_edges, resample, shift_edges, stack

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
HOUR = 3_600_000


def ms(text: str, zone: ZoneInfo = SEOUL) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def test_days_begin_at_local_midnight_and_weeks_are_whole() -> None:
    days = calendar_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 16), SEOUL, Step.DAY)
    assert (len(days), days[0], days[-1]) == (16, ms("2026-03-02"), ms("2026-03-17"))
    weeks = calendar_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 16), SEOUL, Step.WEEK)
    assert weeks.tolist() == [ms("2026-03-02"), ms("2026-03-09"), ms("2026-03-16")]
    assert len(calendar_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 2), SEOUL, Step.QUARTER)) == 97
    with pytest.raises(AnalyticsError, match="before"):
        calendar_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 1), SEOUL, Step.DAY)


def test_a_day_on_which_the_clock_moves_has_another_length() -> None:
    days = calendar_edges(dt.date(2026, 3, 28), dt.date(2026, 3, 30), BERLIN, Step.DAY)
    assert (np.diff(days) / HOUR).tolist() == [24, 23, 24]
    assert len(calendar_edges(dt.date(2026, 3, 29), dt.date(2026, 3, 29), BERLIN, Step.HOUR)) == 24


def test_shifts_run_over_midnight_and_keep_their_number() -> None:
    edges, number = shift_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 3), SEOUL, [dt.time(6), dt.time(14), dt.time(22)])
    assert number.tolist() == [0, 1, 2, 0, 1, 2]
    assert edges[2:4].tolist() == [ms("2026-03-02T22:00"), ms("2026-03-03T06:00")]
    with pytest.raises(AnalyticsError, match="22:00"):
        shift_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 3), SEOUL, [dt.time(22), dt.time(6)])


def test_batches_begin_where_their_number_changes() -> None:
    edges, number = batch_edges(np.array([0, 10, 20, 30, 40]), np.array([7, 7, 9, 9, 9]))
    assert edges.tolist() == [0, 20, 40]
    assert number.tolist() == [7, 9]


def test_energy_of_a_counter_adds_up_over_any_intervals() -> None:
    edges = calendar_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 4), SEOUL, Step.QUARTER)
    times = np.arange(edges[0], edges[-1] + 1, 60_000)
    register = np.cumsum(np.random.default_rng(1).integers(0, 50, len(times))).astype(float)
    fine = interval_energy(times, register, edges)
    for coarse in (
        calendar_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 4), SEOUL, Step.DAY),
        shift_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 3), SEOUL, [dt.time(6), dt.time(18)])[0],
    ):
        direct = interval_energy(times, register, coarse)
        added = resample(fine, edges, coarse)
        assert added.values == pytest.approx(direct.values, rel=1e-12)
        assert added.coverage == pytest.approx(1.0)


def test_a_gap_makes_a_sum_unknown_is_left_out_of_a_mean_and_is_flagged_in_both() -> None:
    gap = np.array([0, 0, Flag.GAP, 0], dtype=np.uint8)
    one = IntervalValues(np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.0, 1.0, 0.5, 1.0]), gap)
    fleet = stack([one, IntervalValues(np.ones(4), np.ones(4), np.zeros(4, dtype=np.uint8))])
    edges, coarse = np.arange(5) * HOUR, np.array([0, 2, 4]) * HOUR
    added = resample(fleet, edges, coarse)
    assert added.values.shape == (2, 2)
    assert added.values[0, 0] == 3.0
    assert np.isnan(added.values[0, 1])
    assert added.values[1].tolist() == [2.0, 2.0]
    assert added.coverage[0].tolist() == [1.0, 0.75]
    assert added.flags[0].tolist() == [0, Flag.GAP]
    assert resample(fleet, edges, coarse, mean=True).values[0].tolist() == [1.5, 4.0]


def test_boundaries_that_cut_a_finer_interval_are_refused() -> None:
    fine = IntervalValues(np.ones(4), np.ones(4), np.zeros(4, dtype=np.uint8))
    for coarse in (np.array([0, 3]), np.array([0, 50]), np.array([0])):
        with pytest.raises(AnalyticsError, match="begin and end where"):
            resample(fine, np.arange(5) * 2, coarse)


@pytest.mark.parametrize("coarse", [[4, 0], [0, 0, 4], [9, 0], [0, 3]])
def test_coarser_boundaries_must_rise_and_be_finer_ones(coarse: list[int]) -> None:
    edges = np.array([0, 1, 2, 4, 8])
    fine = IntervalValues(np.ones(4), np.ones(4), np.zeros(4, dtype=np.uint8))
    with pytest.raises(AnalyticsError, match="begin and end where finer ones do"):
        resample(fine, edges, np.array(coarse))


def test_shifts_end_no_earlier_than_they_begin() -> None:
    with pytest.raises(AnalyticsError, match="before the first"):
        shift_edges(dt.date(2026, 3, 2), dt.date(2026, 3, 1), SEOUL, [dt.time(6)])
