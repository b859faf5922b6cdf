"""What a file's time stamps mean; the steel plant's file is the one that asked."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import AnalyticsError
from analytics.stamps import StampKind, read_stamps

DAY, QUARTER = 86_400_000, 900_000
START = 17_532 * DAY  # 2018-01-01


def days(count: int, *, end: bool) -> np.ndarray:
    return START + np.arange(count * 96, dtype=np.int64) * QUARTER + (QUARTER if end else 0)


@pytest.mark.parametrize(("end", "kind"), [(True, StampKind.END), (False, StampKind.START)])
def test_whole_days_tell_ends_from_starts(end: bool, kind: StampKind) -> None:
    found = read_stamps(days(3, end=end))
    assert (found.kind, found.step_ms) == (kind, QUARTER)
    assert found.starts_ms.tolist() == days(3, end=False).tolist()


def test_a_midnight_dated_by_the_day_it_closes_is_moved_to_the_next() -> None:
    """As in the UCI steel file: 1/1/2018 00:15 … 1/1/2018 23:45, then 1/1/2018 00:00."""
    stamps = days(30, end=True)
    stamps[95::96] -= DAY
    found = read_stamps(stamps)
    assert (found.kind, found.evidence) == (StampKind.END, "late_midnight")
    assert found.starts_ms.tolist() == days(30, end=False).tolist()
    # Still so when it neither begins nor ends with a whole day, and has a hole.
    cut = np.concatenate((stamps[40:700], stamps[760:2000]))
    expected = np.concatenate((days(30, end=False)[40:700], days(30, end=False)[760:2000]))
    assert read_stamps(cut).starts_ms.tolist() == expected.tolist()


def test_a_late_midnight_is_moved_even_where_its_neighbours_are_lost() -> None:
    starts, stamps = days(5, end=False), days(5, end=True)
    stamps[95::96] -= DAY
    for lost in ([94], list(range(95)), list(range(96, 191)), [191, 192]):
        found = read_stamps(np.delete(stamps, lost))
        assert found.evidence == "late_midnight"
        assert found.starts_ms.tolist() == np.delete(starts, lost).tolist()


@pytest.mark.parametrize("at", [[96], [96, 192, 288]])
def test_a_days_first_row_repeated_at_its_end_is_no_late_midnight(at: list[int]) -> None:
    starts = days(3, end=False)
    stamps = np.insert(starts, at, starts[np.array(at) - 96])
    found = read_stamps(stamps)
    assert found.kind is StampKind.START
    assert found.starts_ms.tolist() == stamps.tolist()


def test_what_cannot_be_told_is_said_so() -> None:
    found = read_stamps(days(3, end=False)[10:200])
    assert (found.kind, found.evidence) == (StampKind.UNKNOWN, "none")
    with pytest.raises(AnalyticsError, match="2 rows"):
        read_stamps(days(1, end=False)[:2])
    with pytest.raises(AnalyticsError, match="no usual step"):
        read_stamps(np.cumsum(np.arange(50)) * 1000)
