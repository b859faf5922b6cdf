"""The embedded engine: one DuckDB file."""

from storage.duck.store import DuckStore

__all__ = ["DuckStore"]
