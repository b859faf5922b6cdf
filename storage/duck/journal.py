"""The journal of a DuckDB file: readings that are safe on disk and not yet in the file.

A commit costs DuckDB 1.3 to 3 ms of processor however little it holds, and now and then waits for a checkpoint; to add
a record to a file and put it on disk costs a tenth of that. So readings that come after everything their series hold,
which nearly all do, are added to the journal and go into the file together, half a second's worth at once.

Two segments take turns: while what one holds goes into the file, the other is added to. What a kill leaves is taken in
when the file is opened; what is in the file already, the same series and time, stays as it is there, so taking in twice
changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from storage.duck.newest import Columns
from storage.duck.segment import Segment, segments
from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def joined(records: Sequence[Columns]) -> Columns:
    """Readings of several records, one behind the other."""
    if len(records) == 1:
        return records[0]
    return Columns(
        np.concatenate([each.series_id for each in records]),
        np.concatenate([each.time for each in records]),
        np.concatenate([each.value for each in records]),
    )


class Journal:
    """The journal of an open file; holds what is not in the file yet in memory, too.

    Thread-safe: one thread may add while another takes in.

    Parameters
    ----------
    path
        The data file. What lay beside it has been taken in.
    owner
        Its name, see the module.

    Raises
    ------
    StoreRefusedError
        When what was taken in cannot be removed.
    """

    def __init__(self, path: Path, owner: int) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._segments = [Segment(each, owner) for each in segments(path)]
        self._waiting: list[Columns] = []
        self._being_taken: list[Columns] = []
        self._rows = 0
        self._closed = False
        with self._told():
            for segment in segments(path):
                segment.unlink(missing_ok=True)

    @property
    def rows(self) -> int:
        """Readings that are not known to be in the file."""
        return self._rows

    def add(self, columns: Columns) -> None:
        """Put readings on disk; they are safe when this returns.

        Raises
        ------
        StoreUnavailableError
            When the disk is full; nothing counts as added.
        StoreRefusedError
            When it cannot be written otherwise; nothing counts as added.
        StoreError
            When it is closed.
        """
        with self._lock, self._told():
            if self._closed:
                raise StoreError(f"{self._path} is closed")
            self._segments[0].add(columns)
            self._waiting.append(columns)
            self._rows += len(columns.time)

    def take(self) -> tuple[list[Columns], bool]:
        """What goes into the file next, in the order it was added; what is added from here on is not of it.

        What was given before and not `taken` is given again, alone, and the second answer is true: it may be in the
        file or not.
        """
        with self._lock:
            again = bool(self._being_taken)
            if not again and self._waiting:
                self._being_taken, self._waiting = self._waiting, []
                self._segments.reverse()
            return self._being_taken, again

    def taken(self) -> None:
        """What `take` gave is in the file, durably."""
        with self._lock:
            self._rows -= sum(len(each.time) for each in self._being_taken)
            self._being_taken = []
            self._segments[1].clear()

    def close(self) -> None:
        """Take nothing more and let go of the segments; those of a journal that holds nothing are removed."""
        with self._lock:
            self._closed = True
            for segment in self._segments:
                segment.close(remove=not self._rows)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = f"{self._path.name}.journal beside {self._path}"
            if error.errno in _FULL:
                raise StoreUnavailableError(
                    f"{where}: the disk is full or cannot be written ({error.strerror}); make room on it"
                ) from error
            raise StoreRefusedError(
                f"{where} cannot be written ({error.strerror}); check permissions, or use another data folder"
            ) from error
