"""Exports of a real store: every format, long and wide, and back again bit for bit."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import exchange
from exchange.loading import load
from storage import Aggregate, DuckStore, Series
from telemetry import Batch, Table
from tests.exchange.parts import moment
from tests.storage.parts import little_disk

SITE = "plant"
SEOUL = exchange.zone_named("Asia/Seoul")
START = 1_772_377_200_000  # 2026-03-02 00:00 +09:00
ALL = -(2**53), 2**53
DAY = 86_400_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    store = DuckStore(tmp_path / "readings.duckdb")
    times = [START + 900_000 * nth for nth in range(97)]
    energy: list[float | None] = [1000.0 * nth for nth in range(97)]
    power: list[float | None] = [4000.0 if nth % 2 else None for nth in range(97)]
    state: list[float | None] = [float(nth // 48) for nth in range(97)]
    tables = [
        Table.of("main", "power_meter", times, {"energy_import_wh": energy, "active_power_w": power}),
        Table.of("press", "plc", times[:50], {"run_state": state[:50]}),
    ]
    store.write([Batch(SITE, "gw-1", "0123456789abcdef", 1, tables)])
    yield store
    store.close()


def selection(store: DuckStore, *devices: str, **more: Any) -> exchange.Selection:
    return exchange.select(
        store, SITE, devices, more.pop("channels", ()), more.pop("start", None), more.pop("end", None), SEOUL, **more
    )


def written(
    store: DuckStore, target: Path, form: exchange.Format = "parquet", wide: bool = False, **more: Any
) -> list[tuple[Any, ...]]:
    done = exchange.export(store, selection(store, **more), target, form, wide=wide)
    assert done is not None
    assert (done.bytes, done.path) == (target.stat().st_size, str(target))
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT * FROM '{target}'").fetchall()
    assert len(rows) == done.rows
    return rows


def test_one_row_per_reading_with_local_time_offset_unit_and_utc(store: DuckStore, tmp_path: Path) -> None:
    rows = written(store, tmp_path / "all.parquet")
    assert len(rows) == 97 + 48 + 50
    local, utc = moment("2026-03-02 00:15"), moment("2026-03-01 15:15")
    assert rows[0] == (local, "+09:00", utc, SITE, "main", "power_meter", "active_power_w", "W", 4000.0)
    assert [row[6] for row in rows] == ["active_power_w"] * 48 + ["energy_import_wh"] * 97 + ["run_state"] * 50


def test_one_row_per_time_leaves_cells_empty_where_nothing_was_read(store: DuckStore, tmp_path: Path) -> None:
    target = tmp_path / "wide.csv"
    exchange.export(store, selection(store), target, "csv", wide=True, bom=True)
    text = target.read_bytes()
    assert text.startswith(b"\xef\xbb\xbftime_local")
    lines = text.decode("utf-8-sig").splitlines()
    assert (
        lines[0]
        == "time_local,utc_offset,time_utc,main/active_power_w [W],main/energy_import_wh [Wh],press/run_state [1]"
    )
    assert lines[1] == "2026-03-02 00:00:00,+09:00,2026-03-01 15:00:00,,0.0,0.0"
    assert lines[97] == "2026-03-03 00:00:00,+09:00,2026-03-02 15:00:00,,96000.0,"
    assert len(lines) == 98


def test_windows_are_days_of_the_zone_and_each_kind_of_channel_has_its_own_aggregate(
    store: DuckStore, tmp_path: Path
) -> None:
    rows = written(store, tmp_path / "days.parquet", every_ms=DAY)
    assert [(row[0], *row[6:]) for row in rows] == [
        (moment("2026-03-02 00:00"), "active_power_w", "time_mean", 86_400, "W", 4000.0),
        (moment("2026-03-02 00:00"), "energy_import_wh", "increase", 86_400, "Wh", 96_000.0),
        (moment("2026-03-02 00:00"), "run_state", "last", 86_400, "1", 1.0),
    ]


def test_an_aggregate_that_fits_no_channel_is_refused(store: DuckStore) -> None:
    with pytest.raises(exchange.ExportError, match="only counters increase, not active_power_w"):
        selection(store, "main", every_ms=900_000, aggregate=Aggregate.INCREASE)
    found = selection(store, "main", channels=("energy_import_wh",), every_ms=900_000, aggregate=Aggregate.COUNT)
    assert found.names == ["main/energy_import_wh count [1]"]


def test_days_that_differ_in_length_are_refused_with_two_ways_out(store: DuckStore) -> None:
    summer = Table.of("main", "power_meter", [START - 200 * DAY], {"active_power_w": [1.0]})
    store.write([Batch(SITE, "gw-1", "0123456789abcdef", 2, [summer])])
    berlin = exchange.zone_named("Europe/Berlin")
    with pytest.raises(exchange.ExportError, match=r"--zone \+01:00 or --every 1h"):
        exchange.select(store, SITE, (), (), None, None, berlin, every_ms=DAY)
    assert exchange.select(store, SITE, (), (), None, None, berlin, every_ms=3_600_000).every_ms == 3_600_000


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"site": "nowhere"}, "it has plant"),
        ({"devices": ["pump"]}, "has no device 'pump'; it has main, press"),
        ({"channels": ["voltage_l1_v"]}, "no channel 'voltage_l1_v'"),
        ({"start": START + 30 * DAY}, "no readings in this time"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(store: DuckStore, wanted: dict[str, Any], sentence: str) -> None:
    asked: dict[str, Any] = {"site": SITE, "devices": [], "channels": [], "start": None, "end": None} | wanted
    with pytest.raises(exchange.ExportError, match=sentence):
        exchange.select(store, zone=SEOUL, **asked)


def test_a_file_that_is_there_stays_unless_force_is_used(store: DuckStore, tmp_path: Path) -> None:
    target = tmp_path / "there.csv"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(exchange.ExportError, match="--force"):
        exchange.export(store, selection(store), target, "csv")
    assert target.read_text(encoding="utf-8") == "mine"
    exchange.export(store, selection(store), target, "csv", force=True)
    assert target.read_text(encoding="utf-8").startswith("time_local")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_that_finds_no_room_says_so_and_leaves_nothing(
    store: DuckStore, tmp_path: Path, form: exchange.Format
) -> None:
    target = tmp_path / "out" / "file"
    target.parent.mkdir()
    chosen = exchange.select(store, SITE, (), (), None, None, SEOUL)
    with little_disk(4096), pytest.raises(OSError, match="cannot be written") as caught:
        exchange.export(store, chosen, target, form)
    assert caught.value.filename == str(target)
    assert not list(target.parent.iterdir())
    with pytest.raises(exchange.ExportError, match="is a folder"):
        exchange.export(store, chosen, tmp_path / "out", form, force=True)


def test_a_stopped_export_leaves_nothing_behind(store: DuckStore, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    assert exchange.export(store, selection(store), tmp_path / "x.csv", "csv", stopped=lambda: True) is None
    assert sorted(tmp_path.iterdir()) == before


def test_a_workbook_has_times_that_excel_knows_and_as_many_sheets_as_it_needs(
    store: DuckStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.tables.SHEET_ROWS", 60)
    done = exchange.export(store, selection(store), tmp_path / "book.xlsx", "xlsx", wide=True)
    assert done is not None
    assert (done.rows, done.sheets) == (97, 2)
    with zipfile.ZipFile(tmp_path / "book.xlsx") as book:
        second = book.read("xl/worksheets/sheet2.xml").decode()
        assert "yyyy-mm-dd hh:mm:ss" in book.read("xl/styles.xml").decode()
    # 2026-03-02 15:00 is day 46,083.625 of Excel's calendar.
    assert "<v>46083.625</v>" in second
    assert second.count("<row ") == 1 + 37
    monkeypatch.setattr("exchange.tables.MOST_SHEETS", 1)
    with pytest.raises(exchange.ExportError, match=r"97 rows are too many for a workbook.*--every 15m"):
        exchange.export(store, selection(store), tmp_path / "more.xlsx", "xlsx", wide=True)


def test_a_workbook_holds_every_value_bit_for_bit(store: DuckStore, tmp_path: Path) -> None:
    odd = [-0.0, 5e-324, 0.1 + 0.2, 1 / 3, -1e9 / 7, 123456.789, 1.7976931348623157e308, 9007199254740993.0]
    table = Table.of("odd", "sensor", [START + nth for nth in range(len(odd))], {"temperature_c": [*odd]})
    store.write([Batch(SITE, "gw-1", "0123456789abcdef", 2, [table])])
    exchange.export(store, selection(store, "odd"), tmp_path / "book.xlsx", "xlsx")
    with zipfile.ZipFile(tmp_path / "book.xlsx") as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    cells = sheet.findall(".//{*}c")
    held = [float(cell.findtext("{*}v") or "") for cell in cells if re.fullmatch(r"I(?!1$)\d+", cell.get("r") or "")]
    assert [struct.pack("d", value) for value in held] == [struct.pack("d", value) for value in odd]


def copied(source: DuckStore, folder: Path, form: exchange.Format) -> DuckStore:
    """Export a store's readings and import them into another."""
    target = folder / f"all.{form}"
    exchange.export(source, exchange.select(source, SITE, (), (), None, None, SEOUL), target, form, force=True)
    again = DuckStore(folder / "again.duckdb")
    found = exchange.understand(target)
    assert (found.questions, found.bad.count) == ([], 0)
    load(found, again, SITE, folder / "imports", now=2_000_000_000_000, resume=False)
    return again


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_what_was_exported_comes_back_bit_for_bit(store: DuckStore, tmp_path: Path, form: exchange.Format) -> None:
    odd = [-0.0, 5e-324, 0.1, 1 / 3, -1e9, 123456.789]
    heat = Table.of(
        "main", "power_meter", [START + 250 * nth + nth for nth in range(6)], {"reactive_power_var": [*odd]}
    )
    store.write([Batch(SITE, "gw-1", "e", 2, [heat])])
    again = copied(store, tmp_path, form)
    assert again.series() == store.series()
    for series in store.series():
        same(store, again, series)
    again.close()


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50))
def test_any_readings_come_back_from_parquet_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("copy")
    source = DuckStore(folder / "readings.duckdb")
    times = [START + 1_001 * nth for nth in range(len(values))]
    source.write([Batch(SITE, "gw-1", "e", 1, [Table.of("main", "power_meter", times, {"active_power_w": [*values]})])])
    again = copied(source, folder, "parquet")
    same(source, again, Series(SITE, "power_meter", "main", "active_power_w"))
    source.close()
    again.close()


def same(one: DuckStore, other: DuckStore, series: Series) -> None:
    (times, values), (again_times, again_values) = one.read(series, *ALL), other.read(series, *ALL)
    assert times.tolist() == again_times.tolist()
    assert values.view(np.int64).tolist() == again_values.view(np.int64).tolist()


def test_aggregates_are_not_taken_for_readings(store: DuckStore, tmp_path: Path) -> None:
    target = tmp_path / "hours.csv"
    exchange.export(store, selection(store, every_ms=3_600_000), target, "csv")
    with pytest.raises(exchange.MappingError, match="aggregates, not readings"):
        exchange.understand(target)


def test_a_single_reading_of_a_counter_has_no_increase_to_export(store: DuckStore, tmp_path: Path) -> None:
    one = selection(store, channels=("energy_import_wh",), start=START + DAY, every_ms=900_000)
    with pytest.raises(exchange.ExportError, match="no window of this length has a value"):
        exchange.export(store, one, tmp_path / "none.csv", "csv")
    assert not (tmp_path / "none.csv").exists()


def test_a_file_that_names_its_devices_takes_no_other(store: DuckStore, tmp_path: Path) -> None:
    exchange.export(store, selection(store), tmp_path / "all.csv", "csv")
    with pytest.raises(exchange.MappingError, match="leave --device out"):
        exchange.understand(tmp_path / "all.csv", exchange.Mapping(device="main"))


def test_a_wide_export_is_recognised_column_by_column(store: DuckStore, tmp_path: Path) -> None:
    target = tmp_path / "wide.csv"
    exchange.export(store, selection(store), target, "csv", wide=True)
    found = exchange.understand(target)
    assert found.questions == []
    assert [(each.device, each.channel, each.meaning, len(each)) for each in found.series] == [
        ("main", "active_power_w", "instant", 48),
        ("main", "energy_import_wh", "register", 97),
        ("press", "run_state", "instant", 50),
    ]
