"""What a file is like: encoding, delimiter, header, Parquet."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import exchange
from exchange.sources import CsvSource, open_source
from tests.exchange.parts import day, stamps, table, understood

KOREAN = table(
    "날짜,시간,사용량(kWh),역률(%)",
    ((at[:10], at[11:], 1.5, 95) for at in stamps(96)),
)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("cp949", "cp949"),
    ],
)
def test_the_encoding_is_found_and_korean_headers_are_recognised(tmp_path: Path, encoding: str, found: str) -> None:
    read = understood(tmp_path, KOREAN, encoding=encoding)
    assert read.mapping.encoding == found
    assert [series.channel for series in read.series] == ["energy_import_wh", "power_factor"]
    assert read.questions == []


def test_bytes_that_fit_no_encoding_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    path.write_bytes(b"time,kWh\n2026-03-02,1\n2026-03-03,\xff\xff\n")
    with pytest.raises(exchange.FileFormatError, match=r"0xff on line 3.*--encoding"):
        open_source(path)


def test_a_letter_across_a_block_of_bytes_is_still_one_letter(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    rows = "".join(f"2026-03-02,1,{'가' * 100}\n" for _ in range(4_000))
    for pad in range(3):
        path.write_text(f"time,kWh,note{'x' * pad}\n{rows}", encoding="utf-8")
        source = open_source(path)
        assert isinstance(source, CsvSource)
        assert source.encoding == "utf-8"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_gives_a_table(tmp_path: Path, delimiter: str) -> None:
    text = table(f"time{delimiter}usage [kWh]", ((at, 1 + nth % 7) for nth, at in enumerate(stamps(96))), delimiter)
    assert understood(tmp_path, text).source.delimiter == delimiter


def test_titles_and_a_line_of_units_above_the_data_are_understood(tmp_path: Path) -> None:
    text = "전력사용량 조회\n고객번호: 1234,,\n\n일시,사용량,최대수요\n,(kWh),(kW)\n" + "\n".join(
        f"{at},1.5,6" for at in stamps(96)
    )
    found = understood(tmp_path, text)
    assert found.source.header == ["일시", "사용량(kWh)", "최대수요(kW)"]
    assert found.source.header_line == 5
    assert found.source.titles == ["전력사용량 조회", "고객번호: 1234"]
    assert [(each.channel, each.meaning) for each in found.series] == [
        ("energy_import_wh", "interval"),
        ("active_power_w", "mean"),
    ]


def test_lines_are_counted_as_an_editor_shows_them(tmp_path: Path) -> None:
    text = 'title\n\ntime,kWh,note\n2026-03-02 00:00,1,"two\nlines"\n\n2026-03-02 00:15,x,\n2026-03-02 00:30,2,\n'
    found = understood(tmp_path, text)
    assert [(cell.line, cell.column, cell.text) for cell in found.bad.first] == [(7, "kWh", "x")]


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    text = "\n".join(f"{at},{nth % 5}" for nth, at in enumerate(stamps(96)))
    found = understood(tmp_path, text, "column 2=energy_import_wh:kWh")
    assert (found.source.header_line, found.rows, len(found.series[0])) == (0, 96, 96)


def test_parquet_files_of_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "meter.parquet"
    rows = "TIMESTAMP '2026-03-02' + INTERVAL 15 MINUTE * i AS time, 0.1 + i % 3 AS \"usage (kWh)\""
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {rows} FROM range(96) t(i)) TO '{path}' (FORMAT parquet)")
    found = exchange.understand(path, exchange.Mapping(device="main"))
    assert found.questions == []
    assert found.series[0].whole().values[:3].tolist() == [100.0, 1100.0, 2100.0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04rest", "save it as CSV"),
        (b"PAR1broken", "Parquet file cannot be read"),
        (b"one column\n1\n2\n", "no columns found"),
        (b"a,b\n1,2\n3,4\n", "no date found"),
    ],
)
def test_what_is_no_table_of_times_is_refused_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(exchange.FileFormatError, match=sentence):
        exchange.understand(path)


def test_what_is_said_of_the_file_goes_before_what_is_found(tmp_path: Path) -> None:
    said = exchange.Mapping(device="main", encoding="latin-1", header_line=1, delimiter="comma")
    found = understood(tmp_path, day(header="time,usage (kWh)"), mapping=said)
    assert (found.mapping.encoding, found.source.header_line, found.source.delimiter) == ("latin-1", 1, ",")
    with pytest.raises(exchange.FileFormatError, match="unknown"):
        understood(tmp_path, day(), mapping=exchange.Mapping(encoding="klingon"))


@pytest.mark.parametrize("first", [15, 60])
def test_rows_of_two_lengths_are_asked_about_unless_they_are_said_to_have_gaps(tmp_path: Path, first: int) -> None:
    quarters = stamps(96, "2026-03-02 00:00" if first == 15 else "2026-03-03 00:00")
    hours = stamps(24, "2026-03-03 00:00" if first == 15 else "2026-03-02 00:00", 60)
    rows = quarters + hours if first == 15 else hours + quarters
    text = "일시,사용량(kWh)\n" + "".join(f"{at},{1 + nth % 3}\n" for nth, at in enumerate(rows))
    asked = understood(tmp_path, text).questions
    assert "--interval 15m" in [each.settled_by for each in asked]
    assert any("are 1h apart" in each.text.en for each in asked)
    time = exchange.TimeColumns(interval="15m", stamps="start")
    found = understood(tmp_path, text, mapping=exchange.Mapping(device="main", time=time))
    assert (found.questions, found.line.step_ms, found.series[0].totals.gaps) == ([], 900_000, 23 + (first == 60))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("일시,사용량(kWh)\n", "only one line, '일시 | 사용량\\(kWh\\)', and no rows"), ("\n \n\n", "but empty lines")],
)
def test_files_without_rows_say_so(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(exchange.FileFormatError, match=sentence):
        understood(tmp_path, text)


def test_rows_of_one_time_have_no_interval_and_are_asked_about(tmp_path: Path) -> None:
    found = understood(tmp_path, "일시,사용량(kWh)\n" + "2026-03-02 00:00,1\n" * 5)
    assert [each.settled_by.split(" | ")[0] for each in found.questions] == ["--interval LENGTH"]
    assert found.repeats.same == 4
