"""One small `Store` interface and its two engines: a DuckDB file, or an InfluxDB server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.blocks import Block
from storage.charts import Drawn, draw, from_quarter_hours, width_for
from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError
from storage.gaps import came_after_all, missing
from storage.intake import Prepared, lay_out
from storage.settings import Settings, open_store
from storage.store import (
    HOLD_MS,
    ROLLUP_MS,
    Aggregate,
    Forgotten,
    Health,
    Latest,
    Rejected,
    Rollups,
    Series,
    Store,
    Times,
    Values,
    Written,
)
from storage.upkeep import Upkeep

if TYPE_CHECKING:
    from storage.duck import DuckStore
    from storage.influx import InfluxStore

__all__ = [
    "HOLD_MS",
    "ROLLUP_MS",
    "Aggregate",
    "Block",
    "Drawn",
    "DuckStore",
    "Forgotten",
    "Health",
    "InfluxStore",
    "Latest",
    "Prepared",
    "Rejected",
    "Rollups",
    "Series",
    "Settings",
    "Store",
    "StoreError",
    "StoreRefusedError",
    "StoreUnavailableError",
    "Times",
    "Upkeep",
    "Values",
    "Written",
    "came_after_all",
    "draw",
    "from_quarter_hours",
    "lay_out",
    "missing",
    "open_store",
    "width_for",
]


def __getattr__(name: str) -> Any:
    """Import an engine, and with it its library, when it is first asked for."""
    if name == "DuckStore":
        from storage.duck import DuckStore  # noqa: PLC0415

        return DuckStore
    if name == "InfluxStore":
        from storage.influx import InfluxStore  # noqa: PLC0415

        return InfluxStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
