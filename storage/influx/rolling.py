"""Rolling up on InfluxDB: touched windows become rows, and leave their notes when these are durable."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import structlog

from storage.abreast import Wanted, rolled_abreast
from storage.errors import StoreError
from storage.influx.claims import CLAIMS, Claims
from storage.influx.horizon import Horizon, Standings, read_horizon
from storage.influx.influxql import ANY, identifier, is_tag
from storage.influx.reading import Part, around, nothing
from storage.influx.rows import RowLines, read_turns, state_fields
from storage.influx.server import Server
from storage.influx.touches import TOUCHED, Note, read_notes, waiting, without
from storage.limits import unusable
from storage.rollup import BESIDE_MS, FAR_MS, REACH_MS
from storage.store import ROLLUP_MS, Series, Times

log = structlog.get_logger(__name__)

_LINES_PER_REQUEST: Final = 2_000
_SPAN_TOGETHER_MS: Final = 2 * 86_400_000
"""Readings of a family are fetched at once for ranges up to this length."""
_READINGS_TOGETHER: Final = 100_000
"""About so many are in memory at once, beyond what one device has: 3 MB with what the answer is made of."""
_MOST_DEVICES: Final = 200
_SWEEP_EVERY_S: Final = 3600.0
_IN_FLIGHT_MS: Final = 600_000
"""A note younger than this may still have an elder brother on its way to the server."""


class Roller:
    """Rolls for one process, while no other does."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._claims = Claims(server)
        self._swept = -_SWEEP_EVERY_S

    def roll(self, before: int, limit: int) -> int:
        """See `Store.roll`."""
        with self._claims.alone() as mine:
            done = self._roll(before, limit) if mine else 0
        if done and time.monotonic() - self._swept > _SWEEP_EVERY_S:
            self._swept = time.monotonic()
            sweep(self._server)
        return done

    def _roll(self, before: int, limit: int) -> int:
        server = self._server
        notes = read_notes(server)
        chosen = _oldest(waiting(notes), before - ROLLUP_MS, limit)
        if not chosen:
            return 0
        horizon = read_horizon(server)
        states = {kind: state_fields(server, kind) for kind in {series.kind for series in chosen}}
        batch: list[str] = []
        for make in _makes(chosen):
            # How often they are read, the first of them tells.
            done, together = 0, 1
            while done < len(make):
                family = [series for device in make[done : done + together] for series in device]
                lines, readings = _roll_family(server, family, chosen, horizon, states[family[0].kind])
                done += together
                together = min(_MOST_DEVICES, max(1, _READINGS_TOGETHER * together // max(1, readings)))
                batch += lines
                self._claims.renew()
                if len(batch) >= _LINES_PER_REQUEST:
                    write_rows(server, batch)
                    batch = []
        write_rows(server, batch)
        gone = {series: frozenset(windows.tolist()) for series, windows in chosen.items()}
        left = [changed for note in notes if (changed := without(note, gone)) is not None]
        for first in range(0, len(left), 20):
            self._claims.renew()
            write_notes(server, left[first : first + 20])
        return sum(len(windows) for windows in chosen.values())


def _oldest(found: dict[Series, Times], latest: int, limit: int) -> dict[Series, Times]:
    """Windows that start at `latest` at the latest, about `limit` of them, the oldest first."""
    found = {series: kept for series, windows in found.items() if len(kept := windows[windows <= latest])}
    if sum(len(windows) for windows in found.values()) <= limit:
        return found
    newest = np.partition(np.concatenate(list(found.values())), limit - 1)[limit - 1]
    return {series: kept for series, windows in found.items() if len(kept := windows[windows <= newest])}


def _makes(chosen: dict[Series, Times]) -> Iterable[list[list[Series]]]:
    """Series by device, of devices of a site and kind that have the same channels with the same windows touched.

    What has names that no row can have is left out: a version before this one noted others' measurements.
    """
    devices: dict[tuple[str, str, str, bytes], list[Series]] = defaultdict(list)
    for series, touched in chosen.items():
        if unusable(series.site, series.kind, series.device, series.channel):
            continue
        devices[series.site, series.kind, series.device, touched.tobytes()].append(series)
    makes: dict[tuple[str, str, tuple[str, ...], bytes], list[list[Series]]] = defaultdict(list)
    for (site, kind, _, windows), family in devices.items():
        makes[site, kind, tuple(sorted(series.channel for series in family)), windows].append(family)
    return makes.values()


def _roll_family(
    server: Server,
    family: list[Series],
    chosen: dict[Series, Times],
    horizon: Horizon,
    states: dict[str, list[float]],
) -> tuple[list[str], int]:
    """Rows of a family, as lines, and how many readings were fetched together for them."""
    lines = RowLines(horizon.turn)
    fetch = _Fetch(server, family, chosen[family[0]])
    standings = [Standings(server, horizon) for _ in family]
    wanted = [
        Wanted(series, fetch.around, chosen[series], around if horizon.turn else None)
        for series, around in zip(family, standings, strict=True)
    ]
    for place, changed, rows in rolled_abreast(wanted, horizon.until):
        series = family[place]
        lines.put(rows, states.get(series.channel, ()), frozenset(standings[place].closed))
        gone = changed[~np.isin(changed, rows.start)]
        if len(gone):
            there = _there(server, series, gone)
            if len(there):
                lines.remove(series, there)
    return lines.lines(), fetch.readings


def _there(server: Server, series: Series, windows: Times) -> Times:
    """Those windows that have a row."""
    found = read_turns(
        server, series.site, series.kind, [series.device], [series.channel], int(windows[0]), int(windows[-1]) + 1
    )
    starts = found[series][0] if series in found else np.zeros(0, np.int64)
    return windows[np.isin(windows, starts)]


class _Fetch:
    """`Store.read_around` for a family: what its touched windows reach is fetched once for all of them.

    What lies further away is fetched when it is asked for, for the rarely read.
    """

    def __init__(self, server: Server, family: list[Series], touched: Times) -> None:
        self._server = server
        self._devices = list(dict.fromkeys(series.device for series in family))
        self._channels = list(dict.fromkeys(series.channel for series in family))
        first, last = int(touched[0]), int(touched[-1]) + ROLLUP_MS
        reaches = (REACH_MS, BESIDE_MS + FAR_MS)
        self._spans = [(first - reach, last + reach) for reach in reaches if last - first <= _SPAN_TOGETHER_MS]
        self._found: dict[tuple[int, int], dict[tuple[str, str], Part]] = {}

    @property
    def readings(self) -> int:
        """How many were fetched together."""
        return sum(len(times) for found in self._found.values() for times, _ in found.values())

    def around(self, series: Series, start: int, end: int) -> Part:
        """Readings of a range and those around it."""
        site, kind, key = series.site, series.kind, (series.device, series.channel)
        span = next((each for each in self._spans if each[0] <= start and end <= each[1]), None)
        if span is None:
            return around(self._server, site, kind, [series.device], [series.channel], start, end).get(key, nothing())
        if span not in self._found:
            self._found[span] = around(self._server, site, kind, self._devices, self._channels, *span)
        times, values = self._found[span].get(key, nothing())
        first, after = np.searchsorted(times, (start, end))
        part = slice(max(0, int(first) - 1), int(after) + 1)
        return times[part], values[part]


def write_rows(server: Server, lines: list[str]) -> None:
    """Make rows durable.

    Raises
    ------
    StoreError
        When the server takes one for bad data: somebody else writes fields of these names.
    """
    if lines:
        refusal = server.write(lines, rollup=True)
        if refusal is not None:
            raise StoreError(f"InfluxDB at {server.url} refuses roll-ups ({refusal.reason}); who else writes there?")


def write_notes(server: Server, notes: Iterable[Note]) -> None:
    """Make notes durable, those with nothing left too."""
    lines = [note.line() for note in notes]
    if lines:
        refusal = server.write(lines)
        if refusal is not None:
            raise StoreError(f"InfluxDB at {server.url} refuses notes of what to roll ({refusal.reason})")


def sweep(server: Server) -> None:
    """Delete notes that are worked off, where the server can delete; none that may have an unread one before it."""
    before = time.time_ns() // 1_000_000 - _IN_FLIGHT_MS
    open_: dict[str, int] = {}
    for note in read_notes(server):
        open_.setdefault(note.writer, note.time)
    for writer in _writers(server):
        until = min(before, open_.get(writer, before)) * 1_000_000
        server.delete(identifier(TOUCHED), f"{is_tag('writer', writer)} AND time < {until}")
    server.delete(identifier(CLAIMS), f"time < {before * 1_000_000}")


def _writers(server: Server) -> Iterator[str]:
    statement = f"SHOW TAG VALUES FROM {identifier(TOUCHED)} WITH KEY = writer"
    for _, rows in server.query(statement, ANY.decode):
        yield from (str(value) for _, value, *_ in rows.values)
