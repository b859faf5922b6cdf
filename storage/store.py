"""The store: what WattProof asks of a database, and no more."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from telemetry import Batch, Gap

if TYPE_CHECKING:
    from storage.intake import Prepared

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """One channel of one device: what a value is a value of."""

    site: str
    kind: str
    device: str
    channel: str


class Aggregate(enum.StrEnum):
    """How the values of a window become one."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    COUNT = "count"
    INCREASE = "increase"
    """What a counter grew, knowing resets and, with a modulus, rollovers: windows add up to the whole.

    A step from one reading to the next that crosses a boundary is split by time; one longer than `hold_ms` belongs to
    the window of its later reading. Where `analytics.interval_energy` has a value for clean readings, this is the same.
    """
    TIME_MEAN = "time_mean"
    """Mean over time: each value holds until the next, but no longer than `hold_ms`; uncovered time counts nothing."""


HOLD_MS: Final = 3_600_000
"""How long a value holds unless said otherwise [ms]: the largest gap that `analytics` bridges by default."""

ROLLUP_MS: Final = 900_000
"""Length of the windows that are rolled up [ms]: the quarter-hour of demand and tariffs, aligned to UTC."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of a series; `time` [ms UTC], `value` [the channel's unit]."""

    series: Series
    time: int
    value: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """Readings of one series that the database refused for what they are; everything else was committed.

    `readings` is 0 when it was a declared gap that could not be recorded.
    """

    batch: Batch
    series: Series
    readings: int
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """Outcome of a write that is durable.

    `stored` counts values committed (one already there counts again), `gaps` gaps recorded.
    """

    stored: int
    gaps: int
    rejected: Sequence[Rejected] = ()


@dataclass(frozen=True, slots=True)
class Rollups:
    """Quarter-hours of one series, rising by `start`; every array of shape (windows,).

    A window is there when any of its time is covered, so it may hold no reading of its own.

    Attributes
    ----------
    series
        Whose.
    start
        Start of each window [ms UTC]; windows are `ROLLUP_MS` long.
    count
        Readings in the window.
    first, last, low, high
        Of the readings in the window [the channel's unit]; NaN where there is none.
    mean
        Time-weighted mean of a gauge [the channel's unit]; NaN for counters and states.
    increase
        What a counter grew [the channel's unit]; NaN for gauges and states.
    coverage
        Share of the window in which a value held, 0-1.
    states
        Of a state: seconds in each of its values; empty for others. Arrays of shape (windows,).
    """

    series: Series
    start: Times
    count: Times
    first: Values
    last: Values
    low: Values
    high: Values
    mean: Values
    increase: Values
    coverage: Values
    states: dict[float, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What retention deleted; `kept` counts raw readings past their time that stay: not rolled yet, or near to such.

    InfluxDB cannot count what it deletes; there, numbers may be -1 for "unknown".
    """

    readings: int
    rollups: int
    gaps: int
    kept: int


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the store can be used, said for a person; `facts` are name and value pairs worth showing."""

    ok: bool
    engine: str
    detail: str
    facts: dict[str, str] = field(default_factory=dict)


class Store(Protocol):
    """A place for readings. Thread-safe: one writer and many readers at once.

    Every method raises `StoreUnavailableError` when the database cannot be reached or is overloaded (try again), and
    `StoreRefusedError` when it will not serve this client (credentials, missing database: a person must act).
    Times are [ms since 1970-01-01 UTC]; ranges are half-open, ``start <= time < end``.
    """

    def prepare(self, batches: Prepared) -> None:
        """Do ahead what `write` of these batches would have to, while another write is under way; changes nothing."""
        ...

    def write(self, batches: Sequence[Batch]) -> Written:
        """Commit batches; when this returns, they are durable. The key is (series, time), last write wins."""
        ...

    def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in the range, times rising, both of shape (readings,)."""
        ...

    def read_around(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """As `read`, and the last reading before `start` and the first at or after `end`, however far away."""
        ...

    def windows(
        self,
        series: Series,
        start: int,
        end: int,
        every_ms: int,
        aggregate: Aggregate,
        offset_ms: int = 0,
        *,
        hold_ms: int = HOLD_MS,
        modulus: float | None = None,
    ) -> tuple[Times, Values]:
        """Aggregate into windows of `every_ms`, aligned to multiples of it shifted by `offset_ms`.

        Returns the start of each window that holds a value, rising, and its aggregate, both of shape (windows,).
        Windows without a value are absent: a gap stays a gap. What an aggregate is, `storage.aggregation` says in
        numpy; engines agree with it to a relative 1e-12, and exactly where nothing is added up.

        Parameters
        ----------
        hold_ms
            For INCREASE and TIME_MEAN: how long a value holds without a next one [ms]. They look beyond the range for
            the readings around it, so a window says the same in any range that contains it whole; a window that the
            range cuts counts its part. Windows without a reading of their own have a value where one held.
        modulus
            For INCREASE: where the register starts again from 0 [its unit]; None when it never does.

        Raises
        ------
        ValueError
            When `every_ms`, `hold_ms` or `modulus` is not above 0.
        """
        ...

    def windows_many(
        self,
        series: Sequence[Series],
        start: int,
        end: int,
        every_ms: int,
        aggregate: Aggregate,
        offset_ms: int = 0,
        *,
        hold_ms: int = HOLD_MS,
        modulus: float | None = None,
    ) -> list[tuple[Times, Values]]:
        """`windows` of many series, in their order, for the price of few queries; unknown series have no window."""
        ...

    def rollups(self, series: Series, start: int, end: int) -> Rollups:
        """The quarter-hours that start in the range, as they were last rolled."""
        ...

    def roll(self, before: int, limit: int = 10_000) -> int:
        """Compute the roll-ups of touched windows that ended at or before `before` [ms UTC], oldest first.

        Every write records the windows it touches, together with what it writes: in the same transaction where there
        are transactions, else before the readings, so that a crash at any time rolls too often rather than not at all.
        `storage.rollup` says what else a touched window touches (its neighbours, across the steps between readings) and
        what the rows are. A window whose raw readings retention has deleted keeps its row. Workers may call it
        at once: where only one can roll at a time, it does nothing for the others.

        Parameters
        ----------
        limit
            About so many windows per call, so that a caller can stop in time; call again while it returns more than 0.

        Returns
        -------
        int
            How many touched windows were worked off.
        """
        ...

    def touched(self) -> int:
        """Number of touched windows that are not rolled yet, the running ones included."""
        ...

    def forget(self, raw_before: int, rollups_before: int) -> Forgotten:
        """Delete raw readings before one time, roll-ups and declared gaps before another [both ms UTC].

        Times are rounded down to a quarter-hour. Raw readings of a window that is touched and not rolled stay, and may
        those beside it, so roll first. A window whose raw readings were deleted is closed: a later reading for it is
        rejected by `write` with its reason (the collector sets it aside), because rolling it alone would overwrite the
        whole with a part. A reading as old for a window that has no roll-up (an import of history) is stored, rolled
        and forgotten in its turn. Harmless when repeated, or called by several workers.
        """
        ...

    def latest(self, site: str) -> list[Latest]:
        """The newest value of every series of a site."""
        ...

    def series(self, site: str | None = None) -> list[Series]:
        """Every series that has a reading or a quarter-hour, of one site or of all, sorted."""
        ...

    def gaps(self, site: str, start: int, end: int) -> list[Gap]:
        """Declared gaps that overlap the range, by start."""
        ...

    def count(self, site: str | None = None) -> int:
        """Number of stored values, of one site or of all."""
        ...

    def duplicates(self) -> int:
        """Number of values that share series and time with another; anything but 0 is a defect of the store."""
        ...

    def health(self) -> Health:
        """Whether the store can be used now; never raises."""
        ...

    def close(self) -> None:
        """Release everything; further calls are an error."""
        ...
