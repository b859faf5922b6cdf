"""Upkeep: quarter-hours rolled up, old readings forgotten and the file tidied at night, while a store is in use."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

import structlog

from storage.errors import StoreError
from storage.settings import Settings
from storage.store import Forgotten, Store

log = structlog.get_logger(__name__)

DAY_MS: Final = 86_400_000
_SETTLE_MS: Final = 60_000
"""A quarter-hour is rolled when its last readings have had a minute to arrive; later ones roll it again."""

_EVERY_S: Final = 60.0
_FORGET_EVERY_S: Final = 6 * 3600.0
_LONGEST_END_S: Final = 5.0
_QUIET_HOUR: Final = dt.timedelta(hours=3)
"""When a factory's machines rest and nobody looks, by the clock of the computer."""

_LEAST_STEP, _MOST_STEP = 2_000, 64_000
"""Windows that are rolled in one step. In a file, a step looks through all that a city wrote in the last hour, however
few they are: so it has more of them as long as it does not take long."""
_BRIEF_S: Final = 4.0
_LONG_S: Final = 8.0

_TURN_S: Final = 0.0005
"""While this one computes, a thread that has readings to store waits no longer for its turn; usually ten times [s]."""

_PAUSE_S: Final = 0.5
"""Between two pieces of tidying, so that writers and readers have their turn."""


class Upkeep:
    """A thread that rolls every minute, forgets every six hours and tidies once a day; several on one store do no harm.

    Parameters
    ----------
    store
        An open store; it stays open.
    settings
        Say how long to keep what.
    keep_from
        Readings from this time on stay, however old [ms UTC]; None when nothing has to. Asked before every deletion.
    clock
        What time it is [ms UTC].
    newest
        Time of the newest reading [ms UTC]; None when that is not known. Ages count from it where the clock is ahead of
        it: a computer whose clock jumped a year ahead must not delete a year.
    afterwards
        Called after readings were deleted; may shrink the file.
    tidy
        Lays out a piece of what is older than a time [ms UTC]; returns its rows, 0 when nothing is left to do. Called
        from three at night, or as soon as the process runs; and after a deletion.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        keep_from: Callable[[], int | None] = lambda: None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        newest: Callable[[], int | None] = lambda: None,
        afterwards: Callable[[], None] = lambda: None,
        tidy: Callable[[int], int] = lambda _: 0,
    ) -> None:
        self._store = store
        self._settings = settings
        self._keep_from = keep_from
        self._clock = clock
        self._newest = newest
        self._afterwards = afterwards
        self._tidy = tidy
        self._tidied: dt.date | None = None
        self._step = _LEAST_STEP
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way, within 5 s: one that waits for a database that is away holds nobody up."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_END_S)

    def roll(self) -> int:
        """Roll what has ended, until nothing is left or the end is asked for; returns the number of windows."""
        done, began = 0, time.monotonic()
        with _brief_turns():
            while not self._stop.is_set() and (some := self._store.roll(self._clock() - _SETTLE_MS, self._step)):
                done += some
                took, began = time.monotonic() - began, time.monotonic()
                if took > _LONG_S:
                    self._step = max(self._step // 2, _LEAST_STEP)
                elif took < _BRIEF_S and some >= self._step:
                    self._step = min(self._step * 2, _MOST_STEP)
        if done:
            log.debug("rolled_up", windows=done)
        return done

    def forget(self) -> Forgotten | None:
        """Delete what the settings no longer keep; None when they keep everything."""
        raw, rolled = self._settings.keep_raw_days, self._settings.keep_rollup_days
        if not raw and not rolled:
            return None
        newest = self._newest()
        now, never = self._clock(), -DAY_MS * 100_000
        if newest is not None and newest < now:
            now = newest
        raw_before = now - raw * DAY_MS if raw else never
        held = self._keep_from()
        if held is not None:
            raw_before = min(raw_before, held)
        forgotten = self._store.forget(raw_before, now - rolled * DAY_MS if rolled else never)
        if forgotten.readings or forgotten.rollups:
            log.info(
                "forgotten",
                readings=forgotten.readings, rollups=forgotten.rollups, gaps=forgotten.gaps, kept=forgotten.kept,
            )  # fmt: skip
            self._afterwards()
            self._tidied = None
        return forgotten

    def tidy(self) -> int:
        """Tidy what is a day old, piece by piece, unless this night's is done; returns the number of rows."""
        now = self._clock()
        night = (dt.datetime.fromtimestamp(now / 1000).astimezone() - _QUIET_HOUR).date()
        if night == self._tidied:
            return 0
        done, began = 0, time.monotonic()
        while not self._stop.is_set() and (some := self._tidy(now - DAY_MS)):
            done += some
            self._stop.wait(_PAUSE_S)
        self._tidied = night
        if done:
            log.info("tidied", rows=done, seconds=round(time.monotonic() - began, 1))
        return done

    def _run(self) -> None:
        # Workers started together must not all ask the database at once.
        due = time.monotonic() + random.uniform(_EVERY_S, 5 * _EVERY_S)  # noqa: S311 - no secret
        while not self._stop.wait(_EVERY_S * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret
            try:
                self.roll()
                if time.monotonic() >= due:
                    self.forget()
                    due = time.monotonic() + _FORGET_EVERY_S * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
                self.tidy()
            except StoreError as error:
                log.warning("upkeep_postponed", reason=str(error))
            except Exception:
                # A plan that cannot be read, a disk that is full: without this thread nothing is rolled or forgotten.
                log.exception("upkeep_failed")


@contextlib.contextmanager
def _brief_turns() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, _TURN_S))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
