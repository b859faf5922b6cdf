"""Files as they lie on an energy manager's desk, each of which was once read as something else than it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

import exchange
from exchange.errors import FileFormatError, MappingError
from exchange.headers import guess
from tests.exchange.parts import column, day, questions, stamps, table, understood

MS = 3_600_000
FIRST = int(dt.datetime.fromisoformat("2026-03-02T00:00+09:00").timestamp() * 1000)
ENDS = stamps(96 * 2, "2026-03-02 00:15")
LATE = [f"{dt.datetime.fromisoformat(at) - dt.timedelta(minutes=15):%Y-%m-%d} {at[11:]}" for at in ENDS]
"""Two days of quarter-hours whose midnights have the date of the day they close."""


def hours(found: exchange.Understood) -> list[float]:
    """Starts of the first series' intervals [h since the first day began]."""
    assert (found.questions, found.bad.first) == ([], [])
    return [(start - FIRST) / MS for start in found.series[0].whole().starts.tolist()]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("일시,적산전력량(kWh)", [1000 + 5 * nth for nth in range(192)]),
        ("일시,기온(℃)", [nth % 20 for nth in range(192)]),
    ],
)
def test_a_register_and_a_temperature_at_a_late_midnight_are_of_the_days_end(
    tmp_path: Path, header: str, values: Sequence[float]
) -> None:
    found = understood(tmp_path, table(header, zip(LATE, values, strict=True)))
    whole = found.series[0].whole()
    assert ((whole.stamps - FIRST) / MS).tolist() == [0.25 * (1 + nth) for nth in range(192)]
    assert whole.raw.tolist() == values
    assert [each.ko for each in found.remarks] == ["0시 행은 그날의 마지막에 있으므로 다음 날 0시로 읽음"]


def test_titles_as_wide_as_the_table_are_no_rows_of_it_though_they_hold_dates(tmp_path: Path) -> None:
    titles = "고객번호,0512345678,,\n조회기간,2026-03-02,~,2026-03-02\n"
    rows = ((at[:10], at[11:], 1 + nth % 3, 97) for nth, at in enumerate(ENDS[:96]))
    found = understood(tmp_path, titles + table("일자,시간,사용량(kWh),역률(%)", rows), encoding="cp949")
    assert (found.source.header_line, found.source.titles[0]) == (3, "고객번호 0512345678")
    assert hours(found) == [0.25 * nth for nth in range(96)]


@pytest.mark.parametrize("nothing", ["", "-"])
@pytest.mark.parametrize("missing", [1, 2, 12])
def test_a_file_whose_first_times_have_no_values_yet_keeps_its_header_and_its_first_row(
    tmp_path: Path, missing: int, nothing: str
) -> None:
    rows = [(at, nothing if nth < missing else 1 + nth % 3, nothing if nth < missing else 97)
            for nth, at in enumerate(ENDS[:96])]  # fmt: skip
    for title in ("", "조회기간,2026-03-02,\n"):
        found = understood(tmp_path, title + table("일시,사용량(kWh),역률(%)", rows))
        assert [column(found, nth)[1] for nth in range(2)] == ["energy_import_wh", "power_factor"]
        assert (found.rows, found.line.why.en) == (96, "read as ends, the file holds whole days")
        assert hours(found) == [0.25 * nth for nth in range(missing, 96)]


def test_a_usage_that_begins_anew_every_day_is_asked_about_for_it_is_a_register(tmp_path: Path) -> None:
    at = stamps(24 * 4, "2026-03-02 01:00", 60)
    rows = list(zip(at, (2.5 * (1 + nth % 24) for nth in range(96)), strict=True))
    for header in ("일시,금일사용량(kWh)", "일시,사용량(kWh)"):
        (settled,) = questions(understood(tmp_path, table(header, rows)))
        assert settled.endswith("energy_import_wh:kWh:register'")
    once = [(row[0], 1000 + nth if nth < 50 else nth) for nth, row in enumerate(rows)]
    assert questions(understood(tmp_path, table("일시,사용량(kWh)", once)))[0].endswith(":register'")


@pytest.mark.parametrize(
    ("header", "zone"),
    [
        ("일시", "Asia/Seoul"), ("시각(KST)", "Asia/Seoul"), ("일시(UTC+9)", "+09:00"), ("Time UTC+09:00", "+09:00"),
        ("Datetime (GMT-5)", "-05:00"), ("India (UTC+5:30)", "+05:30"), ("Time (UTC)", "UTC"), ("time_utc", "UTC"),
        ("Time [GMT]", "UTC"), ("Cutcher time", "Asia/Seoul"), ("Time (CET)", ""), ("Time (PST)", ""),
        ("utc_time_local", ""),
    ],
)  # fmt: skip
def test_the_zone_that_a_columns_name_says_is_taken_or_asked_about(tmp_path: Path, header: str, zone: str) -> None:
    found = understood(tmp_path, day(header=f"{header},사용량(kWh)"))
    if zone:
        assert (found.line.zone_name, found.questions) == (zone, [])
    else:
        assert questions(found) == ["--zone Asia/Seoul | --zone Europe/Berlin | --zone UTC"]
        said = exchange.Mapping(device="main", time=exchange.TimeColumns(zone="Europe/Berlin"))
        assert understood(tmp_path, day(header=f"{header},사용량(kWh)"), mapping=said).questions == []


def test_a_zone_in_the_name_of_either_column_counts_and_cells_that_name_an_offset_count_more(tmp_path: Path) -> None:
    at = stamps(96)
    two = table(
        "Date (UTC),Time (UTC),사용량(kWh)", ((each[:10], each[11:], 1 + nth % 3) for nth, each in enumerate(at))
    )
    assert understood(tmp_path, two).line.zone_name == "UTC"
    cells = table("Time (CET),사용량(kWh)", ((f"{each}+09:00", 1 + nth % 3) for nth, each in enumerate(at)))
    found = understood(tmp_path, cells)
    assert (found.questions, found.series[0].first_start) == ([], FIRST)


@pytest.mark.parametrize("header", ["일시,누적전력량(kWh)", "일시,금일누적사용량(kWh)"])
def test_a_register_is_one_whichever_way_its_rows_stand_and_though_it_begins_anew_every_day(
    tmp_path: Path, header: str
) -> None:
    at = stamps(24 * 4, "2026-03-02 01:00", 60)
    rows = [(each, 2.5 * (1 + (nth % 24 if "금일" in header else nth))) for nth, each in enumerate(at)]
    for order in (rows, rows[::-1]):
        found = understood(tmp_path, table(header, order))
        assert (found.questions, found.series[0].meaning) == ([], "register")


def test_a_peak_that_is_left_out_anyway_is_no_rival_of_the_mean(tmp_path: Path) -> None:
    rows = ((at, 5 + nth % 4, 6 + nth % 4) for nth, at in enumerate(stamps(24, step=60)))
    found = understood(tmp_path, table("일시,평균전력(kW),최대전력(kW)", rows))
    assert (found.questions, [column(found)[1]], list(found.left_out)) == ([], ["active_power_w"], ["최대전력(kW)"])


@pytest.mark.parametrize("among", ["일시,사용량(kWh)", "이벤트,정전"])
def test_rows_above_a_line_of_names_are_rows_where_they_have_a_header(tmp_path: Path, among: str) -> None:
    header, *rows = day().splitlines()
    found = understood(tmp_path, "\n".join([header, *rows[:3], among, *rows[3:]]) + "\n")
    assert hours(found) == [0.25 * nth for nth in range(96)]


@pytest.mark.parametrize("shape", ["%Y년 %m월 %d일", "%Y-%m-%d(월)", "%Y-%m-%d 00:00:00"])
def test_a_long_date_does_not_hide_the_time_beside_it(tmp_path: Path, shape: str) -> None:
    rows = ((dt.datetime.fromisoformat(at).strftime(shape), at[11:], 1 + nth % 3) for nth, at in enumerate(stamps(96)))
    found = understood(tmp_path, table("일자,시간,사용량(kWh)", rows), encoding="cp949")
    assert hours(found) == [0.25 * nth for nth in range(96)]


@pytest.mark.parametrize("name", ["가동시간", "시간"])
def test_hours_that_a_machine_ran_are_no_time_of_the_day(tmp_path: Path, name: str) -> None:
    days = stamps(20, "2026-03-02", 1440, "%Y.%m.%d")
    found = understood(
        tmp_path, table(f"일자,{name},사용량(kWh)", ((at, 8, 200 + nth % 7) for nth, at in enumerate(days)))
    )
    assert hours(found) == [24.0 * nth for nth in range(20)]


def test_a_register_read_by_hand_once_a_day_is_of_the_time_it_was_read(tmp_path: Path) -> None:
    days = stamps(20, "2026-03-02", 1440, "%Y.%m.%d")
    rows = ((at, f"9:{10 + nth}", 1000 + nth) for nth, at in enumerate(days))
    whole = understood(tmp_path, table("검침일,검침시각,지침(kWh)", rows)).series[0].whole()
    assert ((whole.stamps - FIRST) / 60_000).tolist() == [1440 * nth + 550 + nth for nth in range(20)]


def test_a_number_split_at_its_comma_is_never_its_first_part_though_the_table_has_room_for_the_rest(
    tmp_path: Path,
) -> None:
    rows = (f"{at},{990 + nth:,},," for nth, at in enumerate(stamps(96)))
    found = understood(tmp_path, "\n".join(["일시,사용량(kWh),,", *rows]) + "\n")
    assert (found.bad.count, found.readings) == (86, 10)
    assert "칸이 나뉜 듯함" in found.bad.first[0].said("ko")


def test_a_number_split_at_its_comma_spoils_its_day_where_times_stand_side_by_side(tmp_path: Path) -> None:
    header = "일자," + ",".join(f"{hour}시" for hour in range(1, 25))
    rows = [f"2026-03-0{nth}," + ",".join(["5"] * 24) for nth in range(2, 9)]
    rows[3] = rows[3].replace("5,5", "1,234", 1)[:-2] + ",5,5"
    found = understood(tmp_path, "\n".join(["시간별 사용량(kWh)", header, *rows]) + "\n", encoding="cp949")
    assert (found.bad.count, found.readings, found.series[0].totals.total) == (1, 6 * 24, 6 * 24 * 5000.0)


def test_two_numbers_in_a_cell_are_not_one(tmp_path: Path) -> None:
    found = understood(tmp_path, day(lambda nth: "12 34" if nth == 5 else "1 234.5" if nth == 6 else 1 + nth % 3))
    assert [str(each) for each in found.bad.first] == ["line 7, '사용량(kWh)': '12 34' is no number"]
    assert found.series[0].whole().raw.tolist()[5] == 1234.5


def test_what_a_generator_gives_is_no_power_of_the_load(tmp_path: Path) -> None:
    found = understood(
        tmp_path,
        table(
            "일시,사용량(kWh),태양광 발전(kW),최소전력(kW)",
            ((at, 1 + nth % 3, nth, 2) for nth, at in enumerate(stamps(96))),
        ),
    )
    assert [each.channel for each in found.series] == ["energy_import_wh"]
    assert list(found.left_out) == ["태양광 발전(kW)", "최소전력(kW)"]
    assert [guess(name) for name in ("발전전력", "Generation (kW)", "최고기온(°C)")] == [None] * 3


def test_24_hours_outweigh_days_that_would_be_whole_otherwise(tmp_path: Path) -> None:
    rows = ["2026-03-01 24:00", *ENDS[:95]]
    found = understood(tmp_path, table("일시,사용량(kWh)", ((at, 1 + nth % 3) for nth, at in enumerate(rows))))
    assert hours(found) == [0.25 * (nth - 1) for nth in range(96)]


def test_a_day_stamped_at_a_midnight_may_be_the_one_before_or_the_one_after_but_a_date_is_its_day(
    tmp_path: Path,
) -> None:
    days = stamps(30, "2026-03-02", 1440)
    open_ = understood(tmp_path, table("일시,사용량(kWh)", ((at, 200 + nth % 7) for nth, at in enumerate(days))))
    assert questions(open_) == ["--stamps start | --stamps end"]
    assert "2026-03-01 00:00–2026-03-02 00:00" in open_.questions[0].text.ko
    told = understood(tmp_path, table("일자,사용량(kWh)", ((at[:10], 200 + nth % 7) for nth, at in enumerate(days))))
    assert hours(told) == [24.0 * nth for nth in range(30)]


def test_windows_that_were_exported_begin_at_their_time(tmp_path: Path) -> None:
    rows = ((f"{at}:00", "+09:00", 200 + nth % 7) for nth, at in enumerate(stamps(5, "2026-03-02", 1440)))
    found = understood(tmp_path, table("time_local,utc_offset,main/energy_import_wh increase [Wh]", rows))
    assert hours(found) == [24.0 * nth for nth in range(5)]


def test_bills_dated_by_the_first_of_their_month_are_no_interval_data(tmp_path: Path) -> None:
    rows = ((f"2025-{month:02d}-01", 300_000 + month * 1000 % 7) for month in range(1, 13))
    with pytest.raises(MappingError, match=r"31 days apart.*bills are no interval data"):
        understood(tmp_path, table("사용월,사용량(kWh)", rows))


def test_times_without_a_day_are_refused_with_where_the_day_belongs(tmp_path: Path) -> None:
    rows = ((at[11:], 1 + nth % 3) for nth, at in enumerate(stamps(96)))
    with pytest.raises(FileFormatError, match=r"'00:00' is a time without its day; put a column with the date"):
        understood(tmp_path, table("시간,사용량(kWh)", rows))


def test_each_column_may_be_of_a_device_of_its_own(tmp_path: Path) -> None:
    text = table("일시,압연기(kWh),프레스(kWh)", ((at, 1 + nth % 3, 2 + nth % 3) for nth, at in enumerate(stamps(96))))
    open_ = understood(tmp_path, text)
    assert questions(open_) == [
        "--column '압연기(kWh)=energy_import_wh:kWh:interval' | --column '프레스(kWh)=energy_import_wh:kWh:interval'"
    ]
    assert "--column '압연기(kWh)=DEVICE/energy_import_wh:kWh:interval'" in open_.questions[0].text.ko
    found = understood(tmp_path, text, "압연기(kWh)=mill/energy_import_wh", "프레스(kWh)=press-1/energy_import_wh")
    assert not found.questions
    assert [column(found, nth) for nth in (0, 1)] == [
        ("mill", "energy_import_wh", "kWh", "interval"),
        ("press-1", "energy_import_wh", "kWh", "interval"),
    ]
    one = understood(tmp_path, text, "압연기(kWh)=mill/energy_import_wh")
    assert ([each.device for each in one.series], list(one.left_out)) == (["mill"], ["프레스(kWh)"])


def test_a_register_beside_amounts_stays_a_register_when_it_is_chosen(tmp_path: Path) -> None:
    rows = ((at, 1 + nth % 3, 5000 + 2 * nth) for nth, at in enumerate(stamps(10)))
    text = table("일시,사용전력량(kWh),누적전력량(kWh)", rows)
    settled_by = questions(understood(tmp_path, text))[0]
    assert settled_by.endswith("--column '누적전력량(kWh)=energy_import_wh:kWh:register'")
    found = understood(tmp_path, text, "누적전력량(kWh)=energy_import_wh")
    assert (found.questions, column(found)) == ([], ("main", "energy_import_wh", "kWh", "register"))


def test_the_factor_of_a_meter_behind_transformers_is_asked_about(tmp_path: Path) -> None:
    rows = [(at, 5000 + nth, 120) for nth, at in enumerate(stamps(30))]
    text = table("검침일시,지침(kWh),배율", rows)
    assert questions(understood(tmp_path, text)) == ["--column '배율=-'"]
    assert questions(understood(tmp_path, text, "배율=-")) == []


def test_a_channel_with_one_unit_only_needs_none_said(tmp_path: Path) -> None:
    found = understood(tmp_path, day(lambda _: 60, "일시,계통"), "계통=frequency_hz")
    assert (found.questions, column(found)) == ([], ("main", "frequency_hz", "Hz", "mean"))


def test_a_footer_of_words_only_is_named_and_left_out_but_no_value_that_did_not_fit_its_column(tmp_path: Path) -> None:
    found = understood(tmp_path, day() + "작성자,홍길동\n#####,#####\n")
    assert [each.en for each in found.remarks] == ["lines of text without values are skipped: line 98"]
    assert {each.line for each in found.bad.first} == {99}


def test_times_that_a_program_made_fractions_of_are_still_times(tmp_path: Path) -> None:
    path = tmp_path / "meter.parquet"
    rows = f"SELECT ({FIRST} + 900000 * nth)::DOUBLE AS ts, 1.5 + nth % 3 AS energy_kwh FROM range(96) t(nth)"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
    assert hours(exchange.understand(path, exchange.Mapping(device="main"))) == [0.25 * nth for nth in range(96)]
