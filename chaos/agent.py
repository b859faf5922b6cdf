"""``wattproof edge run`` with a witness in it: every reading is written down when it is handed to the outbox.

``python -m chaos.agent JOURNAL OUTBOX_BYTES FULL edge run site.yaml …``: `JOURNAL` is the file to write to,
`OUTBOX_BYTES` a limit on the outbox below the smallest that a site file may give, and while the file `FULL` is there,
the outbox's disk is full: SQLite may take no further page, which needs no rights and is the error a full disk gives.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from chaos.journal import Entry, Event, Journal
from edge import Outbox, OutboxError
from edge.rows import Row
from telemetry import Gap, Table
from wattproof.__main__ import main

_NO_LIMIT: Final = 2**30


def witness(journal: Journal, most_bytes: int, full: Path) -> None:
    """Write down what every outbox of this process is given and lets go."""
    limit_pages = _page_limit()
    begin, put, acknowledge = Outbox.__init__, Outbox.put, Outbox.acknowledge
    count = 0

    def beginning(self: Outbox, *args: Any, max_bytes: int, **more: Any) -> None:
        begin(self, *args, max_bytes=min(max_bytes, most_bytes), **more)

    def putting(self: Outbox, tables: Sequence[Table | Row], gaps: Sequence[Gap] = ()) -> int:
        nonlocal count
        count += 1
        number = count

        def note(event: Event, **more: Any) -> None:
            journal.write(Entry(event, number, time.time(), **more))

        whole = [each if isinstance(each, Table) else each.table() for each in tables]
        note("put", tables=whole, gaps=list(gaps))
        limit_pages(1 if full.exists() else _NO_LIMIT)
        try:
            seq = put(self, tables, gaps)
        except OutboxError as error:
            note("failed", reason=str(error))
            raise
        note("done")
        return seq

    def acknowledging(self: Outbox, epoch: str, stored: Iterable[Any], quarantined: Iterable[Any] = ()) -> int:
        released = acknowledge(self, epoch, stored, quarantined)
        if released:
            journal.write(Entry("acked", released, time.time()))
        return released

    for name, method in (("__init__", beginning), ("put", putting), ("acknowledge", acknowledging)):
        setattr(Outbox, name, method)


def _page_limit() -> Callable[[int], None]:
    """What limits the pages of the outbox that is open now."""
    connect = sqlite3.connect
    opened: list[sqlite3.Connection] = []

    def connecting(path: Any, *args: Any, **more: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path, *args, **more)
        if Path(path).name == "outbox.sqlite":
            opened[:] = [connection]
        return connection

    def limit(pages: int) -> None:
        with contextlib.suppress(sqlite3.Error):  # closed: it is about to be opened anew
            opened[0].execute(f"PRAGMA max_page_count = {pages}")

    setattr(sqlite3, "connect", connecting)  # noqa: B010 - the type of what it replaces is a dozen overloads
    return limit


if __name__ == "__main__":
    path, most, flag, *command = sys.argv[1:]
    witness(Journal(Path(path)), int(most), Path(flag))
    sys.argv = ["wattproof", *command]
    main()
