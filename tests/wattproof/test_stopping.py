"""How a running command learns that it shall end."""

from __future__ import annotations

import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from wattproof import stopping
from wattproof.stopping import stop_event

OURS = {stopping.__file__, threading.__file__, queue.__file__}


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Break what waits for a lock for ever."""

    def late(*_: object) -> None:
        raise TimeoutError(f"this took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def struck(line: int) -> Iterator[list[int]]:
    """Send SIGTERM to this process where it is about to execute so-many-th line of an event's methods; lists them."""
    seen: list[int] = []

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename not in OURS:
            return None
        if event == "line":
            seen.append(frame.f_lineno)
            if len(seen) == line:
                signal.raise_signal(signal.SIGTERM)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield seen
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("timeout", [None, 40.0])
def test_a_signal_that_the_system_gave_to_another_thread_ends_the_waiting(timeout: float | None) -> None:
    with stop_event() as stop:
        waiting = threading.Event()

        def strike() -> None:
            assert waiting.wait(20)
            # As the kernel does while the main thread is stopped.
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

        other = threading.Thread(target=strike)
        other.start()
        waiting.set()
        assert stop.wait(timeout)
        other.join()


def test_a_signal_that_meets_the_waiting_anywhere_within_it_is_heard() -> None:
    line, lines = 0, 1
    while line < lines:
        line += 1
        with stop_event() as stop, no_longer_than(20):
            with struck(line) as seen:
                stop.wait(0.02)
            lines = len(seen)
            assert stop.is_set() == (line <= lines)
    assert lines > 3


def test_an_event_that_nobody_sets_is_waited_for_no_longer_than_asked() -> None:
    with stop_event() as stop:
        assert not stop.wait(0.0)
        assert not stop.wait(0.7)
        stop.set()
        assert stop.wait(0.0)
        assert stop.wait()
