"""What a DuckDB store knows of its series when it is opened, whatever parts it is read in."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.duck import newest
from storage.duck.file import SCHEMA
from storage.duck.newest import NEVER, Newest, Run
from storage.store import Series

HOUR_MS = 3_600_000
arrivals = st.lists(
    st.tuples(st.sampled_from(["main", "oven", "압연기"]), st.integers(1, 4), st.integers(-2000, 2000)),
    min_size=1,
    max_size=6,
)


def opened(arrived: list[tuple[str, int, int]]) -> tuple[Newest, list[tuple[Series, int]]]:
    """A file in which devices got that many further channels, last read at that hour, and its series in order."""
    series: list[tuple[Series, int]] = []
    for device, count, hour in arrived:
        had = sum(each.device == device for each, _ in series)
        series += [
            (Series("gimpo", "power_meter", device, f"c{number}"), hour * HOUR_MS) for number in range(had, had + count)
        ]
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(";".join(SCHEMA))
        devices, channels = [one.device for one, _ in series], [one.channel for one, _ in series]
        connection.execute(
            "INSERT INTO series SELECT unnest(range(len($1))), 'gimpo', 'power_meter', unnest($1::VARCHAR[]),"
            " unnest($2::VARCHAR[])",
            [devices, channels],
        )
        connection.execute(
            "INSERT INTO readings SELECT number, time - ago, number - ago FROM"
            " (SELECT unnest(range(len($1))) AS number, unnest($1::BIGINT[]) AS time),"
            " (SELECT unnest([0, 1, 3600000]) AS ago)",
            [[time for _, time in series]],
        )
        return Newest(connection), series


@settings(max_examples=20)
@given(arrivals, st.integers(2, 40))
def test_every_series_and_its_newest_value_is_known_again(arrived: list[tuple[str, int, int]], at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newest, "_AT_ONCE", at_once)
        patch.setattr(newest, "_READ_AT_ONCE", at_once)
        known, series = opened(arrived)
    assert known.size == len(series)
    assert [known.name(number) for number in range(known.size)] == [one for one, _ in series]
    assert [known.find(one) for one, _ in series] == list(range(len(series)))
    assert {each.series: (each.time, each.value) for each in known.latest("gimpo")} == {
        one: (time, float(number)) for number, (one, time) in enumerate(series)
    }


@pytest.mark.parametrize("at_once", [1, 2, 4, 100])
def test_channels_that_came_together_are_one_run_whatever_parts_they_are_listed_in(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(newest, "_AT_ONCE", at_once)
    known, _ = opened([("main", 3, 0), ("oven", 5, 0), ("main", 2, 0)])
    assert known.runs(("gimpo", "power_meter", "main")) == (Run(0, ("c0", "c1", "c2")), Run(8, ("c3", "c4")))
    assert known.runs(("gimpo", "power_meter", "oven")) == (Run(3, ("c0", "c1", "c2", "c3", "c4")),)


def test_a_file_without_series_knows_none() -> None:
    known, _ = opened([])
    assert known.size == 0
    assert known.newest() is None
    assert known.times(np.zeros(1, np.int32)).tolist() == [NEVER]
