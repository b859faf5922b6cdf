"""The quarantine's upkeep: what was decided long ago leaves it, and the file gives its free pages back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from collector.quarantine import Quarantine

log = structlog.get_logger()

_EVERY_MS: Final = 60_000
_DAY_MS: Final = 86_400_000


class QuarantineUpkeep:
    """Looks after a quarantine once a minute, and every time it is asked while there is more to do.

    Parameters
    ----------
    quarantine
        Which.
    keep_days
        How long an entry stays after its end was decided [days]; 0 for ever.
    clock
        Time now [ms since 1970-01-01 UTC].
    """

    def __init__(self, quarantine: Quarantine, keep_days: float, clock: Callable[[], int]) -> None:
        self._quarantine = quarantine
        self._keep_ms = round(keep_days * _DAY_MS)
        self._clock = clock
        self._next = 0

    def look(self) -> None:
        """Do some of what is due.

        Raises
        ------
        QuarantineError
            When the quarantine fails; it is tried again a minute later.
        """
        now = self._clock()
        if self._next - _EVERY_MS <= now < self._next:  # and not before it, on a clock that was set back
            return
        self._next = now + _EVERY_MS
        removed, more = self._quarantine.tidy(now - self._keep_ms if self._keep_ms else 0)
        if more:
            self._next = now
        if removed:
            log.info("quarantine_entries_removed", entries=removed, decided_before_days=self._keep_ms / _DAY_MS)
