"""InfluxStore: readings on an InfluxDB server, through line protocol and InfluxQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from storage.aggregation import check
from storage.errors import StoreError
from storage.influx.forgetting import forget
from storage.influx.influxql import ANY, between, identifier, is_tag, select
from storage.influx.newest import Newest, channels
from storage.influx.reading import around, nothing, read, windows
from storage.influx.rolling import Roller
from storage.influx.rows import is_ours, read_rows
from storage.influx.server import reach
from storage.influx.touches import Touches, read_notes, waiting
from storage.influx.writing import Writer
from storage.intake import Prepared
from storage.limits import GAP_KIND, MIN_TIME
from storage.store import (
    HOLD_MS,
    Aggregate,
    Forgotten,
    Health,
    Latest,
    Rollups,
    Series,
    Times,
    Values,
    Written,
)
from telemetry import Batch, Gap


class InfluxStore:
    """Readings on an InfluxDB 1.x, 2.x or 3.x server: the `Store` that grows.

    Measurement = device kind, tags ``site`` and ``device``, one float field per channel; declared gaps in the
    measurement ``gap``, roll-ups in a place of their own (`storage.influx.places`). Reads are InfluxQL, the one query
    language all versions share. Nothing is asked of the server before the first use; what is absent is made then, when
    the credentials allow it.

    Parameters
    ----------
    url, database
        Where; ``http://host:8086``.
    token, org
        Credentials of 2.x, 3.x and Cloud, and the organization of 2.x and Cloud.
    username, password
        Credentials of 1.x; used when there is no token.
    compress
        Compress what is sent, for a thin line to a distant server.
    keep_raw_days, keep_rollup_days
        For how long what is made on the server shall keep its data [d]; 0 for ever. What is there stays as it is.

    Raises
    ------
    StoreRefusedError
        When the URL is none, or carries credentials (they would be shown with it).
    """

    def __init__(
        self,
        url: str,
        *,
        database: str = "wattproof",
        token: str = "",
        org: str = "",
        username: str = "",
        password: str = "",
        compress: bool = False,
        keep_raw_days: int = 0,
        keep_rollup_days: int = 0,
    ) -> None:
        days = keep_raw_days, keep_rollup_days
        self._server = reach(url, database, token, org, username, password, compress=compress, days=days)
        self._newest = Newest(self._server)
        self._touches = Touches()
        self._roller = Roller(self._server)
        self._writer = Writer(self._server, self._touches, self._newest)

    def prepare(self, batches: Prepared) -> None:
        """Make the lines ahead; see `Store.prepare`."""
        self._writer.prepare(batches)

    def write(self, batches: Sequence[Batch]) -> Written:
        """Commit batches; see `Store.write`. Lines the server calls bad are found by halving and left out."""
        return self._writer.write(batches)

    def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range; see `Store.read`."""
        return read(self._server, series, start, end)

    def read_around(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range and those around it; see `Store.read_around`."""
        found = around(self._server, series.site, series.kind, [series.device], [series.channel], start, end)
        return found.get((series.device, series.channel), nothing())

    def windows(
        self,
        series: Series,
        start: int,
        end: int,
        every_ms: int,
        aggregate: Aggregate,
        offset_ms: int = 0,
        *,
        hold_ms: int = HOLD_MS,
        modulus: float | None = None,
    ) -> tuple[Times, Values]:
        """Aggregate into windows; see `Store.windows`."""
        check(every_ms, hold_ms, modulus)
        found = windows(self._server, [series], start, end, every_ms, aggregate, offset_ms, hold_ms, modulus)
        return found.get(series, nothing())

    def windows_many(
        self,
        series: Sequence[Series],
        start: int,
        end: int,
        every_ms: int,
        aggregate: Aggregate,
        offset_ms: int = 0,
        *,
        hold_ms: int = HOLD_MS,
        modulus: float | None = None,
    ) -> list[tuple[Times, Values]]:
        """Aggregate many series; see `Store.windows_many`."""
        check(every_ms, hold_ms, modulus)
        found = windows(self._server, series, start, end, every_ms, aggregate, offset_ms, hold_ms, modulus)
        return [found.get(each, nothing()) for each in series]

    def rollups(self, series: Series, start: int, end: int) -> Rollups:
        """Quarter-hours; see `Store.rollups`."""
        return read_rows(self._server, series, start, end)

    def roll(self, before: int, limit: int = 10_000) -> int:
        """Roll touched windows up; see `Store.roll`."""
        self._touches.note_anew()
        return self._roller.roll(before, limit)

    def touched(self) -> int:
        """Windows to be rolled; see `Store.touched`."""
        return sum(len(found) for found in waiting(read_notes(self._server)).values())

    def forget(self, raw_before: int, rollups_before: int) -> Forgotten:
        """Delete by retention; see `Store.forget`. Where only the server can delete, its retention periods do it."""
        forgotten, horizon = forget(self._server, self._touches, raw_before, rollups_before)
        self._writer.forgot(horizon)
        self._newest.wrote(MIN_TIME)
        return forgotten

    def latest(self, site: str) -> list[Latest]:
        """Newest values; see `Store.latest`, and `Newest` for what others hear of late readings."""
        return self._newest.find(site)

    def series(self, site: str | None = None) -> list[Series]:
        """Every series; see `Store.series`."""
        return self._newest.series(site)

    def gaps(self, site: str, start: int, end: int) -> list[Gap]:
        """Declared gaps; see `Store.gaps`."""
        where = is_tag("site", site), between(MIN_TIME, end), f"end_ms >= {max(start, MIN_TIME)}"
        statement = select("end_ms, readings", GAP_KIND, *where, by=" GROUP BY kind, device, channel, reason")
        found = [
            Gap(
                tags["device"], tags["kind"], tags["channel"],
                _integer(first), _integer(last), tags["reason"], _integer(lost),
            )
            for _, rows in self._server.query(statement, ANY.decode)
            for tags in (rows.tags,)
            for first, last, lost in rows.values
        ]  # fmt: skip
        return sorted(found, key=lambda gap: (gap.start, gap.kind, gap.device, gap.channel, gap.reason))

    def count(self, site: str | None = None) -> int:
        """Number of values; see `Store.count`. Reads every value of the site on the server."""
        where = () if site is None else (is_tag("site", site),)
        statements = [
            select(", ".join(f"count({identifier(name)})" for name in names), kind, *where)
            for kind, names in channels(self._server).items()
        ]
        if not statements:
            return 0
        return sum(
            _integer(number)
            for _, rows in self._server.query(statements, ANY.decode)
            for _, *numbers in rows.values
            for number in numbers
        )

    def duplicates(self) -> int:
        """Values that share series and time; see `Store.duplicates`.

        InfluxDB holds one value per its own series and time, so this can only happen when somebody else writes the same
        measurement with further tags; those devices are read and counted.
        """
        keys: dict[tuple[str, str, str], int] = defaultdict(int)
        for _, rows in self._server.query("SHOW SERIES", ANY.decode):
            for (key,) in rows.values:
                kind, *tags = str(key).split(",")
                named = dict(each.split("=", 1) for each in tags if "=" in each)
                if kind != GAP_KIND and not is_ours(kind):
                    keys[kind, named.get("site", ""), named.get("device", "")] += 1
        suspects = {key for key, count in keys.items() if count > 1}
        fields = channels(self._server) if suspects else {}
        found = 0
        for kind, site, device in suspects:
            for channel in fields.get(kind, ()):
                times, _ = self.read(Series(site, kind, device, channel), -(2**63), 2**63)
                _, counts = np.unique(times, return_counts=True)
                found += int(counts[counts > 1].sum())
        return found

    def health(self) -> Health:
        """Whether the server answers a query on the database; see `Store.health`."""
        try:
            facts = self._server.check()
        except StoreError as error:
            return Health(ok=False, engine="influx", detail=str(error))
        if self._writer.trouble:
            facts["notes"] = self._writer.trouble
        detail = f"{facts['database']} on {facts['url']}, InfluxDB {facts['version']}"
        return Health(ok=True, engine="influx", detail=detail, facts=facts)

    def close(self) -> None:
        """Let go of every connection; see `Store.close`."""
        self._server.close()


def _integer(number: float | str | None) -> int:
    return int(number or 0)
