"""The interpreter's own work, kept out of the way of polls: searching for garbage, and threads that take turns."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator
from typing import Final

_TURN_S: Final = 0.0005
"""A thread that computes (encoding a batch, for one) lets the event loop go on after this; Python's default is ten
times as long [s]."""
_NEW_OBJECTS: Final = 50_000
"""Objects that must be new before garbage is searched for; Python's default of 700 is a few reads' worth."""


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """Run an agent that is set up so that its polls begin on time.

    What is there by now (profiles, devices, plans) stays as long as the agent, so it is not searched for garbage again.
    All is as before when it ends.
    """
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(max(_NEW_OBJECTS, thresholds[0]), *thresholds[1:])
    sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
