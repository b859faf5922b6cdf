from __future__ import annotations

import pytest

from api import formats
from api.texts import Speaker


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1"), (0.0, "0"), (-0.0, "0"), (1354.0, "1,354"), (4.5523, "4.552"), (-10.236, "−10.24"), (None, "–")],
)
def test_a_whole_number_has_no_zeros_behind_its_point(value: float | None, said: str) -> None:
    assert formats.significant(value) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 B"), (5120, "5.1 kB"), (2_500_000, "2.5 MB"), (None, "–")])
def test_an_empty_outbox_holds_no_bytes_and_not_a_rounded_kilobyte(count: float | None, said: str) -> None:
    assert formats.size(count) == said


@pytest.mark.parametrize(
    ("channel", "value", "said"),
    [
        ("temperature_c", -4.8, "−4.8 °C"),
        ("temperature_c", 21.37, "21.4 °C"),
        ("humidity_pct", 61.7, "61.7%"),
        ("power_factor", 0.912, "0.91"),
        ("production_count", 110_489.0, "110,489 pcs"),
        ("active_power_w", 160.0, "0.16 kW"),
        ("cycle_time_s", 31.87, "31.9 s"),
        ("made_up", 2.5, "2.500"),
    ],
)
def test_a_channel_is_said_in_the_unit_and_the_digits_people_use(channel: str, value: float, said: str) -> None:
    assert formats.measured(channel, value, Speaker("en")) == said


def test_what_is_counted_is_said_with_its_counting_word() -> None:
    assert formats.measured("production_count", 110_489.0, Speaker("ko")) == "110,489개"
