"""What can still be read of a damaged outbox: moved into a fresh one, batch by batch; the rest becomes a declared gap.

The damaged file itself is never written to. Its copy is read through SQLite, around the pages that are broken; when
the first page is gone, that of a fresh outbox takes its place, for all outboxes begin alike. A batch counts as read
when its checksum holds: a flipped bit in a number would still be a number.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from edge.losses import nameless_gap, remember_gap
from edge.outbox_file import beside, connect, sync_folder, transaction
from edge.outbox_ledger import Counters
from telemetry import Batch, DecodeError, Gap, decode, encode

_PAGE: Final = 4096
_PAGES_AT: Final = 28
"""Where the first page says how many there are (https://www.sqlite.org/fileformat2.html, 1.3.7)."""
_FRESH: Final = ".fresh"
_FUTILE: Final = 5_000
"""Missing numbers in a row after which the search ends when nobody knows the last one."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What came of it: batches and readings saved, readings lost (None when the damaged ledger cannot be read)."""

    batches: int = 0
    readings: int = 0
    lost: int | None = None


class _Old(NamedTuple):
    seq: int
    counters: Counters
    begun: int


class _Row(NamedTuple):
    seq: int
    put_at: int
    batch: Batch


def salvage(path: Path, fresh: Path, site: str, gateway: str, now: int) -> Salvaged:
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
        if source is None:
            return Salvaged()
        with contextlib.closing(source), transaction(target):
            return _move(source, target, site, gateway, now)
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
        connection.execute("PRAGMA journal_mode")
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError:
        names = set()
    if "batch" in names:
        return connection
    connection.close()
    return None


def _move(source: sqlite3.Connection, target: sqlite3.Connection, site: str, gateway: str, now: int) -> Salvaged:
    old = _ledger(source)
    (epoch,) = target.execute("SELECT epoch FROM ledger").fetchone()
    seq = readings = size = 0
    hole: tuple[int, int] | None = None
    before, expected = (old.begun if old else now), 1
    for row in _rows(source, old.seq if old else None):
        if (row.batch.site, row.batch.gateway) != (site, gateway):
            continue
        if row.seq > expected:  # left earlier, or lost: nobody can say which
            hole = (hole[0] if hole else before, row.put_at)
        before, expected = row.put_at, row.seq + 1
        seq += 1
        payload = encode(msgspec.structs.replace(row.batch, epoch=epoch, seq=seq))
        insert(target, seq, row.batch.readings, row.put_at, payload)
        readings, size = readings + row.batch.readings, size + len(payload)
    if old is None or expected <= old.seq:
        hole = (hole[0] if hole else before, now)
    for gap in _undeclared(source):
        remember_gap(target, gap)
    lost = max(0, old.counters.pending - readings) if old else None
    if lost:
        start, end = hole or (before, now)
        remember_gap(target, nameless_gap(gateway, min(start, end), end, lost))
    _carry_over(target, old, seq, readings, size, lost or 0)
    return Salvaged(seq, readings, lost)


def insert(connection: sqlite3.Connection, seq: int, readings: int, put_at: int, payload: bytes) -> None:
    """Insert a batch with its checksum. Part of the caller's transaction."""
    row = (seq, readings, len(payload), put_at, zlib.crc32(payload), payload)
    connection.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)", row)


def _carry_over(target: sqlite3.Connection, old: _Old | None, seq: int, readings: int, size: int, lost: int) -> None:
    stored, quarantined, gap = (
        (old.counters.stored, old.counters.quarantined, old.counters.gap) if old is not None else (0, 0, 0)
    )
    target.execute(
        "UPDATE ledger SET seq = ?, read = ?, stored = ?, quarantined = ?, pending = ?, gap = ?,"
        " batches = ?, bytes = ?",
        (seq, stored + quarantined + readings + gap + lost, stored, quarantined, readings, gap + lost, seq, size),
    )


def _ledger(source: sqlite3.Connection) -> _Old | None:
    """The damaged file's own ledger, if it can be read and balances."""
    try:
        row = source.execute(
            "SELECT seq, begun, read, stored, quarantined, pending, gap, batches, bytes FROM ledger"
        ).fetchone()
    except sqlite3.DatabaseError:
        return None
    if row is None or not all(isinstance(field, int) and field >= 0 for field in row):
        return None
    counters = Counters(*row[2:])
    return _Old(row[0], counters, row[1]) if counters.balanced else None


def _rows(source: sqlite3.Connection, last: int | None) -> Iterator[_Row]:
    """Every batch that can be read, in order; where a page is broken, number by number across it."""
    position = futile = 0
    while (futile < _FUTILE) if last is None else (position < last):
        try:
            cursor = source.execute(
                "SELECT seq, put_at, checksum, payload FROM batch WHERE seq > ? AND seq <= ? ORDER BY seq",
                (position, last if last is not None else 2**62),
            )
            for seq, put_at, checksum, payload in cursor:
                if not isinstance(seq, int) or seq <= position:
                    break
                position, futile = seq, 0
                batch = _checked(checksum, payload)
                if batch is not None and isinstance(put_at, int):
                    yield _Row(seq, put_at, batch)
            else:
                return
        except (sqlite3.DatabaseError, OverflowError, UnicodeDecodeError):
            pass
        position, futile = position + 1, futile + 1


def _checked(checksum: object, payload: object) -> Batch | None:
    if not isinstance(payload, bytes) or zlib.crc32(payload) != checksum:
        return None
    try:
        return decode(payload, Batch)
    except DecodeError:
        return None


def _undeclared(source: sqlite3.Connection) -> list[Gap]:
    try:
        rows = source.execute("SELECT device, kind, channel, start, end, reason, readings FROM undeclared").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return []
    gaps = []
    for row in rows:
        with contextlib.suppress(msgspec.ValidationError):
            gaps.append(msgspec.convert(dict(zip(Gap.__struct_fields__, row, strict=True)), Gap))
    return gaps


def replace_damaged(path: Path, site: str, gateway: str, now: int) -> tuple[Salvaged, Path]:
    """Put an outbox with what can be read in the damaged one's place; what came of it, and where that one is now.

    Whenever this is interrupted, `resume` goes on with it.
    """
    fresh = beside(path, _FRESH)
    found = salvage(path, fresh, site, gateway, now)
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
