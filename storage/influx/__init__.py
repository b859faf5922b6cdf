"""The server engine: InfluxDB 1.x, 2.x or 3.x."""

from storage.influx.store import InfluxStore

__all__ = ["InfluxStore"]
