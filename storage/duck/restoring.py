"""A backup in the place of a data file: made whole and checked beside it, before anything that is there is touched.

A copy that somebody made of a data file in use is several files: what its log (``.wal``) and its journal hold is not
yet in the first. They are copied along and written into the copy, so that what is restored is what the original held.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import duckdb

from storage.duck.file import CONFIG, explain, of_other_version
from storage.duck.left import take_in_left
from storage.duck.maintenance import Checked, Progress, check
from storage.duck.placing import beside, discard, finish_restore, kept_from_others, take_the_place
from storage.duck.segment import segments
from storage.errors import StoreRefusedError, StoreUnavailableError

_BLOCK: Final = 1 << 22


def restore(
    backup: Path, path: Path, *, force: bool, progress: Progress = lambda _, __: None
) -> tuple[Checked, Path | None]:
    """Put a checked backup in the place of a data file.

    Parameters
    ----------
    force
        Set what is in the place aside: renamed, not deleted.
    progress
        Told of bytes copied and bytes in all.

    Returns
    -------
    tuple
        What is in the place now, every row of it read; and where the old file was set aside.

    Raises
    ------
    StoreRefusedError
        When the backup is missing, damaged or the data file itself, the place is taken and `force` is not given, or a
        process uses one of the two. Nothing was changed.
    StoreUnavailableError
        When there is no room for the copy. Nothing was changed.
    """
    if backup.is_dir():
        raise StoreRefusedError(f"{backup} is a folder; name the backup's file")
    if not backup.is_file():
        raise StoreRefusedError(f"{backup}: no such file")
    if path.exists() and path.samefile(backup):
        raise StoreRefusedError(f"{backup} is the data file itself, not a backup of it; nothing was changed")
    # What lies beside a file has the name of the file, not of a link that leads there.
    backup, path = backup.resolve(), path.resolve()
    finish_restore(path)
    with _nobodys(path, force=force):
        _refuse_in_use(backup)
    part = path.with_name(path.name + ".restoring")
    with _made(part):
        _copy(backup, part, progress)
        checked = _checked(part, backup)
        # A service that starts again by itself may have opened the old file while the copy was made. A disk that has no
        # room after all says so before anything is moved.
        with _nobodys(path, force=force):
            return checked, take_the_place(part, path)


@contextlib.contextmanager
def _nobodys(path: Path, *, force: bool) -> Iterator[None]:
    """A place that nobody uses, and that nobody can open as a data file meanwhile."""
    taken = [each for each in (path, *beside(path)) if each.exists()]
    if taken and not force:
        raise StoreRefusedError(f"{taken[0]} exists; with --force it is set aside, and the backup takes its place")
    with contextlib.ExitStack() as closing:
        if path.is_file():
            _refuse_in_use(path)
            closing.enter_context(kept_from_others(path))
        yield


@contextlib.contextmanager
def _made(part: Path) -> Iterator[None]:
    """A file that is made beside another; gone when that fails, with a full disk said in words."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        discard(part)
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StoreUnavailableError(
                f"{part.parent}: the disk is full or cannot be written ({error.strerror}); make room on it: nothing"
                " was changed"
            ) from error
        raise StoreRefusedError(f"{part.parent}: cannot be written ({error.strerror}); nothing was changed") from error
    finally:
        discard(part)


def _copy(backup: Path, part: Path, progress: Progress) -> None:
    pairs = ((backup, part), *zip(beside(backup), beside(part), strict=True))
    done, total = 0, sum(source.stat().st_size for source, _ in pairs if source.exists())
    for source, target in pairs:
        if not source.exists():
            continue
        with _opened(source) as reading, target.open("wb") as writing:
            while block := reading.read(_BLOCK):
                writing.write(block)
                done += len(block)
                progress(done, total)
        shutil.copymode(source, target)
        # A backup may be kept from being changed; the file that it becomes may not.
        target.chmod(target.stat().st_mode | stat.S_IRUSR | stat.S_IWUSR)


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise StoreRefusedError(f"{source} cannot be read ({error.strerror}); check its permissions") from error


def _checked(part: Path, backup: Path) -> Checked:
    """Write the copy's log and journal into it, and read every row of it."""
    try:
        if any(each.exists() for each in beside(part)):
            with duckdb.connect(str(part), config=dict(CONFIG)) as connection:
                take_in_left(connection, part)
                connection.execute("CHECKPOINT")
            for each in segments(part):
                each.unlink(missing_ok=True)
        with duckdb.connect(str(part), read_only=True, config=dict(CONFIG)) as connection:
            checked = check(connection, part)
    except duckdb.CatalogException as error:
        raise StoreRefusedError(f"{backup} is a DuckDB file but not a WattProof data file; it was not used") from error
    except duckdb.Error as error:
        said = explain(error, part)
        if isinstance(said, StoreUnavailableError):
            raise said from error
        if of_other_version(error):
            raise explain(error, backup) from error
        why = str(error).split("\n", 1)[0]
        raise StoreRefusedError(
            f"{backup} is damaged or not a WattProof data file ({why}); it was not used, nothing was changed: restore"
            " another backup"
        ) from error
    if not checked.ok:
        raise StoreRefusedError(
            f"{backup}: {checked.duplicates} duplicates, {checked.orphans} readings without a series; it was not used"
        )
    return checked


def _refuse_in_use(path: Path) -> None:
    """Refuse a file that a process holds; a damaged one may be set aside."""
    try:
        duckdb.connect(str(path), read_only=True, config=dict(CONFIG)).close()
    except duckdb.Error as error:
        if "could not set lock" in str(error).lower():
            raise explain(error, path) from error
