"""What DuckStore keeps in memory: the number of every series, and its newest value."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from storage.store import Latest, Series, Times, Values

Ids = npt.NDArray[np.int32]
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings as the table holds them, each of shape (readings,); sorted by series and time, each pair once."""

    series_id: Ids
    time: Times
    value: Values

    def where(self, mask: npt.NDArray[np.bool_]) -> Columns:
        """Those for which the mask, shape (readings,), is true."""
        return Columns(self.series_id[mask], self.time[mask], self.value[mask])


class Newest:
    """Series by number and their newest values, as the database has them. Thread-safe."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._lock = threading.Lock()
        self._ids: dict[Series, int] = {}
        self._time = np.full(64, NEVER)
        self._value = np.zeros(64)
        for number, *names in cursor.execute("SELECT id, site, kind, device, channel FROM series").fetchall():
            self._ids[Series(*names)] = number
        self._grow(len(self._ids))
        newest = cursor.execute(
            "SELECT series_id, max(time) AS time, arg_max(value, time) AS value FROM readings GROUP BY series_id"
        ).fetchnumpy()
        self._time[newest["series_id"]] = newest["time"]
        self._value[newest["series_id"]] = newest["value"]

    def _grow(self, size: int) -> None:
        missing = size - len(self._time)
        if missing > 0:
            missing += size
            self._time = np.concatenate([self._time, np.full(missing, NEVER)])
            self._value = np.concatenate([self._value, np.zeros(missing)])

    def find(self, series: Series) -> int | None:
        """The number of a series that was ever written."""
        return self._ids.get(series)

    @property
    def size(self) -> int:
        """How many series there are; numbers run from 0."""
        return len(self._ids)

    def beyond(self, columns: Columns) -> npt.NDArray[np.bool_]:
        """Which readings are newer than everything their series holds, shape (readings,): they cannot collide."""
        self._grow(int(columns.series_id[-1]) + 1)
        newer: npt.NDArray[np.bool_] = columns.time > self._time[columns.series_id]
        return newer

    def committed(self, new_series: dict[Series, int], columns: Columns) -> None:
        """Take over what a transaction has committed."""
        with self._lock:
            self._ids.update(new_series)
            self._grow(len(self._ids))
            if not len(columns.time):
                return
            last = np.flatnonzero(np.append(columns.series_id[1:] != columns.series_id[:-1], [True]))
            ids, times = columns.series_id[last], columns.time[last]
            newer = times >= self._time[ids]
            self._time[ids[newer]] = times[newer]
            self._value[ids[newer]] = columns.value[last][newer]

    def latest(self, site: str) -> list[Latest]:
        """The newest value of every series of a site, sorted by series."""
        with self._lock:
            return [
                Latest(series, int(self._time[number]), float(self._value[number]))
                for series, number in sorted(self._ids.items(), key=lambda item: _key(item[0]))
                if series.site == site and self._time[number] != NEVER
            ]

    def series(self, site: str | None) -> list[Series]:
        """Every series that holds a value, of one site or of all, sorted."""
        with self._lock:
            return sorted((s for s in self._ids if site is None or s.site == site), key=_key)


def _key(series: Series) -> tuple[str, str, str, str]:
    return series.site, series.kind, series.device, series.channel
