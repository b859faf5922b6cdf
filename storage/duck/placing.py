"""Files put in the place of others: whole or not at all, wherever the process is killed.

A restored file takes two steps to get its name, because what is there is several files and is kept. Before the first of
them is moved, the finished copy is renamed to say what is to become of the others: ``readings.duckdb.STAMP.restored``
takes the place of those that go to ``readings.duckdb.STAMP.old``. Whoever finds such a file finishes what was begun.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from storage.duck.segment import segments, sync_folder
from storage.errors import StoreRefusedError

log = structlog.get_logger(__name__)

_ASIDE: Final = ".old"
_DECIDED: Final = ".restored"
_STAMP: Final = re.compile(r"\.\d{8}-\d{6}(-\d+)?")


def synced(path: Path) -> None:
    """Put what a file holds on disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def put_in_place(part: Path, path: Path) -> None:
    """Give a finished file its name; afterwards it is there whole, whatever happens."""
    synced(part)
    part.replace(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def kept_from_others(path: Path) -> Iterator[None]:
    """A file that no other process can open as a database meanwhile.

    By DuckDB's own lock, which is lost when this process closes the file anywhere else.

    Raises
    ------
    StoreRefusedError
        When a process has it, or it cannot be read.
    """
    with contextlib.ExitStack() as closing:
        try:
            fcntl.lockf(closing.enter_context(path.open("rb")), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreRefusedError(
                f"{path} is in use by another process or cannot be read ({error.strerror}); nothing was changed"
            ) from error
        yield


def compacting(path: Path) -> Path:
    """Where a data file is written anew before it takes the place of the old one."""
    return path.with_name(path.name + ".compacting")


def beside(path: Path) -> tuple[Path, ...]:
    """What holds readings that are not in the file itself: DuckDB's log of it, and the segments of its journal."""
    return (path.with_name(path.name + ".wal"), *segments(path))


def discard(part: Path) -> None:
    """Remove what an interrupted copy left behind."""
    for name in (part, *beside(part)):
        name.unlink(missing_ok=True)


def take_the_place(part: Path, path: Path) -> Path | None:
    """Put a finished file in the place of another, which is set aside with what lies beside it; returns where.

    From the first change on, `finish_restore` completes this after a kill.
    """
    synced(part)
    if not any(each.exists() for each in (path, *beside(path))):
        put_in_place(part, path)
        return None
    stamp = nth = time.strftime(".%Y%m%d-%H%M%S")
    count = 1
    while any(each.exists() for each in (_aside(path, nth), _decided(path, nth), *beside(_aside(path, nth)))):
        count += 1
        nth = f"{stamp}-{count}"
    put_in_place(part, _decided(path, nth))
    return _finish(path, nth)


def unfinished_restores(path: Path) -> list[Path]:
    """Restored copies of a data file that did not get to its place, oldest first."""
    stamps = [
        name.removeprefix(path.name).removesuffix(_DECIDED)
        for name in (each.name for each in (path.parent.iterdir() if path.parent.is_dir() else ()))
        if name.startswith(path.name) and name.endswith(_DECIDED)
    ]
    return [_decided(path, stamp) for stamp in sorted(stamps) if _STAMP.fullmatch(stamp)]


def finish_restore(path: Path) -> None:
    """Put in place what a killed restore had decided to, and say so. Nobody may have the data file open.

    Raises
    ------
    StoreRefusedError
        When that cannot be done; the next call goes on with it.
    """
    for decided in unfinished_restores(path):
        aside = _finish(path, decided.name.removeprefix(path.name).removesuffix(_DECIDED))
        log.warning(
            "restore_finished", path=str(path), set_aside=str(aside),
            advice="a restore of a backup was cut off before the file had its place; that is done now, and what was"
            " there before is set aside",
        )  # fmt: skip


def _finish(path: Path, stamp: str) -> Path:
    aside = _aside(path, stamp)
    try:
        for each, to in (*zip(beside(path), beside(aside), strict=True), (path, aside)):
            with contextlib.suppress(FileNotFoundError):
                each.rename(to)
        put_in_place(_decided(path, stamp), path)
    except OSError as error:
        raise StoreRefusedError(
            f"{path}: a restored copy cannot take its place ({error.strerror}); make the folder writable, and the next"
            " start finishes it"
        ) from error
    return aside


def _aside(path: Path, stamp: str) -> Path:
    return path.with_name(path.name + stamp + _ASIDE)


def _decided(path: Path, stamp: str) -> Path:
    return path.with_name(path.name + stamp + _DECIDED)
