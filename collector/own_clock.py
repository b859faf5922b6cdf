"""Our own clock, doubted when gateways of several sites, each with a clock of its own, say that it is behind.

One gateway that sends readings of the future has a wrong clock, and they are set aside. When nearly all of them do, at
sites that have nothing in common but this collector, it is ours that was set back; what they send is then left with
them until it is mended, for the quarantine has not the room for all that they read meanwhile.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from collector.intake import Intake
from collector.refusals import newest_of_the_future

WITNESSES: Final = 30
"""Gateways that were heard last and are asked."""
_SITES: Final = 3
"""Sites at which readings must be of the future, at least: all of one may have the time from one wrong server."""
_SHARE: Final = 0.75
"""Part of the witnesses that must say so."""
_WINDOW_MS: Final = 600_000
_OF_NOW_MS: Final = 60_000
"""A reading older than this was sent late, and tells nothing of a clock [ms]."""


class _Said(NamedTuple):
    at: int
    ahead: int


class OwnClock:
    """What the gateways heard last say of our clock. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], _Said] = {}

    def heard_all(self, intakes: Iterable[Intake], now: int) -> None:
        """Note what the newest readings of gateways' batches say, in the order they came; see `heard`."""
        for sender, batch, refusals, _, _ in intakes:
            if sender is None:
                continue
            if batch is not None and not refusals and batch.tables and (times := batch.tables[0].times):
                self.heard(sender.site, sender.gateway, times[-1], now, future=False)
            elif newest := newest_of_the_future(refusals):
                self.heard(sender.site, sender.gateway, newest, now, future=True)

    def heard(self, site: str, gateway: str, newest: int, now: int, *, future: bool) -> None:
        """Note the newest reading of a batch, and whether it is refused for being of the future.

        Parameters
        ----------
        newest, now
            Its time, and the time here [ms since 1970-01-01 UTC].
        """
        if not future and newest < now - _OF_NOW_MS:
            return
        key = (site, gateway)
        with self._lock:
            self._said.pop(key, None)
            self._said[key] = _Said(_steady_ms(), newest - now if future else 0)
            if len(self._said) > WITNESSES:
                del self._said[next(iter(self._said))]

    @property
    def behind_ms(self) -> int:
        """How far our clock is behind, about [ms]; 0 unless the witnesses say so."""
        since = _steady_ms() - _WINDOW_MS
        with self._lock:
            said = {key: each for key, each in self._said.items() if each.at >= since}
        ahead = {key: each for key, each in said.items() if each.ahead}
        if len({site for site, _ in ahead}) < _SITES or len(ahead) < _SHARE * len(said):
            return 0
        return int(statistics.median(each.ahead for each in ahead.values()))


def _steady_ms() -> int:
    """Time that nobody sets [ms]."""
    return time.monotonic_ns() // 1_000_000
