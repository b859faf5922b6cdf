"""What an agent changes in the interpreter is as before when it ends."""

import contextlib
import gc
import sys

from edge.steadiness import steady


def test_the_interpreter_is_as_before_whatever_ends_the_agent() -> None:
    before = sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()
    with contextlib.suppress(ZeroDivisionError), steady():
        assert gc.get_freeze_count() > 0
        assert sys.getswitchinterval() < before[0]
        assert gc.get_threshold()[0] >= max(before[1][0], 50_000)
        raise ZeroDivisionError
    assert (sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()) == before
