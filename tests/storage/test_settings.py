"""The settings choose the engine."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

import storage
from storage import DuckStore, InfluxStore, Settings, open_store
from tests.parts import Database
from tests.storage.parts import batch


def test_duck_is_the_default_and_opens_its_path(tmp_path: Path) -> None:
    store = open_store(msgspec.convert({"path": str(tmp_path / "r.duckdb")}, Settings))
    assert isinstance(store, DuckStore)
    assert store.health().facts["path"] == str(tmp_path / "r.duckdb")
    store.close()


def test_influx_is_opened_with_what_the_settings_say(influxdb: Database, influx_database: str) -> None:
    store = open_store(
        Settings(
            engine="influx", influx_url=f"{influxdb.url}/", influx_database=influx_database,
            influx_compress=True, keep_raw_days=30, keep_rollup_days=400,
        )
    )  # fmt: skip
    assert isinstance(store, InfluxStore)
    assert store.write([batch({time.time_ns() // 1_000_000: 1.0})]).stored == 1
    facts = store.health().facts
    assert facts["roll-ups"] == "the server keeps them 400 d (policy rollup)"
    assert facts["url"] == influxdb.url
    assert facts["database"] == influx_database
    assert facts["version"].startswith("1.")
    store.close()


def test_an_influx_that_is_not_there_yet_can_be_opened() -> None:
    store = open_store(Settings(engine="influx", influx_url="http://127.0.0.1:9"))
    health = store.health()
    assert not health.ok
    assert "cannot be reached" in health.detail
    store.close()


@pytest.mark.parametrize("wrong", [{"engine": "sqlite"}, {"pth": "x"}, {"influx_url": 5}, {"keep_raw_days": -1}])
def test_a_wrong_setting_is_refused_naming_it(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(wrong)) if "pth" in wrong else r"\$\."):
        msgspec.convert(wrong, Settings)


def test_opening_the_file_engine_loads_no_influxdb_client(tmp_path: Path) -> None:
    code = (
        "import sys; from storage import Settings, open_store; "
        f"open_store(Settings(path={str(tmp_path / 'r.duckdb')!r})).close(); "
        "sys.exit('influxdb_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_every_public_name_is_there() -> None:
    for name in storage.__all__:
        assert getattr(storage, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'SqliteStore'"):
        storage.SqliteStore  # noqa: B018 - asking is the test
