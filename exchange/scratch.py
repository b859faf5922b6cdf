"""Room on disk for what a file holds: columns of numbers that need not fit in memory."""

from __future__ import annotations

import bisect
import os
import tempfile
from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Kind = TypeVar("Kind", bound=np.generic)

BLOCK: Final = 50_000
"""Rows that are looked at together: a few MB, however many there are."""


class Scratch:
    """A file without a name: the system gives its room back however the process ends.

    Raises
    ------
    OSError
        Of any write, when there is no room; names the folder.
    """

    def __init__(self) -> None:
        self._folder = tempfile.gettempdir()
        self._file = tempfile.TemporaryFile(prefix="wattproof-import.")  # noqa: SIM115 - it lives as long as this
        self._end = 0

    def reserve(self, size: int) -> int:
        """Where `size` bytes may be written; they are zeros until then."""
        offset = self._end
        self._end += size
        return offset

    def write(self, offset: int, data: bytes) -> None:
        """Write within what was reserved."""
        left = memoryview(data)
        try:
            while left:
                done = os.pwrite(self._file.fileno(), left, offset)
                left, offset = left[done:], offset + done
        except OSError as error:
            raise OSError(
                error.errno,
                f"no room for what is read ({error.strerror}); make room there, or name another folder with TMPDIR",
                self._folder,
            ) from error

    def read(self, offset: int, size: int) -> bytes:
        """What was written; zeros where nothing was."""
        data = os.pread(self._file.fileno(), size, offset)
        return data + b"\0" * (size - len(data))

    def column(self, kind: type[Kind]) -> Column[Kind]:
        """An empty column of numbers of one kind."""
        return Column(self, kind)


class Column(Generic[Kind]):
    """Numbers of one kind, one per row."""

    def __init__(self, scratch: Scratch, kind: type[Kind]) -> None:
        self.scratch = scratch
        self.kind = kind
        self._width = np.dtype(kind).itemsize
        self._begins: list[int] = []
        self._offsets: list[int] = []
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def append(self, values: npt.NDArray[Kind]) -> None:
        """Add rows at the end."""
        if len(values):
            at = self._rows
            self.extend(len(values))
            self.put(at, values)

    def extend(self, rows: int) -> None:
        """Add rows of zeros at the end."""
        offset = self.scratch.reserve(rows * self._width)
        if not self._offsets or self._offsets[-1] + (self._rows - self._begins[-1]) * self._width != offset:
            self._begins.append(self._rows)
            self._offsets.append(offset)
        self._rows += rows

    def put(self, row: int, values: npt.NDArray[Kind]) -> None:
        """Put values in the place of those from `row` on."""
        for place, offset, count in self._parts(row, row + len(values)):
            self.scratch.write(offset, np.ascontiguousarray(values[place : place + count], self.kind).tobytes())

    def read(self, start: int, stop: int) -> npt.NDArray[Kind]:
        """Rows from `start` up to `stop`; of what lies outside the column, nothing."""
        start, stop = max(start, 0), min(stop, self._rows)
        found = np.empty(max(stop - start, 0), self.kind)
        for place, offset, count in self._parts(start, stop):
            data = self.scratch.read(offset, count * self._width)
            found[place : place + count] = np.frombuffer(data, self.kind)
        return found

    def _parts(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Where rows lie: which of those asked for, at which byte, how many."""
        at = start
        while at < stop:
            part = bisect.bisect_right(self._begins, at) - 1
            end = self._begins[part + 1] if part + 1 < len(self._begins) else self._rows
            count = min(stop, end) - at
            yield at - start, self._offsets[part] + (at - self._begins[part]) * self._width, count
            at += count


def spans(rows: int) -> Iterator[tuple[int, int]]:
    """Rows in runs of at most `BLOCK`: the first of each, and the one after its last."""
    for start in range(0, rows, BLOCK):
        yield start, min(start + BLOCK, rows)


AnyColumn = Column[Any]
