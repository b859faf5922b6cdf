"""Forgetting on InfluxDB: what may be deleted, and deleting it.

Nothing is deleted that has no roll-up: what others wrote past this store, or before it kept roll-ups, is found here,
noted to be rolled, and forgotten at the next turn.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from storage.influx.horizon import Horizon, horizon_line, read_horizon
from storage.influx.influxql import ANY, Cells, between, decode_cells, identifier, is_tag, select
from storage.influx.newest import channels
from storage.influx.rolling import sweep, write_notes, write_rows
from storage.influx.rows import SUFFIX, read_turns
from storage.influx.server import Server
from storage.influx.touches import Entry, Touches, read_notes, runs_of, waiting
from storage.intake import GAP_KIND, MIN_TIME
from storage.rollup import REACH_MS
from storage.store import ROLLUP_MS, Forgotten, Series, Times

_SLICE_MS: Final = 86_400_000


def forget(server: Server, touches: Touches, raw_before: int, rollups_before: int) -> tuple[Forgotten, Horizon]:
    """See `Store.forget`; also how far retention has come with it."""
    raw_before, rollups_before = (each // ROLLUP_MS * ROLLUP_MS for each in (raw_before, rollups_before))
    server.need_rollups()
    kinds = channels(server)
    census = _take_census(server, kinds, raw_before, waiting(read_notes(server)))
    write_notes(server, touches.notes(census.unrolled))
    before = read_horizon(server)
    horizon = Horizon(before.turn + 1, max(before.until, raw_before + REACH_MS))
    # Closed before the first reading is gone: whoever rolls meanwhile leaves the rows alone.
    write_rows(server, [horizon_line(horizon, time.time_ns() // 1_000_000)])
    for kind in kinds:
        for condition in _conditions(census, kind, raw_before):
            server.delete(identifier(kind), condition)
        server.delete_rollups(kind + SUFFIX, rollups_before)
    _forget_gaps(server, rollups_before)
    sweep(server)
    return Forgotten(census.readings - census.kept if server.deletes else -1, -1, -1, census.kept), horizon


def _forget_gaps(server: Server, before: int) -> None:
    """Delete gaps that ended before a time; InfluxDB deletes by their start."""
    open_: set[int] = set()
    statement = select("end_ms", GAP_KIND, between(MIN_TIME, before), f"end_ms >= {before}")
    for _, rows in server.query(statement, ANY.decode):
        open_.update(int(row[0] or 0) for row in rows.values)
    begin = MIN_TIME
    for start in sorted(open_):
        server.delete(identifier(GAP_KIND), between(begin, start))
        begin = start + 1
    server.delete(identifier(GAP_KIND), between(begin, before))


@dataclass(slots=True)
class _Census:
    """Raw readings before a time, by what may become of them.

    Attributes
    ----------
    readings, kept
        All of them, and those that stay.
    devices
        Of each kind, site and device that has any: windows that stay [ms], rising.
    unrolled
        Windows that have no row and no note.
    """

    readings: int = 0
    kept: int = 0
    devices: dict[tuple[str, str, str], list[Times]] = field(default_factory=lambda: defaultdict(list))
    unrolled: list[Entry] = field(default_factory=list)


def _take_census(server: Server, channels: dict[str, list[str]], before: int, pending: dict[Series, Times]) -> _Census:
    """Count raw readings before a time [ms] and see which have been rolled up; `pending` are noted windows."""
    census = _Census()
    for kind, names in channels.items():
        start = _first(server, kind, names)
        while start < before:
            end = min(before, start - start % _SLICE_MS + _SLICE_MS)
            _count(server, census, kind, names, start, end, pending)
            start = end
    return census


def _first(server: Server, kind: str, names: list[str]) -> int:
    """Time of the first reading of a kind of device [ms]."""
    statements = "; ".join(select(f"first({identifier(name)})", kind) for name in names)
    times = [int(row[0] or 0) for _, rows in server.query(statements, decode_cells) for row in rows.values]
    return min(times, default=2**62)


def _count(
    server: Server, census: _Census, kind: str, names: list[str], start: int, end: int, pending: dict[Series, Times]
) -> None:
    what = ", ".join(f"count({identifier(name)})" for name in names)
    by = f" GROUP BY time({ROLLUP_MS}ms), site, device fill(none)"
    statement = select(what, kind, between(start, end), by=by)
    for _, rows in server.query(statement, decode_cells, chunked=True):
        _judge(server, census, kind, names, rows.tags, rows.values, pending)


def _judge(
    server: Server,
    census: _Census,
    kind: str,
    names: list[str],
    tags: dict[str, str],
    rows: list[Cells],
    pending: dict[Series, Times],
) -> None:
    """See which windows of one device are rolled up."""
    site, device = tags.get("site", ""), tags.get("device", "")
    counts = np.nan_to_num(np.array([row[1:] for row in rows], np.float64))
    windows = np.array([row[0] for row in rows], np.int64)
    present = [name for index, name in enumerate(names) if (counts[:, index] > 0).any()]
    found = read_turns(server, site, kind, device, present, int(windows[0]), int(windows[-1]) + 1)
    stay = np.zeros(len(windows), bool)
    for name in present:
        there = counts[:, names.index(name)] > 0
        rolled = np.isin(windows, found[name][0]) if name in found else np.zeros(len(windows), bool)
        noted = np.isin(windows, pending.get(Series(site, kind, device, name), windows[:0]))
        new = there & ~rolled & ~noted
        if new.any():
            census.unrolled.append(Entry(site, kind, [device], (name,), runs_of(windows[new] // ROLLUP_MS)))
        stay |= there & (noted | ~rolled)
    census.readings += int(counts.sum())
    census.kept += int(counts[stay].sum())
    census.devices[kind, site, device].append(windows[stay])


def _conditions(census: _Census, kind: str, before: int) -> Iterator[str]:
    """What to delete of a kind of device, as conditions; nothing that stays."""
    devices = {key: np.concatenate(parts) for key, parts in census.devices.items() if key[0] == kind}
    if not any(len(windows) for windows in devices.values()):
        if devices:
            yield between(MIN_TIME, before)
        return
    for (_, site, device), windows in devices.items():
        begin = MIN_TIME
        for first, last in runs_of(np.unique(windows) // ROLLUP_MS):
            yield f"{_of(site, device)} AND {between(begin, first * ROLLUP_MS)}"
            begin = (last + 1) * ROLLUP_MS
        yield f"{_of(site, device)} AND {between(begin, before)}"


def _of(site: str, device: str) -> str:
    return f"{is_tag('site', site)} AND {is_tag('device', device)}"
