"""Minute grids that grow a week at a time, with running totals: a register's value is one look-up away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from simulator.calendar import MINUTES_PER_WEEK
from simulator.noise import Floats

Build = Callable[[int, int], Mapping[str, Floats]]
"""From (first scenario minute, count) to columns of shape (count,)."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns of shape (minutes,) from scenario minute 0 on, and for some their totals before each minute."""

    minutes: int
    columns: Mapping[str, Floats]
    totals: Mapping[str, Floats]


class Trace:
    """Columns by the minute, computed once. Thread-safe.

    Parameters
    ----------
    build
        Computes any span; a span's values must not depend on where it was cut.
    summed
        Columns whose running totals are kept.
    """

    def __init__(self, build: Build, summed: tuple[str, ...] = ()) -> None:
        self._build = build
        self._grid = Grid(0, {}, {name: np.zeros(1) for name in summed})
        self._lock = threading.Lock()

    def upto(self, minute: int) -> Grid:
        """The grid, at least up to and including scenario minute `minute`."""
        grid = self._grid
        if minute < grid.minutes:
            return grid
        with self._lock:
            grid = self._grid
            until = (minute // MINUTES_PER_WEEK + 1) * MINUTES_PER_WEEK
            if until > grid.minutes:
                self._grid = grid = _extend(grid, self._build(grid.minutes, until - grid.minutes), until)
        return grid


def _extend(grid: Grid, more: Mapping[str, Floats], until: int) -> Grid:
    empty = np.zeros(0)
    columns = {name: np.concatenate((grid.columns.get(name, empty), values)) for name, values in more.items()}
    totals = {}
    for name, before in grid.totals.items():
        # One addition after the other, so that the last digit does not depend on how often the grid has grown.
        running = np.cumsum(np.concatenate((before[-1:], more[name])))
        totals[name] = np.concatenate((before[:-1], running))
    return Grid(until, columns, totals)
