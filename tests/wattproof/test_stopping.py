"""How a running command learns that it shall end."""

from __future__ import annotations

import signal
import threading

import pytest

from wattproof.stopping import stop_event


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


def test_an_event_that_nobody_sets_is_waited_for_no_longer_than_asked() -> None:
    with stop_event() as stop:
        assert not stop.wait(0.0)
        assert not stop.wait(0.7)
