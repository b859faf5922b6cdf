"""What DuckStore keeps in memory: the number of every series, and its newest value."""

from __future__ import annotations

import contextlib
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from storage.store import Latest, Series, Times, Values

Ids = npt.NDArray[np.int32]
NEVER = np.iinfo(np.int64).min
_HOUR_MS: Final = 3_600_000
_FAR_MS: Final = 4_000 * 24 * _HOUR_MS
_ROOM: Final = "4GB"
_AT_ONCE: Final = 100_000
"""Series that are listed together: 10 MB."""
_READ_AT_ONCE: Final = 500_000
"""Series whose newest readings are looked for together: 60 MB."""
_MOST_KEPT: Final = 20_000
_PAGES: Final = 4
"""Sites whose newest values are kept as objects too, and how many series each may have: 12 MB in all."""

Device = tuple[str, str, str]
"""Site, kind and device."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings as the table holds them, each of shape (readings,); sorted by series and time, each pair once."""

    series_id: Ids
    time: Times
    value: Values

    def where(self, mask: npt.NDArray[np.bool_]) -> Columns:
        """Those for which the mask, shape (readings,), is true."""
        return Columns(self.series_id[mask], self.time[mask], self.value[mask])


class Run(NamedTuple):
    """Channels of one device that were first seen together: their series have consecutive numbers."""

    first: int
    channels: tuple[str, ...]


class Page:
    """The newest values of one site as they were last asked for; only what has changed since is made anew.

    A thousand objects at every look let Python's collector of garbage walk through all there are, which takes longer
    than the look itself.
    """

    def __init__(self, sorted_series: Iterable[tuple[Series, int]], size: int) -> None:
        pairs = list(sorted_series)
        self.size = size
        self.numbers = np.array([number for _, number in pairs], np.int64)
        self._time = np.full(len(pairs), NEVER)
        self._bits = np.zeros(len(pairs), np.int64)
        self._found = [Latest(series, NEVER, 0.0) for series, _ in pairs]

    def turned(self, time: Times, value: Values) -> list[Latest]:
        """What there is of it, given every series' newest reading, both of shape (series,)."""
        bits = value.view(np.int64)
        for index in np.flatnonzero((time != self._time) | (bits != self._bits)).tolist():
            self._found[index] = Latest(self._found[index].series, int(time[index]), float(value[index]))
        self._time, self._bits = time, bits
        if (time != NEVER).all():
            return self._found.copy()
        return [each for each in self._found if each.time != NEVER]


@contextlib.contextmanager
def _room(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let the database have what millions of series take to list, however little it may keep at other times."""
    [kept] = cursor.execute("SELECT current_setting('memory_limit')").fetchone() or [""]
    cursor.execute(f"SET memory_limit = '{_ROOM}'")
    try:
        yield
    finally:
        with contextlib.suppress(duckdb.Error):  # an error that stopped the database is told as it is
            cursor.execute(f"SET memory_limit = '{kept}'")


class Newest:
    """Series by number and their newest values, as the database has them. Thread-safe.

    A city has millions of series, and an object for each would take gigabytes: a device has its runs of numbers, and
    devices of one make share the tuple of their channels.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._lock = threading.Lock()
        self._devices: dict[Device, tuple[Run, ...]] = {}
        self._channels: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._firsts: list[int] = []
        self._owners: list[Device] = []
        self.size = 0
        self._pages: dict[str, Page] = {}
        self._time = np.full(64, NEVER)
        self._value = np.zeros(64)
        with _room(cursor):
            self._load(cursor)

    def _load(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for device, run in _joined(_listed(cursor)):
            self._add(device, self.run(run.channels, run.first))
        self._grow(self.size)
        self._read(cursor)

    def _read(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Newest values, from the end of the table backwards: what lies before is not read for series that have one."""
        reach = _HOUR_MS
        until = _number(cursor.execute("SELECT coalesce(max(time), 0) FROM readings")) + 1
        while True:
            missing = np.flatnonzero(self._time[: self.size] == NEVER).astype(np.int32)
            start = until - reach if reach < _FAR_MS else NEVER
            for first in range(0, len(missing), _READ_AT_ONCE):
                self._read_some(cursor, missing[first : first + _READ_AT_ONCE], start, until)
            if not len(missing) or start == NEVER:
                return
            until, reach = start, reach * 16

    def _read_some(self, cursor: duckdb.DuckDBPyConnection, missing: Ids, start: int, until: int) -> None:
        """Newest values of these series within a span [ms UTC]."""
        low, high = int(missing[0]), int(missing[-1])
        some = "" if high - low + 1 == len(missing) else " AND series_id IN (FROM missing)"
        cursor.register("missing", {"series_id": missing})
        newest = cursor.execute(
            "SELECT series_id, max(time) AS time, arg_max(value, time) AS value FROM readings"  # noqa: S608 - integers
            f" WHERE time >= {start} AND time < {until} AND series_id BETWEEN {low} AND {high}{some} GROUP BY series_id"
        ).fetchnumpy()
        self._time[newest["series_id"]] = newest["time"]
        self._value[newest["series_id"]] = newest["value"]

    def run(self, channels: tuple[str, ...], first: int) -> Run:
        """A run whose channels are the same object for all devices that have them."""
        return Run(first, self._channels.setdefault(channels, channels))

    def known(self, channels: tuple[str, ...]) -> tuple[str, ...]:
        """The object that devices with these channels share, if there are any."""
        return self._channels.get(channels, channels)

    def _add(self, device: Device, run: Run) -> None:
        """Add a run whose numbers are higher than all that are here."""
        self._devices[device] = (*self._devices.get(device, ()), run)
        self._firsts.append(run.first)
        self._owners.append(device)
        self.size = run.first + len(run.channels)

    def _grow(self, size: int) -> None:
        missing = size - len(self._time)
        if missing > 0:
            missing += size // 4
            self._time = np.concatenate([self._time, np.full(missing, NEVER)])
            self._value = np.concatenate([self._value, np.zeros(missing)])

    def runs(self, device: Device) -> tuple[Run, ...]:
        """The series of a device, in runs of consecutive numbers."""
        return self._devices.get(device, ())

    def find(self, series: Series) -> int | None:
        """The number of a series that was ever written."""
        for run in self.runs((series.site, series.kind, series.device)):
            if series.channel in run.channels:
                return run.first + run.channels.index(series.channel)
        return None

    def name(self, number: int) -> Series:
        """The series of a number that `find` gives."""
        with self._lock:
            device = self._owners[bisect_right(self._firsts, number) - 1]
            channel = next(
                run.channels[number - run.first]
                for run in self._devices[device]
                if run.first <= number < run.first + len(run.channels)
            )
        return Series(*device, channel)

    def times(self, numbers: Ids) -> Times:
        """Times of the newest readings of some series [ms UTC], shape (series,); `NEVER` without one."""
        with self._lock:
            return np.asarray(self._time[numbers])

    def newest(self) -> int | None:
        """Time of the newest reading of all [ms UTC]; None without any."""
        with self._lock:
            newest = int(self._time[: self.size].max(initial=NEVER))
        return None if newest == NEVER else newest

    def beyond(self, columns: Columns) -> npt.NDArray[np.bool_]:
        """Which readings are newer than everything their series holds, shape (readings,): they cannot collide."""
        if len(columns.time):
            self._grow(int(columns.series_id[-1]) + 1)
        newer: npt.NDArray[np.bool_] = columns.time > self._time[columns.series_id]
        return newer

    def committed(self, new: dict[Device, list[Run]], columns: Columns) -> None:
        """Take over what a transaction has committed."""
        with self._lock:
            for run, device in sorted((run, device) for device, runs in new.items() for run in runs):
                self._add(device, run)
            self._grow(self.size)
            if not len(columns.time):
                return
            # Nearly every commit has one reading of each series, newer than all before: then these are all of them.
            last = np.ones(len(columns.time), bool)
            np.not_equal(columns.series_id[1:], columns.series_id[:-1], out=last[:-1])
            newest = columns if last.all() else columns.where(last)
            newer = newest.time >= self._time[newest.series_id]
            if not newer.all():
                newest = newest.where(newer)
            self._time[newest.series_id] = newest.time
            self._value[newest.series_id] = newest.value

    def latest(self, site: str) -> list[Latest]:
        """The newest value of every series of a site, sorted by series."""
        with self._lock:
            page = self._pages.get(site)
            if page is None or page.size != self.size:
                page = Page(self._sorted(site), self.size)
                if len(page.numbers) <= _MOST_KEPT:
                    while len(self._pages) >= _PAGES:
                        del self._pages[next(iter(self._pages))]
                    self._pages[site] = page
            return page.turned(self._time[page.numbers], self._value[page.numbers])

    def series(self, site: str | None) -> list[tuple[Series, int]]:
        """Every series that was ever written and its number, of one site or of all, sorted."""
        with self._lock:
            return list(self._sorted(site))

    def silent(self, numbers: Ids) -> Ids:
        """Those of some numbers whose series have no reading left."""
        with self._lock:
            silent: Ids = numbers[self._time[numbers] == NEVER]
        return silent

    def _sorted(self, site: str | None) -> Iterator[tuple[Series, int]]:
        """Series and their numbers, sorted by their names."""
        for device in sorted(each for each in self._devices if site is None or each[0] == site):
            numbers = {
                channel: number
                for run in self._devices[device]
                for number, channel in enumerate(run.channels, run.first)
            }
            for channel in sorted(numbers):
                yield Series(*device, channel), numbers[channel]


def _listed(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Device, Run]]:
    """Devices and their runs as the table has them, by number; some at a time, for a city's at once fill memory."""
    end = _number(cursor.execute("SELECT coalesce(max(id), -1) FROM series")) + 1
    for start in range(0, end, _AT_ONCE):
        found = cursor.execute(
            "SELECT site, kind, device, list(id ORDER BY id), list(channel ORDER BY id) FROM series"
            " WHERE id >= ? AND id < ? GROUP BY site, kind, device",
            [start, start + _AT_ONCE],
        ).fetchall()
        runs = [
            (run, (site, kind, device))
            for site, kind, device, ids, channels in found
            for run in _consecutive(ids, tuple(channels))
        ]
        for run, device in sorted(runs):
            yield device, run


def _consecutive(numbers: list[int], channels: tuple[str, ...]) -> Iterator[Run]:
    """The runs among a device's numbers, which rise."""
    if numbers[-1] - numbers[0] + 1 == len(numbers):
        yield Run(numbers[0], channels)
        return
    begins = [0, *(index for index in range(1, len(numbers)) if numbers[index] != numbers[index - 1] + 1)]
    for begin, end in pairwise([*begins, len(numbers)]):
        yield Run(numbers[begin], channels[begin:end])


def _joined(runs: Iterable[tuple[Device, Run]]) -> Iterator[tuple[Device, Run]]:
    """Runs by number, those of one device that follow each other made one."""
    last: tuple[Device, Run] | None = None
    for device, run in runs:
        if last is not None and last[0] == device and last[1].first + len(last[1].channels) == run.first:
            last = device, Run(last[1].first, last[1].channels + run.channels)
            continue
        if last is not None:
            yield last
        last = device, run
    if last is not None:
        yield last


def _number(result: duckdb.DuckDBPyConnection) -> int:
    ((number,),) = result.fetchall()
    return int(number)
