"""`wattproof import` and `wattproof export`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

import exchange
from exchange.terminal import _WORDS
from storage import DuckStore
from telemetry import Batch, Table
from tests.exchange.parts import STEEL, day, stamps, table, understood
from wattproof.errors import CommandError
from wattproof.main import app

LAGGING = ("--column", "Lagging_Current_Power_Factor=power_factor")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "wattproof.yaml"
    file.write_text(f"data_dir: {tmp_path / 'data'}\n", encoding="utf-8")
    return file


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    file = tmp_path / "meter.csv"
    file.write_text(day(), encoding="cp949")
    return file


def run(config: Path, *arguments: object, code: int = 0) -> str:
    ran = CliRunner().invoke(app, ["-c", str(config), *map(str, arguments)], env={"COLUMNS": "100"})
    if isinstance(ran.exception, CommandError):
        assert ran.exception.exit_code == code, ran.exception
        return str(ran.exception)
    assert ran.exit_code == code, (ran.output, ran.exception)
    return ran.stdout


def js(config: Path, *arguments: object, code: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(config, *arguments, "--json", code=code))
    return answer


def test_a_dry_run_shows_what_was_understood_and_opens_no_store(config: Path, meter: Path) -> None:
    shown = run(config, "import", meter, "--dry-run", "--lang", "ko", "--device", "main")
    for words in (
        "CP949",
        "사용량(kWh)",
        "kWh × 1,000 → Wh",
        "구간 시작",
        "2026-03-02 00:00+09:00",
        "192.00",
        "가져올 수 있음",
    ):
        assert words in shown
    assert not (config.parent / "data").exists()


def test_a_dry_run_for_a_site_shows_how_the_file_fits_to_a_live_meter(config: Path, meter: Path) -> None:
    store = DuckStore(config.parent / "data" / "readings.duckdb")
    since = 1_772_377_200_000 + 43_200_000  # 2 March 2026, noon in Seoul
    rows = Table.of("main", "power_meter", [since, since + 900_000], {"energy_import_wh": [5e6, 5e6 + 1000]})
    store.write([Batch("plant", "gw-1", "0123456789abcdef", 1, [rows])])
    about = ("import", meter, "--site", "plant", "--device", "main", "--lang", "en")
    assert "was not looked at" in CliRunner().invoke(app, ["-c", str(config), *map(str, about), "--dry-run"]).stderr
    store.close()
    shown = run(config, *about, "--dry-run")
    assert "48 intervals counted back from the meter's own first reading, 5,000 kWh at 2026-03-02 12:00" in shown
    assert "49 readings" not in shown
    assert "48 readings stored" in run(config, *about)


def test_a_dry_run_with_something_open_ends_with_1_and_names_the_option(config: Path) -> None:
    shown = run(config, "import", STEEL, "--dry-run", "--lang", "en", code=1)
    assert "--device main" in shown
    assert "closes that day" in shown


def test_a_programme_reads_the_same_as_json(config: Path, meter: Path) -> None:
    found = js(config, "import", meter, "--dry-run", "--device", "main")
    column = found["columns"][0]
    assert (found["rows"], found["step_ms"], found["stamps"], found["questions"]) == (96, 900_000, "start", [])
    assert (column["total"], column["shown_unit"], column["months"]) == (192.0, "kWh", {"2026-03": 192.0})


def test_a_file_is_imported_and_its_month_exported_as_it_was(config: Path, meter: Path, tmp_path: Path) -> None:
    shown = run(config, "import", meter, "--site", "plant", "--device", "main", "--lang", "en")
    assert "97 readings stored" in shown
    assert "nothing was changed" in run(config, "import", meter, "--site", "plant", "--device", "main", "--lang", "en")
    target = tmp_path / "quarters.csv"
    sums = ("--site", "plant", "--every", "15m", "--aggregate", "increase", "--wide", "--to", "2026-03-02")
    assert js(config, "export", target, *sums)["rows"] == 96
    lines = target.read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith("main/energy_import_wh increase [Wh]")
    kwh = [float(line.split(",")[3]) / 1000 for line in lines[1:]]
    assert kwh == pytest.approx([1 + nth % 3 for nth in range(96)], rel=1e-9)


def test_the_mapping_that_was_written_down_is_corrected_and_used(config: Path, tmp_path: Path) -> None:
    file, written = tmp_path / "meter.csv", tmp_path / "map.yaml"
    file.write_text(day(header="일시,사용량"), encoding="utf-8")
    run(config, "import", file, "--write-map", written, "--device", "main", code=1)
    assert "overwritten" not in run(config, "import", file, "--write-map", written, code=2)
    text = written.read_text(encoding="utf-8").replace("meaning:", "unit: MWh, meaning:")
    written.write_text(text, encoding="utf-8")
    found = js(config, "import", file, "--map", written, "--dry-run")
    assert found["columns"][0]["total"] == 192_000.0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "say which site"),
        (("--site", "plant"), "--device main"),
        (("--site", "Not A Name", "--device", "main"), "site 'Not A Name' cannot be used"),
        (("--site", "plant", "--zone", "Mars/Base"), "time zone 'Mars/Base' is unknown"),
        (("--site", "plant", "--column", "x=y"), "unknown channel 'y'"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    config: Path, meter: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = CliRunner().invoke(app, ["-c", str(config), "import", str(meter), *arguments])
    assert sentence in str(ran.exception)


def test_old_readings_come_with_a_word_on_retention(config: Path, meter: Path) -> None:
    def errors(*arguments: str) -> str:
        command = ["-c", str(config), "import", str(meter), "--site", "plant", *arguments]
        return CliRunner().invoke(app, command).stderr

    meter.write_text(day().replace("2026-", "2020-"), encoding="utf-8")
    assert "older than 90 days" in errors("--device", "main", "--lang", "en")
    config.write_text(config.read_text(encoding="utf-8") + "store: {keep_raw_days: 0}\n", encoding="utf-8")
    assert "older" not in errors("--device", "other", "--lang", "en")


def test_a_held_data_file_is_said_to_be_held(config: Path, meter: Path) -> None:
    folder = config.parent / "data"
    store = DuckStore(folder / "readings.duckdb")
    for command in (("import", meter, "--site", "plant", "--device", "main"), ("export", "x.csv", "--site", "plant")):
        assert "already open" in run(config, *command, code=3)
    store.close()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("x.txt",), "end it in .parquet, .csv or .xlsx"),
        (("x.csv", "--every", "7m"), "a part of a day"),
        (("x.csv", "--aggregate", "mean"), "--every 15m"),
        (("x.xlsx", "--bom"), "--bom is for CSV"),
        (("x.csv", "--from", "yesterday"), "write e.g. 2026-03-01"),
        (("x.csv", "--from", "2026-03-02", "--to", "2026-03-01"), "is not before"),
        (("x.csv",), "no readings of a site 'plant'; it has none"),
    ],
)
def test_an_export_that_cannot_be_made_is_refused(config: Path, arguments: tuple[str, ...], sentence: str) -> None:
    DuckStore(config.parent / "data" / "readings.duckdb").close()
    assert sentence in run(config, "export", *arguments, "--site", "plant", code=2)


def test_an_export_where_no_data_are_makes_none_and_says_where_it_looked(config: Path) -> None:
    said = run(config, "export", "x.csv", "--site", "plant", code=3)
    assert "readings.duckdb: no readings are there yet; run this where wattproof.yaml is" in said
    assert not (config.parent / "data").exists()


@pytest.mark.parametrize(
    ("name", "sentence"), [("none.csv", "no such file; check the path"), (".", "is a folder; name a file in it")]
)
def test_a_file_that_is_not_there_is_said_to_be_missing(config: Path, name: str, sentence: str) -> None:
    assert sentence in run(config, "import", config.parent / name, "--dry-run", code=2)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_of_many_columns_loses_no_letter(tmp_path: Path, language: exchange.Language, width: int) -> None:
    names = [f"{line}공장 압연기라인전력사용량합산" for line in "가나다라마바사아자차"]
    header = "일시," + ",".join(f"{name}(kWh)" for name in names)
    columns = [
        exchange.Column(f"{name}(kWh)", "energy_import_wh", "kWh", "interval", f"line-{nth}")
        for nth, name in enumerate(names)
    ]
    text = table(header, ([at, *(nth % 9 + 1 for _ in names)] for nth, at in enumerate(stamps(96))))
    found = understood(tmp_path, text, mapping=exchange.Mapping(columns=columns))
    console = Console(record=True, width=width, file=(tmp_path / "terminal").open("w"))
    console.print(exchange.render(exchange.summarise(found), language))
    shown = console.export_text()
    # Each name stands in the table of columns and above the sums of its months.
    letters = "".join(names)
    assert {each: shown.count(each) >= 2 * letters.count(each) for each in letters} == dict.fromkeys(letters, True)
    assert max(map(cell_len, shown.splitlines())) <= width


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_a_terminal_and_is_left_to_be_looked_at(
    tmp_path: Path, test_output: Path, language: exchange.Language, width: int
) -> None:
    file = tmp_path / "전력사용량_2026-03.csv"
    rows = (
        (at[:10], at[11:], f"{1_000 + nth % 7:,}.5", 97.3, 4_000 + nth % 9, "")
        for nth, at in enumerate(stamps(960))
        if nth % 200
    )
    quoted = ((date, time, f'"{energy}"', *rest) for date, time, energy, *rest in rows)
    header = "고객번호 0123456789\n날짜,시간,사용량(kWh),역률(%),최대수요(kW),비고"
    file.write_text(table(header, quoted) + "2026-03-03,00:30,9,9,9,\n합계,,?,,,\n", encoding="cp949")
    summary = exchange.summarise(exchange.understand(file, exchange.Mapping(device="main")))
    console = Console(record=True, width=width, force_terminal=True, file=(tmp_path / "terminal").open("w"))
    console.print(exchange.render(summary, language))
    text = console.export_text(clear=False)
    assert max(map(len, text.splitlines())) <= width
    for words in ("(kWh)", "energy_import_wh", "active_power_w", "power_factor"):
        assert words in text
    console.save_svg(str(test_output / f"import-{language}-{width}.svg"), title="wattproof import --dry-run")


def test_both_languages_have_every_word() -> None:
    for name, words in _WORDS.items():
        assert words.ko, name
        assert words.en, name
        assert words.ko != words.en, name
