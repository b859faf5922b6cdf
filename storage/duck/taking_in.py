"""Taking in: what the journal holds goes into the file, a moment after it was added."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Final

import structlog

from storage.duck.journal import Journal
from storage.errors import StoreError

log = structlog.get_logger(__name__)

_MOMENT_S: Final = 0.5
"""How long readings wait for others [s]: two commits a second cost a city what two of its hundred cost."""
_MANY: Final = 100_000
"""Readings that wait for no others."""
_MOST: Final = 1_000_000
"""Readings that may wait: 40 MB of memory and disk. Then writers wait for the file."""
_PAUSE_S: Final = 1.0
"""Between two tries while it fails [s]."""


class TakingIn:
    """A thread that is there while the journal holds something.

    Parameters
    ----------
    journal
        Whose readings go into the file.
    take_in
        Lets them, or raises `StoreError`; a method of whoever owns this.
    """

    def __init__(self, journal: Journal, take_in: Callable[[], None]) -> None:
        self._journal = journal
        # No circle: a store that nobody closed must let go of its file when nobody knows it any more.
        self._take_in = weakref.WeakMethod(take_in)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()
        self._stopping = threading.Event()
        self.trouble: StoreError | None = None
        """Why it failed last; None when it did not."""

    @property
    def behind(self) -> bool:
        """Whether who writes has to see to the file himself: it fails, or too much waits."""
        return self.trouble is not None or self._journal.rows >= _MOST

    def wake(self) -> None:
        """Something was added."""
        if self._journal.rows >= _MANY:
            self._hurry.set()
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                # No daemon: a thread that the interpreter's end finds within the database would abort the process.
                thread = threading.Thread(target=self._run, name="taking-in")
                try:
                    thread.start()
                except RuntimeError as error:
                    # What was added is safe; from now on writers see to the file.
                    self._failed(StoreError(f"no thread can be started to take the journal in ({error})"))
                else:
                    self._thread = thread

    def stop(self) -> None:
        """End the thread and wait for it; what it has not taken in stays in the journal."""
        with self._lock:
            self._stopping.set()
            thread = self._thread
        self._hurry.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._done():
            self._hurry.wait(_MOMENT_S)
            self._hurry.clear()
            take_in = self._take_in()
            if take_in is None:
                return
            try:
                take_in()
            except StoreError as error:
                self._failed(error)
                self._stopping.wait(_PAUSE_S)
            except Exception as error:
                log.exception("taking_in_failed")
                self._failed(StoreError(f"the journal is not taken in: {error!r}"))
                self._stopping.wait(_PAUSE_S)
            else:
                self.trouble = None
            del take_in

    def _failed(self, error: StoreError) -> None:
        if self.trouble is None:
            log.warning("journal_not_taken_in", reason=str(error), readings=self._journal.rows)
        self.trouble = error

    def _done(self) -> bool:
        with self._lock:
            orphaned = self.trouble is not None and not threading.main_thread().is_alive()
            if self._journal.rows and not self._stopping.is_set() and not orphaned:
                return False
            self._thread = None
            return True
