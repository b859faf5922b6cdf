"""How the C library keeps memory: for a process that must stay small while threads come and go through bursts."""

from __future__ import annotations

import ctypes
from typing import Final

_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
_TRIM_THRESHOLD: Final = -1
_ARENAS: Final = 1
_LARGE_BYTES: Final = 128 * 1024


def keep_little() -> None:
    """Let glibc keep one heap for all threads and give large blocks back at once; elsewhere nothing changes.

    By default each thread grows a heap of its own and keeps what it once needed: a collector that has drained a
    backlog would hold half as much again as it uses. Numbers as in glibc's ``malloc.h``.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in (
        (_ARENA_MAX, _ARENAS),
        (_MMAP_THRESHOLD, _LARGE_BYTES),
        (_TRIM_THRESHOLD, _LARGE_BYTES),
    ):
        mallopt(parameter, value)
