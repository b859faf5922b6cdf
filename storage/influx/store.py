"""InfluxStore: readings on an InfluxDB server, through line protocol and InfluxQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from storage.errors import StoreError
from storage.influx.influxql import ANY, Number, Rows, between, decode_numbers, identifier, is_tag, select
from storage.influx.lines import Piece, halve_fields, halve_lines, requests
from storage.influx.server import Server
from storage.intake import GAP_KIND, MIN_TIME, take
from storage.store import Aggregate, Health, Latest, Rejected, Series, Times, Values, Written
from telemetry import Batch, Gap

LINES_PER_REQUEST: Final = 5_000
"""Where InfluxData's own guide puts the best size of a write."""


class InfluxStore:
    """Readings on an InfluxDB 1.x, 2.x or 3.x server: the `Store` that grows.

    Measurement = device kind, tags ``site`` and ``device``, one float field per channel; declared gaps in the
    measurement ``gap``. Reads are InfluxQL, the one query language all versions share. Nothing is asked of the server
    before the first use; the database (2.x: bucket) is made then, when it is absent and the credentials allow it.

    Parameters
    ----------
    url, database
        Where; ``http://host:8086``.
    token, org
        Credentials of 2.x and 3.x, and the organization of 2.x.
    username, password
        Credentials of 1.x; used when there is no token.
    compress
        Send lines gzipped, for a thin line to a distant server.

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
    ) -> None:
        self._server = Server(url, database, token, org, username, password, compress=compress)

    def write(self, batches: Sequence[Batch]) -> Written:
        """Commit batches; see `Store.write`. Lines the server calls bad are found by halving and left out."""
        intake = take(batches)
        rejected = list(intake.rejected)
        for pieces in requests(intake.blocks, intake.gaps, LINES_PER_REQUEST):
            rejected.extend(self._send(pieces))
        refused = _folded(rejected[len(intake.rejected) :])
        lost_gaps = len(refused) - sum(1 for each in refused if each.readings)
        stored = intake.stored - sum(each.readings for each in refused)
        return Written(stored, len(intake.gaps) - lost_gaps, (*intake.rejected, *refused))

    def _send(self, pieces: list[Piece]) -> list[Rejected]:
        lines = [line for piece in pieces for line in piece.lines()]
        refusal = self._server.write(lines) if lines else None
        if refusal is None:
            return []
        # The server has stored what it could (1.x, "partial write"); sending that again changes nothing.
        if len(lines) > 1 and refusal.dropped != len(lines):
            first, second = halve_lines(pieces)
        else:
            first, second = halve_fields(pieces)
        if second:
            return [*self._send(first), *self._send(second)]
        # Asked twice: a refusal may also be of what was altered on the way there.
        refusal = self._server.write(lines)
        if refusal is None:
            return []
        return [each for piece in first for each in piece.rejected(refusal.reason)]

    def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in a range; see `Store.read`."""
        return self._numbers(select(identifier(series.channel), series.kind, *_of(series), between(start, end)))

    def windows(
        self, series: Series, start: int, end: int, every_ms: int, aggregate: Aggregate, offset_ms: int = 0
    ) -> tuple[Times, Values]:
        """Aggregate into windows; see `Store.windows`."""
        if every_ms <= 0:
            raise ValueError(f"every_ms is {every_ms}; a window has a length above 0 ms")
        what = f"{aggregate.value}({identifier(series.channel)})"
        by = f" GROUP BY time({int(every_ms)}ms, {int(offset_ms) % int(every_ms)}ms) fill(none)"
        return self._numbers(select(what, series.kind, *_of(series), between(start, end), by=by))

    def _numbers(self, statement: str) -> tuple[Times, Values]:
        times, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for _, rows in self._server.query(statement, decode_numbers):
            time, value = zip(*rows.values, strict=True)
            times.append(np.array(time, np.int64))
            values.append(np.array(value, np.float64))
        return np.concatenate(times), np.concatenate(values)

    def latest(self, site: str) -> list[Latest]:
        """Newest values; see `Store.latest`."""
        return self._newest(site)

    def series(self, site: str | None = None) -> list[Series]:
        """Every series; see `Store.series`."""
        return [each.series for each in self._newest(site)]

    def _newest(self, site: str | None) -> list[Latest]:
        """Ask for the last value of every field, one statement each: a statement with several loses their times."""
        fields = [(kind, channel) for kind, channels in self._channels().items() for channel in channels]
        statements = (
            select(f"last({identifier(channel)})", kind, *_at(site), by=" GROUP BY site, device")
            for kind, channel in fields
        )
        found = [
            _latest(rows, fields[number], row) for number, rows in self._query_all(statements) for row in rows.values
        ]
        return sorted(found, key=lambda each: _key(each.series))

    def _query_all(self, statements: Iterable[str]) -> Iterable[tuple[int, Rows[Number]]]:
        text = "; ".join(statements)
        return self._server.query(text, decode_numbers) if text else ()

    def _channels(self) -> dict[str, list[str]]:
        """Field keys that hold numbers, by measurement."""
        channels: dict[str, list[str]] = {}
        for _, rows in self._server.query("SHOW FIELD KEYS", ANY.decode):
            numbers = [str(name) for name, kind, *_ in rows.values if kind in {"float", "integer"}]
            if numbers and rows.name != GAP_KIND:
                channels.setdefault(rows.name, []).extend(numbers)
        return channels

    def gaps(self, site: str, start: int, end: int) -> list[Gap]:
        """Declared gaps; see `Store.gaps`."""
        conditions = (*_at(site), between(-(2**63), end), f"end_ms >= {max(start, MIN_TIME)}")
        statement = select("end_ms, readings", GAP_KIND, *conditions, by=" GROUP BY kind, device, channel, reason")
        found = [
            Gap(
                tags["device"],
                tags["kind"],
                tags["channel"],
                _integer(time),
                _integer(last),
                tags["reason"],
                _integer(lost),
            )
            for _, rows in self._server.query(statement, ANY.decode)
            for tags in (rows.tags,)
            for time, last, lost in rows.values
        ]
        return sorted(found, key=lambda gap: (gap.start, gap.kind, gap.device, gap.channel, gap.reason))

    def count(self, site: str | None = None) -> int:
        """Number of values; see `Store.count`. Reads every value of the site on the server."""
        counts = {
            kind: ", ".join(f"count({identifier(channel)})" for channel in channels)
            for kind, channels in self._channels().items()
        }
        statement = "; ".join(select(counted, kind, *_at(site)) for kind, counted in counts.items())
        if not statement:
            return 0
        return sum(
            _integer(number)
            for _, rows in self._server.query(statement, ANY.decode)
            for _, *numbers in rows.values
            for number in numbers
            if number is not None
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
                if kind != GAP_KIND:
                    keys[kind, named.get("site", ""), named.get("device", "")] += 1
        suspects = {key for key, count in keys.items() if count > 1}
        found = 0
        for kind, site, device in suspects:
            for channel in self._channels()[kind]:
                times, _ = self.read(Series(site, kind, device, channel), -(2**63), 2**63)
                _, counts = np.unique(times, return_counts=True)
                found += int(counts[counts > 1].sum())
        return found

    def health(self) -> Health:
        """Whether the server answers a query on the database; see `Store.health`."""
        try:
            for _ in self._server.query("SHOW MEASUREMENTS LIMIT 1", ANY.decode):
                pass
        except StoreError as error:
            return Health(ok=False, engine="influx", detail=str(error))
        facts = {
            "url": self._server.url,
            "database": self._server.database,
            "version": self._server.version or "unknown",
        }
        return Health(ok=True, engine="influx", detail=f"{self._server.database} on {self._server.url}", facts=facts)

    def close(self) -> None:
        """Let go of every connection; see `Store.close`."""
        self._server.close()


def _at(site: str | None) -> tuple[str, ...]:
    return () if site is None else (is_tag("site", site),)


def _of(series: Series) -> tuple[str, ...]:
    return is_tag("site", series.site), is_tag("device", series.device)


def _latest(rows: Rows[Number], field: tuple[str, str], row: Number) -> Latest:
    series = Series(rows.tags.get("site", ""), field[0], rows.tags.get("device", ""), field[1])
    return Latest(series, *row)


def _key(series: Series) -> tuple[str, str, str, str]:
    return series.site, series.kind, series.device, series.channel


def _integer(number: float | str | None) -> int:
    return int(number or 0)


def _folded(rejected: list[Rejected]) -> list[Rejected]:
    """Sum readings of the same series of the same batch that were refused for the same reason."""
    folded: dict[tuple[int, Series, str], Rejected] = {}
    for each in rejected:
        key = id(each.batch), each.series, each.reason
        before = folded.get(key)
        readings = each.readings + (before.readings if before else 0)
        folded[key] = Rejected(each.batch, each.series, readings, each.reason)
    return list(folded.values())
