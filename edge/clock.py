"""The clock that stamps readings: what it is worth, and that no time is given twice when somebody sets it.

A gateway's clock is set forth and back: by a time server after days without one, by a technician, by a board without a
battery that wakes in the past. Rules, in this order of weight:

1. A reading's time is the wall clock's when its register was read; it is never invented and never bent.
2. Times of a series only rise. Whatever span of time has been used for stamps is remembered (also over a restart);
   while the wall clock stands in a used span, because it was set back, readings get no stamp: they are declared as a
   gap, ``clock_stepped``, until the clock has passed the span. Energy counters bridge the gap, so no energy is lost.
   A step too small to be seen as one is waited for: a device is not read again before the clock has passed the
   millisecond it was last read in (`Timekeeper.passed`).
3. Every table says what the clock was worth: ``synchronised`` (the kernel says a time server disciplines it),
   ``free_running``, or ``stepped`` for a minute after it was set by hand or by force.

A step is seen by comparing the wall clock with the monotonic one: both are slewed alike, only a step parts them.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from telemetry import ClockState

log = structlog.get_logger()

_STEP_NS: Final = 20_000_000
_STEPPED_FOR_NS: Final = 60_000_000_000
_WAITED_FOR_MS: Final = 25.0
"""A little more than the largest step that is not seen as one [ms]."""
_SAVED_EVERY_MS: Final = 60_000
"""Longer than it is between two times that spans are saved [ms]."""
_LOOK_EVERY_NS: Final = 10_000_000_000
_SPANS_KEPT: Final = 16
_STA_UNSYNC: Final = 0x0040
_TIME_ERROR: Final = 5
_FOR_EVER: Final = 1 << 62

Span = tuple[int, int]
"""First and last stamp of a run without a step, both included [ms since 1970-01-01 UTC]."""


def now_ms() -> int:
    """Time now [ms since 1970-01-01 UTC]."""
    return time.time_ns() // 1_000_000


class _Timex(ctypes.Structure):
    """The head of ``struct timex`` (adjtimex(2)) as far as its status, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def kernel_synchronised() -> bool:
    """Whether a time server disciplines the kernel's clock (adjtimex(2)); False where the kernel cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError, TypeError):  # not Linux
        return False
    timex = _Timex()
    state = int(adjtimex(ctypes.byref(timex)))
    return 0 <= state < _TIME_ERROR and not timex.status & _STA_UNSYNC


class Timekeeper:
    """Gives readings their times.

    Parameters
    ----------
    memory
        File that remembers used spans over a restart; without one they are forgotten.
    used_to
        When the last readings were committed before this start [ms since 1970-01-01 UTC]: after a kill the file has not
        heard of the last seconds.
    wall, monotonic
        Clocks [ns].
    synchronised
        Whether a time server disciplines the wall clock.
    """

    def __init__(
        self,
        memory: Path | None = None,
        *,
        used_to: int | None = None,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
        synchronised: Callable[[], bool] = kernel_synchronised,
    ) -> None:
        self._memory = memory
        self._wall = wall
        self._monotonic = monotonic
        self._synchronised = synchronised
        self._used = _used(_remembered(memory), used_to)
        self._first = self._last = 0
        self._limit = 0
        self._offset = wall() - monotonic()
        self._stepped_until = 0
        self._look_at = 0
        self._disciplined = False
        self.held = False
        self.steps = 0

    def now_ms(self) -> int:
        """The wall clock [ms since 1970-01-01 UTC], whatever it is worth."""
        return self._wall() // 1_000_000

    def exact_ms(self) -> float:
        """The same, with its fractions [ms]: what the grid of polls is laid on."""
        return self._wall() / 1e6

    def stamp(self) -> int | None:
        """Time of a reading taken now [ms since 1970-01-01 UTC]; None while the clock stands in a used span."""
        wall = self._wall()
        if abs(wall - self._monotonic() - self._offset) > _STEP_NS:
            wall = self._stepped()
        at = wall // 1_000_000
        if self._last <= at < self._limit:
            self._last = at
            return at
        return self._begin(at)

    async def passed(self, stamp: int) -> None:
        """Wait until the clock has passed a stamp [ms], and stands where it can give one, if that is a matter of ms.

        What takes longer is a step, and `stamp` gives no time until the clock has passed the span that is used.
        """
        while 0 < (missing := max(stamp + 1, self._last) - self.exact_ms()) <= _WAITED_FOR_MS:  # noqa: ASYNC110 - a clock
            await asyncio.sleep(missing / 1000)  # may end a little early

    @property
    def state(self) -> ClockState:
        """What the clock is worth now."""
        now = self._monotonic()
        if now < self._stepped_until:
            return "stepped"
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY_NS
            self._disciplined = self._synchronised()
        return "synchronised" if self._disciplined else "free_running"

    def save(self) -> None:
        """Remember the used spans on the disk; a disk that refuses is no reason to stop reading."""
        if self._memory is None:
            return
        draft = self._memory.with_suffix(".new")
        try:
            with draft.open("wb") as file:
                file.write(_sealed(msgspec.json.encode(self._spans())))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._memory)
        except OSError as error:
            log.debug("clock_not_saved", path=str(self._memory), reason=str(error))

    def _stepped(self) -> int:
        """Look again, closely: a pause between two looks is no step. The wall clock now [ns]."""
        wall, offset = self._look()
        if abs(offset - self._offset) <= _STEP_NS:
            return wall
        step_s = (offset - self._offset) / 1e9
        self._offset = offset
        self._stepped_until = self._monotonic() + _STEPPED_FOR_NS
        self._look_at = 0
        self._close()
        self.steps += 1
        log.warning("clock_stepped", seconds=round(step_s, 3), says=f"the clock was set by {step_s:+.3f} s")
        return wall

    def _look(self) -> tuple[int, int]:
        best = (_FOR_EVER, 0, 0)
        for _ in range(5):
            before = self._monotonic()
            wall = self._wall()
            after = self._monotonic()
            best = min(best, (after - before, wall, wall - (before + after) // 2))
        return best[1], best[2]

    def _begin(self, at: int) -> int | None:
        """Begin a new run of stamps at a time [ms], unless it is in a used span."""
        self._close()
        if any(first <= at <= last for first, last in self._used):
            if not self.held:
                self.held = True
                ends = max(last for first, last in self._used if first <= at <= last)
                says = f"the clock was set back; readings are declared as a gap for {(ends - at) / 1000:.1f} s"
                log.warning("readings_held", until=ends, says=says)
            return None
        self.held = False
        self._first = self._last = at
        self._limit = min((first for first, _ in self._used if first > at), default=_FOR_EVER)
        return at

    def _close(self) -> None:
        if self._limit:
            self._used = self._spans()
            self._first = self._last = self._limit = 0

    def _spans(self) -> list[Span]:
        spans = sorted([*self._used, (self._first, self._last)] if self._limit else self._used)
        while len(spans) > _SPANS_KEPT:
            spans[:2] = [(spans[0][0], spans[1][1])]
        return spans


def _remembered(memory: Path | None) -> list[Span]:
    if memory is None:
        return []
    try:
        return msgspec.json.decode(_opened(memory.read_bytes()), type=list[Span])
    except FileNotFoundError:  # the first start here
        return []
    except (OSError, msgspec.DecodeError) as error:
        log.warning("clock_memory_unreadable", path=str(memory), reason=str(error))
        return []


def _sealed(text: bytes) -> bytes:
    return b"%08x\n%b" % (zlib.crc32(text), text)


def _opened(data: bytes) -> bytes:
    """What was written; a digit that has rotted could silence the gateway for years."""
    seal, _, text = data.partition(b"\n")
    if seal != b"%08x" % zlib.crc32(text):
        raise msgspec.DecodeError("its checksum does not hold")
    return text


def _used(spans: list[Span], to: int | None) -> list[Span]:
    """The spans, and what was used after they were saved."""
    if to is None or any(first <= to <= last for first, last in spans):
        return spans
    for index, (first, last) in enumerate(spans):
        if last < to <= last + _SAVED_EVERY_MS:
            return sorted([*spans[:index], (first, to), *spans[index + 1 :]])
    return sorted([*spans, (to, to)])
