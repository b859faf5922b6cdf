"""A factory on a fixed real date; tests share it because it never changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator import Factory, load_factory

NOW_MS = int(datetime(2026, 11, 18, 5, 30, tzinfo=UTC).timestamp() * 1000)
"""A Wednesday, 14:30 in Seoul: everything runs."""


@pytest.fixture(scope="session")
def factory() -> Factory:
    return load_factory(now_ms=NOW_MS)
