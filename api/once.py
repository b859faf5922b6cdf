"""Long work done once for everyone who asks for the same, away from the requests, with how far it is."""

from __future__ import annotations

import concurrent.futures
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from api.models import WorkProgress

Result = TypeVar("Result")
"""What is made."""

KEPT: Final = 24
"""Results remembered: whoever asks for one thing after the other must not fill the memory."""
_TIMES_AS_LONG: Final = 10
"""A result is used at least so many times as long as it took to make."""


@dataclass(eq=False)
class Progress:
    """How far a piece of work is: `done` of `of` parts, 0 of 0 while that is not known; and what it is at."""

    done: int = 0
    of: int = 0
    at: str = ""

    def __call__(self, done: int, of: int, at: str = "") -> None:
        """Tell it."""
        self.done, self.of, self.at = done, of, at


@dataclass(eq=False)
class _Slot(Generic[Result]):
    told: object
    future: Future[Result]
    progress: Progress
    until: int = 0


@dataclass(eq=False)
class Once(Generic[Result]):
    """Makes each thing at most once per `cache_ms`, a few at a time. Thread-safe.

    Parameters
    ----------
    name
        Of its threads.
    at_once
        How many are made at a time.
    cache_ms
        How long a result is used again at least [ms]; one that was told otherwise is made at once.
    clock
        Present time [ms UTC].
    refused
        Errors that asking again would not change.
    """

    name: str
    at_once: int
    cache_ms: int
    clock: Callable[[], int]
    refused: tuple[type[Exception], ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: OrderedDict[Hashable, _Slot[Result]] = field(default_factory=OrderedDict)
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.at_once, self.name)

    def get(
        self, key: Hashable, told: object, make: Callable[[Progress], Result], wait_s: float | None = None
    ) -> Result | None:
        """The result of `make`, or what was made a moment ago; None when that takes longer than `wait_s`.

        What takes longer goes on by itself, for whoever asks again. Raises what `make` raises.

        Parameters
        ----------
        key
            What is asked for.
        told
            What else it depends on: a result of something else is not used.
        """
        future = self._future(key, told, make)
        concurrent.futures.wait([future], wait_s)
        return future.result() if future.done() else None

    def progress(self, key: Hashable) -> Progress | None:
        """How far it is; None when nobody asked for it."""
        with self._lock:
            slot = self._slots.get(key)
            return None if slot is None else slot.progress

    def close(self) -> None:
        """Begin no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _future(self, key: Hashable, told: object, make: Callable[[Progress], Result]) -> Future[Result]:
        with self._lock:
            slot = self._slots.get(key)
            if slot is not None and slot.told == told and not self._over(slot):
                return slot.future
            progress, asked = Progress(), self.clock()
            future = self._pool.submit(make, progress)
            slot = _Slot(told, future, progress, asked + self.cache_ms)
            self._slots[key] = slot
            self._slots.move_to_end(key)
            while len(self._slots) > KEPT:
                self._slots.popitem(last=False)
        future.add_done_callback(lambda _: self._made(slot, asked))
        return future

    def _made(self, slot: _Slot[Result], asked: int) -> None:
        now = self.clock()
        slot.until = now + max(self.cache_ms, _TIMES_AS_LONG * (now - asked))

    def _over(self, slot: _Slot[Result]) -> bool:
        """Whether it must be made anew: old, or failed by what may be well again; never while it is being made."""
        if not slot.future.done():
            return False
        if slot.future.cancelled():
            return True
        error = slot.future.exception()
        return self.clock() >= slot.until or (error is not None and not isinstance(error, self.refused))


def told_progress(progress: Progress | None) -> WorkProgress:
    """As the REST interface says it."""
    if progress is None:
        return WorkProgress(asked=False, done=0, of=0, at="")
    return WorkProgress(asked=True, done=progress.done, of=progress.of, at=progress.at)
