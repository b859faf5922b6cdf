"""Compaction: a DuckDB file written anew, without the room of what was deleted, while others write and read.

The file is copied as it is at one moment. What is written from then on is known by the earliest time of it, and
everything from that time on is copied again, in ever shorter rounds; for the last one, and until the new file has taken
the place of the old one, writers wait. Nobody rolls up, forgets or settles meanwhile: of what is in the file, only
readings, series, gaps and the list of touched windows change.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Final

import duckdb
import structlog

from storage.duck.maintenance import (
    TABLES,
    Copied,
    Progress,
    attached,
    copy,
    copy_readings,
    free_bytes,
    number,
    size_of,
)
from storage.duck.placing import compacting, discard
from storage.duck.settling import NEVER
from storage.duck.store import DuckStore
from storage.errors import StoreError

log = structlog.get_logger(__name__)

_ROUNDS: Final = 5
_FEW: Final = 100_000
"""Readings for which writers may wait: a fraction of a second."""


def compact(store: DuckStore, progress: Progress = lambda _, __: None) -> Copied:
    """Write an open store's file anew; writers wait for the last round, readers while it takes the old one's place.

    Needs as much free disk as the new file takes. Rolling up waits.

    Raises
    ------
    StoreError
        When it could not be finished; the file is as it was.
    """
    with store.file.copying, store.unrolled() as (file, writer, settling):
        part, before = compacting(file.path), size_of(file.path)
        try:
            with writer:
                settling.listen()
            with file.cursor() as cursor:
                copy(cursor, part, progress)
            for _ in range(_ROUNDS):
                with writer:
                    since = settling.earliest
                    settling.listen()
                with file.cursor() as cursor:
                    if _catch_up(cursor, part, since) <= _FEW:
                        break
            with writer:
                with file.cursor() as cursor:
                    _catch_up(cursor, part, settling.earliest)
                    readings = _compared(cursor, part)
                file.replace(part)
        finally:
            discard(part)
        return Copied(str(file.path), readings, file.path.stat().st_size, before)


def compact_if_worth(store: DuckStore, least_bytes: int = 16_000_000) -> Copied | None:
    """`compact` when a third of the file, and more than `least_bytes` of it, is unused; for after a deletion.

    Left to somebody who asks for it where it would take more than half of the disk's free room.
    """
    with store.standing_still() as file, file.cursor() as cursor:
        # Only a checkpoint tells what deletions have left unused.
        cursor.execute("CHECKPOINT")
        free, size = free_bytes(cursor), file.path.stat().st_size
    if free <= max(least_bytes, size / 3):
        return None
    if 2 * (size - free) > shutil.disk_usage(file.path.parent).free:
        log.info("data_file_has_room", bytes=size, unused_bytes=free, give_it_back_with="wattproof db compact")
        return None
    return compact(store)


def _catch_up(cursor: duckdb.DuckDBPyConnection, part: Path, since: int) -> int:
    """Take over what was written since the copy was made, readings from a time on; returns their number."""
    with attached(cursor, part):
        cursor.begin()
        try:
            copied = 0
            if since != NEVER:
                cursor.execute("DELETE FROM fresh.readings WHERE time >= ?", [since])
                copied = sum(copy_readings(cursor, since))
            # Series are only ever added, by rising numbers.
            cursor.execute(
                "INSERT INTO fresh.series FROM series WHERE id > (SELECT coalesce(max(id), -1) FROM fresh.series)"
            )
            for table in ("gaps", "touched"):
                cursor.execute(f"DELETE FROM fresh.{table}")  # noqa: S608 - our own names
                cursor.execute(f"INSERT INTO fresh.{table} FROM {table}")
            cursor.commit()
            cursor.execute("CHECKPOINT fresh")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                cursor.rollback()
            raise
    return copied


def _compared(cursor: duckdb.DuckDBPyConnection, part: Path) -> int:
    """Compare the numbers of rows before the copy is used; returns that of readings."""
    counts = {}
    with attached(cursor, part):
        for table in TABLES:
            here, there = (number(cursor.execute(f"SELECT count(*) FROM {name}")) for name in (table, f"fresh.{table}"))  # noqa: S608 - our own names
            if here != there:
                raise StoreError(f"{part}: {there} rows of {table} were copied, not {here}; the copy is not used")
            counts[table] = here
    return counts["readings"]
