"""A segment: one of the two files of a journal. How it is written, and what can be read from it.

It starts with the name of the data file it belongs to (a random number, kept in the file's ``facts``). Each record is a
head (magic, number of readings, CRC-32 of the rest) and three columns: numbers of series (int32), times (int64) and
values (float64), all little-endian. A record is on disk before its readings count as written.
"""

from __future__ import annotations

import contextlib
import os
import struct
import weakref
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from storage.duck.newest import Columns
from storage.errors import StoreRefusedError

log = structlog.get_logger(__name__)

_START: Final = struct.Struct("<8sq")
_HEAD: Final = struct.Struct("<4sII")
_FILE_MAGIC: Final = b"WPJRNL1\n"
_MAGIC: Final = b"\xf5rec"
"""Starts a record; no UTF-8 text holds it."""
_ROW_BYTES: Final = 20


def segments(path: Path) -> tuple[Path, Path]:
    """The two files that may lie beside a data file."""
    return path.with_name(path.name + ".journal-a"), path.with_name(path.name + ".journal-b")


@dataclass(frozen=True, slots=True)
class Found:
    """What a segment holds.

    Attributes
    ----------
    path
        The segment.
    owner
        Name of the data file it belongs to; None when it ends before its name does, and so holds nothing.
    records
        Its readings, as they were added.
    damaged
        Bytes that are no record although records follow them [bytes].
    unfinished
        Bytes after the last whole record [bytes].
    """

    path: Path
    owner: int | None
    records: list[Columns]
    damaged: int
    unfinished: int


def found(path: Path) -> list[Found]:
    """Read the segments beside a data file, those that are there.

    What follows the last whole record was being added when its process ended, and nobody was told that it is safe;
    unless the disk changed a byte of the last record, which nothing tells apart.

    Raises
    ------
    StoreRefusedError
        When one cannot be read, or is no journal.
    """
    every = []
    for segment in segments(path):
        try:
            content = segment.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreRefusedError(f"{segment} cannot be read ({error.strerror}); check its permissions") from error
        # After a loss of power a file may have its length and none of its content.
        if len(content) < _START.size or not any(content):
            every.append(Found(segment, None, [], 0, len(content)))
            continue
        magic, owner = _START.unpack_from(content)
        journal = Found(segment, owner, *_records(content))
        # A byte of its beginning that the disk changed costs none of the readings behind it.
        if magic != _FILE_MAGIC and not journal.records:
            raise StoreRefusedError(f"{segment} is not a journal of WattProof's; move it away")
        every.append(journal)
    return every


def _records(content: bytes) -> tuple[list[Columns], int, int]:
    """The whole records of a segment, how many bytes between them are none, and how many follow the last one."""
    records: list[Columns] = []
    damaged, good, at = 0, _START.size, _START.size
    while (at := content.find(_MAGIC, at)) >= 0:
        record = _record(content, at)
        if record is None:
            at += 1
            continue
        damaged += at - good
        records.append(record)
        good = at = at + _HEAD.size + _ROW_BYTES * len(record.time)
    return records, damaged, len(content) - good


def _record(content: bytes, at: int) -> Columns | None:
    if len(content) - at < _HEAD.size:
        return None
    _, rows, crc = _HEAD.unpack_from(content, at)
    start, end = at + _HEAD.size, at + _HEAD.size + _ROW_BYTES * rows
    if not rows or end > len(content) or zlib.crc32(memoryview(content)[start:end]) != crc:
        return None
    return Columns(
        np.frombuffer(content, "<i4", rows, start).astype(np.int32, copy=False),
        np.frombuffer(content, "<i8", rows, start + 4 * rows).astype(np.int64, copy=False),
        np.frombuffer(content, "<f8", rows, start + 12 * rows).astype(np.float64, copy=False),
    )


def keep_damaged(segment: Found) -> None:
    """Keep a copy of a segment that was damaged in its midst, and say so: readings that counted as written are gone."""
    log.critical(
        "journal_damaged", journal=str(segment.path), unreadable_bytes=segment.damaged, kept=_kept(segment.path),
        advice="the disk returned other bytes than were written, and some readings are missing; check the disk",
    )  # fmt: skip


def _kept(segment: Path) -> str | None:
    """Path of a copy; None where there is no room for one."""
    try:
        content = segment.read_bytes()
        # Named by what it holds: a service that fails to open, and tries again all night, keeps one copy.
        copy = segment.with_name(f"{segment.name}.damaged-{zlib.crc32(content):08x}")
        if copy.exists() and copy.stat().st_size == len(content):
            return str(copy)
        try:
            copy.write_bytes(content)
        except OSError:
            copy.unlink(missing_ok=True)
            raise
    except OSError:
        return None
    return str(copy)


class Segment:
    """One of the two files; made when it is first needed."""

    def __init__(self, path: Path, owner: int) -> None:
        self._path = path
        self._owner = owner
        self._file = -1
        self._end = 0
        self._let_go: weakref.finalize[..., Segment] | None = None

    def _begin(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._let_go = weakref.finalize(self, os.close, self._file)
        self._end = 0
        # Its name before anything in it: where this fails, the segment is begun anew.
        sync_folder(self._path.parent)
        self._put(_START.pack(_FILE_MAGIC, self._owner))

    def add(self, columns: Columns) -> None:
        """Put a record on disk."""
        if not self._end:
            self._close()
            self._begin()
        body = b"".join(
            (
                columns.series_id.astype("<i4", copy=False).tobytes(),
                columns.time.astype("<i8", copy=False).tobytes(),
                columns.value.astype("<f8", copy=False).tobytes(),
            )
        )
        self._put(_HEAD.pack(_MAGIC, len(columns.time), zlib.crc32(body)) + body)

    def _put(self, content: bytes) -> None:
        try:
            done = 0
            while done < len(content):
                done += os.pwrite(self._file, memoryview(content)[done:], self._end + done)
            os.fdatasync(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(content)

    def clear(self) -> None:
        """Forget the records. It need not reach the disk: what is taken in twice changes nothing."""
        if self._end > _START.size:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, _START.size)
                self._end = _START.size

    def close(self, *, remove: bool) -> None:
        """Let go of it."""
        self._close()
        self._end = 0
        if remove:
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._let_go is not None:
            self._let_go()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
