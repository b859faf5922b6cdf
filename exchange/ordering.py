"""Rows on disk put in order: by series, and by time within each, as many as there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from exchange import scratch
from exchange.clock_texts import Bools, Ints, Times
from exchange.scratch import AnyColumn, spans

_SAMPLE: Final = 200_000
"""Rows that tell how a series' times are spread."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What rows are ordered by; arrays of shape (rows,).

    Attributes
    ----------
    kept
        Rows that are wanted.
    group, time
        Which series, from 0 on, and when.
    """

    kept: Bools
    group: Ints
    time: Times


Look = Callable[[int, int], Sought]
"""Rows from a first up to one after the last."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How rows lie: how many each group has, shape (groups,), and which groups are in the order of time already."""

    counts: Ints
    rising: Bools


def spread(rows: int, groups: int, look: Look) -> Spread:
    """Look at how rows lie."""
    counts, rising = np.zeros(groups, np.int64), np.ones(groups, np.bool_)
    newest = np.full(groups, np.iinfo(np.int64).min)
    for start, stop in spans(rows):
        found = look(start, stop)
        group, time = found.group[found.kept], found.time[found.kept]
        if not len(group):
            continue
        order = np.argsort(group, kind="stable")
        group, time = group[order], time[order]
        first = np.flatnonzero(np.diff(group, prepend=-1))
        falls = np.diff(time, prepend=0) < 0
        falls[first] = time[first] < newest[group[first]]
        rising[group[falls]] = False
        newest[group[np.append(first[1:] - 1, len(group) - 1)]] = time[np.append(first[1:] - 1, len(group) - 1)]
        counts += np.bincount(group, minlength=groups)
    return Spread(counts, rising)


def in_order(rows: int, found: Spread, look: Look, columns: Sequence[AnyColumn], when: AnyColumn) -> list[AnyColumn]:
    """Rows group by group, and by time within each; rows of one time stay in the order they had.

    Rows are counted into runs of time that fit in memory, written there, and each run is sorted for itself.

    Parameters
    ----------
    found
        How they lie, as of `spread`.
    columns
        What the rows have.
    when
        The one of `columns` that has the times.

    Returns
    -------
    list of Column
        As `columns`, of the rows that are kept.
    """
    edges = _edges(rows, found, look)
    first = np.concatenate(([0], np.cumsum([len(each) + 1 for each in edges])))
    counts = np.zeros(int(first[-1]), np.int64)
    for start, stop in spans(rows):
        counts += np.bincount(_runs(look(start, stop), edges, first), minlength=len(counts))
    ends = np.cumsum(counts)
    free = ends - counts
    made = [column.scratch.column(column.kind) for column in columns]
    for column in made:
        column.extend(int(ends[-1]) if len(ends) else 0)
    for start, stop in spans(rows):
        sought = look(start, stop)
        run = _runs(sought, edges, first)
        order = np.argsort(run, kind="stable")
        which, begin, size = np.unique(run[order], return_index=True, return_counts=True)
        for old, new in zip(columns, made, strict=True):
            values = old.read(start, stop)[sought.kept][order]
            for at, place, count in zip(begin.tolist(), free[which].tolist(), size.tolist(), strict=True):
                new.put(place, values[at : at + count])
        free[which] += size
    times = made[list(columns).index(when)]
    for nth in np.flatnonzero(~np.repeat(found.rising, np.diff(first)) & (counts > 1)).tolist():
        stop = int(ends[nth])
        start = stop - int(counts[nth])
        order = np.argsort(times.read(start, stop), kind="stable")
        for column in made:
            column.put(start, column.read(start, stop)[order])
    return made


def _edges(rows: int, found: Spread, look: Look) -> list[Times]:
    """Of each group, times that part its rows into runs of about `BLOCK`; none where they are in order."""
    wanted = np.where(found.rising, 0, found.counts // scratch.BLOCK)
    edges: list[Times] = [np.zeros(0, np.int64)] * len(wanted)
    if not wanted.any():
        return edges
    every = max(1, rows // _SAMPLE)
    times, groups = [], []
    for start, stop in spans(rows):
        sought = look(start, stop)
        some = np.flatnonzero(sought.kept)[-start % every :: every]
        times.append(sought.time[some])
        groups.append(sought.group[some])
    time, group = np.concatenate(times), np.concatenate(groups)
    for nth in np.flatnonzero(wanted).tolist():
        of_group = np.sort(time[group == nth])
        places = np.arange(1, wanted[nth] + 1) * len(of_group) // (wanted[nth] + 1)
        edges[nth] = np.unique(of_group[places]) if len(of_group) else edges[nth]
    return edges


def _runs(sought: Sought, edges: list[Times], first: npt.NDArray[np.int64]) -> Ints:
    """The run of each row that is kept, shape (kept,)."""
    group, time = sought.group[sought.kept], sought.time[sought.kept]
    run: Ints = first[group].astype(np.int64)
    for nth in np.unique(group).tolist():
        if len(edges[nth]):
            own = group == nth
            run[own] += np.searchsorted(edges[nth], time[own], side="right")
    return run
