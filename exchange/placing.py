"""Where a file's values go beside what the store holds: after it, in front of it, or not at all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.clock_texts import Times
from exchange.contents import Floats
from exchange.errors import ConflictError
from exchange.history import Joined, lay_in_front
from exchange.mapping import DEFAULT_KIND
from exchange.series import FileSeries, register
from storage import Series, Store
from storage.store import ROLLUP_MS

_OWN_KINDS: Final = frozenset({"link", "gateway"})
_SAME: Final = 1e-3
"""Differences of one counter that are the same [the registry's unit]: a register of 10 TWh is kept to this."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One series, ready to be stored.

    Attributes
    ----------
    series
        Whose values.
    times, values
        Shape (readings,) [ms UTC], [the registry's unit].
    joined
        What it is in front of; None when of nothing.
    front
        Time of the first reading behind it [ms UTC]; None when of nothing.
    """

    series: Series
    times: Times
    values: Floats
    joined: Joined | None = None
    front: int | None = None

    @property
    def key(self) -> str:
        """Its name in the state of an import."""
        return key_of(self.series)


def key_of(series: Series) -> str:
    """Name of a series in the state of an import."""
    return f"{series.kind}/{series.device}/{series.channel}"


def place(
    found: FileSeries, store: Store, site: str, zone: dt.tzinfo, *, replace: bool, fronts: dict[str, int]
) -> Placed:
    """Find a series' place in the store.

    Parameters
    ----------
    zone
        Of the file.
    replace
        Let the file's values of gauges and registers take the place of others.
    fronts
        Of earlier runs of the same import: the first readings that were there before it [ms UTC].

    Raises
    ------
    ConflictError
        When the store holds readings that these would contradict.
    """
    series = Series(site, _kind(found, store, site), found.device, found.channel)
    if found.meaning != "interval":
        _refuse_other_values(found, series, store, replace=replace)
        return Placed(series, found.times, found.values)
    first, last = int(found.starts[0]), int(found.ends[-1])
    around, held = store.read_around(series, first, last + 1)
    front = fronts.get(key_of(series))
    if front not in around.tolist():
        front = int(around[0]) if len(around) and around[0] > first else None
        if front is not None:
            _refuse_closed(series, store, first, front)
    if front is not None:
        own, late = around >= front, around < front
        times, values, joined = lay_in_front(found, series, around[own], held[own], zone)
        _refuse_among_others(series, times, values, around[late], held[late])
        return Placed(series, times, values, joined, front)
    there = held[around == first]
    if len(there) and _told_already(found, around, held):
        inside = (around >= first) & (around <= last)
        return Placed(series, around[inside], held[inside])
    preceded = not len(there) and bool((around < first - 1).any())
    times, values = register(found, float(there[0]) if len(there) else 0.0, preceded=preceded)
    values = _as_held(times, values, around, held)
    _refuse_among_others(series, times, values, around, held)
    return Placed(series, times, values)


def _told_already(found: FileSeries, around: Times, held: Floats) -> bool:
    """Whether the store has a reading at every edge, and every interval's amount between them."""
    at = [np.searchsorted(around, edges) for edges in (found.starts, found.ends)]
    if any((each >= len(around)).any() for each in at):
        return False
    there = bool((around[at[0]] == found.starts).all() and (around[at[1]] == found.ends).all())
    return there and bool((np.abs(held[at[1]] - held[at[0]] - found.values) <= _SAME).all())


def _as_held(times: Times, values: Floats, around: Times, held: Floats) -> Floats:
    """A counter with the store's own value wherever that is the same but for what adding up in another order leaves."""
    _, ours, theirs = np.intersect1d(times, around, assume_unique=True, return_indices=True)
    close = np.abs(values[ours] - held[theirs]) <= _SAME
    values = values.copy()
    values[ours[close]] = held[theirs[close]]
    return values


def _kind(found: FileSeries, store: Store, site: str) -> str:
    """Kind of the device; as the store knows it, unless the file or its mapping says another than the usual one."""
    if found.kind != DEFAULT_KIND:
        return found.kind
    kinds = {each.kind for each in store.series(site) if each.device == found.device} - _OWN_KINDS
    return kinds.pop() if len(kinds) == 1 else found.kind


def _refuse_closed(series: Series, store: Store, first: int, front: int) -> None:
    """Quarter-hours before the first reading are of readings that retention deleted: there is no front any more."""
    rows = store.rollups(series, first // ROLLUP_MS * ROLLUP_MS, front // ROLLUP_MS * ROLLUP_MS)
    if len(rows.start):
        raise ConflictError(
            f"{_name(series)}: the store has quarter-hours of {_day(rows.start[0])} to {_day(front)} (UTC) whose"
            " readings were deleted after their time, so that no history can be laid in front of them. Give it a"
            f" device of its own (--device {series.device}-import)"
        )


def _refuse_among_others(series: Series, times: Times, values: Floats, around: Times, held: Floats) -> None:
    if not len(times):
        return
    inside = (around >= times[0]) & (around <= times[-1])
    ours, changed = _matched(times, values, around, held, inside)
    foreign = int(np.count_nonzero(inside & ~ours) + np.count_nonzero(changed))
    if foreign or (int(ours.sum()) < len(times) and bool((around > times[-1]).any())):
        what = f"holds {foreign} other readings within" if foreign else "has readings before and after"
        raise ConflictError(
            f"{_name(series)}: the store {what} {_day(times[0])} to {_day(times[-1])} (UTC). Energy of intervals"
            " becomes a counter, which goes in front of all readings of its device or after them, not among them: give"
            f" it a device of its own (--device {series.device}-import), or import the newest file first"
        )


def _refuse_other_values(found: FileSeries, series: Series, store: Store, *, replace: bool) -> None:
    times, values = found.times, found.values
    around, held = store.read_around(series, int(times[0]), int(times[-1]) + 1)
    _, changed = _matched(times, values, around, held, (around >= times[0]) & (around <= times[-1]))
    if changed.any() and not replace:
        at = int(np.flatnonzero(changed)[0])
        ours = values[np.searchsorted(times, around[at])]
        raise ConflictError(
            f"{_name(series)}: the store holds other values at {int(changed.sum())} of these times, first"
            f" {held[at]:g} where the file has {ours:g} ({_day(around[at])} UTC); --replace puts the file's in their"
            " place"
        )


def _matched(
    times: Times, values: Floats, around: Times, held: Floats, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which stored readings are at times of the file's, and which of those have another value."""
    at = np.minimum(np.searchsorted(times, around), len(times) - 1)
    ours = inside & (times[at] == around)
    return ours, ours & (held.view(np.int64) != values[at].view(np.int64))


def _name(series: Series) -> str:
    return f"{series.site}/{series.device}/{series.channel}"


def _day(time: int) -> str:
    return str(np.datetime64(int(time), "ms").astype("datetime64[m]")).replace("T", " ")
