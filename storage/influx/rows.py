"""Roll-ups as InfluxDB holds them: a measurement beside each kind's own, a point per device and quarter-hour.

Measurement ``power_meter.15m``, tags ``site`` and ``device``, and for each channel the fields ``CHANNEL:count``,
``:first``, ``:last``, ``:low``, ``:high``, ``:mean``, ``:increase``, ``:coverage``, for a state ``:state_1.0`` and so
on [s]. ``CHANNEL:turn`` says after how many runs of retention the row was made. A field cannot be taken away, only
written over: a row that is no more has count and coverage 0, and a counter's of which no step is known ``:stepped`` 0.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from storage.influx.influxql import (
    ANY,
    EARLIEST,
    LATEST,
    Cells,
    among,
    between,
    decode_cells,
    identifier,
    is_tag,
    select,
)
from storage.influx.lines import tag
from storage.influx.server import Server
from storage.rollup import empty, kind_of
from storage.store import ROLLUP_MS, Rollups, Series, Times, Values
from telemetry import Kind

SUFFIX: Final = ".15m"
_OF_READINGS: Final = ("first", "last", "low", "high")
_NUMBERS: Final = ("count", *_OF_READINGS, "mean", "increase", "coverage")
_STATE: Final = "state_"
_COVERAGE: Final = ":coverage"
_DEVICES: Final = 200
_CELLS: Final = 500_000
"""So many devices are named in one question at most, and about so many cells come with its answer."""


def is_ours(measurement: str) -> bool:
    """Whether a measurement is our own book-keeping; no device kind has such a name."""
    return measurement.startswith("_") or measurement.endswith(SUFFIX)


def state_fields(server: Server, kind: str) -> dict[str, list[float]]:
    """The states that roll-ups of a kind of device have fields for, by channel."""
    found: dict[str, list[float]] = defaultdict(list)
    statement = f"SHOW FIELD KEYS FROM {identifier(kind + SUFFIX)}"
    for _, rows in server.query(statement, ANY.decode, rollup=True):
        for name, *_ in rows.values:
            channel, _, column = str(name).partition(":")
            if column.startswith(_STATE):
                found[channel].append(float(column[len(_STATE) :]))
    return found


def rolled_fields(server: Server) -> list[tuple[str, str]]:
    """Kinds of device and channels that have rows, or had some."""
    found = server.found()
    if found.places.missing or not found.speaks_influxql:
        return []
    return [
        (rows.name.removesuffix(SUFFIX), str(name).removesuffix(_COVERAGE))
        for _, rows in server.query("SHOW FIELD KEYS", ANY.decode, rollup=True)
        if rows.name.endswith(SUFFIX)
        for name, *_ in rows.values
        if str(name).endswith(_COVERAGE)
    ]


def rolled_series(server: Server, site: str | None) -> set[Series]:
    """Series of one site or all that have a row."""
    fields = rolled_fields(server)
    where = () if site is None else (is_tag("site", site),)
    statements = [
        select(f"last({identifier(channel + _COVERAGE)})", kind + SUFFIX, *where, by=" GROUP BY site, device")
        for kind, channel in fields
    ]
    return {
        Series(rows.tags.get("site", ""), kind, rows.tags.get("device", ""), channel)
        for number, rows in (server.query(statements, decode_cells, rollup=True) if statements else ())
        for kind, channel in (fields[number],)
    }


def read_rows(server: Server, series: Series, start: int, end: int) -> Rollups:
    """The rows of one series whose windows start in a range."""
    return read_made(server, series, start, end)[0]


def read_made(server: Server, series: Series, start: int, end: int) -> tuple[Rollups, Values]:
    """Such rows, and the turn of retention that each was made in, shape (windows,)."""
    states = state_fields(server, series.kind).get(series.channel, []) if kind_of(series) is Kind.STATE else []
    names = ["turn", "stepped", *_NUMBERS, *(f"{_STATE}{state!r}" for state in states)]
    table = _select(server, series, [f"{series.channel}:{name}" for name in names], start, end)
    if not len(table):
        return empty(series), np.zeros(0)
    time, turn, stepped, count, first, last, low, high, mean, increase, coverage, *spent = table.T
    there = (count > 0) | (coverage > 0)

    def of_readings(column: Values) -> Values:
        masked: Values = np.where(count > 0, column, np.nan)[there]
        return masked

    seconds = {state: np.nan_to_num(column[there]) for state, column in zip(states, spent, strict=True)}
    rows = Rollups(
        series,
        time[there].astype(np.int64),
        count[there].astype(np.int64),
        of_readings(first),
        of_readings(last),
        of_readings(low),
        of_readings(high),
        np.where(coverage > 0, mean, np.nan)[there],
        np.where(stepped == 0, np.nan, increase)[there],
        coverage[there],
        {state: column for state, column in sorted(seconds.items()) if column.any()},
    )
    return rows, turn[there]


def nearest(server: Server, series: Series, start: int, end: int) -> list[int]:
    """The last window before a range that holds a reading, and the first after it."""
    count = identifier(f"{series.channel}:count")
    where = is_tag("site", series.site), is_tag("device", series.device), f"{count} > 0"
    statements = [
        select(f"{function}({count})", series.kind + SUFFIX, *where, between(*span))
        for function, span in (("last", (EARLIEST, start)), ("first", (end, LATEST + 1)))
    ]
    found = server.query(statements, decode_cells, rollup=True)
    return [int(row[0] or 0) for _, rows in found for row in rows.values]


def read_turns(
    server: Server, site: str, kind: str, devices: Sequence[str], channels: Sequence[str], start: int, end: int
) -> dict[Series, tuple[Times, Values, Values]]:
    """Starts, turns and counts of the rows in a range, of each series that has any; in few questions."""
    names = [f"{channel}:{what}" for channel in channels for what in ("turn", "count", "coverage")]
    what = ", ".join(identifier(name) for name in names)
    cells = max(1, (min(end, LATEST) - max(start, EARLIEST)) // ROLLUP_MS * len(names))
    most = min(_DEVICES, max(1, _CELLS // cells))
    found: dict[Series, tuple[Times, Values, Values]] = {}
    for first in range(0, len(devices), most):
        where = is_tag("site", site), among(devices[first : first + most]), between(start, end)
        for device, table in _tables(server, select(what, kind + SUFFIX, *where, by=" GROUP BY device")).items():
            for number, channel in enumerate(channels):
                turn, count, coverage = table[:, 1 + 3 * number : 4 + 3 * number].T
                there = (count > 0) | (coverage > 0)
                if there.any():
                    series = Series(site, kind, device, channel)
                    found[series] = (table[there, 0].astype(np.int64), turn[there], count[there])
    return found


def _select(server: Server, series: Series, names: Sequence[str], start: int, end: int) -> Values:
    """Time and fields of one device's rows, shape (rows, 1 + fields); NaN where there is nothing."""
    what = ", ".join(identifier(name) for name in names)
    where = is_tag("site", series.site), is_tag("device", series.device), between(start, end)
    tables = _tables(server, select(what, series.kind + SUFFIX, *where))
    return tables.get("", np.zeros((0, 1 + len(names))))


def _tables(server: Server, statement: str) -> dict[str, Values]:
    """The rows of a statement, each time and cells, by device when it groups by it."""
    cells: dict[str, list[Cells]] = defaultdict(list)
    for _, rows in server.query(statement, decode_cells, rollup=True):
        cells[rows.tags.get("device", "")] += rows.values
    # Times in ms are exact in 64-bit floats for the next 285,000 years.
    return {device: np.array(rows, np.float64) for device, rows in cells.items()}


class RowLines:
    """Lines of rows, those of all channels of a device and window in one."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._fields: dict[tuple[str, str, str, int], list[str]] = defaultdict(list)

    def put(self, rows: Rollups, states: Iterable[float], closed: frozenset[int] = frozenset()) -> None:
        """Add rows of a series.

        Parameters
        ----------
        states
            Those that may stand in the rows that they replace.
        closed
            Windows that stay closed [ms].
        """
        series = rows.series
        known = {state: np.zeros(len(rows.start)) for state in states} | rows.states
        floats: dict[str, Values] = {
            **{name: getattr(rows, name) for name in _NUMBERS[1:]},
            **{f"{_STATE}{state!r}": seconds for state, seconds in known.items()},
        }
        if kind_of(series) is Kind.COUNTER:
            floats |= {
                "increase": np.nan_to_num(rows.increase),
                "stepped": (~np.isnan(rows.increase)).astype(np.float64),
            }
        columns = {name: column.tolist() for name, column in floats.items()}
        for number, (start, count) in enumerate(zip(rows.start.tolist(), rows.count.tolist(), strict=True)):
            fields = self._fields[series.site, series.kind, series.device, start]
            turn = self._turn - (start in closed)
            fields.append(f"{series.channel}:turn={turn}i,{series.channel}:count={count}i")
            fields += [
                f"{series.channel}:{name}={column[number]!r}"
                for name, column in columns.items()
                if not math.isnan(column[number])
            ]

    def remove(self, series: Series, starts: Times) -> None:
        """Make rows those of windows of which nothing is known."""
        self.put(empty(series, starts), ())

    def lines(self) -> list[str]:
        """All of it as line protocol."""
        return [
            f"{kind}{SUFFIX},site={tag(site)},device={tag(device)} {','.join(fields)} {start}000000"
            for (site, kind, device, start), fields in self._fields.items()
        ]
