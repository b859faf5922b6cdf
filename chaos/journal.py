"""The journal: what a gateway wrote down when it was made, before its outbox took it and again after.

One line of JSON per event, written with one ``write`` to a file that is only appended to: a killed process leaves every
line it wrote, and at most one half line at the end.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final, Literal

import msgspec

from telemetry import Gap, Table

Event = Literal["born", "read", "refused", "put", "done", "failed", "acked"]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event.

    Parameters
    ----------
    event
        ``born``: a new life begins; ``read``: a reading was made; ``refused``: a question to `device` brought none, for
        `reason`; ``put``: these readings are about to be committed; ``done``: they are; ``failed``: they are not, for
        `reason`; ``acked``: `number` batches were let go.
    number
        Which put it is, rising over one life of the gateway; 0 for other events.
    """

    event: Event
    number: int
    at: float
    tables: list[Table] = []
    gaps: list[Gap] = []
    reason: str = ""
    device: str = ""


_TAIL: Final = 262_144
"""What some seconds add to a journal, and more [bytes]."""
_DECODER: Final = msgspec.json.Decoder(Entry)


class Journal:
    """Appends events to a file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._file, b"\n")  # ends the half line of an earlier life
        self.write(Entry("born", 0, time.time()))

    def write(self, entry: Entry) -> None:
        """Write an event; when this returns, it survives the process."""
        os.write(self._file, msgspec.json.encode(entry) + b"\n")


def happened(path: Path, event: Event, after: float) -> bool:
    """Whether an event was written down lately, after a time [s since 1970]."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        lines = file.read().split(b"\n")
    begins = b'{"event":"%s"' % event.encode()
    for line in reversed(lines):
        if line.startswith(begins):
            with contextlib.suppress(msgspec.DecodeError):
                return _DECODER.decode(line).at > after
    return False


def read(path: Path) -> list[list[Entry]]:
    """Every event in order, one list per life of the gateway; the half line that a kill leaves is no event.

    Raises
    ------
    ValueError
        When a line in the middle of a life is broken: then the journal proves nothing.
    """
    lives: list[list[Entry]] = []
    broken = b""
    for line in filter(None, path.read_bytes().split(b"\n") if path.exists() else []):
        try:
            entry = _DECODER.decode(line)
        except msgspec.DecodeError:
            broken = line
            continue
        if entry.event == "born":
            lives.append([])
            broken = b""
        if broken:
            raise ValueError(f"{path}: {broken[:200]!r} is no event")
        lives[-1].append(entry)
    return lives
