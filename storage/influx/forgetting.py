"""Forgetting on InfluxDB: what may be deleted, and deleting it.

Nothing is deleted that has no roll-up: what others wrote past this store, or before it kept roll-ups, is found here,
noted to be rolled, and forgotten at the next turn.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from storage.influx.horizon import Horizon, horizon_line, read_horizon
from storage.influx.influxql import ANY, EARLIEST, among, between, decode_cells, identifier, is_tag, select
from storage.influx.newest import channels
from storage.influx.rolling import sweep, write_notes, write_rows
from storage.influx.rows import SUFFIX, read_turns, rolled_fields
from storage.influx.server import Server
from storage.influx.touches import Entry, Run, Touches, read_notes, runs_of, waiting
from storage.limits import GAP_KIND, MIN_TIME, unusable
from storage.rollup import BESIDE_MS
from storage.store import ROLLUP_MS, Forgotten, Series, Times, Values
from telemetry import is_name

_SLICE_MS: Final = 86_400_000
_BESIDE: Final = np.arange(-BESIDE_MS, BESIDE_MS + 1, ROLLUP_MS)
_DEVICES: Final = 200
"""So many are named in one statement at most: each costs the server a look at all that it holds of them."""


def forget(server: Server, touches: Touches, raw_before: int, rollups_before: int) -> tuple[Forgotten, Horizon]:
    """See `Store.forget`; also how far retention has come with it."""
    raw_before, rollups_before = (each // ROLLUP_MS * ROLLUP_MS for each in (raw_before, rollups_before))
    server.need_rollups()
    kinds = _ours(channels(server))
    before = read_horizon(server)
    horizon = Horizon(before.turn + 1, max(before.until, raw_before + BESIDE_MS))
    # Closed before anything is counted: whoever writes or rolls meanwhile leaves the rows alone.
    write_rows(server, [horizon_line(horizon, time.time_ns() // 1_000_000)])
    census = _take_census(server, kinds, raw_before, horizon.turn)
    write_notes(server, touches.notes(census.unrolled))
    going = {key: device.going() for key, device in census.devices.items()}
    for kind, condition in _conditions({key: runs for key, (runs, _) in going.items()}):
        server.delete(kind, condition)
    # Also of kinds of which no reading is left.
    for kind in sorted({kind for kind, _ in rolled_fields(server)}):
        server.delete_rollups(kind + SUFFIX, rollups_before)
    _forget_gaps(server, rollups_before)
    sweep(server)
    deleted = sum(readings for _, readings in going.values())
    readings = sum(int(part.sum()) for device in census.devices.values() for part in device.counts)
    return Forgotten(deleted if server.deletes else -1, -1, -1, readings - deleted), horizon


def _ours(kinds: dict[str, list[str]]) -> dict[str, list[str]]:
    """Kinds of device and channels that this store writes; a database may hold others' measurements too."""
    usable = {
        kind: [name for name in names if not unusable("site", kind, "device", name)] for kind, names in kinds.items()
    }
    return {kind: names for kind, names in usable.items() if names}


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
class _Device:
    """Raw readings of one device before a time.

    Attributes
    ----------
    windows, counts, rolled
        Quarter-hours that hold any [ms], how many, and whether they are rolled up; in parts.
    waiting
        Quarter-hours that are to be rolled [ms]; in parts.
    """

    windows: list[Times] = field(default_factory=list)
    counts: list[Values] = field(default_factory=list)
    rolled: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    waiting: list[Times] = field(default_factory=list)

    def going(self) -> tuple[list[Run], int]:
        """What may be deleted, as runs of quarter-hours, and how many readings that is.

        What is still to be rolled needs the readings beside it, too: nine hours stay on both sides.
        """
        if not self.windows:
            return [], 0
        windows, go = np.concatenate(self.windows), np.concatenate(self.rolled)
        if self.waiting:
            near = np.unique(np.concatenate(self.waiting))[:, None] + _BESIDE
            go &= ~np.isin(windows, near)
        return runs_of(windows[go] // ROLLUP_MS), int(np.concatenate(self.counts)[go].sum())


@dataclass(slots=True)
class _Census:
    """Raw readings before a time, by what may become of them.

    Attributes
    ----------
    turn
        Rows that were made before this turn of retention are closed.
    noted
        Windows that are noted [ms].
    devices
        By kind, site and device. Only what was counted may be deleted, for others write meanwhile.
    unrolled
        Windows that have no note, and no row or readings that their row has not.
    """

    turn: int
    noted: dict[Series, Times]
    devices: dict[tuple[str, str, str], _Device] = field(default_factory=lambda: defaultdict(_Device))
    unrolled: list[Entry] = field(default_factory=list)


def _take_census(server: Server, channels: dict[str, list[str]], before: int, turn: int) -> _Census:
    """Count raw readings before a time [ms] and see which have been rolled up before this turn."""
    census = _Census(turn, waiting(read_notes(server)))
    for series, windows in census.noted.items():
        census.devices[series.kind, series.site, series.device].waiting.append(windows)
    for kind, names in channels.items():
        start = _first(server, kind, names, EARLIEST, before)
        while start < before:
            end = min(before, start - start % _SLICE_MS + _SLICE_MS)
            found = _count(server, census, kind, names, start, end)
            # One reading of a clock that was never set must not cost a look at every day since.
            start = end if found else _first(server, kind, names, end, before)
    return census


def _first(server: Server, kind: str, names: list[str], start: int, before: int) -> int:
    """Time of the first reading of a kind of device in a range [ms]; its end when there is none."""
    statements = [select(f"first({identifier(name)})", kind, between(start, before)) for name in names]
    times = [int(row[0] or 0) for _, rows in server.query(statements, decode_cells) for row in rows.values]
    return min(times, default=before)


def _count(server: Server, census: _Census, kind: str, names: list[str], start: int, end: int) -> bool:
    """Judge the readings of a range; returns whether there was any."""
    what = ", ".join(f"count({identifier(name)})" for name in names)
    by = f" GROUP BY time({ROLLUP_MS}ms), site, device fill(none)"
    statement = select(what, kind, between(start, end), by=by)
    found = False
    parts: dict[str, list[_Counted]] = defaultdict(list)
    for _, rows in server.query(statement, decode_cells):
        found = True
        site, device = rows.tags.get("site", ""), rows.tags.get("device", "")
        if is_name(site) and is_name(device):
            counts = np.nan_to_num(np.array([row[1:] for row in rows.values], np.float64))
            parts[site].append(_Counted(device, np.array([row[0] for row in rows.values], np.int64), counts))
            if len(parts[site]) == _DEVICES:
                _judge(server, census, site, kind, names, parts.pop(site))
    for site, some in parts.items():
        _judge(server, census, site, kind, names, some)
    return found


class _Counted(NamedTuple):
    """Readings of a device: quarter-hours that hold any [ms], and how many of each channel, shape (windows, names)."""

    device: str
    windows: Times
    counts: Values


def _judge(server: Server, census: _Census, site: str, kind: str, names: list[str], parts: list[_Counted]) -> None:
    """See which windows of some devices are rolled up."""
    present = np.flatnonzero(np.any([(part.counts > 0).any(axis=0) for part in parts], axis=0)).tolist()
    first, last = min(int(part.windows[0]) for part in parts), max(int(part.windows[-1]) for part in parts)
    devices = list(dict.fromkeys(part.device for part in parts))
    rows = read_turns(server, site, kind, devices, [names[each] for each in present], first, last + 1)
    for part in parts:
        device = census.devices[kind, site, part.device]
        rolled = np.ones(len(part.windows), bool)
        for each in present:
            series, count = Series(site, kind, part.device, names[each]), part.counts[:, each]
            starts, turns, held = rows.get(series, (part.windows[:0], np.zeros(0), np.zeros(0)))
            noted = np.isin(part.windows, census.noted.get(series, part.windows[:0]))
            new = (count > 0) & (_at(part.windows, starts, held, -1) < count) & ~noted
            if new.any():
                runs = runs_of(part.windows[new] // ROLLUP_MS)
                census.unrolled.append(Entry(site, kind, [part.device], (series.channel,), runs))
                device.waiting.append(part.windows[new])
            # A row of this turn is not closed, so that a late reading could still overwrite it with a part.
            rolled &= (count == 0) | (_at(part.windows, starts, turns, np.inf) < census.turn)
        device.windows.append(part.windows)
        device.counts.append(part.counts.sum(axis=1))
        device.rolled.append(rolled)


def _at(windows: Times, starts: Times, values: Values, otherwise: float) -> Values:
    """What rows have for windows, shape (windows,); both rise."""
    result = np.full(len(windows), float(otherwise))
    here = np.isin(starts, windows)
    result[np.searchsorted(windows, starts[here])] = values[here]
    return result


def _conditions(runs: dict[tuple[str, str, str], list[Run]]) -> Iterator[tuple[str, str]]:
    """What to delete, as measurements and conditions: devices that are alike in one statement."""
    alike: dict[tuple[str, str, tuple[Run, ...]], list[str]] = defaultdict(list)
    for (kind, site, device), some in runs.items():
        alike[kind, site, tuple(some)].append(device)
    for (kind, site, some_), devices in alike.items():
        for number in range(0, len(devices), _DEVICES):
            whose = f"{is_tag('site', site)} AND {among(devices[number : number + _DEVICES])}"
            for first, last in some_:
                yield identifier(kind), f"{whose} AND {between(first * ROLLUP_MS, (last + 1) * ROLLUP_MS)}"
