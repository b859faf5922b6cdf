"""What a process that was killed left in a journal: taken into the file it belongs to, or counted."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import duckdb
import structlog

from storage.duck.committing import Committing, there
from storage.duck.journal import joined
from storage.duck.newest import Columns
from storage.duck.rollups import Touches
from storage.duck.segment import Found, found, keep_damaged
from storage.errors import StoreRefusedError

log = structlog.get_logger(__name__)

_OWNER: Final = "journal"
"""Name of the fact that binds a journal to its file."""


def owner_of(cursor: duckdb.DuckDBPyConnection) -> int | None:
    """The number that binds a journal to a file; None when the file never had one."""
    for (known,) in cursor.execute("SELECT value FROM facts WHERE name = ?", [_OWNER]).fetchall():
        return int(known)
    return None


def owned(cursor: duckdb.DuckDBPyConnection) -> int:
    """`owner_of`, made when there is none."""
    known = owner_of(cursor)
    if known is None:
        known = secrets.randbits(62)
        cursor.execute("INSERT INTO facts VALUES (?, ?)", [_OWNER, known])
    return known


def take_in_left(cursor: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Take in what lies in the journal beside a file; returns how many readings that held.

    The journal stays: removed before the file is on disk, it would be missed; left, it changes nothing.

    Raises
    ------
    StoreRefusedError
        When it belongs to another file, or cannot be read; nothing was changed.
    """
    left = _belonging(cursor, path)
    for segment in left:
        if segment.unfinished:
            log.warning(
                "journal_end_left_out", journal=str(segment.path), bytes=segment.unfinished,
                advice="a kill cut off what was being added, which was never acknowledged; if nothing was killed and no"
                " power was lost, check the disk",
            )  # fmt: skip
        if not segment.records:
            continue
        if segment.damaged:
            keep_damaged(segment)
        Committing(cursor).take_in(cursor, segment.records, Touches(cursor), doubtful=True)
        log.info("journal_taken_in", journal=str(segment.path), readings=_rows(segment))
    return sum(_rows(segment) for segment in left)


def left_out(cursor: duckdb.DuckDBPyConnection, path: Path) -> tuple[int, int]:
    """How many readings of the journal beside a file the file does not hold; changes nothing.

    Returns
    -------
    tuple
        Their number; and how many bytes in the journal's midst are damaged [bytes].

    Raises
    ------
    StoreRefusedError
        When it belongs to another file, or cannot be read.
    """
    left = _belonging(cursor, path)
    records = [record for segment in left for record in segment.records]
    if not records:
        return 0, 0
    columns = joined(records)
    missing: Columns = columns.where(~there(cursor, columns))
    return len(missing.time), sum(segment.damaged for segment in left)


def _belonging(cursor: duckdb.DuckDBPyConnection, path: Path) -> list[Found]:
    """The segments beside a file; all that hold something are its own."""
    every = found(path)
    left = [segment for segment in every if segment.records]
    if not left:
        return every
    owner = owner_of(cursor)
    [(series,)] = cursor.execute("SELECT coalesce(max(id), -1) FROM series").fetchall()
    for segment in left:
        if segment.owner != owner or any(record.series_id.max() > series for record in segment.records):
            raise StoreRefusedError(
                f"{segment.path} holds {_rows(segment):,} readings of another data file than {path.name}: put that file"
                " back, or move the journal away, and keep it: nobody else has them"
            )
    return every


def _rows(segment: Found) -> int:
    return sum(len(record.time) for record in segment.records)
