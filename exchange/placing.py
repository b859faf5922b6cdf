"""Where a file's values go beside what the store holds: after it, in front of it, or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.clock_texts import Bools, Times
from exchange.contents import Floats
from exchange.errors import ConflictError
from exchange.file_series import FileSeries
from exchange.history import AT_ONCE_MS, Joined, Readings, lay_in_front, slices
from exchange.mapping import DEFAULT_KIND
from exchange.series import Stretch, register, trace_before
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
    readings
        All there is to be stored, earliest first, some at a time; may be asked for again.
    count
        How many that are.
    joined
        What it is in front of; None when of nothing.
    front
        Time of the first reading behind it [ms UTC]; None when of nothing.
    """

    series: Series
    readings: Callable[[], Iterator[Readings]]
    count: int
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
        return Placed(series, lambda: ((some.times, some.values) for some in found.stretches()), len(found))
    first, last = found.totals.first_start, found.totals.last_end
    around, held = store.read_around(series, first, first + 1)
    front = fronts.get(key_of(series))
    if front is None or not len(store.read(series, front, front + 1)[0]):
        front = int(around[0]) if len(around) and first < around[0] else None
        if front is not None:
            _refuse_closed(series, store, first, front)
    if front is not None:
        readings, joined = lay_in_front(found, series, store, front, zone)
        count = _refuse_among_others(series, readings, store, before=front)
        return Placed(series, readings, count, joined, front)
    there = held[around == first]
    if len(there) and all(_told_already(some, series, store) for some in found.stretches()):
        return Placed(series, *_as_it_is(series, store, first, last))
    # A reading a millisecond behind the first is the reset of an earlier run of this import.
    preceded = bool((around == first + 1).any() if len(there) else (around < first - 1).any())
    readings = _register(found, series, store, float(there[0]) if len(there) else 0.0, preceded=preceded)
    return Placed(series, readings, _refuse_among_others(series, readings, store))


def _register(
    found: FileSeries, series: Series, store: Store, base: float, *, preceded: bool
) -> Callable[[], Iterator[Readings]]:
    """Amounts of intervals as one counter, a stretch at a time."""
    traces = _traces(found)

    def readings() -> Iterator[Readings]:
        stands_at, reset, ended = base, preceded, None
        for nth in range(len(found.cuts)):
            some = found.stretch(nth)
            if not len(some.values):
                continue
            if ended is not None:
                reset = int(some.starts[0]) > ended + 1
            times, values = register(some, stands_at, preceded=reset, trace=traces[nth])
            if ended is not None and not reset:
                times, values = times[1:], values[1:]
            stands_at, ended = float(values[-1]), int(times[-1])
            yield times, _as_held(times, values, series, store)

    return readings


def _traces(found: FileSeries) -> list[float]:
    """What the last run of each stretch starts at where it counts nothing."""
    traces = [0.0] * len(found.cuts)
    trace, follows = 0.0, None
    for nth in range(len(found.cuts) - 1, -1, -1):
        some = found.stretch(nth)
        if not len(some.values):
            continue
        if follows is not None:
            trace = trace_before(follows, trace, int(some.ends[-1]))
        traces[nth] = trace
        follows = some
    return traces


def _as_it_is(series: Series, store: Store, first: int, last: int) -> tuple[Callable[[], Iterator[Readings]], int]:
    """What the store holds already, from a first to a last reading [ms UTC], and how many that are."""

    def readings() -> Iterator[Readings]:
        for start in range(first, last + 1, AT_ONCE_MS):
            times, values = store.read(series, start, min(start + AT_ONCE_MS, last + 1))
            if len(times):
                yield times, values

    return readings, sum(len(times) for times, _ in readings())


def _told_already(found: Stretch, series: Series, store: Store) -> bool:
    """Whether the store has a reading at every edge, and every interval's amount between them."""
    for some in slices(found):
        around, held = store.read_around(series, int(some.starts[0]), int(some.ends[-1]) + 1)
        at = [np.searchsorted(around, edges) for edges in (some.starts, some.ends)]
        if any((each >= len(around)).any() for each in at):
            return False
        there = bool((around[at[0]] == some.starts).all() and (around[at[1]] == some.ends).all())
        if not there or not (np.abs(held[at[1]] - held[at[0]] - some.values) <= _SAME).all():
            return False
    return True


def _as_held(times: Times, values: Floats, series: Series, store: Store) -> Floats:
    """A counter with the store's own value wherever that is the same but for what adding up in another order leaves."""
    found = []
    for start, end, at, ours in _parts(int(times[0]), times, values):
        around, held = store.read(series, start, end)
        _, mine, theirs = np.intersect1d(at, around, assume_unique=True, return_indices=True)
        close = np.abs(ours[mine] - held[theirs]) <= _SAME
        kept = ours.copy()
        kept[mine[close]] = held[theirs[close]]
        found.append(kept)
    return np.concatenate(found)


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
            f" device of its own (--device {series.device}-import)",
            f"{_name(series)}: 저장소에 {_day(rows.start[0])}부터 {_day(front)}까지(UTC)의 15분 집계가 있으나 그"
            " 측정값은 보존 기간이 지나 지워졌으므로 그 앞에 과거 자료를 이을 수 없습니다. 별도의 장치로 가져오십시오"
            f" (--device {series.device}-import).",
        )


def _refuse_among_others(
    series: Series, readings: Callable[[], Iterator[Readings]], store: Store, *, before: int | None = None
) -> int:
    """Refuse a counter that would lie among other readings; how many readings it has.

    Parameters
    ----------
    before
        Readings from this time on are what it is laid in front of [ms UTC].
    """
    count = own = foreign = 0
    first = last = None
    for times, values in readings():
        if not len(times):
            continue
        # From the end of the part before: what lies between two parts is among them, too.
        start = int(times[0]) if last is None else last + 1
        for some in _parts(start, times, values):
            around, held = store.read(series, some[0], some[1])
            if before is not None:
                around, held = around[around < before], held[around < before]
            ours, changed = _matched(some[2], some[3], around, held)
            foreign += int(np.count_nonzero(~ours) + np.count_nonzero(changed))
            own += int(ours.sum())
        first, last = int(times[0]) if first is None else first, int(times[-1])
        count += len(times)
    if first is None or last is None:
        return 0
    after, _ = store.read_around(series, last + 1, last + 1)
    goes_on = bool(((after > last) & (after < (2**62 if before is None else before))).any())
    if foreign or (own < count and goes_on):
        what = f"holds {foreign} other readings within" if foreign else "has readings before and after"
        which = f"안에 다른 측정값 {foreign:,}개가" if foreign else "앞뒤로 측정값이"
        raise ConflictError(
            f"{_name(series)}: the store {what} {_day(first)} to {_day(last)} (UTC). Energy of intervals"
            " becomes a counter, which goes in front of all readings of its device or after them, not among them: give"
            f" it a device of its own (--device {series.device}-import), or import the newest file first",
            f"{_name(series)}: 저장소에 {_day(first)}부터 {_day(last)}까지(UTC)의 {which} 있습니다. 구간 사용량은"
            " 누적값이 되며, 장치의 모든 측정값보다 앞이나 뒤에 놓일 뿐 그 사이에는 놓이지 않습니다. 별도의 장치로"
            f" 가져오거나 (--device {series.device}-import) 가장 새로운 파일부터 가져오십시오.",
        )
    return count


def _refuse_other_values(found: FileSeries, series: Series, store: Store, *, replace: bool) -> None:
    if replace:
        return
    count, said = 0, ""
    for stretch in found.stretches():
        for start, end, times, values in _parts(int(stretch.times[0]), stretch.times, stretch.values):
            around, held = store.read(series, start, end)
            _, changed = _matched(times, values, around, held)
            if changed.any() and not count:
                at = int(np.flatnonzero(changed)[0])
                ours = values[np.searchsorted(times, around[at])]
                said = f"{held[at]:g} where the file has {ours:g} ({_day(around[at])} UTC)"
            count += int(changed.sum())
    if count:
        raise ConflictError(
            f"{_name(series)}: the store holds other values at {count} of these times, first {said}; --replace puts the"
            " file's in their place"
        )


def _parts(start: int, times: Times, values: Floats) -> Iterator[tuple[int, int, Times, Floats]]:
    """Readings a fortnight at a time, beside which the store's fit in memory, however close these lie.

    Yields where each part begins and ends [ms UTC], without a time left out between the first reading and the last.
    """
    end = int(times[-1]) + 1
    while start < end:
        stop = min(start + AT_ONCE_MS, end)
        some = slice(*np.searchsorted(times, (start, stop)).tolist())
        yield start, stop, times[some], values[some]
        start = stop


def _matched(times: Times, values: Floats, around: Times, held: Floats) -> tuple[Bools, Bools]:
    """Which stored readings are at times of the file's, and which of those have another value."""
    if not len(times):
        none = np.zeros(len(around), np.bool_)
        return none, none
    at = np.minimum(np.searchsorted(times, around), len(times) - 1)
    ours = times[at] == around
    return ours, ours & (held.view(np.int64) != values[at].view(np.int64))


def _name(series: Series) -> str:
    return f"{series.site}/{series.device}/{series.channel}"


def _day(time: int) -> str:
    return str(np.datetime64(int(time), "ms").astype("datetime64[m]")).replace("T", " ")
