"""How long each unit of a bus takes to answer, and so how long it is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

MINIMUM_S: Final = 0.2
"""No learned timeout is shorter [s]: a device may be busy for a moment."""
_TIMES: Final = 4.0
_KNOWN_AFTER: Final = 8
_FORGETS: Final = 0.125
_REMEMBERED_S: Final = 300.0
"""How long the slowest answer of a bus is remembered at least, and half as long as it is at most [s].

A reply that is late today is late by minutes at most: what may still come is owed for `edge.links.owed.OWED_FOR_S`,
10 s, and told from the answer to a later question by its size, not by the silence. So the silence has to cover what the
bus has been like of late; a hiccup of last week would slow each failure for ever, and make nothing safer.
"""


class _Unit:
    """What one unit has shown: its slowest answers, slowly forgotten [s], how many, and the longest one [bytes]."""

    __slots__ = ("answers", "longest", "missed", "slow_s")

    def __init__(self) -> None:
        self.slow_s = 0.0
        self.answers = 0
        self.longest = 0
        self.missed = 0


class Pace:
    """Timeouts of one bus, learned unit by unit.

    A unit is waited for four times as long as its slow answers take, at least `minimum_s` and at most `configured_s`.
    The configured time holds until it has answered a few times, for an answer longer than any so far (on a slow line
    length is time), and step by step again while it does not answer.

    Parameters
    ----------
    configured_s
        The longest an answer may take [s].
    minimum_s
        The shortest learned timeout [s].
    clock
        A clock that nobody sets [s].
    """

    def __init__(
        self, configured_s: float, minimum_s: float = MINIMUM_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.configured_s = configured_s
        self.minimum_s = minimum_s
        self._clock = clock
        self._units: dict[int, _Unit] = {}
        self._slowest_s = self._slowest_before_s = 0.0
        self._until = clock() + _REMEMBERED_S

    @property
    def slowest_s(self) -> float:
        """The slowest answer of the whole bus in the last minutes, late ones included; 0 without any [s]."""
        self._note(0.0)
        return max(self._slowest_s, self._slowest_before_s)

    def timeout_s(self, unit: int, size: int) -> float:
        """How long to wait for an answer of `size` [bytes] of a unit [s]."""
        known = self._units.get(unit)
        if known is None or known.answers < _KNOWN_AFTER or size > known.longest:
            return self.configured_s
        learned = max(self.minimum_s, _TIMES * known.slow_s)
        return min(self.configured_s, learned * float(1 << known.missed) if known.missed else learned)

    def answered(self, unit: int, size: int, took_s: float) -> None:
        """A good answer of `size` [bytes] came after `took_s` [s]."""
        known = self._units.get(unit)
        if known is None:
            known = self._units[unit] = _Unit()
        known.answers += 1
        known.missed = 0
        known.longest = max(known.longest, size)
        self._note(took_s)
        if took_s > known.slow_s:
            known.slow_s = took_s
        else:
            known.slow_s += (took_s - known.slow_s) * _FORGETS

    def late(self, unit: int, took_s: float) -> None:
        """An answer came after its timeout, after `took_s` [s] in all."""
        self._note(took_s)
        known = self._units.get(unit)
        if known is not None:
            known.slow_s = max(known.slow_s, took_s)

    def missed(self, unit: int) -> None:
        """No answer came: the next is waited for twice as long."""
        known = self._units.get(unit)
        if known is not None:
            known.missed = min(known.missed + 1, 16)

    def _note(self, took_s: float) -> None:
        now = self._clock()
        if now >= self._until:
            self._slowest_before_s = self._slowest_s if now < self._until + _REMEMBERED_S else 0.0
            self._slowest_s = 0.0
            self._until = now + _REMEMBERED_S
        self._slowest_s = max(self._slowest_s, took_s)
