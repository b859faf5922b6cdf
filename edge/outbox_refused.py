"""What a full disk refused, written down in room that was taken beforehand: a kill must not make a loss a silence.

What cannot be committed can only become a gap, and a full disk has no room for that either; until it has, the gap waits
in memory. So it is also written into a small file that was filled with zeros when there was room: overwriting takes up
nothing on file systems that write in place (ext4, xfs, f2fs without copy-on-write, tmpfs). Whoever opens the outbox
next declares it. In turn to two places with a checksum each, so that a power failure in the middle costs one step.

It is valid as long as nothing was put since: the next put that succeeds declares everything that was refused before.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog

from edge.errors import OutboxError, OutboxFullError
from edge.losses import OUTBOX_DAMAGED, OUTBOX_FULL, nameless_gap
from telemetry import Gap

log = structlog.get_logger()

_PLACE: Final = 64 * 1024
"""Room for the gaps of some thousand series, compressed [bytes]."""
_HEAD: Final = 18


class _Written(msgspec.Struct, frozen=True, array_like=True):
    number: int
    epoch: str
    seq: int
    gaps: list[Gap]


class RefusedFile:
    """The file of that name. Where it cannot be made or written the outbox goes on without it, and says so.

    Parameters
    ----------
    path
        The file; made when there is room.
    gateway
        Whose outbox it is beside.
    """

    def __init__(self, path: Path, gateway: str) -> None:
        self._path = path
        self._gateway = gateway
        self._kept = False
        self._number = 0
        self._failed = False

    def keep(self) -> None:
        """Take up the room, if it is not taken."""
        if self._kept:
            return
        with contextlib.suppress(OSError), self._path.open("ab") as file:
            size = file.tell()
            try:
                file.write(bytes(2 * _PLACE - size if size < 2 * _PLACE else 0))
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(self._path, size)
                raise
            self._kept = True

    def read(self, epoch: str, seq: int) -> list[Gap]:
        """The gaps that were written down after batch `seq` was put under `epoch`, and not declared since."""
        found: list[_Written] = []
        with contextlib.suppress(OSError):
            data = self._path.read_bytes()
            for start in (0, _PLACE):
                with contextlib.suppress(ValueError, zlib.error, msgspec.DecodeError):
                    found.append(_read(data[start : start + _PLACE]))
        newest = max(found, key=lambda each: each.number, default=None)
        if newest is None:
            return []
        self._number = max(self._number, newest.number)
        return newest.gaps if (newest.epoch, newest.seq) == (epoch, seq) else []

    def write(self, epoch: str, seq: int, gaps: Sequence[Gap]) -> None:
        """Write down gaps that could not be put after batch `seq`; when this returns, they are on the disk."""
        self._number += 1
        data = _line(_Written(self._number, epoch, seq, list(gaps)))
        if len(data) > _PLACE:
            start, end = min(gap.start for gap in gaps), max(gap.end for gap in gaps)
            nameless = nameless_gap(self._gateway, start, end, sum(gap.readings for gap in gaps), gaps[0].reason)
            data = _line(_Written(self._number, epoch, seq, [nameless]))
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.pwrite(descriptor, data, self._number % 2 * _PLACE)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                log.warning("refused_readings_not_written_down", path=str(self._path), reason=str(error))


def reason_for(error: OutboxError) -> str:
    """Why readings are lost that an outbox did not take."""
    return OUTBOX_FULL if isinstance(error, OutboxFullError) else OUTBOX_DAMAGED


def _line(written: _Written) -> bytes:
    packed = zlib.compress(msgspec.json.encode(written), 1)
    return b"%08x %08x\n" % (zlib.crc32(packed), len(packed)) + packed


def _read(place: bytes) -> _Written:
    size = int(place[9:17], 16)
    packed = place[_HEAD : _HEAD + size]
    if zlib.crc32(packed) != int(place[:8], 16):
        raise ValueError("its checksum does not fit")
    return msgspec.json.decode(zlib.decompress(packed), type=_Written)
