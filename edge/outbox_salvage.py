"""What can still be read of a damaged outbox: moved into a fresh one, batch by batch; the rest becomes a declared gap.

The damaged file itself is never written to. Its copy is read through SQLite, around the pages that are broken; when
the first page is gone, that of a fresh outbox takes its place, for all outboxes begin alike. A batch counts as read
when its checksums hold: a flipped bit in a number would still be a number. It keeps its epoch and its number, so it
travels as the same bytes as before. How much is missing is known from the ledger: the damaged file's own or, where that
is broken, the mark's (`edge.outbox_mark`).
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from edge.losses import nameless_gap, remember_gap
from edge.outbox_file import beside, complete, connect, sync_folder, transaction
from edge.outbox_ledger import Counters, Ledger, load, seal, settle
from edge.outbox_rows import COLUMNS, Row, insert_row, intact, sealed
from telemetry import Batch, DecodeError, Gap, decode

_MOST: Final = 1 << 62
_PAGE: Final = 4096
_PAGES_AT: Final = 28
"""Where the first page says how many there are (https://www.sqlite.org/fileformat2.html, 1.3.7)."""
_FRESH: Final = ".fresh"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What came of it: batches and readings saved, readings lost (None when no ledger can be read)."""

    batches: int = 0
    readings: int = 0
    lost: int | None = None


def salvage(path: Path, fresh: Path, site: str, gateway: str, now: int, mark: Ledger | None = None) -> Salvaged:
    """Begin the outbox `fresh` with what can be read of the damaged one at `path`.

    Parameters
    ----------
    path
        The damaged file; its log is read with it.
    fresh
        The new file; complete on the disk when this returns.
    site, gateway
        Whose it is; batches of others are not taken.
    now
        Time now [ms since 1970-01-01 UTC].
    mark
        The ledger as it was last seen, for when the damaged file's own cannot be read.

    Raises
    ------
    sqlite3.DatabaseError, OutboxError
        When the new file cannot be written.
    """
    remove(fresh)
    target = connect(fresh, site, gateway, now)
    copy = beside(path, ".copy")
    try:
        source = _opened(path, copy, fresh)
        with contextlib.ExitStack() as stack:
            if source is not None:
                stack.enter_context(contextlib.closing(source))
            with transaction(target):
                return _move(source, target, site, gateway, now, mark)
    finally:
        target.close()
        sync_folder(fresh.parent)
        remove(copy)


def remove(path: Path) -> None:
    """Delete an SQLite file with what belongs to it."""
    for suffix in ("-wal", "-shm", ""):
        beside(path, suffix).unlink(missing_ok=True)


def _opened(path: Path, copy: Path, fresh: Path) -> sqlite3.Connection | None:
    """A connection to a copy of the file that can at least name its tables; None when there is no way."""
    try:
        for suffix in ("-wal", ""):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(beside(path, suffix), beside(copy, suffix))
    except OSError:  # no room for a copy: read the file where it is, without its log
        return _readable(f"{path.absolute().as_uri()}?immutable=1")
    first = copy.absolute().as_uri()
    found = _readable(first)
    if found is None and copy.exists():
        with copy.open("r+b") as file, fresh.open("rb") as begun:
            file.write(begun.read(_PAGE))
            file.seek(_PAGES_AT)
            file.write(struct.pack(">I", copy.stat().st_size // _PAGE))
        found = _readable(first)
    return found


def _readable(uri: str) -> sqlite3.Connection | None:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.execute("PRAGMA journal_mode")
        if complete(connection):
            return connection
    except sqlite3.Error:
        pass
    connection.close()
    return None


def _move(
    source: sqlite3.Connection | None,
    target: sqlite3.Connection,
    site: str,
    gateway: str,
    now: int,
    mark: Ledger | None,
) -> Salvaged:
    known = _ledger(source, site, gateway) or mark
    if source is not None:
        for row in _rows(source):
            if _whose(row, site, gateway):
                insert_row(target, row)
        for gap in _undeclared(source):
            remember_gap(target, gap)
    seq, batches, readings, size = target.execute(
        "SELECT coalesce(max(seq), 0), count(*), coalesce(sum(readings), 0), coalesce(sum(bytes), 0) FROM batch"
    ).fetchone()
    (told,) = target.execute(
        "SELECT (SELECT coalesce(sum(declares), 0) FROM batch) + (SELECT coalesce(sum(readings), 0) FROM undeclared)"
    ).fetchone()
    if known is None:  # nobody knows how much is missing, only that it may be
        remember_gap(target, nameless_gap(gateway, *_hole(target, None, now), 0))
        settle(target, seq, now, told, Counters(readings + told, 0, 0, readings, told, batches, size))
        seal(target)
        return Salvaged(batches, readings)
    was = known.counters
    lost = max(0, was.pending - readings)
    missing = lost + max(0, known.untold - told)
    if missing:
        remember_gap(target, nameless_gap(gateway, *_hole(target, known, now), missing))
    gaps = was.gap + lost
    read = was.stored + was.quarantined + readings + gaps
    counters = Counters(read, was.stored, was.quarantined, readings, gaps, batches, size)
    settle(target, max(seq, known.seq), known.latest, told + missing, counters)
    seal(target)
    return Salvaged(batches, readings, lost)


def _hole(target: sqlite3.Connection, known: Ledger | None, now: int) -> tuple[int, int]:
    """From when to when what is missing was put [ms], as far as what is left around it says."""
    holes: list[tuple[int, int]] = []
    waiting = target.execute("SELECT seq, put_at FROM batch ORDER BY seq").fetchall()
    if known is not None and waiting:
        (_, first_at), (last, last_at) = waiting[0], waiting[-1]
        if first_at > known.since:
            holes.append((known.since, first_at))
        if last < known.seq:
            holes.append((last_at, known.latest))
    holes += [(at, later_at) for (seq, at), (later, later_at) in pairwise(waiting) if later > seq + 1]
    if not holes:
        holes = [(known.since, known.latest) if known else (waiting[0][1] if waiting else now, now)]
    start, end = min(start for start, _ in holes), max(end for _, end in holes)
    return min(start, end), end


def _ledger(source: sqlite3.Connection | None, site: str, gateway: str) -> Ledger | None:
    """The damaged file's own ledger, if it can be read and is ours."""
    if source is None:
        return None
    try:
        ledger = load(source)
    except sqlite3.Error:
        return None
    return ledger if (ledger.site, ledger.gateway) == (site, gateway) else None


def _rows(source: sqlite3.Connection) -> Iterator[Row]:
    """Every batch that can be read, each once: upwards to a broken page, then downwards to it from beyond."""
    position, seen = 0, set[int]()
    while True:
        for row in _run(source, position, rising=True, seen=seen):
            position = max(position, row.seq)
            yield row
        if _reaches(source, position):
            return
        step = 1
        while not _reachable(source, position + step):
            step *= 2
            if position + step > _MOST:
                return
        yield from _run(source, position + step, rising=False, seen=seen)
        position += step


def _run(source: sqlite3.Connection, start: int, *, rising: bool, seen: set[int]) -> Iterator[Row]:
    """Batches after `start`, or from it downwards to one that was seen, until none is left or a page is broken."""
    where = "seq > ? ORDER BY seq" if rising else "seq <= ? ORDER BY seq DESC"
    with contextlib.suppress(sqlite3.Error, OverflowError):
        for fields in source.execute(f"SELECT {COLUMNS} FROM batch WHERE {where}", (start,)):  # noqa: S608 - constants
            row = Row(*fields)
            if row.seq in seen:
                if rising:
                    continue  # a broken page can lead to the same batches twice
                return
            if intact(row):
                seen.add(row.seq)
                yield row


def _reaches(source: sqlite3.Connection, start: int) -> bool:
    """Whether everything after `start` can be gone through."""
    try:
        for _ in source.execute("SELECT crc, payload FROM batch WHERE seq > ? ORDER BY seq", (start,)):
            pass
    except (sqlite3.Error, OverflowError):
        return False
    return True


def _reachable(source: sqlite3.Connection, start: int) -> bool:
    """Whether the first batch from `start` on can be read; True when there is none."""
    try:
        source.execute("SELECT crc, payload FROM batch WHERE seq >= ? ORDER BY seq LIMIT 1", (start,)).fetchone()
    except (sqlite3.Error, OverflowError):
        return False
    return True


def _whose(row: Row, site: str, gateway: str) -> bool:
    try:
        batch = decode(row.payload, Batch)
    except DecodeError:
        return False
    return (batch.site, batch.gateway) == (site, gateway)


def _undeclared(source: sqlite3.Connection) -> list[Gap]:
    gaps: list[Gap] = []
    with contextlib.suppress(sqlite3.Error):
        rows = source.execute("SELECT loss, device, kind, channel, start, end, reason, readings, seal FROM undeclared")
        gaps += (Gap(*row[1:-1]) for row in rows if sealed(row[:-1]) == row[-1])
    return gaps


def replace_damaged(path: Path, site: str, gateway: str, now: int, mark: Ledger | None = None) -> tuple[Salvaged, Path]:
    """Put an outbox with what can be read in the damaged one's place; what came of it, and where that one is now.

    Whenever this is interrupted, `resume` goes on with it.
    """
    fresh = beside(path, _FRESH)
    found = salvage(path, fresh, site, gateway, now, mark)
    aside = set_aside(path, now)
    fresh.replace(path)
    sync_folder(path.parent)
    return found, aside


def resume(path: Path) -> None:
    """Finish, or do away with, what an interrupted `replace_damaged` left."""
    fresh = beside(path, _FRESH)
    if not fresh.exists():
        return
    if path.exists():
        remove(fresh)
    else:
        fresh.replace(path)


def set_aside(path: Path, now: int, keep: int = 3) -> Path:
    """Rename a damaged file and its log to ``NAME.damaged-TIME``, forget all but the newest `keep`; the new path."""
    aside = beside(path, f".damaged-{now}")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            beside(path, suffix).replace(beside(aside, suffix))
    kept = sorted(
        other for other in path.parent.glob(f"{path.name}.damaged-*") if other.name.rpartition("-")[2].isdigit()
    )
    for other in kept[:-keep]:
        remove(other)
    return aside
