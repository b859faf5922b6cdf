"""The collector's sign of life for health checks: a small file, rewritten while it works."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import structlog

log = structlog.get_logger()

EVERY_S: Final = 5.0
_OLD_AFTER_S: Final = 4 * EVERY_S


class Heartbeat(msgspec.Struct, frozen=True):
    """When the collector last looked after itself [s since 1970-01-01 UTC], and whether all was well."""

    at: float
    ok: bool


def beat(folder: Path, *, ok: bool, worker: int = 1) -> None:
    """Write the sign of life; readers never see half of it.

    A full disk is no reason to end: the sign grows old, and that tells.
    """
    file = _file(folder, worker)
    draft = file.with_suffix(".new")
    try:
        draft.write_bytes(msgspec.json.encode(Heartbeat(time.time(), ok)))
        draft.replace(file)
    except OSError as error:
        log.warning("heartbeat_failed", path=str(file), reason=str(error), advice="check the disk and its room")


@contextlib.contextmanager
def beating(folder: Path, well: Callable[[], bool], worker: int = 1) -> Iterator[None]:
    """Write the sign of life until the end; in a thread, because whoever asks a store that hangs hears nothing else."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(EVERY_S):
            ok = well()
            if not ended.is_set():
                beat(folder, ok=ok, worker=worker)

    threading.Thread(target=run, name="heartbeat", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def check(folder: Path, worker: int = 1) -> tuple[bool, str]:
    """Whether a collector of this folder is at work, and that in a sentence."""
    file = _file(folder, worker)
    try:
        last = msgspec.json.decode(file.read_bytes(), type=Heartbeat)
    except FileNotFoundError:
        return False, f"no collector has worked in {folder}; start it with `wattproof collector run`"
    except msgspec.DecodeError as error:
        return False, f"{file} is unreadable: {error}"
    age = time.time() - last.at
    if age > _OLD_AFTER_S:
        return False, f"the collector's last sign of life is {age:.0f} s old"
    if not last.ok:
        return False, "the collector runs, but its broker or store is not reachable; see its log"
    return True, "the collector is at work"


def _file(folder: Path, worker: int) -> Path:
    return folder / (f"collector-heartbeat-{worker}.json" if worker > 1 else "collector-heartbeat.json")
