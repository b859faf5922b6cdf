"""How a running command learns that it shall end: Ctrl-C, SIGTERM and a closed terminal mean the same."""

from __future__ import annotations

import asyncio
import queue
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_LOOKS_S: Final = 0.5
"""How often the main thread looks for signals while it waits [s]."""


class _Stop(threading.Event):
    """An event that a signal's handler may set, and whose waiting ends although the signal came to another thread.

    An `Event` deadlocks when its thread is interrupted within it by a handler that sets it; a `SimpleQueue` may be put
    into anywhere. And Python runs handlers in the main thread alone: the system gives a signal to any other where that
    one is stopped (after SIGSTOP, or while it is traced), and nothing wakes one that waits without end.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = False
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        """Let all waiting end."""
        self._told = True
        self._wakes.put(None)

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._told

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or for so long [s]; says whether it is."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._told:
            left = _LOOKS_S if until is None else min(until - time.monotonic(), _LOOKS_S)
            if left <= 0.0:
                break
            with suppress(queue.Empty):
                self._wakes.get(timeout=left)
                self._wakes.put(None)
        return self._told


@contextmanager
def stop_event() -> Iterator[threading.Event]:
    """An event that the signals set, for commands that run in threads; the old handlers come back at the end."""
    event = _Stop()
    previous = {number: signal.signal(number, lambda *_: event.set()) for number in _SIGNALS}
    try:
        yield event
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def fast_loop() -> asyncio.AbstractEventLoop:
    """An event loop of libuv's where it is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run_until_stopped(
    work: Callable[[asyncio.Event], Awaitable[T]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run `work` in an event loop of its own, with an event that the signals set."""

    async def run() -> T:
        event = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, event.set)
        return await work(event)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(run())
