"""The container that lines travel in: gzip, which a server reads as nothing else.

Its CRC-32 lets the server refuse what was altered on the way, which line protocol alone would store. But the word that
it is gzip stands in a header, which may be altered as well: then InfluxDB reads the container as lines. Of one that is
not compressed the first would be stored under a name that begins with the container's own bytes, which are not UTF-8:
InfluxDB 1.6 takes such a name, and never again opens the shard that holds it. So a container is made whose bytes hold
no line that could be stored. One that is not compressed has the beginning of a block within the timestamp of every
line, where no number goes on so; one that is compressed is looked at.

Formats: RFC 1951, section 3.2.4 (blocks that are not compressed); RFC 1952 (gzip); the line protocol of InfluxDB 1.
"""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Sequence
from typing import Final

_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""gzip, deflated, nothing more to say: no name, no time, no system."""
_WITHIN_TIME: Final = 4
"""So many bytes of a line stand in the next block: of a timestamp in nanoseconds, which has more of them."""
_LONGEST_BLOCK: Final = 0xFFFF
_MORE: Final = 0xF8
"""A block that is not compressed, and others follow; the five bits that say nothing make it a byte of no text."""
_LAST: Final = 0xF9
_block = struct.Struct("<BHH").pack

_LEVEL: Final = 1
_POINT: Final = re.compile(
    rb"[^\n] [^\n]*=(?:[-+.0-9eE]+[iu]?|[tTfF]|true|True|TRUE|false|False|FALSE|\"[^\"]*\")"  # a name, a field,
    rb"(?:[ \t\0]+-?[0-9]+)?[ \t\0]*\r?(?:\n|\Z)"  # a time perhaps, and the end
)
"""Whatever InfluxDB could take for a point, and more."""


def contained(lines: Sequence[str], *, compress: bool) -> bytes:
    """Lines of line protocol, each with a timestamp in nanoseconds, as the body of a request in gzip's encoding.

    Parameters
    ----------
    compress
        Whether it shall be short. What then happens to look like lines is not compressed.
    """
    encoded = "\n".join(lines).encode()
    if compress:
        body = gzip.compress(encoded, _LEVEL, mtime=0)
        if _POINT.search(body) is None:
            return body
    parts = [_HEAD]
    begin = end = 0
    for line in lines:
        end += len(line if line.isascii() else line.encode()) + 1
        cut = max(begin, end - 1 - _WITHIN_TIME)
        _put(parts, encoded, begin, cut)
        begin = cut
    last = encoded[begin:]
    parts += (_block(_LAST, len(last), len(last) ^ _LONGEST_BLOCK), last)
    parts.append(struct.pack("<II", zlib.crc32(encoded), len(encoded) & 0xFFFFFFFF))
    return b"".join(parts)


def _put(parts: list[bytes], data: bytes, begin: int, end: int) -> None:
    """Add a range of the data as blocks, of which others follow."""
    while begin < end:
        size = min(end - begin, _LONGEST_BLOCK)
        parts += (_block(_MORE, size, size ^ _LONGEST_BLOCK), data[begin : begin + size])
        begin += size
