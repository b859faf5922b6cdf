"""How far retention has come: which quarter-hours are closed, so that neither writing nor rolling spoils their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from storage.blocks import Block
from storage.closed import Mask, Standing, joined
from storage.influx.influxql import decode_cells, select
from storage.influx.rows import nearest, read_made, read_turns
from storage.influx.server import Server
from storage.influx.touches import read_notes, waiting
from storage.intake import Intake
from storage.limits import MIN_TIME
from storage.store import ROLLUP_MS, Rejected, Series, Times

HORIZON: Final = "_horizon"
_DAY_MS: Final = 86_400_000
CLOSED: Final = (
    "its quarter-hour is closed: the raw readings around it were deleted by retention, and rolling this one alone would"
    " overwrite the whole with a part; raise store.keep_raw_days before such late data come"
)


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far retention has come.

    Attributes
    ----------
    turn
        How often it ran.
    until
        Rows of windows before this [ms] that were made in an earlier turn are closed: the readings they were made of,
        or some that held into them, are deleted.
    """

    turn: int = 0
    until: int = MIN_TIME


@dataclass(slots=True)
class Standings:
    """Rows of a series as they stand (`storage.closed.RowsAround`), and which of those asked for are closed."""

    server: Server
    horizon: Horizon
    closed: set[int] = field(default_factory=set)

    def __call__(self, series: Series, start: int, end: int) -> Standing:
        """Rows of a range, the last before it and the first after it that hold a reading."""
        spans = [(start, end), *((window, window + ROLLUP_MS) for window in nearest(self.server, series, start, end))]
        found = [read_made(self.server, series, *span) for span in sorted(spans)]
        rows = joined([rows for rows, _ in found])
        turns = np.concatenate([turns for _, turns in found])
        closed = (turns < self.horizon.turn) & (rows.start < self.horizon.until)
        self.closed.update(rows.start[closed].tolist())
        return Standing(rows, closed)


def read_horizon(server: Server) -> Horizon:
    """How far retention has come; nowhere when there is no place for roll-ups."""
    found = server.found()
    if found.places.missing or not found.speaks_influxql:
        return Horizon()
    statement = select('max("turn"), max("until")', HORIZON)
    for _, rows in server.query(statement, decode_cells, rollup=True):
        for _, turn, until in rows.values:
            return Horizon(int(turn or 0), MIN_TIME if until is None else int(until))
    return Horizon()


def horizon_line(horizon: Horizon, now: int) -> str:
    """A horizon as line protocol; `now` [ms]."""
    return f"{HORIZON} turn={horizon.turn}i,until={horizon.until}i {now}000000"


def set_aside(server: Server, intake: Intake, horizon: Horizon, *, though_noted: bool = False) -> Intake:
    """Leave out readings of closed windows, each with its reason.

    Parameters
    ----------
    though_noted
        Also of those that are to be rolled, whose readings retention has left where it saw the note.
    """
    closed = _closed(server, intake.blocks, horizon)
    if not closed:
        return intake
    if not though_noted:
        for series, windows in waiting(read_notes(server)).items():
            if series in closed:
                closed[series] = closed[series][~np.isin(closed[series], windows)]
    kept: list[Block] = []
    rejected = list(intake.rejected)
    lost = 0
    for block in intake.blocks:
        shut = _shut(block, closed) & ~np.isnan(block.values)
        counts = np.count_nonzero(shut, axis=2)
        if not counts.any():
            kept.append(block)
            continue
        for table, channel in np.argwhere(counts).tolist():
            series = Series(block.site, block.kind, block.devices[table], block.channels[channel])
            rejected.append(Rejected(block.batches[table], series, int(counts[table, channel]), CLOSED))
        lost += int(counts.sum())
        values = np.where(shut, np.nan, block.values)
        left = np.flatnonzero(~np.isnan(values).all(axis=(1, 2))).tolist()
        if left:
            kept.append(replace(block, values=values).only(left))
    return replace(intake, blocks=kept, rejected=rejected, stored=intake.stored - lost) if lost else intake


def _closed(server: Server, blocks: Iterable[Block], horizon: Horizon) -> dict[Series, Times]:
    """Closed windows [ms] that these readings may fall into, of each series that has any."""
    asked: dict[tuple[str, str, tuple[str, ...], int, int], dict[str, Times]] = defaultdict(dict)
    for block in blocks:
        old = block.times < horizon.until
        for table in np.flatnonzero(old.any(axis=1)).tolist():
            times = block.times[table, old[table]]
            ends = np.array([times.min(), times.max()])
            device = block.devices[table]
            # Of devices that speak of the same days, all are asked for at once.
            days = asked[block.site, block.kind, block.channels, *(ends // _DAY_MS).tolist()]
            days[device] = np.append(ends, days[device]) if device in days else ends
    closed: dict[Series, Times] = {}
    for (site, kind, channels, *_), devices in asked.items():
        ends = np.concatenate(list(devices.values()))
        first, last = int(ends.min()), int(ends.max())
        found = read_turns(server, site, kind, list(devices), channels, first - first % ROLLUP_MS, last + 1)
        for series, (starts, turns, _) in found.items():
            some = starts[turns < horizon.turn]
            if len(some):
                closed[series] = np.union1d(closed[series], some) if series in closed else some
    return closed


def _shut(block: Block, closed: Mapping[Series, Times]) -> Mask:
    """Which values of a block fall into closed windows, shape (tables, channels, times)."""
    shut = np.zeros(block.values.shape, bool)
    window = block.times - block.times % ROLLUP_MS
    alike: dict[str, list[tuple[Times, list[int]]]] = {}
    for device in dict.fromkeys(block.devices):
        groups: dict[bytes, tuple[Times, list[int]]] = {}
        for number, channel in enumerate(block.channels):
            windows = closed.get(Series(block.site, block.kind, device, channel))
            if windows is not None:
                groups.setdefault(windows.tobytes(), (windows, []))[1].append(number)
        alike[device] = list(groups.values())
    for table, device in enumerate(block.devices):
        for windows, channels in alike[device]:
            shut[table, channels] = np.isin(window[table], windows)
    return shut
