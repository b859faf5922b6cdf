"""Dates and times as files write them, and zones."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.clock_texts import DateOrder, looks_like_time, possible_orders, take_apart
from exchange.errors import MappingError
from exchange.zones import offsets, to_utc, zone_named
from tests.exchange.parts import moment, some

minutes = st.datetimes(moment("1990-01-01 00:00"), moment("2099-12-31 00:00")).map(
    lambda t: t.replace(second=0, microsecond=0)
)


def ms(at: dt.datetime) -> int:
    return (at - moment("1970-01-01 00:00")) // dt.timedelta(milliseconds=1)


def read(text: str, order: DateOrder = DateOrder.YMD) -> str | None:
    wall, good = take_apart([text]).wall(order)
    return str(np.datetime64(int(wall[0]), "ms"))[:19] if good[0] else None


SHAPES = {
    "%Y-%m-%d %H:%M": DateOrder.YMD,
    "%Y.%m.%d %H:%M": DateOrder.YMD,
    "%Y. %m. %d. %H:%M:%S": DateOrder.YMD,
    "%Y/%m/%d %H:%M": DateOrder.YMD,
    "%Y년 %m월 %d일 %H시 %M분": DateOrder.YMD,
    "%Y%m%d %H%M": DateOrder.YMD,
    "%Y%m%d%H%M": DateOrder.YMD,
    "%Y%m%d%H%M%S": DateOrder.YMD,
    "%Y-%m-%dT%H:%M:%S": DateOrder.YMD,
    "%d/%m/%Y %H:%M": DateOrder.DMY,
    "%d.%m.%Y %H:%M": DateOrder.DMY,
    "%m/%d/%Y %I:%M %p": DateOrder.MDY,
}


@some
@given(minutes, st.sampled_from(sorted(SHAPES)))
def test_every_shape_of_date_and_time_gives_its_minute(at: dt.datetime, shape: str) -> None:
    found = take_apart([at.strftime(shape)])
    wall, good = found.wall(SHAPES[shape])
    assert good[0]
    assert wall[0] == ms(at)
    assert SHAPES[shape] in possible_orders(found.largest())


@some
@given(st.text(max_size=20))
def test_any_text_is_a_time_or_none(text: str) -> None:
    take_apart([text]).wall(DateOrder.DMY)
    looks_like_time(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-02 24:00", "2026-03-03T00:00:00"),
        ("2026-12-31 24:00", "2027-01-01T00:00:00"),
        ("2026-03-02", "2026-03-02T00:00:00"),
        ("2026-03-02 오후 3:15", "2026-03-02T15:15:00"),
        ("2026. 3. 2. 오전 12:15:07", "2026-03-02T00:15:07"),
        ("2026-03-02 오전 00:15", "2026-03-02T00:15:00"),
        ("2026-03-02 오후 13:15", "2026-03-02T13:15:00"),
        ("2026-03-02(월) 0시", "2026-03-02T00:00:00"),
        ("2026030207", "2026-03-02T07:00:00"),
        ("1519862400", "2018-03-01T00:00:00"),
        ("1519862400000", "2018-03-01T00:00:00"),
        ("2024-02-29 00:15", "2024-02-29T00:15:00"),
    ],
)
def test_unusual_times_are_read(text: str, at: str) -> None:
    assert read(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "26-03-02 00:15",
        "2026-02-29",
        "2026-13-01",
        "2026-03-02 24:15",
        "2026-03-02 12:60",
        "2026-03-02 13:00 AM",
        "2026-03-02 오후 0:15",
        "합계",
        "12",
    ],
)
def test_what_is_no_time_of_the_calendar_is_not_read(text: str) -> None:
    assert read(text) is None


def test_one_day_after_the_twelfth_settles_the_order_of_a_file() -> None:
    assert possible_orders(take_apart(["1/2/2018", "2/1/2018"]).largest()) == (DateOrder.DMY, DateOrder.MDY)
    assert possible_orders(take_apart(["1/2/2018", "13/1/2018"]).largest()) == (DateOrder.DMY,)
    assert possible_orders(take_apart(["1/2/2018", "1/13/2018"]).largest()) == (DateOrder.MDY,)
    assert possible_orders(take_apart(["13/1/2018", "1/13/2018"]).largest()) == ()


def test_an_offset_in_the_cell_is_kept() -> None:
    found = take_apart(["2026-03-02T00:15:00.250+09:00", "2026-03-01 15:15:00Z", "2026-03-02 00:15"])
    assert found.has_offset.tolist() == [True, True, False]
    assert found.offset_ms.tolist() == [32_400_000, 0, 0]
    assert found.of_day_ms[0] == 900_250


@some
@given(minutes, st.sampled_from(["Asia/Seoul", "Europe/Berlin", "+05:30", "UTC", "America/New_York"]))
def test_zones_agree_with_the_standard_library(at: dt.datetime, name: str) -> None:
    zone = zone_named(name)
    found = to_utc(np.array([ms(at)]), zone)
    early, late = (int(at.replace(tzinfo=zone, fold=fold).timestamp() * 1000) for fold in (0, 1))
    assert found.times[0] == early
    if not found.absent[0]:
        assert found.later[0] == late
        assert found.times[0] + offsets(found.times, zone)[0] == ms(at)


def test_an_hour_that_came_twice_and_one_that_never_was_are_told() -> None:
    walls = np.array([ms(moment("2025-10-26 02:30")), ms(moment("2025-03-30 02:30")), ms(moment("2025-06-01 00:00"))])
    found = to_utc(walls, zone_named("Europe/Berlin"))
    assert found.twice.tolist() == [True, False, False]
    assert found.absent.tolist() == [False, True, False]


def test_an_unknown_zone_is_refused_with_examples() -> None:
    with pytest.raises(MappingError, match="Asia/Seoul"):
        zone_named("Seoul/Asia")
