"""Files as other programs leave them: open quotation marks, ends beside starts, clocks that were never set."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

import exchange
from exchange.errors import FileFormatError
from exchange.sources import open_source
from tests.exchange.parts import column, day, moment, questions, stamps, table, understood

KWH = [1 + nth % 3 for nth in range(96)]
STARTS, ENDS = stamps(97)[:96], stamps(97)[1:]


def remarks(found: exchange.Understood) -> list[str]:
    return [each.en for each in found.remarks]


@pytest.mark.parametrize("rows", [2, 60])
def test_a_quotation_mark_left_open_loses_no_row_in_silence(tmp_path: Path, rows: int) -> None:
    lines = [f"{at},{kwh},정상" for at, kwh in zip(STARTS, KWH, strict=True)]
    lines[20] = lines[20].replace("정상", '"정상')
    lines[20 + rows] += '"'
    with pytest.raises(FileFormatError, match=rf"line 22: a quotation mark is left open, so {rows} rows below"):
        understood(tmp_path, "일시,사용량(kWh),비고\n" + "\n".join(lines) + "\n")


def test_a_remark_of_several_lines_is_a_cell(tmp_path: Path) -> None:
    lines = [f"{at},{kwh}," for at, kwh in zip(STARTS, KWH, strict=True)]
    lines[20] += '"정전, 3분\n2026-03-02 05:30, 복구됨"'
    found = understood(tmp_path, "일시,사용량(kWh),비고\n" + "\n".join(lines) + "\n")
    assert (found.readings, found.bad.count, found.questions) == (96, 0, [])


def test_a_file_that_grows_between_two_looks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    path.write_text(day(), encoding="utf-8")
    grown: list[str] = []

    def grow(_done: int, _total: int) -> None:
        if not grown:
            grown.append("2026-03-03 00:00,5\n")
            with path.open("a", encoding="utf-8") as file:
                file.write(grown[0])

    with pytest.raises(FileFormatError, match=r"written to while it was read \([\d,]+ B, now [\d,]+ B\)"):
        exchange.understand(path, exchange.Mapping(device="main"), [], progress=grow)


def test_a_file_without_its_last_lines_end_is_pointed_at(tmp_path: Path) -> None:
    told = "the file ends without a line's end: see that the value of its last row is whole"
    assert remarks(understood(tmp_path, day()[:-2])) == [told]
    assert remarks(understood(tmp_path, day())) == []


def test_cells_that_are_quoted_behind_a_space_are_read(tmp_path: Path) -> None:
    rows = "".join(f'"{at}" , "{kwh}"\n' for at, kwh in zip(STARTS, KWH, strict=True))
    found = understood(tmp_path, '"일시" , "사용량(kWh)"\n' + rows)
    assert (found.series[0].header, found.readings, found.bad.count) == ("사용량(kWh)", 96, 0)


@pytest.mark.parametrize(
    ("header", "rows", "first"),
    [
        ("시작일시,종료일시,사용량(kWh)", zip(STARTS[5:50], ENDS[5:50], KWH[5:50], strict=True), STARTS[5]),
        ("Interval End,Interval Start,kWh", zip(ENDS[5:50], STARTS[5:50], KWH[5:50], strict=True), STARTS[5]),
        (
            "Datum,von,bis,Wirkarbeit (kWh)",
            ((at[:10], at[11:], end[11:], 2) for at, end in zip(STARTS[5:], ENDS[5:], strict=True)),
            STARTS[5],
        ),
    ],
)
def test_a_column_of_the_other_end_tells_what_stamps_are(
    tmp_path: Path, header: str, rows: zip[tuple[object, ...]], first: str
) -> None:
    found = understood(tmp_path, table(header, rows))
    assert (questions(found), found.line.why.en) == ([], "another column has the interval's other end")
    assert found.series[0].first_start == moment(first + "+09:00").timestamp() * 1000
    assert found.bad.count + found.repeats.other == 0


def test_a_second_clock_hours_away_is_no_end_of_an_interval(tmp_path: Path) -> None:
    utc = stamps(96, "2026-03-01 15:00")
    found = understood(tmp_path, table("일시,utc,사용량(kWh)", zip(STARTS[5:50], utc[5:50], KWH[5:50], strict=True)))
    assert questions(found) == ["--stamps start | --stamps end"]


def test_meters_that_are_empty_are_left_out_and_listed(tmp_path: Path) -> None:
    found = understood(
        tmp_path, table("일시,1호기(kWh),2호기(kWh)", ((at, kwh, "") for at, kwh in zip(STARTS, KWH, strict=True)))
    )
    assert (questions(found), column(found)[1], len(found.series)) == ([], "energy_import_wh", 1)
    assert {name: why.en for name, why in found.left_out.items()} == {"2호기(kWh)": "no value in it"}


def test_a_meter_whose_cells_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    rows = ((at, kwh, "통신이상") for at, kwh in zip(STARTS, KWH, strict=True))
    found = understood(tmp_path, table("일시,1호기(kWh),2호기(kWh)", rows))
    assert (found.bad.count, len(found.series), len(found.questions)) == (96, 2, 1)


@pytest.mark.parametrize("total", ["합계,192", "총 사용량,192.0", "Summe,192"])
def test_a_total_between_header_and_rows_or_at_the_end_is_none_of_them(tmp_path: Path, total: str) -> None:
    header, *rows = day().splitlines()
    first = understood(tmp_path, "\n".join([header, total, *rows]) + "\n")
    last = understood(tmp_path, "\n".join([header, *rows, total]) + "\n")
    for found, line in ((first, 2), (last, 98)):
        assert (found.source.header_line, found.readings, found.bad.count) == (1, 96, 0)
        assert remarks(found) == [f"rows of totals or means are not imported: line {line}"]
        assert found.time_text == "2026-03-02 00:00"


def test_times_yet_to_come_and_times_of_a_clock_that_was_never_set_are_told(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    path.write_text(day().replace("2026-03-02 00:15", "1970-01-01 09:00"), encoding="utf-8")
    now = int(moment("2026-03-02T23:36+09:00").timestamp() * 1000)
    found = exchange.understand(path, exchange.Mapping(device="main"), [], now=now)
    told = [(each.line, each.text, each.reason.en[:12]) for each in found.bad.first]
    assert told == [(3, "1970-01-01 09:00", "is before 20"), (97, "2026-03-02 23:45", "is yet to co")]
    assert (found.readings, found.line.stamps_at, found.questions) == (94, "start", [])


def test_a_logger_that_lost_its_power_is_told_of_in_few_letters(tmp_path: Path) -> None:
    found = understood(tmp_path, day() + "\0" * 3000)
    assert [len(each.text) for each in found.bad.first] == [2]
    found = understood(tmp_path, day() + "통신 오류 2026 " * 30 + ",1\n")
    assert [len(each.text) for each in found.bad.first] == [61]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (table("년,월,일,시,사용량(kWh)", ((2026, 3, 2, nth, 1) for nth in range(24))), "join them into one"),
        (table("일시,사용량(kWh)", ((at, "") for at in STARTS)), "dates but no values beside them"),
        (table("entity_id,state,last_changed", (("m", 1, at) for at in STARTS)), "'state=energy_import_wh"),
    ],
)
def test_what_cannot_be_read_is_told_by_what_it_is(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(exchange.ExchangeError, match=sentence):
        understood(tmp_path, text)


def test_an_archive_is_to_be_unpacked_and_a_workbook_to_be_saved_as_csv(tmp_path: Path) -> None:
    for name, part, sentence in (("a.zip", "meter.csv", "unpack it"), ("b.xlsx", "[Content_Types].xml", "as CSV")):
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            packed.writestr(part, day())
        with pytest.raises(FileFormatError, match=sentence):
            open_source(tmp_path / name)
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(day().encode()))
    with pytest.raises(FileFormatError, match="unpack it"):
        open_source(tmp_path / "c.csv.gz")


def test_cells_of_one_reason_are_shown_together(tmp_path: Path) -> None:
    found = understood(tmp_path, day(lambda nth: "-3.2" if nth < 4 else "#REF!" if nth == 9 else 1))
    shown = io.StringIO()
    Console(width=100, file=shown).print(exchange.render(exchange.summarise(found), "en"))
    assert shown.getvalue().count("is below 0") == 1
    assert "line 2 '-3.2', line 3 '-3.2', line 4 '-3.2', line 5 '-3.2'" in shown.getvalue()
    assert "line 11, '사용량(kWh)': '#REF!' is no number" in shown.getvalue()


@pytest.mark.parametrize("title", ["단위: kWh", "(단위 : kWh)", "Unit = kWh", "조회기간 : 2026-03-02 / 단위[kWh]"])
def test_a_unit_above_the_table_is_that_of_columns_without_one(tmp_path: Path, title: str) -> None:
    found = understood(tmp_path, f"{title},\n" + day(header="일시,사용량"), encoding="cp949")
    assert (questions(found), column(found)[2]) == ([], "kWh")
    power = understood(tmp_path, f"{title},\n" + day(header="일시,전력"))
    assert questions(power) == ["--column '전력=active_power_w:kW' | --column '전력=active_power_w:W'"]


@pytest.mark.parametrize(
    ("text", "korean"),
    [
        (day(lambda nth: "통신이상" if nth < 7 else 1), "'통신이상' 숫자가 아님; 외 2개. 고치거나, --skip-bad로"),
        (day() + "2026-03-02 00:15,7\n", "1개 시각이 다른 값으로 다시 나옵니다: '사용량(kWh)': 3행 2, 98행 7"),
        (day(header="일시,사용량"), "두 가지로 읽을 수 있어 가져오지 않았습니다: 열 '사용량'에 단위가 없음"),
    ],
)
def test_why_nothing_was_imported_is_told_in_both_languages(tmp_path: Path, text: str, korean: str) -> None:
    with pytest.raises(exchange.ExchangeError) as caught:
        exchange.refuse_unless_clear(understood(tmp_path, text))
    assert korean in caught.value.said("ko")
    assert caught.value.said("en") == str(caught.value)
    assert not any(
        "가" <= letter <= "힣" for letter in str(caught.value).translate(str.maketrans("", "", "사용량통신이상"))
    )
