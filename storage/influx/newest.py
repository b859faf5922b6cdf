"""The newest value of every series, and with it the list of them."""

from __future__ import annotations

import threading
import time
from typing import Final

from storage.influx.influxql import ANY, Number, Rows, decode_numbers, identifier, is_tag, select
from storage.influx.rows import is_ours
from storage.influx.server import Server
from storage.intake import GAP_KIND
from storage.store import Latest, Series

RECENT_MS: Final = 3_600_000
"""What is newer than this lies in one shard or two, where looking for it costs little."""

_AGAIN_S: Final = 30.0
"""How old the answer about series that fell silent longer ago may be [s]."""

Field = tuple[str, str]
"""Measurement and field key."""


def channels(server: Server) -> dict[str, list[str]]:
    """Field keys that hold numbers, by measurement; not those of our book-keeping."""
    found: dict[str, list[str]] = {}
    for _, rows in server.query("SHOW FIELD KEYS", ANY.decode):
        numbers = [str(name) for name, kind, *_ in rows.values if kind in {"float", "integer"}]
        if numbers and rows.name != GAP_KIND and not is_ours(rows.name):
            found.setdefault(rows.name, []).extend(numbers)
    return found


class Newest:
    """Newest values. A database of many months has many shards, and looking into all of them takes seconds.

    So series that fell silent more than an hour ago are looked for every half minute only. Of readings that catch up,
    older than an hour, other processes hear that much later; what this process writes it knows at once.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._old: dict[str | None, tuple[float, dict[Series, Latest]]] = {}
        self._writes = 0

    def wrote(self, earliest: int) -> None:
        """Say that this process wrote a reading of that time [ms], or deleted some."""
        if earliest < time.time_ns() // 1_000_000 - RECENT_MS:
            with self._lock:
                self._old.clear()
                self._writes += 1

    def find(self, site: str | None) -> list[Latest]:
        """Newest values of one site or all, sorted by series."""
        recent = time.time_ns() // 1_000_000 - RECENT_MS
        fields = [(kind, name) for kind, names in channels(self._server).items() for name in names]
        with self._lock:
            known, writes = self._old.get(site), self._writes
        if known is None or time.monotonic() - known[0] > _AGAIN_S:
            asked = time.monotonic()
            found = self._ask(site, fields, None)
            with self._lock:
                if self._writes == writes:
                    self._old[site] = (asked, found)
        else:
            here = set(fields)
            old = {series: each for series, each in known[1].items() if (series.kind, series.channel) in here}
            found = old | self._ask(site, fields, recent)
        return sorted(found.values(), key=lambda each: _key(each.series))

    def _ask(self, site: str | None, fields: list[Field], since: int | None) -> dict[Series, Latest]:
        """The last value of every field, one statement each: a statement with several loses their times."""
        where = [] if site is None else [is_tag("site", site)]
        where += [] if since is None else [f"time >= {since * 1_000_000}"]
        statements = "; ".join(
            select(f"last({identifier(name)})", kind, *where, by=" GROUP BY site, device") for kind, name in fields
        )
        if not statements:
            return {}
        found = (
            _latest(rows, fields[number], row)
            for number, rows in self._server.query(statements, decode_numbers)
            for row in rows.values
        )
        return {each.series: each for each in found}


def _latest(rows: Rows[Number], field: Field, row: Number) -> Latest:
    series = Series(rows.tags.get("site", ""), field[0], rows.tags.get("device", ""), field[1])
    return Latest(series, *row)


def _key(series: Series) -> tuple[str, str, str, str]:
    return series.site, series.kind, series.device, series.channel
