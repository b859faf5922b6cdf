"""How long a unit is waited for."""

import pytest

from edge.links.pace import Pace

UNIT, SIZE = 7, 20


def known(took_s: float, configured_s: float = 1.0, minimum_s: float = 0.1) -> Pace:
    pace = Pace(configured_s, minimum_s)
    for _ in range(20):
        pace.answered(UNIT, SIZE, took_s)
    return pace


def test_a_unit_nobody_knows_is_waited_for_as_long_as_configured() -> None:
    pace = Pace(1.0)
    assert pace.timeout_s(UNIT, SIZE) == 1.0
    pace.answered(UNIT, SIZE, 0.03)
    assert pace.timeout_s(UNIT, SIZE) == 1.0
    assert pace.timeout_s(8, SIZE) == 1.0


def test_a_known_unit_is_waited_for_four_times_as_long_as_it_takes() -> None:
    assert known(0.05).timeout_s(UNIT, SIZE) == pytest.approx(0.2)


def test_a_timeout_is_never_below_the_minimum_nor_above_what_is_configured() -> None:
    assert known(0.001).timeout_s(UNIT, SIZE) == 0.1
    assert known(0.9).timeout_s(UNIT, SIZE) == 1.0


def test_units_are_learned_one_by_one() -> None:
    pace = known(0.05)
    for _ in range(20):
        pace.answered(8, SIZE, 0.1)
    assert (pace.timeout_s(UNIT, SIZE), pace.timeout_s(8, SIZE)) == pytest.approx((0.2, 0.4))


def test_a_longer_answer_than_any_before_is_waited_for_as_long_as_configured() -> None:
    pace = known(0.05)
    assert pace.timeout_s(UNIT, SIZE + 2) == 1.0
    pace.answered(UNIT, SIZE + 2, 0.05)
    assert pace.timeout_s(UNIT, SIZE + 2) == pytest.approx(0.2)


def test_one_slow_answer_counts_at_once_and_is_forgotten_slowly() -> None:
    pace = known(0.05)
    pace.answered(UNIT, SIZE, 0.2)
    assert pace.timeout_s(UNIT, SIZE) == pytest.approx(0.8)
    for _ in range(60):
        pace.answered(UNIT, SIZE, 0.05)
    assert pace.timeout_s(UNIT, SIZE) == pytest.approx(0.2, rel=0.01)
    assert pace.slowest_s == 0.2


def test_a_unit_that_does_not_answer_is_waited_for_longer_each_time_until_it_does() -> None:
    pace = known(0.03)
    waited = []
    for _ in range(6):
        waited.append(pace.timeout_s(UNIT, SIZE))
        pace.missed(UNIT)
    assert waited == pytest.approx([0.12, 0.24, 0.48, 0.96, 1.0, 1.0])
    pace.answered(UNIT, SIZE, 0.03)
    assert pace.timeout_s(UNIT, SIZE) == pytest.approx(0.12)


def test_a_late_answer_teaches_how_long_the_unit_really_takes() -> None:
    pace = known(0.03)
    pace.late(UNIT, 0.2)
    assert pace.timeout_s(UNIT, SIZE) == pytest.approx(0.8)
    assert pace.slowest_s == 0.2


def test_the_slowest_answer_is_remembered_for_five_minutes_and_forgotten_after_ten() -> None:
    now = [1000.0]
    pace = Pace(1.0, clock=lambda: now[0])
    pace.answered(UNIT, SIZE, 0.05)
    pace.late(UNIT, 6.0)
    assert pace.slowest_s == 6.0
    for minute in range(1, 5):
        now[0] = 1000.0 + 60 * minute
        pace.answered(UNIT, SIZE, 0.05)
        assert pace.slowest_s == 6.0
    for minute in range(5, 11):
        now[0] = 1000.0 + 60 * minute
        pace.answered(UNIT, SIZE, 0.05)
    assert pace.slowest_s == 0.05


def test_a_bus_that_was_silent_for_long_is_waited_for_as_if_nobody_knew_it() -> None:
    now = [1000.0]
    pace = Pace(1.0, clock=lambda: now[0])
    pace.late(UNIT, 6.0)
    now[0] += 3600
    assert pace.slowest_s == 0.0  # the link then keeps the configured time
