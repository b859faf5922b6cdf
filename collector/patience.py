"""Patience: what the store cannot do now is tried until it can, and what it says meanwhile is told."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from collector.counters import Tally
from collector.errors import ClockError
from storage import Store, StoreError, StoreRefusedError
from telemetry import AlarmKind

log = structlog.get_logger()
T = TypeVar("T")

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 2.0
"""A store that refuses although it is well is tried again within it [s]."""
_PROBE_S: Final = 0.25
"""How often a store that does not answer is asked meanwhile, which costs less than a try: what is read when it is back
must not be old when it is stored [s]."""
_SUSPECT_AFTER: Final = 3
"""Tries after which an error that is no outage, of a store that is well, is taken for the batches' own."""


class Interrupted(Exception):  # noqa: N818 - no error: the collector is being stopped
    """Stopped while the store was failing; nothing of this may be acknowledged."""


class SuspectError(Exception):
    """A store that is well fails again and again over what it is given."""


class Patience:
    """Tries work again while the store fails; what it says is known to whoever asks.

    Parameters
    ----------
    store
        Asked how it is meanwhile.
    tally
        Counts the tries.
    stopping
        Ends the waiting.

    Attributes
    ----------
    trouble
        What the store said last, while it fails.
    trouble_kind
        Which alarm that is.
    """

    def __init__(self, store: Store, tally: Tally, stopping: threading.Event) -> None:
        self._store = store
        self._tally = tally
        self._stopping = stopping
        self.trouble = ""
        self.trouble_kind: AlarmKind = "store_unavailable"

    def try_until_done(self, work: Callable[[], T]) -> T:
        """Try until it works; outages are logged once, and again with every tenth try.

        Raises
        ------
        Interrupted
            When the collector is stopped meanwhile.
        SuspectError
            When a store that is well fails again and again.
        """
        tries = 0
        while True:
            try:
                done = work()
            except (StoreError, ClockError) as error:
                if type(error) is StoreError and tries >= _SUSPECT_AFTER and self._store.health().ok:
                    self.trouble = ""
                    raise SuspectError(str(error)) from error
                self._note_trouble(error, tries)
            else:
                if self.trouble:
                    log.info("store_recovered", tries=tries)
                    self.trouble = ""
                return done
            pause = min(_FIRST_PAUSE_S * 2**tries, _LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            tries += 1
            self._rest(pause)
            self._tally.add(retries=1)

    def _rest(self, pause: float) -> None:
        """Wait [s], but no longer than until a store that did not answer does."""
        until = time.monotonic() + pause
        away = False
        while (left := until - time.monotonic()) > 0:
            if self._stopping.wait(min(left, _PROBE_S)):
                raise Interrupted
            if self.trouble_kind != "store_unavailable":
                continue
            well = self._store.health().ok
            if well and away:
                return
            away = not well

    def _note_trouble(self, error: Exception, tries: int) -> None:
        self.trouble = str(error)
        match error:
            case StoreRefusedError():
                self.trouble_kind = "store_refused"
            case ClockError():
                self.trouble_kind = "clock_not_set"
            case _:
                self.trouble_kind = "store_unavailable"
        if tries % 10:
            return
        if isinstance(error, StoreRefusedError):
            log.critical("store_refused", reason=str(error), advice="a person must act; nothing is lost meanwhile")
        elif isinstance(error, ClockError):
            log.critical("clock_not_set", reason=str(error), advice="gateways keep their readings meanwhile")
        else:
            log.error("store_unavailable", reason=str(error), advice="tried again; gateways keep their readings")
