"""A disk that fills up: a small file system in memory where that is allowed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_BALLAST: Final = ".ballast"
_PIECE: Final = 64 * 1024


class Disk:
    """A folder whose disk can be filled.

    Parameters
    ----------
    folder
        Where it is.
    real
        Whether it is a file system of its own, which may be filled without harm to others.
    """

    def __init__(self, folder: Path, *, real: bool) -> None:
        self.folder = folder
        self.real = real

    def fill(self) -> bool:
        """Take up all the room there is; returns whether there is none left."""
        with (self.folder / _BALLAST).open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            piece = os.urandom(1) * _PIECE
            while True:
                ballast.write(piece)
        return os.statvfs(self.folder).f_bavail == 0

    def clear(self) -> None:
        """Give the room back."""
        (self.folder / _BALLAST).unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A folder on a tmpfs of so many MiB, where this user may mount one (root); else on the disk it is on.

    What the tmpfs held is left beside it, as ``NAME.left``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield Disk(folder, real=mounted)
    finally:
        if mounted:
            with contextlib.suppress(shutil.Error):  # a socket cannot be copied
                left = folder.with_name(f"{folder.name}.left")
                shutil.copytree(folder, left, ignore=shutil.ignore_patterns(_BALLAST))
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
