"""Windows on the plan's own calendar."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np
import pytest

from evaluation import Plan, Window, parse_plan
from evaluation.calendar import end_ms, grid, start_ms
from tests.evaluation.factory import PLAN


def plan(**changes: object) -> Plan:
    changed: Plan = msgspec.structs.replace(parse_plan(PLAN), **changes)
    return changed


def test_the_last_day_belongs_to_the_window() -> None:
    subject = plan()
    assert start_ms(subject, subject.baseline) == 1772377200000  # 2026-03-02 00:00 +09:00
    assert end_ms(subject, subject.baseline) - start_ms(subject, subject.baseline) == 42 * 86_400_000
    assert end_ms(subject, subject.baseline) == start_ms(subject, subject.installation)


def test_days_follow_the_clock_change_where_there_is_one() -> None:
    subject = plan(timezone="Europe/Berlin")
    cells = grid(subject, Window(dt.date(2026, 3, 28), dt.date(2026, 3, 30)))
    assert (np.diff(cells.edges_ms) / 3_600_000).tolist() == [24, 23, 24]
    hours = grid(plan(timezone="Europe/Berlin", granularity="hour"), Window(dt.date(2026, 3, 29), dt.date(2026, 3, 29)))
    assert len(hours.positions) == 23


@pytest.mark.parametrize("granularity", ["hour", "day", "week"])
def test_positions_rise_by_one_within_a_window_and_never_repeat_across(granularity: str) -> None:
    subject = plan(granularity=granularity)
    cells = [grid(subject, window) for window in (subject.baseline, subject.installation, subject.reporting)]
    for one in cells:
        assert len(one.positions) == len(one.edges_ms) - 1
        assert (np.diff(one.positions) == 1).all()
    together = np.concatenate([one.positions for one in cells])
    assert (np.diff(together) > 0).all()


def test_a_last_week_that_is_not_whole_is_left_out() -> None:
    subject = plan(granularity="week")
    cells = grid(subject, Window(dt.date(2026, 3, 2), dt.date(2026, 3, 17)))
    assert len(cells.positions) == 2
