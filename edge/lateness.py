"""How late polls begin: a histogram that costs one addition per poll, and what it says of the worst hundredth."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

_STEPS_PER_OCTAVE: Final = 8
"""Buckets grow by 9 %, so a quantile is right to 9 %."""
_FINEST_S: Final = 1e-5
_BUCKETS: Final = 8 * 32
_EDGES_S: Final = [_FINEST_S * 2.0 ** (bucket / _STEPS_PER_OCTAVE) for bucket in range(_BUCKETS - 1)]
"""Most that each bucket but the last holds [s]; the first is for polls on time."""


class Lateness:
    """Lateness of polls behind their points of the grid."""

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self._worst_s = 0.0
        self.polls = 0

    def record(self, late_s: float) -> None:
        """A poll began so late [s]; below 10 µs it was on time."""
        self._counts[bisect_left(_EDGES_S, late_s)] += 1
        self.polls += 1
        self._worst_s = max(self._worst_s, late_s)

    def quantile_ms(self, share: float) -> float:
        """Lateness that this share of all polls does not exceed [ms]; 0 before the first."""
        wanted, seen = share * self.polls, 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return 1000 * _FINEST_S * 2.0 ** (bucket / _STEPS_PER_OCTAVE) if bucket else 0.0
        return 0.0

    def take_worst_ms(self) -> float:
        """The worst since this was last asked [ms]."""
        worst, self._worst_s = self._worst_s, 0.0
        return worst * 1000
