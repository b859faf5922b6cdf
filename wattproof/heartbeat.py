"""The collector's sign of life for health checks: a small file, rewritten while it works."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import msgspec

EVERY_S: Final = 5.0
_FILE: Final = "collector-heartbeat.json"
_OLD_AFTER_S: Final = 4 * EVERY_S


class Heartbeat(msgspec.Struct, frozen=True):
    """When the collector last looked after itself [s since 1970-01-01 UTC], and whether all was well."""

    at: float
    ok: bool


def beat(folder: Path, *, ok: bool) -> None:
    """Write the sign of life; readers never see half of it."""
    draft = folder / f"{_FILE}.new"
    draft.write_bytes(msgspec.json.encode(Heartbeat(time.time(), ok)))
    draft.replace(folder / _FILE)


def check(folder: Path) -> tuple[bool, str]:
    """Whether the collector of this folder is at work, and that in a sentence."""
    try:
        last = msgspec.json.decode((folder / _FILE).read_bytes(), type=Heartbeat)
    except FileNotFoundError:
        return False, f"no collector has worked in {folder}; start it with `wattproof collector run`"
    except msgspec.DecodeError as error:
        return False, f"{folder / _FILE} is unreadable: {error}"
    age = time.time() - last.at
    if age > _OLD_AFTER_S:
        return False, f"the collector's last sign of life is {age:.0f} s old"
    if not last.ok:
        return False, "the collector runs, but its broker or store is not reachable; see its log"
    return True, "the collector is at work"
