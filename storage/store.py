"""The store: what WattProof asks of a database, and no more."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from telemetry import Batch, Gap

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

    def write(self, batches: Sequence[Batch]) -> Written:
        """Commit batches; when this returns, they are durable. The key is (series, time), last write wins."""
        ...

    def read(self, series: Series, start: int, end: int) -> tuple[Times, Values]:
        """Every value in the range, times rising, both of shape (readings,)."""
        ...

    def windows(
        self, series: Series, start: int, end: int, every_ms: int, aggregate: Aggregate, offset_ms: int = 0
    ) -> tuple[Times, Values]:
        """Aggregate into windows of `every_ms`, aligned to multiples of it shifted by `offset_ms`.

        Returns the start of each window that holds a value, rising, and its aggregate, both of shape (windows,).
        Windows without a value are absent: a gap stays a gap.
        """
        ...

    def latest(self, site: str) -> list[Latest]:
        """The newest value of every series of a site."""
        ...

    def series(self, site: str | None = None) -> list[Series]:
        """Every series, of one site or of all, sorted."""
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
