"""Import and export as they are typed, with a real InfluxDB behind them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from storage import InfluxStore, Series
from tests.exchange.test_commands import js, run
from tests.parts import Database

ENERGY = Series("plant", "power_meter", "main", "energy_import_wh")
ALL = 0, 4_000_000_000_000


def config_of(folder: Path, url: str, database: str) -> Path:
    file = folder / f"{database}.yaml"
    file.write_text(
        f"data_dir: {folder / database}\nstore: {{engine: influx, influx_url: '{url}', influx_database: {database}}}\n",
        encoding="utf-8",
    )
    return file


def test_a_file_goes_in_once_and_its_readings_come_out_bit_for_bit(tmp_path: Path, influxdb: Database) -> None:
    config, other = (config_of(tmp_path, influxdb.url, name) for name in ("imported", "again"))
    meter, quarters, whole = tmp_path / "meter.csv", tmp_path / "quarters.csv", tmp_path / "whole.parquet"
    meter.write_text(
        "\n".join(
            ["일시;사용량(kWh)", *(f"2026-03-02 {n // 4:02}:{n % 4 * 15:02};{n % 7},{n % 10}" for n in range(96))]
        ),
        encoding="cp949",
    )
    about = ("import", meter, "--site", "plant", "--device", "main")
    first, again = js(config, *about), js(config, *about)
    assert (first["import"]["stored"], first["import"]["rolled"] >= 96, again["import"]["stored"]) == (97, True, 0)
    assert first["file"]["decimal"] == "comma"
    run(config, "export", quarters, "--site", "plant", "--every", "15m", "--wide", "--to", "2026-03-02")
    rows = list(csv.reader(quarters.open(encoding="utf-8")))[1:]
    assert [float(row[3]) / 1000 for row in rows] == pytest.approx([n % 7 + n % 10 / 10 for n in range(96)])
    assert js(config, "export", whole, "--site", "plant")["rows"] == 97
    assert js(other, "import", whole, "--site", "plant")["import"]["stored"] == 97
    stores = [InfluxStore(influxdb.url, database=name) for name in ("imported", "again")]
    held, copied = (store.read(ENERGY, *ALL) for store in stores)
    assert (held[0].tolist(), held[1].tolist()) == (copied[0].tolist(), copied[1].tolist())
    for store in stores:
        store.close()
