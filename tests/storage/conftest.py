"""Both engines, each empty, for the tests that both must pass."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import DuckStore, InfluxStore, Store
from tests.parts import Database
from tests.storage.parts import ask_influx


@pytest.fixture
def influx_database(influxdb: Database) -> Iterator[str]:
    """Name of a database no other test uses; dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    yield name
    if not influxdb.token:  # 2.x knows no such statement, and ends with the run
        ask_influx(influxdb.url, f"DROP DATABASE {name}")


@pytest.fixture(params=["duck", "influx"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    engine: Store
    if request.param == "duck":
        engine = DuckStore(tmp_path / "readings.duckdb")
    else:
        server = request.getfixturevalue("influxdb")
        name = request.getfixturevalue("influx_database")
        engine = InfluxStore(server.url, database=name, token=server.token, org=server.org)
    yield engine
    engine.close()
