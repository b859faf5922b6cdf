"""Counts, gaps and sums of a series, stretch by stretch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from exchange.clock_texts import Times
from exchange.contents import Floats
from exchange.series import Stretch
from exchange.zones import offsets

_GAPS_TOLD: Final = 5
_VALUES_TOLD: Final = 3


@dataclass(slots=True)
class Totals:
    """What all values of a series come to.

    Attributes
    ----------
    count
        How many there are.
    first, last
        Times of the first and the last value [ms UTC].
    first_start, last_end
        Where the first interval begins and the last one ends [ms UTC].
    gaps, gap_ms
        Gaps between intervals, and what they last in all [ms].
    first_gaps
        The first of them, from when to when [ms UTC].
    first_values
        The first values [the file's unit].
    months
        By month of the site's calendar: sums of intervals, rises of a register, means of others [the registry's unit].
    total
        The same of all; None without any.
    """

    count: int = 0
    first: int = 0
    last: int = 0
    first_start: int = 0
    last_end: int = 0
    gaps: int = 0
    gap_ms: int = 0
    first_gaps: list[tuple[int, int]] = field(default_factory=list)
    first_values: list[float] = field(default_factory=list)
    _sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    _means: bool = False
    _newest: float | None = None

    def add(self, some: Stretch, zone: dt.tzinfo) -> None:
        """Take a stretch into account; `zone` is that of the months."""
        if not len(some.values):
            return
        if some.meaning in {"interval", "mean"}:
            self._note_gaps(some)
        self.first_values += some.raw[: _VALUES_TOLD - len(self.first_values)].tolist()
        if not self.count:
            self.first, self.first_start = int(some.times[0]), int(some.starts[0])
        self.last, self.last_end = int(some.times[-1]), int(some.ends[-1])
        self.count += len(some.values)
        self._add_up(some, zone)

    @property
    def months(self) -> dict[str, float]:
        """See above."""
        return {month: value / count if self._means else value for month, (value, count) in self._sums.items()}

    @property
    def total(self) -> float | None:
        """See above."""
        if not self._sums:
            return None
        values, counts = zip(*self._sums.values(), strict=True)
        return float(sum(values) / sum(counts)) if self._means else float(sum(values))

    def _note_gaps(self, some: Stretch) -> None:
        ends = np.concatenate(([self.last_end if self.count else some.starts[0]], some.ends[:-1]))
        missing = some.starts - ends
        places = np.flatnonzero(missing > 0)
        self.gaps += len(places)
        self.gap_ms += int(missing[places].sum())
        for at in places[: _GAPS_TOLD - len(self.first_gaps)].tolist():
            self.first_gaps.append((int(ends[at]), int(some.starts[at])))

    def _add_up(self, some: Stretch, zone: dt.tzinfo) -> None:
        times, parts = some.times if some.meaning != "interval" else some.starts, some.values
        self._means = some.meaning in {"mean", "instant"}
        if some.meaning == "register":
            times, parts = self._rises(times, parts)
        months, place = np.unique(_month_of(times, zone), return_inverse=True)
        sums, counts = np.bincount(place, weights=parts), np.bincount(place)
        for month, value, count in zip(np.datetime_as_string(months), sums.tolist(), counts.tolist(), strict=True):
            before = self._sums.get(str(month), (0.0, 0))
            self._sums[str(month)] = before[0] + value, before[1] + count

    def _rises(self, times: Times, values: Floats) -> tuple[Times, Floats]:
        """A register's rises; a fall is a reset, and what came before it is not known."""
        if self._newest is None:
            times, rises = times[1:], np.diff(values)
        else:
            rises = np.diff(values, prepend=self._newest)
        self._newest = float(values[-1])
        return times, np.maximum(rises, 0.0)


def _month_of(times: Times, zone: dt.tzinfo) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return (times + offsets(times, zone)).astype("datetime64[ms]").astype("datetime64[M]")
