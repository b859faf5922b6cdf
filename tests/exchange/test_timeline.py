"""When rows were: stamps at starts and ends, date orders, zones, gaps and repeated times."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

import exchange
from tests.exchange.parts import STEEL, day, questions, stamps, steel, table, understood

SEOUL = dt.timezone(dt.timedelta(hours=9))


def start(found: exchange.Understood, nth: int = 0) -> str:
    return exchange.summarise(found).first if not nth else str(found.series[0].whole().starts[nth])


def mapping(**time: str) -> exchange.Mapping:
    return exchange.Mapping(device="main", time=exchange.TimeColumns(**time))  # type: ignore[arg-type] # words of the model


def test_the_steel_files_stamps_are_ends_and_its_midnights_close_their_day() -> None:
    found = steel()
    starts = found.series[0].whole().starts
    first = int(dt.datetime(2018, 1, 1, tzinfo=SEOUL).timestamp() * 1000)
    assert starts.tolist() == [first + 900_000 * nth for nth in range(13 * 96)]
    assert found.line.stamps_at == "end"
    assert "closes that day" in found.line.why.en
    assert found.mapping.time.date_order == exchange.DateOrder.DMY


def test_whole_days_tell_starts_from_ends(tmp_path: Path) -> None:
    at_starts = understood(tmp_path, day())
    at_ends = understood(
        tmp_path,
        table("일시,사용량(kWh)", ((at, 1 + nth % 3) for nth, at in enumerate(stamps(96, "2026-03-02 00:15")))),
    )
    assert [each.line.stamps_at for each in (at_starts, at_ends)] == ["start", "end"]
    assert at_starts.series[0].whole().starts.tolist() == at_ends.series[0].whole().starts.tolist()


def test_midnight_written_as_24_hours_ends_its_day(tmp_path: Path) -> None:
    rows = [
        (at if not at.endswith("00:00") else "2026-03-02 24:00", 1 + nth % 3)
        for nth, at in enumerate(stamps(96, "2026-03-02 00:15"))
    ]
    found = understood(tmp_path, table("일시,사용량(kWh)", rows))
    assert (found.line.stamps_at, start(found)) == ("end", "2026-03-02 00:00+09:00")
    assert found.series[0].totals.gaps == 0


def test_a_part_of_a_day_asks_which_and_an_option_settles_it(tmp_path: Path) -> None:
    text = table("일시,사용량(kWh)", ((at, 1 + nth % 3) for nth, at in enumerate(stamps(20, "2026-03-02 09:15"))))
    open_ = understood(tmp_path, text)
    assert questions(open_) == ["--stamps start | --stamps end"]
    assert "09:15–09:30, or of 09:00–09:15" in open_.questions[0].text.en
    ends = understood(tmp_path, text, mapping=mapping(stamps="end"))
    assert (ends.questions, start(ends)) == ([], "2026-03-02 09:00+09:00")


def test_days_and_months_that_could_be_either_are_asked_about(tmp_path: Path) -> None:
    text = table(
        "date,usage (kWh)",
        ((at, 1 + nth % 3) for nth, at in enumerate(stamps(96, "2018-01-02", shape="%d/%m/%Y %H:%M"))),
    )
    open_ = understood(tmp_path, text)
    assert questions(open_) == ["--date-order dmy | --date-order mdy"]
    assert "day 2 of month 1, or day 1 of month 2" in open_.questions[0].text.en
    settled = understood(
        tmp_path,
        text,
        mapping=exchange.Mapping(device="main", time=exchange.TimeColumns(date_order=exchange.DateOrder.DMY)),
    )
    assert (settled.questions, start(settled)) == ([], "2018-01-02 00:00+09:00")


def test_separate_columns_of_date_and_time_are_one_time(tmp_path: Path) -> None:
    text = table(
        "일자,시간,사용량(kWh)", ((at[:10].replace("-", ""), at[11:], 1 + nth % 2) for nth, at in enumerate(stamps(96)))
    )
    found = understood(tmp_path, text)
    assert found.mapping.time.columns == ["일자", "시간"]
    assert (found.questions, start(found)) == ([], "2026-03-02 00:00+09:00")


def test_a_file_with_its_newest_rows_first_is_the_same_file(tmp_path: Path) -> None:
    head, *rows = STEEL.read_text(encoding="utf-8-sig").splitlines()
    forth = steel().series[0].whole()
    back = understood(tmp_path, "\n".join([head, *reversed(rows)])).series[0].whole()
    assert back.starts.tolist() == forth.starts.tolist()
    assert back.values.tolist() == forth.values.tolist()


def test_an_hour_of_summer_time_that_came_twice_is_settled_by_the_rows_order(tmp_path: Path) -> None:
    berlin = [*stamps(12, "2025-10-26 00:00"), *stamps(88, "2025-10-26 02:00")]
    found = understood(
        tmp_path,
        table("time,usage (kWh)", ((at, 1 + nth % 3) for nth, at in enumerate(berlin))),
        mapping=mapping(zone="Europe/Berlin"),
    )
    assert found.questions == []
    assert np.unique(np.diff(found.series[0].whole().starts)).tolist() == [900_000]
    assert found.repeats.same == found.repeats.other == 0


def test_one_row_of_an_hour_that_came_twice_is_asked_about(tmp_path: Path) -> None:
    berlin = stamps(96, "2025-10-26 00:00")
    text = table("time,usage (kWh)", ((at, 1 + nth % 3) for nth, at in enumerate(berlin)))
    assert questions(understood(tmp_path, text, mapping=mapping(zone="Europe/Berlin"))) == [
        "--repeated-hour earlier | --repeated-hour later"
    ]
    assert understood(tmp_path, text, mapping=mapping(zone="Europe/Berlin", repeated_hour="later")).questions == []


def test_rows_of_an_hour_that_never_was_are_bad_and_say_why(tmp_path: Path) -> None:
    text = table("time,usage (kWh)", ((at, 1 + nth % 3) for nth, at in enumerate(stamps(96, "2025-03-30 00:00"))))
    found = understood(tmp_path, text, mapping=mapping(zone="Europe/Berlin"))
    assert found.bad.count == 4
    assert "--zone +01:00" in found.bad.first[0].reason.en
    assert understood(tmp_path, text, mapping=mapping(zone="+01:00")).bad.count == 0


def test_stamps_with_their_own_offset_need_no_zone(tmp_path: Path) -> None:
    text = table("timestamp,usage (kWh)", ((f"{at}+09:00", 1 + nth % 3) for nth, at in enumerate(stamps(96))))
    there = understood(tmp_path, text, mapping=mapping(zone="Europe/Berlin", stamps="start"))
    here = understood(tmp_path, day())
    assert there.series[0].whole().starts.tolist() == here.series[0].whole().starts.tolist()


def test_rows_without_a_time_are_bad_cells_with_their_line(tmp_path: Path) -> None:
    found = understood(tmp_path, day() + "나중에,144\n")
    assert found.bad.count == 1
    assert str(found.bad.first[0]) == "line 98, '일시': '나중에' is no date and time of the calendar"
    assert found.bad.first[0].said("ko") == "98행, '일시': '나중에' 달력에 있는 날짜와 시각이 아님"


def test_daily_values_of_a_zone_with_summer_time_have_no_gaps(tmp_path: Path) -> None:
    days = [(dt.date(2025, 3, 1) + dt.timedelta(days=nth)).isoformat() for nth in range(60)]
    text = table("date,usage (kWh)", ((at, 1 + nth % 3) for nth, at in enumerate(days)))
    found = understood(tmp_path, text, mapping=mapping(zone="Europe/Berlin", stamps="start"))
    assert (found.bad.count, found.series[0].totals.gaps) == (0, 0)
    assert sorted(np.unique(found.series[0].whole().ends - found.series[0].whole().starts) // 3_600_000) == [23, 24]


@pytest.mark.parametrize(("duplicates", "kept"), [("first", 2000.0), ("last", 9000.0)])
def test_a_time_with_two_values_is_reported_with_both_lines(
    tmp_path: Path, duplicates: exchange.Duplicates, kept: float
) -> None:
    text = day() + "2026-03-02 00:15,9\n2026-03-02 00:30,3\n"
    found = understood(tmp_path, text, duplicates=duplicates)
    assert (found.repeats.same, found.repeats.other) == (1, 1)
    clash = found.repeats.clashes[0]
    assert (clash.first, clash.second) == ((3, 2.0), (98, 9.0))
    assert found.series[0].whole().values[1] == kept


def test_an_interval_that_begins_within_another_is_a_bad_cell(tmp_path: Path) -> None:
    found = understood(tmp_path, day() + "2026-03-02 00:05,1\n", mapping=mapping(stamps="start"))
    assert "begins before the interval of line 2 has ended" in found.bad.first[-1].reason.en


def test_energy_below_zero_and_impossible_values_are_bad_cells(tmp_path: Path) -> None:
    found = understood(tmp_path, day(lambda nth: -1 if nth == 3 else 1 + nth % 3))
    assert "energy_export_wh" in found.bad.first[0].reason.en
    hot = understood(tmp_path, day(lambda nth: 9999 if nth == 3 else 20, "일시,기온"))
    assert "outside -80 – 2000 °C" in hot.bad.first[0].reason.en
