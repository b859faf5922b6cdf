"""How far retention has come: which quarter-hours are closed, so that neither writing nor rolling spoils their rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from storage.blocks import Rows, blocks_of
from storage.closed import Standing, joined
from storage.influx.influxql import decode_cells, select
from storage.influx.rows import nearest, read_made, read_turns
from storage.influx.server import Server
from storage.influx.touches import read_notes, waiting
from storage.intake import Intake
from storage.limits import MIN_TIME
from storage.store import ROLLUP_MS, Rejected, Series, Times

HORIZON: Final = "_horizon"
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


def set_aside(server: Server, intake: Intake, horizon: Horizon) -> Intake:
    """Leave out readings of closed windows, each with its reason."""
    if all(block.times.min() >= horizon.until for block in intake.blocks):
        return intake
    open_again: dict[Series, Times] | None = None
    kept: list[Rows] = []
    rejected = list(intake.rejected)
    lost = 0
    for rows in intake.rows:
        values = rows.values.copy()
        window = rows.times - rows.times % ROLLUP_MS
        old = window < horizon.until
        if old.any():
            first, last = int(window[old].min()), int(window[old].max()) + 1
            found = read_turns(server, rows.batch.site, rows.kind, rows.device, rows.channels, first, last)
            for index, channel in enumerate(rows.channels):
                starts, turns, _ = found.get(channel, (window[:0], np.zeros(0), np.zeros(0)))
                shut = old & np.isin(window, starts[turns < horizon.turn])
                if shut.any():
                    if open_again is None:
                        open_again = waiting(read_notes(server))
                    shut &= ~np.isin(window, open_again.get(rows.series(channel), window[:0]))
                count = int(np.count_nonzero(shut & ~np.isnan(values[index])))
                if count:
                    rejected.append(Rejected(rows.batch, rows.series(channel), count, CLOSED))
                    values[index, shut] = np.nan
                    lost += count
        if not np.isnan(values).all():
            kept.append(replace(rows, values=values))
    return replace(intake, blocks=list(blocks_of(kept)), rejected=rejected, stored=intake.stored - lost)
