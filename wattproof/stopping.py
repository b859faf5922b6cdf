"""How a running command learns that it shall end: Ctrl-C, SIGTERM and a closed terminal mean the same."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_event() -> Iterator[threading.Event]:
    """An event that the signals set, for commands that run in threads; the old handlers come back at the end."""
    event = threading.Event()
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
