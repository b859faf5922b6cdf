"""Which engine keeps the readings, as the configuration file says it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from storage.store import Store


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where readings are kept.

    Parameters
    ----------
    engine
        ``duck``: one file, no server. ``influx``: an InfluxDB 1.x, 2.x or 3.x server.
    path
        The file of ``duck``.
    memory_mb
        What ``duck`` may keep of its file in memory [MB].
    influx_url, influx_database
        The server of ``influx``, and the database (2.x, Cloud: the bucket) on it.
    influx_token, influx_org
        Credentials of 2.x, 3.x and Cloud, and the organization of 2.x and Cloud.
    influx_username, influx_password
        Credentials of 1.x.
    influx_compress
        Compress what is sent to ``influx``, for a thin line to a distant server.
    keep_raw_days
        For how long readings are kept [d]; 0 for ever. Their quarter-hours stay.
    keep_rollup_days
        For how long quarter-hours and declared gaps are kept [d]; 0 for ever.
    """

    engine: Literal["duck", "influx"] = "duck"
    path: str = "readings.duckdb"
    memory_mb: Annotated[int, msgspec.Meta(ge=32)] = 256
    influx_url: str = "http://127.0.0.1:8086"
    influx_database: str = "wattproof"
    influx_token: str = ""
    influx_org: str = ""
    influx_username: str = ""
    influx_password: str = ""
    influx_compress: bool = False
    keep_raw_days: Annotated[int, msgspec.Meta(ge=0)] = 90
    keep_rollup_days: Annotated[int, msgspec.Meta(ge=0)] = 3650


def open_store(settings: Settings) -> Store:
    """Open the store the settings name; an engine's own library is imported only when it is chosen.

    Raises
    ------
    StoreRefusedError
        When the file cannot be used (held by another process, damaged, no permission) or the URL is none. InfluxDB is
        reached at first use, so that a collector may start before its database.
    StoreUnavailableError
        When the disk is full.
    """
    if settings.engine == "influx":
        from storage.influx import InfluxStore  # noqa: PLC0415 - a DuckDB installation needs no InfluxDB client

        return InfluxStore(
            settings.influx_url,
            database=settings.influx_database,
            token=settings.influx_token,
            org=settings.influx_org,
            username=settings.influx_username,
            password=settings.influx_password,
            compress=settings.influx_compress,
            keep_raw_days=settings.keep_raw_days,
            keep_rollup_days=settings.keep_rollup_days,
        )
    from storage.duck import DuckStore  # noqa: PLC0415 - an InfluxDB installation need not load DuckDB

    return DuckStore(settings.path, settings.memory_mb)
