"""The outbox's log mended: SQLite ends it at the first frame whose checksum fails, though all behind it is whole.

One flipped bit there would cost every commit since the last checkpoint. Frames are copies of pages; which belong to the
log is told by its two salts, so the checksums, a running sum over all of it, can be worked out anew. What the bit has
changed inside its page is found by the checksums of the rows (`edge.outbox_check`), and salvaged around.

Layout: https://www.sqlite.org/fileformat2.html, 4.1 and 4.2.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

import structlog

from edge.outbox_file import beside, sync_folder

log = structlog.get_logger()

_HEAD: Final = struct.Struct(">IIIIIIII")
_FRAME: Final = struct.Struct(">IIIIII")
_PAGE: Final = 4096
_MAGIC: Final = 0x377F_0682
_VERSION: Final = 3_007_000
_CUT: Final = ".cut"
_WORD: Final = 0xFFFF_FFFF

Sum = tuple[int, int]


def keep_log(path: Path) -> bool:
    """Copy the log of an outbox that is still open, because closing it ends the log; False when that cannot be."""
    try:
        data = beside(path, "-wal").read_bytes()
        if len(data) >= _HEAD.size:
            _write(beside(path, _CUT), data)
            return True
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            log.warning("outbox_log_not_mended", path=str(path), reason=str(error))
    return False


def mend_log(path: Path) -> None:
    """Put the log that `keep_log` kept back in its place, mended; nothing without one. Until then nothing is written.

    Whenever this is interrupted, doing it again comes to the same.
    """
    kept = beside(path, _CUT)
    if not kept.exists():
        return
    try:
        _write(beside(path, "-wal"), mended(kept.read_bytes()))
    except OSError as error:  # no room: what the log held is then declared as a gap
        log.warning("outbox_log_not_mended", path=str(path), reason=str(error))
    kept.unlink()


def mended(data: bytes) -> bytes:
    """The same log with its checksums worked out anew, as far as its frames belong to it."""
    _, _, _, number, *salts, first, second = _HEAD.unpack_from(data)
    if _summed(data[: _HEAD.size - 8], (0, 0)) != (first, second):
        salts = list(_FRAME.unpack_from(data, _HEAD.size)[2:4]) if len(data) >= _HEAD.size + _FRAME.size else salts
    size = _FRAME.size + _PAGE
    starts = range(_HEAD.size, len(data) - size + 1, size)
    own = [start for start in starts if list(_FRAME.unpack_from(data, start)[2:4]) == salts]
    head = struct.pack(">IIIIII", _MAGIC, _VERSION, _PAGE, number, *salts)
    total = _summed(head, (0, 0))
    parts = [head, struct.pack(">II", *total)]
    for start in starts:
        if not own or start > own[-1]:
            break
        about, page = data[start : start + 8], data[start + _FRAME.size : start + size]
        total = _summed(page, _summed(about, total))
        parts += [about, struct.pack(">IIII", *salts, *total), page]
    return b"".join(parts)


def _summed(data: bytes, before: Sum) -> Sum:
    first, second = before
    for even, odd in struct.iter_unpack("<II", data):
        first = first + even + second & _WORD
        second = second + odd + first & _WORD
    return first, second


def _write(path: Path, data: bytes) -> None:
    draft = beside(path, ".new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)
