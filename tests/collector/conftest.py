from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import Quarantine
from storage import DuckStore, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = DuckStore(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def quarantine(tmp_path: Path) -> Iterator[Quarantine]:
    opened = Quarantine(tmp_path / "quarantine.sqlite")
    yield opened
    opened.close()
