"""What a collector counts."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Final

import msgspec

_PER_DOUBLING: Final = 16
"""Buckets per doubling of the latency: a quantile is at most 4.5 % above the truth."""
_LAST_BUCKET: Final = 40 * _PER_DOUBLING


class Latency(msgspec.Struct, frozen=True):
    """Time from reading the register to the store's commit [ms]; ``readings`` counts rows, 0 when there were none."""

    p50: float
    p99: float
    readings: int


@dataclass(frozen=True, slots=True)
class Counters:
    """What a collector has done since it started.

    Attributes
    ----------
    messages
        Received, every delivery.
    batches
        Committed to the store, repeats included.
    written
        Readings the store confirmed; a batch delivered again is confirmed, and counted, again. How many different
        readings there are, the store knows (``Store.count``).
    quarantined_readings, quarantined_messages
        Newly set aside: readings known by number, and whole messages.
    gaps, gap_readings
        Gaps the store confirmed, and the readings they declare lost; repeats counted again.
    retries
        Commits tried again because store or quarantine failed.
    deferred
        Messages left to be sent again because too many were waiting, or the quarantine that was to keep them failed.
    damaged
        Messages left to be sent again because their checksum did not fit.
    untimely
        Messages left to be sent again because our own clock is behind those of the gateways.
    replayed
        Readings brought from quarantine into the store.
    foreign_messages
        Received from others, by mappings; among them:
    foreign_unmatched, foreign_empty
        Messages under a topic that no rule takes, and messages that hold nothing that is mapped.
    foreign_stale
        Messages that tell no time and were measured before they came: retained by the broker, or sent again.
    foreign_lost
        Messages that tell no time and found no room while the store was away: nobody keeps them.
    """

    messages: int = 0
    batches: int = 0
    written: int = 0
    quarantined_readings: int = 0
    quarantined_messages: int = 0
    gaps: int = 0
    gap_readings: int = 0
    retries: int = 0
    deferred: int = 0
    damaged: int = 0
    untimely: int = 0
    replayed: int = 0
    foreign_messages: int = 0
    foreign_unmatched: int = 0
    foreign_empty: int = 0
    foreign_stale: int = 0
    foreign_lost: int = 0


class Tally:
    """Counters and latencies that several threads may change and read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = asdict(Counters())
        self._buckets: dict[str, dict[int, int]] = {}

    @property
    def counters(self) -> Counters:
        """The counters, all of one moment."""
        with self._lock:
            return Counters(**self._counts)

    def add(self, **more: int) -> None:
        """Raise counters by name."""
        with self._lock:
            for name, value in more.items():
                self._counts[name] += value

    def observe(self, latencies: Iterable[tuple[str, int]]) -> None:
        """Note latencies [ms] of readings, with their gateways; below 1 ms, and before its own time, counts as 1 ms."""
        with self._lock:
            for gateway, latency in latencies:
                buckets = self._buckets.get(gateway)
                if buckets is None:
                    buckets = self._buckets[gateway] = {}
                bucket = _bucket(latency)
                buckets[bucket] = buckets.get(bucket, 0) + 1

    def latency(self, gateway: str | None = None, *, exclude: Collection[str] = ()) -> Latency:
        """Quantiles of one gateway, or of all but some; each is the upper end of its bucket, never too low."""
        merged: dict[int, int] = {}
        with self._lock:
            for name, buckets in self._buckets.items():
                if name not in exclude and gateway in (None, name):
                    for bucket, count in buckets.items():
                        merged[bucket] = merged.get(bucket, 0) + count
        total = sum(merged.values())
        return Latency(_quantile(merged, total, 0.50), _quantile(merged, total, 0.99), total)


@lru_cache(maxsize=4096)
def _bucket(latency: int) -> int:
    return min(math.ceil(math.log2(max(latency, 1)) * _PER_DOUBLING), _LAST_BUCKET)


def _quantile(buckets: dict[int, int], total: int, share: float) -> float:
    passed = 0
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        if passed >= share * total:
            return round(float(2 ** (bucket / _PER_DOUBLING)), 1)
    return 0.0
