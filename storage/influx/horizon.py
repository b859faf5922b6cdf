"""How far retention has come: which quarter-hours are closed, so that neither writing nor rolling spoils their rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from storage.blocks import Rows, blocks_of
from storage.influx.influxql import decode_cells, select
from storage.influx.rows import read_turns
from storage.influx.server import Server
from storage.influx.touches import read_notes, waiting
from storage.intake import Intake
from storage.limits import MIN_TIME
from storage.store import ROLLUP_MS, Rejected, Rollups, Series, Times

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

    def closed(self, server: Server, series: Series, changed: Times, touched: Times, made: Rollups) -> Times:
        """Windows whose rows must stay as they are; `made` is what readings that are left would make of them."""
        before = changed[changed < self.until]
        if not len(before):
            return before
        found = read_turns(
            server, series.site, series.kind, series.device, [series.channel], int(before[0]), int(before[-1]) + 1
        )
        if series.channel not in found:
            return before[:0]
        starts, turns, counts = found[series.channel]
        now = dict(zip(made.start.tolist(), made.count.tolist(), strict=True))
        # A touched window was open when it was touched; should it have been closed meanwhile, its readings are missing.
        fewer = np.array([now.get(start, 0) for start in starts.tolist()]) < counts
        shut = starts[(turns < self.turn) & (fewer | ~np.isin(starts, touched))]
        return before[np.isin(before, shut)]


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
