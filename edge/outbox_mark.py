"""The outbox's mark: its ledger once more, in a small file beside it, so that a file that has gone back is found out.

A flipped bit in SQLite's log ends the log there; a backup that is put back, or a file that somebody deleted, ends
earlier still. What is left looks whole: only somebody who knows how far it had come can tell. The mark is written after
each commit, in turn to two places with a checksum each, so a bit flipped here costs one step at most. It is never ahead
of what is on the disk, and is itself forced to the disk every few seconds.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import structlog

from edge.losses import nameless_gap, remember_gap
from edge.outbox_ledger import Counters, Ledger, settle

log = structlog.get_logger()

_PLACE: Final = 4096
_FORCED_EVERY_S: Final = 5.0


class _Written(msgspec.Struct, frozen=True, array_like=True):
    number: int
    ledger: Ledger


class Mark:
    """The file of that name.

    Parameters
    ----------
    path
        The file; made when missing. Where it cannot be written the outbox goes on without it, and says so.
    monotonic
        A clock that nobody sets [s].
    """

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._descriptor: int | None = None
        self._number = 0
        self._forced_at = monotonic()
        self._failed = False

    def read(self) -> Ledger | None:
        """The ledger as it was last written; None when there is none."""
        found: list[_Written] = []
        with contextlib.suppress(OSError):
            data = self._path.read_bytes()
            for place in (0, _PLACE):
                line = data[place : place + _PLACE].partition(b"\n")[0]
                with contextlib.suppress(ValueError, msgspec.DecodeError):
                    if int(line[:8], 16) == zlib.crc32(line[8:]):
                        found.append(msgspec.json.decode(line[8:], type=_Written))
        if not found:
            return None
        newest = max(found, key=lambda written: written.number)
        self._number = max(self._number, newest.number)
        return newest.ledger

    def write(self, ledger: Ledger) -> None:
        """Write the ledger as it was just committed."""
        self._number += 1
        text = msgspec.json.encode(_Written(self._number, ledger))
        line = b"%08x%b\n" % (zlib.crc32(text), text)
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            os.pwrite(self._descriptor, line, self._number % 2 * _PLACE)
            if self._monotonic() - self._forced_at >= _FORCED_EVERY_S:
                self._force(self._descriptor)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                log.warning("outbox_mark_unwritten", path=str(self._path), reason=str(error))

    def close(self) -> None:
        """Force it to the disk and close it."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._force(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _force(self, descriptor: int) -> None:
        self._forced_at = self._monotonic()
        os.fdatasync(descriptor)


class GoneBack(NamedTuple):
    """What the outbox knew later than its file does [readings]: lost at most, and losses whose declaration is lost."""

    lost: int
    untold: int


def gone_back(ledger: Ledger, mark: Ledger) -> GoneBack | None:
    """Whether the file is older than the mark, and what that cost at most; None when it is not."""
    if (ledger.site, ledger.gateway) != (mark.site, mark.gateway) or mark.seq <= ledger.seq:
        return None
    # What was put since, unless it was acknowledged since; nobody knows which of the two it was that was.
    lost = min(mark.counters.pending, max(0, mark.counters.read - ledger.counters.read))
    return GoneBack(lost, max(0, mark.untold - ledger.untold))


def catch_up(connection: sqlite3.Connection, ledger: Ledger, mark: Ledger, found: GoneBack) -> None:
    """Go on from the mark: its numbers, its counters, and a gap for what is gone. Part of the caller's transaction.

    Batches the file holds again count as waiting, not as stored, until they are acknowledged again.
    """
    here, there = ledger.counters, mark.counters
    gap = there.gap + found.lost
    acked = there.read - gap - here.pending
    if acked < 0:  # it holds again what had been dropped and counted as a gap
        gap, acked = gap + acked, 0
    quarantined = min(there.quarantined, acked)
    counters = Counters(there.read, acked - quarantined, quarantined, here.pending, gap, here.batches, here.bytes)
    missing = found.lost + found.untold
    if missing:
        start, end = sorted((max(ledger.latest, mark.since), mark.latest))
        remember_gap(connection, nameless_gap(ledger.gateway, start, end, missing))
    settle(connection, mark.seq, mark.latest, ledger.untold + missing, counters)
