"""A little room on the disk that is kept for letting go: even a deletion needs some, and a full disk has none."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_SIZE: Final = 1024 * 1024
_WELL_OFF: Final = 4 * _SIZE


class Reserve:
    """A file that takes up room until it is needed.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = False

    def keep(self) -> None:
        """Take up the room, if it is not taken and the disk has plenty."""
        if self._kept:
            return
        with contextlib.suppress(OSError):
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < _WELL_OFF and not self._path.exists():
                return
            with self._path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, _SIZE)
            self._kept = True

    def give(self) -> bool:
        """Give the room back; False when there was none."""
        self._kept = False
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
