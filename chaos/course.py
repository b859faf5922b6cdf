"""How a run goes: which faults hold, what was struck, what of that met nothing, how soon the plant worked again."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from chaos.faults import Fault, Struck

_PATIENCE_S: Final = 60.0
"""A fault that has met nothing holds for so much longer: a program that was killed may be slow to return [s]."""
_LOOK_S: Final = 0.05


@dataclass
class Course:
    """Faults by kind, those of them that met nothing, and how long each return to work took [s]."""

    struck: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)

    def judge(self, faults: list[tuple[Fault, Struck]]) -> None:
        """Take note of which faults met anything, now that they are over and everything works again."""
        self.struck.update(fault.kind for fault, _ in faults)
        self.missed.update(fault.kind for fault, struck in faults if not struck.met())


class Holding:
    """Faults that hold now; each ends in its time, or as soon after it as it has met something."""

    def __init__(self) -> None:
        self._ends: list[tuple[float, int, float, Struck]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, fault: Fault, struck: Struck) -> None:
        """Hold a fault that has just begun."""
        due = time.monotonic() + fault.hold_s
        heapq.heappush(self._ends, (due, next(self._order), due + _PATIENCE_S, struck))

    def end_due(self) -> None:
        """End what has held long enough."""
        while self._ends and self._ends[0][0] <= (now := time.monotonic()):
            _, order, at_last, struck = heapq.heappop(self._ends)
            if struck.lasting and now < at_last and not struck.met():
                heapq.heappush(self._ends, (now + _LOOK_S, order, at_last, struck))
            else:
                struck.end()

    def end_all(self) -> None:
        """End everything now."""
        while self._ends:
            heapq.heappop(self._ends)[-1].end()
