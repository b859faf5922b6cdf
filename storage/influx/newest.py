"""The newest value of every series, and with it the list of them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from storage.influx.influxql import ANY, Cells, Rows, among, decode_cells, identifier, is_tag, select
from storage.influx.rows import is_ours, rolled_series
from storage.influx.server import Server
from storage.limits import GAP_KIND
from storage.store import Latest, Series

RECENT_MS: Final = 3_600_000
"""What is newer than this lies in one shard or two, where looking for it costs little."""

_AGAIN_S: Final = 30.0
"""How old the answer about series that fell silent longer ago may be [s]."""

_FEW: Final = 100
"""So many devices are named in a condition at most."""

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
        self._rolled: dict[str | None, tuple[float, set[Series]]] = {}
        self._writes = 0

    def wrote(self, earliest: int) -> None:
        """Say that this process wrote a reading of that time [ms], or deleted some."""
        if earliest < time.time_ns() // 1_000_000 - RECENT_MS:
            with self._lock:
                self._old.clear()
                self._rolled.clear()
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

    def series(self, site: str | None) -> list[Series]:
        """Every series of one site or all, sorted; also those that retention has left nothing but quarter-hours."""
        with self._lock:
            known, writes = self._rolled.get(site), self._writes
        if known is None or time.monotonic() - known[0] > _AGAIN_S:
            known = time.monotonic(), rolled_series(self._server, site)
            with self._lock:
                if self._writes == writes:
                    self._rolled[site] = known
        return sorted(known[1].union(each.series for each in self.find(site)), key=_key)

    def _ask(self, site: str | None, fields: list[Field], since: int | None) -> dict[Series, Latest]:
        """Newest values: of most fields in a device's newest row, of the others one by one.

        One statement per field would be exact too, but costs ten times as much for a meter of ten channels; one with
        several ``last()`` loses their times.
        """
        where = [] if site is None else [is_tag("site", site)]
        where += [] if since is None else [f"time >= {since * 1_000_000}"]
        names: dict[str, list[str]] = defaultdict(list)
        for kind, name in fields:
            names[kind].append(name)
        found: dict[Series, Latest] = {}
        alone = {(kind, several[0]): set[str]() for kind, several in names.items() if len(several) == 1}
        broad = [kind for kind, several in names.items() if len(several) > 1]
        statements = [
            select(
                ", ".join(identifier(name) for name in names[kind]), kind, *where,
                by=" GROUP BY site, device ORDER BY time DESC LIMIT 1",
            )
            for kind in broad
        ]  # fmt: skip
        for number, rows in self._query(statements):
            kind = broad[number]
            for time_ms, *values in rows.values:
                for name, value in zip(names[kind], values, strict=True):
                    if value is None:
                        alone.setdefault((kind, name), set()).add(rows.tags.get("device", ""))
                    else:
                        latest = _latest(rows, (kind, name), int(time_ms or 0), value)
                        found[latest.series] = latest
        rest = list(alone)
        statements = [
            select(f"last({identifier(name)})", kind, *where, *_among(alone[kind, name]), by=" GROUP BY site, device")
            for kind, name in rest
        ]
        for number, rows in self._query(statements):
            for time_ms, value in rows.values:
                latest = _latest(rows, rest[number], int(time_ms or 0), 0.0 if value is None else value)
                found[latest.series] = latest
        return found

    def _query(self, statements: list[str]) -> Iterator[tuple[int, Rows[Cells]]]:
        if statements:
            yield from self._server.query(statements, decode_cells)


def _among(devices: set[str]) -> tuple[str, ...]:
    """Condition for a few devices; none for many, and where all are meant."""
    if not 0 < len(devices) <= _FEW:
        return ()
    return (among(sorted(devices)),)


def _latest(rows: Rows[Cells], field: Field, time_ms: int, value: float) -> Latest:
    series = Series(rows.tags.get("site", ""), field[0], rows.tags.get("device", ""), field[1])
    return Latest(series, time_ms, float(value))


def _key(series: Series) -> tuple[str, str, str, str]:
    return series.site, series.kind, series.device, series.channel
