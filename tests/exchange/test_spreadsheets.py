"""Tables as spreadsheets and utilities leave them: headers in two lines, totals, merged cells, times side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pytest

import exchange
from tests.exchange.parts import column, day, stamps, table, understood

KWH = [round(1 + nth % 7 * 0.13, 2) for nth in range(96)]
ENDS = [at.replace("2026-03-03 00:00", "2026-03-02 24:00") for at in stamps(96, "2026-03-02 00:15")]


def whole(found: exchange.Understood, total: float = sum(KWH)) -> bool:
    """Whether a day of quarter-hours was understood, with nothing open and nothing left out."""
    assert (found.questions, found.bad.first) == ([], [])
    starts = found.series[0].whole().starts
    first = int(dt.datetime.fromisoformat("2026-03-02T00:00+09:00").timestamp() * 1000)
    assert starts.tolist() == [first + 900_000 * nth for nth in range(96)]
    assert found.series[0].whole().values.sum() / 1000 == pytest.approx(total)
    return True


def remarks(found: exchange.Understood) -> list[str]:
    return [each.en for each in found.remarks]


def csv(header: str, cells: Callable[[int], object], after: Iterable[str] = ()) -> str:
    return "\n".join([header, *(str(cells(nth)) for nth in range(96)), *after]) + "\n"


def test_a_header_in_two_lines_names_each_column_by_both(tmp_path: Path) -> None:
    text = "전력사용내역,,,,,\n일자,시간,사용량,,역률,\n,,(kWh),최대수요(kW),지상,진상\n" + "\n".join(
        f"{at[:10]},{at[11:]},{kwh},{kwh * 4},95,100" for at, kwh in zip(ENDS, KWH, strict=True)
    )
    found = understood(tmp_path, text, "역률 지상=power_factor", encoding="cp949")
    names = ["일자", "시간", "사용량(kWh)", "사용량 최대수요(kW)", "역률 지상", "역률 진상"]
    assert (found.source.header, found.source.titles) == (names, ["전력사용내역"])
    assert whole(found)
    assert [each.channel for each in found.series] == ["energy_import_wh", "active_power_w", "power_factor"]
    again = understood(tmp_path, text, encoding="cp949", mapping=found.mapping)
    assert again.source.header == names


def test_a_unit_within_a_name_is_its_unit(tmp_path: Path) -> None:
    header = '일시,"무효전력량(kVarh)\n지상",무효전력량(kVarh) 진상,사용량（ｋＷｈ）'
    found = understood(tmp_path, csv(header, lambda nth: f"{ENDS[nth]},0.1,0.2,{KWH[nth]}"))
    assert not found.questions
    assert [(each.channel, each.unit) for each in found.series] == [
        ("reactive_energy_import_varh", "kvarh"),
        ("reactive_energy_export_varh", "kvarh"),
        ("energy_import_wh", "kWh"),
    ]


@pytest.mark.parametrize(
    ("clocks", "title"),
    [
        ([f"{15 * (nth + 1) // 60:02d}:{15 * (nth + 1) % 60:02d}" for nth in range(96)], "15분 사용량(kWh)"),
        ([f"{15 * nth // 60}시{15 * nth % 60:02d}분" for nth in range(96)], "사용량 [kWh]"),
        ([str(15 * nth // 60 * 100 + 15 * nth % 60) for nth in range(96)], "Energy (kWh)"),
        ([f"{15 * nth // 60:02d}:{15 * nth % 60:02d}~{15 * (nth + 1) // 60:02d}:{15 * (nth + 1) % 60:02d}"
          for nth in range(96)], "사용량(kWh)"),
    ],
)  # fmt: skip
def test_a_day_in_each_row_and_its_times_side_by_side_is_a_time_in_each_row(
    tmp_path: Path, clocks: list[str], title: str
) -> None:
    body = f"2026-03-02,{','.join(map(str, KWH))},{sum(KWH)}"
    total = f"합계,{','.join(map(str, KWH))},{sum(KWH)}"
    found = understood(tmp_path, f"{title}\n일자,{','.join(clocks)},합계\n{body}\n{total}\n", encoding="cp949")
    assert whole(found)
    assert column(found) == ("main", "energy_import_wh", "kWh", "interval")
    assert list(found.left_out) == ["합계"]
    assert remarks(found) == ["rows of totals or means are not imported: line 4"]
    assert understood(tmp_path, f"{title}\n일자,{','.join(clocks)}\n{body}\n", encoding="cp949", mapping=found.mapping)


def test_what_cells_side_by_side_hold_is_asked_where_no_line_above_says_it(tmp_path: Path) -> None:
    hours = ",".join(f"{hour}시" for hour in range(1, 25))
    rows = "\n".join(f"2026-03-{day:02d},{','.join(map(str, KWH[:24]))}" for day in (2, 3))
    text = f"일자,{hours}\n{rows}\n"
    with pytest.raises(exchange.MappingError, match=r"no column recognised.*'value=energy_import_wh:kWh:interval'"):
        understood(tmp_path, text)
    found = understood(tmp_path, text, "value=energy_import_wh:kWh:interval")
    assert (found.rows, found.line.stamps_at, found.questions) == (48, "end", [])


@pytest.mark.parametrize("meters", [6, 24])
def test_meters_that_are_called_by_numbers_are_no_hours(tmp_path: Path, meters: int) -> None:
    names = ",".join(str(1 + nth) for nth in range(meters))
    held = [",".join([str(1_767_193_200 + 900 * nth)] * meters) for nth in range(96)]
    rows = "\n".join(f"{at},{values}" for at, values in zip(stamps(96), held, strict=True))
    found = understood(tmp_path, f"일시,{names}\n{rows}\n", "3=energy_import_wh:Wh:register")
    assert (found.rows, found.source.header[3], len(found.left_out)) == (96, "3", meters - 1)


def test_rows_of_several_quantities_of_a_day_are_chosen_by_their_names(tmp_path: Path) -> None:
    hours = ",".join(f"{hour}시" for hour in range(1, 25))
    kinds = (("사용량(kWh)", 1), ("최대수요(kW)", 4))
    values = {kind: ",".join(str(hour * by) for hour in range(24)) for kind, by in kinds}
    rows = (f"2026-03-{day:02d},{kind},{held}" for day in (2, 3) for kind, held in values.items())
    text = f"일자,구분,{hours}\n" + "\n".join(rows) + "\n"
    value = "value=energy_import_wh:kWh:interval"
    assert "--only '구분=사용량(kWh)'" in understood(tmp_path, text, value).questions[-1].settled_by
    found = understood(tmp_path, text, value, mapping=exchange.Mapping(device="main", only={"구분": "사용량(kWh)"}))
    assert (found.questions, found.rows, found.series[0].whole().raw.sum()) == ([], 48, 2 * sum(range(24)))


def test_totals_and_headers_that_come_again_are_named_and_left_out(tmp_path: Path) -> None:
    lines = day(lambda nth: KWH[nth]).splitlines()
    text = "\n".join([*lines[:40], lines[0], *lines[40:60], "2026-03-02 소계,99", *lines[60:], ",123", "합 계,456"])
    found = understood(tmp_path, text + "\n평균,4.75\n")
    assert [(each.line, each.text) for each in found.bad.first] == [(100, "")]
    assert found.series[0].whole().values.sum() / 1000 == pytest.approx(sum(KWH))
    assert remarks(found) == [
        "headers that come again are skipped: line 41",
        "rows of totals or means are not imported: lines 62, 101, 102",
    ]


def test_a_date_that_stands_only_in_its_days_first_row_is_every_rows(tmp_path: Path) -> None:
    rows = (f"{'2026-03-02' if not nth else ''},{at[11:]},{KWH[nth]}" for nth, at in enumerate(stamps(96)))
    found = understood(tmp_path, "일자,시간,사용량(kWh)\n" + "\n".join(rows) + "\n")
    assert whole(found)
    assert remarks(found) == ["empty cells of the date are read as the date above: lines 3, 4, 5, 6, 7 and 90 more"]


@pytest.mark.parametrize("sign", ["~", " ~ ", "∼"])
def test_cells_that_name_both_ends_of_their_interval_say_what_the_stamp_is(tmp_path: Path, sign: str) -> None:
    rows = (f"{at[:10]},{at[11:]}{sign}{end[11:]},{kwh}" for at, end, kwh in zip(stamps(96), ENDS, KWH, strict=True))
    found = understood(tmp_path, "일자,시간대,사용량(kWh)\n" + "\n".join(rows))
    assert whole(found)
    assert "both the start and the end" in found.line.why.en
    joined = (f"{at}{sign}{end[11:]},{kwh}" for at, end, kwh in zip(stamps(20), ENDS, KWH, strict=False))
    part = understood(tmp_path, "일시,사용량(kWh)\n" + "\n".join(joined))
    assert (part.line.stamps_at, part.line.step_ms, part.questions) == ("start", 900_000, [])


def test_24_hours_end_a_day_in_a_part_of_a_day_too(tmp_path: Path) -> None:
    found = understood(tmp_path, table("일시,사용량(kWh)", zip(ENDS[50:], KWH[50:], strict=True)))
    assert (found.line.stamps_at, found.questions) == ("end", [])


def test_times_without_the_zeros_before_them_are_hours_and_minutes(tmp_path: Path) -> None:
    rows = (f"20260302,{int(at[11:13] + at[14:])},{kwh}" for at, kwh in zip(stamps(96), KWH, strict=True))
    assert whole(understood(tmp_path, "date,time,kWh\n" + "\n".join(rows)))


@pytest.mark.parametrize("digits", [10, 13, 16, 19])
def test_counts_since_1970_are_read_in_every_usual_unit(tmp_path: Path, digits: int) -> None:
    path, first = tmp_path / "meter.parquet", int(dt.datetime.fromisoformat("2026-03-02T00:00+09:00").timestamp())
    rows = f"({first} + 900 * i::BIGINT) * {10 ** (digits - 10)} AS ts, 1.5 AS kWh"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {rows} FROM range(96) t(i)) TO '{path}' (FORMAT parquet)")
    assert whole(exchange.understand(path, exchange.Mapping(device="main")), 96 * 1.5)


def test_stamps_some_seconds_off_are_read_on_the_beat_and_said_so(tmp_path: Path) -> None:
    rows = (f"{at}:{nth % 7:02d},{KWH[nth]}" for nth, at in enumerate(stamps(96)))
    found = understood(tmp_path, "일시,사용량(kWh)\n" + "\n".join(rows) + "\n")
    assert whole(found)
    assert remarks(found) == ["stamps are read as those of the nearest 15 min (at most 6 s away)"]
    register = understood(
        tmp_path, "일시,누적 지침(kWh)\n" + "\n".join(f"{at}:03,{nth}" for nth, at in enumerate(stamps(96)))
    )
    assert register.series[0].whole().stamps[0] % 900_000 == 3000


def test_numbers_split_at_their_commas_are_never_imported(tmp_path: Path) -> None:
    first = csv("일시,사용량(kWh)", lambda nth: f"{stamps(96)[nth]},{2000 + nth:,}.5")
    with pytest.raises(exchange.FileFormatError, match=r"line 2 has more cells.*save it without thousands separators"):
        understood(tmp_path, first)
    later = csv("일시,사용량(kWh),비고", lambda nth: f"{stamps(96)[nth]},{980 + nth:,}.5,정상")
    found = understood(tmp_path, later)
    assert [(cell.line, cell.text) for cell in found.bad.first[:1]] == [(22, "2026-03-02 05:00,1,000.5,정상")]
    assert (found.bad.count, len(found.series[0])) == (76, 20)
    assert "split at its comma" in found.bad.first[0].reason.en


@pytest.mark.parametrize("lost", [8, 25])
def test_the_line_within_which_a_file_ends_is_not_imported(tmp_path: Path, lost: int) -> None:
    text = csv("일시,사용량(kWh),전압(V)", lambda nth: f"{stamps(96)[nth]},{KWH[nth]:.2f},380.1")[: -lost - 1]
    found = understood(tmp_path, text)
    assert [(cell.line, cell.reason.en[:35]) for cell in found.bad.first] == [
        (97, "the file ends within this row: down")
    ]
    assert len(found.series[0]) == 95
    assert not understood(tmp_path, csv("일시,사용량(kWh)", lambda nth: f"{stamps(96)[nth]},1")[:-1]).bad.count


def test_a_file_cut_within_a_letter_is_said_to_be_cut(tmp_path: Path) -> None:
    path, at = tmp_path / "meter.csv", stamps(96)
    path.write_bytes(csv("일시,사용량(kWh),비고", lambda nth: f"{at[nth]},1,정상").strip().encode("cp949")[:-1])
    with pytest.raises(exchange.FileFormatError, match="CP949, but the file ends within a letter, on line 97"):
        exchange.understand(path)


def test_what_nobody_measured_is_not_imported(tmp_path: Path) -> None:
    header = "일시,계약전력(kW),요금적용전력(kW),전력량요금,목표전력(kW),사용량(kWh),태양광 발전량(kWh)"
    found = understood(tmp_path, csv(header, lambda nth: f"{stamps(96)[nth]},500,420,1000,300,{KWH[nth]},2"))
    assert [each.channel for each in found.series] == ["energy_import_wh", "energy_export_wh"]
    assert list(found.left_out) == ["계약전력(kW)", "요금적용전력(kW)", "전력량요금", "목표전력(kW)"]


def test_the_peak_of_a_day_is_no_mean_of_it(tmp_path: Path) -> None:
    rows = "\n".join(f"2026-03-{nth:02d},{nth}.5,150" for nth in range(1, 32))
    found = understood(tmp_path, f"일자,사용량(kWh),최대수요(kW)\n{rows}\n")
    assert [each.channel for each in found.series] == ["energy_import_wh"]
    assert "a maximum" in found.left_out["최대수요(kW)"].en
    only = "\n".join(f"2026-03-{nth:02d},150" for nth in range(1, 32))
    with pytest.raises(exchange.MappingError, match=r"nothing to import.*'최대수요\(kW\)=active_power_w:kW:mean'"):
        understood(tmp_path, f"일자,최대수요(kW)\n{only}\n")
    hourly = understood(tmp_path, table("일시,Demand (kW)", zip(stamps(48, step=60), [*range(48)], strict=True)))
    assert [each.channel for each in hourly.series] == ["active_power_w"]
    said = understood(tmp_path, f"일자,사용량(kWh),최대수요(kW)\n{rows}\n", "최대수요(kW)=active_power_w:kW:mean")
    assert [each.channel for each in said.series] == ["energy_import_wh", "active_power_w"]


def test_texts_that_programs_mark_for_excel_are_the_texts(tmp_path: Path) -> None:
    assert whole(understood(tmp_path, csv("일시,사용량(kWh)", lambda nth: f'="{stamps(96)[nth]}",="{KWH[nth]}"')))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("<html><table><tr><td>일시</td></tr></table></html>", "a web page or XML, whatever its name; open it in"),
        ('<?xml version="1.0"?><Workbook/>', "a web page or XML"),
        ('{"a": 1, "b": 2}', "this is JSON, not a table"),
        ("\x01\x02\x03\x04,\x05\n" * 50, "no text but some program's own format"),
        ('일시,kWh\n"2026-01-01 00:00,1\n' + "x" * 200_000, r"meter\.csv: line 2.*quotation mark left open"),
        ("일시,kWh\n" + "".join(f"26-01-{nth:02d} 00:15,1\n" for nth in range(1, 20)), "a year of two digits"),
        ("일시,kWh\n" + "".join(f"46023.{nth:02d},1\n" for nth in range(1, 20)), "a date as Excel counts days"),
        ("월일,시간,kWh\n" + "".join(f"01/{nth:02d},00:15,1\n" for nth in range(1, 20)), "'01/01' has no year"),
        ("년월,kWh\n" + "".join(f"2025-{nth:02d},1\n" for nth in range(1, 13)), "'2025-01' is a whole month"),
        ("항목," + ",".join(stamps(96)) + "\nkWh," + ",".join(["1"] * 96), "stand side by side in line 1; transpose"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused_with_what_to_do(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(exchange.FileFormatError, match=sentence) as caught:
        understood(tmp_path, content)
    assert len(str(caught.value)) < 500


def test_names_in_a_sentence_are_not_hundreds(tmp_path: Path) -> None:
    names = ",".join(f"tag{nth}" for nth in range(300))
    text = f"time,{names}\n" + "\n".join(f"{at},{','.join(['1'] * 300)}" for at in stamps(5))
    with pytest.raises(exchange.MappingError, match=r"tag10, … \(301 in all\)"):
        understood(tmp_path, text)


def test_several_meters_under_each_other_are_asked_about_and_read_one_by_one(tmp_path: Path) -> None:
    meters = ["압연기", "컴프레서"]
    rows = (
        f"{at},{meter},{kwh * (1 + nth)}"
        for at, kwh in zip(stamps(96), KWH, strict=True)
        for nth, meter in enumerate(meters)
    )
    text = "일시,계량기,사용량(kWh)\n" + "\n".join(rows) + "\n"
    both = understood(tmp_path, text)
    assert [each.settled_by for each in both.questions] == ["--only '계량기=압연기' | --only '계량기=컴프레서'"]
    for nth, meter in enumerate(meters):
        only = exchange.Mapping(device="main", only={"계량기": meter})
        one = understood(tmp_path, text, mapping=only)
        assert whole(one, sum(KWH) * (1 + nth))
        assert one.mapping.only == only.only
    with pytest.raises(exchange.MappingError, match="no row with '선반' in column '계량기'"):
        understood(tmp_path, text, mapping=exchange.Mapping(only={"계량기": "선반"}))
    with pytest.raises(exchange.MappingError, match="no column '공장' to choose rows by"):
        understood(tmp_path, text, mapping=exchange.Mapping(only={"공장": "1"}))


def test_lines_of_text_below_a_table_are_named_and_left_out(tmp_path: Path) -> None:
    text = csv("일시,사용량(kWh)", lambda nth: f"{stamps(96)[nth]},{KWH[nth]}")
    found = understood(tmp_path, text + "\n※ 본 자료는 참고용입니다.,\n출력일시 2026-03-05\n")
    assert whole(found)
    assert [each.en for each in found.remarks] == ["lines of text without values are skipped: lines 99, 100"]


def test_cells_with_their_unit_say_where_it_belongs(tmp_path: Path) -> None:
    found = understood(tmp_path, csv("일시,사용량(kWh)", lambda nth: f"{stamps(96)[nth]},{KWH[nth]} kWh"))
    assert found.bad.count == 96
    assert "take the unit out of the cells" in found.bad.first[0].reason.en
